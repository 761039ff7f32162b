"""Numbers that a lesson states: its times, and measurements in its prose.

Functions from a notebook to complaints, as in `lesson_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode
from reading_time import FOLDED, minutes

from kerasdemo.lesson_files.header import read_header

MARGIN = 0.3
MOST_MINUTES, MOST_SECONDS = 25, 60
UNITS = r"(?:ms|µs|s|seconds?|kB|MB|GB|%|per cent|times(?! as well)|percent)"
MEASURED = re.compile(rf"(?<![\w.,])(?P<number>\d[\d,]*(?:\.\d+)?)[ \u00a0]?{UNITS}(?!\w)")


def times(notebook: NotebookNode, number: str) -> Iterator[str]:
    """The header's seconds are the run's, and its minutes are what the page takes to read."""
    header = read_header(notebook.cells[0].source)
    if header is None:
        yield "the first cell is no lesson's header"
        return
    stored = notebook.metadata.get("kerasdemo", {}).get("run_seconds")
    if stored is None or header.run_seconds is None:
        yield "no run has been measured: make notebooks"
    elif abs(header.run_seconds - stored) > MARGIN * stored:
        yield f"the header says {header.run_seconds} s to run; make notebooks measured {stored} s"
    if stored is not None and stored > MOST_SECONDS:
        yield f"it runs {stored} s; at most {MOST_SECONDS}"
    if header.minutes > MOST_MINUTES:
        yield f"{header.minutes} minutes; at most {MOST_MINUTES}"
    estimate = minutes(notebook)
    if abs(header.minutes - estimate) > MARGIN * estimate:
        yield f"the header says {header.minutes} minutes to read and do; about {estimate:.0f}"


def measurements(notebook: NotebookNode, number: str) -> Iterator[str]:
    """A number with a unit, in the prose, was printed by a cell or stands in one.

    Not every number can be traced: "ten bars" is none, and the same digits may be printed for
    another reason. What bites is the figure that no cell has: one that was measured elsewhere, or
    before the lesson changed. Notes for the teacher are free, and so is the header.
    """
    shown = "\n".join(
        part
        for cell in notebook.cells
        if cell.cell_type == "code"
        for part in [cell.source, *map(_output, cell.outputs)]
    )
    known = set(re.findall(r"\d[\d,]*(?:\.\d+)?", shown)) | {
        f"{float(found):g}" for found in re.findall(r"\d+\.\d+", shown)
    }
    for cell in notebook.cells:
        if cell.cell_type != "markdown" or cell.id in ("title", "next"):
            continue
        text = re.sub(r"```.*?```|`[^`]*`|[Ll]essons? \d\d", " ", FOLDED.sub(" ", cell.source))
        for match in MEASURED.finditer(text):
            if match["number"] not in known:
                yield f"cell {cell.id!r} says {match[0]!r}, and no cell shows that number"


def _output(output: NotebookNode) -> str:
    data = output.get("data", {})
    text = "\n".join(
        [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
    )
    return re.sub(r'data:image[^"]*', "", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
