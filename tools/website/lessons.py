"""What the site says about a lesson before it is opened: number, title, one sentence, minutes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from kerasdemo.lesson_files.header import read_header


class SiteError(Exception):
    """A lesson cannot become a page; the message names it and says what to mend."""


@dataclass(frozen=True)
class Lesson:
    """One notebook, as its first cell introduces it."""

    path: Path
    notebook: NotebookNode
    number: str
    title: str
    sentence: str
    minutes: str

    @property
    def page(self) -> str:
        """The name of its page."""
        return f"{self.path.stem}.html"


def read_lesson(path: Path) -> Lesson:
    """Read a notebook and its title cell.

    Raises
    ------
    SiteError
        When the first cell has no title such as ``# 03 · Three ways to predict``, no sentence below
        it or no minutes in bold.
    """
    notebook = nbformat.read(path, as_version=4)
    first = notebook.cells[0].source if notebook.cells else ""
    header = read_header(first)
    if header is None:
        raise SiteError(
            f"{path.name}: its first cell needs a title (# 03 · Three ways to predict), a sentence "
            "and the time in bold (**20 minutes** · needs: ...); the index page shows all three."
        )
    minutes = f"{header.minutes} minutes"
    return Lesson(path, notebook, header.number, header.title, header.shows, minutes)
