"""One row of the report: what was measured, the figure, its budget, and whether it is met."""

from __future__ import annotations

import math
import statistics
import textwrap
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, NamedTuple

WIDTHS = (8, 38, 46, 26)  # of the columns: verdict, what, figure, budget
VERDICTS = {True: "met", False: "MISSED", None: "?"}


class Measured(NamedTuple):
    """One budget: what was measured, the figure, what it must be, and whether it is.

    `met` is None for what could not be measured or settled, and the figure then says what to do;
    `data` holds what the figure was made from, for the JSON.
    """

    what: str
    figure: str
    budget: str
    met: bool | None
    data: dict[str, Any] = {}  # noqa: RUF012 - nobody writes into it

    def __str__(self) -> str:
        """Write it in four columns."""
        cells = (VERDICTS[self.met], self.what, self.figure, self.budget)
        wrapped = [
            textwrap.wrap(cell, width - 2, break_on_hyphens=False)
            for cell, width in zip(cells, WIDTHS, strict=True)
        ]
        lines = zip_longest(*wrapped, fillvalue="")
        return "\n".join(
            "".join(cell.ljust(width) for cell, width in zip(line, WIDTHS, strict=True)).rstrip()
            for line in lines
        )

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return self._asdict()


def summary(times: Iterable[float]) -> dict[str, Any]:
    """Return median, quartiles and count of some times, which keep their unit.

    >>> summary([3.0, 1.0, 2.0])
    {'median': 2.0, 'quartiles': [1.5, 2.5], 'count': 3}
    """
    values = [float(value) for value in times]
    if not values:
        return {"median": None, "quartiles": None, "count": 0}
    low, _, high = (
        statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    )
    return {"median": statistics.median(values), "quartiles": [low, high], "count": len(values)}


def summaries(times: dict[str, Any]) -> dict[str, Any]:
    """Return the summary of each list of times."""
    return {name: summary(values) for name, values in times.items()}


def uncertainty(told: dict[str, Any]) -> float:
    """Return how far the true median may be from the one seen, 19 times out of 20.

    The notch of McGill, Tukey and Larsen, "Variations of box plots" (The American Statistician,
    1978): 1.57 interquartile ranges over the root of the count.
    """
    low, high = told["quartiles"]
    return float(1.57 * (high - low) / math.sqrt(told["count"]))


def at_most(told: dict[str, Any], limit: float) -> bool | None:
    """Judge the summary of some ratios; None if the median is above, but no further than its doubt.

    >>> [at_most(summary([m - 0.1, m, m + 0.1]), 1.0) for m in (0.99, 1.05, 1.3)]
    [True, None, False]
    """
    if told["median"] <= limit:
        return True
    return None if told["median"] - uncertainty(told) <= limit else False


def worded(figure: str, met: bool | None) -> str:
    """Say with a figure that the noise is larger than what is judged, where it is."""
    if met is None:
        return f"not settled: {figure}; measure again when the machine rests"
    return figure
