"""A small table of facts, as text that fits a terminal and as HTML that fits a notebook.

Rows are facets, columns are the things compared. A cell that differs from the first column is
marked in symbol and in words, never by colour alone.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape

from kerasdemo.view.signs import printable

DIFFERS = "≠"
BOLD, DIM, YELLOW, OFF = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[0m"


@dataclass(frozen=True)
class Row:
    """One facet: its label, a text for each column, and whether differences are worth marking."""

    label: str
    cells: tuple[str, ...]
    mark: bool = False

    def differs(self, column: int) -> bool:
        """Say whether this column's cell is marked: it holds another text than the first one."""
        return self.mark and self.cells[column] not in ("", self.cells[0])

    def marked(self, symbol: str = DIFFERS) -> list[str]:
        """Return the cells, those that differ from the first with `symbol` in front.

        Examples
        --------
        >>> Row("type", ("int", "str"), mark=True).marked()
        ['int', '≠ str']
        """
        return [f"{symbol} {c}" if self.differs(i) else c for i, c in enumerate(self.cells)]


@dataclass(frozen=True, repr=False)
class Table:
    """Rows of facets under named columns, with an optional title and closing notes."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    title: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(f"{row.label!r} has {len(row.cells)} cells for {self.columns}")

    @property
    def has_marks(self) -> bool:
        """Say whether any cell is marked as different."""
        return any(row.differs(i) for row in self.rows for i in range(len(self.columns)))

    def __repr__(self) -> str:
        return printable(as_text(self))

    def _repr_html_(self) -> str:
        return as_html(self)


def as_text(table: Table, *, width: int = 100, color: bool = False, symbol: str = DIFFERS) -> str:
    """Write a table as lines of at most `width` columns, wrapping cells where they must.

    Parameters
    ----------
    table : Table
    width : int
        Columns available.
    color : bool
        Add ANSI colours for a terminal.
    symbol : str
        What marks a different cell; ``"!="`` for a terminal that knows no other.

    Returns
    -------
    str

    Examples
    --------
    >>> print(as_text(Table(("a", "b"), (Row("type", ("int", "str"), mark=True),))))
          a    b
    type  int  ≠ str
    ≠ differs from a
    """
    columns = range(len(table.columns))
    grid = [["", *table.columns]]
    marks = [[False, *(False for _ in columns)]]
    for row in table.rows:
        grid.append([row.label, *row.marked(symbol)])
        marks.append([False, *(row.differs(i) for i in columns)])
    widths = fit([[len(text) for text in line] for line in grid], width, shortest_words(grid))
    lines = [table.title] if table.title else []
    for number, cells in enumerate(grid):
        lines += _text_row(cells, widths, marks[number], heading=number == 0, color=color)
    notes = list(table.notes)
    if table.has_marks:
        notes.append(f"{symbol} differs from {table.columns[0]}")
    for note in notes:
        lines += textwrap.wrap(note, width)
    if color and table.title:
        lines[0] = f"{BOLD}{lines[0]}{OFF}"
    return "\n".join(lines)


def _text_row(
    cells: list[str], widths: list[int], marks: list[bool], *, heading: bool, color: bool
) -> list[str]:
    wrapped = [_wrap(text, width) for text, width in zip(cells, widths, strict=True)]
    lines = []
    for i in range(max(map(len, wrapped))):
        parts = []
        for column, (text, width) in enumerate(zip(wrapped, widths, strict=True)):
            part = (text[i] if i < len(text) else "").ljust(width)
            if color and part.strip():
                if heading:
                    part = f"{BOLD}{part}{OFF}"
                elif marks[column]:
                    part = f"{YELLOW}{part}{OFF}"
                elif column == 0:
                    part = f"{DIM}{part}{OFF}"
            parts.append(part)
        lines.append("  ".join(parts).rstrip())
    return lines


def _wrap(text: str, width: int) -> list[str]:
    lines = textwrap.wrap(text, max(width, 1), break_long_words=True, break_on_hyphens=False)
    return lines or [""]


def shortest_words(grid: list[list[str]]) -> list[int]:
    """Return, for each column, the length of its longest word: what it cannot do without."""
    columns = zip(*grid, strict=True)
    return [max((len(w) for text in column for w in text.split()), default=1) for column in columns]


def fit(lengths: list[list[int]], width: int, least: list[int]) -> list[int]:
    """Choose column widths: the natural ones, or the widest made narrower until all fit.

    Examples
    --------
    >>> fit([[10, 30]], 32, [4, 8])
    [10, 20]
    """
    widths = [max(column) for column in zip(*lengths, strict=True)]
    room = width - 2 * (len(widths) - 1)
    while sum(widths) > room:
        can_shrink = [i for i, w in enumerate(widths) if w > least[i]] or [
            i for i, w in enumerate(widths) if w > 1
        ]
        if not can_shrink:
            break
        widths[max(can_shrink, key=lambda i: widths[i])] -= 1
    return widths


def as_html(table: Table, *, aligned: bool = True) -> str:
    """Write a table as HTML that keeps its meaning without style: headers, scopes, words for marks.

    All text is escaped. Colours are left to the page, so the table follows a dark theme. Without
    `aligned`, no style is written at all.
    """
    left = ' style="text-align:left"' if aligned else ""
    parts = [f'<table class="kd-table"{left}>']
    if table.title:
        parts.append(f"<caption>{escape(table.title)}</caption>")
    head = "".join(f'<th scope="col"{left}>{escape(c)}</th>' for c in table.columns)
    parts.append(f"<thead><tr><td></td>{head}</tr></thead><tbody>")
    for row in table.rows:
        cells = "".join(f"<td{left}>{_html_cell(row, i)}</td>" for i in range(len(row.cells)))
        label = f'<th scope="row"{left}>{escape(row.label)}</th>'
        parts.append(f"<tr>{label}{cells}</tr>")
    parts.append("</tbody></table>")
    notes = list(table.notes)
    if table.has_marks:
        notes.append(f"{DIFFERS} and bold: differs from {table.columns[0]}.")
    parts += [f"<p>{escape(note)}</p>" for note in notes]
    return "\n".join(parts)


def _html_cell(row: Row, column: int) -> str:
    text = escape(row.cells[column])
    return f"<strong>{DIFFERS} {text}</strong>" if row.differs(column) else text
