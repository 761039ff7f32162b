"""Fresh copies of lessons: outputs cleared, links that lead somewhere, no file written over."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from kerasdemo.lesson_files.finding import (
    Lesson,
    Notebook,
    notebook_bytes,
    put_text,
    read_notebook,
    text_of,
)

LINK = re.compile(r"(?P<sign>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
SOURCE = re.compile(r"<img\b[^>]*\bsrc=\"(?P<target>[^\"]+)\"")


@dataclass(frozen=True)
class Written:
    """What a copy came to: files written, and files that were there and are as they were."""

    folder: Path
    written: tuple[str, ...]
    there_already: tuple[str, ...]


def fresh(notebook: Notebook) -> Notebook:
    """Return a copy without outputs, to be run anew: nothing gives an answer away."""
    new = copy.deepcopy(notebook)
    for cell in new["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return new


def beside(notebook: Notebook, folder: Path) -> set[str]:
    """Return the files that a notebook's text links to or shows, lessons included.

    They are paths below `folder`, with slashes. Addresses, headings and what lies elsewhere are
    left out.
    """
    found = set()
    for cell in notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        for pattern in (LINK, SOURCE):
            for match in pattern.finditer(text_of(cell)):
                name = file_of(match["target"])
                if name and (folder / name).is_file():
                    found.add(name)
    return found


def file_of(target: str) -> str:
    """Return the file that a link leads to; ``""`` for a heading, an address, another folder.

    Examples
    --------
    >>> file_of("00_start_here.ipynb#The-lessons"), file_of("https://keras.io"), file_of("../a")
    ('00_start_here.ipynb', '', '')
    """
    name = unquote(target.partition("#")[0])
    # On Windows a backslash leads elsewhere, too; no system has a NUL in a name.
    outside = name.startswith(("/", "..")) or ".." in PurePosixPath(name).parts
    outside = outside or not {":", "\\", "\0"}.isdisjoint(name)
    return "" if outside else name


def without_dead_links(notebook: Notebook, there: set[str]) -> Notebook:
    """Turn links to lessons that are not `there` into their text, in place."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            put_text(cell, _mend_links(text_of(cell), there))
    return notebook


def _mend_links(text: str, there: set[str]) -> str:
    def mend(match: re.Match[str]) -> str:
        name = file_of(match["target"])
        dead = name.endswith(".ipynb") and name not in there and not match["sign"]
        return match["text"] if dead else match[0]

    return LINK.sub(mend, text)


def write_copies(
    lessons: Sequence[Lesson], folder: Path, *, change: Callable[[Notebook], Notebook] = fresh
) -> Written:
    """Write changed copies of lessons, their glossary and the pictures that they show.

    Parameters
    ----------
    lessons : sequence of Lesson
        Which.
    folder : pathlib.Path
        Where; made when it is missing.
    change : function
        From the notebook as it is to the one to be written.

    Returns
    -------
    Written
        Nothing that was there is written over.

    Raises
    ------
    OSError
        The folder cannot be made or written into.
    ValueError
        A lesson is damaged, or cannot be changed so; the message names it, and nothing is written.
    """
    read = {lesson.path: read_notebook(lesson.path) for lesson in lessons}
    ours = {path.name for path in read}
    there = ours | {path.name for path in folder.glob("*.ipynb")}
    files: dict[str, bytes] = {}
    for path, notebook in read.items():
        try:
            changed = change(notebook)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
        files[path.name] = notebook_bytes(without_dead_links(changed, there))
    for path, notebook in read.items():
        for name in sorted(beside(notebook, path.parent)):
            if name.endswith(".md"):
                text = (path.parent / name).read_text(encoding="utf-8")
                files[name] = _mend_links(text, there).encode()
            elif not name.endswith(".ipynb"):
                files[name] = (path.parent / name).read_bytes()
    return _write(files.items(), folder)


def _write(files: Iterable[tuple[str, bytes]], folder: Path) -> Written:
    written, kept = [], []
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if _write_new(path, content):
            written.append(name)
        elif name.endswith(".md") and path.is_file():
            continue  # the glossary of an earlier copy, which names fewer lessons
        elif name.endswith(".ipynb") or not path.is_file() or path.read_bytes() != content:
            kept.append(name)
    return Written(folder, tuple(written), tuple(kept))


def _write_new(path: Path, content: bytes) -> bool:
    """Write a file that is not there yet, whole or not at all; False where there is one."""
    try:
        file = path.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)  # half a notebook would be in the way of the next try
        raise
    return True
