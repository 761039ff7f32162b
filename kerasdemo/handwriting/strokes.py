"""Maps of a digit's strokes: the distance of each point to the outline and to the middle line.

A level of such a map is a digit again, drawn with a thinner or a thicker pen: that is how
:mod:`kerasdemo.augment` changes the pen without drawing anything new.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kerasdemo.preprocess import SIZE

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

FINE = 3  # map points per pixel, in each direction
REACH = 6  # pixels; longer distances are cut to this
BARS = (0.15, 0.75)  # a stroke that ends between these shares of the height is a bar, or a hook
LONGEST_BAR = 24  # map points on either side of the stem
CHUNK = 128  # digits worked on at once: keeps the memory small

__all__ = ["FINE", "stroke_maps"]


def stroke_maps(images: npt.ArrayLike) -> npt.NDArray[np.float16]:
    """Measure the distances to the outline and to the middle line of each digit.

    Parameters
    ----------
    images : array_like, shape (n, 28, 28) or (n, 28, 28, 1), float
        Digits, 0 paper to 1 ink.

    Returns
    -------
    numpy.ndarray, shape (n, 3, 84, 84), float16
        In pixels of `images`, on a grid three times as fine. Map 0: distance to the outline,
        negative inside the ink. Map 1: distance to the middle line of the strokes. Map 2: the
        same without bars (:func:`without_bars`). A blank image is 6 everywhere.
    """
    pixels = np.asarray(images, dtype=np.float32).reshape(-1, SIZE, SIZE)
    zoom = _zoom_matrix(SIZE, FINE)
    maps = np.empty((len(pixels), 3, SIZE * FINE, SIZE * FINE), dtype=np.float16)
    for start in range(0, len(pixels), CHUNK):
        part = slice(start, start + CHUNK)
        ink = (zoom @ pixels[part] @ zoom.T) > 0.5
        maps[part, 0] = (distance_to(ink) - distance_to(~ink)) / FINE
        line = middle_line(ink)
        maps[part, 1] = distance_to(line) / FINE
        maps[part, 2] = distance_to(without_bars(line)) / FINE
    return maps


def distance_to(ink: Bools) -> Floats:
    """Give the distance from each point to the nearest inked one, in points.

    Rows first, then columns: the square of the distance is the least over the rows ``d`` away of
    ``d ** 2`` plus the square of the distance within that row (Saito and Toriwaki 1994).

    Parameters
    ----------
    ink : numpy.ndarray, shape (n, h, w), bool

    Returns
    -------
    numpy.ndarray, shape (n, h, w), float32
        At most REACH * FINE.

    Examples
    --------
    >>> ink = np.zeros((1, 3, 5), dtype=bool)
    >>> ink[0, 0, 0] = True
    >>> distance_to(ink)[0].round(1)
    array([[0. , 1. , 2. , 3. , 4. ],
           [1. , 1.4, 2.2, 3.2, 4.1],
           [2. , 2.2, 2.8, 3.6, 4.5]], dtype=float32)
    """
    far = REACH * FINE
    squares = np.square(_along_rows(ink, far))
    nearest = squares.copy()
    for away in range(1, min(far, ink.shape[1])):
        np.minimum(nearest[:, away:], squares[:, :-away] + away**2, out=nearest[:, away:])
        np.minimum(nearest[:, :-away], squares[:, away:] + away**2, out=nearest[:, :-away])
    return np.sqrt(nearest.astype(np.float32))


def _along_rows(ink: Bools, far: int) -> npt.NDArray[np.int16]:
    """Give the distance from each point to the nearest inked one in its row, at most `far`."""
    place = np.arange(ink.shape[2], dtype=np.int16)
    before = np.maximum.accumulate(np.where(ink, place, np.int16(-far)), axis=2)
    after = np.where(ink, place, np.int16(ink.shape[2] + far))[:, :, ::-1]
    after = np.minimum.accumulate(after, axis=2)[:, :, ::-1]
    return np.minimum(np.minimum(place - before, after - place), np.int16(far))


def middle_line(ink: Bools) -> Bools:
    """Thin strokes to lines one point wide, without breaking them or closing their loops.

    The method of Zhang and Suen (1984): peel points off the border, from the south-east and
    from the north-west in turn, as long as the neighbours of a point stay joined without it.

    Parameters
    ----------
    ink : numpy.ndarray, shape (n, h, w), bool

    Returns
    -------
    numpy.ndarray, shape (n, h, w), bool

    Examples
    --------
    >>> ink = np.zeros((1, 5, 9), dtype=bool)
    >>> ink[0, 1:4, 1:8] = True
    >>> for row in middle_line(ink)[0]:
    ...     print("".join("-#"[int(point)] for point in row))
    ---------
    ---------
    --####---
    ---------
    ---------
    """
    wide = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    flat, ring = wide.reshape(-1), _ring(wide)
    points = np.flatnonzero(flat)
    peeling = True
    while peeling:
        peeling = False
        for may_go in _MAY_GO:
            neighbours = np.zeros(len(points), dtype=np.uint8)
            for bit, step in enumerate(ring):
                neighbours |= flat[points + step].view(np.uint8) << np.uint8(bit)
            loose = may_go[neighbours]
            flat[points[loose]] = False
            points = points[~loose]
            peeling = peeling or bool(loose.any())
    return wide[:, 1:-1, 1:-1]


def without_bars(line: Bools) -> Bools:
    """Wear down the strokes that end half-way up a digit: the bar of a 7, the hook of its roof.

    Parameters
    ----------
    line : numpy.ndarray, shape (n, h, w), bool
        From :func:`middle_line`.

    Returns
    -------
    numpy.ndarray, shape (n, h, w), bool

    Examples
    --------
    >>> line = np.zeros((1, 9, 9), dtype=bool)
    >>> line[0, :, 4] = line[0, 4, 1:8] = True
    >>> line[0].sum(axis=1), without_bars(line)[0].sum(axis=1)
    (array([1, 1, 1, 1, 7, 1, 1, 1, 1]), array([1, 1, 1, 1, 3, 1, 1, 1, 1]))
    """
    inked = np.asarray(np.any(line, axis=2))
    top = inked.argmax(axis=1)[:, None, None]
    height = line.shape[1] - inked[:, ::-1].argmax(axis=1)[:, None, None] - top
    place = (np.arange(line.shape[1])[:, None] - top) / height
    half_way = (place > BARS[0]) & (place < BARS[1])
    wide = np.pad(line, ((0, 0), (1, 1), (1, 1)))
    flat, ring = wide.reshape(-1), _ring(wide)
    points = np.flatnonzero(np.pad(line & half_way, ((0, 0), (1, 1), (1, 1))))
    for _ in range(LONGEST_BAR):
        ends = np.add.reduce([flat[points + step].view(np.uint8) for step in ring]) == 1
        flat[points[ends]] = False
        points = points[~ends]
    return wide[:, 1:-1, 1:-1]


def _ring(wide: Bools) -> list[int]:
    """Give the steps to the eight neighbours in a flat view: from north, clockwise."""
    below = wide.shape[2]
    return [-below, 1 - below, 1, 1 + below, below, below - 1, -1, -below - 1]


def _may_go(south_east: bool) -> Bools:
    """Say for each of the 256 kinds of neighbours whether a pass of the thinning takes the point.

    Bit 0 of a kind is the neighbour in the north, the others follow as in :func:`_ring`.
    """
    ring = [np.arange(256) >> bit & 1 for bit in range(8)]
    count = np.add.reduce(ring)
    arms = np.add.reduce([(1 - ring[i]) * ring[(i + 1) % 8] for i in range(8)])
    north, east, south, west = ring[::2]
    if south_east:
        kept = north * east * south + east * south * west
    else:
        kept = north * east * west + north * south * west
    may_go: Bools = (count >= 2) & (count <= 6) & (arms == 1) & (kept == 0)
    return may_go


_MAY_GO = _may_go(south_east=True), _may_go(south_east=False)


def _zoom_matrix(given: int, fine: int) -> Floats:
    """Give the weights of linear interpolation, (given * fine, given)."""
    at = (np.arange(given * fine) + 0.5) / fine - 0.5
    weights = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(given)))
    return np.asarray(weights, dtype=np.float32)
