"""The same classifier, asked for the same images in every way that a program has on this processor.

From a NumPy array to a NumPy array, the batch whole in one call. Each way has a model of its own,
loaded from the same file, so that none traces for another; all have the same number of threads; at
each batch size they take turns. Python starts anew for it, so that a first call is one.
`python tests/benchmarks/peers.py` prints JSON; ``make bench ARGS=peers`` shows it as tables.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import onnx_floor
import peers_table
from machine import cores
from rows import Measured, summary

SIZES = (1, 32, 256, 2048)
ROUNDS = 21
CLOSE = 1e-4  # how far a probability may be from predict's
BASE = "predict"
FLOOR = "ONNX Runtime"
Call = Callable[[Any], Any]


def bench_peers() -> Iterator[Measured | str]:
    """Measure the peers in a process of their own, judge their probabilities, show the tables."""
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word why"])[-1]
        yield Measured("the peers", f"ended with status {done.returncode}: {last}", "", False)
        return
    yield from told(json.loads(done.stdout.splitlines()[-1]))


def told(measured: dict[str, Any]) -> Iterator[Measured | str]:
    """Yield the tables of what was measured, and one row for each thing that must be so."""
    right = [cell for cell in measured["cells"] if cell["difference"] <= CLOSE]
    shown = {**measured, "cells": right}
    yield peers_table.text(shown)
    farthest = max((cell["difference"] for cell in right), default=0.0)
    figure = f"at most {farthest:.0e} apart, in {len(right)} of {len(measured['cells'])} rows"
    what, budget = "the peers' probabilities and predict's", f"within {CLOSE:.0e}"
    met = len(right) == len(measured["cells"])
    yield Measured(what, figure, budget, met, shown)
    for cell in measured["cells"]:
        if cell not in right:
            where = f"{cell['way']}, batch of {cell['size']}"
            figure = f"{cell['difference']:.1e} apart: another function, not a peer"
            yield Measured(where, figure, budget, False, {"difference": cell["difference"]})
    if measured["missing"]:
        names = " and ".join(measured["missing"])
        yield Measured(FLOOR, f"{names} {onnx_floor.HOW_TO_GET}", "the floor", None)


def ways(threads: int) -> dict[str, Call]:
    """Return the ways, each a function of the batch with a model of its own."""
    import kerasdemo as kd
    from kerasdemo._backend import import_tensorflow

    tf = import_tensorflow()

    def predict(**options: Any) -> Call:
        model = kd.load_classifier()
        if options:
            model.compile(**options)
        return lambda x: model.predict(x, batch_size=len(x), verbose=0)

    def function(**options: Any) -> Call:
        call = tf.function(partial(kd.load_classifier(), training=False), **options)
        return lambda x: call(x).numpy()

    on_batch, step, call = (kd.load_classifier() for _ in range(3))
    found: dict[str, Call] = {
        BASE: predict(),
        "predict, XLA": predict(jit_compile=True),
        "predict_on_batch": on_batch.predict_on_batch,
        "predict_step": lambda x: step.predict_step(x).numpy(),
        "model(x)": lambda x: call(x, training=False).numpy(),
        "tf.function": function(),
        "tf.function, XLA": function(jit_compile=True),
    }
    if not onnx_floor.missing():
        found[FLOOR] = onnx_floor.session(kd.load_classifier(), threads)
    return found


def measure(
    calls: dict[str, Call],
    images: Any,
    reference: Call,
    *,
    sizes: tuple[int, ...] = SIZES,
    rounds: int = ROUNDS,
) -> list[dict[str, Any]]:
    """Time the calls at each batch size, in turns, and compare what they return with `reference`.

    The reference is asked afterwards: nothing is warmed up by it.
    """
    from kerasdemo.sweeping import sweep, take
    from kerasdemo.timing import settled_garbage

    cells = []
    with settled_garbage():
        for step in sweep(calls, images, sizes, rounds=rounds):
            if step.timings is None:
                continue
            batch = take(images, step.size)
            expected = reference(batch)
            for name, call in calls.items():
                apart = difference(call(batch), expected)
                cells.append(cell(name, step.size, step.timings, apart))
    return cells


def difference(found: Any, expected: Any) -> float:
    """Return how far the farthest number is; infinity for another shape, or for what is no number.

    >>> difference([[1.0]], [1.0]), difference([np.nan], [1.0]), difference([0.5], [1.0])
    (inf, inf, 0.5)
    """
    if np.shape(found) != np.shape(expected):
        return float("inf")
    apart = float(np.max(np.abs(np.subtract(found, expected, dtype=np.float64))))
    return apart if np.isfinite(apart) else float("inf")


def cell(name: str, size: int, timings: Any, apart: float) -> dict[str, Any]:
    """Return what is known of one way at one batch size; times in seconds."""
    warm = timings.warm[name]
    told = summary(warm)
    return {
        "way": name,
        "size": size,
        **told,
        "first_call": timings.first[name],
        "samples_per_second": size / told["median"],
        "of_predict": statistics.median(warm / timings.warm[BASE]),
        "difference": apart,
    }


def main() -> None:
    """Measure with as many threads as there are cores, for every way the same; print JSON."""
    import kerasdemo as kd
    from kerasdemo._backend import import_tensorflow

    threads = cores()
    tf = import_tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    judge = kd.load_classifier()
    cells = measure(ways(threads), kd.load_digits().images, lambda x: judge.predict(x, verbose=0))
    threads_told = tf.config.threading.get_intra_op_parallelism_threads()
    found = {"threads": threads_told, "missing": onnx_floor.missing(), "cells": cells}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
