"""The convolutional network of the lessons, built but not trained."""

from __future__ import annotations

from typing import Any

from kerasdemo._backend import import_keras

__all__ = ["build_classifier", "compile_with"]


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
    compile_with(model, keras.optimizers.Adam())
    return model


def compile_with(model: Any, optimizer: Any) -> None:
    """Compile the classifier for its ten classes; what was traced before is forgotten."""
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
