"""Remake and measure the classifier that ships with the package."""

from __future__ import annotations

import hashlib
import json
import platform
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.classifier import shipped
from kerasdemo.classifier.training import train_classifier
from kerasdemo.digits import load_digits
from kerasdemo.handwriting.strokes import FINE, stroke_maps
from kerasdemo.preprocess import SIZE, area_matrix, frame_digit

Floats = npt.NDArray[np.float32]

# The recipe. Changing it, or augment.py, means: run python -m kerasdemo.classifier.
EPOCHS = 300
SEED = 0
BATCH = 500  # samples predicted at once
NEW_KEYS = ("input_axes", "output_axes", "quantization_config")  # unknown to Keras 3.12

__all__ = ["remake", "report", "variations"]


def remake() -> None:
    """Train the classifier with its recipe and write the three shipped files."""
    digits = load_digits()
    start = time.perf_counter()
    model, _ = train_classifier(digits=digits, epochs=EPOCHS, seed=SEED)
    seconds = time.perf_counter() - start
    facts = write(model)
    print(f"{shipped.MODEL_FILE}: {facts['bytes']:,} bytes, trained in {seconds:.0f} s")


def write(model: Any) -> dict[str, Any]:
    """Write the three shipped files from a trained model.

    Returns
    -------
    dict
        What ``classifier.json`` says.
    """
    keras, tf = import_keras(), import_tensorflow()
    digits = load_digits()
    # The same layers in a model that is not compiled: no optimizer, which would triple the file.
    bare = keras.Model(model.input, model.output, name=model.name)
    path = shipped.DATA / shipped.MODEL_FILE
    bare.save(path)
    drop_new_keys(path)
    probabilities = _predict(keras.saving.load_model(path, safe_mode=True), digits.images)
    np.savez_compressed(shipped.DATA / shipped.PROBABILITIES_FILE, probabilities=probabilities)
    right = probabilities.argmax(axis=1) == digits.labels
    facts = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "parameters": model.count_params(),
        "recipe": {"epochs": EPOCHS, "seed": SEED, "augment": True},
        "training_accuracy": round(float(right[~digits.is_test].mean()), 4),
        "held_out_accuracy": round(float(right[digits.is_test].mean()), 4),
        "made_with": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }
    text = json.dumps(facts, indent=2) + "\n"
    (shipped.DATA / shipped.FACTS_FILE).write_text(text, encoding="utf-8")
    return facts


def drop_new_keys(path: Path) -> None:
    """Take out of a .keras file what only newer Keras versions know, where it says nothing.

    Keras 3.13 began to write some settings of layers and initializers that Keras 3.12, the last
    for Python 3.10, refuses to read. Left at None they mean what 3.12 does anyway.
    """
    with zipfile.ZipFile(path) as old:
        parts = {item: old.read(item) for item in old.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        for item, content in parts.items():
            if item.filename == "config.json":
                content = json.dumps(_without_new_keys(json.loads(content))).encode()
            new.writestr(item, content)


def _without_new_keys(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            name: _without_new_keys(value)
            for name, value in part.items()
            if value is not None or name not in NEW_KEYS
        }
    return [_without_new_keys(value) for value in part] if isinstance(part, list) else part


def report() -> str:
    """Measure the shipped classifier on the embedded digits.

    Returns
    -------
    str
        The accuracy on training and held-out samples, and a table of the held-out samples by
        class and by the way they are drawn.
    """
    model = shipped.load_classifier()
    digits = load_digits()
    train, test = digits.train, digits.test
    known = _predict(model, train.images).argmax(axis=1) == train.labels
    lines = [
        f"training samples: {known.mean():.2%} of {len(train)} right",
        "held-out samples, per cent right:",
        "",
        f"{'drawn':<22}{'all':>7}" + "".join(f"{label:>6}" for label in range(10)),
    ]
    for name, images in variations(test.images).items():
        right = _predict(model, images).argmax(axis=1) == test.labels
        each = "".join(f"{100 * right[test.labels == k].mean():6.0f}" for k in range(10))
        lines.append(f"{name:<22}{100 * right.mean():7.2f}{each}")
    return "\n".join(lines)


def variations(images: Floats) -> dict[str, Floats]:
    """Draw the same digits in other fixed ways.

    Parameters
    ----------
    images : numpy.ndarray, shape (n, 28, 28, 1), float32

    Returns
    -------
    dict
        From a name to images of the same shape. Those that are moved or shrunk are not framed
        again: they show what a drawing costs that was not framed.
    """
    outline, middle = stroke_maps(images)[:, :2].astype(np.float32).swapaxes(0, 1)
    plain = images[..., 0]

    def inked(depth: Floats) -> Floats:
        return np.asarray(np.clip(0.5 + depth * FINE, 0, 1), dtype=np.float32)

    drawn: dict[str, Floats] = {
        "as embedded": plain,
        "pen of 1.5 pixels": _each(frame_digit, inked(0.75 - middle)),
        "pen of 4 pixels": _each(frame_digit, inked(2 - middle)),
        "strokes 1 px thinner": _each(frame_digit, inked(-0.5 - outline)),
        "strokes 1 px thicker": _each(frame_digit, inked(0.5 - outline)),
        "slanted 25 deg right": _each(lambda ink: frame_digit(_slanted(ink, 25)), inked(-outline)),
        "slanted 25 deg left": _each(lambda ink: frame_digit(_slanted(ink, -25)), inked(-outline)),
        "two thirds as wide": _each(lambda ink: frame_digit(_narrowed(ink)), inked(-outline)),
        "moved right by 2": np.roll(plain, 2, axis=2),
        "moved down by 2": np.roll(plain, 2, axis=1),
        "shrunk to 3/4": _each(_shrunk, plain),
    }
    return {name: pictures[..., None] for name, pictures in drawn.items()}


def _each(change: Callable[[Floats], Floats], pictures: Floats) -> Floats:
    return np.stack([change(picture) for picture in pictures])


def _slanted(ink: Floats, degrees: float) -> Floats:
    """Shift each row sideways; what is above goes right for positive angles."""
    height = len(ink)
    wide = np.pad(ink, ((0, 0), (height // 2, height // 2)))
    shifts = np.round(np.tan(np.radians(degrees)) * (height / 2 - np.arange(height))).astype(int)
    return np.stack([np.roll(row, shift) for row, shift in zip(wide, shifts, strict=True)])


def _narrowed(ink: Floats) -> Floats:
    width = ink.shape[1]
    return np.asarray(ink @ area_matrix(width, width * 2 // 3).T, dtype=np.float32)


def _shrunk(picture: Floats) -> Floats:
    small = SIZE * 3 // 4
    matrix = area_matrix(SIZE, small)
    edge = (SIZE - small) // 2
    shrunk = np.zeros_like(picture)
    shrunk[edge : edge + small, edge : edge + small] = matrix @ picture @ matrix.T
    return shrunk


def _predict(model: Any, images: Floats) -> Floats:
    parts = [model.predict_on_batch(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
    return np.concatenate(parts)
