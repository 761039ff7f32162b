"""New handwriting from old: digits redrawn by another hand, with another pen.

The embedded digits come from one set of forms, were scanned coarsely and straightened. A
classifier that has seen nothing else is at a loss with anyone else's writing. :func:`augment`
redraws each digit as other hands and pens might have written it, and frames the result with
:func:`kerasdemo.preprocess.frame_digit`, through which drawings go, too.

``python -m kerasdemo.augment --picture PATH`` draws digits beside their redrawn forms.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kerasdemo.handwriting.hand import EDGE, PAPER, new_hand, paper
from kerasdemo.handwriting.strokes import stroke_maps
from kerasdemo.preprocess import BOX, SIZE, frame_digit

Floats = npt.NDArray[np.float32]
Maps = npt.NDArray[np.float16]

# How much at strength 1.
PEN = (1.4, 4.8)  # width of a new pen, pixels, least and greatest
REDRAWN = 0.7  # share of digits drawn with a new pen; the others keep their own strokes,
THICKER = 0.7  # which become thinner or thicker by up to so many pixels on either side
BARLESS = 0.6  # share of known sevens that are drawn without a bar
GAPS = 0.1  # share of digits from which a spot is wiped
BLUR = 0.3  # share of a blurred copy that is mixed in, at most
WEAKEST = 1.0  # each digit has its own strength, from this share of the given one up to it

CHUNK = 32  # digits redrawn at once: few enough for a processor's cache

__all__ = ["augment", "redraw"]


def augment(
    images: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    labels: npt.ArrayLike | None = None,
    strength: float = 1.0,
) -> Floats:
    """Redraw each digit once, as another hand with another pen might have written it.

    Slant, rotation, proportions, bows, wobbles and the width of the pen change; nothing is
    mirrored, and nothing is turned so far that a 6 becomes a 9: labels stay true.

    Parameters
    ----------
    images : array_like, shape (n, 28, 28) or (n, 28, 28, 1), float
        Digits, 0 paper to 1 ink.
    rng : numpy.random.Generator
        Decides everything that is left to chance: the same state gives the same images.
    labels : array_like, shape (n,), int, optional
        Which digit each image is. With them, what is true of one digit only is used: a 1 is not
        widened (its flag would make it a 7), and many a 7 loses its bar, if it has one.
    strength : float
        0 to 1. 0 changes no shape and only frames the digits again.

    Returns
    -------
    numpy.ndarray, shape (n, 28, 28, 1), float32
        Values in [0, 1]. A blank image stays blank.

    Raises
    ------
    ValueError
        If `images` is no batch of 28 by 28 images with values from 0 to 1, or `strength` is not
        between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from kerasdemo.digits import load_digits
    >>> images = load_digits()[:3].images
    >>> new = augment(images, np.random.default_rng(0))
    >>> new.shape, new.dtype, bool(np.array_equal(new, images))
    ((3, 28, 28, 1), dtype('float32'), False)
    """
    return redraw(stroke_maps(_checked(images)), rng, labels=labels, strength=strength)


def redraw(
    maps: Maps,
    rng: np.random.Generator,
    *,
    labels: npt.ArrayLike | None = None,
    strength: float = 1.0,
) -> Floats:
    """Redraw digits from their stroke maps: :func:`augment` for maps that are made only once.

    Parameters
    ----------
    maps : numpy.ndarray, shape (n, 3, 84, 84), float16
        From :func:`kerasdemo.handwriting.strokes.stroke_maps`.
    rng, labels, strength
        As for :func:`augment`.

    Returns
    -------
    numpy.ndarray, shape (n, 28, 28, 1), float32
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength is {strength:g}; it needs a number from 0 to 1.")
    known = np.full(len(maps), -1) if labels is None else np.asarray(labels)
    if known.shape != (len(maps),):
        raise ValueError(f"labels have shape {known.shape}; {len(maps)} images need {len(maps)}.")
    redrawn = np.zeros((len(maps), SIZE, SIZE), dtype=np.float32)
    for start in range(0, len(maps), CHUNK):
        part = slice(start, start + CHUNK)
        redrawn[part] = _redraw_chunk(maps[part].astype(np.float32), known[part], rng, strength)
    return redrawn[..., None]


def _redraw_chunk(
    maps: Floats, labels: npt.NDArray[np.int_], rng: np.random.Generator, strength: float
) -> Floats:
    strengths = strength * rng.uniform(WEAKEST, 1, (len(maps), 1, 1)).astype(np.float32)
    inked = maps[:, 0] < 0
    x, y, scale = new_hand(inked, np.where(labels == 1, 0, 1), rng, strengths)
    depth = _sample(_ink_depth(maps, labels == 7, rng, strengths, scale), x, y)
    point = np.float32(BOX * EDGE / (PAPER - 1)) * scale  # pixels of the old digit
    ink = np.clip(0.5 + depth / point, 0, 1) * np.any(inked, axis=(1, 2), keepdims=True)
    ink = ink * _wipe(rng, strengths)
    framed = np.stack([frame_digit(drawing) for drawing in ink])
    return _blurred(framed, rng, strengths)


def _ink_depth(
    maps: Floats,
    barred: npt.NDArray[np.bool_],
    rng: np.random.Generator,
    strengths: Floats,
    scale: Floats,
) -> Floats:
    """Choose a pen for each digit: how deep in the new ink is each point, pixels."""
    shape = strengths.shape
    radius = np.exp(rng.uniform(np.log(PEN[0]), np.log(PEN[1]), shape)) / 2
    thicker = rng.uniform(-THICKER, THICKER, shape) * strengths
    by_new_pen = rng.random(shape) < REDRAWN * (strengths > 0)
    share = np.where(by_new_pen, rng.uniform(0.5, 1, shape), rng.uniform(0, 0.3, shape) * strengths)
    bar_left_out = barred[:, None, None] & (rng.random(shape) < BARLESS * strengths)
    share = np.where(bar_left_out, 1, share).astype(np.float32)
    line = np.where(bar_left_out, maps[:, 2], maps[:, 1])
    reach = (share * radius + (1 - share) * thicker) * scale
    depth = reach - share * line - (1 - share) * maps[:, 0]
    return np.asarray(depth, dtype=np.float32)


def _sample(surface: Floats, x: Floats, y: Floats) -> Floats:
    """Look up (n, h, w) surfaces between their points: bilinear, the border continued."""
    n, height, width = surface.shape
    x, y = np.clip(x, 0, width - 1.01), np.clip(y, 0, height - 1.01)
    column, row = x.astype(np.int32), y.astype(np.int32)
    x, y = x - column, y - row
    corner = np.arange(n, dtype=np.int32)[:, None, None] * (height * width) + row * width + column
    values = surface.reshape(-1)
    above = values[corner] * (1 - x) + values[corner + 1] * x
    below = values[corner + width] * (1 - x) + values[corner + width + 1] * x
    sampled: Floats = above * (1 - y) + below * y
    return sampled


def _wipe(rng: np.random.Generator, strengths: Floats) -> Floats:
    """Leave out a round spot of some digits: 0 inside it, 1 elsewhere."""
    shape = strengths.shape
    across, down = paper()
    x, y = rng.uniform(-0.9, 0.9, (2, *shape))
    radius = np.where(rng.random(shape) < GAPS * strengths, rng.uniform(0.05, 0.17, shape), -1)
    away = np.hypot(across - x, down - y) - radius
    return np.asarray(np.clip(away * 15 + 0.5, 0, 1), dtype=np.float32)


def _blurred(images: Floats, rng: np.random.Generator, strengths: Floats) -> Floats:
    """Mix in a share of a copy whose pixels are averaged with their neighbours (1 2 1)."""
    share = (BLUR * strengths * rng.uniform(0, 1, strengths.shape)).astype(np.float32)
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    rows = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    blurred = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4
    return np.asarray((1 - share) * images + share * blurred, dtype=np.float32)


def _checked(images: npt.ArrayLike) -> Floats:
    batch: npt.NDArray[Any] = np.asarray(images)
    if batch.shape[1:] not in ((SIZE, SIZE), (SIZE, SIZE, 1)):
        raise ValueError(
            f"images have shape {batch.shape}; augment needs a batch, (n, 28, 28, 1). "
            "For one image: augment(image[None], rng)."
        )
    batch = batch.astype(np.float32)
    if not ((batch >= 0) & (batch <= 1)).all():
        raise ValueError("images need values from 0 to 1. For 8-bit pixels: pixels / 255.")
    return batch


def draw_picture(path: Path, *, forms: int = 11) -> None:
    """Save a PNG: one digit of each class in the first column, its redrawn forms beside it."""
    from kerasdemo.digits import load_digits
    from kerasdemo.view.images import contact_sheet_png

    train = load_digits().train
    chosen = [int(np.flatnonzero(train.labels == label)[3]) for label in range(10)]
    images = train[chosen].images
    repeated, labels = np.repeat(images, forms, axis=0), np.repeat(np.arange(10), forms)
    redrawn = augment(repeated, np.random.default_rng(28), labels=labels)
    sheet = np.concatenate(
        [images.reshape(10, 1, SIZE, SIZE), redrawn.reshape(10, forms, SIZE, SIZE)], axis=1
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contact_sheet_png(sheet.reshape(-1, SIZE, SIZE), columns=forms + 1, scale=2))


def main(arguments: list[str] | None = None) -> None:
    """Draw the picture of the documentation."""
    parser = argparse.ArgumentParser(prog="python -m kerasdemo.augment", description=__doc__)
    parser.add_argument("--picture", type=Path, required=True, help="PNG file to write")
    options = parser.parse_args(arguments)
    draw_picture(options.picture)
    print(f"{options.picture}: first column as embedded, the others redrawn")


if __name__ == "__main__":
    main()
