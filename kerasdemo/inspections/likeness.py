"""Images that lie on their side, upside down, mirrored, inverted: only `like` can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasdemo.inspections.case import Case, Leaf
from kerasdemo.inspections.finding import Finding, Outcome, each, found

FEWEST = 8  # images that a judgement needs
MOST = 256  # images that are compared
SIDE = 32  # pixels along a side that are compared
AGREE = 0.8  # share of images that must look more like the others when turned
GAIN = 0.03  # by so much more alike, as a mean correlation
SURE = 6.0  # and by so many standard errors

Turn = Callable[[NDArray[Any]], NDArray[Any]]
TURNS: dict[str, tuple[str, str, Turn]] = {
    "transposed": ("transposed", ".swapaxes(1, 2)", lambda a: a.swapaxes(1, 2)),
    "upside-down": ("upside down", "[:, ::-1]", lambda a: a[:, ::-1]),
    "mirrored": ("mirrored", "[:, :, ::-1]", lambda a: a[:, :, ::-1]),
    "rotated": ("turned by half", "[:, ::-1, ::-1]", lambda a: a[:, ::-1, ::-1]),
    "inverted": ("inverted (ink and paper swapped)", "", lambda a: -a),
    "channels-reversed": ("in another order of colours", "[..., ::-1]", lambda a: a[..., ::-1]),
}  # fmt: skip


def inspect(case: Case) -> Iterator[Finding]:
    """Yield what must be done to the images to make them look like those of the training."""
    for leaf in case.leaves:
        if leaf.values is None or leaf.like is None:
            continue
        images, others = thin(leaf.values), thin(leaf.like)
        if images is None or others is None or images.shape[1:] != others.shape[1:]:
            continue
        how = turned(images, others)
        if how:
            yield _finding(case, leaf, how)


def _finding(case: Case, leaf: Leaf, how: str) -> Finding:
    words, index, _ = TURNS[how]
    name = leaf.name
    line = f"{name} = {name}{index}" if index else f"{name} = {name}.max() - {name}"
    return found(
        f"images-{how}",
        case.method,
        f"The images of {name} look {words}: made so, they are far more like the training samples.",
        each(Outcome("wrong", "numbers as sure as ever, for another picture")),
        line,
    )


def thin(values: NDArray[Any]) -> NDArray[Any] | None:
    """Return up to `MOST` images of at most `SIDE` pixels a side, spread over the array.

    None if these are no images, or fewer than `FEWEST`.
    """
    if values.ndim == 3:
        values = values[..., None]
    if values.ndim != 4 or values.shape[-1] > 4 or values.dtype.kind not in "fiub":
        return None
    if len(values) < FEWEST or min(values.shape[1:3]) < 4:
        return None
    step = max(1, -(-len(values) // MOST))
    down, across = (max(1, -(-side // SIDE)) for side in values.shape[1:3])
    some = values[::step, ::down, ::across].astype(np.float64)
    return some[np.isfinite(some).all(axis=(1, 2, 3))]


def turned(images: NDArray[Any], others: NDArray[Any]) -> str:
    """Say how the images must be turned to look like the others; ``""`` if they need not be.

    Each image looks for its nearest among the others (the largest correlation), as it is and
    turned. If four in five find a nearer one when turned, and clearly nearer, they are turned.

    Parameters
    ----------
    images, others : ndarray, shape (n, height, width, channels)
    """
    if len(images) < FEWEST or len(others) < FEWEST:
        return ""
    known = _unit(others)
    as_they_are = (_unit(images) @ known.T).max(axis=1)
    best, gained = "", GAIN
    for name, (_, _, turn) in TURNS.items():
        if name == "channels-reversed" and images.shape[-1] != 3:
            continue
        changed = turn(images)
        if changed.shape != images.shape:
            continue
        gain = (_unit(changed) @ known.T).max(axis=1) - as_they_are
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        if np.mean(gain > 0) >= AGREE and gain.mean() > max(gained, SURE * error):
            best, gained = name, float(gain.mean())
    return best


def _unit(images: NDArray[Any]) -> NDArray[Any]:
    rows = images.reshape(len(images), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    unit: NDArray[Any] = rows / np.where(length == 0, 1, length)
    return unit
