"""Look into an image: its pixels, the number behind each, and the array that holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from kerasdemo.view.grey import grey_limits, to_grey
from kerasdemo.view.images import describe_digits, digit_png
from kerasdemo.widgets._base import KitWidget, page_module, page_style
from kerasdemo.widgets._traits import Place


class DigitView(KitWidget):
    """One image at a time, with the number behind each pixel.

    Introduced in lesson 01.

    Parameters
    ----------
    images : array_like or Digits
        One grey image (28, 28) or several, (n, 28, 28) or (n, 28, 28, 1), of any number type.
        From Digits, their `images` and `labels`.
    labels : array_like, shape (n,), optional
        What to call each image.

    Attributes
    ----------
    index : int
        Which image is shown. Setting it moves the view.
    numbers : bool
        Whether all the numbers are written out.

    Raises
    ------
    ValueError
        When the array is not grey images, or the labels are not as many.

    Examples
    --------
    >>> DigitView(np.zeros((3, 28, 28, 1), dtype="float32"), labels=[4, 0, 7])
    DigitView(3 images, float32, showing 0, labelled 4)
    """

    _esm = page_module("digit_view")
    _css = page_style("digit_view")

    index = Place("image").tag(sync=True)
    numbers = traitlets.Bool(False).tag(sync=True)
    _count = traitlets.Int(0).tag(sync=True)
    _height = traitlets.Int(28).tag(sync=True)
    _width = traitlets.Int(28).tag(sync=True)
    _low = traitlets.Float(0.0).tag(sync=True)
    _high = traitlets.Float(1.0).tag(sync=True)
    _stored = traitlets.Unicode("uint8").tag(sync=True)
    _values = traitlets.Bytes(b"").tag(sync=True)
    _labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _dtype = traitlets.Unicode("").tag(sync=True)
    _rounding = traitlets.Unicode("").tag(sync=True)
    _shape = traitlets.Unicode("").tag(sync=True)
    _batch_shape = traitlets.Unicode("").tag(sync=True)

    def __init__(self, images: Any, labels: Any = None) -> None:
        if hasattr(images, "pixels"):
            labels = images.labels if labels is None else labels
            images = images.images
        self._images = np.asarray(images)
        count, height, width = to_grey(self._images).shape
        if not count:
            raise ValueError("There are no images to show; expected at least one.")
        names = [] if labels is None else [str(label) for label in np.atleast_1d(labels).tolist()]
        if names and len(names) != count:
            raise ValueError(f"{len(names)} labels given for {count} images.")
        one = self._images.ndim == 2 or self._images.shape == (height, width, 1)
        batch = (1, *(self._images.shape if one else self._images.shape[1:]))
        stored, values = _smallest(self._images)
        low, high = grey_limits(self._images)
        super().__init__(
            _count=count,
            _height=height,
            _width=width,
            _low=low,
            _high=high,
            _stored=stored,
            _values=values.tobytes(),
            _labels=names,
            _dtype=str(self._images.dtype),
            _rounding=rounding(self._images.dtype),
            _shape=str(self._images.shape),
            _batch_shape=str(batch),
        )

    @property
    def images(self) -> npt.NDArray[Any]:
        """The images as they were given."""
        return self._images

    def __repr__(self) -> str:
        """Say how many images there are and which is shown."""
        label = f", labelled {self._labels[self.index]}" if self._labels else ""
        noun = "image" if self._count == 1 else "images"
        return f"DigitView({self._count} {noun}, {self._dtype}, showing {self.index}{label})"

    def _one(self) -> npt.NDArray[Any]:
        """Return the image that is shown, (height, width)."""
        shape = (self._count, self._height, self._width)
        image: npt.NDArray[Any] = self._images.reshape(shape)[self.index]
        return image

    def _picture(self) -> bytes:
        return digit_png(self._one(), scale=8, limits=(self._low, self._high))

    def _words(self) -> str:
        label = [self._labels[self.index]] if self._labels else ["unknown"]
        return f"Image {self.index}. {describe_digits(label)}"

    def _facts(self) -> list[tuple[str, str]]:
        finite = self._one()[np.isfinite(self._one())]
        low, high = (finite.min(), finite.max()) if finite.size else (np.nan, np.nan)
        which = f", of images 0 to {self._count - 1}" if self._count > 1 else ", the only one"
        facts = [
            ("image", f"{self.index}{which}"),
            ("shape of all", self._shape),
            ("as a batch for a model", self._batch_shape),
            ("type of a value", self._dtype),
            ("range of this image", f"{low:.4g} to {high:.4g}"),
        ]
        if self._labels:
            facts.insert(1, ("label", self._labels[self.index]))
        return facts


def rounding(dtype: npt.DTypeLike) -> str:
    """Say how the numbers of an image are written.

    Examples
    --------
    >>> rounding("uint8")
    'Each value as it is.'
    """
    if np.dtype(dtype).kind in "iub":
        return "Each value as it is."
    return "Rounded: .58 is 0.58. Without a point a number is exact; .00 is nearly 0, 1. nearly 1."


def _smallest(images: npt.NDArray[Any]) -> tuple[str, npt.NDArray[Any]]:
    """Return the values in the smallest type that loses nothing that the view shows."""
    if images.dtype == np.uint8:
        return "uint8", images
    if images.dtype == np.float32 and images.size and np.isfinite(images).all():
        bytes_ = np.rint(images.clip(0, 1) * 255).astype(np.uint8)
        if np.array_equal(np.divide(bytes_, np.float32(255), dtype=np.float32), images):
            return "uint8/255", bytes_
    return "float32", images.astype("<f4")
