"""Kernels forked from a preloaded process: whose they are, what they know, when they end.

Two users of this machine are made for it, which takes root; the forker and the kernels are real.
"""

from __future__ import annotations

import json
import os
import pwd
import queue
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from programs import hub_environments

HERE = Path(__file__).parent
PATIENCE = 180  # seconds; TensorFlow is imported meanwhile

pytestmark = [
    pytest.mark.long,  # the first one makes the hub's environments
    pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root: makes users"),
    pytest.mark.skipif(shutil.which("useradd") is None, reason="there is no useradd here"),
]


@dataclass
class User:
    """A user of this machine, made for the test."""

    name: str
    uid: int
    gid: int
    home: Path


@pytest.fixture(scope="module")
def programs() -> Path:
    return hub_environments()


@pytest.fixture(scope="module")
def users() -> Iterator[tuple[User, User]]:
    made = []
    try:
        for _ in range(2):
            name = "kdtest" + secrets.token_hex(4)
            subprocess.run(["useradd", "--create-home", name], check=True, capture_output=True)
            facts = pwd.getpwnam(name)
            os.chmod(facts.pw_dir, 0o700)
            made.append(User(name, facts.pw_uid, facts.pw_gid, Path(facts.pw_dir)))
        yield made[0], made[1]
    finally:
        for user in made:
            subprocess.run(["userdel", "--force", "--remove", user.name], capture_output=True)


class Forker:
    """A forker of the environments' kernel, as root."""

    def __init__(self, programs: Path, folder: Path, *options: str) -> None:
        self.socket = folder / "kernels.sock"
        self.log = folder / "forker.log"
        folder.chmod(0o755)
        self.programs = programs
        python = programs / "kernel" / "bin" / "python"
        words = ["-m", "kerasdemo_preload.forker", "--socket", self.socket, *options]
        secret = {"PATH": os.environ["PATH"], "HUB_SECRET": "known-to-root-alone"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [python, *words], env=secret, cwd="/", stdout=log, stderr=subprocess.STDOUT
            )
        wait_for(lambda: "forked at" in self.log.read_text() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


class Student:
    """A student's program (student_kernels.py) and what is said to it."""

    def __init__(self, user: User, forker: Forker, **env: str) -> None:
        given = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(user.home),
            "LANG": "C.UTF-8",
            "JUPYTER_DEFAULT_PROVISIONER_NAME": "kerasdemo-preloaded",
            "KERASDEMO_FORKER": str(forker.socket),
            **env,
        }
        program = user.home / "student_kernels.py"
        shutil.copyfile(HERE / "student_kernels.py", program)
        program.chmod(0o644)
        self.process = subprocess.Popen(
            [forker.programs / "server" / "bin" / "python", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=user.home,
            env=given,
            user=user.uid,
            group=user.gid,
            extra_groups=[user.gid],
            umask=0o077,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put('{"error": "the program has ended"}')

    def __call__(self, *command: Any) -> Any:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.lines.get(timeout=PATIENCE))
        assert "error" not in answer, answer
        return answer["answer"]

    def forked(self, name: str, *options: Any) -> Any:
        """Start a kernel that must be a forked one."""
        kernel = self("start", name, *options)
        assert kernel["kind"] == "ForkedProcess", kernel["why"]
        return kernel

    def value(self, name: str, expression: str) -> Any:
        """Evaluate in a kernel."""
        said = self("run", name, f"import json; print(json.dumps({expression}))")
        assert said["error"] is None, said
        return json.loads(said["stdout"])

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            stream.close()


def wait_for(ask: Any) -> None:
    """Wait until it is true."""
    end = time.monotonic() + PATIENCE
    while not ask():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def forker(programs: Path) -> Iterator[Forker]:
    # pytest closes its own folders to other users, whenever it starts somewhere
    with tempfile.TemporaryDirectory(prefix="kd-") as folder:
        running = Forker(programs, Path(folder), "--per-user", "3")
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture
def student(users: tuple[User, User], forker: Forker) -> Iterator[Any]:
    began: list[Student] = []

    def begin(which: int = 0, **env: str) -> Student:
        began.append(Student(users[which], forker, **env))
        return began[-1]

    yield begin
    for each in began:
        each.stop()
    wait_for(lambda: not children(forker))


def children(forker: Forker) -> list[str]:
    """Return the forker's kernels."""
    number = forker.process.pid
    return Path(f"/proc/{number}/task/{number}/children").read_text().split()


def runs(pid: int) -> bool:
    """Say whether a process runs (one that only waits to be reaped does not)."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_it_is_the_students(student: Any, users: tuple[User, User], forker: Forker) -> None:
    user, ada = users[0], student(HUE="green")
    ada.forked("k")
    assert ada.value("k", "'tensorflow' in __import__('sys').modules")
    ids = ada.value("k", "[*__import__('os').getresuid(), *__import__('os').getresgid()]")
    assert ids == [user.uid] * 3 + [user.gid] * 3
    assert ada.value("k", "__import__('os').getgroups()") == [user.gid]
    assert ada.value("k", "__import__('os').getcwd()") == str(user.home)
    assert ada.value("k", "__import__('os').environ['HUE']") == "green"
    status = ada.value("k", "open('/proc/self/status').read()")
    rights = [line.split()[1] for line in status.splitlines() if line.startswith("Cap")][:3]
    assert [int(right, 16) for right in rights] == [0, 0, 0]
    assert "\nUmask:\t0077" in status
    assert "PermissionError" in ada("run", "k", "import os; os.setuid(0)")["error"]
    assert ada.value("k", "__import__('os').getsid(0) == __import__('os').getpid()")


def test_it_holds_nothing_of_the_forkers(student: Any, forker: Forker) -> None:
    ada, grace = student(0), student(1)
    ada.forked("k")
    grace.forked("k")
    names = "[__import__('os').readlink(f.path) for f in __import__('os').scandir('/proc/self/fd')"
    names += " if __import__('os').path.lexists(f.path)]"
    theirs = set(grace.value("k", names))
    folder = Path(f"/proc/{forker.process.pid}/fd")
    ours = {os.readlink(file) for file in folder.iterdir()}
    sockets = {name for name in ours if name.startswith("socket:")}
    assert len(sockets) == 3  # the listener, and a connection for each kernel
    assert not sockets & theirs
    assert str(forker.log) not in theirs
    environ = Path(f"/proc/{forker.process.pid}/environ").read_bytes()
    assert b"HUB_SECRET" not in environ
    assert "HUB_SECRET" not in grace.value("k", "dict(__import__('os').environ)")


SEARCH = """
import os, re
wanted = bytes(byte ^ 1 for byte in bytes.fromhex({masked!r}))
found = 0
with open("/proc/self/mem", "rb", 0) as memory, open("/proc/self/maps") as maps:
    for line in maps:
        if not re.match(r"\\S+ rw", line) or "[v" in line:
            continue
        start, end = (int(word, 16) for word in line.split()[0].split("-"))
        for at in range(start, end, 1 << 22):
            try:
                memory.seek(at)
                block = memory.read(min(end - at, (1 << 22) + 64))
            except (OSError, OverflowError):
                continue
            found += block.count(wanted) if wanted in block else 0
            block = None
print("found" if found > 1 else "only what is looked for")  # `wanted` itself is in this memory
"""


def test_what_a_student_sends_is_in_no_later_kernel(student: Any) -> None:
    token = secrets.token_hex(24)
    masked = bytes(byte ^ 1 for byte in token.encode()).hex()
    ada, grace = student(0, JUPYTERHUB_API_TOKEN=token), student(1)
    ada.forked("k")
    grace.forked("k")
    assert ada("run", "k", SEARCH.format(masked=masked))["stdout"].strip() == "found"
    came = grace("run", "k", SEARCH.format(masked=masked))
    assert came["error"] is None, came
    assert came["stdout"].strip() == "only what is looked for"


def test_interrupt_restart_and_shutdown(student: Any, forker: Forker) -> None:
    ada = student()
    first = ada.forked("k")
    assert ada("interrupt", "k", "import time\nwhile True: time.sleep(0.1)") == "KeyboardInterrupt"
    again = ada("restart", "k")
    assert again["kind"] == "ForkedProcess"
    assert again["pid"] != first["pid"]
    assert not runs(first["pid"])
    ada("run", "k", "import subprocess; p = subprocess.Popen(['sleep', '600'])")
    below = ada.value("k", "p.pid")
    ada("shut_down", "k")
    wait_for(lambda: not runs(again["pid"]) and not runs(below))
    assert not children(forker)


def test_an_end_of_its_own_is_told(student: Any) -> None:
    ada = student()
    kernel = ada.forked("k")
    os.kill(kernel["pid"], signal.SIGKILL)
    wait_for(lambda: not ada("facts", "k")["alive"])


def test_it_ends_with_its_server(student: Any) -> None:
    ada = student()
    kernel = ada.forked("k")
    assert runs(kernel["pid"])
    ada.stop()
    wait_for(lambda: not runs(kernel["pid"]))


def test_a_kernel_and_its_server_that_end_at_once_end_nobody_else(
    student: Any, forker: Forker
) -> None:
    ada, grace = student(0), student(1)
    kernel = ada.forked("k")
    grace.forked("k")
    os.kill(forker.process.pid, signal.SIGSTOP)  # it learns of both ends in one round
    try:
        os.kill(kernel["pid"], signal.SIGKILL)
        wait_for(lambda: not runs(kernel["pid"]))
        ada.process.kill()
        ada.process.wait(PATIENCE)
    finally:
        os.kill(forker.process.pid, signal.SIGCONT)
    wait_for(lambda: str(kernel["pid"]) not in children(forker))
    student(0).forked("k")  # a forker that falls takes a while to the ground
    assert grace.value("k", "6 * 7") == 42


def test_without_descriptors_it_refuses_and_goes_on(student: Any, forker: Forker) -> None:
    import resource

    number, files = forker.process.pid, resource.RLIMIT_NOFILE
    ada, grace = student(0), student(1)
    grace.forked("k")
    before = resource.prlimit(number, files)
    assert before[0] == before[1], "a class needs more of them than most shells allow"
    highest = max(int(file) for file in os.listdir(f"/proc/{number}/fd"))
    try:
        resource.prlimit(number, files, (highest + 2, before[1]))  # one for who knocks, none more
        refused = ada("start", "ordinary")
        assert (refused["kind"], "cannot fork" in refused["why"]) == ("Popen", True), refused
    finally:
        resource.prlimit(number, files, before)
    ada.forked("k")
    assert grace.value("k", "6 * 7") == 42


def test_two_kernels_draw_different_numbers(student: Any) -> None:
    ada, grace = student(0), student(1)
    code = (
        "[__import__('random').random(), __import__('numpy').random.rand(),"
        " float(__import__('tensorflow').random.uniform([])),"
        " float(__import__('keras').random.uniform([])),"
        " float(__import__('keras').layers.Dense(1).build((1, 1)) or 0)]"
    )
    drawn = []
    for each in (ada, grace):
        each.forked("k")
        drawn.append(each.value("k", code)[:4])
    assert all(one != other for one, other in zip(*drawn, strict=True)), drawn


def test_warnings_of_tensorflow_come_to_the_notebook(student: Any) -> None:
    ada = student()
    ada.forked("k")
    said = ada("run", "k", "import tensorflow as tf; tf.get_logger().warning('mind the gap')")
    assert "mind the gap" in said["stderr"]
    said = ada("run", "k", "print(tf.reduce_sum([1.0, 2.0]).numpy())")
    assert said == {"stdout": "3.0\n", "stderr": "", "error": None}


def test_a_user_has_so_many_and_then_ordinary_ones(student: Any) -> None:
    ada, grace = student(0), student(1)
    kinds = [ada("start", f"k{n}")["kind"] for n in range(4)]
    assert kinds == ["ForkedProcess"] * 3 + ["Popen"]
    grace.forked("k")


def test_what_cannot_be_forked_starts_as_always(student: Any, programs: Path) -> None:
    ada = student()
    assert ada("start", "early", {"TF_ENABLE_ONEDNN_OPTS": "0"})["kind"] == "Popen"
    assert ada.value("early", "__import__('os').environ['TF_ENABLE_ONEDNN_OPTS']") == "0"
    other = programs / "server" / "bin" / "python"  # JupyterLab brings an ipykernel
    assert ada("start", "other", None, [str(other)])["kind"] == "Popen"


def test_nobody_else_reads_its_connection_file(student: Any) -> None:
    ada, grace = student(0), student(1)
    file = ada.forked("k")["file"]
    grace.forked("k")
    assert Path(file).stat().st_mode & 0o077 == 0
    assert "PermissionError" in grace("run", "k", f"open({file!r})")["error"]


def test_figures_come_to_the_notebook(student: Any, users: tuple[User, User]) -> None:
    ada = student()
    ada.forked("k")
    ada("run", "k", "import matplotlib, matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()")
    assert "module://matplotlib_inline" in ada.value("k", "matplotlib.get_backend()")
    folder = ada.value("k", "matplotlib.get_configdir()")
    assert folder.startswith(str(users[0].home))


def test_a_limit_of_the_servers_is_the_kernels(users: Any, forker: Forker, student: Any) -> None:
    ada = student()
    import resource

    resource.prlimit(ada.process.pid, resource.RLIMIT_NOFILE, (777, 888)) if may_prlimit() else None
    subprocess.run(["taskset", "-pc", "0", str(ada.process.pid)], check=True, capture_output=True)
    ada.forked("k")
    assert ada.value("k", "sorted(__import__('os').sched_getaffinity(0))") == [0]
    if may_prlimit():
        limit = "__import__('resource').getrlimit(__import__('resource').RLIMIT_NOFILE)"
        assert ada.value("k", limit) == [777, 888]


def may_prlimit() -> bool:
    """Say whether this root may set others' limits: CAP_SYS_RESOURCE, the 24th of capabilities."""
    status = Path("/proc/self/status").read_text()
    return bool(int(status.split("CapEff:")[1].split()[0], 16) >> 24 & 1)


def removed(cgroup: Path) -> bool:
    """Try to remove a cgroup; it stays while a process of it has not been reaped."""
    try:
        cgroup.rmdir()
    except OSError:
        return False
    return True


def test_it_is_in_its_servers_cgroup(student: Any) -> None:
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    tops = [line.split()[4] for line in mounts if " - cgroup2 " in line]
    if not tops:
        pytest.skip("there is no cgroup v2 here")
    place = Path(tops[0]) / ("kerasdemo-test-" + secrets.token_hex(4))
    try:
        place.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    ada = student()
    try:
        (place / "cgroup.procs").write_text(str(ada.process.pid))
        kernel = ada.forked("k")
        assert str(kernel["pid"]) in (place / "cgroup.procs").read_text().split()
    finally:
        ada.stop()
        wait_for(lambda: removed(place))


def test_another_namespace_is_refused(users: Any, forker: Forker) -> None:
    code = (
        "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.settimeout(20); print(s.recv(1000).decode())"
    )
    python = str(forker.programs / "server" / "bin" / "python")
    call = ["unshare", "--mount", "setpriv", f"--reuid={users[0].uid}", f"--regid={users[0].gid}"]
    call += ["--clear-groups", python, "-c", code, str(forker.socket)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode:
        pytest.skip(f"no namespace can be made here: {done.stderr.strip()}")
    assert "another mnt namespace" in json.loads(done.stdout)["refused"]


def test_root_gets_none(forker: Forker) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(forker.socket))
        assert "root gets no forked kernel" in connection.recv(1000).decode()


def test_who_connects_and_says_nothing_or_nonsense(users: Any, forker: Forker) -> None:
    code = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(b'\\x09' * 5000); s.settimeout(60); print(s.recv(1000).decode())"
    )
    python = str(forker.programs / "server" / "bin" / "python")
    done = subprocess.run(
        [python, "-c", code, str(forker.socket)],
        user=users[0].uid, group=users[0].gid, extra_groups=[],
        capture_output=True, text=True, timeout=PATIENCE, cwd="/",
    )  # fmt: skip
    assert "no request" in json.loads(done.stdout)["refused"]
    assert forker.process.poll() is None
    wait_for(lambda: not children(forker))


def test_kernels_end_with_the_forker(users: Any, programs: Path, forker: Forker) -> None:
    folder = forker.socket.parent / "second"
    folder.mkdir()
    second = Forker(programs, folder)
    ada = Student(users[0], second)
    try:
        kernel = ada.forked("k")
        second.process.kill()
        second.process.wait(PATIENCE)
        wait_for(lambda: not runs(kernel["pid"]))
        assert not ada("facts", "k")["alive"]
        assert ada("restart", "k")["kind"] == "Popen"
    finally:
        ada.stop()
        second.process.kill()
