"""Training curves as pictures and words: plain numbers for each epoch in, Axes, PNG or text out."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from kerasdemo.view.plots import COLOURS, INK, new_axes

__all__ = ["curve_png", "curve_words", "plot_curve"]

STYLES = {"training": (COLOURS[0], "solid", "o"), "validation": (COLOURS[1], "dashed", "s")}
FINE = 2  # pixels of the PNG for each pixel on the page

Lines = Mapping[str, Sequence[float]]


def plot_curve(lines: Lines, *, label: str, ax: Any = None) -> Any:
    """Draw the lines of one measure against the epochs, told apart by colour, dash and marker.

    Parameters
    ----------
    lines : mapping of str to sequence of float
        ``"training"``, and ``"validation"`` where there was one: a number for each epoch.
    label : str
        What is measured; written above the lines.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax, size=(4.2, 3))
    for name, values in lines.items():
        colour, dash, marker = STYLES[name]
        epochs = range(1, len(values) + 1)
        ax.plot(epochs, values, color=colour, linestyle=dash, marker=marker, ms=3.5, label=name)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("epoch")
    ax.set_title(label, color=INK, fontsize="medium", loc="left", parse_math=False)
    ax.legend(frameon=False, labelcolor=INK)
    return ax


def curve_png(measures: Mapping[str, Lines]) -> bytes:
    """Draw each measure in a panel of its own, side by side, on a transparent ground.

    Returns
    -------
    bytes
        A PNG file, to be shown at half its size.
    """
    from matplotlib.figure import Figure  # not pyplot: a notebook would show the figure once more

    figure = Figure(figsize=(4.2 * len(measures), 3), layout="constrained")
    panels = figure.subplots(1, len(measures), squeeze=False)[0]
    for panel, (label, lines) in zip(panels, measures.items(), strict=True):
        plot_curve(lines, label=label, ax=panel)
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=90 * FINE)
    return written.getvalue()


def curve_words(measures: Mapping[str, Lines]) -> str:
    """Say in words what the picture shows: where each line begins and ends.

    Examples
    --------
    >>> curve_words({"loss": {"training": [2.2, 1.7, 1.0]}})
    'A chart over 3 epochs. Of loss, training goes from 2.20 to 1.00.'
    """
    count = len(next(iter(next(iter(measures.values())).values())))
    said = [
        f"Of {label}, "
        + ", ".join(f"{n} goes from {v[0]:.2f} to {v[-1]:.2f}" for n, v in lines.items())
        for label, lines in measures.items()
    ]
    charts = "A chart" if len(measures) == 1 else f"{len(measures)} charts"
    epochs = "1 epoch" if count == 1 else f"{count} epochs"
    return f"{charts} over {epochs}. {'. '.join(said)}."
