"""One definition of "a digit": from ink of any size to 28 by 28, framed as MNIST frames it.

The embedded digits, the augmented digits that the classifier learns from and the drawings of
students all pass through :func:`frame_digit`, so that a model meets at prediction the kind of
picture that it met in training. The recipe (longest side 20, aspect kept, centre of mass in the
middle of 28 by 28) is the one that Y. LeCun, C. Cortes and C. Burges give for MNIST on the page
that describes their set of digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SIZE = 28  # side of a framed digit, pixels
BOX = 20  # longest side of the ink inside it, pixels
FAINTEST = 1 / 255  # ink below this is paper: it would be 0 as an 8-bit pixel


def frame_digit(ink: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Frame one drawing as MNIST frames its digits.

    The steps, plain enough to be repeated in any language:

    1. Ink fainter than 1/255 counts as paper (0).
    2. Crop to the rows and columns that have ink. No ink: return zeros.
    3. Let ``h`` and ``w`` be the size of the crop. The longer becomes 20; the shorter becomes
       ``floor(shorter * 20 / longer + 0.5)``, at least 1.
    4. Resize by averaging areas: output row ``i`` covers the rows from ``i * h / H`` to
       ``(i + 1) * h / H`` of the crop, and a row counts by the share of that span that it fills.
       The columns likewise. (The mean of what lies under each new pixel; a picture smaller than
       20 is enlarged by the same rule, which then repeats pixels.)
    5. Centre of mass: ``row = sum(i * ink) / sum(ink)``, with ``i`` the number of the row;
       ``column`` likewise. Both are rounded to 6 decimals, so that ties fall alike everywhere.
    6. Put the picture into 28 by 28 zeros with its upper row at ``floor(14 - row)``, its left
       column at ``floor(14 - column)``, each limited to 0 at least and to what still fits. The
       centre of mass then lies within half a pixel of the middle, 13.5.

    Parameters
    ----------
    ink : array_like, shape (h, w), float
        0 is paper, 1 is ink; any size.

    Returns
    -------
    numpy.ndarray, shape (28, 28), float32
        Values in [0, 1].

    Raises
    ------
    ValueError
        If `ink` is not two-dimensional, is empty, or has values that are not between 0 and 1.

    Examples
    --------
    A bar, 40 tall and 4 wide, drawn in the corner of a large sheet:

    >>> import numpy as np
    >>> sheet = np.zeros((200, 300))
    >>> sheet[5:45, 7:11] = 1
    >>> framed = frame_digit(sheet)
    >>> framed.shape, framed.dtype, float(framed.sum())
    ((28, 28), dtype('float32'), 40.0)
    >>> rows, columns = np.nonzero(framed)
    >>> int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())
    (4, 23, 13, 14)
    """
    drawing = _checked(ink)
    drawing = np.where(drawing < FAINTEST, 0.0, drawing)
    rows = np.flatnonzero(drawing.any(axis=1))
    columns = np.flatnonzero(drawing.any(axis=0))
    framed = np.zeros((SIZE, SIZE), dtype=np.float32)
    if rows.size == 0:
        return framed
    crop = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = _box_size(*crop.shape)
    small = area_matrix(crop.shape[0], height) @ crop @ area_matrix(crop.shape[1], width).T
    top = _corner(small.sum(axis=1))
    left = _corner(small.sum(axis=0))
    framed[top : top + height, left : left + width] = np.clip(small, 0, 1)
    return framed


def area_matrix(given: int, wanted: int) -> npt.NDArray[np.float64]:
    """Give the weights that average `given` samples of a line into `wanted` ones, by area.

    Parameters
    ----------
    given, wanted : int
        Number of samples before and after, at least 1.

    Returns
    -------
    numpy.ndarray, shape (wanted, given), float64
        Each row sums to 1. ``area_matrix(...) @ line`` resizes the line.

    Examples
    --------
    >>> area_matrix(4, 2)
    array([[0.5, 0.5, 0. , 0. ],
           [0. , 0. , 0.5, 0.5]])
    """
    edges = np.arange(wanted + 1) * (given / wanted)
    cells = np.arange(given)
    upper = np.minimum(edges[1:, None], cells[None, :] + 1)
    lower = np.maximum(edges[:-1, None], cells[None, :])
    overlap = np.maximum(upper - lower, 0)
    weights: npt.NDArray[np.float64] = overlap / overlap.sum(axis=1, keepdims=True)
    return weights


def _checked(ink: npt.ArrayLike) -> npt.NDArray[np.float64]:
    given: npt.NDArray[Any] = np.asarray(ink)
    if given.ndim != 2:
        raise ValueError(
            f"ink has shape {given.shape}; frame_digit needs one drawing, (height, width). "
            "For an image of a batch: frame_digit(images[0, ..., 0])."
        )
    if given.size == 0:
        raise ValueError(f"ink has shape {given.shape}: a drawing needs at least one pixel.")
    drawing = given.astype(np.float64)
    if not np.isfinite(drawing).all():
        raise ValueError("ink has NaN or infinite values; it needs numbers from 0 to 1.")
    low, high = float(drawing.min()), float(drawing.max())
    if low < 0 or high > 1:
        raise ValueError(
            f"ink runs from {low:g} to {high:g}; it needs 0 (paper) to 1 (ink). "
            "For 8-bit pixels: frame_digit(pixels / 255)."
        )
    return drawing


def _box_size(height: int, width: int) -> tuple[int, int]:
    """Scale a size so that its longer side is BOX, keeping the aspect."""
    longer = max(height, width)
    return (
        max(1, int(np.floor(height * BOX / longer + 0.5))),
        max(1, int(np.floor(width * BOX / longer + 0.5))),
    )


def _corner(profile: npt.NDArray[np.float64]) -> int:
    """Say where a line of ink must start so that its centre of mass is in the middle."""
    centre = float(np.arange(profile.size) @ profile / profile.sum())
    corner = int(np.floor(SIZE / 2 - round(centre, 6)))
    return min(max(corner, 0), SIZE - profile.size)
