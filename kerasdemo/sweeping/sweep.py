"""Measure one call at each of many batch sizes, a little at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np

from kerasdemo._progress import progress_bar
from kerasdemo.costs import BatchTimings, OwnFunctions, traced
from kerasdemo.inputs import check_images
from kerasdemo.methods import count
from kerasdemo.sweeping.checks import check_names, check_sizes
from kerasdemo.sweeping.steps import Step, one_call, sweep
from kerasdemo.timing import Timings, settled_garbage


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

    def run(self, tell: Callable[[], Any] = lambda: None) -> BatchTimings:
        """Measure the batch sizes that are left, and return the times.

        `tell` is called after each size. A progress bar appears after two seconds. An interrupt
        is passed on; the points made so far stay.
        """
        left = len(self.left)
        with progress_bar(left, desc="timing", unit="size", delay=2, leave=False) as bar:
            for _ in range(left):
                self.measure()
                tell()
                bar.update()
        return self.timings

    def prepare(self) -> None:
        """Load what is to be measured: only now, so that opening a view costs nothing."""
        given = self._images is not None
        if not given:
            from kerasdemo.digits import load_digits

            self._images = load_digits().images
        calls = dict(self.own_calls)
        if not self.methods:
            self._images = np.asarray(self._images)
        else:
            if self._model is None:
                from kerasdemo.classifier import load_classifier

                self._model = load_classifier()
            try:
                self._images = check_images(self._model, self._images)
            except ValueError as error:
                if given:
                    raise
                self._images = None
                raise ValueError(
                    "No images were given, so the embedded digits were taken, and this model "
                    f"cannot take them: {error} Give samples that fit, right after the model."
                ) from None
            own = OwnFunctions(self._model)
            self._lent = own.lent
            self._before = {name: partial(own.begin, name) for name in self.methods}
            self._traced = traced(self._model, self.methods)
            calls = {name: one_call(self._model, name) for name in self.methods} | calls
        self._calls = calls
