"""Ray: found, started on this machine alone, and put away again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from kerasdemo._backend import quiet_start
from kerasdemo._installing import kit_with
from kerasdemo.scaling.folder import own_token, private_folder, python_for_bash, without_grammar
from kerasdemo.scaling.hushing import environment

STARTS = 3  # a node has 15 s for its helpers to start (Ray, node_manager.cc); a busy machine: more
SPARE = 1  # cores beside the workers', for the tasks that read the source
LEAST = 80 * 2**20  # bytes of the object store, and the most; Ray itself takes 30 % of memory
MOST = (2 if sys.platform == "darwin" else 4) * 2**30  # on macOS Ray refuses more (services.py)
TOUCHED: dict[str, str | None] = dict.fromkeys(("PYTHONBREAKPOINT", "RAY_AUTH_MODE"))  # by Ray
THREADS = ("iter_threaded", "StreamingExecutor")  # Ray Data's, in this process
PATIENCE = 10  # seconds that they may take to end
SETTINGS = {
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # what matters comes as an exception
    "RAY_prestart_worker_first_driver": "0",  # no idle workers before there is work
    "RAY_worker_niceness": "0",  # Ray's own 15 starves workers on a machine that others use, too
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "AUTOSCALER_METRIC_PORT": "0",
}


def import_ray() -> Any:
    """Import ``ray`` with ``ray.data``.

    Raises
    ------
    ImportError
        If Ray, or what Ray Data needs, is not installed; the message says what to type.
    """
    try:
        import ray
        import ray.data  # needs pyarrow and pandas
    except ImportError as error:
        raise ImportError(
            f"This needs Ray Data, and {error.name or 'a part of it'} is not installed. "
            f"In a terminal, type\n    {kit_with('scale')}"
        ) from error
    return ray


@contextmanager
def connected(address: str | None, *, cores: int, data: int) -> Iterator[tuple[Any, bool]]:
    """Yield ``ray``, connected, and whether it is one of our own, which ends with this.

    Parameters
    ----------
    address : str or None
        A cluster's address, ``"auto"`` for one that runs on this machine, None for a Ray of our
        own, unless this program is connected already.
    cores : int
        Cores that a Ray of our own may count with.
    data : int
        Bytes that will go through its object store at once.

    Raises
    ------
    ConnectionError
        If no cluster answers at `address`, or this program is connected to another one.
    """
    ray = import_ray()
    address = None if address == "local" else address
    if ray.is_initialized():
        _same(ray, address)
        yield ray, False
        return
    with _handler_kept(), environment(TOUCHED), ExitStack() as stack:
        if address is None:
            folder = private_folder()
            stack.callback(_remove, folder)
            stack.enter_context(own_token(folder))
            stack.callback(_end, ray)
            _start(ray, folder, cores, data)
        else:
            stack.callback(_end, ray)
            _join(ray, address)
        yield ray, address is None


def _remove(folder: Path) -> None:
    """Remove Ray's folder; one of its processes that ends late may still write into it."""
    end = time.monotonic() + PATIENCE
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.1)
        shutil.rmtree(folder, ignore_errors=True)


def _end(ray: Any) -> None:
    """Disconnect from Ray, and end it if it is ours, when nobody asks it any more.

    After an interruption Ray Data's threads run on for a moment. One that asks Ray for a block
    after the shutdown ends the whole process without a word (``core_worker_process.cc``).
    """
    end = time.monotonic() + PATIENCE
    for thread in threading.enumerate():
        if thread.name.startswith(THREADS):
            thread.join(max(0.0, end - time.monotonic()))
    ray.shutdown()


def _join(ray: Any, address: str) -> None:
    options = {"log_to_driver": False, "logging_level": "CRITICAL"}
    try:
        _knock(address)
        with environment(SETTINGS), quiet_start(_worth_a_line):
            ray.init(address=address, **options)
    except (OSError, RuntimeError, ValueError) as error:
        raise ConnectionError(
            f"address is {address!r}, and no cluster answers there. Leave address out to start "
            "Ray on this machine, or start a cluster first: ray start --head."
        ) from error


def _same(ray: Any, address: str | None) -> None:
    """Raise ``ConnectionError`` if an address is asked for that is not the one connected to."""
    if address in (None, "auto"):
        return
    if address != (here := ray.get_runtime_context().gcs_address):
        raise ConnectionError(
            f"address is {address!r}, and this program is connected to Ray at {here} already. "
            "Leave address out to use that one, or end it with ray.shutdown() first."
        )


def _knock(address: str) -> None:
    """Raise ``OSError`` at once if nobody listens; Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=10).close()


def _start(ray: Any, folder: Path, cores: int, data: int) -> None:
    """Start Ray on this machine, on the loopback address only."""
    store = int(min(max(LEAST, 2 * data), MOST))
    settings = SETTINGS | without_grammar(folder)
    for attempt in range(1, STARTS + 1):
        try:
            with _loopback(), environment(settings), quiet_start(_worth_a_line):
                ray.init(
                    address="local",
                    num_cpus=cores + SPARE,
                    num_gpus=0,
                    include_dashboard=False,
                    object_store_memory=store,
                    log_to_driver=False,
                    logging_level="CRITICAL",
                    runtime_env=python_for_bash(),
                    _node_ip_address="127.0.0.1",
                    _temp_dir=str(folder / "r"),  # Ray lets everybody write there
                )
            return
        except BaseException as error:  # Ctrl-C, too
            _end_half_started(error)
            ray.shutdown()
            if not isinstance(error, Exception):
                raise
            if "timed out during startup" not in str(error) or attempt == STARTS:
                hint = " Is the machine very busy, or its memory full?" * (attempt == STARTS)
                raise RuntimeError(
                    f"Ray did not start on this machine, tried {attempt} time{'s' * (attempt > 1)};"
                    f" it said: {error}{hint}"
                ) from error


def _worth_a_line(line: str) -> bool:
    return "Set ray log level" not in line


def _end_half_started(error: BaseException) -> None:
    """End what a node started before it gave up; Ray would do it only when the program ends."""
    trace = error.__traceback__
    while trace is not None:
        node: Any = trace.tb_frame.f_locals.get("self")
        if hasattr(node, "kill_all_processes"):
            node.kill_all_processes(check_alive=False, allow_graceful=False)
        trace = trace.tb_next


@contextmanager
def _loopback() -> Iterator[None]:
    """Let Ray stay on 127.0.0.1, as it does by itself on Windows and macOS.

    On Linux it puts the machine's own address in the place of 127.0.0.1, and listens everywhere
    (``ray/_private/services.py``, ``resolve_ip_for_localhost``).
    """
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _handler_kept() -> Iterator[None]:
    """Give back the handler of SIGTERM, which ``ray.init`` replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def cores_here() -> int:
    """Return the cores that this program may use: its share of the machine.

    A hub that gives a student a share of the cores says so to TensorFlow; Ray would count them all.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    said = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    return min(cores, int(said)) if said.isdigit() and int(said) else cores


def cores_of(ray: Any, spare: int) -> list[int]:
    """Return the whole cores that each living node offers, `spare` of them left free if possible.

    Workers that took every core would wait for ever for the tasks that read the source.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cores = sorted(int(found["CPU"]) for found in nodes if found.get("CPU", 0) >= 1)
    if cores and sum(cores) > spare:
        cores[-1] -= spare
    return [node for node in cores if node]
