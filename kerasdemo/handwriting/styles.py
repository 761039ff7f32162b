"""Find how rare the way is in which a digit is written.

Some ways of writing are common among the embedded digits and some are the habit of a single
writer: of 143 sevens to train on, 11 have no bar. A classifier that sees each sample equally
often hardly learns the rare ones, which elsewhere are common. So training sees them more often.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kerasdemo.preprocess import SIZE

Doubles = npt.NDArray[np.float64]

LIKENESS = 0.5  # two digits are alike when their distance is below this share of the median
EMPHASIS = 1.5  # power of the rarity: 0 treats all samples alike

__all__ = ["rarity"]


def rarity(images: npt.ArrayLike, labels: npt.ArrayLike) -> Doubles:
    """Weigh each sample by how few samples of its class look like it.

    The weight is one over a soft count of the samples of the class that lie nearby, by the
    squared distance of images blurred and halved in size.

    Parameters
    ----------
    images : array_like, shape (n, 28, 28, 1), float
    labels : array_like, shape (n,), int

    Returns
    -------
    numpy.ndarray, shape (n,), float64
        The mean is 1 within each class.

    Examples
    --------
    Three digits alike and one of another style, all of one class:

    >>> images = np.zeros((4, 28, 28, 1))
    >>> images[:3, :, 13] = images[3, 13, :] = 1
    >>> rarity(images, [1, 1, 1, 1]).round(1)
    array([0.6, 0.6, 0.6, 2.1])
    """
    classes = np.asarray(labels)
    small = _small(np.asarray(images, dtype=np.float64).reshape(-1, SIZE, SIZE))
    weights = np.ones(len(small))
    for label in np.unique(classes):
        members = classes == label
        vectors = small[members]
        lengths = (vectors**2).sum(axis=1)
        apart = np.maximum(lengths[:, None] + lengths - 2 * vectors @ vectors.T, 0)
        near = LIKENESS * np.median(apart) or 1.0
        rare = np.exp(-apart / near).sum(axis=1) ** -EMPHASIS
        weights[members] = rare / rare.mean()
    return weights


def draw_by_weight(weights: Doubles, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Draw as many samples as there are weights, in random order.

    A sample of weight 2.3 is drawn twice or three times, one of weight 0.5 once or not at all.
    """
    n = len(weights)
    marks = (np.arange(n) + rng.uniform()) * (weights.sum() / n)
    drawn = np.searchsorted(np.cumsum(weights), marks, side="right")
    return rng.permutation(np.minimum(drawn, n - 1))


def _small(pictures: Doubles) -> Doubles:
    """Average 2 by 2 pixels, then neighbours by 1 2 1: (n, 28, 28) to (n, 196)."""
    small = pictures.reshape(-1, SIZE // 2, 2, SIZE // 2, 2).mean(axis=(2, 4))
    wide = np.pad(small, ((0, 0), (1, 1), (1, 1)))
    rows = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    blurred = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4
    return np.asarray(blurred.reshape(len(pictures), -1))
