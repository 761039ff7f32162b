"""Ink from strokes: what the drawing pad turns into the image that a model is given.

The sheet is ``SHEET`` by ``SHEET`` pixels, with (0, 0) as its upper left corner. A stroke is
``{"width": 36, "points": [[x, y], ...]}``, lengths in pixels of the sheet, all plain JSON values.
The same definition runs on the page (framing.js), where the ink appears whatever the kernel does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["SHEET", "Sheet", "Stroke", "check_strokes", "draw_strokes"]

Stroke = dict[str, Any]
Line = tuple[list[float], list[float], float]  # start, end, and half of what is inked across

SHEET = 280  # side of the sheet, pixels
WIDEST = 100  # pixels
FARTHEST = 10_000  # pixels from the corner; ink beyond the sheet is cut off
WISH = 'Expected a list such as [{"width": 36, "points": [[140, 60], [140, 220]]}].'


def draw_strokes(strokes: Iterable[Stroke]) -> npt.NDArray[np.float64]:
    """Draw strokes on a sheet.

    A stroke is the line through its points, as wide as it says and with round ends; a single
    point is a dot. With ``d`` the distance from the middle of a pixel to the line, the pixel has
    ``(width + 1) / 2 - d`` of ink, at least 0 and at most 1: all within the line, and less and
    less along the last pixel. Where lines overlap, the largest counts. What lies beyond the sheet
    is cut off.

    Parameters
    ----------
    strokes : iterable of dict
        Each has a `width` and `points`, in pixels of the sheet.

    Returns
    -------
    numpy.ndarray, shape (280, 280), float64
        0 is paper, 1 is ink: what :func:`kerasdemo.preprocess.frame_digit` takes.

    Raises
    ------
    ValueError
        If these are not strokes.

    Examples
    --------
    >>> ink = draw_strokes([{"width": 6, "points": [[100, 40], [100, 240]]}])
    >>> ink.shape, ink[140, 95:106].tolist()
    ((280, 280), [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    """
    return Sheet().draw(strokes)


class Sheet:
    """A sheet that keeps its ink: what is drawn on is not drawn anew.

    While a hand draws, each state of the drawing holds the one before. Without this the work for a
    state grows with the drawing.
    """

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._ink = np.zeros((SHEET, SHEET))

    def draw(self, strokes: Iterable[Stroke]) -> npt.NDArray[np.float64]:
        """Return what :func:`draw_strokes` returns."""
        lines = list(_lines(strokes))
        known = len(self._lines)
        if lines[:known] != self._lines:
            self._ink, known = np.zeros((SHEET, SHEET)), 0
        for line in lines[known:]:
            _ink_line(self._ink, *line)
        self._lines = lines
        return self._ink.copy()


def _lines(strokes: Iterable[Stroke]) -> Iterator[Line]:
    """Yield the lines that strokes are made of; a stroke begins with a dot."""
    for stroke in check_strokes(strokes):
        points, reach = stroke["points"], (stroke["width"] + 1) / 2
        for start, end in zip(points[:1] + points, points, strict=False):
            yield start, end, reach


def _ink_line(
    ink: npt.NDArray[np.float64], start: list[float], end: list[float], reach: float
) -> None:
    """Draw the line from `start` to `end` on the pixels that it may reach."""
    left, right = _pixels(start[0], end[0], reach)
    top, bottom = _pixels(start[1], end[1], reach)
    across = np.arange(left, right + 1) + 0.5 - start[0]
    down = np.arange(top, bottom + 1)[:, None] + 0.5 - start[1]
    dx, dy = end[0] - start[0], end[1] - start[1]
    square = dx * dx + dy * dy
    along = ((across * dx + down * dy) / square).clip(0, 1) if square else np.zeros((1, 1))
    away = np.sqrt((across - along * dx) ** 2 + (down - along * dy) ** 2)
    part = ink[top : bottom + 1, left : right + 1]
    np.maximum(part, (reach - away).clip(0, 1), out=part)


def _pixels(one: float, other: float, reach: float) -> tuple[int, int]:
    """Give the first and the last pixel that a line may reach on one axis."""
    first, last = math.floor(min(one, other) - reach), math.floor(max(one, other) + reach)
    return min(max(first, 0), SHEET - 1), min(max(last, 0), SHEET - 1)


def check_strokes(strokes: Any) -> list[Stroke]:
    """Return strokes as plain JSON values.

    Raises
    ------
    ValueError
        If they are no strokes; says what is wrong with the first that is none.

    Examples
    --------
    >>> check_strokes([{"width": np.float32(20), "points": np.array([[1, 2.5]])}])
    [{'width': 20.0, 'points': [[1.0, 2.5]]}]
    """
    if isinstance(strokes, str | Mapping) or not isinstance(strokes, Iterable):
        raise ValueError(f"strokes are of type {type(strokes).__name__}. {WISH}")
    return [_checked(at, stroke) for at, stroke in enumerate(strokes)]


def _checked(at: int, stroke: Any) -> Stroke:
    if not isinstance(stroke, Mapping) or set(stroke) != {"width", "points"}:
        raise ValueError(f"Stroke {at} is {str(stroke)[:60]}. {WISH}")
    try:
        width = float(stroke["width"])
        points = np.array(stroke["points"], dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"Stroke {at} holds something else than numbers. {WISH}") from None
    if not 1 <= width <= WIDEST:
        raise ValueError(f"Stroke {at} is {width:g} wide; expected 1 to {WIDEST} pixels.")
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"Stroke {at} has points of shape {points.shape}; expected (n, 2). {WISH}")
    if not (np.abs(points) <= FARTHEST).all():
        raise ValueError(
            f"Stroke {at} has a point far from the sheet, which goes from 0 to {SHEET}."
        )
    return {"width": width, "points": points.tolist()}
