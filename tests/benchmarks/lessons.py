"""What each lesson takes from top to bottom: seconds, and the memory of its kernel.

Each lesson runs once, in a kernel of its own, started cold; the kernel's start is counted. Memory
is what a student costs: on Linux the anonymous memory of the kernel and of every process that it
started (the files of TensorFlow's libraries are shared between students), elsewhere their unique
memory; the highest of a look every 20 ms. A limit counts the student's server as well: a JupyterLab
server at rest is measured beside them, and added.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from rows import Measured

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
SECONDS, SERIES_SECONDS = 60, 360
MEGABYTES = 600  # server and kernel
LOOK = 0.02  # seconds between two looks at the memory
MB = 1_000_000
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "browser")]


def own_memory(process: psutil.Process) -> float:
    """Return the MB of memory that one process shares with no other."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        return int(status.split("RssAnon:")[1].split()[0]) * 1024 / MB
    except (OSError, IndexError):  # another system, or the process has ended
        pass
    try:
        return float(process.memory_full_info().uss) / MB
    except psutil.Error:
        return 0.0


def family_memory(process: psutil.Process) -> float:
    """Return the MB of a process and of all that it started."""
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0.0
    return sum(own_memory(member) for member in family)


class Watch:
    """Looks at the memory of a process and its children until it is told to stop."""

    def __init__(self, pid: int) -> None:
        self.process = psutil.Process(pid)
        self.peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            self.peak = max(self.peak, family_memory(self.process))

    def stop(self) -> float:
        """Look no more; return the highest MB."""
        self._over.set()
        self._thread.join()
        return self.peak


def run_lesson(path: Path) -> tuple[float, float]:
    """Run a notebook in a kernel of its own; return seconds and MB. Nothing is written back.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails: the lesson is broken, and its time says nothing.
    """
    import nbformat
    from make_notebooks import ENVIRONMENT, SECONDS_A_CELL
    from nbclient import NotebookClient

    watches: list[Watch] = []

    def watch(cell: Any, cell_index: int) -> None:
        if not watches:
            watches.append(Watch(client.km.provisioner.pid))

    client = NotebookClient(
        nbformat.read(path, as_version=4),
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
        on_cell_start=watch,
    )
    start = time.monotonic()
    try:
        client.execute(env={**os.environ, **ENVIRONMENT}, stderr=subprocess.DEVNULL)
        seconds = time.monotonic() - start
    finally:
        peak = max([watch.stop() for watch in watches], default=0.0)
    return seconds, peak


def server_memory() -> float:
    """Return the MB of a JupyterLab server at rest, without its kernels."""
    from lab import LabServer

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as closing:
        server = LabServer(Path(folder))
        closing.callback(server.stop)
        server.start()
        looks = []
        for _ in range(5):
            time.sleep(0.5)
            looks.append(own_memory(psutil.Process(server.pid)))
    return statistics.median(looks)


def bench_lessons(
    run: Callable[[Path], tuple[float, float]] = run_lesson,
    server: Callable[[], float] = server_memory,
) -> Iterator[Measured]:
    """Run every lesson there is, and yield its time and memory, then those of the series."""
    beside = server()
    whole = 0.0
    paths = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    for path in paths:
        try:
            seconds, megabytes = run(path)
        except Exception as error:
            words = str(error).strip().splitlines() or [type(error).__name__]
            yield Measured(f"lesson {path.stem}", f"broken: {words[-1]}", "runs", False)
            continue
        whole += seconds
        yield judged(path.stem, seconds, megabytes, beside)
    figure = f"{whole / 60:.1f} min for {len(paths)} lessons"
    budget = f"under {SERIES_SECONDS / 60:.0f} min"
    yield Measured("the series", figure, budget, whole < SERIES_SECONDS, {"seconds": whole})


def judged(name: str, seconds: float, kernel: float, server: float) -> Measured:
    """Make the row of one lesson."""
    figure = f"{seconds:.0f} s, {kernel + server:.0f} MB ({kernel:.0f} kernel, {server:.0f} server)"
    data = {"seconds": seconds, "kernel_MB": kernel, "server_MB": server}
    met = seconds < SECONDS and kernel + server < MEGABYTES
    budget = f"under {SECONDS} s, under {MEGABYTES} MB"
    return Measured(f"lesson {name}", figure, budget, met, data)
