"""Bars for a class's answers, as text, as HTML and as a matplotlib drawing; plain values in."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from kerasdemo.view.plots import FIRST, INK, WARM, new_axes

__all__ = ["Bars", "bars_html", "bars_text", "plot_bars"]

# Labels of the rows, and by the time of asking ("before", "after", or "" when there is one time)
# how many answered so.
Bars = tuple[Sequence[str], Mapping[str, Sequence[int]]]
STYLE = """<style>
.kd-tally { color: var(--jp-content-font-color1, inherit); max-width: 46rem; width: 100%; }
.kd-tally caption { text-align: left; }
.kd-tally th, .kd-tally td { vertical-align: middle; }
.kd-tally .kd-bar-cell { width: 45%; }
.kd-tally .kd-bar { display: block; height: .9em;
  background: var(--jp-brand-color1, currentColor); }
.kd-tally .kd-bar.kd-after { background: var(--jp-warn-color1, currentColor); }
</style>"""
COLOURS = {"": WARM, "before": WARM, "after": FIRST}


def bars_text(
    labels: Sequence[str], counts: Mapping[str, Sequence[int]], *, width: int = 30
) -> str:
    """Write bars of characters, the longest of `width` signs.

    Examples
    --------
    >>> print(bars_text(["A", "B (right)"], {"": [1, 2]}, width=4))
    A          ██    1
    B (right)  ████  2
    """
    short = [textwrap.shorten(label, 40, placeholder=" …") for label in labels]
    room = max(map(len, short), default=0)
    most = max((n for row in counts.values() for n in row), default=0) or 1
    digits = len(str(most))
    time_room = max(map(len, counts), default=0)
    lines = []
    for place, label in enumerate(short):
        for number, (time, row) in enumerate(counts.items()):
            bar = "█" * (max(1, round(row[place] * width / most)) if row[place] else 0)
            name = label if number == 0 else ""
            told = f"{time:{time_room}}  " if time_room else ""
            lines.append(f"{name:{room}}  {told}{bar:{width}}  {row[place]:{digits}}")
    return "\n".join(lines)


def bars_html(labels: Sequence[str], counts: Mapping[str, Sequence[int]], *, title: str) -> str:
    """Write bars as a table that is read without its colours, too."""
    most = max((n for row in counts.values() for n in row), default=0) or 1
    rows, left = [], ' style="text-align:left"'  # inline: a notebook's own style is stronger
    for place, label in enumerate(labels):
        for number, (time, row) in enumerate(counts.items()):
            span = f' rowspan="{len(counts)}"' if len(counts) > 1 else ""
            head = f'<th scope="row"{span}{left}>{escape(label)}</th>' if number == 0 else ""
            when = f"<td{left}>{escape(time)}</td>" if time else ""
            bar = (
                f'<span class="kd-bar{" kd-after" if time == "after" else ""}" '
                f'style="width:{100 * row[place] / most:.0f}%"></span>'
            )
            cells = f'{head}{when}<td class="kd-bar-cell">{bar}</td><td>{row[place]}</td>'
            rows.append(f'<tr style="background:none">{cells}</tr>')
    caption = f"<caption>{escape(title)}</caption>"
    return f'{STYLE}<table class="kd-tally">{caption}<tbody>{"".join(rows)}</tbody></table>'


def plot_bars(
    labels: Sequence[str], counts: Mapping[str, Sequence[int]], *, title: str = "", ax: Any = None
) -> Any:
    """Draw the bars, those of the two times side by side.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = new_axes(ax, size=(7, 0.8 + 0.35 * len(labels) * (len(counts) + 0.5)))
    height = 0.8 / max(1, len(counts))
    for number, (time, row) in enumerate(counts.items()):
        places = [at + (number - (len(counts) - 1) / 2) * height for at in range(len(labels))]
        drawn = ax.barh(places, row, height * 0.92, color=COLOURS.get(time, WARM), label=time)
        ax.bar_label(drawn, padding=3, color=INK)
    wrapped = [textwrap.fill(label, 36) for label in labels]
    ax.set_yticks(range(len(labels)), wrapped, parse_math=False)
    ax.invert_yaxis()
    ax.margins(x=0.1)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("answers")
    title = textwrap.fill(title, 70)
    ax.set_title(title, color=INK, fontsize="medium", loc="left", parse_math=False)
    if len(counts) > 1:
        ax.legend(frameon=False, labelcolor=INK)
    return ax
