"""The whole sweep in one call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kerasdemo.costs import BatchTimings
from kerasdemo.sweeping.checks import check_sizes
from kerasdemo.sweeping.sweep import Sweep


def time_methods(
    model: Any,
    images: Any = None,
    *,
    sizes: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128, 256),
    methods: Sequence[str] = ("predict", "predict_on_batch", "predict_step"),
    rounds: int = 11,
    calls: Mapping[str, Callable[[Any], Any]] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> BatchTimings:
    """Time each method against the number of samples in a call.

    At each batch size all methods take turns: a first call of each, kept apart, then one that is
    not counted, then `rounds` warm ones. Each method has a compiled function of its own, so that
    none traces for another; afterwards the model has its old one back. A progress bar appears after
    two seconds. An interrupt (Ctrl-C, or the stop button of a notebook) ends the measuring, and
    what was measured is returned; the result says what is missing. The widget `LiveTimings` is the
    same, drawn as it is measured.

    Parameters
    ----------
    model : keras.Model
        Any built Keras model. It is as it was afterwards, also when a call raises.
    images : array of shape (n, ...), optional
        Samples, batch axis first; by default the embedded digits. Where a batch needs more of them
        than there are, they are repeated.
    sizes : sequence of int
        Samples in a call. Activations of a whole batch are in memory at once: 256 digits take the
        classifier of the kit about 30 MB.
    methods : sequence of str
        Names from :data:`kerasdemo.methods.METHODS`.
    rounds : int
        Warm calls of each method at each size.
    calls : dict of str to function, optional
        Functions of your own, each given the batch, timed beside the methods.
    clock : function
        Returns seconds; tests give their own.

    Returns
    -------
    BatchTimings
        Seconds a call, and samples a second, for each size and method.

    Raises
    ------
    ValueError, TypeError
        For an unknown method, a size below 1, nothing to time, or samples that the model cannot
        take; the message says what to type.
    KeyboardInterrupt
        When interrupted before the first size was done.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> model = kd.load_classifier()
    >>> times = kd.time_methods(model, sizes=[1, 32], methods=["predict_on_batch"], rounds=3)
    >>> times.latency["predict_on_batch"][32] > 0, times.throughput["predict_on_batch"][32] > 0
    (True, True)

    Introduced in lesson 06.
    """
    sizes = check_sizes(sizes, name="sizes")
    work = Sweep(
        model, images, methods=methods, batch_sizes=sizes, rounds=rounds, calls=calls, clock=clock
    )
    try:
        return work.run()
    except KeyboardInterrupt:
        if not work.points:
            raise
        return replace(work.timings, missing=tuple(work.left))
