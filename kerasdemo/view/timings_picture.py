"""Times against batch size as PNG, for a notebook that is read without a kernel."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import cycle, pairwise
from math import dist

from PIL import Image, ImageDraw, ImageFont

from kerasdemo.view.palette import HUES
from kerasdemo.view.timings_chart import (
    BOTTOM,
    DASHES,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Line,
    Place,
    chart,
    shape,
    short,
)
from kerasdemo.view.timings_words import Series

__all__ = ["dashed", "timings_png"]

FINE = 2  # drawn this many times larger, then made smaller: smooth lines
PAPER, INK, GRID = "#ffffff", "#3c4249", "#dde1e5"


def timings_png(series: Series, sizes: Sequence[int], *, per: str = "call") -> bytes:
    """Draw the chart: a line, a band and markers for each method, told apart by form and colour.

    Parameters
    ----------
    series, sizes, per
        As for `kerasdemo.view.timings_chart.chart`.

    Returns
    -------
    bytes
        A PNG file, 720 by 340 pixels.

    Examples
    --------
    >>> timings_png({}, [1, 2, 4])[1:4]
    b'PNG'
    """
    found = chart(series, sizes, per=per)
    picture = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), PAPER)
    draw = ImageDraw.Draw(picture)
    for y, text in found.down:
        _stroke(draw, [(LEFT, y), (RIGHT, y)], GRID)
        _write(draw, (LEFT - 8, y), text, "rm")
    for line in found.lines:
        draw.polygon(_fine(line.band), fill=HUES[line.number].band)
    _stroke(draw, [(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)], INK)
    for x, text in found.across:
        _stroke(draw, [(x, BOTTOM), (x, BOTTOM + 5)], INK)
        _write(draw, (x, BOTTOM + 14), text, "mm")
    _write(draw, (8, 12), f"Time per {per}, log axis", "lm")
    _write(draw, ((LEFT + RIGHT) / 2, HEIGHT - 12), "Samples a call, log axis", "mm")
    if not found.lines:
        _write(draw, ((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2), "Not measured yet", "mm")
    for line in found.lines:
        _line(draw, line)
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX).quantize(32)
    buffer = io.BytesIO()
    small.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def dashed(places: Sequence[Place], dash: Sequence[float]) -> Iterator[tuple[Place, Place]]:
    """Yield the strokes of a line: on for the first length, off for the second, and so on.

    Examples
    --------
    >>> list(dashed([(0, 0), (10, 0)], (4, 3)))
    [((0.0, 0.0), (4.0, 0.0)), ((7.0, 0.0), (10.0, 0.0))]
    """
    lengths = cycle(dash or [float("inf")])
    on, left = True, next(lengths)
    for (x, y), (to_x, to_y) in pairwise(places):
        whole = dist((x, y), (to_x, to_y))
        at = 0.0
        while at < whole:
            step = min(left, whole - at)
            if on:
                ends = [at / whole, (at + step) / whole]
                one, two = ((x + (to_x - x) * t, y + (to_y - y) * t) for t in ends)
                yield one, two
            at, left = at + step, left - step
            if left <= 0:
                on, left = not on, next(lengths)


def _line(draw: ImageDraw.ImageDraw, line: Line) -> None:
    """Draw one method's line, markers and name."""
    colour = HUES[line.number].light
    for stroke in dashed(line.points, DASHES[line.number]):
        _stroke(draw, stroke, colour, width=2)
    for place in line.points:
        draw.polygon(_fine(shape(line.number, place)), fill=colour)
    _stroke(draw, line.leader, colour)
    _write(draw, line.label, short(line.name), "lm", colour)


def _stroke(
    draw: ImageDraw.ImageDraw, places: Sequence[Place], colour: str, *, width: int = 1
) -> None:
    draw.line(_fine(places), fill=colour, width=width * FINE)


def _write(
    draw: ImageDraw.ImageDraw, place: Place, words: str, anchor: str, colour: str = INK
) -> None:
    """Write words in the font that Pillow brings, which has Latin letters only."""
    latin = words.replace("…", "...").encode("latin-1", "replace").decode("latin-1")
    font = ImageFont.load_default(size=12 * FINE)
    draw.text(_fine([place])[0], latin, fill=colour, font=font, anchor=anchor)


def _fine(places: Sequence[Place]) -> list[Place]:
    return [(x * FINE, y * FINE) for x, y in places]
