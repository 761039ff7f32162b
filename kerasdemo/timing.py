"""An honest stopwatch: the first call apart, rounds interleaved, median and quartiles.

Three habits keep the numbers fair on a busy machine. The first call of each function, which pays
for tracing, is kept apart. The functions take turns, and another one begins each round, so that a
slow second hurts all of them. The garbage collector is settled first and held off while the clock
runs.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasdemo._progress import progress_bar
from kerasdemo.view.durations import milliseconds, span
from kerasdemo.view.table import Row, Table, as_html, as_text

SHORTEST = 0.001
"""Seconds that one measurement should last at least; quicker calls are repeated within it."""


@dataclass(frozen=True, repr=False, eq=False)
class Timings:
    """Times of some calls, in seconds: what `time_calls` returns.

    Attributes
    ----------
    first : dict of str to float
        The very first call of each, tracing included.
    warm : dict of str to ndarray of float64, shape (rounds,)
        Each later call; where a call is shorter than a millisecond, the mean of several in a row.
    """

    first: dict[str, float]
    warm: dict[str, NDArray[np.float64]]

    @property
    def median(self) -> dict[str, float]:
        """The median warm call of each, in seconds."""
        return {name: float(np.median(times)) for name, times in self.warm.items()}

    @property
    def quartiles(self) -> dict[str, tuple[float, float]]:
        """The first and third quartile of the warm calls of each, in seconds."""
        return {
            name: (float(low), float(high))
            for name, times in self.warm.items()
            for low, high in [np.quantile(times, [0.25, 0.75])]
        }

    @property
    def table(self) -> Table:
        """The same as a table, in milliseconds."""
        names = tuple(self.warm)
        return Table(
            columns=names,
            rows=(
                Row("first call", tuple(milliseconds(self.first[n]) for n in names)),
                Row("warm call, median", tuple(milliseconds(self.median[n]) for n in names)),
                Row("quartiles", tuple(span(self.quartiles[n]) for n in names)),
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the seconds of each as plain values, for JSON."""
        return {
            name: {
                "first_call": self.first[name],
                "warm_median": self.median[name],
                "warm_quartiles": self.quartiles[name],
            }
            for name in self.warm
        }

    def plot(self, ax: Any = None) -> Any:
        """Draw the median, the quartiles and the first call of each, into `ax` if given."""
        from kerasdemo.view.plots import plot_times

        return plot_times(self.first, self.median, self.quartiles, ax=ax)

    def __repr__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        return as_html(self.table)


def time_calls(
    calls: Mapping[str, Callable[[], Any]],
    *,
    rounds: int = 11,
    before: Mapping[str, Callable[[], Any]] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Timings:
    """Time several functions side by side.

    Parameters
    ----------
    calls : dict of str to function
        What to time, each called without arguments.
    rounds : int
        Warm measurements of each. After the first call and one more that is not counted, the
        functions take turns for this many rounds. A progress bar appears after two seconds.
    before : dict of str to function, optional
        Run before each measurement of that name, off the clock.
    clock : function
        Returns seconds; tests give their own.

    Returns
    -------
    Timings

    Raises
    ------
    ValueError
        If there is nothing to call or `rounds` is below 1.

    Examples
    --------
    >>> times = time_calls({"sum": lambda: sum(range(1000)), "max": lambda: max(range(1000))})
    >>> sorted(times.median)
    ['max', 'sum']

    Introduced in lesson 03.
    """
    if not calls:
        raise ValueError('There is nothing to time. Give a dict: {"predict": lambda: ...}.')
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}; a median needs at least 1. Try rounds=11.")
    first: dict[str, float] = {}
    warm: dict[str, list[float]] = {}
    work = measurements(calls, first, warm, rounds=rounds, before=before, clock=clock)
    with settled_garbage(), progress(steps_of(calls, rounds)) as advance:
        for _ in work:
            advance()
    return Timings(first, {name: np.array(times) for name, times in warm.items()})


def measurements(
    calls: Mapping[str, Callable[[], Any]],
    first: dict[str, float],
    warm: dict[str, list[float]],
    *,
    rounds: int,
    before: Mapping[str, Callable[[], Any]] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[None]:
    """Fill `first` and `warm` with seconds, one measurement a step.

    The work of :func:`time_calls`, for whoever must be able to pause between two steps; there are
    :func:`steps_of` them.
    """
    before = before or {}
    repeats: dict[str, int] = {}

    def measure(name: str, number: int) -> float:
        if name in before:
            before[name]()
        call = calls[name]
        start = clock()
        for _ in range(number):
            call()
        return (clock() - start) / number

    for name in calls:
        first[name] = measure(name, 1)
        yield
    for name in calls:
        measure(name, 1)  # the second call may still trace once more
        once = measure(name, 1)
        repeats[name] = math.ceil(SHORTEST / once) if 0 < once < SHORTEST else 1
        warm[name] = []
        yield
    for turn in range(rounds):
        for name in rotated(tuple(calls), turn):
            warm[name].append(measure(name, repeats[name]))
            yield


def steps_of(calls: Mapping[str, Any], rounds: int) -> int:
    """Return how many steps :func:`measurements` has: first calls, second calls, rounds."""
    return len(calls) * (rounds + 2)


def rotated(names: tuple[str, ...], turn: int) -> tuple[str, ...]:
    """Return the names in order, beginning with another one each turn.

    Examples
    --------
    >>> rotated(("a", "b", "c"), 1)
    ('b', 'c', 'a')
    """
    start = turn % len(names)
    return names[start:] + names[:start]


@contextmanager
def settled_garbage(*, collect: bool = True) -> Iterator[None]:
    """Hold the garbage collector off, after it has collected once; put it back as it was."""
    was_on = gc.isenabled()
    if collect:
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def progress(total: int) -> Iterator[Callable[[], Any]]:
    """Show a progress bar once the work has lasted two seconds, and clear it at the end."""
    with progress_bar(total, desc="timing", unit="call", delay=2, leave=False) as bar:
        yield bar.update
