"""What the kit never does: run what comes from outside, listen beyond this machine, trust a tag.

The first part reads the source of `kerasdemo`, `tools` and `hub`. Each exception is listed with its
reason, and one that is no longer needed fails, too.
"""

from __future__ import annotations

import ast
import importlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("kerasdemo", "tools", "hub")
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
}
SCRIPTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.js"))
}

# (file, what) -> why it may
ALLOWED = {
    ("kerasdemo/memory/sending.py", "pickle"): "packs the user's own call for a child of its own",
    ("kerasdemo/memory/sending.py", "marshal"): "the code of that call, which a notebook typed",
    ("kerasdemo/memory/child.py", "pickle"): "reads what its parent wrote into a folder of its own",
    (
        "tools/make_training_curve.py",
        "exec",
    ): "a cell of the checkout's lesson, whose network it is",
    (
        "tools/mutant_making.py",
        "compile",
    ): "whether a mutant of the checkout's code is Python at all",
    ("tools/releasing/state.py", "extractall"): "the last commit, as git has just packed it",
    ("tools/make_release.py", "unpack_archive"): "the source archive that it has just built",
    ("tools/make_release.py", "shutil.unpack_archive"): "the same",
}
MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "_pickle"}
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {
    *("os.system", "os.popen", "tempfile.mktemp", "yaml.load", "yaml.unsafe_load"),
    *("pandas.read_pickle", "np.fromfile", "enable_unsafe_deserialization"),
    *("ssl._create_unverified_context", "shutil.unpack_archive"),
}


def dotted(node: ast.AST) -> str:
    """Write a name with its dots; ``""`` for what is none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return ""


def told(call: ast.Call) -> dict[str, object]:
    """Return a call's keyword arguments that are plain values."""
    return {
        word.arg: word.value.value
        for word in call.keywords
        if word.arg and isinstance(word.value, ast.Constant)
    }


def dangers(source: str) -> Iterator[str]:
    """Name what a module does that could run what comes from outside, or unpack it anywhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (n.name for n in node.names if n.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.split(".")[0] in MODULES:
                yield node.module
            names = {f"{node.module}.{each.name}" for each in node.names}
            yield from names & METHODS
        elif isinstance(node, ast.Call):
            name, words = dotted(node.func), told(node)
            last = name.rpartition(".")[2]
            if name in CALLS:
                yield name
            if name in METHODS or last in {m.rpartition(".")[2] for m in METHODS if "." not in m}:
                yield name
            if last in ("extractall", "extract", "unpack_archive") and name != "re.extract":
                yield last
            for word, value in (("shell", True), ("allow_pickle", True), ("safe_mode", False)):
                if words.get(word) is value:
                    yield f"{word}={value}"
            if words.get("verify") is False:
                yield "verify=False"


def found() -> set[tuple[str, str]]:
    return {(file, what) for file, source in SOURCES.items() for what in dangers(source)}


def test_nothing_runs_or_unpacks_what_comes_from_outside():
    assert found() - ALLOWED.keys() == set()


def test_no_exception_outlives_its_reason():
    assert ALLOWED.keys() - found() == set()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import pickle", "pickle"),
        ("from pickle import loads", "pickle"),
        ("import marshal as m", "marshal"),
        ("from os import system", "os.system"),
        ("eval(text)", "eval"),
        ("exec(text)", "exec"),
        ("os.system(text)", "os.system"),
        ("yaml.load(text)", "yaml.load"),
        ("subprocess.run(text, shell=True)", "shell=True"),
        ("np.load(file, allow_pickle=True)", "allow_pickle=True"),
        ("keras.saving.load_model(file, safe_mode=False)", "safe_mode=False"),
        (
            "keras.config.enable_unsafe_deserialization()",
            "keras.config.enable_unsafe_deserialization",
        ),
        ("tempfile.mktemp()", "tempfile.mktemp"),
        ("archive.extractall(folder)", "extractall"),
        ("archive.extract(member)", "extract"),
        ("requests.get(url, verify=False)", "verify=False"),
    ],
)
def test_each_danger_is_seen(source, what):
    assert what in set(dangers(source))


# --- models and arrays ----------------------------------------------------------------------------


def calls_of(name: str) -> list[tuple[str, ast.Call]]:
    """Find the calls whose name ends so, with their files."""
    return [
        (file, node)
        for file, source in SOURCES.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == name
    ]


def test_keras_is_told_to_refuse_code_in_a_file():
    """The claims alone do not say so: they show what is typed by everybody, on their own files."""
    loading = [
        (file, told(call).get("safe_mode"))
        for file, call in calls_of("load_model")
        if dotted(call.func) != "load_model" and "/evidence/" not in file
    ]
    assert len(loading) >= 6
    assert [file for file, safe in loading if safe is not True] == []


# --- the page -------------------------------------------------------------------------------------

MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|srcdoc"
    r"|DOMParser|\beval\(|\bFunction\(|javascript:|\bimport\(|set(?:Timeout|Interval)\(\s*[\"'`]"
)
MADE = {  # (file, what): how often, and who has escaped it
    ("kerasdemo/asking/answer.js", "innerHTML"): 2,  # view.quiz_box, held by test_html.py
    (
        "kerasdemo/widgets/common.js",
        "DOMParser",
    ): 1,  # showPage: as_html and timings_svg, held there
    ("tools/website/assets/player.js", "import("): 1,  # the widgets' own modules, as anywidget does
}


def test_the_scripts_make_markup_of_nothing_else():
    seen: dict[tuple[str, str], int] = {}
    for file, script in SCRIPTS.items():
        code = re.sub(r"^\s*(//|/?\*).*", "", script, flags=re.MULTILINE)  # no comments
        for match in MARKUP.findall(code):
            seen[file, match] = seen.get((file, match), 0) + 1
    assert seen == MADE
    assert len(SCRIPTS) > 15


def test_python_writes_no_script_of_its_own_into_a_page():
    """Scripts are files; the one inline is the site's JSON, in which no ``<`` is left."""
    inline = {
        file
        for file, source in SOURCES.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"<script(?! src=)", node.value)
    }
    assert inline == {"tools/website/pages.py"}


# --- the network ----------------------------------------------------------------------------------

EVERYWHERE = re.compile(
    r"""0\.0\.0\.0|bind\(\s*\(\s*["']{2}|\[::\]|--ip[= ]\*|ip ?= ?["'](\*|["'])"""
    r"""|(?<!replace\()(?<!endswith\()(?<!split\()["']::["']"""  # and no mark in a text
)


def test_nothing_is_told_to_listen_everywhere():
    files = dict(SOURCES)
    for path in [
        ROOT / "Makefile",
        *(ROOT / "hub").glob("*.yaml"),
        *(ROOT / "hub").glob("Dockerfile*"),
    ]:
        files[path.name] = path.read_text(encoding="utf-8")
    assert {name for name, text in files.items() if EVERYWHERE.search(text)} == set()
    for bad in (
        "0.0.0.0:80",
        "s.bind(('', 80))",
        's.bind(("", 80))',
        "'::'",
        "--ip=*",
        "c.Spawner.ip = ''",
    ):
        assert EVERYWHERE.search(bad), bad


def test_what_is_fetched_is_asked_for_by_https_and_its_hash_is_known():
    from kerasdemo.sources.remote import REMOTE_SETS

    files = [
        (mirror + file.name, file)
        for each in REMOTE_SETS.values()
        for mirror in each.mirrors
        for file in each.files
    ]
    assert files
    for url, file in files:
        assert url.startswith("https://"), url
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.size > 0


PLAIN = re.compile(r"http://(?!127\.0\.0\.1|localhost|www\.w3\.org/|\{)[^\s\"'`)>]+")


def test_no_address_is_without_tls():
    texts = {**SOURCES, **SCRIPTS}
    for path in [
        ROOT / "README.md",
        ROOT / "pyproject.toml",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "kerasdemo" / "data").glob("*.toml"),
        *(ROOT / "notebooks").glob("*.ipynb"),
    ]:
        texts[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    assert {name: PLAIN.findall(text) for name, text in texts.items() if PLAIN.search(text)} == {}


def listening(pid: int) -> set[tuple[str, int]]:
    """Return where a process listens, as the system tells it; an IPv4 in IPv6's dress without."""
    psutil = pytest.importorskip("psutil", reason="no psutil; get it with: make test")
    process = psutil.Process(pid)
    ask = getattr(process, "net_connections", None) or process.connections
    places = [each.laddr for each in ask(kind="inet") if each.status == psutil.CONN_LISTEN]
    return {(ip.removeprefix("::ffff:"), port) for ip, port in places}


def soon(ask, seconds: float = 180):
    """Wait until something is so; return it."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
    return answer


def test_the_systems_word_is_asked():
    before = listening(os.getpid())
    with socket.socket() as everywhere:
        everywhere.bind(("", 0))
        everywhere.listen()
        (new,) = listening(os.getpid()) - before
    assert new[0] == "0.0.0.0"


def test_the_classroom_server_listens_on_this_machine_alone(tmp_path):
    pytest.importorskip("tensorflow_serving", reason="no TensorFlow Serving API; see make test")
    from kerasdemo.serving.server import ClassroomServer

    (tmp_path / "digits").mkdir()
    before = listening(os.getpid())
    with ClassroomServer(tmp_path) as server:
        new = listening(os.getpid()) - before
        assert new == {("127.0.0.1", int(server.address.rpartition(":")[2]))}


def test_the_site_is_served_on_this_machine_alone(tmp_path):
    sys.path.insert(0, str(ROOT / "tools"))
    pytest.importorskip("nbconvert", reason="no nbconvert; get it with: make test")
    make_site, port = importlib.import_module("make_site"), free_port()
    before = listening(os.getpid())
    threading.Thread(target=make_site.serve, args=(tmp_path, port), daemon=True).start()
    assert soon(lambda: listening(os.getpid()) - before) == {("127.0.0.1", port)}


def test_make_lab_listens_on_this_machine_alone(tmp_path):
    pytest.importorskip("jupyterlab", reason="no JupyterLab; get it with: make test")
    sys.path.insert(0, str(ROOT / "tools"))
    port = free_port()
    command = importlib.import_module("bootstrap").lab_command(
        sys.executable, str(tmp_path), port=str(port), browser="none"
    )
    places = {f"JUPYTER_{name}_DIR": str(tmp_path) for name in ("CONFIG", "DATA", "RUNTIME")}
    with (tmp_path / "log").open("wb") as log:
        lab = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **places})
    try:
        assert soon(lambda: lab.poll() is None and listening(lab.pid)) == {("127.0.0.1", port)}
    finally:
        lab.kill()
        lab.wait(20)


# --- what GitHub runs -----------------------------------------------------------------------------

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)+$")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(path):
    lines = [line.strip().removeprefix("- ") for line in path.read_text("utf-8").splitlines()]
    uses = [line for line in lines if re.match(r"uses\s*:", line)]
    assert uses
    assert [line for line in uses if not PINNED.fullmatch(line)] == []


def test_one_action_is_pinned_to_one_commit():
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for name, commit in re.findall(r"uses: ([\w./-]+)@(.+)", path.read_text("utf-8")):
            pins.setdefault(name, set()).add(commit)
    assert {name: commits for name, commits in pins.items() if len(commits) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_a_job_that_may_more_runs_no_code_of_ours(path):
    yaml = pytest.importorskip("yaml", reason="no PyYAML; get it with: make test")
    workflow = yaml.safe_load(path.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow[True]  # YAML reads `on` as true
    for job in workflow["jobs"].values():
        if job.get("permissions"):
            assert all("run" not in step for step in job["steps"])
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            words = step.get("run", "")
            assert not re.search(r"\$\{\{[^}]*github\.(event\.(?!name)|head_ref)", words), (
                "what a stranger typed would become a command"
            )


def test_the_word_on_security_is_found():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "SECURITY.md" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "test_security.py" in text
