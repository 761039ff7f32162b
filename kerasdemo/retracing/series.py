"""Which calls trace a graph: a series of batches, one after the other, by each method.

Keras compiles ``predict_step`` with ``reduce_retracing=True``
(``keras/src/backend/tensorflow/trainer.py``, ``make_predict_function``): at the second shape
TensorFlow traces a graph for any batch size. XLA, which ``compile(jit_compile=True)`` turns on,
compiles machine code for each shape by itself, below the trace.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kerasdemo._hushed import hushed
from kerasdemo.methods import check_method, compiled_anew, count
from kerasdemo.retracing.batches import batch_of, described
from kerasdemo.retracing.result import XLA_TIMES, Retraces
from kerasdemo.spy import restored, trace_call

GRAPHS = ("predict", "predict_on_batch", "compiled")
XLA_SECONDS = 0.01
"""What XLA needs at least to compile: a shorter difference is noise."""


def retraces(model: Any, shapes: Sequence[Any], *, methods: Sequence[str] = GRAPHS) -> Retraces:
    """Make a series of calls by each method, and see which of them trace a graph.

    Each method begins on a model as new, and is given the whole of each batch in one call. The
    numbers in the batches are zeros: only shape and dtype matter to a trace. With
    ``jit_compile=True`` each call is made three times, to see by its processor time whether XLA
    compiled for it.

    Parameters
    ----------
    model : keras.Model
        Any built Keras model. Afterwards it is as it was, also when a call raises.
    shapes : sequence
        What the calls are given, in this order. An int is a batch size. A tuple of ints is a whole
        shape. A pair of one of these and a dtype, such as ``(32, "uint8")``, is both. An array, or
        the list or dict of arrays for several inputs, is taken as it is.
    methods : sequence of str
        Of ``"predict"``, ``"predict_on_batch"`` and ``"compiled"``: the others make no graph.

    Returns
    -------
    Retraces

    Raises
    ------
    ValueError, TypeError
        For a method that makes no graph, or a shape that the model cannot take.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> seen = kd.retraces(kd.load_classifier(), [32, 31, 30], methods=["predict_on_batch"])
    >>> seen.traces["predict_on_batch"], seen.total["predict_on_batch"]
    ((1, 1, 0), 2)

    Introduced in lesson 06.
    """
    methods = (methods,) if isinstance(methods, str) else tuple(dict.fromkeys(methods))
    for method in methods:
        check_method(method)
        if method not in GRAPHS:
            raise ValueError(f"{method} runs eagerly, and traces nothing. Try {', '.join(GRAPHS)}.")
    if not methods or isinstance(shapes, str | int) or not len(shapes):
        raise ValueError("There is nothing to call. Give batch sizes, such as shapes=[32, 31, 7].")
    batches = [batch_of(model, wish) for wish in shapes]
    traces: dict[str, tuple[int, ...]] = {}
    slower: dict[str, tuple[float, ...]] = {}
    recompiled: dict[str, tuple[bool, ...]] = {}
    for method in methods:
        seen = one_series(model, method, batches)
        traces[method] = tuple(count for count, _, _ in seen)
        if any(again for _, _, again in seen):
            slower[method] = tuple(first / again for _, first, again in seen)
            recompiled[method] = tuple(xla_compiled(first, again) for _, first, again in seen)
    return Retraces(tuple(map(described, batches)), traces, slower, recompiled)


def xla_compiled(first: float, again: float) -> bool:
    """Judge by the seconds of a call and of its repetition whether XLA compiled for the call.

    Examples
    --------
    >>> xla_compiled(0.1, 0.001), xla_compiled(0.1, 0.05), xla_compiled(0.006, 0.001)
    (True, False, False)
    """
    return first > XLA_TIMES * again and first - again > XLA_SECONDS


def one_series(model: Any, method: str, batches: Sequence[Any]) -> list[tuple[int, float, float]]:
    """Make the calls of one method; return traces, and seconds of computing at first and again.

    The seconds are of the processor, so that a stall of the machine counts for nothing. Where XLA
    does not compile, the last of the three is 0.
    """
    found = []
    with hushed(), restored(model), compiled_anew(model):  # new graphs are made on purpose
        repeated = method != "compiled" and bool(model.jit_compile) and not model.run_eagerly
        for batch in batches:

            def call(batch: Any = batch) -> tuple[int, float]:
                seen = trace_call(
                    model,
                    batch,
                    method,
                    call="next",
                    batch_size=count(batch) if method == "predict" else None,
                    clock=time.process_time,
                )
                phases = seen.phases
                return seen.traces, phases.get("computing", 0) + phases.get("first run", 0)

            traces, first = call()
            again = min(call()[1] for _ in range(2)) if repeated else 0.0
            found.append((traces, first, max(again, 1e-9) if repeated else 0.0))
    return found
