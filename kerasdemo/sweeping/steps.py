"""One call on a batch of each size, all functions taking turns, one measurement a step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from kerasdemo.methods import caller, count
from kerasdemo.timing import Timings, measurements, steps_of


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
