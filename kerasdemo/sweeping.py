"""Measure one call at each of many batch sizes, a little at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from kerasdemo.costs import BatchTimings, OwnFunctions, traced
from kerasdemo.inputs import check_images
from kerasdemo.methods import caller, check_method, count
from kerasdemo.timing import Timings, measurements, settled_garbage, steps_of

__all__ = ["Step", "Sweep", "one_call", "sweep", "take"]


class Sweep:
    """A sweep over batch sizes that can be paused, stopped, continued and begun anew.

    Parameters
    ----------
    model, images, methods, batch_sizes, rounds, calls
        As for :class:`kerasdemo.widgets.LiveTimings`.
    clock : function
        Returns seconds; tests give their own.

    Attributes
    ----------
    points : dict of int to Timings
        What has been measured.
    share : float
        How much of the batch size in hand is done, 0 to 1.
    """

    def __init__(
        self,
        model: Any,
        images: Any,
        *,
        methods: Sequence[str],
        batch_sizes: Sequence[int],
        rounds: int,
        calls: Mapping[str, Callable[[Any], Any]] | None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.methods = (methods,) if isinstance(methods, str) else tuple(dict.fromkeys(methods))
        self.own_calls = dict(calls or {})
        check_names(self.methods, self.own_calls)
        self.sizes = check_sizes(batch_sizes)
        if rounds < 1:
            raise ValueError(f"rounds is {rounds}; a median needs at least 1. Try rounds=11.")
        self.rounds = rounds
        self.clock = clock
        self.points: dict[int, Timings] = {}
        self.share = 0.0
        self._model, self._images = model, getattr(images, "images", images)
        self._calls: dict[str, Callable[[Any], Any]] = {}
        self._before: dict[str, Callable[[], Any]] = {}
        self._traced: tuple[str, ...] = ()
        self._lent: Callable[[], AbstractContextManager[Any]] = nullcontext
        self._work: Iterator[Step] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What is timed."""
        return (*self.methods, *self.own_calls)

    @property
    def left(self) -> list[int]:
        """The batch sizes that are not measured yet."""
        return [size for size in self.sizes if size not in self.points]

    @property
    def samples(self) -> int | None:
        """How many samples there are; None while that is not known."""
        known = self._calls or np.ndim(getattr(self._images, "shape", 0))
        return count(self._images) if known else None

    @property
    def loads(self) -> bool:
        """Whether `prepare` has a model to load, and with it TensorFlow."""
        return bool(self.methods) and self._model is None

    @property
    def timings(self) -> BatchTimings:
        """The times measured so far."""
        return BatchTimings(dict(sorted(self.points.items())), self._traced)

    def clear(self) -> None:
        """Forget what was measured; a model stays loaded, and as new."""
        self.points, self._calls, self._work, self.share = {}, {}, None, 0.0

    def measure(self, seconds: float = float("inf")) -> None:
        """Measure until a batch size is done, or for about so many seconds.

        What a call raises is passed on; the points made so far stay, the size in hand begins anew.
        """
        if not self._calls:
            self.prepare()
        if self._work is None:
            self._work = sweep(
                self._calls,
                self._images,
                self.left,
                rounds=self.rounds,
                before=self._before,
                clock=self.clock,
            )
        end = self.clock() + seconds
        try:
            with self._lent(), settled_garbage(collect=not self.share):
                for step in self._work:
                    self.share = step.share
                    if step.timings is not None:
                        self.points[step.size], self.share = step.timings, 0.0
                        break
                    if self.clock() >= end:
                        break
        except BaseException:  # an interrupt too
            self._work, self.share = None, 0.0
            raise

    def prepare(self) -> None:
        """Load what is to be measured: only now, so that opening a view costs nothing."""
        if self._images is None:
            from kerasdemo.digits import load_digits

            self._images = load_digits().images
        calls = dict(self.own_calls)
        if not self.methods:
            self._images = np.asarray(self._images)
        else:
            if self._model is None:
                from kerasdemo.classifier import load_classifier

                self._model = load_classifier()
            self._images = check_images(self._model, self._images)
            own = OwnFunctions(self._model)
            self._lent = own.lent
            self._before = {name: partial(own.begin, name) for name in self.methods}
            self._traced = traced(self._model, self.methods)
            calls = {name: one_call(self._model, name) for name in self.methods} | calls
        self._calls = calls


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


def check_sizes(batch_sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the batch sizes, each once, smallest first.

    Raises
    ------
    ValueError
        When one is no whole number above 0, or there is none.

    Examples
    --------
    >>> check_sizes([64, 1, 8, 8])
    (1, 8, 64)
    """
    wish = "Expected whole numbers above 0, such as [1, 8, 64]."
    sizes = list(batch_sizes) if np.iterable(batch_sizes) else [batch_sizes]
    for size in sizes:
        if isinstance(size, bool | np.bool_) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"batch_sizes holds {size!r}. {wish}")
    if not sizes:
        raise ValueError(f"batch_sizes is empty. {wish}")
    return tuple(sorted({int(size) for size in sizes}))


def check_names(methods: Sequence[str], calls: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for an unknown method, a name used twice, or nothing to time."""
    for method in methods:
        check_method(method)
    for name, call in calls.items():
        if name in methods:
            raise ValueError(f"calls names {name!r}, which is a method already. Rename it.")
        if not callable(call):
            raise ValueError(f"calls[{name!r}] is {call!r}; expected a function of the batch.")
    if not methods and not calls:
        raise ValueError('There is nothing to time. Try methods=("predict", "predict_step").')
