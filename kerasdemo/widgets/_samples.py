"""Digits to choose from, as the page gets them: bytes, once, and nothing left to compute there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from kerasdemo.digits import Digits

__all__ = ["ORDERS", "row_facts", "sample_state", "shown_positions"]

CONFIDENCE, ENTROPY, MARGIN = range(3)  # the lines of `_measures`
# How samples can be sorted: name, words for the menu, the measure that is compared, which way.
ORDERS: tuple[tuple[str, str, int | None, int], ...] = (
    ("position", "position", None, 1),
    ("least sure", "least sure first (confidence)", CONFIDENCE, 1),
    ("surest", "surest first (confidence)", CONFIDENCE, -1),
    ("most undecided", "most undecided first (entropy)", ENTROPY, -1),
    ("closest call", "closest call first (margin)", MARGIN, 1),
)


def row_facts(
    rows: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return what many rows of probabilities say, all at once.

    Parameters
    ----------
    rows : ndarray of float32, shape (n, classes)
        A row with NaN says nothing.

    Returns
    -------
    predicted : ndarray of int32, shape (n,)
        The most likely class; of equals, the lower one; -1 for a row with NaN.
    measures : ndarray of float32, shape (3, n)
        Confidence (largest probability), entropy in bits, and margin (largest minus second).

    Examples
    --------
    >>> predicted, measures = row_facts(np.array([[0.25, 0.75], [0.5, 0.5]], dtype="float32"))
    >>> predicted.tolist(), measures[0].tolist(), measures[2].tolist()
    ([1, 0], [0.75, 0.5], [0.5, 0.0])
    """
    known: npt.NDArray[np.bool_] = np.logical_not(np.isnan(rows).any(axis=1))
    wide = rows.astype(np.float64)
    ordered = np.sort(wide, axis=1)  # NaN last
    largest = ordered[:, -1]
    second = ordered[:, -2] if rows.shape[1] > 1 else 0.0
    share = np.where(wide > 0, wide, 1.0)
    entropy = np.where(known, np.abs((share * np.log2(share)).sum(axis=1)), np.nan)
    predicted = np.where(known, rows.argmax(axis=1), -1).astype(np.int32)
    return predicted, np.stack([largest, entropy, largest - second]).astype(np.float32)


def sample_state(digits: Digits, rows: npt.NDArray[np.float32] | None = None) -> dict[str, Any]:
    """Return the traits that the thumbnails on the page are drawn from.

    Parameters
    ----------
    digits : Digits
        What to choose from.
    rows : ndarray of float32, shape (n, classes), optional
        What was predicted for each.

    Examples
    --------
    >>> from kerasdemo.digits import load_digits
    >>> state = sample_state(load_digits())
    >>> state["_count"], len(state["_pixels"]) == 1797 * 28 * 28, state["_predicted"]
    (1797, True, b'')
    """
    count, height, width = digits.pixels.shape
    counted = zip(*np.unique(digits.labels, return_counts=True), strict=True)
    predicted, measures = (None, None) if rows is None else row_facts(rows)
    return {
        "_count": count,
        "_height": height,
        "_width": width,
        "_pixels": digits.pixels.tobytes(),
        "_labels": digits.labels.astype("<i4").tobytes(),
        "_menu": [("", "all"), *((str(label), f"{label}  ({n})") for label, n in counted)],
        "_orders": ORDERS,
        "_predicted": b"" if predicted is None else predicted.astype("<i4").tobytes(),
        "_measures": b"" if measures is None else measures.astype("<f4").tobytes(),
    }


def shown_positions(
    labels: npt.NDArray[np.int64],
    rows: npt.NDArray[np.float32] | None,
    *,
    digit: int | None = None,
    outcome: str = "all",
    confidence: tuple[float, float] = (0.0, 1.0),
    order: str = "position",
) -> npt.NDArray[np.int64]:
    """Return the positions that pass the filters, in the order asked for, as the page has them.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
        The true classes.
    rows : ndarray of float32, shape (n, classes), optional
        What was predicted; without it only `digit` filters, and nothing sorts.
    digit, outcome, confidence, order
        The traits of `SampleChooser`.

    Examples
    --------
    >>> rows = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]], dtype="float32")
    >>> shown_positions(np.array([0, 1, 0]), rows, digit=0, order="least sure").tolist()
    [2, 0]
    """
    passes = np.full(len(labels), True) if digit is None else labels == digit
    if rows is None:
        return np.flatnonzero(passes)
    predicted, measures = row_facts(rows)
    if outcome != "all":
        passes &= (predicted == labels) == (outcome == "right")
    low, high = (np.float32(end) for end in confidence)
    if low > 0:
        passes &= measures[CONFIDENCE] >= low
    if high < 1:
        passes &= measures[CONFIDENCE] <= high
    positions = np.flatnonzero(passes)
    measure, sign = next((measure, sign) for name, _, measure, sign in ORDERS if name == order)
    if measure is None:
        return positions
    return positions[np.argsort(sign * measures[measure][positions], kind="stable")]
