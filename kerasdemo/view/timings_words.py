"""What times against batch size say, in sentences.

Pure functions over plain numbers; `kerasdemo.view.timings_svg` draws the same. A difference is
named only where the quartiles are apart: the slower half of one method's calls must not reach
into the quicker half of the other's.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from kerasdemo.view.durations import milliseconds

SLOW_START = 3
"""A first call is named when it lasts more than this many times the upper quartile."""


class Point(NamedTuple):
    """What a call on a batch of `size` samples took, in seconds."""

    size: int
    first: float
    median: float
    low: float
    high: float

    def per(self, unit: str) -> Point:
        """Return the same for one sample of the batch, with ``"sample"``; itself, with "call"."""
        if unit == "call":
            return self
        return Point(self.size, *(value / self.size for value in self[1:]))

    @property
    def rate(self) -> float:
        """Samples a second, by the median."""
        return self.size / self.median if self.median else math.inf


Series = Mapping[str, Sequence[Point]]


def quickest(series: Series) -> list[tuple[int, str | None]]:
    """Return for each size the method that is clearly the quickest, or None.

    Examples
    --------
    >>> a = [Point(1, 9, 2, 1.9, 2.1), Point(2, 9, 3, 2, 4)]
    >>> b = [Point(1, 9, 5, 4.9, 5.1), Point(2, 9, 4, 3, 5)]
    >>> quickest({"a": a, "b": b})
    [(1, 'a'), (2, None)]
    """
    found: list[tuple[int, str | None]] = []
    for points in zip(*series.values(), strict=True):
        by_name = dict(zip(series, points, strict=True))
        best = min(by_name, key=lambda name: by_name[name].median)
        others = [point.low for name, point in by_name.items() if name != best]
        clear = all(by_name[best].high < low for low in others)
        found.append((by_name[best].size, best if clear else None))
    return found


def falls_until(points: Sequence[Point]) -> int:
    """Return the size after which a sample costs no longer clearly less.

    Examples
    --------
    >>> falls_until([Point(1, 9, 4, 4, 4), Point(2, 9, 4, 4, 4), Point(4, 9, 8, 8, 8)])
    2
    """
    best, *later = (point.per("sample") for point in points)
    for point in later:
        if point.high < best.low:
            best = point
    return best.size


def what_to_look_at(series: Series, *, traced: Collection[str] = ()) -> list[str]:
    """Say in sentences what the numbers show, and no more than they show.

    Parameters
    ----------
    series : mapping of str to sequence of Point
        For each method one point a size, the same sizes for all, smallest first.
    traced : collection of str
        The methods whose very first call is known to trace.

    Examples
    --------
    >>> calls = [Point(1, 0.21, 0.004, 0.0039, 0.0041), Point(2, 0.004, 0.004, 0.0039, 0.0041)]
    >>> for sentence in what_to_look_at({"predict_on_batch": calls}, traced=["predict_on_batch"]):
    ...     print(sentence)
    Time per sample falls as far as measured.
    First call of predict_on_batch: 210 ms, later 4.00 ms (1 sample a call). The first call traces.
    """
    if not any(series.values()):
        return []
    sentences = [_who_is_quickest(series), _how_far_apart(series), _per_sample(series)]
    return [sentence for sentence in (*sentences, _first_call(series, traced)) if sentence]


def _who_is_quickest(series: Series) -> str:
    """Say where the lines cross."""
    if len(series) < 2:
        return ""
    runs = [(name, [s for s, _ in run]) for name, run in groupby(quickest(series), lambda q: q[1])]
    if len(runs) == 1:
        name, sizes = runs[0]
        where = "at every size measured" if len(sizes) > 1 else f"with {samples(sizes[0])} a call"
        if name is None:
            return f"No method is clearly the quickest {where}: the quartiles overlap."
        return f"{name} is quickest {where}."
    said = []
    for place, (name, sizes) in enumerate(runs):
        if len(sizes) == 1:
            where = f"at {sizes[0]}"
        elif place == 0:
            where = f"up to {sizes[-1]}"
        elif place == len(runs) - 1:
            where = f"from {sizes[0]} on"
        else:
            where = f"from {sizes[0]} to {sizes[-1]}"
        said.append(f"{name or 'too close to tell'} {where}")
    return f"Quickest by samples a call: {'; '.join(said)}."


def _how_far_apart(series: Series) -> str:
    """Say how many times as long the slowest start takes, and what is left of it at the end."""
    if len(series) < 2:
        return ""
    names = list(series)
    first, last = ({name: series[name][at] for name in names} for at in (0, -1))
    slow = max(names, key=lambda name: first[name].median)
    quick = min(names, key=lambda name: first[name].median)
    if first[slow].low <= first[quick].high or not first[quick].median:
        return ""
    times = first[slow].median / first[quick].median
    said = f"With {samples(first[slow].size)} a call, {slow} takes {times:.{times < 10:d}f} times "
    said += f"as long as {quick}"
    if last[slow].size == first[slow].size:
        return f"{said}."
    if last[slow].low <= last[quick].high:
        return f"{said}; with {last[slow].size}, not clearly longer."
    times = last[slow].median / last[quick].median
    return f"{said}; with {last[slow].size}, {times:.{times < 10:d}f} times."


def _per_sample(series: Series) -> str:
    """Say up to which size a larger batch makes a sample cheaper."""
    sizes = [point.size for point in next(iter(series.values()))]
    if len(sizes) < 2:
        return ""
    until = {name: falls_until(points) for name, points in series.items()}
    how = {sizes[-1]: "falls as far as measured", sizes[0]: "does not clearly fall"}
    said = []
    for size in sorted(set(until.values()), reverse=True):
        who = [name for name in until if until[name] == size]
        names = "" if len(who) == len(series) else f" for {listed(who)}"
        said.append(how.get(size, f"falls up to {size} samples a call") + names)
    return f"Time per sample {', '.join(said)}."


def _first_call(series: Series, traced: Collection[str]) -> str:
    """Name the slowest start, and where the same method started slowly again."""
    slow = {name: [p for p in points if p.first > SLOW_START * p.high] for name, points in
            series.items()}  # fmt: skip
    slow = {name: points for name, points in slow.items() if points}
    if not slow:
        return ""
    name = max(slow, key=lambda name: slow[name][0].first - slow[name][0].median)
    start, *again = slow[name]
    said = f"First call of {name}: {milliseconds(start.first)}, later {milliseconds(start.median)} "
    said += f"({samples(start.size)} a call)."
    if name in traced and start == series[name][0]:
        said += " The first call traces."
    if again:
        said += f" Its first call was slow again at {listed([str(p.size) for p in again])}."
    return said


def not_measured(sizes: Sequence[int]) -> str:
    """Say which batch sizes an interrupt left out.

    Examples
    --------
    >>> not_measured([64, 128])
    'Interrupted: batches of 64 and 128 were not measured.'
    """
    return f"Interrupted: batches of {listed([str(size) for size in sizes])} were not measured."


def samples(count: int) -> str:
    """Write a number of samples: "1 sample", "8 samples"."""
    return f"{count} sample{'s' * (count != 1)}"


def listed(words: Sequence[str]) -> str:
    """Join words by commas, the last two by "and".

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
