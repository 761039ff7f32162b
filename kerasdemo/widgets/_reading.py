"""How the drawing pad asks a model: one image in, one row of probabilities out, or why not."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kerasdemo.prediction import type_name
from kerasdemo.spy import COUNTING
from kerasdemo.widgets._checks import check_rows

__all__ = ["LOADING", "read_image", "shipped_classifier"]

LOADING = "Loading the classifier; the first time takes some seconds."
SHAPE = (28, 28, 1)
NAME = "What the model returned"


@functools.lru_cache(maxsize=1)
def shipped_classifier() -> Any:
    """Load the shipped classifier once for all the pads, with its first call behind it."""
    from kerasdemo.classifier import load_classifier

    model = load_classifier()
    model.predict_on_batch(np.zeros((1, *SHAPE), dtype=np.float32))
    return model


def read_image(model: Any, image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return what a model makes of one image.

    Parameters
    ----------
    model : keras.Model
        Asked once, with `predict_on_batch`.
    image : numpy.ndarray, shape (28, 28, 1), float32

    Returns
    -------
    numpy.ndarray, shape (classes,), float32

    Raises
    ------
    ValueError
        If the model takes something else than this image, or gives something else than one row of
        probabilities. What the model itself raises comes through.

    Examples
    --------
    >>> class Model:
    ...     def predict_on_batch(self, images):
    ...         return np.array([[0.25, 0.75]])
    >>> read_image(Model(), np.zeros((28, 28, 1), dtype="float32"))
    array([0.25, 0.75], dtype=float32)
    """
    _check_input(model)
    with COUNTING:  # a cell may have lent the model another compiled function
        returned = model.predict_on_batch(image[None])
    if isinstance(returned, Mapping | list | tuple):
        raise ValueError(
            f"The model returned a {type_name(returned)}; the pad needs one array of "
            "probabilities, (1, classes)."
        )
    row = np.asarray(returned)
    if row.ndim != 2 or len(row) != 1 or row.shape[1] < 2:
        raise ValueError(
            f"The model returned shape {row.shape}; the pad needs a row of probabilities for two "
            "classes or more, (1, classes)."
        )
    answer: npt.NDArray[np.float32] = check_rows({NAME: row.astype(np.float32)})[NAME][0]
    return answer


def _check_input(model: Any) -> None:
    """Raise an error that names the layer to put in front of a model for other images."""
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) > 1:
        raise ValueError(f"The model has {len(inputs)} inputs; the pad has one image to give.")
    shape = tuple(inputs[0].shape)[1:] if inputs else SHAPE
    if len(shape) == 3 and all(a in (None, b) for a, b in zip(shape, SHAPE, strict=True)):
        return
    sides = ", ".join(map(str, shape))
    if None in shape:
        layer = ""
    elif math.prod(shape) == math.prod(SHAPE):
        layer = f"Reshape({shape})"
    elif len(shape) == 3 and shape[2] == 1:
        layer = f"Resizing({shape[0]}, {shape[1]})"
    else:
        layer = ""
    mend = f"keras.Sequential([keras.Input((28, 28, 1)), keras.layers.{layer}, model])."
    raise ValueError(
        f"The model takes (n, {sides}); the pad gives (1, 28, 28, 1)."
        + (f" Put a layer in front: {mend}" if layer else "")
    )
