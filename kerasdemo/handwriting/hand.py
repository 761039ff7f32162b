"""Another hand: where each point of a new sheet of paper was on the old one.

Slant, rotation and proportions, then bows and stretches, then a smooth wobble: everything that
:mod:`kerasdemo.augment` does to the shape of a digit. Lengths are shares of half the 20 pixel box
that a framed digit fills, unless they say otherwise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kerasdemo.handwriting.strokes import FINE
from kerasdemo.preprocess import BOX

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

# How much at strength 1.
SLANT, LEANING = 0.35, 0.08  # sideways shift per height: spread, and mean (hands lean right)
ROTATION = 0.15  # radians, spread
ASPECT = 0.25  # logarithm of width / height, spread
STRETCH = 0.5  # how much one part grows at the cost of another, at most
BEND = 0.2  # how much strokes bow, and one end is wider than the other, at most
NARROW = (0.45, 0.65)  # width / height of digits that are not widened, and that are freely so
WOBBLE = ((4, 0.1), (7, 0.04))  # smooth noise: (knots along a side, spread), coarse and fine
STIFF = 0.6  # share of stretch, bend and wobble that is left for digits not to be widened

PAPER = 48  # side of the paper that a digit is redrawn on, points, before it is framed
EDGE = 1.35  # half the side of that paper

__all__ = ["new_hand", "paper"]


def paper() -> tuple[Floats, Floats]:
    """Give the points of the paper: across (1, 1, PAPER) and down (1, PAPER, 1)."""
    line = np.linspace(-EDGE, EDGE, PAPER, dtype=np.float32)
    return line[None, None, :], line[None, :, None]


def new_hand(
    inked: npt.NDArray[np.bool_],
    may_widen: npt.NDArray[np.int_],
    rng: np.random.Generator,
    strengths: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Choose another hand for each digit.

    Parameters
    ----------
    inked : numpy.ndarray, shape (n, h, w), bool
        Digits on the fine grid of the stroke maps.
    may_widen : numpy.ndarray, shape (n,), int
        1 for digits that may become wider, 0 for those that must not.
    rng : numpy.random.Generator
        Decides everything that is left to chance.
    strengths : numpy.ndarray, shape (n, 1, 1), float32
        0 changes no shape.

    Returns
    -------
    x, y : numpy.ndarray, shape (n, PAPER, PAPER), float32
        Where to look on the fine grid for each point of the paper.
    scale : numpy.ndarray, shape (n, 1, 1), float32
        How many pixels of the old digit become one pixel of the new one, on average.
    """
    middle, half = _extent(inked)
    # A narrow digit stays narrow: a 1 with a widened flag would be a 7.
    room = np.clip((half[:, 0] / half[:, 1] - NARROW[0]) / (NARROW[1] - NARROW[0]), 0, 1)
    room = room * may_widen
    supple = strengths * np.where(may_widen, 1, STIFF).astype(np.float32)[:, None, None]
    hand = _random_hand(rng, strengths[:, 0, 0], room)
    # The digit, slanted and turned, must fill the paper from -1 to 1.
    corners = half[:, :, None] * np.array([[1, 1], [1, -1]])
    fit = np.abs(hand @ corners).max(axis=(1, 2))
    back = (np.linalg.inv(hand) * fit[:, None, None]).astype(np.float32)[:, :, :, None, None]
    across, down = paper()
    x = back[:, 0, 0] * across + back[:, 0, 1] * down
    y = back[:, 1, 0] * across + back[:, 1, 1] * down
    x, y = _bend_and_stretch(x, y, half, room, rng, supple)
    centre = middle.astype(np.float32)[:, :, None, None]
    x = centre[:, 0] + BOX / 2 * FINE * (x + _wobble(rng, supple))
    y = centre[:, 1] + BOX / 2 * FINE * (y + _wobble(rng, supple))
    scale = fit / np.sqrt(np.abs(np.linalg.det(hand)))
    return x, y, scale.astype(np.float32)[:, None, None]


def _extent(inked: npt.NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
    """Find the middle (n, 2), in map points, and half the size (n, 2), in half boxes, as (x, y)."""
    middles, halves = [], []
    for axis in (1, 2):
        profile = np.any(inked, axis=axis)
        profile |= ~profile.any(axis=1)[:, None]  # blank: everything, so that nothing breaks
        first = profile.argmax(axis=1)
        last = profile.shape[1] - 1 - profile[:, ::-1].argmax(axis=1)
        middles.append((first + last) / 2)
        halves.append((last - first + 1) / (BOX * FINE))
    return np.stack(middles, axis=1), np.stack(halves, axis=1)


def _random_hand(rng: np.random.Generator, strengths: Floats, room: Doubles) -> Doubles:
    """Choose an aspect, a slant and a turn for each digit: matrices (n, 2, 2) for (x, y)."""
    n = len(strengths)
    slant = np.clip(rng.normal(LEANING, SLANT, n), -0.6, 0.75) * strengths
    turn = np.clip(rng.normal(0, ROTATION, n), -0.35, 0.35) * strengths
    change = np.clip(rng.normal(0, ASPECT, n), -0.7, 0.7) * strengths
    wider = np.exp(np.where(change > 0, change * room, change))
    zero, one = np.zeros(n), np.ones(n)

    def stack(rows: list[list[Doubles]]) -> Doubles:
        return np.moveaxis(np.array(rows), 2, 0)

    rotation = stack([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    slanting = stack([[one, -slant], [zero, one]])  # y points down: what is above goes right
    widening = stack([[wider, zero], [zero, one]])
    return np.asarray(rotation @ slanting @ widening)


def _bend_and_stretch(
    x: Floats,
    y: Floats,
    half: Doubles,
    room: Doubles,
    rng: np.random.Generator,
    strengths: Floats,
) -> tuple[Floats, Floats]:
    """Move points so that ends widen, strokes bow, and parts grow at the cost of others."""

    def random(most: float | Floats) -> Floats:
        return most * strengths * rng.uniform(-1, 1, strengths.shape).astype(np.float32)

    def stretched(t: Floats, most: float | Floats) -> Floats:
        inside = np.clip(t, -1, 1)
        shift = random(most)
        shifted: Floats = t - inside + (inside + shift) / (1 + shift * inside)
        shifted += random(most) * np.sin(np.pi * inside) / np.float32(np.pi)
        return shifted

    half_width, half_height = np.asarray(half.T, dtype=np.float32)[:, :, None, None]
    roomy = np.asarray(room, dtype=np.float32)[:, None, None]
    u, v = x / half_width, y / half_height
    s, t = np.clip(u, -1.3, 1.3), np.clip(v, -1.3, 1.3)
    u = u * (1 + 1.5 * random(BEND) * roomy * t) + random(BEND) * (t**2 - 0.5) / half_width
    v = v + 0.7 * random(BEND) * (s**2 - 0.5)
    return stretched(u, 0.6 * STRETCH * roomy) * half_width, stretched(v, STRETCH) * half_height


def _wobble(rng: np.random.Generator, strengths: Floats) -> Floats:
    """Make smooth noise for every point of the paper, (n, PAPER, PAPER)."""
    total: Floats = np.zeros((len(strengths), PAPER, PAPER), dtype=np.float32)
    for knots, spread in WOBBLE:
        basis = _spline_basis(knots, PAPER)
        noise = rng.normal(0, spread, (len(strengths), knots, knots)).astype(np.float32)
        total += basis @ (noise * strengths) @ basis.T
    return total


def _spline_basis(knots: int, points: int) -> Floats:
    """Give cubic B-splines (points, knots), each row scaled to length 1: noise stays as strong."""
    at = np.linspace(0.5, knots - 1.5, points)
    away = np.abs(at[:, None] - np.arange(knots))
    near, far = 2 / 3 - away**2 + away**3 / 2, (2 - away) ** 3 / 6
    splines = np.where(away < 1, near, np.where(away < 2, far, 0))
    lengths = np.sqrt((splines**2).sum(axis=1, keepdims=True))
    return np.asarray(splines / lengths, dtype=np.float32)
