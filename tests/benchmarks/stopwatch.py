"""The medians that kerasdemo reports, against those of timeit and pyperf for the same call."""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rows import Measured, summary, uncertainty, worded

SAMPLES = 32
NEAR = 0.05  # how far a median may be from the judge's
SETUP, STATEMENT = "r = range(20_000)", "sum(r)"
Times = Callable[[], list[float]]


def bench_stopwatch(turns: int = 21, rounds: int = 15) -> Iterator[Measured]:
    """Compare the medians of time_calls, compare and time_methods with timeit's and pyperf's."""
    import kerasdemo as kd

    images = kd.load_digits().test.images[:SAMPLES]
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
        for reporter, ours in reporters(name, call, model, images, rounds).items():
            yield close(f"{reporter} and timeit, {name}", agreement(ours, judge, turns))
    ratios = agreement(in_process, pyperf, 15)
    yield close("time_calls and pyperf, a loop in Python", ratios)


def reporters(
    name: str, call: Callable[[], Any], model: Any, images: Any, rounds: int
) -> dict[str, Times]:
    """Return all that report times of this call, each as a function that gives the warm ones."""
    import kerasdemo as kd

    ours: dict[str, Times] = {
        "time_calls": lambda: list(kd.time_calls({name: call}, rounds=rounds).warm[name])
    }
    if name in kd.METHODS:
        compared = partial(kd.compare, model, images, methods=(name,), rounds=rounds)
        ours["compare"] = lambda: list(compared().timings.warm[name])
        ours["time_methods"] = lambda: list(by_size(model, images, name, rounds).warm[name])
    return ours


def by_size(model: Any, images: Any, method: str, rounds: int) -> Any:
    """Return the Timings of one method at one batch size, as time_methods reports them."""
    import kerasdemo as kd

    size = len(images)
    swept = kd.time_methods(model, images, sizes=[size], methods=(method,), rounds=rounds)
    return swept[size]


def quiet_timeit(call: Callable[[], Any], repeats: int, number: int) -> list[float]:
    """Time a call with the standard library's timeit, which is the judge here.

    It starts where time_calls starts counting: after three calls. The first ones find the caches
    that the garbage collector has just emptied.
    """
    gc.collect()
    times = timeit.Timer(call).repeat(repeat=3 + repeats, number=number)
    return [t / number for t in times[3:]]


def agreement(ours: Times, judge: Times, turns: int) -> list[float]:
    """Divide our median by the judge's in many short turns side by side; return the ratios.

    A machine that slows down for a while slows both halves of a turn.
    """
    ratios = []
    for turn in range(turns):
        if turn % 2:
            judged, seen = statistics.median(judge()), statistics.median(ours())
        else:
            seen, judged = statistics.median(ours()), statistics.median(judge())
        ratios.append(seen / judged)
    return ratios


def close(what: str, ratios: list[float]) -> Measured:
    """Judge ratios of two medians that should be one; on a restless machine nothing is settled."""
    told = summary(ratios)
    away, doubt = abs(told["median"] - 1), uncertainty(told)
    figure = f"medians differ by {away:.1%}, give or take {doubt:.1%}"
    met: bool | None = away <= NEAR
    if away - doubt <= NEAR < away + doubt:
        met = None
    return Measured(what, worded(figure, met), f"within {NEAR * 100:.0f} %", met, {"ratio": told})


def pyperf() -> list[float]:
    """Time a loop with pyperf, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "pyperf.json")
        # Values as short as the stopwatch's own: long ones contain what else the machine does.
        # And as many warm-ups: a process is slower in its first tenths of a second.
        options = ["--processes", "2", "--values", "50", "--warmups", "100", "--min-time", "0.001"]
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
