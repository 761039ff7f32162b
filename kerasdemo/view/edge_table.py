"""Odd inputs as a table, as a few lines on one input, and as Markdown; plain values in.

An entry is a dict with ``given`` and ``methods``; a method's dict has ``brief``, ``words``,
``warm_words``, ``afterwards`` and ``reasons``, pairs of a sentence and what decides it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from kerasdemo.view.ledger import cell
from kerasdemo.view.table import Row, Table, as_html

Entry = Mapping[str, Any]
WIDTH = 100


def edge_table(
    methods: Sequence[str], entries: Mapping[str, Entry], notes: tuple[str, ...] = ()
) -> Table:
    """Set the methods side by side, a row for each input; what differs from the first is marked."""
    rows = tuple(
        Row(name, tuple(entry["methods"][method]["brief"] for method in methods), mark=True)
        for name, entry in entries.items()
    )
    return Table(tuple(methods), rows, notes=notes)


def edge_html(
    methods: Sequence[str], entries: Mapping[str, Entry], notes: tuple[str, ...] = ()
) -> str:
    """Write the table as HTML, with what was given and why in columns of their own."""
    rows = tuple(
        Row(
            name,
            (
                *(entry["methods"][method]["brief"] for method in methods),
                entry["given"],
                " · ".join(_reasons(entry)),
            ),
        )
        for name, entry in entries.items()
    )
    return as_html(Table((*methods, "given", "why"), rows, "Odd inputs", notes))


def edge_markdown(methods: Sequence[str], entries: Mapping[str, Entry], summary: str) -> str:
    """Write the table as Markdown, with the reasons as its last column."""
    columns = ["input", *map(cell, methods), "why"]
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for name, entry in entries.items():
        cells = [entry["methods"][method]["brief"] for method in methods]
        line = [f"**{cell(name)}**", *map(cell, cells), cell(" · ".join(_reasons(entry)))]
        lines.append(f"| {' | '.join(line)} |")
    return "\n".join([*lines, "", summary])


def case_text(name: str, entry: Entry, *, width: int = WIDTH) -> str:
    """Write all that is known of one input, methods that came to the same on one line.

    Examples
    --------
    >>> came = {"words": "ndarray (0, 3), right", "warm_words": "", "afterwards": "",
    ...         "reasons": [("No rows in.", "")]}
    >>> entry = {"given": "array (0, 8)", "methods": {"predict_step": came, "call": came}}
    >>> print(case_text("0 rows", entry))
    0 rows: array (0, 8)
        predict_step, call  ndarray (0, 3), right
        why                 No rows in.
    """
    who: dict[tuple[str, str], list[str]] = {}
    for method, came in entry["methods"].items():
        who.setdefault(("", came["words"]), []).append(method)
        if came["warm_words"]:
            who.setdefault((", warm", came["warm_words"]), []).append(method)
        if came["afterwards"]:
            words = f"then a right batch: {came['afterwards']}"
            who.setdefault(("", words), []).append(method)
    told = [(", ".join(methods) + state, words) for (state, words), methods in who.items()]
    told += [("why", reason) for reason in _reasons(entry)]
    wide = max(len(label) for label, _ in told)
    lines = [f"{name}: {entry['given']}"]
    for label, words in told:
        lines += textwrap.wrap(
            words,
            width,
            initial_indent=f"    {label:<{wide}}  ",
            subsequent_indent=" " * (wide + 6),
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def _reasons(entry: Entry) -> list[str]:
    """Write each reason once, followed by all that decides it."""
    told: dict[str, list[str]] = {}
    for came in entry["methods"].values():
        for why, decided_by in came["reasons"]:
            places = told.setdefault(why, [])
            places += [decided_by] if decided_by and decided_by not in places else []
    return [f"{why} ({'; '.join(at)})" if at else why for why, at in told.items()]
