"""Claims about ``tf.data``: what a Dataset yields, in which order, and who reads it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from kerasdemo._backend import import_tensorflow
from kerasdemo.classifier import load_classifier
from kerasdemo.digits import load_digits
from kerasdemo.evidence.scenes import KINDS, dataset, dense, difference, numbers, pooled
from kerasdemo.evidence.seen import UNMEASURED, Seen, attempt, judge, words
from kerasdemo.spy import event_counter


def dataset_needs_array() -> Seen:
    """Predict a Dataset as it is, and joined into one array first."""
    digits = load_digits().test[:100]
    model, data = load_classifier(), dataset(digits.images, digits.labels)
    joined = np.concatenate([x for x, _ in data.as_numpy_iterator()])
    apart = difference(model.predict(data, verbose=0), model.predict(joined, verbose=0))
    return judge(apart > 1e-5, f"100 digits without and with the array: {apart:.1g} apart")


def batching_optional() -> Seen:
    """Predict a Dataset of three images that nobody batched."""
    images = numbers(3, 28, 28, 1)
    came: dict[str, Any] = {}
    for kind in KINDS:
        model = pooled(kind, (28, 28, 1))
        came[kind] = attempt(model.predict, dataset(images, batch=None), verbose=0)
    right = [c.shape == (3, 2) for c in came.values()]
    return judge(all(right), "3 images: " + words({k: c.raised or c for k, c in came.items()}))


def unbatch_yields_batches() -> Seen:
    """Take the first element of an unbatched Dataset, and of a batched one."""
    data = dataset(numbers(64, 28, 28, 1))
    single = next(data.unbatch().as_numpy_iterator()).shape
    batch = next(data.as_numpy_iterator()).shape
    return judge(single == batch, f"unbatched {single}, batched {batch}")


def list_holds_batches() -> Seen:
    """Count what list() holds of an unbatched Dataset of 64 images in batches of 32."""
    held = list(dataset(numbers(64, 28, 28, 1)).unbatch().as_numpy_iterator())
    return judge(len(held) == 2, f"{len(held)} elements of shape {held[0].shape}")


def dataset_yields_arrays() -> Seen:
    """Look at what a loop over a Dataset of NumPy arrays gets."""
    kind = type(next(iter(dataset(numbers(64, 8)))))
    return judge(kind is np.ndarray, f"each element: {kind.__name__}")


def shuffled_predictions_align() -> Seen:
    """Predict a shuffled Dataset, then read its rows again for the labels."""
    x = np.arange(100, dtype=np.float32)[:, None]
    data = dataset(x, x[:, 0]).unbatch().shuffle(100).batch(32)
    model = dense(1, 1, activation=None, kernel_initializer="ones")
    rows = model.predict(data, verbose=0)[:, 0]
    labels = np.concatenate([y for _, y in data.as_numpy_iterator()])
    aligned = int((rows == labels).sum())
    return judge(aligned == 100, f"{aligned} of 100 predictions beside their own label")


def predict_reads_labels() -> Seen:
    """Predict with the right labels and with wrong ones."""
    digits = load_digits().test[:100]
    model = load_classifier()
    right = model.predict(dataset(digits.images, digits.labels), verbose=0)
    wrong = model.predict(dataset(digits.images, 9 - digits.labels), verbose=0)
    apart = difference(right, wrong)
    accuracy = float((right.argmax(axis=-1) == digits.labels).mean())
    evidence = f"with wrong labels the same output ({apart:.1g}); compared: {accuracy:.0%} right"
    return judge(apart > 0, evidence)


def batch_size_with_dataset() -> Seen:
    """Ask for batches of 10 where the Dataset has batches of 32."""
    model, x = dense(), numbers(64, 8)
    counts = {}
    for name, given in {"array": x, "Dataset": dataset(x)}.items():
        counter = event_counter()
        model.predict(given, batch_size=10, verbose=0, callbacks=[counter])
        counts[name] = counter.batches
    return judge(counts["Dataset"] == 7, f"64 rows, batch_size=10; batches run: {words(counts)}")


def pipeline_in_graph() -> Seen:
    """Count how often Python runs a map function, and one inside numpy_function."""
    tf = import_tensorflow()
    runs: dict[str, int] = {"map": 0, "numpy_function": 0}

    def noted(name: str, x: Any) -> Any:
        runs[name] += 1
        return x

    data = tf.data.Dataset.range(10).map(lambda x: noted("map", x))
    data = data.map(
        lambda x: tf.numpy_function(lambda v: noted("numpy_function", v), [x], tf.int64)
    )
    list(data)
    return judge(max(runs.values()) <= 1, f"Python ran for 10 elements: {words(runs)}")


def shuffle_mixes() -> Seen:
    """Count the classes in each batch of 32 sorted digits, and of shuffled ones."""
    train = load_digits().train
    labels = np.sort(train.labels)

    def classes(data: Any) -> float:
        return float(np.mean([len(set(batch)) for batch in data.batch(32).as_numpy_iterator()]))

    data = dataset(labels, batch=None)
    before, after = classes(data), classes(data.shuffle(len(labels), seed=1))
    return judge(
        after > 3 * before, f"classes in a batch of 32: sorted {before:.1f}, shuffled {after:.1f}"
    )


def shuffle_buffer_is_free() -> Seen:
    """Count how many elements are read before the first one comes out."""
    tf = import_tensorflow()
    read = itertools.count()

    def source() -> Any:
        return ((next(read),) for _ in range(500))

    kind = (tf.TensorSpec((), tf.int64),)
    data = tf.data.Dataset.from_generator(source, output_signature=kind).shuffle(500)
    next(iter(data))
    waiting = next(read)
    return judge(waiting < 50, f"{waiting} of 500 elements were read, and kept, for the first one")


def autotune_exists() -> Seen:
    """Look for the constant."""
    tf = import_tensorflow()
    value = getattr(tf.data, "AUTOTUNE", None)
    return judge(value is not None, f"tf.data.AUTOTUNE is {value}")


def autotune_buffer() -> Seen:
    """Say what cannot be seen: the buffer's size while it runs."""
    tf = import_tensorflow()
    taken = attempt(lambda: list(tf.data.Dataset.range(3).prefetch(tf.data.AUTOTUNE)))
    worked = "prefetch(AUTOTUNE) runs" if not taken.raised else str(taken)
    return Seen(UNMEASURED, f"{worked}; no public call tells the size that it chose")
