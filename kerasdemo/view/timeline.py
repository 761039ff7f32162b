"""What a call spent its time on: a row for each kind of work, as SVG, as PNG and in words."""

from __future__ import annotations

from collections.abc import Sequence

from kerasdemo.view.drawing import Box, Line, Shape, Words, paint_png, write_svg
from kerasdemo.view.durations import milliseconds

__all__ = ["describe_timeline", "timeline_png", "timeline_svg"]

Spans = Sequence[tuple[str, float, float]]

WIDTH, LEFT, RIGHT = 720, 96, 592
TOP, ROW, FOOT = 34, 24, 30
SMALLEST = 1.5  # pixels: a very short stretch is still to be seen


def timeline_svg(spans: Spans, *, title: str, order: Sequence[str] = ()) -> str:
    """Write the timeline as SVG.

    Parameters
    ----------
    spans : sequence of (str, float, float)
        What, from when, until when; in seconds from the start of the call.
    title : str
        Written above.
    order : sequence of str
        The rows from top to bottom; by default, in order of their first appearance.

    Examples
    --------
    >>> "the <layers>" in timeline_svg([("the <layers>", 0.0, 0.02)], title="A call")
    False
    """
    shapes, height = _draw(spans, title, order)
    return write_svg(
        shapes, width=WIDTH, height=height, title=title, words=describe_timeline(spans)
    )


def timeline_png(spans: Spans, *, title: str, order: Sequence[str] = ()) -> bytes:
    """Paint the timeline as PNG; the parameters are those of `timeline_svg`."""
    shapes, height = _draw(spans, title, order)
    return paint_png(shapes, width=WIDTH, height=height)


def describe_timeline(spans: Spans) -> str:
    """Say how long each kind of work took, the longest first.

    Examples
    --------
    >>> describe_timeline([("set-up", 0.0, 0.03), ("computing", 0.03, 0.04)])
    'set-up 30.0 ms, 75 % of the whole; computing 10.0 ms, 25 %.'
    """
    sums = _sums(spans)
    whole = sum(sums.values())
    if not whole:
        return "Nothing was timed."
    said = [
        f"{name} {milliseconds(seconds)}, {100 * seconds / whole:.0f} %"
        for name, seconds in sorted(sums.items(), key=lambda item: -item[1])
    ]
    said[0] += " of the whole"
    return "; ".join(said) + "."


def _sums(spans: Spans) -> dict[str, float]:
    """Add up the seconds of each name, in the order of their first appearance."""
    sums: dict[str, float] = {}
    for name, start, end in spans:
        sums[name] = sums.get(name, 0.0) + end - start
    return sums


def _draw(spans: Spans, title: str, order: Sequence[str]) -> tuple[list[Shape], int]:
    """Lay out the rows; return the shapes and the height of the picture."""
    sums = _sums(spans)
    whole = max((end for _, _, end in spans), default=0.0)
    scale = (RIGHT - LEFT) / whole if whole else 0.0
    bottom = TOP + ROW * len(sums)
    shapes: list[Shape] = [Words(8, 18, title, bold=True)]
    for row, name in enumerate(order or sums):
        seconds = sums[name]
        middle = TOP + ROW * row + ROW / 2
        share = f"{milliseconds(seconds)} · {100 * seconds / whole if whole else 0:.0f} %"
        shapes.append(Line(((LEFT, middle), (RIGHT, middle)), lit=False))
        shapes.append(Words(LEFT - 8, middle + 4, name, anchor="end"))
        shapes.append(Words(RIGHT + 10, middle + 4, share))
        shapes += [
            Box(
                LEFT + start * scale,
                TOP + ROW * row + 4,
                max((end - start) * scale, SMALLEST),
                ROW - 8,
                solid=True,
            )
            for span, start, end in spans
            if span == name
        ]
    shapes.append(Line(((LEFT, bottom), (RIGHT, bottom))))
    shapes.append(Words(LEFT, bottom + 17, "0", anchor="middle"))
    shapes.append(Words(RIGHT, bottom + 17, milliseconds(whole), anchor="middle"))
    return shapes, bottom + FOOT
