"""What the methods cost: one job by each of them, or one call at each of many batch sizes.

`kerasdemo.sweeping` measures the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kerasdemo.methods import caller
from kerasdemo.spy import as_new
from kerasdemo.timing import Timings, time_calls
from kerasdemo.view.durations import milliseconds
from kerasdemo.view.table import Row, Table, as_html, as_text
from kerasdemo.view.timings_table import numbers, throughput
from kerasdemo.view.timings_words import Point, not_measured, what_to_look_at


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


@dataclass(frozen=True, repr=False, eq=False)
class BatchTimings:
    """Times of one call against the number of samples in it. ``times[8]`` are those of 8 samples.

    Made by `time_methods` and by the widget `LiveTimings`.

    Attributes
    ----------
    points : dict of int to Timings
        The times of each batch size, in seconds a call; the first call of each is apart.
    traced : tuple of str
        The methods whose very first call is known to trace a graph.
    missing : tuple of int
        Batch sizes that were not measured because of an interrupt.
    """

    points: dict[int, Timings] = field(default_factory=dict)
    traced: tuple[str, ...] = ()
    missing: tuple[int, ...] = ()

    def __getitem__(self, batch_size: int) -> Timings:
        if batch_size not in self.points:
            there = ", ".join(map(str, self.points)) or "none yet"
            raise KeyError(f"No times for batches of {batch_size}; measured: {there}")
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
    def latency(self) -> dict[str, dict[int, float]]:
        """Seconds that a call takes, the median: method -> batch size -> seconds."""
        return {name: {p.size: p.median for p in line} for name, line in self.series.items()}

    @property
    def throughput(self) -> dict[str, dict[int, float]]:
        """Samples a second, by the median: method -> batch size -> samples a second."""
        return {name: {p.size: p.rate for p in line} for name, line in self.series.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """What to look at, in sentences, and what is missing."""
        found = what_to_look_at(self.series, traced=self.traced)
        return (*found, *([not_measured(self.missing)] if self.missing else []))

    @property
    def table(self) -> Table:
        """Milliseconds a call and samples a second for each batch size; the first call apart."""
        series = self.series
        by_size = list(zip(*series.values(), strict=True))
        rows = [
            Row(
                str(points[0].size),
                tuple("{} ({}), {}".format(*numbers(p), throughput(p)) for p in points),
            )
            for points in by_size
        ]
        for points in by_size[:1]:
            first = tuple(milliseconds(p.first).removesuffix(" ms") for p in points)
            rows.append(Row(f"first call at {points[0].size}", first))
        title = (
            "samples a call: median milliseconds of a call (quartiles), samples a second"
            if rows
            else "not measured yet"
        )
        return Table(tuple(series), tuple(rows), title=title, notes=self.notes)

    def as_dict(self) -> dict[int, dict[str, Any]]:
        """Return plain values, for JSON: batch size -> method -> seconds, samples a second."""
        rates = self.throughput
        return {
            size: {
                name: {**each, "samples_a_second": rates[name][size]}
                for name, each in times.as_dict().items()
            }
            for size, times in sorted(self.points.items())
        }

    def plot(self, ax: Any = None, *, per: str = "call") -> Any:
        """Draw the methods against batch size, with bands from quartile to quartile.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw.
        per : str
            ``"call"``: milliseconds a call. ``"sample"``: milliseconds a sample. ``"second"``:
            samples a second.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from kerasdemo.view.plots import plot_batch_sizes

        return plot_batch_sizes(self.series, ax=ax, per=per)

    def __repr__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        return as_html(self.table)
