"""Measure a call: pack it, run it in a fresh process, read what that process says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kerasdemo.memory.peaks import CannotMeasure, read_peak
from kerasdemo.memory.sending import pack
from kerasdemo.view.table import Row, Table, as_html, as_text

CHILD = "kerasdemo.memory.child"


@dataclass(frozen=True, repr=False)
class MemoryUse:
    """The memory that one call took, in MB of 1,000,000 bytes: what `measure_memory` returns.

    Attributes
    ----------
    megabytes : float
        How far the peak of resident memory during the call lay above what was resident before it.
        What the call returned is counted.
    baseline : float
        What was resident just before the call: Python, TensorFlow, and what had been prepared.
    bound : str
        ``""`` if `megabytes` is exactly that; ``"at most"`` or ``"at least"`` where the system
        tells no more.
    how : str
        What told it.
    """

    megabytes: float
    baseline: float
    bound: str
    how: str

    @property
    def table(self) -> Table:
        """The same as a table."""
        rows = (
            Row("peak of the call", (str(self),)),
            Row("resident before it", (f"{self.baseline:.0f} MB",)),
            Row("told by", (f"{self.how}, in a fresh process",)),
        )
        return Table(("memory",), rows)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.bound} +{self.megabytes:.0f} MB".strip()

    def __repr__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        return as_html(self.table)


def measure_memory(
    call: Callable[..., Any], *, prepare: Callable[[], Any] | None = None
) -> MemoryUse:
    """Measure the peak memory of one call, in a process of its own.

    Memory that a process has once used is not always given back, so the second call in a process
    tells nothing of its own needs. Here each call gets a fresh process, which knows the variables
    that the function names: arrays, modules, Keras models, functions of yours. It takes some
    seconds, most of them to start TensorFlow, and while it runs its own 250 MB beside your own.

    Parameters
    ----------
    call : function
        What is measured, such as ``lambda: model.predict(images, verbose=0)``. It may be typed in
        the notebook.
    prepare : function, optional
        Run before, and not measured: load a model, or make a call that traces. What it returns is
        handed to `call`. Without it, the call is the first one of its process, tracing included.

    Returns
    -------
    MemoryUse
        In MB. On Linux the peak (VmHWM) is set back just before the call; on macOS and Windows it
        cannot be, and where that matters the result says "at most" or "at least".

    Raises
    ------
    TypeError
        If `call` or `prepare` is no function, or uses something that cannot be sent to another
        process, such as a ``tf.data.Dataset`` or a class that is written in the notebook.
    CannotMeasure
        If this system does not tell a process's peak memory, or the process ended without an
        answer: the call raised, or there was no memory left.

    Examples
    --------
    >>> import numpy as np
    >>> use = measure_memory(lambda: np.ones(5_000_000))  # 40 MB
    >>> 39 < use.megabytes < 60
    True

    Introduced in lesson 06.
    """
    for name, given in (("call", call), ("prepare", prepare)):
        if not callable(given) and (given is not None or name == "call"):
            raise TypeError(
                f"{name} is {given!r:.60}; a function is needed, which can be called in another "
                "process: measure_memory(lambda: model.predict(images, verbose=0))"
            )
    read_peak()  # where nothing tells it, say so at once
    return MemoryUse(**run_fresh(pack((call, prepare))))


def run_fresh(job: bytes) -> dict[str, Any]:
    """Run a packed call in a fresh process, and return the fields of `MemoryUse`."""
    home = str(Path(__file__).parents[2])
    places = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "job.pickle").write_bytes(job)
        (Path(folder) / "path.json").write_text(json.dumps(sys.path), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", CHILD, folder],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONPATH": places, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        answer = Path(folder) / "answer.json"
        found = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {}
    if "error" in found:
        raise CannotMeasure(f"In the fresh process {found['error']}")
    if done.returncode or not found:
        raise CannotMeasure(ended(done.returncode, done.stderr))
    return dict(found)


def ended(status: int, said: str) -> str:
    r"""Say how a process ended that gave no answer.

    Examples
    --------
    >>> ended(1, "a warning\nMemoryError: too large\n")
    'The measuring process ended early: MemoryError: too large'
    """
    if status in (-9, 137):
        return (
            "The measuring process was killed, most likely because there was no memory left. "
            "Measure fewer samples."
        )
    last = (said.strip().splitlines() or [f"status {status}"])[-1]
    return f"The measuring process ended early: {last}"
