"""Peak memory of one call in a process of its own.

``python -m kerasdemo.evidence.memory NAME`` prepares one of `kerasdemo.evidence.memory_calls`,
runs it and prints by how much the peak of resident memory lies above what was resident before. On
Linux these are VmHWM and VmRSS of /proc/self/status, which begin anew with each program;
elsewhere both are the peak of ``getrusage``. Windows has neither.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import kerasdemo
from kerasdemo.evidence.seen import NotMeasuredHere

MB = 1_000_000


@dataclass(frozen=True)
class Peak:
    """What one call had to handle, and what it added to the peak, in MB of 10**6 bytes."""

    data: float
    extra: float

    @property
    def times(self) -> float:
        """The added memory as a multiple of the data."""
        return self.extra / self.data

    def __str__(self) -> str:
        return f"+{max(0, round(self.extra))} MB for {round(self.data)} MB"


def resident_now() -> float:
    """Return this process's resident memory in MB; where only its peak is known, that."""
    try:
        return linux_status("VmRSS:")
    except (OSError, IndexError):
        return peak_now()


def linux_status(field: str) -> float:
    """Read a number of kB from /proc/self/status, in MB; OSError or IndexError where it is not."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split(field)[1].split()[0]) * 1024 / MB


def peak_now() -> float:
    """Return the peak of this process's resident memory so far, in MB.

    Raises
    ------
    NotMeasuredHere
        If this system does not tell it.
    """
    try:
        return linux_status("VmHWM:")
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        raise NotMeasuredHere("this system does not tell a process's peak memory") from None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


@cache
def extra_memory(name: str, megabytes: int = 100) -> Peak:
    """Measure one function of `kerasdemo.evidence.memory_calls` in a fresh process.

    Parameters
    ----------
    name : str
        The function's name.
    megabytes : int
        Roughly how much data it handles.

    Raises
    ------
    NotMeasuredHere
        If this system tells no peak, or the process ended without an answer.
    """
    peak_now()
    home = str(Path(kerasdemo.__file__).parents[1])
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", __name__, name, str(megabytes)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise NotMeasuredHere(f"the measuring process ended early: {last}")
    return Peak(**json.loads(done.stdout.splitlines()[-1]))


def main(name: str, megabytes: str) -> None:
    """Prepare a call, run it, print what it handled and by how much the peak rose."""
    from kerasdemo.evidence import memory_calls

    data, call = getattr(memory_calls, name)(int(megabytes))
    before = resident_now()
    kept = call()  # what the call returned stays alive until the peak is read
    extra = peak_now() - before
    del kept
    print(json.dumps({"data": data / MB, "extra": extra}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
