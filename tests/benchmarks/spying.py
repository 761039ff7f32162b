"""What watching a call costs: the same predict with and without the spy, taking turns."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from rows import Measured, at_most, summaries, summary, worded

SAMPLES = 2048


def seconds(call: Callable[[], Any]) -> float:
    """Time one call, from its first line to its last."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turns(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Time the calls side by side, another one first in each round; three rounds warm up."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for turn in range(-3, rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            gc.collect()
            taken = seconds(calls[name])
            if turn >= 0:
                times[name].append(taken)
    return times


def ratio(times: dict[str, list[float]], name: str, base: str) -> dict[str, Any]:
    """Divide round by round, and sum up: a slow moment hurts both halves of a round."""
    return summary(a / b for a, b in zip(times[name], times[base], strict=True))


def bench_spy(rounds: int = 41) -> Iterator[Measured]:
    """Yield what the spy adds to a warm predict on 2,048 images, and what it leaves behind."""
    import kerasdemo as kd
    from kerasdemo.sweeping import take

    images = take(kd.load_digits().images, SAMPLES)
    model, untouched = kd.load_classifier(), kd.load_classifier()
    times = in_turns(
        {
            "watched": lambda: kd.trace_call(model, images, call="next"),
            "plain": lambda: model.predict(images, verbose=0),
            "never watched": lambda: untouched.predict(images, verbose=0),
        },
        rounds,
    )
    added = ratio(times, "watched", "plain")
    left = ratio(times, "plain", "never watched")
    base = statistics.median(times["plain"]) * 1e3
    what = f"the spy on a warm predict, {SAMPLES:,} images"
    met = at_most(added, 1.05)
    figure = (
        f"adds {added['median'] - 1:+.1%} to {base:.0f} ms, everything from trace_call to its "
        "result counted"
    )
    data = {"seconds": summaries(times), "ratio": added}
    yield Measured(what, worded(figure, met), "under 5 %", met, data)
    met = at_most(left, 1.02)
    figure = f"predict takes {left['median'] - 1:+.1%} against a model that was never watched"
    budget = "nothing: under 2 % more"
    yield Measured("the spy once it is off", worded(figure, met), budget, met, {"ratio": left})
