"""Verdicts on claims as a table, as a few lines on one claim, and as Markdown; plain values in."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from kerasdemo.view.table import Row, Table

Entry = Mapping[str, Any]
PLURAL = {"holds": "hold", "depends": "depend"}


def claims_table(entries: Sequence[Entry], counts: Mapping[str, int], left: int = 0) -> Table:
    """Set each claim beside its verdict and what was seen.

    Parameters
    ----------
    entries : sequence of dict
        With ``id``, ``lesson``, ``says``, ``verdict`` and ``evidence``.
    counts : dict of str to int
        How many claims came to each verdict.
    left : int
        Claims that were not reached.
    """
    rows = tuple(
        Row(entry["id"], (entry["says"], entry["verdict"], entry["evidence"], entry["lesson"]))
        for entry in entries
    )
    return Table(("said", "verdict", "seen here", "lesson"), rows, notes=(summary(counts, left),))


def summary(counts: Mapping[str, int], left: int = 0) -> str:
    """Say in one sentence how many claims came to what.

    Examples
    --------
    >>> summary({"holds": 1, "false": 2}), summary({"holds": 2, "depends": 3})
    ('3 claims: 1 holds, 2 false.', '5 claims: 2 hold, 3 depend.')
    """
    number = sum(counts.values())
    claims = "1 claim" if number == 1 else f"{number} claims"
    parts = ", ".join(
        f"{many} {verdict if many == 1 else PLURAL.get(verdict, verdict)}"
        for verdict, many in counts.items()
    )
    stopped = f" Stopped: {left} not reached." if left else ""
    return (f"{claims}: {parts}." if parts else "No claims.") + stopped


def as_details(entry: Entry, *, width: int = 100) -> str:
    """Write all that is known of one claim, a line or more for each fact.

    Examples
    --------
    >>> entry = {"id": "x", "lesson": "03", "verdict": "false", "seconds": 0.1}
    >>> print(as_details({**entry, "says": "It is so.", "evidence": "no", "decided_by": "a.py: f"}))
    x: false
      said     It is so.
      seen     no
      decided  a.py: f
      lesson   03
    """
    facts = {"said": "says", "seen": "evidence", "decided": "decided_by", "lesson": "lesson"}
    lines = [f"{entry['id']}: {entry['verdict']}"]
    for label, key in facts.items():
        lines += textwrap.wrap(
            entry[key],
            width,
            initial_indent=f"  {label:<9}",
            subsequent_indent=" " * 11,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def as_markdown(entries: Sequence[Entry], counts: Mapping[str, int], left: int = 0) -> str:
    """Write the ledger as Markdown: the sum, then a foldable table for each theme."""
    parts = [summary(counts, left)]
    for title in dict.fromkeys(entry["title"] for entry in entries):
        these = [entry for entry in entries if entry["title"] == title]
        parts.append(f"<details><summary>{cell(title)} ({len(these)})</summary>")
        rows = ["| it is said | verdict | seen here | lesson |", "|---|---|---|---|"]
        for entry in these:
            cells = (entry["says"], f"**{entry['verdict']}**", entry["evidence"], entry["lesson"])
            rows.append("| " + " | ".join(map(cell, cells)) + " |")
        parts += ["\n".join(rows), "</details>"]
    return "\n\n".join(parts)


def cell(text: str) -> str:
    r"""Escape what a cell of a Markdown table would take for its own.

    Examples
    --------
    >>> cell("a|b < c *d*")
    'a\\|b &lt; c *d*'
    """
    text = " ".join(text.split("\n"))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
