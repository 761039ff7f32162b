"""What the tests take and whether the wheel runs: from their last run, or by running them."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from report import read_report
from rows import Measured

MINUTES = 15
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))


def bench_suite() -> Iterator[Measured]:
    """Add what the last set-up from nothing and the last whole run took; neither is run again."""
    what, budget = "make test", f"under {MINUTES} min with the set-up"
    suite, setup = read_report("summary.json"), read_report("setup.json")
    if not suite:
        yield Measured(what, "not measured: run make test first", budget, None)
    elif suite.get("skipped"):
        figure = f"not measured: its last run skipped {', '.join(suite['skipped'])}"
        yield Measured(what, figure, budget, None)
    elif setup.get("extra") != "test":
        figure = (
            f"{suite['seconds'] / 60:.1f} min without the set-up, which was not measured: "
            "run make clean and then make test first"
        )
        yield Measured(what, figure, budget, None, {"tests": suite["seconds"]})
    else:
        minutes = (setup["seconds"] + suite["seconds"]) / 60
        figure = (
            f"{minutes:.1f} min, {setup['seconds'] / 60:.1f} of them for the set-up, "
            "each at its last run"
        )
        data = {"set_up": setup["seconds"], "tests": suite["seconds"]}
        yield Measured(what, figure, budget, minutes < MINUTES, data)


def bench_wheel() -> Iterator[Measured]:
    """Install the wheel with all that it needs into an empty environment, and run it there."""
    from try_wheel import try_wheel

    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        tried = try_wheel(Path(folder), whole=True)
        seconds = time.monotonic() - start
        away = Path(tried["package"]).is_relative_to(Path(folder).resolve())
    figure = (
        f"python -m kerasdemo ended with status {tried['status']}, {tried['digits']} digits "
        f"travelled, {seconds:.0f} s with the installation"
    )
    met = away and tried["status"] == 0
    yield Measured("wheel in an empty venv", figure, "status 0", met, {"seconds": seconds})
