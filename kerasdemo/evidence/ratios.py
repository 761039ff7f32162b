"""Claims about time: a ratio of two calls that took turns, its noise, and a margin to pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerasdemo.evidence.seen import UNSETTLED, Seen, judge
from kerasdemo.timing import Timings, time_calls


@dataclass(frozen=True)
class Ratio:
    """How many times as long one call took as another: by the medians, and by the quartiles.

    Attributes
    ----------
    low, middle, high : float
        `low` sets the first quartile of the slow call against the third of the quick one, `high`
        the other way round: where they lie on both sides of a margin, nothing is settled.
    """

    low: float
    middle: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.3g} times as long ({self.low:.3g} to {self.high:.3g})"


def ratio(times: Timings, slow: str, quick: str) -> Ratio:
    """Compare two calls of one run of :func:`kerasdemo.timing.time_calls`.

    Examples
    --------
    >>> import numpy as np
    >>> times = Timings({}, {"a": np.array([4.0, 4, 5]), "b": np.array([2.0, 2, 2])})
    >>> ratio(times, "a", "b")
    Ratio(low=2.0, middle=2.0, high=2.25)
    """
    (slow_low, slow_high), (quick_low, quick_high) = times.quartiles[slow], times.quartiles[quick]
    middle = times.median[slow] / times.median[quick]
    return Ratio(slow_low / quick_high, middle, slow_high / quick_low)


def settle(seen: Ratio, margin: float, evidence: str, *, refutes: bool = False) -> Seen:
    """Judge the claim that a ratio is `margin` or more; unsettled where the noise spans it.

    With `refutes`, such a ratio speaks against the claim.

    Examples
    --------
    >>> settle(Ratio(4.0, 5.0, 6.0), 3, "loop").verdict
    'holds'
    >>> settle(Ratio(2.0, 5.0, 6.0), 3, "loop").verdict
    'not settled here'
    """
    evidence = f"{evidence}: {seen}; margin {margin:g}"
    if seen.low < margin <= seen.high:
        return Seen(UNSETTLED, evidence)
    return judge((seen.low >= margin) is not refutes, evidence)


def race(slow: Callable[[], Any], quick: Callable[[], Any], *, rounds: int = 7) -> Ratio:
    """Time two calls by turns and return how many times as long the first one took."""
    return ratio(time_calls({"slow": slow, "quick": quick}, rounds=rounds), "slow", "quick")
