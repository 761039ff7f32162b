"""The machine that a report holds for: its processor, its versions, and how busy it was."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("kerasdemo", "tensorflow", "keras", "numpy", "onnxruntime", "jupyterlab", "ipywidgets")
BUSY = 20  # per cent of all cores in use by others


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor() -> str:
    """Return the processor's name; on Linux ``platform.processor`` knows no more than its kind."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def version(package: str) -> str | None:
    """Return the installed version of a package; None where it is missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def machine() -> dict[str, Any]:
    """Return what is the same for every measurement of a report."""
    return {
        "processor": processor(),
        "cores": cores(),
        "memory_GB": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def load() -> list[float]:
    """Return the load of the last 1, 5 and 15 minutes: programs that want a core."""
    return [round(number, 2) for number in psutil.getloadavg()]


def busy_with_others(looks: int = 3, seconds: float = 0.5) -> float:
    """Watch the cores while nothing is measured; return the per cent of them in use.

    The quietest look counts: what the last measurement started may still be ending in the others.
    """
    return min(float(psutil.cpu_percent(interval=seconds)) for _ in range(looks))
