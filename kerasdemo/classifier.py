"""The convolutional network of the lessons: build it, train it, load the one that ships.

``python -m kerasdemo.classifier`` trains the classifier that ships with the package again;
``python -m kerasdemo.classifier --report`` only measures it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo._training import batches, training_bar
from kerasdemo.digits import Digits, load_digits

Floats = npt.NDArray[np.float32]

DATA = Path(str(resources.files("kerasdemo"))) / "data"
MODEL_FILE = "classifier.keras"
FACTS_FILE = "classifier.json"
PROBABILITIES_FILE = "probabilities.npz"
MEND = "Install kerasdemo again, or remake the file: python -m kerasdemo.classifier"

__all__ = ["build_classifier", "load_classifier", "load_probabilities", "train_classifier"]


def build_classifier(*, seed: int = 0) -> Any:
    """Build the untrained classifier: two convolutions, two dense layers, 431,242 parameters.

    Introduced in lesson 02.

    Parameters
    ----------
    seed : int
        Decides the first weights and which values dropout leaves out.

    Returns
    -------
    keras.Model
        Takes images, float32 (n, 28, 28, 1) in [0, 1]; gives probabilities, float32 (n, 10).
        Compiled with Adam, sparse categorical cross-entropy and accuracy.

    Examples
    --------
    >>> build_classifier().count_params()
    431242
    """
    keras = import_keras()
    layers = keras.layers

    def start(number: int) -> Any:
        return keras.initializers.GlorotUniform(seed=10 * seed + number)

    image = keras.Input((28, 28, 1), name="image")
    x = layers.Conv2D(32, 3, activation="relu", kernel_initializer=start(1), name="edges")(image)
    x = layers.MaxPooling2D(2, name="edges_pooled")(x)
    x = layers.Dropout(0.25, seed=10 * seed + 5, name="edges_dropout")(x)
    x = layers.Conv2D(64, 3, activation="relu", kernel_initializer=start(2), name="strokes")(x)
    x = layers.MaxPooling2D(2, name="strokes_pooled")(x)
    x = layers.Dropout(0.25, seed=10 * seed + 6, name="strokes_dropout")(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(256, activation="relu", kernel_initializer=start(3), name="features")(x)
    x = layers.Dense(10, activation="softmax", kernel_initializer=start(4), name="digit")(x)
    model = keras.Model(image, x, name="digit_classifier")
    _compile(model, keras.optimizers.Adam())
    return model


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

    Introduced in lesson 02.

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
        rare ways of writing more often. Without it, a classifier knows one style of writing.
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
    _compile(model, keras.optimizers.Adam(falling))
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
    _compile(model, keras.optimizers.Adam())
    return model, history


def load_classifier() -> Any:
    """Load the trained classifier that ships with kerasdemo.

    The file is compared with its SHA-256 before Keras opens it.

    Introduced in lesson 00.

    Returns
    -------
    keras.Model
        As built by :func:`build_classifier`, trained and compiled.

    Raises
    ------
    FileNotFoundError
        If a file of the package is missing.
    ValueError
        If the model is not the one that was shipped.

    Examples
    --------
    >>> load_classifier().output_shape
    (None, 10)
    """
    path = _shipped(MODEL_FILE)
    expected = json.loads(_shipped(FACTS_FILE).read_text(encoding="utf-8"))["sha256"]
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise ValueError(
            f"{path} is not the file that was shipped: its SHA-256 begins with {found[:12]}, "
            f"expected {expected[:12]}. {MEND}"
        )
    keras = import_keras()
    model = keras.saving.load_model(path, safe_mode=True)
    _compile(model, keras.optimizers.Adam())
    return model


def load_probabilities() -> Floats:
    """Load what the shipped classifier predicts for every embedded digit; needs no TensorFlow.

    Introduced in lesson 00.

    Returns
    -------
    numpy.ndarray, shape (1797, 10), float32
        Row ``i`` belongs to sample ``i`` of ``load_digits()``; each row sums to 1.

    Raises
    ------
    FileNotFoundError
        If the file of the package is missing.

    Examples
    --------
    >>> load_probabilities()[0].argmax()
    np.int64(0)
    """
    with np.load(_shipped(PROBABILITIES_FILE)) as archive:
        probabilities: Floats = archive["probabilities"]
    return probabilities


def main(arguments: list[str] | None = None) -> None:
    """Remake the shipped files, or only measure them."""
    from kerasdemo import _shipped_classifier as shipped

    parser = argparse.ArgumentParser(prog="python -m kerasdemo.classifier", description=__doc__)
    parser.add_argument("--report", action="store_true", help="measure the shipped file, no more")
    options = parser.parse_args(arguments)
    if not options.report:
        shipped.remake()
    print(shipped.report())


def _compile(model: Any, optimizer: Any) -> None:
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def _shipped(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. {MEND}")
    return path


if __name__ == "__main__":
    main()
