"""The set-up script: which Python it takes, when it installs, what it never deletes."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("bootstrap", "venvs", "pip_or_uv", "pythons", "surroundings", "wheel_folder")
SCRIPTS = [ROOT / "tools" / f"{name}.py" for name in NAMES]
posix = pytest.mark.skipif(os.name == "nt", reason="makes stand-ins for Python as shell scripts")


@pytest.fixture(autouse=True)
def tools_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import the scripts as they import each other, afresh for each test."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    for name in (*NAMES, "run_tests"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def pythons() -> ModuleType:
    """Load the search for a Python."""
    return importlib.import_module("pythons")


@pytest.fixture
def installing(pythons: ModuleType) -> ModuleType:
    """Load the installer."""
    return importlib.import_module("pip_or_uv")


@pytest.fixture
def venvs(pythons: ModuleType) -> ModuleType:
    """Load the making of environments."""
    return importlib.import_module("venvs")


@pytest.fixture
def bootstrap(venvs: ModuleType) -> ModuleType:
    """Load the jobs."""
    return importlib.import_module("bootstrap")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a checkout, in a folder with a space in its name."""
    root = tmp_path / "a checkout"
    root.mkdir()
    (root / "pyproject.toml").write_text('requires-python = ">=3.10,<3.14"\n', encoding="utf-8")
    return root


@pytest.fixture
def installs(venvs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record what would be installed, instead of installing it; leave pip out, to be quick."""
    calls: list[list[str]] = []
    stream = venvs.stream

    def record(venv: str, arguments: list[str], *rest: str | None) -> tuple[int, str]:
        calls.append(arguments)
        return 0, ""

    monkeypatch.setattr(venvs, "pip_install", record)
    monkeypatch.setattr(
        venvs,
        "stream",
        lambda command, *rest, **kw: stream([*command, "--without-pip"], *rest, **kw),
    )
    return calls


def stand_in(folder: Path, name: str, version: tuple[int, ...], missing: tuple[str, ...] = ()):
    """Put a program on disk that answers like a Python of some version."""
    folder.mkdir(exist_ok=True)
    answer = json.dumps({"version": version, "path": str(folder / name), "missing": list(missing)})
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{answer}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def only_path(monkeypatch: pytest.MonkeyPatch, folder: Path, own: Path) -> None:
    """Leave one folder on the PATH, and pretend that `own` runs the script."""
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "executable", str(own))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_python_3_6_can_read_the_scripts(script):
    ast.parse(script.read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_scripts_use_the_standard_library_only(script):
    tree = ast.parse(script.read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names
    assert names - {path.stem for path in SCRIPTS} <= sys.stdlib_module_names


def test_the_range_of_pythons_is_the_projects(pythons):
    low, high = pythons.supported(str(ROOT))
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    span = f">={pythons.dotted(low)},<{pythons.dotted(high)}"
    assert f'requires-python = "{span}"' in text


@posix
def test_too_old_a_python_turns_to_the_newest_that_runs(pythons, checkout, tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    own = stand_in(folder, "python3", (3, 8, 1))
    shim = folder / "python3.13"  # as pyenv leaves it for a version that is not chosen
    shim.parent.mkdir(exist_ok=True)
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.13: command not found'\nexit 127\n")
    shim.chmod(0o755)
    stand_in(folder, "python3.12", (3, 12, 4))
    stand_in(folder, "python3.10", (3, 10, 2))
    only_path(monkeypatch, folder, own)
    assert pythons.find_python(str(checkout))["version"] == [3, 12, 4]


@posix
@pytest.mark.parametrize("version", [(3, 9, 18), (3, 14, 0)])
def test_no_fitting_python_says_what_to_install(pythons, checkout, tmp_path, monkeypatch, version):
    own = stand_in(tmp_path / "bin", "python3", version)
    only_path(monkeypatch, tmp_path / "bin", own)
    with pytest.raises(pythons.Stop, match=r"needs Python 3\.10 to 3\.13") as stop:
        pythons.find_python(str(checkout))
    assert "sudo apt install python3 python3-venv" in str(stop.value)
    assert "brew install" in str(stop.value)


@posix
def test_python_without_ensurepip_says_what_to_install(pythons, checkout, tmp_path, monkeypatch):
    own = stand_in(tmp_path / "bin", "python3", (3, 11, 2), missing=("ensurepip",))
    only_path(monkeypatch, tmp_path / "bin", own)
    with pytest.raises(pythons.Stop, match="lacks ensurepip") as stop:
        pythons.find_python(str(checkout))
    assert "sudo apt install python3-venv" in str(stop.value)


@posix
def test_a_python_that_was_asked_for_is_not_replaced_silently(
    pythons, checkout, tmp_path, monkeypatch
):
    old = stand_in(tmp_path / "bin", "old", (3, 8, 1))
    with pytest.raises(pythons.Stop, match=r"is Python 3\.8\.1; .* 3\.10 to 3\.13"):
        pythons.find_python(str(checkout), str(old))
    with pytest.raises(pythons.Stop, match="doesn't run"):
        pythons.find_python(str(checkout), str(tmp_path / "nowhere"))


def test_second_call_installs_nothing(venvs, checkout, installs):
    venv = str(checkout / ".venv")
    python = venvs.prepare(venv, "lab", str(checkout))
    assert Path(python).exists()
    assert installs == [["--editable", f"{checkout}[lab]"]]
    venvs.prepare(venv, "lab", str(checkout))
    assert len(installs) == 1


def test_what_makes_it_install_again(venvs, checkout, installs):
    venv, root = str(checkout / ".venv"), str(checkout)
    venvs.prepare(venv, "lab", root)
    venvs.prepare(venv, "test", root)
    assert installs[-1] == ["--editable", f"{checkout}[test]"]
    venvs.prepare(venv, "lab", root)  # `test` contains `lab`
    assert len(installs) == 2
    exact = checkout / "exact.txt"
    exact.write_text("numpy==2.0\n")
    venvs.prepare(venv, "lab", root, constraints=str(exact))
    assert len(installs) == 3
    venvs.prepare(venv, "lab", root, constraints=str(exact))
    venvs.prepare(venv, "lab", root)
    assert len(installs) == 3
    exact.write_text("numpy==2.1\n")
    venvs.prepare(venv, "lab", root, constraints=str(exact))
    assert len(installs) == 4
    with (checkout / "pyproject.toml").open("a") as file:
        file.write("# another dependency\n")
    venvs.prepare(venv, "lab", root)
    assert len(installs) == 5


def test_an_interrupted_install_is_not_taken_for_a_finished_one(
    venvs, checkout, installs, monkeypatch, capsys
):
    venv, root = checkout / ".venv", str(checkout)

    def interrupt(*arguments: object) -> tuple[int, str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(venvs, "pip_install", interrupt)
        with pytest.raises(KeyboardInterrupt):
            venvs.prepare(str(venv), "lab", root)
    (venv / "half-installed").touch()
    venvs.prepare(str(venv), "lab", root)
    assert len(installs) == 1
    assert "set-up was not finished" in capsys.readouterr().out
    assert not (venv / "half-installed").exists()


def test_a_failed_install_says_why_and_is_tried_again(
    bootstrap, venvs, pythons, checkout, installs, monkeypatch
):
    venv, root = str(checkout / ".venv"), str(checkout)
    with monkeypatch.context() as patch:
        patch.setattr(venvs, "pip_install", lambda *a: (1, "Temporary failure in name resolution"))
        with pytest.raises(pythons.Stop, match="index cannot be reached"):
            venvs.prepare(venv, "lab", root)
    venvs.prepare(venv, "lab", root)
    assert len(installs) == 1


def test_a_moved_checkout_is_noticed(venvs, checkout, installs, capsys):
    venvs.prepare(str(checkout / ".venv"), "lab", str(checkout))
    moved = checkout.rename(checkout.parent / "elsewhere")
    venvs.prepare(str(moved / ".venv"), "lab", str(moved))
    assert installs[-1] == ["--editable", f"{moved}[lab]"]
    assert "the project has moved here from" in capsys.readouterr().out


@posix
def test_a_vanished_base_python_is_noticed(venvs, checkout, installs, capsys):
    venv = checkout / ".venv"
    venvs.prepare(str(venv), "lab", str(checkout))
    python = venv / "bin" / "python"
    python.unlink()
    python.symlink_to(checkout / "gone")
    venvs.prepare(str(venv), "lab", str(checkout))
    assert len(installs) == 2
    assert "its Python does not run" in capsys.readouterr().out


@posix
def test_two_set_ups_at_once_take_turns(venvs, checkout, tmp_path):
    program = f"""
import sys, time
sys.path.insert(0, {str(ROOT / "tools")!r})
import venvs

def slowly(*rest):
    print("in", flush=True)
    time.sleep(1)
    print("out", flush=True)
    return 0, ""

venvs.pip_install = slowly
venvs.prepare({str(checkout / ".venv")!r}, "lab", {str(checkout)!r})
"""
    with (tmp_path / "log").open("w") as log:
        both = [subprocess.Popen([sys.executable, "-c", program], stdout=log) for _ in range(2)]
        assert [process.wait(timeout=600) for process in both] == [0, 0]
    lines = (tmp_path / "log").read_text().split()
    assert (lines.count("in"), lines.count("out")) == (1, 1)  # the second found it done
    assert "waiting" in lines


@posix
def test_a_folder_that_is_not_ours_is_never_deleted(bootstrap, venvs, pythons, checkout, installs):
    venv = checkout / ".venv"
    venv.mkdir()
    (venv / "thesis.txt").write_text("ten years of work")
    with pytest.raises(pythons.Stop, match="stays as it is"):
        venvs.prepare(str(venv), "lab", str(checkout))
    bootstrap.clean(str(venv), str(checkout))
    assert (venv / "thesis.txt").exists()
    venv.rename(checkout / "elsewhere")
    venvs.write_stamp(str(checkout / "elsewhere"), {"ours": True})
    venv.symlink_to(checkout / "elsewhere")
    with pytest.raises(pythons.Stop, match="stays as it is"):
        venvs.prepare(str(venv), "lab", str(checkout))
    assert (checkout / "elsewhere" / "thesis.txt").exists()
    assert installs == []


def test_a_hand_made_environment_is_used_and_kept(bootstrap, venvs, checkout, installs):
    venv = checkout / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    venvs.prepare(str(venv), "lab", str(checkout))
    venvs.prepare(str(venv), "lab", str(checkout))
    assert len(installs) == 1
    bootstrap.clean(str(venv), str(checkout))
    assert venv.exists()


def test_clean_removes_what_we_made(bootstrap, venvs, checkout, installs):
    venv = checkout / ".venv"
    venvs.prepare(str(venv), "lab", str(checkout))
    (checkout / "build").mkdir()
    bootstrap.clean(str(venv), str(checkout))
    assert sorted(p.name for p in checkout.iterdir()) == ["pyproject.toml"]


def test_a_full_disk_is_said_before_anything_is_made(
    venvs, pythons, checkout, installs, monkeypatch
):
    monkeypatch.setattr(venvs, "NEEDED_GB", 1e9)
    with pytest.raises(pythons.Stop, match="GB free"):
        venvs.prepare(str(checkout / ".venv"), "lab", str(checkout))
    assert not (checkout / ".venv").exists()


def test_the_disk_that_counts_is_the_one_of_the_environment(
    venvs, pythons, checkout, installs, monkeypatch, tmp_path
):
    big = shutil.disk_usage(checkout)._replace(free=9e9)
    elsewhere = tmp_path / "another disk"
    elsewhere.mkdir()
    monkeypatch.setattr(
        venvs.shutil,
        "disk_usage",
        lambda path: big._replace(free=1e9) if path == str(elsewhere) else big,
    )
    with pytest.raises(pythons.Stop, match=r"another disk has 1\.0 GB free"):
        venvs.prepare(str(elsewhere / "not" / "yet" / "venv"), "lab", str(checkout))
    assert list(elsewhere.iterdir()) == []
    venvs.prepare(str(checkout / ".venv"), "lab", str(checkout))
    assert len(installs) == 1


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(30, "ROFS")])
def test_a_checkout_that_cannot_be_written(
    venvs, pythons, checkout, installs, monkeypatch, tmp_path, error
):
    makedirs = os.makedirs

    def read_only(path: str, *rest: object, **options: object) -> None:
        if str(path).startswith(str(checkout)):
            raise error
        makedirs(path, *rest, **options)

    monkeypatch.setattr(os, "makedirs", read_only)
    with pytest.raises(pythons.Stop, match=r"\.venv cannot be written here") as stop:
        venvs.prepare(str(checkout / ".venv"), "lab", str(checkout))
    assert "make lab VENV=~/kerasdemo-venv" in str(stop.value)
    assert "--venv ~/kerasdemo-venv" in str(stop.value)
    assert installs == []
    venvs.prepare(str(tmp_path / "kerasdemo-venv"), "lab", str(checkout))  # what it says to type
    assert len(installs) == 1


def test_an_environment_that_has_become_read_only(venvs, pythons, checkout, installs, monkeypatch):
    venv = str(checkout / ".venv")
    venvs.prepare(venv, "lab", str(checkout))

    errors = [PermissionError(13, "Permission denied"), OSError(28, "No space left on device")]

    def refuse(*names: str) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(os, "replace", refuse)
    for sentence in (r"\.venv cannot be written here", "disk is full"):
        with pytest.raises(pythons.Stop, match=sentence):
            venvs.prepare(venv, "test", str(checkout))


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("WARNING: Retrying after connection broken by 'NewConnectionError'", "cannot be reached"),
        ("dns error: failed to lookup address information", "cannot be reached"),
        ("[Errno 28] No space left on device", "disk is full"),
        ("No solution found: keras<3 and keras>=3.12 conflict", "lines above say why"),
    ],
)
def test_a_failure_is_explained(installing, output, sentence):
    assert sentence in installing.explain("It failed.", output)


def test_uv_is_told_of_the_index_that_pip_uses(installing, tmp_path):
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = http://localhost:1/simple\n")
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    bare["PIP_CONFIG_FILE"] = str(config)
    env = installing.index_settings(sys.executable, bare)
    assert env["UV_DEFAULT_INDEX"] == "http://localhost:1/simple"
    own = installing.index_settings(sys.executable, {**bare, "UV_DEFAULT_INDEX": "file:///mine"})
    assert own["UV_DEFAULT_INDEX"] == "file:///mine"


def test_other_pythons_packages_do_not_leak_in(pythons, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PYTHONHOME", "elsewhere")
    env = pythons.clean_environment(str(tmp_path / ".venv"))
    assert not {"PYTHONPATH", "PYTHONHOME"} & set(env)
    first = env["PATH"].split(os.pathsep)[0]
    assert Path(first) == Path(pythons.python_of(str(tmp_path / ".venv"))).parent


def test_the_lab_listens_on_this_machine_alone(bootstrap, tmp_path):
    command = bootstrap.lab_command("python", str(tmp_path), "8890", "none")
    assert "--ServerApp.ip=127.0.0.1" in command
    assert "--ServerApp.port=8890" in command
    assert "--ServerApp.open_browser=False" in command
    assert f"--ServerApp.root_dir={tmp_path}" in command
    (start,) = [c.split("/lab/tree/")[1] for c in command if "default_url" in c]
    assert (ROOT / start).name == "00_start_here.ipynb"
    assert (ROOT / start).is_file()
    assert ("--allow-root" in command) == (hasattr(os, "geteuid") and os.geteuid() == 0)


def test_the_terminal_hears_no_warning_of_listeners(bootstrap):
    """A kernel without encryption gives one at each start."""
    manager = pytest.importorskip("jupyter_client.manager", reason="get JupyterLab: make test")
    kernel = pytest.importorskip("ipykernel.kernelapp")
    assert "--KernelManager.transport_encryption=auto" in bootstrap.lab_command("python", ".")
    assert "auto" in manager.KernelManager.transport_encryption.values
    if "without encryption" in Path(kernel.__file__).read_text(encoding="utf-8"):  # from 7.4 on
        spec = importlib.import_module("ipykernel.kernelspec").get_kernel_dict()
        assert "curve" in spec["metadata"]["supported_encryption"]


def test_an_ordinary_user_gets_no_allow_root(bootstrap, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert "--allow-root" not in bootstrap.lab_command("python", str(tmp_path))


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1"])
def test_a_wrong_port_is_said(bootstrap, pythons, port):
    with pytest.raises(pythons.Stop, match="is no port"):
        bootstrap.parse(["lab", f"--port={port}"])


def test_arguments_after_the_dashes_go_to_the_job(bootstrap):
    options, rest = bootstrap.parse(["test", "--venv", "v", "--", "tests/unit", "-k", "a or b"])
    assert rest == ["tests/unit", "-k", "a or b"]
    assert options.venv == str(ROOT / "v")


def test_long_silence_is_broken_by_a_line(installing, monkeypatch, capsys):
    monkeypatch.setattr(installing, "HEARTBEAT", 0.2)
    program = "import time; time.sleep(1); print('Downloading x'); print(' + x==1')"
    code, output = installing.stream([sys.executable, "-c", program], dict(os.environ))
    shown = capsys.readouterr().out
    assert code == 0
    assert output == "Downloading x\n + x==1"
    assert "still at work" in shown
    assert "Downloading x" in shown
    assert "x==1" not in shown


def test_make_hands_everything_on():
    """`make -n` shows the command that the variables turn into."""
    ours = ("MAKE", "PYTHON", "PORT", "BROWSER", "CONSTRAINTS", "VENV", "ARGS")
    env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    done = subprocess.run(
        ["make", "-n", "lab", "PORT=8890", "BROWSER=none", "ARGS=--debug"],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    line = " ".join(done.stdout.replace("\\\n", " ").split())
    assert "tools/bootstrap.py lab --port '8890' --browser 'none' -- --debug" in line


@posix
def test_make_hands_on_names_with_apostrophes_and_spaces():
    """`echo` in the place of Python shows the words that the script would get."""
    given = {"VENV": "o'neil's venv", "CONSTRAINTS": 'it\'s, an "old" list.txt', "BROWSER": "a b"}
    words = [f"{name}={value}" for name, value in given.items()]
    command = ["make", "lab", "PYTHON=echo", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    for name, value in given.items():
        assert f" --{name.lower()} {value} " in done.stdout


@posix
def test_make_says_which_python_is_not_there():
    command = ["make", "lab", "PYTHON=no'python"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode != 0
    assert "There is no 'no'python' here." in done.stderr


# --- run_tests.py, with small layers in place of the real ones


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Load the runner of layers; each layer passes, and reports go into a folder of the test."""
    module = importlib.import_module("run_tests")
    monkeypatch.setattr(module, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(module, "LAYERS", dict.fromkeys(module.LAYERS, (("-c", ""),)))
    monkeypatch.setattr(module, "NPM_FOLDER", tmp_path / "npm")
    monkeypatch.setattr(module.shutil, "which", lambda name: None)  # nothing is fetched by a test
    monkeypatch.delenv("CI", raising=False)
    return module


def without(runner: ModuleType, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Pretend that modules are not installed."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        runner.importlib.util, "find_spec", lambda name: None if name in names else found(name)
    )


def verdicts(output: str) -> dict[str, str]:
    """Read the closing summary."""
    rows = output.split("=== summary ===")[1].strip().splitlines()
    return {row.split()[0]: row.split()[1] for row in rows}


@pytest.mark.parametrize(
    ("tool", "layers"),
    [
        ("ruff", {"lint"}),
        ("mypy", {"lint"}),
        ("hypothesis", {"unit", "widgets"}),
        ("nbval", {"lessons", "nbval"}),
        ("nbclient", {"lessons"}),
        ("nbconvert", {"static"}),
        ("playwright", {"browser"}),
    ],
)
def test_a_missing_tool_skips_its_layers_only(runner, monkeypatch, capsys, tool, layers):
    without(runner, monkeypatch, tool)
    assert runner.main([]) == 0
    shown = capsys.readouterr().out
    assert {name for name, verdict in verdicts(shown).items() if verdict == "skipped"} == layers
    assert set(verdicts(shown).values()) == {"ok", "skipped"}
    assert f"skipped: needs {tool}; to get it: make test, or {sys.executable} -m pip" in shown
    monkeypatch.setenv("CI", "true")
    assert runner.main([]) == 1
    failed = {
        name for name, verdict in verdicts(capsys.readouterr().out).items() if verdict != "ok"
    }
    assert failed == layers


def test_without_pytest_nothing_is_tested(runner, monkeypatch, capsys):
    without(runner, monkeypatch, "pytest")
    assert runner.main([]) == 1
    shown = capsys.readouterr()
    assert verdicts(shown.out).pop("lint") == "ok"
    assert list(verdicts(shown.out).values()).count("skipped") == len(runner.LAYERS) - 1
    assert "Nothing was tested" in shown.err
    assert runner.main(["tests/unit"]) == 1
    assert "needs pytest; to get it: make test" in capsys.readouterr().err
    assert runner.main(["--only", "lint"]) == 0
    without(runner, monkeypatch, "ruff")
    assert runner.main(["--only", "lint"]) == 1


def test_every_layer_names_its_tools(runner):
    assert set(runner.TOOLS) == set(runner.LAYERS)


def test_a_layer_that_fails_hides_no_other(runner, monkeypatch, capsys):
    monkeypatch.setitem(runner.LAYERS, "unit", (("-c", "raise SystemExit(3)"),))
    assert runner.main([]) == 1
    result = verdicts(capsys.readouterr().out)
    assert result.pop("unit") == "FAILED"
    assert set(result.values()) == {"ok"}


NOTING = """
import pathlib, sys, time
notes, layer, awaited = pathlib.Path(sys.argv[1]), *sys.argv[2:]
note = notes.open("a", buffering=1).write
note(layer + " starts\\n")
end = time.monotonic() + 60
while awaited not in notes.read_text() and time.monotonic() < end:
    time.sleep(0.02)
note(layer + " ends\\n")
print(layer, "says: \u2026", flush=True)
"""


def started_and_ended(runner, monkeypatch, tmp_path, *options):
    """Run layers that note when they start and end; return the notes in their order.

    Beside each other, the first waits for the browser's start, and the browser for the last's end.
    """
    notes, awaited = tmp_path / "notes", {"lint": "browser starts", "browser": "hub ends"}
    for layer in runner.LAYERS:
        note = "" if options else awaited.get(layer, "")
        command = ("-c", NOTING, str(notes), layer, note)
        monkeypatch.setitem(runner.LAYERS, layer, (command,))
    assert runner.main(list(options)) == 0
    return notes.read_text().splitlines()


def test_the_browser_layer_runs_beside_the_others(runner, monkeypatch, tmp_path, capfd):
    beside = started_and_ended(runner, monkeypatch, tmp_path)
    assert beside.index("browser starts") < beside.index("static starts")
    assert beside[-3:] == ["browser ends", "nbval starts", "nbval ends"]
    shown = capfd.readouterr().out
    assert list(verdicts(shown)) == list(runner.LAYERS)
    assert shown.index("static says") < shown.index("=== browser ===") < shown.index("browser says")


def test_layers_run_in_turn_when_asked(runner, monkeypatch, tmp_path):
    notes = started_and_ended(runner, monkeypatch, tmp_path, "--in-turn")
    assert notes == [f"{layer} {what}" for layer in runner.LAYERS for what in ("starts", "ends")]


def test_a_browser_layer_that_fails_beside_the_others_is_seen(runner, monkeypatch, capfd):
    code = "import sys; print('what went wrong', file=sys.stderr); sys.exit(1)"
    monkeypatch.setitem(runner.LAYERS, "browser", (("-c", code),))
    assert runner.main([]) == 1
    shown = capfd.readouterr().out
    assert "what went wrong" in shown
    assert verdicts(shown)["browser"] == "FAILED"


TESTS = """
import pathlib, pytest

def test_a_page_that_is_late_once():
    counter = pathlib.Path(__file__).with_name("tries")
    tries = counter.read_text() if counter.exists() else ""
    counter.write_text(tries + "x")
    assert tries or {steady}

def test_of_every_day():
    pass

@pytest.mark.long
def test_of_an_hour():
    pathlib.Path(__file__).with_name("hour").touch()
"""


@pytest.fixture
def browser_tests(runner, monkeypatch, tmp_path):
    """Return the folder of a browser layer with three tests; the first fails at its first try."""
    folder = tmp_path / "browser"
    folder.mkdir()
    (folder / "test_pages.py").write_text(TESTS.replace("{steady}", "False"))
    marks = ("-c", str(ROOT / "pyproject.toml"))
    options = (*marks, "-o", f"cache_dir={tmp_path / 'cache'}", "--cache-clear")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # it starts sooner
    # Beside the project's own, so that its conftest.py counts what is left out.
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "conftest.py")
    command = ("-m", "pytest", *options, str(folder))
    monkeypatch.setitem(runner.LAYERS, "browser", (command,))
    monkeypatch.setattr(runner, "fetch_from_npm", lambda out=None: None)
    return folder


def test_what_fails_in_the_browser_once_is_unsteady_and_no_failure(runner, browser_tests, capfd):
    assert runner.main(["--only", "browser"]) == 0
    shown = capfd.readouterr().out
    assert re.search(r"browser +ok .* 2 passed, 1 left out, 1 unsteady", shown)
    assert "Left out: 1 long tests. To run them too: make test ARGS=--long" in shown
    assert (browser_tests / "tries").read_text() == "xx", "the second run is of what failed"


LESSON = """
import pathlib

NOTES = pathlib.Path(__file__).with_suffix(".notes")

def test_first_cell():
    with NOTES.open("a") as file:
        file.write("run ")

def test_second_cell():
    assert NOTES.read_text().split() {wanted}
"""


@pytest.mark.parametrize(
    ("wanted", "verdict"),
    [("!= ['run']", "ok .* 4 passed, 1 unsteady"), ("== []", "FAILED .* 3 passed, 1 failed")],
)
def test_a_lesson_that_differs_runs_once_more_as_a_whole(
    runner, browser_tests, monkeypatch, capfd, wanted, verdict
):
    (browser_tests / "test_pages.py").unlink()
    for lesson, rule in {"test_03.py": wanted, "test_04.py": "== ['run']"}.items():
        (browser_tests / lesson).write_text(LESSON.replace("{wanted}", rule))
    monkeypatch.setitem(runner.LAYERS, "nbval", runner.LAYERS["browser"])
    monkeypatch.setattr(runner, "ROOT", browser_tests)  # pytest names the tests from there
    assert runner.main(["--only", "nbval"]) == (verdict[:2] != "ok")
    assert re.search(rf"nbval +{verdict}", capfd.readouterr().out)
    assert (browser_tests / "test_03.notes").read_text() == "run run ", "the cell before it, too"
    assert (browser_tests / "test_04.notes").read_text() == "run ", "what passed is left alone"


def test_what_fails_twice_is_a_failure(runner, browser_tests, capfd):
    file = browser_tests / "test_pages.py"
    file.write_text(file.read_text().replace("assert tries", "assert not 'right'"))
    assert runner.main(["--only", "browser"]) == 1
    shown = capfd.readouterr().out
    assert re.search(r"browser +FAILED .* 1 passed, 1 failed, 1 left out", shown)


ALL = """
import pathlib, pytest

@pytest.fixture(scope="module")
def page():
    pathlib.Path(__file__).with_suffix(".tries").open("a").write("x")
    raise TimeoutError("the page was late")

@pytest.mark.parametrize("number", range(9))
def test_it(page, number):
    pass
"""


@pytest.mark.parametrize(("files", "tries"), [(3, "xx"), (4, "x")])
def test_many_tests_of_one_page_are_few_but_not_many_files(
    runner, browser_tests, capfd, files, tries
):
    (browser_tests / "test_pages.py").unlink()
    for number in range(files):
        (browser_tests / f"test_{number}.py").write_text(ALL)
    assert runner.main(["--only", "browser"]) == 1
    assert re.search(rf"browser +FAILED .* {9 * files} failed", capfd.readouterr().out)
    assert (browser_tests / "test_0.tries").read_text() == tries


def test_what_fails_elsewhere_is_not_tried_again(runner, browser_tests, monkeypatch, capfd):
    monkeypatch.setitem(runner.LAYERS, "unit", runner.LAYERS["browser"])
    assert runner.main(["--only", "unit"]) == 1
    assert (browser_tests / "tries").read_text() == "x"


def test_a_number_shuffles_all_but_the_cells_of_a_lesson(runner, monkeypatch, tmp_path):
    code = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(' '.join(sys.argv[3:]))"
    for layer in ("unit", "nbval"):  # the word among the arguments makes it a layer of pytest's
        command = ("-c", code, str(tmp_path / layer), "pytest")
        monkeypatch.setitem(runner.LAYERS, layer, (command,))
    monkeypatch.setattr(runner, "counts_of", lambda report: {})
    assert runner.main(["--only", "unit", "--only", "nbval", "--shuffle", "7", "--in-turn"]) == 0
    assert "--random-order-seed=7" in (tmp_path / "unit").read_text()
    assert "random" not in (tmp_path / "nbval").read_text()


def test_long_tests_run_when_asked(runner, browser_tests, capfd):
    (browser_tests / "tries").write_text("x")
    assert runner.main(["--only", "browser", "--long"]) == 0
    shown = capfd.readouterr().out
    assert (browser_tests / "hour").exists()
    assert re.search(r"browser +ok .* 3 passed\n", shown)
    assert "Left out" not in shown


@posix
def test_axe_core_is_fetched_once_and_again_when_its_range_changes(
    runner, monkeypatch, capsys, tmp_path
):
    npm = tmp_path / "npm.sh"
    npm.write_text(
        '#!/bin/sh\necho "$@" >> calls\nmkdir -p node_modules/axe-core\n'
        "touch node_modules/axe-core/axe.min.js\n"
    )
    npm.chmod(0o755)
    runner.main(["--only", "browser"])
    assert "npm is missing" in capsys.readouterr().out
    monkeypatch.setattr(runner.shutil, "which", {"npm": str(npm)}.get)
    calls = runner.NPM_FOLDER / "calls"
    runner.main(["--only", "unit"])
    assert not calls.exists(), "no other layer needs it"
    for _ in range(2):
        runner.main(["--only", "browser"])
    (call,) = calls.read_text().splitlines()
    assert "--ignore-scripts" in call
    assert "--no-package-lock" in call
    (runner.NPM_FOLDER / "package.json").write_text("{}")
    runner.main(["--only", "browser"])
    assert len(calls.read_text().splitlines()) == 2


@posix
def test_without_network_axe_core_is_tried_again_next_time(runner, monkeypatch, capsys, tmp_path):
    npm = tmp_path / "npm.sh"
    npm.write_text("#!/bin/sh\necho 'no network' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(runner.shutil, "which", {"npm": str(npm)}.get)
    assert runner.main(["--only", "browser"]) == 0
    assert "It could not be fetched: no network" in capsys.readouterr().out
    assert not (runner.NPM_FOLDER / "package.json").exists()


def test_what_npm_fetches_is_a_range_and_names_no_registry(runner):
    package = json.loads(runner.PACKAGE.read_text(encoding="utf-8"))
    assert package["private"] is True
    assert package["devDependencies"]["axe-core"].startswith("^4.")
    assert "http" not in runner.PACKAGE.read_text(encoding="utf-8")
    assert not (runner.PACKAGE.parent / "package-lock.json").exists()


# --- what the set-up and the runner leave for `make bench`


def test_a_whole_run_leaves_its_seconds_and_a_part_of_it_none(runner, monkeypatch):
    summary = runner.REPORTS / "summary.json"
    assert runner.main(["--only", "unit"]) == 0
    assert not summary.exists()
    without(runner, monkeypatch, "playwright")
    runner.main([])
    report = json.loads(summary.read_text(encoding="utf-8"))
    assert report["skipped"] == ["browser"]
    assert report["seconds"] > 0


def test_only_a_set_up_from_nothing_leaves_its_seconds(bootstrap, checkout, installs, monkeypatch):
    (checkout / "build" / "scikit-learn" / "sklearn").mkdir(parents=True)  # no need to fetch it
    monkeypatch.setattr(bootstrap, "ROOT", str(checkout))
    monkeypatch.setattr(bootstrap, "hand_over", lambda command, env: 0)
    report = checkout / "build" / "reports" / "setup.json"
    assert bootstrap.run(["test"]) == 0
    left = json.loads(report.read_text(encoding="utf-8"))
    assert left["extra"] == "test"
    assert left["seconds"] > 0
    report.unlink()
    assert bootstrap.run(["test"]) == 0
    assert len(installs) == 1
    assert not report.exists()
    shutil.rmtree(checkout / ".venv")
    assert bootstrap.run(["lab"]) == 0
    assert json.loads(report.read_text(encoding="utf-8"))["extra"] == "lab"


def test_what_makes_the_mutants_is_fetched_once_and_for_them_alone(
    bootstrap, pythons, checkout, installs, monkeypatch
):
    fetched = []

    def fetch(venv, arguments, constraints=None):
        fetched.append(arguments)
        (checkout / "build" / "cosmic-ray" / "cosmic_ray").mkdir(parents=True)
        return 0, ""

    monkeypatch.setattr(bootstrap, "ROOT", str(checkout))
    monkeypatch.setattr(bootstrap, "hand_over", lambda command, env: 0)
    monkeypatch.setattr(bootstrap, "pip_install", lambda *given: (1, "no network"))
    assert bootstrap.run(["lint"]) == 0
    with pytest.raises(pythons.Stop, match="could not be fetched"):
        bootstrap.run(["mutants"])
    monkeypatch.setattr(bootstrap, "pip_install", fetch)
    for _ in range(2):
        assert bootstrap.run(["mutants"]) == 0
    (arguments,) = fetched
    assert {"--no-deps", "--target"} < set(arguments)


def test_jupyterlab_does_not_ask_about_news(bootstrap, tmp_path):
    bootstrap.ask_no_news(str(tmp_path))
    path = tmp_path / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    path.write_text("{}", encoding="utf-8")  # the user's own file is left alone
    bootstrap.ask_no_news(str(tmp_path))
    assert path.read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize(
    ("system", "machine", "said"),
    [
        ("darwin", "x86_64", "arm64"),
        ("darwin", "arm64", ""),
        ("win32", "arm64", "64-bit"),
        ("win32", "amd64", ""),
        ("linux", "aarch64", ""),
        (None, None, ""),
    ],
)
def test_a_machine_without_tensorflow_is_told_before_anything_is_fetched(
    venvs, pythons, monkeypatch, tmp_path, system, machine, said
):
    base = {**pythons.probe(sys.executable), "system": system, "machine": machine}
    monkeypatch.setattr(venvs, "find_python", lambda root, asked: base)
    if not said:
        assert pythons.lacks_tensorflow(base) == ""
        return
    with pytest.raises(pythons.Stop, match=said):
        venvs.settle_venv(str(tmp_path / "venv"), str(ROOT))
    assert not (tmp_path / "venv").exists()
