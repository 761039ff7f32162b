"""What the methods cost: one job by each of them, or one call at each of many batch sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from kerasdemo.methods import caller, count
from kerasdemo.spy import as_new
from kerasdemo.timing import Timings, measurements, steps_of, time_calls
from kerasdemo.view.table import Row, Table, as_html, as_text
from kerasdemo.view.timings_words import Point, cell, what_to_look_at


def traced(model: Any, methods: Sequence[str]) -> tuple[str, ...]:
    """Return those methods whose first call on a model as new traces a graph."""
    graphs = ["compiled"] if model.run_eagerly else ["compiled", "predict", "predict_on_batch"]
    return tuple(method for method in methods if method in graphs)


class OwnFunctions:
    """Lends a model a compiled function for each method, so that none traces for another.

    Keras keeps one in ``model.predict_function``. Each method has its turn with its own, which is
    kept between the turns; the model has its old one back whenever `lent` ends.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._kept: dict[str, Any] = {}
        self._turn = ""

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend while the block lasts."""
        with as_new(self.model):
            try:
                yield
            finally:
                self.begin("")

    def begin(self, method: str) -> None:
        """Keep what the last method has compiled, and give `method` its own."""
        if self._turn:
            self._kept[self._turn] = self.model.predict_function
        self._turn = method
        self.model.predict_function = self._kept.get(method)


def time_methods_once(
    model: Any, images: Any, methods: Sequence[str], batch_size: int, rounds: int
) -> Timings:
    """Time the whole job by each method, every method with a compiled function of its own."""

    def job(method: str) -> Callable[[], Any]:
        call = caller(model, method, batch_size=batch_size, fresh=True)
        return lambda: call(images)

    own = OwnFunctions(model)
    with own.lent():
        return time_calls(
            {method: job(method) for method in methods},
            rounds=rounds,
            before={method: partial(own.begin, method) for method in methods},
        )


def one_call(model: Any, method: str) -> Callable[[Any], Any]:
    """Return the function that gives `method` a batch whole, in one call."""
    if method == "predict":
        return lambda batch: caller(model, method, batch_size=count(batch))(batch)
    return caller(model, method, fresh=True)


def take(images: Any, size: int) -> Any:
    """Return a batch of `size` samples; where there are fewer, they are repeated.

    Examples
    --------
    >>> take(np.array([[1], [2], [3]]), 5).ravel()
    array([1, 2, 3, 1, 2])
    """
    if isinstance(images, Mapping):
        return {name: take(part, size) for name, part in images.items()}
    if isinstance(images, (list, tuple)):
        return type(images)(take(part, size) for part in images)
    if len(images) >= size:
        return images[:size]
    return np.resize(images, (size, *images.shape[1:]))


class Step(NamedTuple):
    """Where a sweep is: the batch size, the share of its work done, and at its end the times."""

    size: int
    share: float
    timings: Timings | None


def sweep(
    calls: Mapping[str, Callable[[Any], Any]],
    images: Any,
    batch_sizes: Sequence[int],
    *,
    rounds: int = 11,
    before: Mapping[str, Callable[[], Any]] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Step]:
    """Time one call on a batch of each size, all functions side by side, one measurement a step.

    Parameters
    ----------
    calls : dict of str to function
        What to time; each is given the batch.
    images : array of shape (n, ...), or the list, tuple or dict of several inputs
        Samples; see `take`.
    batch_sizes : sequence of int
        Samples in a call.
    rounds, before, clock
        As for :func:`kerasdemo.timing.time_calls`.

    Yields
    ------
    Step
    """
    for size in batch_sizes:
        batch = take(images, size)
        bound = {name: partial(call, batch) for name, call in calls.items()}
        first: dict[str, float] = {}
        warm: dict[str, list[float]] = {}
        work = measurements(bound, first, warm, rounds=rounds, before=before, clock=clock)
        for done, _ in enumerate(work, start=1):
            yield Step(size, done / steps_of(calls, rounds), None)
        yield Step(size, 1.0, Timings(first, {name: np.array(t) for name, t in warm.items()}))


@dataclass(frozen=True, repr=False, eq=False)
class BatchTimings:
    """Times of one call against the number of samples in it. ``times[8]`` are those of 8 samples.

    Attributes
    ----------
    points : dict of int to Timings
        The times of each batch size, in seconds a call.
    traced : tuple of str
        The methods whose very first call is known to trace a graph.
    """

    points: dict[int, Timings] = field(default_factory=dict)
    traced: tuple[str, ...] = ()

    def __getitem__(self, batch_size: int) -> Timings:
        if batch_size not in self.points:
            there = ", ".join(map(str, self.points)) or "none yet"
            raise KeyError(f"no times for batches of {batch_size}; measured: {there}")
        return self.points[batch_size]

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[int]:
        return iter(self.points)

    @property
    def series(self) -> dict[str, list[Point]]:
        """The times of each method, smallest batch first: first call, median and quartiles."""
        points: dict[str, list[Point]] = {}
        for size, times in sorted(self.points.items()):
            for name in times.warm:
                point = Point(size, times.first[name], times.median[name], *times.quartiles[name])
                points.setdefault(name, []).append(point)
        return points

    @property
    def notes(self) -> tuple[str, ...]:
        """What to look at, in sentences."""
        return tuple(what_to_look_at(self.series, traced=self.traced))

    @property
    def table(self) -> Table:
        """Median and quartiles in milliseconds, and the first call, for each batch size."""
        series = self.series
        rows = [
            Row(str(points[0].size), tuple("{} ({})".format(*cell(p, "call")) for p in points))
            for points in zip(*series.values(), strict=True)
        ]
        title = "samples a call: median time (quartiles; first call)" if rows else "not measured"
        return Table(tuple(series), tuple(rows), title=title, notes=self.notes)

    def as_dict(self) -> dict[int, dict[str, Any]]:
        """Return the seconds as plain values: batch size -> method -> times."""
        return {size: times.as_dict() for size, times in sorted(self.points.items())}

    def plot(self, ax: Any = None) -> Any:
        """Draw time against batch size with quartile bands; return the Axes."""
        from kerasdemo.view.plots import plot_batch_sizes

        return plot_batch_sizes(self.series, ax=ax)

    def __repr__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        return as_html(self.table)
