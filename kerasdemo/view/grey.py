"""Numbers to shades of grey: which values are paper, which are ink.

Pure functions over arrays; the pictures of `kerasdemo.view.images` and of the widgets share them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["grey_limits", "to_grey"]


def grey_limits(pixels: npt.ArrayLike) -> tuple[float, float]:
    """Return the two values that are drawn as paper and as full ink.

    Integers are drawn on 0..255 and floats on 0..1, which is what a reader expects of an image
    and of what a model is given. Floats beyond 1 are drawn on 0..255, and values beyond that on
    their own range, so that a picture is never one black square.

    Parameters
    ----------
    pixels : array_like
        Images of any shape; NaN and infinities are ignored.

    Returns
    -------
    tuple of float
        The value of paper and the value of ink; the second is larger.

    Examples
    --------
    >>> grey_limits(np.zeros((28, 28), dtype="uint8"))
    (0.0, 255.0)
    >>> grey_limits(np.full((28, 28), 0.5))
    (0.0, 1.0)
    """
    array = np.asarray(pixels)
    if array.dtype.kind == "b":
        return 0.0, 1.0
    finite = array if array.dtype.kind in "iu" else array[np.isfinite(array)]
    low = float(finite.min()) if finite.size else 0.0
    high = float(finite.max()) if finite.size else 0.0
    ceiling = 255.0 if array.dtype.kind in "iu" or high > 1.0 else 1.0
    return min(0.0, low), max(ceiling, high)


def to_grey(
    pixels: npt.ArrayLike, *, limits: tuple[float, float] | None = None
) -> npt.NDArray[np.uint8]:
    """Return images as uint8 (n, height, width), 0 for paper and 255 for ink.

    Parameters
    ----------
    pixels : array_like
        One image (height, width) or many (n, height, width); a last axis of length 1 is dropped.
    limits : tuple of float, optional
        The values of paper and ink; by default `grey_limits` of these pixels.

    Returns
    -------
    ndarray of uint8, shape (n, height, width)

    Raises
    ------
    ValueError
        When the array is not one or several grey images.

    Examples
    --------
    >>> to_grey(np.array([[0.0, 0.5], [1.0, 1.0]])).tolist()
    [[[0, 128], [255, 255]]]
    """
    array = np.asarray(pixels)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"pixels are of dtype {array.dtype}; expected numbers.")
    shape = array.shape
    if array.ndim in (3, 4) and shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or 0 in array.shape[1:]:
        raise ValueError(
            f"pixels have shape {shape}; expected one grey image (28, 28) "
            "or several (n, 28, 28) or (n, 28, 28, 1)."
        )
    if limits is None and array.dtype == np.uint8:
        return array
    low, high = grey_limits(array) if limits is None else limits
    scaled = (array.astype(np.float64) - low) * (255.0 / (high - low))
    scaled = np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0)
    grey: npt.NDArray[np.uint8] = np.rint(scaled.clip(0, 255)).astype(np.uint8)
    return grey
