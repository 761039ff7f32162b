"""What `import kerasdemo` takes, against `import tensorflow`, taking turns."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator

from rows import Measured, summaries


def run(code: str) -> str:
    """Run a line in a fresh interpreter, and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def import_seconds(module: str) -> float:
    """Time one import in a fresh interpreter, without the interpreter's own start."""
    clock = "time.perf_counter()"
    return float(run(f"import time; t = {clock}; import {module}; print({clock} - t)"))


def brings(module: str, other: str) -> bool:
    """Tell whether importing one module loads the other."""
    return run(f"import sys, {module}; print({other!r} in sys.modules)").strip() == "True"


def bench_import(rounds: int = 7) -> Iterator[Measured]:
    """Compare `import kerasdemo` with `import tensorflow`."""
    times: dict[str, list[float]] = {"kerasdemo": [], "tensorflow": []}
    for module in times:
        import_seconds(module)  # fills the disk's cache
    for _ in range(rounds):
        for module, seconds in times.items():
            seconds.append(import_seconds(module))
    ours, theirs = (statistics.median(seconds) for seconds in times.values())
    loaded = brings("kerasdemo", "tensorflow")
    figure = (
        f"{ours / theirs:.2%} of import tensorflow ({ours * 1e3:.1f} ms of {theirs:.2f} s), "
        f"which it {'loads' if loaded else 'does not load'}"
    )
    budget = "under 5 %, TensorFlow not loaded"
    met = ours / theirs < 0.05 and not loaded
    yield Measured("import kerasdemo", figure, budget, met, summaries(times))
