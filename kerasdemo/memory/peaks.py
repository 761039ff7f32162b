"""How much resident memory this process holds now, and how much it has held at most.

Linux keeps both in ``/proc/self/status`` (VmRSS and VmHWM), and sets the peak back when "5" is
written to ``/proc/self/clear_refs`` (Linux, ``Documentation/filesystems/proc.rst``). macOS tells
the peak by ``getrusage``, Windows by psutil, which comes with ipykernel; neither can set it back.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasdemo._installing import pip

MB = 1_000_000
CLOSE = 1.0  # MB: Linux counts pages in bunches, so two readings differ by a little


class CannotMeasure(RuntimeError):
    """Why the memory of a call could not be measured."""


@dataclass(frozen=True)
class Start:
    """What was read just before a call, in MB; `now` is None where only the peak is told."""

    now: float | None
    peak: float
    source: str


def start() -> Start:
    """Set the peak back where the system can, and read both.

    Raises
    ------
    CannotMeasure
        If this system tells no peak.
    """
    was_set_back = set_peak_back()
    peak, source = read_peak()
    source += ", set back just before the call" if was_set_back else ""
    return Start(read_now(), peak, source)


def rise(before: Start, peak: float) -> tuple[float, str]:
    """Return by how much a call raised the peak above what was resident, in MB, and how sure it is.

    Parameters
    ----------
    before : Start
    peak : float
        What `read_peak` says after the call.

    Returns
    -------
    tuple
        MB, and ``""`` for exactly, ``"at most"`` where an earlier peak hides the call's own, or
        ``"at least"`` where only the peak is told.

    Examples
    --------
    >>> rise(Start(500.0, 500.0, "VmHWM"), 620.0)
    (120.0, '')
    >>> rise(Start(500.0, 700.0, "VmHWM"), 700.0)
    (200.0, 'at most')
    >>> rise(Start(None, 700.0, "getrusage"), 720.0)
    (20.0, 'at least')
    """
    if before.now is None:
        return peak - before.peak, "at least"
    hidden = peak <= before.peak and before.peak - before.now > CLOSE
    return max(0.0, peak - before.now), "at most" if hidden else ""


def set_peak_back() -> bool:
    """Make the peak what is resident now; False where that cannot be done."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        return linux_status("VmHWM:") - linux_status("VmRSS:") <= CLOSE
    except (OSError, IndexError):
        return False


def read_now() -> float | None:
    """Return this process's resident memory in MB, None where nothing tells it."""
    try:
        return linux_status("VmRSS:")
    except (OSError, IndexError):
        info = psutil_info()
        return None if info is None else info.rss / MB


def read_peak() -> tuple[float, str]:
    """Return the most resident memory of this process so far, in MB, and what told it.

    Raises
    ------
    CannotMeasure
        If nothing does.
    """
    try:
        return linux_status("VmHWM:"), "VmHWM of /proc/self/status"
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        pass
    else:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB, "getrusage"
    peak = getattr(psutil_info(), "peak_wset", None)
    if peak is None:
        raise CannotMeasure(
            "This system does not tell a process's peak memory. On Windows, psutil does: "
            + pip("install psutil")
        )
    return peak / MB, "psutil, peak_wset"


def linux_status(field: str) -> float:
    """Read a number of kB from /proc/self/status, in MB; OSError or IndexError where it is not."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split(field)[1].split()[0]) * 1024 / MB


def psutil_info() -> Any:
    """Return what psutil knows of this process's memory; None without psutil."""
    try:
        return importlib.import_module("psutil").Process().memory_info()
    except ImportError:
        return None
