"""Training: samples redrawn without end, a bar that shows progress, and ``model.fit``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo._progress import progress_bar
from kerasdemo.augment import redraw
from kerasdemo.classifier.network import build_classifier, compile_with
from kerasdemo.digits import Digits, load_digits
from kerasdemo.handwriting.strokes import stroke_maps
from kerasdemo.handwriting.styles import draw_by_weight, rarity

MANY = 5_000  # samples: their stroke maps take 212 MB, and each is compared with all of its class
Floats = npt.NDArray[np.float32]

__all__ = ["batches", "train_classifier", "training_bar"]


def train_classifier(
    model: Any = None,
    digits: Digits | None = None,
    *,
    epochs: int = 5,
    augment: bool = True,
    batch_size: int = 128,
    learning_rate: float = 0.002,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Any, Any]:
    """Train a classifier on the training samples, redrawn afresh in each epoch.

    On one machine the same arguments give the same weights. The learning rate falls to 0 along
    half a cosine, so that the last epochs only polish.

    Parameters
    ----------
    model : keras.Model, optional
        Trained in place and compiled anew; by default ``build_classifier(seed=seed)``.
    digits : Digits, optional
        ``digits.train`` is used, never ``digits.test``; by default the embedded digits.
    epochs : int
        Each has as many samples as the training samples.
    augment : bool
        Redraw the digits with other hands and pens (:func:`kerasdemo.augment.augment`), and draw
        rare ways of writing more often. Without it, a classifier knows one style of writing. Of
        more than 5,000 training samples all are drawn alike: how rare each is would take a
        comparison of each with each.
    batch_size : int
        Samples in a batch.
    learning_rate : float
        Of Adam, at the start.
    seed : int
        Decides weights, order, dropout and redrawing.
    verbose : int
        1 shows a progress bar, 0 nothing.

    Returns
    -------
    model : keras.Model
        The trained model, compiled with a fresh Adam.
    history : keras.callbacks.History
        ``history.history["accuracy"]`` has one value an epoch, on the samples as redrawn.

    Raises
    ------
    ValueError
        If there is nothing to train on, or `epochs` or `batch_size` is less than 1.

    Examples
    --------
    >>> model, history = train_classifier(epochs=1, augment=False, verbose=0)
    >>> len(history.history["loss"])
    1
    """
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs is {epochs}, batch_size is {batch_size}; both need 1 or more.")
    train = (load_digits() if digits is None else digits).train
    if len(train) == 0:
        raise ValueError("digits has no training samples: digits.is_test is True for all of them.")
    keras, tf = import_keras(), import_tensorflow()
    if model is None:
        model = build_classifier(seed=seed)
    steps = math.ceil(len(train) / batch_size)
    falling = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * steps)
    compile_with(model, keras.optimizers.Adam(falling))
    stream = tf.data.Dataset.from_generator(
        lambda: batches(train, batch_size, augment, np.random.default_rng(seed)),
        output_signature=(
            tf.TensorSpec((None, 28, 28, 1), tf.float32),
            tf.TensorSpec((None,), tf.int64),
        ),
    )
    history = model.fit(
        stream.prefetch(4),
        epochs=epochs,
        steps_per_epoch=steps,
        shuffle=False,  # of a tf.data.Dataset Keras ignores True, its default, and warns
        verbose=0,
        callbacks=[training_bar(keras, epochs)] if verbose else [],
    )
    compile_with(model, keras.optimizers.Adam())
    return model, history


def batches(
    train: Digits, batch_size: int, augment: bool, rng: np.random.Generator
) -> Iterator[tuple[Floats, npt.NDArray[np.int64]]]:
    """Give batches without end; an epoch is as many samples as there are, in a new order.

    With `augment`, they are redrawn, and samples written in a rare way come more often; of up to
    `MANY` samples the stroke maps are kept, of more they are made batch by batch.
    """
    images = train.images
    at_once = augment and len(train) <= MANY
    maps = stroke_maps(images) if at_once else None
    weights = rarity(images, train.labels) if at_once else np.ones(len(train))
    while True:
        order = draw_by_weight(weights, rng)
        for start in range(0, len(train), batch_size):
            chosen = order[start : start + batch_size]
            batch, labels = images[chosen], train.labels[chosen]
            if augment:
                drawn = stroke_maps(batch) if maps is None else maps[chosen]
                batch = redraw(drawn, rng, labels=labels)
            yield batch, labels


def training_bar(keras: Any, epochs: int) -> Any:
    """Make a callback that shows a bar with loss and accuracy."""
    bar = progress_bar(epochs, desc="training", unit="epoch")

    def step(epoch: int, logs: dict[str, float]) -> None:
        bar.set_postfix(loss=f"{logs['loss']:.3f}", accuracy=f"{logs['accuracy']:.3f}")
        bar.update()

    def stop(logs: object = None) -> None:
        bar.close()

    return keras.callbacks.LambdaCallback(on_epoch_end=step, on_train_end=stop)
