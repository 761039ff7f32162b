"""Small models and data for the measurements: made in milliseconds, the same on every run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.prediction import gap, gather

Floats = NDArray[np.float32]


def numbers(*shape: int, seed: int = 0) -> Floats:
    """Return float32 numbers in [0, 1), the same for the same shape and seed."""
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def dense(inputs: int = 8, outputs: int = 3, **options: Any) -> Any:
    """Build a functional model of one softmax layer: (n, inputs) to (n, outputs)."""
    keras = import_keras()
    x = keras.Input((inputs,), name="row")
    start = keras.initializers.GlorotUniform(seed=1)
    options = {"activation": "softmax", "kernel_initializer": start, **options}
    return keras.Model(x, keras.layers.Dense(outputs, **options)(x))


def pooled_layers() -> list[Any]:
    """Return a convolution, the mean over the image, two classes: any image size fits them."""
    layers = import_keras().layers
    return [
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2, activation="softmax"),
    ]


def pooled(kind: str, shape: tuple[int, int, int]) -> Any:
    """Build a model over images as ``"functional"``, ``"sequential"`` or ``"subclassed"``."""
    keras = import_keras()
    if kind == "sequential":
        return keras.Sequential([keras.Input(shape), *pooled_layers()])
    if kind == "functional":
        x = image = keras.Input(shape)
        for layer in pooled_layers():
            x = layer(x)
        return keras.Model(image, x)

    class Pooled(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.parts = pooled_layers()

        def call(self, x: Any) -> Any:
            for part in self.parts:
                x = part(x)
            return x

    model = Pooled()
    model(np.zeros((1, *shape), np.float32))
    return model


KINDS = ("functional", "sequential", "subclassed")


def weighted_sum() -> Any:
    """Build a subclassed model of two inputs: a + 10 b, and a alone if only that arrives."""
    keras = import_keras()

    class WeightedSum(keras.Model):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any) -> Any:
            if isinstance(inputs, (list, tuple)):
                return inputs[0] + 10.0 * inputs[1]
            return inputs

    return WeightedSum()


def dataset(*parts: Any, batch: int | None = 32) -> Any:
    """Return a ``tf.data.Dataset`` over arrays: of x, or of tuples if there are several."""
    tf = import_tensorflow()
    slices = tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0])
    return slices if batch is None else slices.batch(batch)


def difference(one: Any, other: Any) -> float:
    """Return the largest absolute difference of two outputs, NumPy or tensor."""
    arrays = [gather("call", (part,)).probabilities for part in (one, other)]
    return gap(*arrays)


def step_model(step: Any, inputs: int = 8, outputs: int = 3) -> Any:
    """Build `dense` with another ``predict_step``: ``step(model, data)``."""
    keras = import_keras()

    class Stepped(keras.Model):  # type: ignore[misc, name-defined]
        def predict_step(self, data: Any) -> Any:
            return step(self, data)

    plain = dense(inputs, outputs)
    return Stepped(plain.input, plain.output)
