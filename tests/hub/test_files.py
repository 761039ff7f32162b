"""What a hub is set up with, read and tried without one: seconds, no environment needed."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hub_process import HUB, wait_for
from traitlets.config import Config

import kerasdemo

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a hub needs Linux")
ROOT = HUB.parent
DOCKERFILE = (HUB / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def values() -> Any:
    """Read the chart's values."""
    return yaml.safe_load((HUB / "values.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def student(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import student.py."""
    monkeypatch.syspath_prepend(HUB)
    import student

    return student


def configured(
    monkeypatch: pytest.MonkeyPatch, folder: Path, **settings: object
) -> tuple[Config, dict[str, Any]]:
    """Run jupyterhub_config.py with these settings; return what it sets, and its names."""
    for name in [name for name in os.environ if name.startswith("KERASDEMO_HUB_")]:
        monkeypatch.delenv(name)
    for name, value in {"DIR": folder / "programs", "STATE": folder / "state", **settings}.items():
        monkeypatch.setenv(f"KERASDEMO_HUB_{name}", str(value))
    config, file = Config(), HUB / "jupyterhub_config.py"
    names: dict[str, Any] = {"get_config": lambda: config, "__file__": str(file)}
    before = os.umask(0o022)
    try:
        exec(compile(file.read_text(encoding="utf-8"), file, "exec"), names)
    finally:
        os.umask(before)
    return config, names


def test_the_hub_listens_on_this_machine_only_and_keeps_its_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config, _ = configured(monkeypatch, tmp_path)
    assert config.JupyterHub.bind_url == "http://127.0.0.1:8000"
    assert config.JupyterHub.hub_ip == "127.0.0.1"
    assert config.ConfigurableHTTPProxy.api_url.startswith("http://127.0.0.1:")
    secret = tmp_path / "state" / "hub"
    for path in (config.JupyterHub.cookie_secret_file, config.ConfigurableHTTPProxy.pid_file):
        assert Path(path).parent == secret
    assert config.JupyterHub.db_url == f"sqlite:///{secret}/jupyterhub.sqlite"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in secret.parent.iterdir()}
    assert modes == {"hub": 0o700, "run": 0o711, "student.py": 0o644}
    assert config.LocalAuthenticator.allowed_groups == {"students"}
    assert "authenticator_class" not in config.JupyterHub  # PAM, JupyterHub's own default


@pytest.mark.parametrize("there", [True, False])
def test_the_limit_is_enforced_where_systemd_and_its_spawner_are(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    there: bool,
) -> None:
    is_dir = Path.is_dir
    monkeypatch.setattr(
        Path, "is_dir", lambda path: True if str(path) == "/run/systemd/system" else is_dir(path)
    )
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if there else None)
    config, _ = configured(monkeypatch, tmp_path, MEMORY="700M")
    assert config.Spawner.mem_limit == "700M"
    assert (config.JupyterHub.spawner_class == "systemd") == there
    assert ("not enforced" in capsys.readouterr().out) != there


@pytest.mark.parametrize(("students", "share"), [(1, 8), (2, 4), (3, 2), (8, 1), (30, 1)])
def test_threads_are_the_share_of_the_cores(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, students: int, share: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    config, _ = configured(monkeypatch, tmp_path, STUDENTS=students)
    threads = {n: v for n, v in config.Spawner.environment.items() if n.endswith("_THREADS")}
    assert set(threads.values()) == {str(share)}
    assert len(threads) == 4


def test_the_chart_gives_pods_what_the_machine_gives_servers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, values: Any
) -> None:
    config, names = configured(monkeypatch, tmp_path)
    here, there = config.Spawner.environment, values["singleuser"]["extraEnv"]
    # A container has a /tmp of its own, and the image says its path.
    assert set(there) == set(here) - {"PATH", "KERASDEMO_PRIVATE"}
    assert all(isinstance(value, str) for value in there.values())
    assert there["KERASDEMO_IDLE_MINUTES"] == str(round(float(here["KERASDEMO_IDLE_MINUTES"])))
    assert values["singleuser"]["defaultUrl"] == config.Spawner.default_url
    assert values["singleuser"]["memory"]["limit"] == config.Spawner.mem_limit
    service = shlex.join(config.JupyterHub.services[0]["command"])
    for option in ("timeout", "every", "max-age"):
        said = re.search(rf"-{option}=(\d+)", service)
        name = {"every": "every", "timeout": "timeout", "max-age": "maxAge"}[option]
        assert said is not None
        assert int(said[1]) == values["cull"][name]
    assert names["LONGEST"] == values["cull"]["maxAge"]


def test_every_setting_that_student_py_reads_is_one_that_can_be_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in ("data", "keras"):
        (tmp_path / "programs" / folder).mkdir(parents=True)
    config, _ = configured(monkeypatch, tmp_path)
    read = set(re.findall(r"KERASDEMO_[A-Z_]+", (HUB / "student.py").read_text(encoding="utf-8")))
    given = {name for name in config.Spawner.environment if name.startswith("KERASDEMO_")}
    assert read - given == {"KERASDEMO_LESSONS_BRANCH"}  # only with a repository of one's own
    assert given - read == {"KERASDEMO_DATA"}  # the kit's own


def test_threads_in_a_pod_are_its_limit(values: Any) -> None:
    single = values["singleuser"]
    threads = {v for name, v in single["extraEnv"].items() if name.endswith("_THREADS")}
    assert threads == {str(single["cpu"]["limit"])}
    for profile in single["profileList"]:
        assert "cpu_limit" not in profile.get("kubespawner_override", {}), "threads would be wrong"
    assert [profile.get("default", False) for profile in single["profileList"]].count(True) == 1


def bytes_of(text: str) -> int:
    """Read 500M or 1G as JupyterHub does."""
    return int(float(text[:-1]) * 1024 ** {"K": 1, "M": 2, "G": 3}[text[-1]])


def test_limits_are_above_guarantees(values: Any) -> None:
    single = values["singleuser"]
    memory = [(single["memory"]["guarantee"], single["memory"]["limit"])]
    for profile in single["profileList"]:
        if override := profile.get("kubespawner_override"):
            memory.append((override["mem_guarantee"], override["mem_limit"]))
    assert all(450e6 < bytes_of(low) < bytes_of(high) for low, high in memory)
    assert 0 < single["cpu"]["guarantee"] < single["cpu"]["limit"]


def test_pods_reach_neither_the_internet_nor_the_clouds_credentials(values: Any) -> None:
    single = values["singleuser"]
    assert single["cloudMetadata"] == {"blockWithIptables": True, "ip": "169.254.169.254"}
    assert single["networkPolicy"]["enabled"] is True
    assert set(single["networkPolicy"]["egressAllowRules"].values()) == {False}
    assert single["allowPrivilegeEscalation"] is False
    assert single["extraEnv"]["KERASDEMO_LESSONS"].startswith("file:///srv/kerasdemo/")


def test_nobody_logs_in_before_the_admin_has_chosen_who(values: Any) -> None:
    config = values["hub"]["config"]
    assert config["JupyterHub"]["authenticator_class"] == "null"
    assert config["Authenticator"]["allow_all"] is False


def test_the_image_is_of_this_version_and_starts_as_the_chart_says(values: Any) -> None:
    image = values["singleuser"]["image"]
    assert image["tag"] == kerasdemo.__version__
    assert f"{image['name']}:{image['tag']}" in DOCKERFILE
    command = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert command is not None
    assert json.loads(command[1]) == values["singleuser"]["cmd"]
    user = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    assert user == [(str(values["singleuser"]["uid"]), str(values["singleuser"]["fsGid"]))]


def test_nothing_of_the_image_lies_in_the_home(values: Any) -> None:
    home = values["singleuser"]["storage"]["homeMountPath"]
    copies = re.findall(r"^COPY (?:--from=\w+ )?\S+ (\S+)$", DOCKERFILE, re.MULTILINE)
    places = [*copies, *re.findall(r"--into (\S+)", DOCKERFILE)]
    assert places
    assert not [place for place in places if place.startswith(home)]
    assert re.findall(r"^WORKDIR (\S+)$", DOCKERFILE, re.MULTILINE) == [home]


def test_the_image_is_built_from_what_it_needs_and_nothing_else() -> None:
    lines = (HUB / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    assert all((ROOT / name).exists() for name in let_in)
    # What pyproject.toml names, the build of the package asks for.
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = ("README.md", "LICENSE", "hatch_build.py", "pyproject.toml", "kerasdemo", "notebooks")
    for name in needed:
        assert name in text or name in ("pyproject.toml", "README.md")
        assert any(fnmatch.fnmatch(name, rule) for rule in let_in), name


def test_the_script_of_the_image_is_one_that_a_shell_can_read() -> None:
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    for script in re.findall(r"^RUN (.*)$", joined, re.MULTILINE):
        subprocess.run(["sh", "-n", "-c", script], check=True)
    called = re.search(r"environments\.py (.*?) &&", joined)
    assert called is not None
    sys.path.insert(0, str(HUB))
    from environments import parse

    with tempfile.NamedTemporaryFile() as pins:
        words = called[1].replace("/source/versions.txt", pins.name).split()
        assert parse(words).only == ("server", "kernel")


def test_a_long_path_is_not_taken_for_sockets(
    student: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    short = Path(tempfile.mkdtemp(prefix="kd", dir="/tmp"))
    long = tmp_path / ("x" * 60)
    long.mkdir()
    try:
        monkeypatch.setenv("KERASDEMO_PRIVATE", str(short))
        assert student.private_folder() == short
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
        monkeypatch.setenv("KERASDEMO_PRIVATE", str(long))
        found = student.private_folder()
        assert found != long
        assert len(f"{found}{student.SOCKET}") <= student.LONGEST_SOCKET
        found.joinpath("tmp").rmdir()
        found.joinpath("jupyter").rmdir()
        found.rmdir()
    finally:
        for folder in (short / "tmp", short / "jupyter", short):
            folder.rmdir()


def test_a_home_that_can_be_written_to_stays_what_it_is(
    student: ModuleType, tmp_path: Path
) -> None:
    home, private = tmp_path / "home", tmp_path / "private"
    kept = student.places(home, private, kept=True)
    assert kept == {
        "TMPDIR": f"{private}/tmp",
        "JUPYTER_RUNTIME_DIR": f"{private}/jupyter",
        "KERAS_HOME": f"{home}/.keras",
    }
    lost = student.places(home, private, kept=False)
    assert set(kept) < set(lost)
    assert all(path.startswith(f"{private}/") for path in lost.values())


def test_prepared_models_are_linked_and_the_students_own_stay(
    student: ModuleType, tmp_path: Path
) -> None:
    shared, keras = tmp_path / "shared", tmp_path / "keras"
    for name in ("a", "b", "c"):
        (shared / "models").mkdir(parents=True, exist_ok=True)
        (shared / "models" / name).write_text("prepared")
    (keras / "models").mkdir(parents=True)
    (keras / "models" / "a").write_text("own")
    (keras / "models" / "b").symlink_to(tmp_path / "moved away")
    student.link_models(shared, keras)
    student.link_models(shared, keras)
    told = {path.name: path.read_text() for path in (keras / "models").iterdir()}
    assert told == {"a": "own", "b": "prepared", "c": "prepared"}


def test_a_file_in_the_way_of_prepared_models_stops_nobody(
    student: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shared" / "models").mkdir(parents=True)
    (tmp_path / "shared" / "models" / "a").write_text("prepared")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".keras").write_text("a file")
    private = Path(tempfile.mkdtemp(prefix="kd", dir="/tmp"))
    kept = {"HOME": str(home), "KERASDEMO_PRIVATE": str(private), "PATH": os.environ["PATH"]}
    monkeypatch.setattr(os, "environ", kept | {"KERASDEMO_MODELS": str(tmp_path / "shared")})
    mask = os.umask(0o077)
    try:
        assert student.prepare() == home
    finally:
        os.umask(mask)
        shutil.rmtree(private)


def test_a_folder_that_is_no_copy_of_the_lessons_stays_as_it_is(
    student: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A home may be a repository itself: git would take that one for the lessons'."""
    calls: list[list[str]] = []
    monkeypatch.setattr(student, "run", lambda command, **_: calls.append(command))
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    (lessons / "mine.txt").write_text("mine")
    student.fetch_lessons(lessons, "file:///nowhere", "main", tmp_path)
    assert calls == []
    assert (lessons / "mine.txt").read_text() == "mine"
    (lessons / "mine.txt").unlink()
    student.fetch_lessons(lessons, "file:///nowhere", "main", tmp_path)
    assert not lessons.exists(), "an empty folder is in the way of a copy"
    assert len(calls) == 1
    (lessons / ".git").mkdir(parents=True)
    student.fetch_lessons(lessons, "file:///nowhere", "main", tmp_path)
    assert len(calls) == 2


def test_what_takes_too_long_ends_with_what_it_has_started(
    student: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # the child ends when the pipe of its own is closed by its end, and by nothing else before that
    command = ["sh", "-c", "sleep 600 & echo $! > pid; wait"]
    number = tmp_path / "pid"
    for seconds in (1, 10, 60):  # on a busy machine the shell itself begins late
        monkeypatch.setattr(student, "PULL_SECONDS", seconds)
        assert not student.run(command, cwd=tmp_path)
        if number.exists() and number.read_text().strip():
            break
    process = Path("/proc") / str(int(number.read_text()))
    wait_for("git has ended", lambda: not runs(process), seconds=60)


def runs(process: Path) -> bool:
    """Say whether a process runs; one that waits to be reaped does not."""
    try:
        return "State:\tZ" not in (process / "status").read_text()
    except OSError:
        return False


def test_a_full_or_closed_home_is_noticed(
    student: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert student.writable(tmp_path)
    assert not student.writable(tmp_path / "not there")
    assert list(tmp_path.iterdir()) == []
    full = Path("/dev/full")  # full(4): it can be opened, and has no room for a single byte
    monkeypatch.setattr(student.tempfile, "TemporaryFile", lambda dir: full.open("wb"))
    assert not student.writable(tmp_path)


def test_reading_keeps_no_server_alive_and_working_does(
    student: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_server.base.handlers import APIHandler

    monkeypatch.setattr(APIHandler, "update_api_activity", APIHandler.update_api_activity)
    student.count_work_only()

    class Handler:
        _track_activity = True
        _jupyter_current_user = "somebody"

        def __init__(self, method: str) -> None:
            self.request = type("Request", (), {"method": method})
            self.settings: dict[str, object] = {}

        def get_argument(self, *_: object) -> None:
            return None

    for method, counts in (("GET", False), ("HEAD", False), ("PUT", True), ("POST", True)):
        handler = Handler(method)
        APIHandler.update_api_activity(handler)  # type: ignore[arg-type]
        assert bool(handler.settings) == counts, method


def test_make_hub_chooses_ports_that_are_free(capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(HUB))
    import socket

    from try_hub import free_ports

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the hub's proxy does
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = free_ports(port)
        assert len({port, *found}) == 4
        assert f"Port {port} is taken" in capsys.readouterr().out
        # A connection that this end closes first lingers (TIME_WAIT), as after Ctrl+C.
        with socket.create_connection(("127.0.0.1", port)) as browser:
            taken.accept()[0].close()
            browser.recv(1)
    assert free_ports(port)[0] == port
    assert capsys.readouterr().out == ""


def test_only_the_students_own_home_is_closed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, names = configured(monkeypatch, tmp_path)
    said: list[str] = []
    log = type("Log", (), {})()
    log.warning = log.error = lambda text, *words: said.append(text % words)
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    names["close"](home, os.geteuid() + 1, log)  # one that all share, or /
    assert stat.S_IMODE(home.stat().st_mode) == 0o755
    assert "NOT THE STUDENT'S OWN" in said.pop()
    names["close"](home, os.geteuid(), log)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert "it is closed now" in said.pop()
    names["close"](home, os.geteuid(), log)
    assert said == []
    names["close"](tmp_path / "none", os.geteuid(), log)
    assert "cannot be looked at" in said.pop()
