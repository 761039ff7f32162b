"""Claims about layers that are random, about training mode, and about NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasdemo._backend import import_keras
from kerasdemo.classifier import build_classifier
from kerasdemo.digits import load_digits
from kerasdemo.evidence.saving import exported_to
from kerasdemo.evidence.scenes import difference, numbers
from kerasdemo.evidence.seen import Seen, judge, judge_all, words


def flipping() -> Any:
    """Return a model that flips images in training, and does nothing else."""
    keras = import_keras()
    image = keras.Input((6, 6, 1))
    return keras.Model(image, keras.layers.RandomFlip(seed=1)(image))


def call_is_predict() -> Seen:
    """Compare model(x) with predict: with dropout, and with a layer that augments images."""
    keras = import_keras()
    image = keras.Input((6, 6, 1))
    dropping = keras.Model(image, keras.layers.Dropout(0.5)(image))
    x = numbers(32, 6, 6, 1)
    apart = {}
    for name, model in {"Dropout": dropping, "RandomFlip": flipping()}.items():
        wanted = model.predict(x, verbose=0)
        apart[name] = difference(model(x), wanted)
        apart[f"{name}, training=False"] = difference(model(x, training=False), wanted)
    seen = {name: value < 1e-5 for name, value in apart.items()}
    return judge_all(seen, f"from predict: {words({k: f'{v:.1g}' for k, v in apart.items()})}")


def export_is_predict() -> Seen:
    """Export a model with a layer that augments images, and one with dropout."""
    keras = import_keras()
    image = keras.Input((6, 6, 1))
    dropping = keras.Model(image, keras.layers.Dropout(0.5)(image))
    x = numbers(32, 6, 6, 1)
    apart = {}
    for name, model in {"Dropout": dropping, "RandomFlip": flipping()}.items():
        loaded = exported_to(model)
        apart[name] = difference(loaded.serve(x), model.predict(x, verbose=0))
    seen = {name: value < 1e-5 for name, value in apart.items()}
    return judge_all(seen, f"from predict: {words({k: f'{v:.1g}' for k, v in apart.items()})}")


def dropout_stays_on() -> Seen:
    """Build dropout with training=True and predict the same row ten times, and call the model."""
    keras = import_keras()
    row = keras.Input((8,))
    model = keras.Model(row, keras.layers.Dropout(0.5, seed=1)(row, training=True))
    x = np.ones((1, 8), np.float32)
    spread = {
        "predict": np.std([model.predict(x, verbose=0) for _ in range(10)], axis=0).max(),
        "model(x)": np.std([np.asarray(model(x)) for _ in range(10)], axis=0).max(),
    }
    seen = {name: bool(value > 0) for name, value in spread.items()}
    return judge_all(seen, f"10 times, spread: {words({k: f'{v:.2g}' for k, v in spread.items()})}")


def nan_comes_out() -> Seen:
    """Put a NaN into one feature and ask each method whether one comes out."""
    keras = import_keras()
    row = keras.Input((8,))
    hidden = keras.layers.Dense(8, activation="relu")(row)
    model = keras.Model(row, keras.layers.Dense(4, activation="softmax")(hidden))
    x = np.ones((1, 8), np.float32)
    x[0, 3] = np.nan
    outputs = {
        "predict": model.predict(x, verbose=0),
        "predict_on_batch": model.predict_on_batch(x),
        "predict_step": np.asarray(model.predict_step(x)),
        "model(x)": np.asarray(model(x)),
    }
    seen = {name: bool(np.isnan(output).any()) for name, output in outputs.items()}
    shown = {name: "NaN" if nan else "numbers" for name, nan in seen.items()}
    return judge_all(seen, words(shown))


def bar_shows_the_trained_model() -> Seen:
    """Train the classifier for one epoch, and ask it about the same digits again."""
    model, digits = build_classifier(), load_digits().train
    bar = model.fit(digits.images, digits.labels, batch_size=250, verbose=0)
    shown = bar.history["accuracy"][0]
    _, again = model.evaluate(digits.images, digits.labels, batch_size=250, verbose=0)
    evidence = f"shown for the epoch: {shown:.2f}; the same digits after it: {again:.2f}"
    return judge(abs(shown - again) < 0.05, evidence)
