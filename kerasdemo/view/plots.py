"""Matplotlib drawings of results: plain numbers in, Axes out.

Every figure has a transparent ground and lines of middle grey, so that it can be read on a light
and on a dark page. No global style is changed. A name with two dollar signs is no formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasdemo.view.palette import HUES, places
from kerasdemo.view.timings_chart import DASHES
from kerasdemo.view.timings_words import Series

INK = "#7f7f7f"
COLOURS = tuple(hue.middle for hue in HUES)
WARM, FIRST = COLOURS[:2]
MARKERS = ("o", "s", "^", "D", "P")


def new_axes(ax: Any = None, *, size: tuple[float, float] = (7, 3)) -> Any:
    """Return `ax`, or the Axes of a new transparent figure with grey lines and letters."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=size, layout="constrained")
    ax.figure.patch.set_alpha(0)
    ax.patch.set_alpha(0)
    ax.tick_params(colors=INK)
    for spine in ax.spines.values():
        spine.set_color(INK)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for text in (ax.title, ax.xaxis.label, ax.yaxis.label):
        text.set_color(INK)
    return ax


def plot_times(
    first: Mapping[str, float],
    median: Mapping[str, float],
    quartiles: Mapping[str, tuple[float, float]],
    *,
    ax: Any = None,
) -> Any:
    """Draw warm medians as bars with their quartiles, first calls as diamonds; times in seconds.

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = list(median)
    ax = new_axes(ax, size=(7, 0.8 + 0.5 * len(names)))
    rows = range(len(names))
    values = [median[n] * 1000 for n in names]
    low = [(median[n] - quartiles[n][0]) * 1000 for n in names]
    high = [(quartiles[n][1] - median[n]) * 1000 for n in names]
    ax.barh(rows, values, xerr=[low, high], height=0.5, color=WARM, ecolor=INK, capsize=3)
    ax.plot([first[n] * 1000 for n in names], rows, "D", color=FIRST, linestyle="none")
    for row, name in zip(rows, names, strict=True):
        ax.annotate(
            f"{values[row]:.3g} ms, first {first[name] * 1000:.3g} ms",
            (max(values[row], first[name] * 1000), row),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    ax.set_yticks(list(rows), names, parse_math=False)
    ax.invert_yaxis()
    ax.set_xscale("log")
    ax.margins(x=0.35)
    ax.set_xlabel("milliseconds: bar = warm call (median, quartiles), diamond = first call")
    return ax


SCALES: dict[str, tuple[str, Callable[[float, int], float]]] = {
    # what seconds of a call on so many samples are drawn as
    "call": ("milliseconds a call", lambda seconds, size: seconds * 1000),
    "sample": ("milliseconds a sample", lambda seconds, size: seconds * 1000 / size),
    "second": ("samples a second", lambda seconds, size: size / seconds if seconds else math.nan),
}


def plot_batch_sizes(series: Series, *, ax: Any = None, per: str = "call") -> Any:
    """Draw what a call costs against its batch size, with quartile bands; both axes log.

    `per` is one of `SCALES`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For another `per`.
    """
    if per not in SCALES:
        raise ValueError(f"per is {per!r}; it must be one of {', '.join(map(repr, SCALES))}.")
    label, scale = SCALES[per]
    ax = new_axes(ax, size=(7, 4))
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    for number, (name, points) in zip(places(series), series.items(), strict=True):
        colour = COLOURS[number % len(COLOURS)]
        sizes = [point.size for point in points]
        low, middle, high = (
            [scale(getattr(point, part), point.size) for point in points]
            for part in ("low", "median", "high")
        )
        dash = DASHES[number % len(DASHES)]
        style = (0, [length / 2 for length in dash]) if dash else "solid"
        marker = MARKERS[number % len(MARKERS)]
        ax.plot(sizes, middle, color=colour, linestyle=style, marker=marker, label=name)
        ax.fill_between(sizes, low, high, color=colour, alpha=0.2, linewidth=0)
    sizes = sorted({point.size for points in series.values() for point in points})
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.set_xlabel("samples a call")
    ax.set_ylabel(label)
    if series:
        for text in ax.legend(frameon=False, labelcolor=INK).get_texts():
            text.set_parse_math(False)
    return ax


def plot_spans(
    spans: Sequence[tuple[str, float, float]], *, title: str = "", ax: Any = None
) -> Any:
    """Draw what a call spent its time on, a row for each kind of work; times in seconds.

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = list(dict.fromkeys(name for name, _, _ in spans))
    ax = new_axes(ax, size=(7, 0.8 + 0.35 * len(names)))
    for row, name in enumerate(names):
        bars = [(start * 1000, (end - start) * 1000) for n, start, end in spans if n == name]
        ax.broken_barh(bars, (row - 0.35, 0.7), color=WARM, edgecolor=WARM)
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.invert_yaxis()
    ax.set_xlabel("milliseconds from the start of the call")
    ax.set_title(title, color=INK, fontsize="medium", parse_math=False)
    return ax
