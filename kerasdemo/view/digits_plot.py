"""Draw digits in rows with matplotlib: for `.plot()` and for figures in lessons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kerasdemo.view.plots import INK, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_digits"]

MOST = 400  # more samples than this are too small to see
GAP = 4  # pixels between two samples
TITLE = 11  # pixels of room above a sample for its title


def plot_digits(
    pixels: npt.NDArray[Any],
    titles: Sequence[str] = (),
    *,
    ax: Axes | None = None,
    columns: int = 10,
) -> Axes:
    """Draw digits in rows, dark ink on white squares, on a transparent ground.

    Parameters
    ----------
    pixels : numpy.ndarray, uint8, shape (n, height, width)
        Ink from 0 (paper) to 255.
    titles : sequence of str
        A short text above each sample, or nothing at all.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    columns : int
        Samples in a row.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        When there is nothing to draw or more than 400 samples, when the titles are not as many as
        the samples, or when columns is below 1.
    """
    count = len(pixels)
    if count == 0:
        raise ValueError("There is nothing to draw: this set is empty, 0 samples.")
    if count > MOST:
        raise ValueError(
            f"{count:,} samples to draw; expected 1 to {MOST}. Choose some first: digits[:40]."
        )
    if columns < 1:
        raise ValueError(f"columns is {columns}; expected 1 or more.")
    if titles and len(titles) != count:
        raise ValueError(f"{len(titles):,} titles for {count:,} samples; expected one for each.")
    columns = min(columns, count)
    room = TITLE if titles else 0
    sheet = _lay_out(pixels, columns, room)
    ax = new_axes(ax, size=(sheet.shape[1] / 40, sheet.shape[0] / 40))
    ax.imshow(sheet, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
    ax.set_axis_off()
    height, width = pixels.shape[1:]
    for place, title in enumerate(titles):
        row, column = divmod(place, columns)
        middle = column * (width + GAP) + (width - 1) / 2
        top = row * (height + room + GAP) + room - 2
        ax.text(middle, top, title, ha="center", va="bottom", color=INK, parse_math=False)
    return ax


def _lay_out(pixels: npt.NDArray[Any], columns: int, room: int) -> npt.NDArray[Any]:
    """Put the samples on one sheet; what is not a sample is NaN, which is drawn transparent."""
    count, height, width = pixels.shape
    rows = -(-count // columns)
    step_y, step_x = height + room + GAP, width + GAP
    sheet = np.full((rows * step_y - GAP, columns * step_x - GAP), np.nan, dtype=np.float32)
    for place, sample in enumerate(pixels):
        row, column = divmod(place, columns)
        top, left = row * step_y + room, column * step_x
        sheet[top : top + height, left : left + width] = sample
    return sheet
