"""The trained classifier that ships with the package, and what it predicts for every digit."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kerasdemo._backend import import_keras
from kerasdemo.classifier.network import compile_with
from kerasdemo.sources.npz import read_npz

Floats = npt.NDArray[np.float32]

DATA = Path(str(resources.files("kerasdemo"))) / "data"
MODEL_FILE = "classifier.keras"
FACTS_FILE = "classifier.json"
PROBABILITIES_FILE = "probabilities.npz"
MEND = "Install kerasdemo again, or remake the file: python -m kerasdemo.classifier"

__all__ = [
    "DATA",
    "FACTS_FILE",
    "MODEL_FILE",
    "PROBABILITIES_FILE",
    "load_classifier",
    "load_probabilities",
]


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
    compile_with(model, keras.optimizers.Adam())
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
    FileNotFoundError, ValueError
        If the file of the package is missing, or damaged.

    Examples
    --------
    >>> int(load_probabilities()[0].argmax())
    0
    """
    return read_npz(_shipped(PROBABILITIES_FILE), {"probabilities": "<f4"})["probabilities"]


def _shipped(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. {MEND}")
    return path
