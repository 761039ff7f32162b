"""`make wheels` and the set-up from its folder: which packages, for whom, and what is said."""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bootstrap", "make_wheels", "pip_or_uv", "pythons", "venvs", "wheel_folder")
HERE = {"version": [3, 12, 4], "system": "win32", "machine": "amd64"}


@pytest.fixture
def tool(monkeypatch):
    """Return a function that loads one of the scripts afresh."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    for name in TOOLS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module


@pytest.fixture
def make(tool, monkeypatch, tmp_path):
    """Load make_wheels over an empty checkout; uv finds two packages, and what is run is noted."""
    module = tool("make_wheels")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "supported", lambda root: ((3, 10), (3, 14)))
    monkeypatch.setattr(module, "probe", lambda python: HERE)
    monkeypatch.setattr(module, "index_settings", lambda python, env: env)
    module.calls = []
    module.uv = SimpleNamespace(returncode=0, stdout=b"keras==3.15.1\nuv==0.9\n", stderr=b"")
    module.pip = lambda command: (0, "")

    def resolve(command, input, **options):
        module.calls.append((command, input))
        return module.uv

    def fetch(command, env, show):
        module.calls.append((command, None))
        for name in [word for word in command if "==" in word]:
            (tmp_path / "wheels" / f"{name}.whl").write_bytes(bytes(600_000))
        return module.pip(command)

    monkeypatch.setattr(module.subprocess, "run", resolve)
    monkeypatch.setattr(module, "stream", fetch)
    return module


def after(command, option):
    return [value for name, value in itertools.pairwise(command) if name == option]


# --- make wheels


def test_this_system_and_this_python_by_default(make, tmp_path, capsys):
    assert make.main([]) == 0
    (uv, beside), (pip, _) = make.calls
    assert beside == b"uv\nhatchling\neditables\n"
    assert after(uv, "--extra") == ["lab"]
    assert after(uv, "--constraint") == [str(tmp_path / ".ci" / "constraints.txt")]
    assert after(uv, "--python-version") == ["3.12.0"]  # for each 3.12 there is
    assert after(uv, "--python-platform") == ["x86_64-pc-windows-msvc"]
    assert after(pip, "--platform") == ["win_amd64"]
    assert after(pip, "--python-version") == ["3.12"]
    assert "--no-deps" in pip
    assert pip[-2:] == ["keras==3.15.1", "uv==0.9"]
    left = tmp_path / "wheels" / "windows-python3.12.txt"
    assert left.read_text(encoding="utf-8") == "keras==3.15.1\nuv==0.9\n"
    said = capsys.readouterr().out
    assert "2 of 2 packages, 1 MB" in said
    assert "It serves Python 3.12 on windows." in said


def test_what_is_asked_for_is_fetched_beside_what_is_there(make, tmp_path, capsys):
    assert make.main(["--system", "linux,macos", "--python", "3.10", "--python", "3.13"]) == 0
    assert make.main(["--constraints", "mine.txt"]) == 0
    uv = [command for command, beside in make.calls if beside]
    assert [(*after(c, "--python-platform"), *after(c, "--python-version")) for c in uv] == [
        ("x86_64-manylinux_2_28", "3.10.0"),
        ("x86_64-manylinux_2_28", "3.13.0"),
        ("aarch64-apple-darwin", "3.10.0"),
        ("aarch64-apple-darwin", "3.13.0"),
        ("x86_64-pc-windows-msvc", "3.12.0"),
    ]
    assert after(uv[-1], "--constraint") == ["mine.txt"]
    pip = [command for command, beside in make.calls if not beside]
    assert {"manylinux_2_27_x86_64", "manylinux2014_x86_64"} < set(after(pip[0], "--platform"))
    assert len(list((tmp_path / "wheels").glob("*.txt"))) == 5
    assert "Python 3.13 on macos, Python 3.12 on windows." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--python", "3.14"], "--python 3.14 is none of 3.10, 3.11, 3.12, 3.13."),
        (["--system", "Windows"], "--system Windows is none of linux, linux-arm, macos, windows."),
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_fetched(make, capsys, words, said):
    assert make.main(words) == 1
    assert said in capsys.readouterr().err
    assert make.calls == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (b"ray==2.60.0 has no wheels with a matching platform tag", "what has no wheel for it"),
        (b"error: dns error: failed to lookup address", "The package index cannot be reached."),
    ],
)
def test_a_list_that_cannot_be_made_is_explained(make, tmp_path, capsys, output, said):
    make.uv = SimpleNamespace(returncode=1, stdout=b"", stderr=output)
    assert make.main([]) == 1
    shown = capsys.readouterr().err
    assert "  | " + output.decode() in shown
    assert "What Python 3.12 on windows needs could not be found out." in shown
    assert said in shown
    assert not (tmp_path / "wheels").exists()


def test_a_download_that_breaks_off_leaves_a_folder_that_serves_nobody(make, tmp_path, capsys):
    assert make.main([]) == 0
    make.pip = lambda command: (1, "ConnectTimeout")
    assert make.main([]) == 1
    assert "The packages for Python 3.12 on windows could not be fetched." in (
        capsys.readouterr().err
    )
    assert list((tmp_path / "wheels").glob("*.txt")) == []


def test_progress_is_told_every_ten_packages(make, capsys):
    make.uv.stdout = "".join(f"p{n}==1\n" for n in range(23)).encode()
    assert make.main([]) == 0
    assert re.findall(r"(\d+) of 23 packages", capsys.readouterr().out) == ["10", "20", "23"]


def test_what_builds_the_kit_is_fetched_in_an_exact_version(make):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'^requires = \["hatchling>=[\d.]+"\]$', text, re.M)
    pinned = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8")
    for name in make.BESIDE:
        assert re.search(rf"^{name}==", pinned, re.M), name


# --- the set-up from the folder


@pytest.fixture
def set_up(tool, monkeypatch, tmp_path):
    """Return a set-up of an extra in a checkout, on Windows with Python 3.12; it returns calls."""
    venvs = tool("venvs")
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(venvs, "probe", lambda python: HERE)
    result = {"code": 0, "output": ""}

    def install(extra, constraints=None):
        calls = []

        def record(venv, *given):
            calls.append(given)
            return result["code"], result["output"]

        monkeypatch.setattr(venvs, "pip_install", record)
        venvs.install(str(tmp_path / ".venv"), extra, str(tmp_path), constraints)
        return calls

    install.result, install.read_stamp = result, venvs.read_stamp
    return install


@pytest.fixture
def folder(tmp_path):
    """Make a folder that serves Python 3.12 on Windows."""
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "windows-python3.12.txt").write_text("keras==3.15.1\n")
    return tmp_path / "wheels"


def test_the_lab_is_installed_from_the_folder(set_up, folder, tmp_path, capsys):
    versions = str(folder / "windows-python3.12.txt")
    kit = ["--editable", f"{tmp_path}[lab]"]
    assert set_up("lab") == [(kit, versions, str(folder))]
    assert "from the folder wheels: no network is needed." in capsys.readouterr().out
    (tmp_path / "mine.txt").touch()
    mine = str(tmp_path / "mine.txt")
    assert set_up("lab", mine) == [(kit, mine, str(folder))]


def test_what_is_not_for_the_lab_leaves_the_folder_alone(set_up, folder, tmp_path, capsys):
    """The folder has no pytest; and to fill it for others asks the network, whatever it has."""
    (folder / "windows-python3.12.txt").unlink()
    assert set_up("test") == [(["--editable", f"{tmp_path}[test]"], None, None)]
    assert set_up("uv") == [(["uv"], None, None)]
    assert "wheels" not in capsys.readouterr().out


def test_without_a_folder_the_lab_comes_over_the_network(set_up, tmp_path):
    assert set_up("lab") == [(["--editable", f"{tmp_path}[lab]"], None, None)]


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ([], "is not complete: its download did not end. This is Python 3.12 on windows."),
        (["linux-python3.12.txt"], "serves Python 3.12 on linux. This is Python 3.12 on windows."),
        (["windows-python3.11.txt"], "If Python 3.11 is here, too: py -3.11 tools/bootstrap.py"),
    ],
)
def test_a_folder_for_others_ends_the_set_up_with_what_to_type(
    set_up, folder, tmp_path, tool, lists, said
):
    set_up("lab")
    before = set_up.read_stamp(str(tmp_path / ".venv"))
    (folder / "windows-python3.12.txt").unlink()
    for name in lists:
        (folder / name).touch()
    with pytest.raises(tool("pythons").Stop) as stop:
        set_up("lab")
    text = str(stop.value)
    assert said in text
    assert ("If Python" in text) == (lists == ["windows-python3.11.txt"])
    words = re.search('make wheels ARGS="(.+)"', text)[1]
    assert f"bootstrap.py wheels -- {words}" in text
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    parser.add_argument("--system")
    assert vars(parser.parse_args(words.split())) == {"python": "3.12", "system": "windows"}
    assert "rename the folder here" in text
    assert set_up.read_stamp(str(tmp_path / ".venv")) == before, "what was there still counts"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("ERROR: No matching distribution found for hatchling>=1.26.3", "lacks hatchling>=1.26.3"),
        ("    The user requested (constraint) keras==3.15.1", "lacks keras==3.15.1"),
        ("a bad file", "could not be installed from"),
        ("connection refused, No space left on device", "The disk is full"),
    ],
)
def test_a_folder_that_lacks_something_is_explained(set_up, folder, tool, output, said):
    set_up.result.update(code=1, output=output)
    with pytest.raises(tool("pythons").Stop) as stop:
        set_up("lab")
    assert "  | " + output in str(stop.value)
    assert said in str(stop.value)
    assert ("rename the folder" in str(stop.value)) == ("disk" not in said)


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("linux", "x86_64", "linux"),
        ("linux", "aarch64", "linux-arm"),
        ("darwin", "arm64", "macos"),
        ("win32", "amd64", "windows"),
    ],
)
def test_both_sides_call_a_system_the_same(make, tool, system, machine, name):
    assert tool("wheel_folder").system_of({"system": system, "machine": machine}) == name
    assert name in make.SYSTEMS


# --- with the real uv and pip


def tiny_wheel(folder, name, version):
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{about}/METADATA", text)
        text = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{about}/WHEEL", text)
        wheel.writestr(f"{about}/RECORD", "")


@pytest.mark.parametrize("with_uv", [True, False])
def test_uv_and_pip_install_from_a_folder_and_ask_nobody(tool, monkeypatch, tmp_path, with_uv):
    """The exact version of the list, not the newest that lies there; the index is a dead end."""
    installing = tool("pip_or_uv")
    folder = tmp_path / "with a blank"
    folder.mkdir()
    tiny_wheel(folder, "kdtiny", "1.0")
    tiny_wheel(folder, "kdtiny", "2.0")
    (folder / "list.txt").write_text("kdtiny==1.0\n")
    asked = []
    stream = installing.stream

    def noted(command, env, show=True):
        asked.append(command)
        return (0, "") if "--quiet" in command else stream(command, env, show)  # of uv itself

    monkeypatch.setattr(installing, "stream", noted)
    monkeypatch.setattr(installing, "python_of", lambda venv: sys.executable)
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    if not with_uv:
        monkeypatch.setattr(installing, "probe_uv", lambda python, env: False)
    elif importlib.util.find_spec("uv") is None:
        pytest.skip("there is no uv in this Python. Type: python -m pip install uv")
    given = (["--dry-run", "kdtiny"], str(folder / "list.txt"), str(folder))
    code, output = installing.pip_install(str(tmp_path / "venv"), *given)
    assert code == 0, output
    assert re.search(r"kdtiny[-=]+1\.0", output), output
    assert "2.0" not in output
    assert all("--no-index" in command for command in asked), "uv, too, comes from the folder"
    assert ["uv" in command[:4] for command in asked] == ([True] if with_uv else [False, False])


# --- what it is no part of


def test_the_folder_travels_in_no_archive_and_survives_clean(tool, tmp_path, capsys):
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "kerasdemo").mkdir()
    (tmp_path / "kerasdemo" / "__init__.py").write_text('__version__ = "1"\n')
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "big.whl").touch()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    (made,) = (tmp_path / "dist").iterdir()
    with tarfile.open(made) as archive:
        names = [name.split("/", 1)[1] for name in archive.getnames()]
    assert "pyproject.toml" in names
    assert not [name for name in names if name.startswith("wheels")]
    tool("bootstrap").clean(str(tmp_path / ".venv"), str(tmp_path))
    assert os.listdir(tmp_path / "wheels") == ["big.whl"]
    assert "The folder wheels stays" in capsys.readouterr().out
    assert not (tmp_path / "dist").exists()


def test_the_job_makes_an_environment_with_uv_alone(tool, monkeypatch, tmp_path):
    bootstrap = tool("bootstrap")
    prepared, started = [], []
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    monkeypatch.setattr(bootstrap, "settle_home", lambda: None)
    monkeypatch.setattr(bootstrap, "prepare", lambda *given: prepared.append(given) or "python")
    monkeypatch.setattr(bootstrap, "read_stamp", lambda venv: {"made": len(prepared)})
    monkeypatch.setattr(bootstrap, "hand_over", lambda command, env: started.append(command) or 0)
    (tmp_path / "mine.txt").touch()
    mine = str(tmp_path / "mine.txt")
    assert bootstrap.run(["wheels", "--constraints", mine, "--", "--system", "macos"]) == 0
    ((_, extra, _, _, limits),) = prepared
    assert (extra, limits) == ("uv", None)
    assert started == [
        ["python", "tools/make_wheels.py", "--constraints", mine, "--system", "macos"]
    ]
    assert not (tmp_path / "build").exists(), "that was no set-up of the kit"
    assert "uv" in importlib.import_module("venvs").INCLUDED["uv"]
