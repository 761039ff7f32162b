"""What both functions are tried with: the model, the held-out digits, the classes that it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Material:
    """The model and what it is asked.

    Attributes
    ----------
    model : keras.Model
    images : ndarray of float32, shape (n, 28, 28, 1)
    classes : ndarray of int64, shape (n,)
        What ``model.predict`` names, the standard that the functions are held to.
    """

    model: Any
    images: NDArray[np.float32]
    classes: NDArray[np.int64]


def material(model: Any, images: NDArray[np.float32]) -> Material:
    """Ask the model once, in the plainest way."""
    return Material(model, images, model.predict(images, verbose=0).argmax(axis=1))


def integers(answer: object) -> bool:
    """Say whether an answer is a NumPy array of whole numbers.

    Examples
    --------
    >>> integers(np.array([3, 1])), integers(np.array([3.0])), integers([3, 1])
    (True, False, False)
    """
    return isinstance(answer, np.ndarray) and answer.dtype.kind in "iu"


def described(answer: object) -> str:
    """Say what an answer is: type, dtype and shape as far as it has them.

    Examples
    --------
    >>> described(np.zeros(3, "int64")), described([3, 1]), described(None)
    ('ndarray of int64, shape (3,)', 'list', 'nothing (no return?)')
    >>> described(np.argmax([3, 1]))
    'a single int64'
    """
    if answer is None:
        return "nothing (no return?)"
    shape, dtype = getattr(answer, "shape", None), getattr(answer, "dtype", None)
    kind = type(answer).__name__
    if isinstance(answer, np.generic):
        return f"a single {kind}"
    if shape is None or dtype is None:
        return kind
    return f"{kind} of {getattr(dtype, 'name', dtype)}, shape {tuple(shape)}"


def agreement(given: object, wanted: NDArray[np.int64]) -> tuple[str, bool]:
    """Say how many classes are the wanted ones.

    Examples
    --------
    >>> agreement([3, 1, 4], np.array([3, 1, 5]))
    ('2 of 3 the same', False)
    """
    classes = np.asarray(given)
    if classes.shape != wanted.shape:
        return f"shape {classes.shape}, not {wanted.shape}", False
    same = int(np.sum(classes == wanted))
    return f"{same} of {len(wanted)} the same", same == len(wanted)
