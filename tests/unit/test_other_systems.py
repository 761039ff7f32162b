"""Nothing in the package or its tools that cannot work on Windows or macOS, as far as it shows.

The code is read, not run: `.github/workflows/systems.yml` runs it there. hub/ is for Linux.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
# They fork, and are imported only after tools/mutants.py has asked whether this system can.
FORKING = {"mutant_forks.py", "mutant_trials.py"}
SOURCES = sorted([*(ROOT / "kerasdemo").rglob("*.py"), *(ROOT / "tools").rglob("*.py")])
SOURCES = [path for path in SOURCES if path.name not in FORKING]
SOURCES.append(ROOT / "tests" / "conftest.py")

POSIX_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "posix", "syslog"}
POSIX_OS = re.compile(
    r"f?chown|fchmod|fork|forkpty|get(e|res)?[ug]id|getgroups|getloadavg|(get|set)pgid|initgroups"
    r"|kill|killpg|lchown|mkfifo|nice|openpty|sched_\w+|set(e|re|res)?[ug]id|setgroups|setsid"
    r"|statvfs|symlink|sysconf|uname|wait\d?|waitpid|W[A-Z]+|O_NOFOLLOW|O_DIRECTORY"
)
SIGNALS = {"SIGINT", "SIGTERM", "SIGABRT", "SIGBREAK", "Signals", "SIG_DFL", "SIG_IGN"}
SIGNALS |= {"signal", "getsignal", "default_int_handler", "raise_signal"}  # Windows has these
PLACES = re.compile(r"/(tmp|proc|dev|sys|etc|usr|bin|home|var)(/|$)")
GUARDS = re.compile(r"hasattr\(|os\.name|sys\.platform|platform ==|WINDOWS|root: Path")
RUNS = {"run", "Popen", "call", "check_call", "check_output"}
# What is guarded elsewhere than in the function itself, and where.
GUARDED = {
    ("kerasdemo/_backend.py", "keras_folder", "'/tmp'"): "Keras's own choice, on every system",
    ("kerasdemo/evidence/cluster.py", "named_threads", "'/proc/self/task'"): "observed(): Linux",
    ("kerasdemo/memory/peaks.py", "linux_status", "'/proc/self/status'"): "each caller has a try",
}


def keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {each.arg: each.value for each in call.keywords if each.arg}


def text_mode(node: ast.expr | None, *, default: bool) -> bool:
    """Say whether a mode means text; what is no literal is not judged."""
    if node is None:
        return default
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "b" not in node.value


def without_encoding(call: ast.Call) -> bool:
    """Say whether a call reads or writes text in whatever encoding the system has."""
    given, function = keywords(call), call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if "encoding" in given or None in [each.arg for each in call.keywords]:
        return False
    first = call.args[0] if call.args else None
    if name == "open" and isinstance(function, ast.Name):
        return text_mode(
            given.get("mode", call.args[1] if len(call.args) > 1 else None), default=True
        )
    if name == "open":  # of a Path: the mode comes first. Image.open(file) is another matter
        mode = given.get("mode", first)
        literal = isinstance(mode, ast.Constant) and re.fullmatch(r"[rwaxbt+]+", str(mode.value))
        return mode is None or bool(literal and text_mode(mode, default=True))
    if name in ("read_text", "write_text"):
        return len(call.args) < 1 + (name == "write_text")
    if name == "fdopen":
        return text_mode(call.args[1] if len(call.args) > 1 else given.get("mode"), default=True)
    if name in ("TemporaryFile", "NamedTemporaryFile"):
        return text_mode(given.get("mode", first), default=False)
    return name in RUNS and bool({"text", "universal_newlines"} & set(given))


def faults(call: ast.Call) -> Iterator[str]:
    """Name what is wrong with a call, wherever it stands."""
    given, function = keywords(call), call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    owner = getattr(getattr(function, "value", None), "id", "")
    if without_encoding(call):
        yield f"{name}() without encoding="
    if owner == "os" and name in ("system", "popen"):
        yield f"os.{name}: a shell"
    if name in RUNS and owner == "subprocess":
        for option in ("preexec_fn", "pass_fds", "start_new_session", "process_group"):
            if option in given:
                yield f"subprocess with {option}"
        if getattr(given.get("shell"), "value", False):
            yield "subprocess with shell=True"
        program = call.args[0] if call.args else given.get("args")
        first = (
            program.elts[0]
            if isinstance(program, (ast.List, ast.Tuple)) and program.elts
            else program
        )
        if isinstance(first, ast.Constant) and re.match(
            r"python|pip|make|sh|bash", str(first.value)
        ):
            yield f"runs {first.value!r} by a name that other systems may not have"
    if name in ("symlink_to", "hardlink_to", "mkfifo"):
        yield f"{name}: not everybody may on Windows"
    if owner == "select":
        yield "select: on Windows of sockets alone"
    if name == "get_context" and any(getattr(a, "value", "") == "fork" for a in call.args):
        yield "processes that fork"


def docstrings(tree: ast.AST) -> set[int]:
    bodies = (
        node.body
        for node in ast.walk(tree)
        if hasattr(node, "body") and isinstance(node.body, list)
    )
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


def needs_guard(node: ast.AST, prose: set[int]) -> Iterator[str]:
    """Name what may stand only where the system has been looked at."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id == "os" and POSIX_OS.fullmatch(node.attr):
            yield f"os.{node.attr}"
        if node.value.id == "signal" and node.attr not in SIGNALS:
            yield f"signal.{node.attr}"
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
        if PLACES.match(node.value) and "\n" not in node.value:
            yield repr(node.value)
        if re.search(r"(^|/)bin/", node.value):
            yield repr(node.value)


def tried(node: ast.AST) -> set[int]:
    """Return the nodes within a try whose failing is provided for."""
    inside = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Try):
            caught = " ".join(ast.unparse(h.type) for h in each.handlers if h.type)
            if re.search("ImportError|ModuleNotFoundError|AttributeError|OSError", caught):
                inside |= {id(below) for part in each.body for below in ast.walk(part)}
    return inside


def seen_in(source: str, path: str = "") -> list[str]:
    """List the faults of a source."""
    tree = ast.parse(source)
    found, prose, safe = [], docstrings(tree), tried(tree)
    functions = [
        n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    lines, asks = source.splitlines(), {f: GUARDS.search(ast.unparse(f)) for f in functions}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        around = [f for f in functions if f.lineno <= line <= f.end_lineno]
        guarded = id(node) in safe or any(asks[f] for f in around[-1:])
        guarded = guarded or (not around and GUARDS.search(lines[line - 1]))
        where = around[-1].name if around else "<module>"
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
            if POSIX_MODULES & {name.split(".")[0] for name in names} and id(node) not in safe:
                found.append(f"{line} {where}: import of {' '.join(names)}")
        for what in needs_guard(node, prose):
            if not guarded and (path, where, what) not in GUARDED:
                found.append(f"{line} {where}: {what}")
        if isinstance(node, ast.Call):
            found += [f"{line} {where}: {what}" for what in faults(node)]
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_that_other_systems_lack(path):
    assert seen_in(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()) == []


def test_every_test_can_at_least_be_collected_there():
    """A module that other systems lack is imported behind a condition, or in a test."""
    for path in [
        *(ROOT / "tests" / "unit").glob("*.py"),
        *(ROOT / "tests" / "widgets").glob("*.py"),
    ]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {a.name for a in node.names} | {getattr(node, "module", None)}
                assert not names & POSIX_MODULES, path.name


@pytest.mark.parametrize(
    "line",
    """open("a")
open("a", "w")
path.open()
path.open("w")
path.read_text()
path.write_text("a")
os.fdopen(1, "w")
tempfile.TemporaryFile("w+")
subprocess.run([sys.executable], text=True)
subprocess.run([sys.executable], universal_newlines=True)
subprocess.run("a | b", shell=True)
subprocess.Popen([a], preexec_fn=f)
subprocess.run(["python3", "-V"])
subprocess.run(("make", "lab"))
import fcntl
from resource import getrusage
os.fork()
os.geteuid()
len(os.sched_getaffinity(0))
os.kill(1, signal.SIGKILL)
signal.signal(signal.SIGHUP, f)
signal.SIGUSR1
os.system("ls")
folder = "/tmp"
Path("/proc/self/status")
venv + "/bin/python"
Path(venv, "bin/python")
path.symlink_to(other)
select.select([file], [], [])
multiprocessing.get_context("fork")""".splitlines(),
)
def test_the_reading_finds_it(line):
    assert seen_in(line)
    assert seen_in(f"def f():\n    {line}")


RIGHT = [
    'open("a", "rb")',
    'open("a", encoding="utf-8")',
    'path.open("xb")',
    "Image.open(file)",
    'path.read_text(encoding="utf-8")',
    'path.write_text("a", "utf-8")',
    'subprocess.run([sys.executable], encoding="utf-8")',
    "signal.signal(signal.SIGTERM, f)",
    'os.geteuid() if hasattr(os, "geteuid") else 0',
    '"/tmp" if sys.platform != "win32" else "."',
    "try:\n    import fcntl\nexcept ImportError:\n    fcntl = None",
    'def f():\n    "In /tmp and /proc."',
    'def f():\n    return os.fork() if os.name == "posix" else 0',
]


@pytest.mark.parametrize("source", RIGHT)
def test_what_is_right_is_let_be(source):
    assert seen_in(source) == []


def test_what_is_guarded_elsewhere_is_still_there():
    for path, function, what in GUARDED:
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8")
        assert what[1:-1] in (ROOT / path).read_text(encoding="utf-8")


# --- names of files


def tracked() -> list[str]:
    """List what the repository holds, leaving out what the jobs make."""
    ours = ("kerasdemo", "notebooks", "tools", "tests", "hub", "docs", ".github", ".ci")
    files = [f for f in ROOT.iterdir() if f.is_file() and f.name != ".git"]
    files += [f for folder in ours for f in (ROOT / folder).rglob("*") if f.is_file()]
    made = {"__pycache__", ".ipynb_checkpoints", "node_modules"}
    return [f.relative_to(ROOT).as_posix() for f in files if not made & set(f.parts)]


def unfit(name: str) -> bool:
    """Say whether Windows refuses a file's name."""
    stem = name.split(".")[0].upper()
    device = stem in {"CON", "PRN", "AUX", "NUL"} or re.fullmatch(r"(COM|LPT)\d", stem)
    return bool(device or re.search(r'[<>:"\\|?*\x00-\x1f]', name) or name[-1] in ". ")


def test_names_of_files_are_fit_for_windows_and_unlike_in_more_than_case():
    names = tracked()
    assert len(names) > 300
    assert [name for name in names if any(map(unfit, name.split("/")))] == []
    folded = [name.casefold() for name in names]
    assert sorted({name for name in folded if folded.count(name) > 1}) == []
    assert all(map(unfit, ("aux.py", "a?", "a:b", "nul", "COM1.txt", "end.")))
    assert not any(map(unfit, ("console.py", "a b", "Ü.txt")))


def test_paths_in_the_wheel_leave_room_for_the_folder_it_is_installed_in():
    """Windows counts 260 characters, and C:\\Users\\...\\site-packages takes its share of them."""
    inside = [n for n in tracked() if n.startswith(("kerasdemo/", "notebooks/"))]
    assert max(len(n) + len("kerasdemo/") for n in inside) <= 150


def test_text_files_end_their_lines_as_on_linux():
    """Git on Windows turns the ends of lines, unless .gitattributes says otherwise."""
    assert "\n* text=auto eol=lf\n" in (ROOT / ".gitattributes").read_text(encoding="utf-8")
    made_of_text = (".py", ".md", ".toml", ".yml", ".ipynb", ".js", ".mjs", ".css", ".txt", ".json")
    texts = [name for name in tracked() if name.endswith(made_of_text)]
    assert [name for name in texts if b"\r\n" in (ROOT / name).read_bytes()] == []


# --- what is chosen by the system, tried with its name


def tool(monkeypatch, name):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    for each in ("bootstrap", "venvs", "pythons", "surroundings", "try_wheel"):
        monkeypatch.delitem(sys.modules, each, raising=False)
    return importlib.import_module(name)


def test_the_interpreter_of_an_environment_is_where_windows_has_it(monkeypatch):
    pythons = tool(monkeypatch, "pythons")
    monkeypatch.setattr(pythons, "WINDOWS", True)
    parts = PureWindowsPath(pythons.python_of("C:/venv").replace("/", "\\")).parts
    assert parts == ("C:\\", "venv", "Scripts", "python.exe")
    monkeypatch.setattr(pythons, "WINDOWS", False)
    assert pythons.python_of("/venv") == "/venv/bin/python"


def test_where_nothing_can_take_over_a_process_the_job_is_called(monkeypatch):
    bootstrap = tool(monkeypatch, "bootstrap")
    monkeypatch.setattr(bootstrap, "WINDOWS", True)
    monkeypatch.setattr(bootstrap.os, "execve", None)
    called = []
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda *a, **k: called.append((a, k)) or 7)
    assert bootstrap.hand_over(["python", "-V"], {"A": "b"}) == 7
    assert called == [((["python", "-V"],), {"env": {"A": "b"}, "cwd": bootstrap.ROOT})]


def test_without_file_locks_the_set_up_goes_on(monkeypatch, tmp_path):
    venvs = tool(monkeypatch, "venvs")
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert venvs.hold(str(tmp_path)) is None


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_cores_are_counted_where_the_system_does_not_tell_ours(monkeypatch, system):
    from kerasdemo.scaling import cluster
    from kerasdemo.serving import server

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    assert (cluster.cores_here(), server._cores()) == (6, 6)
