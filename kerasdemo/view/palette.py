"""The colours of the kit, in one place: a method has the same one in every chart.

Each is given for a light page, for a dark one, for a transparent figure that lies on either, and as
a pale band on white. ``widgets/common.css`` and the site's style sheet hold the first two again,
since a style sheet cannot ask Python; a test holds them to these. What is told apart by colour is
told apart by dash, marker or pattern as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle
from typing import NamedTuple

__all__ = ["BAD", "HUES", "PLACES", "Hue", "places"]


class Hue(NamedTuple):
    """One colour in its four strengths, and what the style sheets call it."""

    name: str
    light: str
    dark: str
    middle: str
    band: str


HUES = (
    Hue("accent", "#0b5cad", "#79b8ff", "#2f7fc1", "#d3e2f1"),
    Hue("second", "#8a4b08", "#f0b266", "#d1770f", "#efdfcf"),
    Hue("third", "#1b6e52", "#6fd0a8", "#2a9d6f", "#d3e6df"),
    Hue("fourth", "#6b3fa0", "#c9a6f5", "#9a6fd0", "#e3d9ee"),
    Hue("fifth", "#97295c", "#f49ac8", "#c2528b", "#efd7e2"),
)
BAD = "#b3261e", "#ff9d94"  # wrong answers and failures: light, dark
# A method's place among the hues, dashes and markers.
PLACES = {"predict": 0, "predict_on_batch": 1, "predict_step": 2, "call": 3, "compiled": 4}


def places(names: Iterable[str]) -> list[int]:
    """Return which hue each series has: a method its own, any other call one that is left.

    Examples
    --------
    >>> places(["predict_step", "mine", "predict"]), places(["a", "b"])
    ([2, 1, 0], [0, 1])
    """
    wanted = list(names)
    taken = {PLACES[name] for name in wanted if name in PLACES}
    left = [place for place in range(len(HUES)) if place not in taken]
    free = cycle(left or range(len(HUES)))
    return [PLACES[name] if name in PLACES else next(free) for name in wanted]
