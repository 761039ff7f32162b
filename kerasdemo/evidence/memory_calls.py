"""Calls whose memory is measured: each function prepares one for so many MB, and returns it.

Rows are wide (65,536 numbers) and the model is one dense layer, so that the rows are all that
counts. Every path is run once on a few rows beforehand: what TensorFlow itself sets up is not
counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasdemo._backend import import_tensorflow
from kerasdemo.evidence.scenes import dense

WIDE = 65_536
BATCH = 32
Prepared = Callable[[], Any]


def now(call: Prepared) -> Any:
    """Make the call that was prepared."""
    return call()


def rows_for(megabytes: int) -> int:
    """Return how many rows of float32 make that many MB, in whole batches."""
    return max(2, round(megabytes * 1_000_000 / (4 * WIDE * BATCH))) * BATCH


def rows(count: int) -> Any:
    """Return an array (count, 65536) of float32, every page of it written."""
    return np.ones((count, WIDE), np.float32)


def stream(count: int) -> Any:
    """Return a Dataset that makes its batches as it goes: nothing is stored."""
    tf = import_tensorflow()

    def batches() -> Iterator[Any]:
        for _ in range(count // BATCH):
            yield rows(BATCH)

    return tf.data.Dataset.from_generator(
        batches, output_signature=tf.TensorSpec((BATCH, WIDE), tf.float32)
    )


def warm(model: Any, x: Any = None) -> Any:
    """Run both methods on arrays, slices and Datasets, so that their own set-up is not counted."""
    x = rows(2 * BATCH) if x is None else x
    model.predict(x, batch_size=BATCH, verbose=0)
    model.predict_on_batch(x[:BATCH])
    if x.shape[1] == WIDE:
        model.predict(stream(2 * BATCH), verbose=0)
    return model


def narrow() -> Any:
    """Return a warm model from 65,536 numbers to 1."""
    return warm(dense(WIDE, 1, activation=None))


def broad() -> Any:
    """Return a warm model from 1 number to 65,536."""
    return warm(dense(1, WIDE, activation=None), np.ones((2 * BATCH, 1), np.float32))


def predict_dataset(megabytes: int) -> Prepared:
    """Predict a Dataset whose rows exist one batch at a time."""
    model, count = narrow(), rows_for(megabytes)
    data = stream(count)
    return lambda: model.predict(data, verbose=0)


def join_then_predict(megabytes: int) -> Prepared:
    """Join such a Dataset into an array, then predict that."""
    model, count = narrow(), rows_for(megabytes)
    data = stream(count)

    def call() -> Any:
        x = np.concatenate(list(data.as_numpy_iterator()))
        return model.predict(x, verbose=0)

    return call


def predict_array(megabytes: int) -> Prepared:
    """Predict an array that is there already."""
    model, x = narrow(), rows(rows_for(megabytes))
    return lambda: model.predict(x, verbose=0)


def predict_slices(megabytes: int) -> Prepared:
    """Make a Dataset of an array by from_tensor_slices, and predict it."""
    tf = import_tensorflow()
    model, x = narrow(), rows(rows_for(megabytes))

    def call() -> Any:
        return model.predict(tf.data.Dataset.from_tensor_slices(x).batch(BATCH), verbose=0)

    return call


def on_batch_whole(megabytes: int) -> Prepared:
    """Give predict_on_batch a whole array."""
    model, x = narrow(), rows(rows_for(megabytes))
    return lambda: model.predict_on_batch(x)


def on_batch_slices(megabytes: int) -> Prepared:
    """Give predict_on_batch one slice of an array after the other."""
    model, x = narrow(), rows(rows_for(megabytes))
    starts = range(0, len(x), BATCH)
    return lambda: [model.predict_on_batch(x[i : i + BATCH]) for i in starts]


def predict_outputs(megabytes: int) -> Prepared:
    """Predict a few numbers into a large output."""
    model, x = broad(), np.ones((rows_for(megabytes), 1), np.float32)
    return lambda: model.predict(x, batch_size=BATCH, verbose=0)


def on_batch_outputs_reduced(megabytes: int) -> Prepared:
    """Predict the same by slices, and keep one number of each row."""
    model, x = broad(), np.ones((rows_for(megabytes), 1), np.float32)
    starts = range(0, len(x), BATCH)

    def call() -> Any:
        return [model.predict_on_batch(x[i : i + BATCH]).max(axis=-1) for i in starts]

    return call
