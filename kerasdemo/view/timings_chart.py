"""Where everything goes in a chart of times against batch size, both axes logarithmic.

`kerasdemo.view.timings_svg` writes the chart for a page, `kerasdemo.view.timings_picture` draws it
as PNG.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kerasdemo.view.palette import places
from kerasdemo.view.timings_words import Series

__all__ = ["Chart", "Line", "chart", "log_ticks", "shape", "short", "spread"]

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 68, 556, 32, 292
LABEL_GAP, LABEL_WIDTH, TICK_GAP = 17, 19, 34
DASHES = ((), (7, 4), (2, 3), (10, 3, 2, 3), (14, 4))
LEAST = 1e-9  # seconds: a clock that stood still is drawn at the bottom

AIR = 1.1  # between the lines and the ends of the axis

Place = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A method's line: hue, points, outline of the quartile band, stroke to the name, its place."""

    name: str
    number: int
    points: list[Place]
    band: list[Place]
    leader: tuple[Place, Place]
    label: Place


@dataclass(frozen=True)
class Chart:
    """What is drawn where, in pixels from the upper left corner."""

    across: list[tuple[float, str]]
    down: list[tuple[float, str]]
    lines: list[Line]


def log_ticks(low: float, high: float) -> tuple[list[float], tuple[float, float]]:
    """Return two to nine round numbers for a logarithmic axis, and where the axis ends.

    Parameters
    ----------
    low, high : float
        The smallest and the largest value, above 0.

    Examples
    --------
    >>> log_ticks(0.0031, 0.034)
    ([0.002, 0.005, 0.01, 0.02, 0.05], (0.002, 0.05))
    """
    power = math.floor(math.log10(low)) - 1
    steps = [
        (digit, float(f"{digit}e{exponent}"))
        for exponent in range(power, math.ceil(math.log10(high)) + 2)
        for digit in (1, 2, 5)
    ]
    begin = max(at for at, (_, value) in enumerate(steps) if value <= low)
    end = min(at for at, (_, value) in enumerate(steps) if value >= high)
    inside = steps[begin : max(end, begin + 1) + 1]
    limits = inside[0][1], inside[-1][1]
    if len(inside) > 9:
        inside = [step for step in inside if step[0] == 1]
    inside = inside[:: -(-len(inside) // 9)]
    return [value for _, value in inside], limits


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places apart until neighbours are `gap` apart, within `low` to `high` if they fit.

    Examples
    --------
    >>> spread([50, 52, 200], 17, 0, 300)
    [50, 67, 200]
    >>> spread([299, 300], 17, 0, 300)
    [283, 300]
    """
    order = sorted(range(len(places)), key=lambda at: places[at])
    moved = list(places)
    edge = low
    for at in order:
        edge = moved[at] = max(moved[at], edge)
        edge += gap
    edge = max(high, low + gap * (len(places) - 1))
    for at in reversed(order):
        edge = moved[at] = min(moved[at], edge)
        edge -= gap
    return moved


def chart(series: Series, sizes: Sequence[int], *, per: str = "call") -> Chart:
    """Find where everything goes.

    Parameters
    ----------
    series : mapping of str to sequence of Point
        For each method the points measured so far, smallest size first.
    sizes : sequence of int
        All batch sizes that the axis has room for, smallest first.
    per : {"call", "sample"}
        What the time is of.
    """
    wide = math.log(sizes[-1] / sizes[0])

    def x(size: int) -> float:
        share = math.log(size / sizes[0]) / wide if wide else 0.5
        return round(LEFT + 16 + share * (RIGHT - LEFT - 32), 1)

    shown = {name: [point.per(per) for point in points] for name, points in series.items()}
    values = [v for points in shown.values() for p in points for v in (p.low, p.median, p.high)]
    least, most = min(values, default=0.001), max(values, default=1)
    ticks, (low, high) = log_ticks(max(least, LEAST) / AIR, max(most, LEAST) * AIR)

    def y(seconds: float) -> float:
        share = math.log(max(seconds, low) / low) / math.log(high / low)
        return round(BOTTOM - share * (BOTTOM - TOP), 1)

    lines = []
    for number, (name, points) in zip(places(shown), shown.items(), strict=True):
        if not points:
            continue
        edge = 9 if len(points) == 1 else 0  # one point alone: a band that can be seen
        up = [(x(p.size) + side, y(p.low)) for p in points for side in sorted({-edge, edge})]
        back = [(x(p.size) + side, y(p.high)) for p in points for side in sorted({-edge, edge})]
        lines.append((number, name, [(x(p.size), y(p.median)) for p in points], up + back[::-1]))
    heights = spread([line[-1][1] for *_, line, _ in lines], LABEL_GAP, TOP, BOTTOM)
    found = []
    for (number, name, line, band), height in zip(lines, heights, strict=True):
        end, down = line[-1], round(height, 1)
        leader = (end[0] + 8, end[1]), (end[0] + 22, down)
        found.append(Line(name, number, line, band, leader, (end[0] + 26, down)))
    ticks_down = [(y(tick), f"{tick * 1000:.12g} ms") for tick in ticks] if values else []
    return Chart(_across([(x(size), str(size)) for size in sizes]), ticks_down, found)


def _across(ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Leave out the sizes whose numbers would run into each other; keep both ends."""
    kept = ticks[:1]
    for place, text in ticks[1:]:
        if place - kept[-1][0] >= TICK_GAP:
            kept.append((place, text))
    if kept[-1] != ticks[-1]:
        kept[max(len(kept) - 1, 1) :] = ticks[-1:]
    return kept


def shape(number: int, place: Place, size: float = 4.5) -> list[Place]:
    """Return the corners of a method's marker: each of the first five has another shape.

    Examples
    --------
    >>> len(shape(0, (0, 0))), len(shape(1, (0, 0))), len(shape(2, (0, 0)))
    (16, 4, 3)
    """
    x, y = place
    kind = number % 5
    if kind == 4:  # a plus
        a, b = size * 1.2, size * 0.4
        corners = [(-b, -a), (b, -a), (b, -b), (a, -b), (a, b), (b, b), (b, a), (-b, a), (-b, b)]
        return [(x + i, y + j) for i, j in [*corners, (-a, b), (-a, -b), (-b, -b)]]
    count, turn = ((16, 0.0), (4, 0.25), (3, -0.5), (4, 0.0))[kind]  # circle, square, ..., diamond
    wide = size * (1.0, 1.25, 1.4, 1.4)[kind]
    angles = [math.pi * (2 * at / count + turn) for at in range(count)]
    return [(round(x + wide * math.cos(a), 1), round(y + wide * math.sin(a), 1)) for a in angles]


def short(name: str) -> str:
    """Cut a name to what fits beside its line."""
    return name if len(name) <= LABEL_WIDTH else f"{name[: LABEL_WIDTH - 1]}…"
