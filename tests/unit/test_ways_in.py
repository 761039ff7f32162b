"""Odd places and settings that a newcomer may start from: each works, or says what to type.

Processes are shared: the one with TensorFlow stands in a folder with spaces and umlauts, with a
locale that knows ASCII alone, 80 columns and no network, all at once.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest

import kerasdemo as kd
from kerasdemo import _backend
from kerasdemo.checks import machine
from kerasdemo.sources.folder import cache_folder

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "ways_in.md").read_text(encoding="utf-8")
# A locale without UTF-8, and Python kept from making up for it.
ASCII_ALONE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
# Where this kit itself lies in a folder with other letters, site.py reads that name by the locale,
# and the environment's Python would not start; `make lab` sets another locale for it.
STARTS = ASCII_ALONE if str(ROOT).isascii() else {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "ascii"}
WITHOUT_NETWORK = """
import runpy, socket, sys, warnings
warnings.filterwarnings("error", module=r"kerasdemo(\\.|$)")
def refuse(*given):
    raise OSError("no network")
socket.getaddrinfo = socket.socket.connect = refuse
sys.argv[0] = "kerasdemo"
runpy.run_module("kerasdemo", run_name="__main__", alter_sys=False)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are UTF-8 always")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Copy the kit to a folder such as students make, with an empty one to work in beside it."""
    folder = tmp_path_factory.mktemp("Schüler übung")
    leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("kerasdemo", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    (folder / "my work").mkdir()
    return folder


def run(place, *command, **variables):
    """Run Python in the empty folder, on the copied kit; nothing may be written to either."""
    keep = {name: text for name, text in os.environ.items() if name != "PYTHONIOENCODING"}
    env = {**keep, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80"}
    before = sorted(place.rglob("*"))
    done = subprocess.run(
        [sys.executable, *command],
        cwd=place / "my work",
        env={**env, **variables},
        capture_output=True,
        timeout=300,
    )
    assert sorted(place.rglob("*")) == before
    return done


@linux
def test_umlauts_blanks_ascii_alone_80_columns_and_no_network(place):
    done = run(place, "-c", WITHOUT_NETWORK, "--samples", "2", **STARTS)
    said = done.stdout.decode("ascii")
    assert (done.returncode, done.stderr) == (0, b""), said
    assert "!= EagerTensor" in said
    assert "All is well" in " ".join(said.split())
    assert max(map(len, said.splitlines())) <= 80


TALK = """
import contextlib
from kerasdemo.__main__ import main
for words in (["doctor"], ["lessons"], ["lessons", "01", "--copy", "Übung"], ["--help"],
              ["claims", "--help"], ["serve", "--help"]):
    with contextlib.suppress(SystemExit):
        main(words)
"""


@pytest.mark.parametrize(("encoding", "spelt"), [("ascii", r"\xdcbung"), ("latin-1", "Übung")])
def test_what_is_said_fits_the_terminal_and_its_letters(place, tmp_path, encoding, spelt):
    talk = TALK.replace('"Übung"', repr(str(tmp_path / "Übung")))
    done = run(place, "-c", talk, PYTHONIOENCODING=encoding, PYTHONUTF8="1")
    assert done.stderr == b""
    said = done.stdout.decode(encoding)
    assert spelt in said
    commands = ("jupyter lab ", "pip install", "written to ")  # those are never cut
    wide = [line for line in said.splitlines() if len(line) > 80]
    assert [line for line in wide if not any(words in line for words in commands)] == []
    assert (tmp_path / "Übung" / "01_meet_the_digits.ipynb").is_file()


def test_a_warning_about_our_own_code_fails_a_test():
    """So pyproject.toml has it: `-W error::Warning:kerasdemo` would mean that one module alone."""
    for module in ("kerasdemo", "kerasdemo.view.signs"):
        with pytest.raises(DeprecationWarning, match="old"):
            warnings.warn_explicit("old", DeprecationWarning, "a.py", 1, module=module)


# --- no home folder


@pytest.fixture
def no_home(monkeypatch):
    """Have the system know no home folder, as for a user number without a name in a container."""
    for name in ("KERAS_HOME", "KERASDEMO_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA", "KERAS_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    if sys.version_info < (3, 11):  # pathlib took its own hold of the function
        monkeypatch.setattr(type(Path()._accessor), "expanduser", staticmethod(lambda path: path))


def test_the_doctor_says_what_to_set_where_there_is_no_home(no_home):
    report = kd.check_setup()
    problems = [finding for finding in report if not finding.ok]
    assert "folders" in [finding.name for finding in problems]
    for finding in problems:
        variable = "USERPROFILE" if os.name == "nt" else "HOME"
        assert re.match(rf"(export|set) {variable}=", finding.mend), finding
    assert "names no home folder" in report["folders"].seen


def test_downloads_say_what_to_set_where_there_is_no_home(no_home, monkeypatch, tmp_path):
    with pytest.raises(RuntimeError, match="KERASDEMO_DATA"):
        cache_folder()
    monkeypatch.setenv("KERASDEMO_DATA", str(tmp_path))
    assert cache_folder() == tmp_path


def test_keras_is_looked_for_where_it_looks_itself(no_home, monkeypatch, tmp_path):
    """Without a home to write to it takes /tmp, on every system (keras/src/backend/config.py)."""
    assert _backend.keras_folder() == Path("/tmp/.keras")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path.replace("~", str(tmp_path)))
    assert _backend.keras_folder() == tmp_path / ".keras"
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: False)
        assert _backend.keras_folder() == Path("/tmp/.keras")
    monkeypatch.setenv("KERAS_HOME", "~/mine")
    assert _backend.keras_folder() == tmp_path / "mine"
    assert machine.check_keras_settings().ok


# --- the set-up


@pytest.fixture
def tool(monkeypatch):
    """Return a function that loads one of the set-up's scripts afresh."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    for name in ("bootstrap", "venvs", "pythons", "surroundings"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module


SET_UP = f"""
import os, sys
sys.path.insert(0, os.fsdecode({os.fsencode(ROOT / "tools")!r}))
import surroundings
surroundings.speak_utf8()
surroundings.speak_plainly()
import venvs
stream = venvs.stream
venvs.stream = lambda command, *rest, **kw: stream([*command, "--without-pip"], *rest, **kw)
place = os.path.dirname(os.path.abspath(__file__))
venvs.settle_venv(os.path.join(place, ".venv"), os.fsdecode({os.fsencode(ROOT)!r}))
print(sys.argv[1:], sys.getfilesystemencoding(), os.environ.get("LC_ALL"), os.environ["LC_CTYPE"])
"""


@linux
def test_the_set_up_makes_an_environment_in_a_folder_with_umlauts_with_ascii_alone(tmp_path):
    folder = tmp_path / "Schüler übung"
    folder.mkdir()
    (folder / "set_up.py").write_text(SET_UP, encoding="utf-8")
    done = subprocess.run(
        [sys._base_executable, folder / "set_up.py", "lab"],  # the one that make finds
        env={**os.environ, **ASCII_ALONE, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rb"\['lab'\] utf-8 None (C\.UTF-8|C\.utf8|UTF-8)", done.stdout)
    assert (folder / ".venv" / "bin" / "python").exists()


def test_a_home_is_lent_where_there_is_none_to_write_to(tool, monkeypatch, tmp_path, capsys):
    surroundings = tool("surroundings")
    variable = "USERPROFILE" if os.name == "nt" else "HOME"
    (tmp_path / "file").touch()
    monkeypatch.setattr(surroundings.tempfile, "tempdir", str(tmp_path))
    for home in (tmp_path / "file", tmp_path / "nowhere"):
        monkeypatch.setenv(variable, str(home))
        surroundings.settle_home()
        lent = Path(os.environ[variable])
        assert lent.parent == tmp_path
        assert lent.is_dir()
        said = capsys.readouterr().out
        assert f"({home}) cannot be written to" in said
        assert str(lent) in said
        assert f"set {variable} to a folder" in said
    surroundings.settle_home()  # a home that can be written to is left alone
    assert os.environ[variable] == str(lent)
    assert capsys.readouterr().out == ""
    assert list(lent.iterdir()) == []
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    surroundings.settle_home()
    assert "home folder is not known" in capsys.readouterr().out
    monkeypatch.setattr(surroundings.tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(tool("pythons").Stop, match=f"Set {variable} to a folder of yours"):
        surroundings.settle_home()


@pytest.mark.parametrize(("chosen", "said"), [("jax", True), ("torch", True), (None, False)])
def test_the_lab_starts_keras_on_tensorflow_and_in_a_home(
    tool, monkeypatch, tmp_path, capsys, chosen, said
):
    bootstrap = tool("bootstrap")
    monkeypatch.setattr(bootstrap, "prepare", lambda *given: str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(bootstrap, "hand_over", lambda command, env: started.append(env) or 0)
    monkeypatch.setenv("USERPROFILE" if os.name == "nt" else "HOME", str(tmp_path / "nowhere"))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if chosen:
        monkeypatch.setenv("KERAS_BACKEND", chosen)
    started: list[dict[str, str]] = []
    assert bootstrap.run(["lab", "--venv", str(tmp_path)]) == 0
    assert bootstrap.run(["bench", "--venv", str(tmp_path)]) == 0
    lab, bench = started
    assert lab["KERAS_BACKEND"] == "tensorflow"
    assert bench.get("KERAS_BACKEND") == chosen
    assert Path(lab["USERPROFILE" if os.name == "nt" else "HOME"]).is_dir()
    assert (f"KERAS_BACKEND is {chosen};" in capsys.readouterr().out) == said


def test_the_terminals_encoding_does_not_reach_the_installer(tool, monkeypatch, tmp_path):
    pip, started = tool("pip_or_uv"), []
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setattr(pip, "probe_uv", lambda python, env: True)
    monkeypatch.setattr(pip, "index_settings", lambda python, env: env)
    monkeypatch.setattr(pip, "stream", lambda command, env: started.append(env) or (0, ""))
    pip.pip_install(str(tmp_path), ["kit"])
    assert "PYTHONIOENCODING" not in started[0]
    assert started[0]["PIP_USER"] == "0"


# --- from the source distribution


def build(target, source, folder):
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    (made,) = folder.glob("kerasdemo-*")
    return made


def test_the_source_distribution_gives_the_same_wheel(tmp_path):
    with tarfile.open(build("sdist", ROOT, tmp_path / "source")) as archive:
        names = archive.getnames()
        if sys.version_info >= (3, 12):
            archive.extractall(tmp_path, filter="data")
        else:
            archive.extractall(tmp_path)
    assert not [n for n in names if "/.venv" in n or "/build/" in n or "__pycache__" in n]
    (unpacked,) = tmp_path.glob("kerasdemo-*")
    assert (unpacked / "tools" / "bootstrap.py").is_file(), "make lab works there too"
    assert (unpacked / "Makefile").is_file()
    wheels = [build("wheel", source, tmp_path / name) for name, source in
              (("again", unpacked), ("first", ROOT))]  # fmt: skip
    again, first = (zipfile.ZipFile(wheel) for wheel in wheels)
    with again, first:
        assert "kerasdemo/notebooks/00_start_here.ipynb" in first.namelist()
        contents = [
            {n: opened.read(n) for n in opened.namelist() if not n.endswith("RECORD")}
            for opened in (again, first)
        ]
    assert contents[0] == contents[1]


# --- docs/ways_in.md


def variables_read() -> set[str]:
    """Find the names of the environment variables that the package and its set-up read."""
    names: set[str] = set()
    forms = (
        r"""environ(?:\.get\(|\[)["']([A-Z][A-Z_0-9]+)["']""",
        r"""["']([A-Z][A-Z_0-9]+)["'] (?:not )?in os\.environ""",
        r"""env\.get\(["']([A-Z][A-Z_0-9]+)["']""",
    )
    for path in [*(ROOT / "kerasdemo").rglob("*.py"), *(ROOT / "tools").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        names |= {name for form in forms for name in re.findall(form, text)}
    names -= {"PATH", "LC_CTYPE"}  # added to, or set; nothing of ours depends on their text
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return names | set(re.findall(r"^([A-Z]+) \?=", makefile, re.MULTILINE))


def test_every_variable_that_is_read_is_in_the_guide_and_no_other():
    names = variables_read()
    assert {"KERASDEMO_DATA", "KERAS_BACKEND", "NO_COLOR", "PYTHON", "CI"} <= names
    section = GUIDE.split("## Environment variables", 1)[1].split("\n## ", 1)[0]
    told = [re.findall(r"`([A-Z][A-Z_0-9]+)`", row.split("|")[1]) for row in section.splitlines()
            if row.startswith("| `")]  # fmt: skip
    assert {name for row in told for name in row} == names


def test_what_the_guide_names_is_there():
    for path in set(
        re.findall(r"(?:tests|tools|hub|docs|\.github|\.ci)/[\w./]+\.(?:py|yml|md|txt)", GUIDE)
    ):
        assert (ROOT / path).is_file(), path
    for target in re.findall(r"\]\(([^)#:]+)[)#]", GUIDE):
        assert (ROOT / "docs" / target).exists(), target
    jobs = (ROOT / "Makefile").read_text(encoding="utf-8").split("JOBS :=")[1].split(".PHONY")[0]
    assert set(re.findall(r"`?make ([a-z]+)", GUIDE)) <= set(jobs.split()) | {"help"}
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", GUIDE):
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), name
    assert len(GUIDE.splitlines()) < 150
