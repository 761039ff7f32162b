"""Measure the budgets, each as a ratio within one run, and say whether it is met.

``make bench`` calls this; ``make bench ARGS="import stopwatch"`` measures these alone. A busy
machine spoils times, and says so at the end.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "build" / "reports"
sys.path.insert(0, str(ROOT / "tools"))


class Measured(NamedTuple):
    """One budget: what was measured, the figure, what it must be, and whether it is.

    `met` is None for what could not be measured; the figure then says what to type.
    """

    what: str
    figure: str
    budget: str
    met: bool | None

    def __str__(self) -> str:
        """Write one row of the report."""
        verdict = {True: "met", False: "MISSED", None: "?"}[self.met]
        return f"{verdict:<8}{self.what}: {self.figure} ({self.budget})"


def import_seconds(module: str) -> float:
    """Time one import in a fresh interpreter, without the interpreter's own start."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def bench_import(rounds: int = 7) -> Iterator[Measured]:
    """Compare `import kerasdemo` with `import tensorflow`, taking turns."""
    times: dict[str, list[float]] = {"kerasdemo": [], "tensorflow": []}
    for module in times:
        import_seconds(module)  # fills the disk's cache
    for _ in range(rounds):
        for module, seconds in times.items():
            seconds.append(import_seconds(module))
    ours, theirs = (statistics.median(seconds) for seconds in times.values())
    figure = f"{ours / theirs:.2%} of import tensorflow ({ours * 1e3:.1f} ms of {theirs:.2f} s)"
    yield Measured("import kerasdemo", figure, "under 5 %", ours / theirs < 0.05)


def quiet_timeit(call: Callable[[], Any], repeats: int, number: int) -> list[float]:
    """Time a call with the standard library's timeit, which is the judge here.

    It starts where time_calls starts counting: after three calls. The first ones find the caches
    that the garbage collector has just emptied.
    """
    gc.collect()
    times = timeit.Timer(call).repeat(repeat=3 + repeats, number=number)
    return [t / number for t in times[3:]]


def agreement(
    ours: Callable[[], list[float]], judge: Callable[[], list[float]], turns: int
) -> float:
    """Divide our median by the judge's in many short turns side by side; return the median.

    A machine that slows down for a while slows both halves of a turn.
    """
    ratios = []
    for turn in range(turns):
        if turn % 2:
            judged, seen = statistics.median(judge()), statistics.median(ours())
        else:
            seen, judged = statistics.median(ours()), statistics.median(judge())
        ratios.append(seen / judged)
    return statistics.median(ratios)


def bench_stopwatch(turns: int = 21, rounds: int = 15) -> Iterator[Measured]:
    """Compare the medians of time_calls and compare with timeit's and pyperf's."""
    import kerasdemo as kd

    images = kd.load_digits().test.images[:32]
    model = kd.load_classifier()
    calls: dict[str, tuple[Callable[[], Any], int]] = {
        "a loop in Python": (lambda: sum(range(20_000)), 4),
        "predict_on_batch": (lambda: model.predict_on_batch(images), 1),
        "predict": (lambda: model.predict(images, verbose=0), 1),
    }
    for name, (call, number) in calls.items():
        for _ in range(3):
            call()
        judge = partial(quiet_timeit, call, rounds, number)

        def stopwatch(name: str = name, call: Callable[[], Any] = call) -> list[float]:
            return list(kd.time_calls({name: call}, rounds=rounds).warm[name])

        yield close(f"time_calls and timeit, {name}", agreement(stopwatch, judge, turns))
        if name in kd.METHODS:

            def compared(name: str = name) -> list[float]:
                timings = kd.compare(model, images, methods=(name,), rounds=rounds).timings
                return list(timings.warm[name])

            yield close(f"compare and timeit, {name}", agreement(compared, judge, turns))
    yield close("time_calls and pyperf, a loop in Python", agreement(in_process, pyperf, 15))


def bench_widgets() -> Iterator[Measured]:
    """Measure the widgets in a real JupyterLab: see widgets.py beside this file."""
    from widgets import measure_widgets

    yield from (Measured(*row) for row in measure_widgets())


def bench_spy() -> Iterator[Measured]:
    """Measure what watching a call costs: see spying.py beside this file."""
    from spying import measure_spying

    yield from (Measured(*row) for row in measure_spying())


def bench_streaming() -> Iterator[Measured]:
    """Measure predict_stream: see streaming.py beside this file."""
    from streaming import measure_streaming

    yield from (Measured(*row) for row in measure_streaming())


SETUP, STATEMENT = "r = range(20_000)", "sum(r)"


def pyperf() -> list[float]:
    """Time a loop with pyperf, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "pyperf.json")
        # Values as short as the stopwatch's own: long ones contain what else the machine does.
        options = ["--processes", "2", "--values", "50", "--min-time", "0.001"]
        options += ["--quiet", "--output", str(report)]
        command = [sys.executable, "-m", "pyperf", "timeit", *options, "--setup", SETUP, STATEMENT]
        subprocess.run(command, check=True, capture_output=True)
        runs = json.loads(report.read_text(encoding="utf-8"))["benchmarks"][0]["runs"]
    return [value for run in runs for value in run.get("values", ())]


def in_process() -> list[float]:
    """Time the same loop with time_calls, in a process of its own."""
    program = (
        f"import kerasdemo as kd; {SETUP}; "
        f"print(*kd.time_calls({{'x': lambda: {STATEMENT}}}, rounds=99).warm['x'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return [float(text) for text in done.stdout.split()]


def close(what: str, ratio: float) -> Measured:
    """Judge a ratio of two medians that should be one."""
    figure = f"medians differ by {abs(ratio - 1):.1%}"
    return Measured(what, figure, "within 5 %", abs(ratio - 1) <= 0.05)


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
    yield Measured("wheel in an empty venv", figure, "status 0", away and tried["status"] == 0)


def read_report(name: str) -> dict[str, Any]:
    """Read what the last `make test` left; {} when it left nothing."""
    try:
        report: dict[str, Any] = json.loads((REPORTS / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report


def bench_suite() -> Iterator[Measured]:
    """Add what the last set-up from nothing and the last whole run took; neither is run again."""
    what, budget = "make test", "under 8 min with the set-up"
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
        yield Measured(what, figure, budget, None)
    else:
        minutes = (setup["seconds"] + suite["seconds"]) / 60
        figure = (
            f"{minutes:.1f} min, {setup['seconds'] / 60:.1f} of them for the set-up, "
            "each at its last run"
        )
        yield Measured(what, figure, budget, minutes < 8)


BENCHES = {
    "import": bench_import,
    "stopwatch": bench_stopwatch,
    "spy": bench_spy,
    "streaming": bench_streaming,
    "widgets": bench_widgets,
    "wheel": bench_wheel,
    "suite": bench_suite,
}


def main(argv: list[str] | None = None) -> int:
    """Measure, print each budget as soon as it is known, and return 1 if one is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    names = parser.parse_args(argv).names or list(BENCHES)
    if unknown := [name for name in names if name not in BENCHES]:
        parser.error(f"no benchmark is called {unknown[0]!r}; there are {', '.join(BENCHES)}")
    os.environ["TQDM_DISABLE"] = "1"  # a bar is no part of what is measured
    missed = 0
    for name in names:
        for measured in BENCHES[name]():
            print(measured, flush=True)
            missed += measured.met is False
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > (os.cpu_count() or 1):
        print(f"The machine was busy (load {os.getloadavg()[0]:.1f}): measure again when it rests.")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
