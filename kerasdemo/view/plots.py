"""Matplotlib drawings of results: plain numbers in, Axes out.

Every figure has a transparent ground and lines of middle grey, so that it can be read on a light
and on a dark page. No global style is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INK = "#7f7f7f"
WARM, FIRST = "#2f7fc1", "#d1770f"


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
    ax.set_yticks(list(rows), names)
    ax.invert_yaxis()
    ax.set_xscale("log")
    ax.margins(x=0.35)
    ax.set_xlabel("milliseconds: bar = warm call (median, quartiles), diamond = first call")
    return ax
