"""What `make bench` leaves: build/reports/bench.json, and from it Markdown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peers_table
from machine import BUSY
from rows import VERDICTS

REPORTS = Path(__file__).resolve().parents[2] / "build" / "reports"
NAME = "bench.json"


def read_report(name: str = NAME) -> dict[str, Any]:
    """Read a report of an earlier run; {} where there is none."""
    try:
        report: dict[str, Any] = json.loads((REPORTS / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report


def begin(machine: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """Return the report to fill: the last one when only a part is measured again, on the same."""
    last = read_report()
    if whole or last.get("machine") != machine:
        return {"machine": machine, "benches": {}}
    return last


def save(report: dict[str, Any]) -> Path:
    """Write the report in one step, so that an interrupted run leaves the old one whole."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    path = REPORTS / NAME
    new = path.with_suffix(".json.new")
    new.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    os.replace(new, path)
    return path


def words_on_busy(report: dict[str, Any], names: list[str]) -> str:
    """Say before which of these others kept the cores busy; "" when before none."""
    benches = report["benches"]
    busy = [
        f"{name} ({benches[name]['busy_before']:.0f} %)"
        for name in names
        if name in benches and benches[name]["busy_before"] > BUSY
    ]
    if not busy:
        return ""
    return (
        f"The machine was busy with something else before {', '.join(busy)}: measure again "
        "when it rests."
    )


def words_on_verdicts(report: dict[str, Any], names: list[str]) -> str:
    """Count what is met, missed and undecided, and name what is missed."""
    rows = [row for name in names for row in report["benches"].get(name, {}).get("rows", ())]
    counts = {word: sum(row["met"] is met for row in rows) for met, word in VERDICTS.items()}
    counts["undecided"] = counts.pop("?")
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    missed = [row["what"] for row in rows if row["met"] is False]
    return told + (f". Missed: {'; '.join(missed)}" if missed else "")


def as_markdown(report: dict[str, Any]) -> str:
    """Write a report as Markdown: the machine, the peers, and folded below them every budget."""
    if not report:
        return "Nothing has been measured here yet: type make bench first."
    return "\n".join(markdown_lines(report))


def markdown_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the Markdown."""
    rows = [row for bench in report["benches"].values() for row in bench["rows"]]
    yield from about(report)
    for row in rows:
        if "cells" in row["data"]:
            yield from ("", *peers_table.markdown(row["data"]))
    counts = words_on_verdicts(report, list(report["benches"]))
    yield from ("", f"<details><summary>Every budget: {counts}</summary>", "")
    yield from ("| what | figure | budget | |", "|---|---|---|---|")
    for row in rows:
        cells = (row["what"], row["figure"], row["budget"], VERDICTS[row["met"]])
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield from ("", "</details>")


def about(report: dict[str, Any]) -> Iterator[str]:
    """Say what was measured on, when, and whether the machine was busy."""
    machine = report["machine"]
    versions = ", ".join(f"{name} {v}" for name, v in machine["versions"].items() if v)
    days = sorted({bench["date"][:10] for bench in report["benches"].values()})
    yield f"Measured {' to '.join(dict.fromkeys((days[0], days[-1])))}: {machine['processor']},"
    yield f"{machine['cores']} cores, Python {machine['python']}, {versions}."
    if words := words_on_busy(report, list(report["benches"])):
        yield words
