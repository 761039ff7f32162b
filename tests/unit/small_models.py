"""Small models of every kind, for the tests of methods, comparison and spy."""

import keras
import numpy as np

SHAPE = (6, 6, 1)


def functional():
    inputs = keras.Input(SHAPE)
    x = keras.layers.Conv2D(3, 3, activation="relu")(inputs)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(0.5)(x)
    return keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(x))


def sequential():
    layers = keras.layers
    return keras.Sequential(
        [keras.Input(SHAPE), layers.Flatten(), layers.Dense(4, activation="softmax")]
    )


class Subclassed(keras.Model):
    """Without a ``training`` argument, as many students write it."""

    def __init__(self):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(4, activation="softmax")

    def call(self, x):
        return self.dense(self.flatten(x))


def dict_output():
    inputs = keras.Input(SHAPE)
    x = keras.layers.Flatten()(inputs)
    return keras.Model(
        inputs,
        {
            "digit": keras.layers.Dense(4, activation="softmax")(x),
            "slant": keras.layers.Dense(1)(x),
        },
    )


def list_output():
    inputs = keras.Input(SHAPE)
    x = keras.layers.Flatten()(inputs)
    outputs = [keras.layers.Dense(4, activation="softmax")(x), keras.layers.Dense(2)(x)]
    return keras.Model(inputs, outputs)


def two_inputs():
    a, b = keras.Input((3,)), keras.Input((3,))
    return keras.Model([a, b], keras.layers.Add()([a, b]))


class Overridden(keras.Model):
    """A ``predict_step`` that gives more than probabilities, written as it should be."""

    def __init__(self):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(4, activation="softmax")

    def call(self, x, training=False):
        return self.dense(self.flatten(x))

    def predict_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        p = self(x, training=False)
        return {"probabilities": p, "classes": keras.ops.argmax(p, axis=-1)}


def images(n=7, seed=0):
    return np.random.default_rng(seed).random((n, *SHAPE), dtype=np.float32)
