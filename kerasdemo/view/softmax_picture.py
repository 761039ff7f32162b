"""A row of softmax drawn as bars: PNG bytes through Pillow, the same for the same arguments."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from kerasdemo.view.softmax import format_probability, softmax_facts

__all__ = ["softmax_png"]

WIDTH, NAME, NUMBER, MARK = 584, 96, 70, 128
GAP, LEGEND = 8, 20
INK, FAINT, TRACK = 30, 110, 236
SHADES = (70, 150, 110, 40)


def softmax_png(
    rows: Mapping[str, npt.ArrayLike],
    *,
    label: int | None = None,
    class_names: Sequence[str] | None = None,
    places: Sequence[int] | None = None,
) -> bytes:
    """Draw one bar for each class, or one for each named method, told apart by pattern.

    Parameters
    ----------
    rows : mapping of str to array_like, shape (classes,)
        One sample's probabilities, under the name of the method that gave them. The number
        beside the bars is the first method's.
    label : int, optional
        The true class, marked in words.
    class_names : sequence of str, optional
        What to call the classes; by default their numbers.
    places : sequence of int, optional
        Which classes, in their order; by default all.

    Returns
    -------
    bytes
        A PNG file, 584 pixels wide.

    Examples
    --------
    >>> softmax_png({"predict": [0.25, 0.75]}, label=1)[1:4]
    b'PNG'
    """
    arrays = {name: np.asarray(p, dtype=np.float64) for name, p in rows.items()}
    classes = min(len(p) for p in arrays.values())
    names = [str(c) for c in (range(classes) if class_names is None else class_names)]
    legend = LEGEND if len(arrays) > 1 else 0
    bar = 14 if len(arrays) == 1 else 8 * len(arrays)
    shown = list(range(classes) if places is None else places)
    picture = Image.new("L", (WIDTH, len(shown) * (bar + GAP) + legend + 8), 255)
    draw = ImageDraw.Draw(picture)
    first = next(iter(arrays.values()))
    largest = None if np.isnan(first).any() else softmax_facts(first).predicted
    for line_number, place in enumerate(shown):
        top = legend + 8 + line_number * (bar + GAP)
        line = top + bar // 2 - 8
        _write(draw, NAME - 10, line, _fit(names[place], NAME - 16), right=True)
        values = [p[place] for p in arrays.values()]
        _bars(draw, top, values, bar // len(values))
        end = WIDTH - MARK - 8
        _write(draw, end, line, format_probability(float(values[0])), right=True)
        marks = ["true label"] * (place == label) + ["predicted"] * (place == largest)
        _write(draw, WIDTH - MARK, line, ", ".join(marks), shade=FAINT)
    if legend:
        _legend(draw, list(arrays))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _bars(draw: ImageDraw.ImageDraw, top: int, values: Sequence[float], height: int) -> None:
    """Draw the bars of one class, one under the other."""
    left, right = NAME, WIDTH - MARK - NUMBER - 8
    draw.rectangle((left, top, right, top + height * len(values) - 1), fill=TRACK)
    for number, value in enumerate(values):
        share = min(max(float(value), 0.0), 1.0) if np.isfinite(value) else 0.0
        length = round(share * (right - left))
        if length:
            _fill(draw, (left, top + number * height, left + length, height), number)


def _fill(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], number: int) -> None:
    """Fill a bar: solid, then slanted stripes, then upright stripes, then an outline."""
    left, top, right, height = box
    bottom = top + max(height - 2, 1)
    shade = SHADES[number % len(SHADES)]
    style = number % 4
    draw.rectangle((left, top, right, bottom), fill=shade if style == 0 else 255, outline=shade)
    step = {1: 5, 2: 3}.get(style)
    if step is not None:
        slant = bottom - top if style == 1 else 0
        for x in range(left, right - slant, step):
            draw.line((x, bottom, x + slant, top), fill=shade)


def _legend(draw: ImageDraw.ImageDraw, names: Sequence[str]) -> None:
    """Write above the bars which pattern is which method."""
    left = float(NAME)
    for number, name in enumerate(names):
        _fill(draw, (round(left), 5, round(left) + 22, 9), number)
        name = _fit(name, 140)
        _write(draw, left + 28, 3, name)
        left += 44 + draw.textlength(_latin(name), font=_font())


def _write(
    draw: ImageDraw.ImageDraw,
    x: float,
    y: float,
    words: str,
    *,
    right: bool = False,
    shade: int = INK,
) -> None:
    """Write words at, or ending at, a place."""
    words, font = _latin(words), _font()
    if right:
        x -= draw.textlength(words, font=font)
    draw.text((round(x), y), words, fill=shade, font=font)


def _latin(words: str) -> str:
    """Keep to the characters that Pillow's own font has."""
    return words.encode("latin-1", "replace").decode("latin-1")


def _fit(words: str, width: int) -> str:
    """Cut words to one line of at most so many pixels."""
    words = " ".join(words.split())
    short, font = words, _font()
    while font.getlength(_latin(short)) > width:
        words = words[:-1]
        short = words + "..."
    return short


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font that Pillow brings."""
    return ImageFont.load_default(size=12)
