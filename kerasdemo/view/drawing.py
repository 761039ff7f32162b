"""Boxes, lines and words: a drawing as a list of shapes, written as SVG or painted as PNG.

The SVG takes its colours from the page: ``currentColor`` for ink, which is dark on a light page and
light on a dark one. What a shape means never hangs on colour alone.
"""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from kerasdemo.view.palette import HUES

__all__ = ["Box", "Line", "Shape", "Words", "paint_png", "write_svg"]

FINE = 2  # painted this many times larger, then made smaller: smooth lines
PAPER, INK, FAINT, FILL = "#ffffff", "#24292f", "#6b7480", "#cfe3f7"
ACCENT = HUES[0].middle


@dataclass(frozen=True)
class Box:
    """A rectangle: filled and with a solid edge when lit, with a dashed edge otherwise."""

    left: float
    top: float
    width: float
    height: float
    lit: bool = True
    solid: bool = False  # a bar: one flat colour, no edge


@dataclass(frozen=True)
class Line:
    """A line through some places, with an arrow's head at its end if `head`."""

    places: tuple[tuple[float, float], ...]
    head: bool = False
    lit: bool = True


@dataclass(frozen=True)
class Words:
    """A line of words; `anchor` is ``"start"``, ``"middle"`` or ``"end"``."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    lit: bool = True
    bold: bool = False
    size: int = 12


Shape = Box | Line | Words


def write_svg(shapes: Sequence[Shape], *, width: int, height: int, title: str, words: str) -> str:
    """Write shapes as an SVG element that can stand in a page.

    Parameters
    ----------
    shapes : sequence of Box, Line, Words
        Later ones are on top.
    width, height : int
        The drawing's own size; a narrow page makes it smaller.
    title : str
        A few words.
    words : str
        The whole picture in words, for those who do not see it.

    Examples
    --------
    >>> write_svg([Words(4, 16, "a < b")], width=40, height=20, title="t", words="w")[-35:]
    'currentColor">a &lt; b</text></svg>'
    """
    label = html.escape(f"{title}. {words}", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{label}" style="width:100%;max-width:{width}px;height:auto;'
        f'font-family:system-ui,sans-serif">{"".join(map(_as_svg, shapes))}</svg>'
    )


def _as_svg(shape: Shape) -> str:
    """Write one shape."""
    if isinstance(shape, Box):
        place = f'x="{shape.left:g}" y="{shape.top:g}" width="{shape.width:g}" '
        place += f'height="{shape.height:g}"'
        if shape.solid:
            return f'<rect {place} fill="{ACCENT}"/>'
        if shape.lit:
            return (
                f'<rect {place} rx="6" fill="{ACCENT}" fill-opacity="0.22" '
                'stroke="currentColor" stroke-width="2"/>'
            )
        return (
            f'<rect {place} rx="6" fill="none" stroke="currentColor" stroke-opacity="0.55" '
            'stroke-dasharray="4 4"/>'
        )
    if isinstance(shape, Line):
        path = "M" + "L".join(f"{x:g} {y:g}" for x, y in shape.places)
        style = 'stroke-width="2"' if shape.lit else 'stroke-opacity="0.35"'
        faint = "" if shape.lit else ' fill-opacity="0.35"'
        head = "M" + "L".join(f"{x:g} {y:g}" for x, y in _head(shape)) + "Z" if shape.head else ""
        return f'<path d="{path}" fill="none" stroke="currentColor" {style}/>' + (
            f'<path d="{head}" fill="currentColor"{faint}/>' if head else ""
        )
    bold = ' font-weight="600"' if shape.bold else ""
    faint = "" if shape.lit else ' fill-opacity="0.72"'
    return (
        f'<text x="{shape.x:g}" y="{shape.y:g}" text-anchor="{shape.anchor}" '
        f'font-size="{shape.size}"{bold}{faint} fill="currentColor">'
        f"{html.escape(shape.text, quote=False)}</text>"
    )


def _head(line: Line) -> list[tuple[float, float]]:
    """Return the corners of a line's head; its last stroke is level or upright."""
    (x0, y0), (x, y) = line.places[-2:]
    if abs(x - x0) >= abs(y - y0):
        back = x - (8 if x > x0 else -8)
        return [(x, y), (back, y - 4.5), (back, y + 4.5)]
    back = y - (8 if y > y0 else -8)
    return [(x, y), (x - 4.5, back), (x + 4.5, back)]


def paint_png(shapes: Sequence[Shape], *, width: int, height: int) -> bytes:
    """Paint shapes on white.

    Returns
    -------
    bytes
        A PNG file of `width` by `height` pixels.

    Examples
    --------
    >>> paint_png([Box(4, 4, 20, 10)], width=40, height=20)[1:4]
    b'PNG'
    """
    picture = Image.new("RGB", (width * FINE, height * FINE), PAPER)
    draw = ImageDraw.Draw(picture)
    for shape in shapes:
        if isinstance(shape, Box):
            _paint_box(draw, shape)
        elif isinstance(shape, Line):
            colour = INK if shape.lit else FAINT
            draw.line(_fine(shape.places), fill=colour, width=FINE * (1 + shape.lit))
            if shape.head:
                draw.polygon(_fine(_head(shape)), fill=colour)
        else:
            _paint_words(draw, shape)
    small = picture.resize((width, height), Image.Resampling.BOX).quantize(32)
    buffer = io.BytesIO()
    small.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _paint_box(draw: ImageDraw.ImageDraw, box: Box) -> None:
    corners = _fine([(box.left, box.top), (box.left + box.width, box.top + box.height)])
    if box.solid:
        draw.rectangle(corners, fill=ACCENT)
    elif box.lit:
        draw.rounded_rectangle(corners, radius=6 * FINE, fill=FILL, outline=INK, width=2 * FINE)
    else:
        (left, top), (right, bottom) = corners
        for start, end in (
            ((left, top), (right, top)),
            ((right, top), (right, bottom)),
            ((right, bottom), (left, bottom)),
            ((left, bottom), (left, top)),
        ):
            _dashes(draw, start, end)


def _dashes(
    draw: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float]
) -> None:
    """Paint a dashed line, level or upright."""
    (x0, y0), (x1, y1) = start, end
    length, step = abs(x1 - x0) + abs(y1 - y0), 4 * FINE
    for at in range(0, int(length), 2 * step):
        ends = [at / length, min(at + step, length) / length]
        draw.line([(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in ends], fill=FAINT, width=FINE)


def _paint_words(draw: ImageDraw.ImageDraw, words: Words) -> None:
    """Write words in the font that Pillow brings, which has Latin letters only."""
    latin = words.text.replace("×", "x").encode("latin-1", "replace").decode("latin-1")
    font = ImageFont.load_default(size=words.size * FINE)
    anchor = {"start": "l", "middle": "m", "end": "r"}[words.anchor] + "s"
    draw.text(
        (words.x * FINE, words.y * FINE),
        latin,
        fill=INK if words.lit else FAINT,
        font=font,
        anchor=anchor,
    )


def _fine(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * FINE, y * FINE) for x, y in places]
