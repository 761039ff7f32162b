"""Measure predict_stream: its speed against three other ways, its memory against the length.

Speed: the four take turns within one process, and each round compares predict_stream with the
fastest of the others, by its median, in that round. Memory: each figure comes from a process of its
own, and is the highest resident memory during the stream above what was held when it began.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rows import Measured, at_most, summaries, summary, worded

from kerasdemo._backend import import_keras, import_tensorflow

ROUNDS = 15
SPEED = "at least as fast as the fastest of three, within 2 %"
SHORT, LONG = 10_000, 1_000_000  # samples
WIDTH = 64  # numbers that the memory's model gives to each sample: 256 bytes
FLAT = 16  # megabytes that the long stream may take more than the short one


def bench_streaming() -> Iterator[Measured]:
    """Yield one row for each speed, and one for the memory."""
    yield from measure_speed()
    yield measure_memory()


def measure_speed() -> Iterator[Measured]:
    """Time the ways through three Datasets, warm, and compare within each round."""
    import kerasdemo as kd

    for what, model, dataset in workloads():
        times = kd.time_calls(ways(model, dataset), rounds=ROUNDS)
        median = dict(times.median)
        ours = median.pop("predict_stream")
        fastest = min(median, key=lambda name: median[name])
        turns = times.warm["predict_stream"] / times.warm[fastest]
        ratio = summary(turns)
        low, high = ratio["quartiles"]
        told = ", ".join(f"{name} {seconds * 1e3:.0f}" for name, seconds in median.items())
        figure = (
            f"{ratio['median']:.2f} ({low:.2f} to {high:.2f}) of the {fastest}'s time; "
            f"medians: {ours * 1e3:.0f} ms, {told}"
        )
        data = {"seconds": summaries(times.warm), "first_call": times.first, "ratio": ratio}
        met = at_most(ratio, 1.02)
        yield Measured(f"predict_stream, {what}", worded(figure, met), SPEED, met, data)


def workloads() -> Iterator[tuple[str, Any, Any]]:
    """Yield what to say of it, a model and a Dataset."""
    import numpy as np

    import kerasdemo as kd

    tf, keras = import_tensorflow(), import_keras()
    images = np.concatenate([kd.load_digits().images] * 3)
    rows = np.random.default_rng(0).random((20_000, 20), dtype=np.float32)
    layers = keras.layers
    small = keras.Sequential(
        [keras.Input((20,)), layers.Dense(16, activation="relu"), layers.Dense(4)]
    )
    for batch in (32, 256):
        dataset = tf.data.Dataset.from_tensor_slices(images).batch(batch)
        yield f"classifier, batches of {batch}", kd.load_classifier(), dataset
    yield (
        "two dense layers, batches of 32",
        small,
        tf.data.Dataset.from_tensor_slices(rows).batch(32),
    )


def ways(model: Any, dataset: Any) -> dict[str, Callable[[], Any]]:
    """Return the four ways, each of which looks at every result."""
    import kerasdemo as kd

    tf = import_tensorflow()
    compiled = tf.function(partial(model, training=False), reduce_retracing=True)
    return {
        "predict": lambda: model.predict(dataset, verbose=0),
        "predict_on_batch loop": lambda: [len(model.predict_on_batch(x)) for x in dataset],
        "compiled loop": lambda: [len(compiled(x).numpy()) for x in dataset],
        "predict_stream": lambda: [len(y) for y in kd.predict_stream(model, dataset)],
    }


def measure_memory() -> Measured:
    """Compare a stream of a million samples with one of ten thousand, and with predict."""
    what = f"predict_stream, memory from {SHORT:,} to {LONG:,} samples"
    budget = f"flat: at most {FLAT} MB more"
    if not Path("/proc/self/clear_refs").exists():
        figure = "not measured: the peak of a stretch is read from Linux's /proc"
        return Measured(what, figure, budget, None)
    short, long = (in_process("stream", n) for n in (SHORT, LONG))
    whole = in_process("predict", LONG)
    figure = (
        f"{short:.0f} MB, then {long:.0f} MB; predict takes {whole:.0f} MB for "
        f"{LONG * WIDTH * 4 / 1e6:.0f} MB of results"
    )
    data = {"short_MB": short, "long_MB": long, "predict_MB": whole}
    return Measured(what, figure, budget, long - short <= FLAT, data)


def in_process(way: str, samples: int) -> float:
    """Return the megabytes that a way takes in a fresh process."""
    command = [sys.executable, __file__, way, str(samples)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def one_process(way: str, samples: int) -> float:
    """Warm up, begin counting, go through the Dataset, and return megabytes above the start."""
    import kerasdemo as kd

    tf, keras = import_tensorflow(), import_keras()
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(WIDTH)])

    def dataset(count: int) -> Any:
        batches = tf.data.Dataset.range(count).batch(250)
        return batches.map(lambda i: tf.tile(tf.cast(i, "float32")[:, None], [1, 20]))

    def go(count: int) -> int:
        if way == "predict":
            return len(model.predict(dataset(count), verbose=0))
        return sum(map(len, kd.predict_stream(model, dataset(count))))

    go(SHORT)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = peak()
    assert go(samples) == samples
    return peak() - before


def peak() -> float:
    """Return this process's highest resident memory so far, in megabytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e3


if __name__ == "__main__":
    print(one_process(sys.argv[1], int(sys.argv[2])))
