"""Handwritten digits.

A sample is one image and its label. `load_digits` returns a `Digits`, which keeps the pixels as
they were stored (uint8, memory-mapped where it can be) and makes float32 images only for the
samples that you ask for.
"""

from __future__ import annotations

import html
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kerasdemo.sources.samples import as_column, choose_samples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Digits", "load_digits"]

SIZE = 28
SHEET = 48  # samples in the picture of `Digits._repr_html_`
FEW = 4  # so many are drawn twice as large
LISTED = 12  # up to so many samples, the repr names each one


@dataclass(frozen=True, eq=False, repr=False)
class Digits:
    """Handwritten digits with their labels.

    Introduced in lesson 00.

    Parameters
    ----------
    pixels : numpy.ndarray, uint8, shape (n, 28, 28)
        Ink from 0 (paper) to 255, as stored; read-only, and possibly memory-mapped.
    labels : numpy.ndarray, int64, shape (n,)
        Which digit each sample is, 0..9.
    indices : numpy.ndarray, int64, shape (n,)
        The number of each sample in the whole set that it was taken from.
    is_test : numpy.ndarray, bool, shape (n,)
        True for the samples kept for testing.
    name : str
        What the set is called.

    Raises
    ------
    TypeError, ValueError
        When the arrays are not of these types and shapes.

    Examples
    --------
    >>> digits = load_digits()
    >>> len(digits), len(digits.train), len(digits.test)
    (1797, 1438, 359)
    >>> digits[5].images.shape
    (1, 28, 28, 1)
    >>> digits[[5, 38, 1393]].labels
    array([5, 8, 6])
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int64]
    is_test: npt.NDArray[np.bool_]
    name: str = "digits"

    def __post_init__(self) -> None:
        pixels = np.asanyarray(self.pixels)
        if pixels.dtype != np.uint8:
            raise TypeError(
                f"pixels are {pixels.dtype}; expected uint8, 0..255. "
                "From images in [0, 1]: (images * 255).round().astype('uint8')."
            )
        if pixels.shape[1:] != (SIZE, SIZE):
            raise ValueError(
                f"pixels have shape {pixels.shape}; expected (n, {SIZE}, {SIZE}). "
                "For one image: pixels[None]. With a channel axis: pixels[..., 0]."
            )
        count = len(pixels)
        labels = as_column("labels", self.labels, "iu", count)
        if count and not 0 <= labels.min() <= labels.max() <= 9:
            raise ValueError(f"labels go from {labels.min()} to {labels.max()}; expected 0 to 9.")
        _freeze(self, "pixels", pixels)
        _freeze(self, "labels", labels.astype(np.int64, copy=False))
        indices = as_column("indices", self.indices, "iu", count)
        _freeze(self, "indices", indices.astype(np.int64, copy=False))
        _freeze(self, "is_test", as_column("is_test", self.is_test, "b", count))

    @property
    def images(self) -> npt.NDArray[np.float32]:
        """The samples as a model takes them: float32 (n, 28, 28, 1) in [0, 1], pixels / 255.

        A fresh, read-only array each time; 3 kB for each sample.
        """
        images = np.divide(self.pixels, np.float32(255), dtype=np.float32)
        images = np.asarray(images)[..., None]
        images.flags.writeable = False
        return images

    @property
    def train(self) -> Digits:
        """The samples to train on."""
        return self[~self.is_test]

    @property
    def test(self) -> Digits:
        """The samples kept for testing: never train on them."""
        return self[self.is_test]

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Digits]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, key: Any) -> Digits:
        """Choose samples: ``d[5]``, ``d[5:9]``, ``d[[5, 38, 1393]]`` or ``d[d.labels == 8]``.

        One number gives one sample that keeps its batch axis: images (1, 28, 28, 1). Raises
        IndexError when there is no such sample, TypeError when the key is none of these.
        """
        at = choose_samples(key, len(self))
        return Digits(
            self.pixels[at], self.labels[at], self.indices[at], self.is_test[at], self.name
        )

    def __repr__(self) -> str:
        count, tests = len(self), int(self.is_test.sum())
        samples = "1 sample" if count == 1 else f"{count:,} samples"
        each = " ".join(str(number) for number in np.bincount(self.labels, minlength=10))
        which = (
            f"labels {self.labels.tolist()}, indices {self.indices.tolist()}"
            if count <= LISTED
            else f"of each digit 0-9: {each}"
        )
        return (
            f"Digits: {samples} of {self.name!r}; {count - tests:,} train + {tests:,} test\n"
            f"  .images float32 {(count, SIZE, SIZE, 1)} in [0, 1]; "
            f".pixels uint8 {(count, SIZE, SIZE)}, 0..255\n"
            f"  {which}"
        )

    def _repr_html_(self) -> str:
        from kerasdemo.view.images import contact_sheet_png, describe_digits, img_tag

        shown = self[:SHEET]
        words = describe_digits(shown.labels.tolist())
        first = f"<p>The first {SHEET}:</p>" if len(self) > SHEET else ""
        png = contact_sheet_png(shown.pixels, scale=4 if len(self) <= FEW else 2)
        picture = img_tag(png, words) if len(self) else ""
        return (
            f'<div class="kerasdemo-digits"><pre>{html.escape(repr(self))}</pre>'
            f"{first}{picture}</div>"
        )

    def plot(
        self,
        ax: Axes | None = None,
        *,
        columns: int = 10,
        titles: bool | Sequence[str] = True,
    ) -> Axes:
        """Draw the samples in rows, each with its label above it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new, transparent figure.
        columns : int
            Samples in a row.
        titles : bool or sequence of str
            True for the labels, False for nothing, or a text for each sample.

        Raises
        ------
        ValueError
            When there are too many samples to see (over 400), or none.
        """
        from kerasdemo.view.digits_plot import plot_digits

        if isinstance(titles, bool):
            titles = [str(label) for label in self.labels] if titles else []
        return plot_digits(self.pixels, titles, ax=ax, columns=columns)


def load_digits(
    source: str | os.PathLike[str] | None = None,
    *,
    part: str | None = None,
    split: str | None = None,
    upright: bool = True,
    progress: bool = True,
) -> Digits:
    """Load handwritten digits.

    Introduced in lesson 00.

    Parameters
    ----------
    source : str or path, optional
        Nothing for the 1,797 digits that come with the kit; ``"mnist"`` or ``"emnist"`` to
        download that set once and keep it; or a folder or zip of IDX files (MNIST or EMNIST names,
        gzipped or not). A folder that is itself called mnist is ``"./mnist"``.
    part : {"train", "test"}, optional
        Load only this part. Of a folder of uncompressed files, one part stays memory-mapped; both
        are joined in memory, still as uint8.
    split : {"digits", "mnist"}, optional
        Which of EMNIST's sets of digits; by default "digits".
    upright : bool
        EMNIST stores each image transposed. True turns it upright, False leaves it as stored.
    progress : bool
        Show a progress bar while downloading.

    Returns
    -------
    Digits

    Raises
    ------
    FileNotFoundError
        When there is nothing at that path, or no digits in it.
    ValueError
        When the name is misspelt or a file is damaged.
    ConnectionError
        When a download fails; the message says how to put the files in place by hand.

    Examples
    --------
    >>> load_digits()
    Digits: 1,797 samples of 'UCI digits'; 1,438 train + 359 test
      .images float32 (1797, 28, 28, 1) in [0, 1]; .pixels uint8 (1797, 28, 28), 0..255
      of each digit 0-9: 178 182 177 183 181 182 181 179 174 180
    """
    from kerasdemo.sources.load import load_arrays

    return Digits(*load_arrays(source, part=part, split=split, upright=upright, progress=progress))


def _freeze(digits: Digits, field: str, array: npt.NDArray[Any]) -> None:
    """Set a field to a read-only view of an array."""
    view = array.view()
    view.flags.writeable = False
    object.__setattr__(digits, field, view)
