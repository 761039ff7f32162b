"""The preloading package without a forker: what is said, refused, and fallen back on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "hub" / "preload"))
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")
if sys.platform == "linux":
    import resource

    from kerasdemo_preload import cgroups, forker, kernel, memory, own, peer, provisioner, wire

REQUEST = {"argv": ["python", "-m", "x"], "env": {"HOME": "/h"}, "cwd": "/"}


@pytest.fixture
def ends() -> Any:
    with ExitStack() as closing:
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        for one in pair:
            closing.callback(one.close)
            one.settimeout(10)
        yield pair


def test_a_request_comes_over_with_its_files(ends: Any, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        wire.send_request(ends[0], REQUEST, [out.fileno(), err.fileno()])
    request, files = wire.receive_request(ends[1])
    assert request == REQUEST
    os.write(files[1], b"said")
    for file in files:
        os.close(file)
    assert (tmp_path / "err").read_text() == "said"


def test_an_environment_that_is_no_unicode_survives(ends: Any) -> None:
    request = {**REQUEST, "env": {"ODD": os.fsdecode(b"\xff\xfe")}}
    wire.send_request(ends[0], request, [1, 2])
    came, files = wire.receive_request(ends[1])
    for file in files:
        os.close(file)
    assert os.fsencode(came["env"]["ODD"]) == b"\xff\xfe"


@pytest.mark.parametrize(
    ("data", "files", "said"),
    [
        (b"\x00\x00\x00\x02{}", [1, 2], "no request"),
        (b"\x00\x00\x00\x02{}", [], "no request"),
        (b"\xff\xff\xff\xff", [1, 2], "4294967295 bytes"),
        (b"\x00\x00\x00\x09{", [1, 2], "ended early"),
        (b"\x00\x00\x00\x01x", [1, 2], "cannot be read"),
        (b'\x00\x00\x00\x23{"argv": [1], "env": {}, "cwd": "/"}', [1, 2], "no request|cannot"),
        (b"", [1, 2], "no request"),
    ],
)
def test_nonsense_is_refused(ends: Any, data: bytes, files: list[int], said: str) -> None:
    if data:
        socket.send_fds(ends[0], [data], files)
    ends[0].shutdown(socket.SHUT_WR)
    with pytest.raises(wire.Refused, match=said):
        wire.receive_request(ends[1])


def test_only_a_kernel_of_ours_is_forked() -> None:
    python = str(Path(sys.prefix) / "bin" / "python")
    good = [python, "-m", "ipykernel_launcher", "-f", "/run/k.json"]
    assert kernel.check_command(good) == "/run/k.json"
    for bad in (
        ["/usr/bin/python3", *good[1:]],
        [python, "-c", "print(1)"],
        [*good, "--debug"],
        [python, "-m", "other", "-f", "x"],
    ):
        with pytest.raises(wire.Refused):
            kernel.check_command(bad)


def test_settings_that_come_too_late_are_refused() -> None:
    ours = {"MALLOC_ARENA_MAX": "1"}
    fine = {"MALLOC_ARENA_MAX": "1", "TF_NUM_INTRAOP_THREADS": "1", "PATH": "/bin"}
    kernel.check_environment(fine, ours)
    for name in (
        "MALLOC_ARENA_MAX",
        "PYTHONPATH",
        "LD_PRELOAD",
        "KERAS_BACKEND",
        "TF_USE_X",
        "MPLBACKEND",
    ):
        with pytest.raises(wire.Refused, match=name):
            kernel.check_environment({name: "2"}, ours)


def keras_config(**more: Any) -> Any:
    """Return what of Keras's configuration is asked for."""
    facts = {"floatx": "float32", "epsilon": 1e-7, "backend": "tensorflow"}
    facts |= {"image_data_format": "channels_last", "is_nnx_enabled": False}
    return SimpleNamespace(
        _KERAS_DIR="/dev/null", **{name: lambda v=value: v for name, value in facts.items()}, **more
    )


def test_kerass_own_settings_are_looked_at(tmp_path: Path) -> None:
    config, file = keras_config(), tmp_path / ".keras" / "keras.json"
    kernel.check_keras({"HOME": str(tmp_path)}, config)
    assert str(tmp_path / ".keras") == config._KERAS_DIR
    file.parent.mkdir()
    file.write_text(json.dumps({"floatx": "float32", "epsilon": 1e-7, "backend": "tensorflow"}))
    kernel.check_keras({"HOME": str(tmp_path)}, config)
    file.write_text(json.dumps({"floatx": "float64"}))
    with pytest.raises(wire.Refused, match=r"keras\.json"):
        kernel.check_keras({"HOME": str(tmp_path)}, config)
    kernel.check_keras({"HOME": str(tmp_path), "KERAS_HOME": str(tmp_path / "other")}, config)


def test_kerass_settings_are_where_they_are_looked_for() -> None:
    import importlib.util

    source = Path(importlib.util.find_spec("keras").origin).parent
    text = (source / "src" / "backend" / "config.py").read_text(encoding="utf-8")
    for name in ("_KERAS_DIR", "def floatx", "def epsilon", "def backend", "def is_nnx_enabled"):
        assert name in text


def test_matplotlibs_own_settings_are_looked_at(monkeypatch: Any, tmp_path: Path) -> None:
    import matplotlib

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MATPLOTLIBRC", raising=False)
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "config"))
    for name in ("get_configdir", "get_cachedir"):
        monkeypatch.setattr(matplotlib, name, getattr(matplotlib, name))  # to be put back
    kernel.check_matplotlib()
    assert matplotlib.get_configdir() == str(tmp_path / "config")
    (tmp_path / "config" / "matplotlibrc").write_text("lines.linewidth: 9")
    with pytest.raises(wire.Refused, match="matplotlibrc"):
        kernel.check_matplotlib()


def test_it_starts_anew_from_the_folder_behind_the_link(monkeypatch: Any, tmp_path: Path) -> None:
    (tmp_path / "versions" / "kernel-1" / "bin").mkdir(parents=True)
    (tmp_path / "kernel").symlink_to("versions/kernel-1")
    started: list[Any] = []
    monkeypatch.setattr(own.os, "execve", lambda *words: started.append(words))
    monkeypatch.setattr(own, "open_files", lambda: {0, 1, 2})
    monkeypatch.setattr(own.sys, "path", list(sys.path))
    monkeypatch.chdir("/")
    monkeypatch.setattr(own.os, "environ", {"TOKEN": "secret"})
    monkeypatch.setattr(own.sys, "executable", str(tmp_path / "kernel" / "bin" / "python"))
    own.clean_start(["--socket", "s"])
    python = str(tmp_path / "versions" / "kernel-1" / "bin" / "python")
    words = [python, "-s", "-m", "kerasdemo_preload.forker", "--socket", "s"]
    assert started == [(python, words, own.ENVIRONMENT)]
    monkeypatch.setattr(own.os, "environ", dict(own.ENVIRONMENT))
    own.clean_start([])
    assert len(started) == 2
    monkeypatch.setattr(own.sys, "executable", python)
    own.clean_start([])  # now all is as it should be
    assert len(started) == 2


def test_what_pandas_imports_starts_no_thread() -> None:
    """Lesson 12's packages are in a kernel's environment where an admin asks for them."""
    code = "import os, pandas, pyarrow; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=own.ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "1\n"


def doorkeeper(**more: Any) -> Any:
    """Return a forker that has not begun to serve."""
    one = object.__new__(forker.Forker)
    one.kernels, one.per_user = set(), 2
    for name, value in more.items():
        setattr(one, name, value)
    return one


def test_who_is_refused_at_the_door(monkeypatch: Any) -> None:
    monkeypatch.setattr(forker, "threads", lambda: 1)
    monkeypatch.setattr(forker.os, "geteuid", lambda: 0)
    assert doorkeeper().objection(1000) == ""
    assert "root" in doorkeeper().objection(0)
    two = {Kernel(1000), Kernel(1000), Kernel(1001)}
    assert "2 forked kernels" in doorkeeper(kernels=two).objection(1000)
    assert doorkeeper(kernels=two).objection(1001) == ""
    monkeypatch.setattr(forker, "threads", lambda: 3)
    assert "3 threads" in doorkeeper().objection(1000)
    monkeypatch.setattr(forker, "threads", lambda: 1)
    monkeypatch.setattr(forker.os, "geteuid", lambda: 1000)
    assert doorkeeper().objection(1000) == ""
    assert "own user" in doorkeeper().objection(1001)


def test_a_fork_that_fails_is_a_refusal(monkeypatch: Any, tmp_path: Path) -> None:
    def fail() -> int:
        raise BlockingIOError(11, "no process is left")

    monkeypatch.setattr(forker.os, "fork", fail)
    tmp_path.chmod(0o755)
    with own.listen(str(tmp_path / "s"), 0o600) as listener:
        one = doorkeeper(listener=listener, objection=lambda uid: "")
        before = own.open_files()
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(10)
            server.connect(str(tmp_path / "s"))
            assert one.welcome(None) is None
            assert "no process is left" in server.recv(1000).decode()
        assert own.open_files() == before
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert not one.kernels


def test_the_display_counts_forked_kernels_while_they_run(monkeypatch: Any) -> None:
    psutil = pytest.importorskip("psutil")
    monkeypatch.setattr(psutil.Process, "children", psutil.Process.children)
    far = Kernel(1000)
    far.pid, far.returncode = os.getppid(), None  # surely no child of ours
    here = psutil.Process()

    def seen() -> list[int]:
        return [process.pid for process in here.children(recursive=True)]

    assert far.pid not in seen()
    memory.count(far)
    memory.count(far)
    assert seen().count(far.pid) == 1
    assert far.pid not in [process.pid for process in here.parent().children()]
    far.returncode = 0
    assert far.pid not in seen()
    far.pid, far.returncode = 2**22 + 1, None  # beyond every process: proc(5), pid_max
    assert far.pid not in seen()


class Kernel:
    """A kernel, as far as the door is concerned."""

    def __init__(self, uid: int) -> None:
        self.uid = uid


def test_the_socket_is_where_nobody_can_replace_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(SystemExit, match="written by others"):
        own.listen(str(tmp_path / "s"), 0o666)
    tmp_path.chmod(0o755)
    (tmp_path / "file").write_text("keep")
    with pytest.raises(SystemExit, match="no socket"):
        own.listen(str(tmp_path / "file"), 0o666)
    own.listen(str(tmp_path / "s"), 0o600).close()
    listener = own.listen(str(tmp_path / "s"), 0o660)  # the one before is in the way no more
    try:
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o660
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(tmp_path / "s"))
        assert wire.peer_of(connection)[1] == os.geteuid()
        assert wire.trusted(connection)
        accepted, _ = listener.accept()
        assert set(wire.groups_of(accepted)) == set(os.getgroups())
        accepted.close()
        connection.close()
    finally:
        listener.close()


def test_all_limits_of_this_system_are_known() -> None:
    text = Path("/proc/self/limits").read_text(encoding="utf-8")
    found = peer.limits_in(text)
    assert set(found) == set(peer.LIMITS.values())
    for limit, both in found.items():
        assert resource.getrlimit(limit) == both
    with pytest.raises(LookupError, match="Max dreams"):
        peer.limits_in(text + "Max dreams                12          12           dreams\n")


@pytest.mark.parametrize(
    ("one", "other", "lower"), [(5, 7, 5), (-1, 7, 7), (7, -1, 7), (-1, -1, -1), (0, -1, 0)]
)
def test_the_lower_of_two_limits(one: int, other: int, lower: int) -> None:
    assert peer.lower(one, other) == lower


def test_where_cgroups_lie(monkeypatch: Any) -> None:
    mounts = (
        "30 23 0:26 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
        "31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "32 23 0:28 / /proc rw - proc proc rw\n"
    )
    text = "5:cpu,cpuacct:/students/ada\n0::/user.slice\n"
    monkeypatch.setattr(cgroups.Path, "read_text", lambda *_, **__: text)
    assert cgroups.cgroup_places(1, mounts) == {
        "cpu,cpuacct": Path("/sys/fs/cgroup/cpu,cpuacct/students/ada"),
        "": Path("/sys/fs/cgroup/unified/user.slice"),
    }


def test_our_own_process_is_a_peer_of_ours() -> None:
    us = peer.Peer(os.getpid(), os.geteuid(), os.getegid(), tuple(os.getgroups()))
    assert "Umask" in peer.check_peer(us)
    with pytest.raises(wire.Refused, match="has ended"):
        peer.check_peer(peer.Peer(os.getpid(), os.geteuid() + 1, 0, ()))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root: it is given up")
def test_who_is_root_still_is_noticed() -> None:
    us = peer.Peer(os.getpid(), 1000, 1000, ())
    with pytest.raises(wire.Refused, match="could not become the student"):
        peer.check_rights(us)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "names no forker"),
        ({"shell": True}, "no shell"),
        ({"independent": True}, "ends with its server"),
        ({"stdout": subprocess.PIPE}, "no pipe"),
    ],
)
def test_what_the_provisioner_does_not_ask_for(
    options: Any, said: str, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.delenv(wire.SOCKET_VARIABLE, raising=False)
    if options:
        monkeypatch.setenv(wire.SOCKET_VARIABLE, str(tmp_path / "s"))
    with pytest.raises(wire.Refused, match=said):
        provisioner.fork_kernel(["python"], options)


def test_a_kernel_starts_as_always_without_a_forker(monkeypatch: Any, tmp_path: Path) -> None:
    from jupyter_client import KernelManager

    monkeypatch.setenv(wire.SOCKET_VARIABLE, str(tmp_path / "nobody"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    manager = KernelManager(kernel_name="python3")
    made = provisioner.PreloadedProvisioner(
        kernel_id="1", kernel_spec=manager.kernel_spec, parent=manager
    )
    monkeypatch.setattr(
        "jupyter_client.provisioning.KernelProvisionerFactory.create_provisioner_instance",
        lambda *_, **__: made,
    )
    manager.start_kernel()
    try:
        assert isinstance(made.process, subprocess.Popen)
        assert manager.is_alive()
    finally:
        manager.shutdown_kernel(now=True)


def test_the_end_of_a_kernel_is_told_once(ends: Any) -> None:
    process = provisioner.ForkedProcess(ends[0], 12)
    assert process.poll() is None
    process.send_signal(15)
    assert ends[1].recv(10) == b"\x0f"
    wire.send_line(ends[1], {"exit": 3})
    assert process.poll() == 3
    process.send_signal(15)  # nobody is asked any more
    assert process.poll() == process.wait() == 3


def test_a_forker_that_goes_takes_its_kernels_along(ends: Any) -> None:
    process = provisioner.ForkedProcess(ends[0], 12)
    ends[1].close()
    assert process.poll() == provisioner.GONE


def test_waiting_ends_when_the_forker_goes(ends: Any) -> None:
    process = provisioner.ForkedProcess(ends[0], 12)
    ends[1].close()
    assert process.wait(timeout=5) == provisioner.GONE


def test_waiting_has_a_limit(ends: Any) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        provisioner.ForkedProcess(ends[0], 12).wait(timeout=0.05)


def test_a_logger_of_before_writes_where_the_kernel_does(monkeypatch: Any) -> None:
    import io
    import logging

    before, after = (io.StringIO(), io.StringIO()), (io.StringIO(), io.StringIO())
    logger = logging.getLogger("kerasdemo-test-preload")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(before[0]))
    monkeypatch.setattr(sys, "stderr", after[0])
    kernel.follow_streams(before)
    logger.warning("mind")
    assert (before[0].getvalue(), after[0].getvalue()) == ("", "mind\n")


@pytest.mark.parametrize("name", ["kernel", "peer"])
def test_examples_hold(name: str) -> None:
    import doctest

    came = doctest.testmod({"kernel": kernel, "peer": peer}[name])
    assert came.attempted > 0
    assert came.failed == 0
