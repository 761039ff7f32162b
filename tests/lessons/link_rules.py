"""Where a lesson's links lead: to files that exist, to the right neighbours, into every copy.

Functions from a notebook and its path to complaints, as in `lesson_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
NEIGHBOUR = r"{}: (?:\[\d\d[^\]]*\]\((?P<file>[^)]+)\)|none)"


def markdown(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def _text(file: Path, path: Path, notebook: NotebookNode) -> str:
    """Return what a file says: this notebook, another one, or the glossary."""
    if file.suffix == ".md":
        return file.read_text(encoding="utf-8")
    return markdown(notebook if file == path else nbformat.read(file, as_version=4))


def links(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Each link leads to a file and heading that exist, and that come along with a copy."""
    for match in LINK.finditer(markdown(notebook)):
        target = match["target"]
        if target.startswith("https://"):
            continue
        file, _, heading = target.partition("#")
        there = path.parent / file if file else path
        if "://" in target or not there.is_file():
            yield f"the link {target} leads nowhere"
        elif not there.resolve().is_relative_to(path.parent.resolve()):
            yield f"the link {target} leaves the folder: copies of the lesson would not have it"
        elif heading:
            words = heading.replace("-", " ")
            if not re.search(rf"^#+ {re.escape(words)}$", _text(there, path, notebook), re.M):
                yield f"there is no heading for {target}"
        number = re.match(r"\d\d(?!\d)", match["text"])
        if number and file.endswith(".ipynb") and file[:2] != number[0]:
            yield f"the link {match['text']!r} leads to {file}"


def navigation(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Before and after a lesson come its neighbours; what is there is not "coming"."""
    files = [file.name for file in sorted(path.parent.glob("[0-9][0-9]_*.ipynb"))]
    place = files.index(path.name)
    cells = {cell.id: cell.source for cell in notebook.cells}
    title = cells.get("title", "")
    wanted = {
        "previous": files[place - 1] if place else None,
        "next": files[place + 1] if place + 1 < len(files) else None,
    }
    for word, file in wanted.items():
        found = re.search(NEIGHBOUR.format(word), title)
        if found is None or found["file"] != file:
            said = found[0] if found else "nothing of the kind"
            yield f"{word} in the title is {file or 'none'}; it says {said} (make notebooks)"
    ways = re.findall(r"(?:Next lesson:|go on (?:to|with)) \[[^\]]*\]\(([^)]+)\)", cells["next"])
    if wanted["next"] and wanted["next"] not in ways:
        yield f"the last cell says: Next lesson: [...]({wanted['next']}); it leads to {ways}"
    there = {file[:2] for file in files}
    for number in re.findall(r"\b(\d\d) is coming", markdown(notebook)):
        if number in there:
            yield f"it says that {number} is coming, and {number} is there"
    if path.name.startswith("00_"):
        yield from _index(cells["next"], files, there)


def _index(table: str, files: list[str], there: set[str]) -> Iterator[str]:
    """The index of lesson 00 leads to every lesson."""
    linked = {match["target"] for match in LINK.finditer(table)}
    for file in files[1:]:
        if file not in linked:
            yield f"the index has no link to {file}"
    for numbers in re.findall(r"^\| ([\d, ]+) \|.*\*coming\*", table, re.MULTILINE):
        for number in re.findall(r"\d\d", numbers):
            if number in there:
                yield f"the index says that {number} is coming, and {number} is there"
