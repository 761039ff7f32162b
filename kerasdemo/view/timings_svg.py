"""Times against batch size as SVG, for a page whose style sheet gives the colours."""

from __future__ import annotations

from collections.abc import Sequence

from kerasdemo.view.durations import milliseconds
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
from kerasdemo.view.timings_table import xml_text
from kerasdemo.view.timings_words import Series, samples

__all__ = ["describe", "timings_svg"]


def timings_svg(series: Series, sizes: Sequence[int], *, per: str = "call") -> str:
    """Write the chart as SVG that takes its colours from the page.

    The parts have classes: ``kd-grid``, ``kd-tick``, and ``kd-series kd-series-0`` to ``-4`` for
    the methods, whose names are escaped.

    Parameters
    ----------
    series, sizes, per
        As for `chart`.

    Examples
    --------
    >>> from kerasdemo.view.timings_words import Point
    >>> svg = timings_svg({"a<b": [Point(1, 0.2, 0.004, 0.003, 0.005)]}, [1, 2, 4])
    >>> "<title>Time per call by batch size</title>" in svg, "a&lt;b" in svg
    (True, True)
    """
    found = chart(series, sizes, per=per)
    parts = [
        f"<title>Time per {per} by batch size</title>",
        f"<desc>{xml_text(describe(series, per=per))}</desc>",
        _text(8, 16, f"Time per {per}, log axis", "kd-tick"),
        _text((LEFT + RIGHT) / 2, HEIGHT - 8, "Samples a call, log axis", "kd-tick kd-middle"),
    ]
    for y, text in found.down:
        parts.append(f'<path class="kd-grid" d="M{LEFT} {y}H{RIGHT}"/>')
        parts.append(_text(LEFT - 8, y + 4, text, "kd-tick kd-end"))
    parts.append(f'<path class="kd-axis" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>')
    for x, text in found.across:
        parts.append(f'<path class="kd-axis" d="M{x} {BOTTOM}v5"/>')
        parts.append(_text(x, BOTTOM + 19, text, "kd-tick kd-middle"))
    if not found.lines:
        middle = (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2
        parts.append(_text(*middle, "Not measured yet", "kd-tick kd-middle"))
    parts += [_line(line) for line in found.lines]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" class="kd-curves">{"".join(parts)}</svg>'
    )


def describe(series: Series, *, per: str = "call") -> str:
    """Say the ends of each line in words."""
    said = []
    for name, points in series.items():
        ends = [points[0], points[-1]] if len(points) > 1 else points
        told = [f"{milliseconds(p.per(per).median)} with {samples(p.size)}" for p in ends]
        said += [f"{name}: {', '.join(told)}."] if told else []
    return " ".join(said) or "Not measured yet."


def _line(line: Line) -> str:
    """Write one method's band, line, markers and name."""
    dash = " ".join(map(str, DASHES[line.number]))
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    x, y = line.label
    markers = "".join(
        f'<path class="kd-point" d="{_path(shape(line.number, place))}Z"/>' for place in line.points
    )
    return (
        f'<g class="kd-series kd-series-{line.number}"><title>{xml_text(line.name)}</title>'
        f'<path class="kd-band" d="{_path(line.band)}Z"/>'
        f'<path class="kd-median" d="{_path(line.points)}"{dashed}/>{markers}'
        f'<path class="kd-leader" d="{_path(line.leader)}"/>'
        f"{_text(x, y + 4, short(line.name), 'kd-name')}</g>"
    )


def _path(places: Sequence[Place]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{style}">{xml_text(words)}</text>'
