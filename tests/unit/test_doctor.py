"""Each fault is made here, and seen named together with what mends it."""

from __future__ import annotations

import dataclasses
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging import markers

import kerasdemo as kd
from kerasdemo import doctor
from kerasdemo.checks import machine, packages
from kerasdemo.checks.finding import Finding
from kerasdemo.doctor import Report

CHECKOUT = Path(kd.__file__).resolve().parents[1]


def make_package(folder: Path, name: str, version: str, requires: tuple[str, ...] = ()) -> None:
    """Put the metadata of an installed package into a folder."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = [f"Name: {name}", f"Version: {version}", "Requires-Python: >=3.10,<3.14"]
    lines += [f"Requires-Dist: {r}" for r in requires]
    text = "\n".join(["Metadata-Version: 2.1", *lines, ""])
    (info / "METADATA").write_text(text, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder the only place where packages are looked for."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    importlib.import_module("packaging.requirements")  # before its place disappears
    importlib.import_module("packaging.specifiers")
    monkeypatch.setattr(sys, "path", [str(folder)])
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home folder without settings."""
    for name in ("KERAS_HOME", "KERAS_BACKEND", "TF_USE_LEGACY_KERAS", "KERASDEMO_DATA"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


def test_a_good_setup_is_called_good(home):
    report = kd.check_setup()
    assert report.ok
    assert {f.name for f in report if f.status == "problem"} == set()
    assert len(report) == len({f.name for f in report}) == 9


def test_it_leaves_tensorflow_alone():
    code = (
        "import sys, kerasdemo; report = kerasdemo.check_setup(); repr(report)\n"
        "print(sorted({'tensorflow', 'keras', 'matplotlib', 'ipywidgets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- an environment in which almost nothing is installed


def bare_doctor(*folders: Path) -> subprocess.CompletedProcess[str]:
    """Run the doctor in a Python that sees these folders and no installed package (-S)."""
    path = os.pathsep.join(map(str, (CHECKOUT, *folders)))
    command = [sys.executable, "-S", "-m", "kerasdemo", "doctor"]
    env = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=env)


def test_nothing_installed_at_all(home):
    done = bare_doctor()
    assert (done.returncode, done.stderr) == (1, "")
    words = " ".join(done.stdout.split())
    assert "kerasdemo itself is not installed" in words
    for name in ("numpy", "h5py", "ml_dtypes", "PIL"):
        assert f"import {name}" in words
    assert f'-m pip install --editable "{CHECKOUT}"' in done.stdout


def test_the_kit_without_its_packages(home, tmp_path):
    needs = ("numpy>=1.26", "keras<3.16,>=3.12", "tqdm", 'pytest; extra == "test"')
    make_package(tmp_path, "kerasdemo", "0.1.0", needs)
    make_package(tmp_path, "tqdm", "4.66")
    done = bare_doctor(tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    words = " ".join(done.stdout.split())
    assert "packaging is missing; numpy is missing; keras is missing" in words
    assert "tqdm is missing" not in words
    assert "pytest" not in words


def test_a_check_that_breaks_is_a_finding_and_the_others_run(home, monkeypatch):
    def breaks() -> Finding:
        raise OSError("the first line\nthe second")

    monkeypatch.setitem(doctor.CHECKS, "folders", breaks)
    report = kd.check_setup()
    assert report["folders"].status == "problem"
    assert "OSError: the first line" in report["folders"].seen
    assert "second" not in report["folders"].seen
    assert "-m pip install" in report["folders"].mend
    assert [f.name for f in report] == list(doctor.CHECKS)
    assert report["processor"].ok


# --- Python


@pytest.mark.parametrize("version", [(3, 9, 18), (3, 14, 0), (2, 7, 18)])
def test_wrong_python(version):
    finding = machine.check_python(version)
    assert finding.status == "problem"
    assert ".".join(map(str, version)) in finding.seen
    assert "3.10" in finding.seen
    assert finding.mend == "make lab PYTHON=python3.12"


def test_wrong_python_on_windows(windows):
    """There is no `make` there; the launcher finds another Python."""
    finding = machine.check_python((3, 9, 18))
    program, version, script, job = finding.mend.split()
    assert (program, version, job) == ("py", "-3.12", "lab")
    assert (Path(__file__).resolve().parents[2] / script).is_file()


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 13, 9)])
def test_right_python(version):
    assert machine.check_python(version).status == "ok"


def test_32_bit_python(monkeypatch):
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    finding = machine.check_python((3, 11, 0))
    assert (finding.status, "32-bit" in finding.seen) == ("problem", True)


# --- packages


def test_missing_and_mismatched_packages(site):
    needs = ("keras<3.16,>=3.12", "numpy>=1.26", "tqdm>=4", 'pytest; extra == "test"')
    make_package(site, "kerasdemo", "0.1.0", needs)
    make_package(site, "keras", "2.15.0")
    make_package(site, "numpy", "2.0.0")
    finding = packages.check_packages()
    assert finding.status == "problem"
    assert "keras is 2.15.0, and <3.16,>=3.12 is needed" in finding.seen
    assert "tqdm is missing" in finding.seen
    assert "numpy" not in finding.seen
    assert "pytest" not in finding.seen
    assert finding.mend.endswith('-m pip install "keras<3.16,>=3.12" "tqdm>=4"')
    assert sys.executable in finding.mend


def test_packages_in_range(site):
    make_package(site, "kerasdemo", "0.1.0", ("keras<3.16,>=3.12",))
    make_package(site, "keras", "3.12.1")
    assert packages.check_packages() == Finding("packages", "ok", "keras 3.12.1")


def test_kerasdemo_not_installed(site):
    finding = packages.check_packages()
    assert finding.status == "problem"
    assert "not installed" in finding.seen
    assert finding.mend.endswith(f'-m pip install --editable "{CHECKOUT}"')
    assert machine.check_python((3, 11, 0)).ok


@pytest.mark.parametrize(
    ("package", "rival"), [("keras", "keras-nightly"), ("tensorflow", "tensorflow-cpu")]
)
def test_two_packages_in_one_folder(site, package, rival):
    make_package(site, package, "3.15.0")
    make_package(site, rival, "3.15.0")
    finding = packages.check_one_keras()
    assert finding.status == "problem"
    assert f"{package} and {rival}" in finding.seen
    assert f"uninstall --yes {package} {rival}" in finding.mend
    assert f'install "{package}' in finding.mend.splitlines()[1]


def test_two_versions_of_keras(site):
    make_package(site, "keras", "2.15.0")
    make_package(site, "keras", "3.15.0")
    finding = packages.check_one_keras()
    assert (finding.status, finding.seen.startswith("keras and keras ")) == ("problem", True)


def test_a_keras_in_a_folder_further_back_is_hidden_and_no_problem(site, tmp_path, monkeypatch):
    front = tmp_path / "front"
    front.mkdir()
    make_package(site, "keras", "2.15.0")
    make_package(front, "keras", "3.15.0")
    monkeypatch.setattr(sys, "path", [str(front), str(site)])
    assert packages.check_one_keras().ok


def test_tf_keras_beside_keras_is_no_problem(site):
    make_package(site, "keras", "3.15.0")
    make_package(site, "tf_keras", "2.19.0")
    assert packages.check_one_keras().status == "ok"


def test_a_file_that_hides_a_package(tmp_path, monkeypatch):
    (tmp_path / "tensorflow.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    finding = packages.check_one_keras()
    assert finding.status == "problem"
    assert str(tmp_path / "tensorflow.py") in finding.seen
    assert finding.mend.startswith(f'mv "{tmp_path / "tensorflow.py"}"')


def test_a_binary_clash_with_numpy(tmp_path, monkeypatch):
    (tmp_path / "h5py.py").write_text("raise ValueError('numpy.dtype size changed, may indicate')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "h5py", raising=False)
    finding = packages.check_imports()
    assert finding.status == "problem"
    assert "import h5py fails: numpy.dtype size changed" in finding.seen
    assert "--force-reinstall" in finding.mend
    assert re.search(r'--force-reinstall "numpy<\d[^"]*,>=[12]\.\d+" h5py$', finding.mend)


@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_our_own_range_is_that_of_this_python(site, monkeypatch, version):
    needs = (
        "numpy-quaternion>=1",
        "numpy>=1.26,<3; python_version < '3.13'",
        "numpy>=2.1,<3; python_version >= '3.13'",
    )
    make_package(site, "kerasdemo", "0.1.0", needs)
    environment = {**markers.default_environment(), "python_version": version}
    monkeypatch.setattr(markers, "default_environment", lambda: environment)
    wanted = "numpy<3,>=1.26" if version == "3.10" else "numpy<3,>=2.1"
    assert packages._range_of("numpy") == wanted
    assert packages._range_of("keras") == "keras"


# --- widgets


@pytest.mark.parametrize(
    ("kept", "missing", "package"),
    [
        ("anywidget", "@jupyter-widgets/jupyterlab-manager", "jupyterlab_widgets"),
        ("@jupyter-widgets/jupyterlab-manager", "anywidget", "anywidget"),
    ],
)
def test_missing_widget_extension(home, tmp_path, monkeypatch, kept, missing, package):
    share = tmp_path / "share" / "jupyter"
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *a: [str(share.joinpath(*a))])
    (share / "labextensions" / kept).mkdir(parents=True)
    (share / "labextensions" / kept / "package.json").write_text("{}")
    finding = packages.check_widgets()
    assert finding.status == "problem"
    assert missing in finding.seen
    assert finding.mend.endswith(f"install --force-reinstall --no-deps {package}")


def test_no_jupyterlab_is_a_warning_only(site):
    finding = packages.check_widgets()
    assert (finding.status, finding.ok) == ("warning", True)
    assert finding.mend.endswith("-m pip install jupyterlab")


# --- Keras's settings


def test_another_backend_by_variable(home, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    finding = machine.check_keras_settings()
    assert finding.status == "problem"
    assert "KERAS_BACKEND chooses the backend 'torch'" in finding.seen
    assert finding.mend.endswith("KERAS_BACKEND=tensorflow")


@pytest.mark.parametrize("by_keras_home", [False, True])
def test_another_backend_by_file(home, monkeypatch, tmp_path, by_keras_home):
    folder = tmp_path / "settings" if by_keras_home else home / ".keras"
    folder.mkdir()
    if by_keras_home:
        monkeypatch.setenv("KERAS_HOME", str(folder))
    (folder / "keras.json").write_text('{"backend": "jax"}')
    finding = machine.check_keras_settings()
    assert finding.status == "problem"
    assert f"{folder / 'keras.json'} chooses the backend 'jax'" in finding.seen
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # what it says to type
    assert machine.check_keras_settings().status == "ok"


@pytest.mark.parametrize(
    "setting", ['{"floatx": "float16"}', '{"image_data_format": "channels_first"}']
)
def test_other_number_formats(home, setting):
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text(setting)
    finding = machine.check_keras_settings()
    assert finding.status == "problem"
    assert finding.mend.startswith("mv ")


@pytest.mark.parametrize("text", ["", "{", '{"backend": "tensorflow", "epsilon": 1e-7}'])
def test_harmless_settings(home, text):
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text(text)
    assert machine.check_keras_settings().status == "ok"


@pytest.mark.parametrize("text", ["[]", "7", '"tensorflow"'])
def test_settings_that_keras_fails_over(home, text):
    settings = home / ".keras" / "keras.json"
    settings.parent.mkdir()
    settings.write_text(text)
    finding = machine.check_keras_settings()
    assert (finding.status, str(settings) in finding.seen) == ("problem", True)
    assert str(settings) in finding.mend


def test_legacy_keras(home, monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    finding = machine.check_keras_settings()
    assert (finding.status, "TF_USE_LEGACY_KERAS" in finding.seen) == ("problem", True)
    assert "TF_USE_LEGACY_KERAS" in finding.mend
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "0")
    assert machine.check_keras_settings().status == "ok"


# --- folders: a file stands where a folder should be, which stops even an administrator


@pytest.mark.parametrize(
    ("variable", "what"),
    [("HOME", "home"), ("KERAS_HOME", "Keras's folder"), ("XDG_CACHE_HOME", "downloaded digits")],
)
@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="uses Linux's variables")
def test_unwritable_folders(home, tmp_path, monkeypatch, variable, what):
    (tmp_path / "file").touch()
    monkeypatch.setenv(variable, str(tmp_path / "file"))
    finding = machine.check_folders()
    assert finding.status == "problem"
    assert what in finding.seen
    assert str(tmp_path / "file") in finding.seen
    mended = variable if variable != "XDG_CACHE_HOME" else "KERASDEMO_DATA"
    assert finding.mend.startswith(f"export {mended}=")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands written as on Windows."""
    monkeypatch.setattr("kerasdemo.checks.finding.WINDOWS", True)


@pytest.mark.parametrize("variable", ["KERAS_HOME", "KERASDEMO_DATA", "HOME"])
def test_an_unwritable_folder_on_windows(home, tmp_path, monkeypatch, windows, variable):
    bad = tmp_path / "file"
    bad.touch()
    for name in {variable, "USERPROFILE" if variable == "HOME" else variable}:
        monkeypatch.setenv(name, str(bad))
    finding = machine.check_folders()
    named = "USERPROFILE" if variable == "HOME" else variable  # where Python looks there
    assert finding.mend == rf"set {named}=%TEMP%\kerasdemo"


def test_files_are_moved_with_a_command_that_windows_has(home, tmp_path, monkeypatch, windows):
    (home / ".keras").mkdir()
    settings = home / ".keras" / "keras.json"
    settings.write_text('{"floatx": "float16"}')
    assert machine.check_keras_settings().mend == f'move "{settings}" "{settings}.old"'
    (tmp_path / "keras.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(packages, "RIVALS", {"keras": ()})
    mend = packages.check_one_keras().mend
    assert mend == f'move "{tmp_path / "keras.py"}" "{tmp_path / "my_keras.py"}"'


def test_writable_folders_leave_no_trace(home):
    assert machine.check_folders().status == "ok"
    assert list(home.iterdir()) == []


def test_a_shared_read_only_folder_of_digits_is_fine(home, tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("KERASDEMO_DATA", str(shared))
    can_write = machine._can_write
    monkeypatch.setattr(machine, "_can_write", lambda f: f != shared and can_write(f))
    assert machine.check_folders().status == "ok"
    monkeypatch.setenv("KERASDEMO_DATA", str(shared / "missing"))
    monkeypatch.setattr(machine, "_can_write", lambda f: shared not in f.parents)
    assert machine.check_folders().status == "problem"


# --- memory


def make_machine(
    root: Path, *, free_kb: int = 8_000_000, cgroup: str = "0::/\n", **limits: str
) -> Path:
    """Write the files in which Linux tells of memory; a limit's key names its control group."""
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable: {free_kb} kB\n")
    (root / "proc" / "self" / "cgroup").write_text(cgroup)
    for path, limit in limits.items():
        file = root / "sys" / "fs" / "cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(limit + "\n")
    return root


V1 = "memory.limit_in_bytes"


@pytest.mark.parametrize(
    ("cgroup", "limits"),
    [
        ("0::/\n", {"memory.max": "500000000"}),
        ("0::/user/kernel\n", {"user/memory.max": "500000000", "user/kernel/memory.max": "max"}),
        ("3:cpu,memory:/box\n0::/\n", {f"memory/box/{V1}": "500000000"}),
        ("3:memory:/hidden/box\n", {f"memory/{V1}": "500000000"}),
    ],
    ids=["v2", "v2, the group above", "v1", "v1 inside a container"],
)
def test_too_small_a_memory_limit(tmp_path, cgroup, limits):
    finding = machine.check_memory(make_machine(tmp_path, cgroup=cgroup, **limits))
    assert finding.status == "problem"
    assert "may use 500 MB; the lessons need 600 MB" in finding.seen
    assert "--memory=1g" in finding.mend


@pytest.mark.parametrize(
    ("cgroup", "limits", "limit"),
    [
        ("0::/\n", {"memory.max": "max"}, None),
        ("3:memory:/\n", {f"memory/{V1}": "9223372036854771712"}, None),
        ("0::/\n", {"memory.max": "2000000000"}, 2_000_000_000),
        ("3:cpu:/\n", {f"memory/{V1}": "1"}, None),
    ],
)
def test_memory_limits_that_are_wide_enough(tmp_path, cgroup, limits, limit):
    root = make_machine(tmp_path, cgroup=cgroup, **limits)
    assert machine.memory_limit(root) == limit
    assert machine.check_memory(root).status == "ok"


def test_little_free_memory_is_a_warning(tmp_path):
    finding = machine.check_memory(make_machine(tmp_path, free_kb=300_000))
    assert (finding.status, finding.ok) == ("warning", True)
    assert "307 MB are free" in finding.seen
    assert "Shut Down All Kernels" in finding.mend


def test_a_system_without_these_files(tmp_path):
    assert machine.check_memory(tmp_path).status == "ok"
    assert machine.check_processor(tmp_path).status == "ok"


# --- processor and TensorFlow itself


@pytest.mark.parametrize(("flags", "status"), [("fpu sse avx avx2", "ok"), ("fpu sse", "problem")])
def test_processor(tmp_path, monkeypatch, flags, status):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(f"processor : 0\nflags\t\t: {flags}\n")
    finding = machine.check_processor(tmp_path)
    assert finding.status == status
    assert ("AVX" in finding.seen, bool(finding.mend)) == (True, status == "problem")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("raise ImportError('libfoo.so is missing')", "ImportError: libfoo.so is missing"),
        ("import os; os.kill(os.getpid(), 4)", "AVX"),
        ("import os; os.kill(os.getpid(), 9)", "memory runs out"),
        ("import time; time.sleep(60)", "did not end within"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="uses signals")
def test_tensorflow_that_cannot_be_imported(tmp_path, monkeypatch, code, sentence):
    (tmp_path / "tensorflow.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = packages.check_tensorflow(timeout=3 if "sleep" in code else 60)
    assert finding.status == "problem"
    assert sentence in finding.seen
    assert "install --force-reinstall" in finding.mend


def test_deeper_means_one_check_more(tmp_path, monkeypatch):
    (tmp_path / "tensorflow.py").write_text("__version__ = '9.9'")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = kd.check_setup(deep=True)
    assert report["TensorFlow"].seen == "tensorflow 9.9 can be imported"
    assert len(report) == 10


# --- the report


@pytest.fixture
def mixed() -> Report:
    """Make a report with one finding of each kind."""
    long = "python -m pip install " + " ".join(f'"package{i}>=1"' for i in range(12))
    return Report(
        (
            Finding("Python", "ok", "Python 3.11.7"),
            Finding("packages", "problem", "very " * 40 + "<wrong>", long),
            Finding("memory", "warning", "little", "close other programs"),
        )
    )


def test_report_as_text(mixed):
    lines = repr(mixed).splitlines()
    assert not mixed.ok
    assert lines[0].split()[:3] == ["✓", "ok", "Python"]
    assert mixed["packages"].mend in [line.strip() for line in lines]  # in one piece, to copy
    assert all(len(line) <= 100 for line in lines if "pip install" not in line)
    assert lines[-1] == "1 problem and 1 warning: mend from the top, then check again."


def test_report_as_html(mixed):
    html = mixed._repr_html_()
    assert "&lt;wrong&gt;" in html
    assert "close other programs" in html
    assert mixed.verdict() in html


def test_a_warning_alone_lets_the_lessons_start(mixed):
    report = Report(mixed.findings[::2])
    assert report.ok
    assert report.verdict() == "1 warning: the lessons can start."


def test_report_is_frozen_and_names_its_checks(mixed):
    with pytest.raises(dataclasses.FrozenInstanceError):
        mixed.findings = ()
    with pytest.raises(KeyError, match="'memory'"):
        mixed["disk"]
