"""Where the lessons lie, which there are, and which of them somebody means."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasdemo.lesson_files.header import read_header

PACKAGE = Path(__file__).resolve().parents[1]
Notebook = dict[str, Any]


@dataclass(frozen=True)
class Lesson:
    """A lesson and its file.

    Attributes
    ----------
    number, title, shows : str
        As its header has them: ``"03"``, what it is called, the sentence that says what it shows.
    minutes : int
        To read it and do it.
    run_seconds : int or None
        Its run from top to bottom, kernel start included, where it was measured.
    path : pathlib.Path
        The notebook.
    """

    number: str
    title: str
    shows: str
    minutes: int
    run_seconds: int | None
    path: Path


def lessons_folder() -> Path:
    """Return the folder with the lessons: the checkout's, else the one that was installed.

    Raises
    ------
    FileNotFoundError
        There is neither.
    """
    for folder in (PACKAGE.parent / "notebooks", PACKAGE / "notebooks"):
        if any(folder.glob("[0-9][0-9]_*.ipynb")):
            return folder
    raise FileNotFoundError(
        "There are no lessons beside the package. They come with it: install it again."
    )


def all_lessons(folder: Path | None = None) -> tuple[Lesson, ...]:
    """Return the lessons in their order.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where to look instead of `lessons_folder`.

    Raises
    ------
    FileNotFoundError
        There are none.
    ValueError
        A notebook has no lesson's header.
    """
    paths = sorted((folder or lessons_folder()).glob("[0-9][0-9]_*.ipynb"))
    return tuple(_lesson(path) for path in paths)


def _lesson(path: Path) -> Lesson:
    notebook = read_notebook(path)
    header = read_header(text_of(notebook["cells"][0])) if notebook["cells"] else None
    if header is None:
        raise ValueError(f"{path.name} doesn't begin as a lesson does: # NN · Title, ...")
    return Lesson(
        header.number, header.title, header.shows, header.minutes, header.run_seconds, path
    )


def pick(names: Sequence[str], lessons: Sequence[Lesson]) -> tuple[Lesson, ...]:
    """Return the lessons that are meant, in their order; all when no name is given.

    Parameters
    ----------
    names : sequence of str
        Numbers (``"3"``, ``"03"``) or names of files, with or without their ending.
    lessons : sequence of Lesson
        Those to choose from.

    Raises
    ------
    ValueError
        There is no such lesson.
    """
    if not names:
        return tuple(lessons)
    wanted = {_file_of(name, lessons) for name in names}
    return tuple(lesson for lesson in lessons if lesson.path.name in wanted)


def _file_of(name: str, lessons: Sequence[Lesson]) -> str:
    stem = Path(name).name.removesuffix(".ipynb")
    for lesson in lessons:
        if (stem.isdecimal() and stem.zfill(2) == lesson.number) or stem == lesson.path.stem:
            return lesson.path.name
    numbers = ", ".join(lesson.number for lesson in lessons)
    raise ValueError(f"There is no lesson {name!r}; there are {numbers}.")


def read_notebook(path: Path) -> Notebook:
    """Read a notebook's file as plain dictionaries and lists.

    Raises
    ------
    ValueError
        It is no notebook, or a damaged one.
    """
    try:
        notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
        sound = all(map(_is_cell, notebook["cells"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise ValueError(f"{path.name} is damaged: it is no notebook. Take a fresh copy of it.")
    return notebook


def _is_cell(cell: Any) -> bool:
    """Say whether a cell has what its reader asks for."""
    source = cell["source"]
    lines = [source] if isinstance(source, str) else source
    return (
        isinstance(cell["cell_type"], str)
        and isinstance(cell["metadata"], dict)
        and isinstance(lines, list)
        and all(isinstance(line, str) for line in lines)
    )


def notebook_bytes(notebook: Notebook) -> bytes:
    """Return a notebook as the bytes of its file, laid out as Jupyter does."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def text_of(cell: dict[str, Any]) -> str:
    r"""Return a cell's source; a file may hold it as one text or as lines.

    Examples
    --------
    >>> text_of({"source": ["a = 1\n", "a"]})
    'a = 1\na'
    """
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def put_text(cell: dict[str, Any], text: str) -> None:
    """Set a cell's source."""
    cell["source"] = text.splitlines(keepends=True)
