"""Times against batch size as a table for a page: well-formed XML, every name in it escaped."""

from __future__ import annotations

import math
from html import escape

from kerasdemo.view.durations import milliseconds, span
from kerasdemo.view.signs import xml_signs
from kerasdemo.view.timings_words import Point, Series

__all__ = ["numbers", "throughput", "timings_table", "xml_text"]


def throughput(point: Point) -> str:
    """Write samples a second with three figures.

    Examples
    --------
    >>> throughput(Point(256, 1, 0.0371, 0.03, 0.04))
    '6,900/s'
    """
    rate = point.rate
    if not 0 < rate < math.inf:
        return "-"
    digits = 2 - math.floor(math.log10(rate))
    return f"{round(rate, digits):,.{max(digits, 0)}f}/s"


def numbers(point: Point) -> tuple[str, str]:
    """Return the median and the quartiles in milliseconds.

    Examples
    --------
    >>> numbers(Point(1, 0.2, 0.004, 0.0035, 0.0062))
    ('4.00', '3.50-6.20')
    """
    said = milliseconds(point.median), span((point.low, point.high))
    return said[0].removesuffix(" ms"), said[1].removesuffix(" ms")


def timings_table(series: Series, *, per: str = "call") -> str:
    """Return the numbers as a table that is well-formed XML; names are escaped.

    Examples
    --------
    >>> table = timings_table({"a<b": [Point(2, 0.9, 0.004, 0.003, 0.005)]}, per="sample")
    >>> "a&lt;b" in table, "<b>2.00</b> <span>1.50-2.50; 500/s</span>" in table
    (True, True)
    """
    small = "quartiles; first call" if per == "call" else "quartiles; samples a second"
    head = "".join(f'<th scope="col">{xml_text(name)}</th>' for name in series)
    rows = "".join(
        f'<tr><th scope="row">{points[0].size}</th>'
        + "".join(_cell(point, per) for point in points)
        + "</tr>"
        for points in zip(*series.values(), strict=True)
    )
    return (
        f"<table><caption>Milliseconds per {per}: median ({small})</caption><thead>"
        f'<tr><th scope="col">Samples a call</th>{head}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _cell(point: Point, per: str) -> str:
    """Return one cell: the number, and in small type what goes with it."""
    median, quartiles = numbers(point.per(per))
    more = (
        throughput(point)
        if per == "sample"
        else f"first {milliseconds(point.first)}".removesuffix(" ms")
    )
    return f"<td><b>{median}</b> <span>{quartiles}; {more}</span></td>"


def xml_text(words: str) -> str:
    """Escape words, and drop the characters that XML cannot hold.

    Examples
    --------
    >>> xml_text('a < "b"' + chr(0))
    'a &lt; &quot;b&quot;'
    """
    return escape(xml_signs(words))
