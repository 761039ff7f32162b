"""The same samples through several methods, facet by facet, side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasdemo.agreement import FACETS, RUNS, agreement, difference_rows
from kerasdemo.costs import time_methods_once
from kerasdemo.inputs import check_images
from kerasdemo.methods import check_method, count
from kerasdemo.prediction import Prediction, largest_difference
from kerasdemo.spy import Observation, observe
from kerasdemo.timing import Timings
from kerasdemo.view.table import Row, Table, as_html

COLD = "first call: on a model that holds no compiled function yet."


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """Several methods on the same samples. ``comparison["predict"]`` is one `Prediction`.

    What `compare` returns.

    Attributes
    ----------
    observations : dict of str to Observation
        One for each method, in the order asked for.
    samples : int
        Number of samples.
    batch_size : int
        Samples to a batch.
    timings : Timings or None
        Times of the whole job by each method; None if `rounds` was 0.
    """

    observations: dict[str, Observation]
    samples: int
    batch_size: int
    timings: Timings | None

    def __getitem__(self, method: str) -> Prediction:
        if method not in self.observations:
            raise KeyError(f"{method!r} was not compared; there are {', '.join(self.methods)}")
        return self.observations[method].prediction

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods compared, the reference first."""
        return tuple(self.observations)

    @property
    def differences(self) -> dict[str, float]:
        """The largest absolute difference of each method's outputs from the first method's."""
        reference = self[self.methods[0]]
        return {name: largest_difference(reference, self[name]) for name in self.methods}

    @property
    def largest_difference(self) -> float:
        """The largest of `differences`; ``inf`` where shapes differ or one alone holds a NaN."""
        return max(self.differences.values())

    @property
    def have_classes(self) -> bool:
        """Whether the main output has an axis of classes."""
        return all(self[name].probabilities.ndim >= 2 for name in self.methods)

    @property
    def classes_agree(self) -> bool:
        """Whether all methods name the same class for every sample."""
        first, *others = (self[name].classes for name in self.methods)
        return all(np.array_equal(first, other) for other in others)

    @property
    def facets(self) -> dict[str, dict[str, Any]]:
        """What differs and what does not: facet -> method -> plain value."""
        answers = {
            facet: {name: look(o.prediction) for name, o in self.observations.items()}
            for facet, look in FACETS.items()
        }
        inside: dict[str, Callable[[Observation], Any]] = {
            "loop over batches": lambda o: "in the method" if o.loops else "in your code",
            "batches": lambda o: o.batches,
            "predict_step runs, first call": lambda o: o.first_runs,
            "predict_step runs, warm call": lambda o: o.warm_runs,
            "predict_step runs as": lambda o: o.runs_as,
            "callback events": lambda o: o.callback_events,
            "progress bar": lambda o: "yes" if o.progress_bar else "no",
        }
        return answers | {
            facet: {name: look(o) for name, o in self.observations.items()}
            for facet, look in inside.items()
        }

    def table(self, *, timings: bool = True) -> Table:
        """Return the facets as a table, methods as columns.

        Parameters
        ----------
        timings : bool
            With ``False``, only what is the same on every run of this version: no times, and
            differences as yes or no against 1e-5.
        """
        rows = [
            Row(facet, tuple(str(value) for value in by_method.values()), mark=True)
            for facet, by_method in self.facets.items()
        ]
        rows += difference_rows({name: self[name] for name in self.methods}, exact=timings)
        if timings:
            rows += self.timings.table.rows if self.timings else ()
        batches = f"batches of {self.batch_size}"
        return Table(
            columns=self.methods,
            rows=tuple(rows),
            title=f"{self.samples} samples, {batches}: what is the same and what is not",
            notes=(self.summary, RUNS, *([COLD] if timings and self.timings else [])),
        )

    @property
    def summary(self) -> str:
        """One sentence on agreement."""
        return agreement([self[name] for name in self.methods])

    def as_dict(self) -> dict[str, Any]:
        """Return everything but the arrays as plain values, for JSON.

        Where there are no classes, or no finite difference, the value is None.
        """
        return {
            "samples": self.samples,
            "batch_size": self.batch_size,
            "facets": self.facets,
            "classes_agree": self.classes_agree if self.have_classes else None,
            "largest_difference": gap if math.isfinite(gap := self.largest_difference) else None,
            "seconds": self.timings.as_dict() if self.timings else {},
        }

    def plot(self, ax: Any = None) -> Any:
        """Draw the time of the first and the warm call of each method; return the Axes.

        Into `ax`, if one is given.

        Raises
        ------
        ValueError
            If the comparison was made with ``rounds=0``, without times.
        """
        if self.timings is None:
            raise ValueError("This comparison has no times. Type compare(..., rounds=11).")
        return self.timings.plot(ax=ax)

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return as_html(self.table())


def compare(
    model: Any,
    images: Any,
    *,
    methods: Sequence[str] = ("predict", "predict_on_batch", "predict_step"),
    batch_size: int = 32,
    rounds: int = 11,
) -> Comparison:
    """Predict the same samples by several methods and lay what happened side by side.

    Each method is called as you would type it. What runs inside is counted in calls of their own,
    before the clock starts; while the clock runs nothing is watched. Each method gets a compiled
    function of its own, so that "first call" is first for each, and the model has its old one back
    at the end.

    Parameters
    ----------
    model : keras.Model
        Any built Keras model.
    images : array of shape (n, ...)
        Samples, batch axis first; for several inputs what the model's ``predict`` takes.
    methods : sequence of str
        Names from :data:`kerasdemo.methods.METHODS`; the first is the reference.
    batch_size : int
        Samples to a batch: ``predict`` cuts them itself, for the others they are cut here.
    rounds : int
        Warm measurements of each method; 0 measures no time.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError, TypeError
        For an unknown method or samples that cannot work; the message says what to type.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> model, digits = kd.load_classifier(), kd.load_digits()
    >>> result = kd.compare(model, digits[:32].images, rounds=0)
    >>> result.classes_agree, result.facets["returns"]["predict_step"]
    (True, 'EagerTensor')

    Introduced in lesson 03.
    """
    methods = (methods,) if isinstance(methods, str) else tuple(dict.fromkeys(methods))
    if not methods:
        raise ValueError('There is no method to compare. Try methods=("predict", "predict_step").')
    for method in methods:
        check_method(method)
    images = check_images(model, images)
    seen = {method: observe(model, images, method, batch_size) for method in methods}
    times = time_methods_once(model, images, methods, batch_size, rounds) if rounds else None
    return Comparison(seen, count(images), batch_size, times)
