"""What the widgets accept, and what they say to what they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "check_class",
    "check_index",
    "check_labels",
    "check_positions",
    "check_rows",
    "check_shares",
    "check_top",
]

ROUNDING = 1e-3  # how far beyond 0 and 1 a probability may lie


def check_positions(value: Any, count: int, name: str = "selected") -> list[int]:
    """Return positions in a set of `count` samples as a list of int, each once.

    `name` is what an error calls them.

    Raises
    ------
    ValueError
        When a position is no whole number, is not there, or is given twice.

    Examples
    --------
    >>> check_positions(np.array([5, 38]), 1797)
    [5, 38]
    """
    wish = f"Expected positions from 0 to {count - 1}, such as [5, 38]."
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise ValueError(f"{name} is {value!r}. {wish}")
    positions: list[int] = []
    for item in value:
        if isinstance(item, bool | np.bool_):
            raise ValueError(f"{name} holds {item}. {wish} From a mask: np.flatnonzero(mask).")
        if not isinstance(item, int | np.integer):
            raise ValueError(f"{name} holds {item!r}. {wish}")
        if not 0 <= item < count:
            raise ValueError(f"{name} holds {int(item)}. {wish}")
        positions.append(int(item))
    if len(set(positions)) < len(positions):
        twice, _ = Counter(positions).most_common(1)[0]
        raise ValueError(f"{name} holds {twice} more than once. Expected each position once.")
    return positions


def check_shares(value: Any, name: str) -> tuple[float, float]:
    """Return two numbers from 0 to 1, the smaller first.

    Raises
    ------
    ValueError
        When these are not two such numbers.

    Examples
    --------
    >>> check_shares([0.5, 1], "confidence")
    (0.5, 1.0)
    """
    try:
        low, high = (float(share) for share in value)
    except (TypeError, ValueError):
        low = high = np.nan
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"{name} is {value!r}; expected two numbers from 0 to 1, the smaller first, "
            "such as (0.5, 0.9)."
        )
    return low, high


def check_index(value: int, count: int, name: str) -> int:
    """Return an index into `count` things called `name`.

    Raises
    ------
    ValueError
        When there is no such thing.
    """
    if not 0 <= value < max(count, 1):
        raise ValueError(f"There is no {name} {value}; expected 0 to {count - 1}.")
    return value


def check_rows(given: Any, *, logits: bool = False) -> dict[str, npt.NDArray[np.float32]]:
    """Return named arrays of probabilities, or of logits, all of one shape (samples, classes).

    Parameters
    ----------
    given : array_like, result or mapping
        Rows (samples, classes), one row (classes,), something with `.probabilities`, or several
        of these by name. Probabilities lie in [0, 1]; NaN is let through, to be seen.
    logits : bool
        Whether these are logits, which may be any numbers.

    Raises
    ------
    ValueError
        When these are not probabilities (or logits), or not of one shape.

    Examples
    --------
    >>> check_rows([[0.25, 0.75]])
    {'probability': array([[0.25, 0.75]], dtype=float32)}
    """
    if not isinstance(given, Mapping):
        given = {"probability": given}
    named = {str(name): _rows(str(name), rows, logits=logits) for name, rows in given.items()}
    shapes = {name: rows.shape for name, rows in named.items()}
    if len(set(shapes.values())) != 1:
        kind = "logits" if logits else "probabilities"
        said = ", ".join(f"{name}: {shape}" for name, shape in shapes.items()) or "nothing"
        raise ValueError(f"{kind} have shapes {said}; expected the same for each method.")
    return named


def _rows(name: str, rows: Any, *, logits: bool) -> npt.NDArray[np.float32]:
    """Return one method's rows."""
    given = np.asarray(rows if logits else getattr(rows, "probabilities", rows))
    if given.dtype.kind not in "fiu" or given.ndim not in (1, 2) or not given.shape[-1]:
        raise ValueError(
            f"{name} has shape {given.shape} and dtype {given.dtype}; expected floats "
            "(samples, classes), such as model.predict(images, verbose=0)."
        )
    if given.shape[-1] == 1:  # its only class would be the most likely one of every sample
        one, two = ("logit z", "[0 * z, z]") if logits else ("sigmoid output p", "[1 - p, p]")
        raise ValueError(
            f"{name} has shape {given.shape}; expected a column for each class. A single {one} "
            f"stands for two: np.concatenate({two}, axis=-1)."
        )
    with np.errstate(over="ignore"):
        array = np.atleast_2d(given).astype(np.float32)
    if np.isinf(array).sum() > np.isinf(given).sum():
        raise ValueError(f"{name} has numbers beyond 3.4e38, the largest of float32.")
    finite = array[np.isfinite(array)]
    within = finite.size == 0 or -ROUNDING <= finite.min() <= finite.max() <= 1 + ROUNDING
    if not logits and not within:
        raise ValueError(
            f"{name} goes from {finite.min():.3g} to {finite.max():.3g}; probabilities lie in "
            "0..1. Are these logits? Then type SoftmaxView(logits=...), or make probabilities of "
            "them: keras.ops.softmax(logits)."
        )
    return array


def check_labels(labels: Any, count: int, classes: int) -> list[int]:
    """Return the true classes of `count` samples as a list; empty for None.

    Raises
    ------
    ValueError
        When they are not as many, or not classes.
    """
    if labels is None:
        return []
    array = np.atleast_1d(np.asarray(labels))
    if array.shape != (count,):
        raise ValueError(f"labels have shape {array.shape}; expected ({count},), one for each row.")
    if array.dtype.kind not in "iu" or (count and not 0 <= array.min() <= array.max() < classes):
        raise ValueError(f"labels are not whole numbers from 0 to {classes - 1}.")
    return [int(label) for label in array]


def check_class(value: Any, classes: int) -> int | None:
    """Return one of so many classes, or None for none.

    Raises
    ------
    ValueError
        When there is no such class.
    """
    if value is None:
        return None
    if not _is_whole(value) or not 0 <= value < classes:
        raise ValueError(f"There is no class {value!r}; expected 0 to {classes - 1}, or None.")
    return int(value)


def check_top(value: Any) -> int | None:
    """Return how many classes to show, or None for all.

    Raises
    ------
    ValueError
        When it is no whole number from 1 on.
    """
    if value is not None and not (_is_whole(value) and value >= 1):
        raise ValueError(
            f"top is {value!r}; expected how many classes, such as 3, or None for all."
        )
    return None if value is None else int(value)


def _is_whole(value: Any) -> bool:
    """Return whether this is a whole number; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
