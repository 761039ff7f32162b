"""A class's answers from CSV files: score cards, or the sheet of a form on the web."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from kerasdemo.asking.forms import QuestionText
from kerasdemo.tallying.groups import heard
from kerasdemo.tallying.pasted import Heard

# Columns that a form adds by itself.
ASIDE = re.compile(
    r"(time ?stamp|zeitstempel|horodateur|date|time|e-?mail|user ?name|name|score)\b.*"
)
TIME = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\d{1,2}:\d{2}.*")
MOST_COLUMNS = 1000
ROLES = {"first": ("first", "before"), "last": ("last", "after")}


def files_of(path: str | Path) -> list[Path]:
    """Return the CSV files that a path means: itself, or those in the folder.

    Raises
    ------
    FileNotFoundError
        There is no such file, or no CSV file in the folder.
    """
    place = Path(path)
    if place.is_dir():
        found = sorted(each for each in place.iterdir() if each.suffix.lower() == ".csv")
        if not found:
            raise FileNotFoundError(f"There is no CSV file in the folder {str(path)!r}.")
        return found
    if not place.is_file():
        raise FileNotFoundError(
            f"There is no file {str(path)!r}; give the path of a CSV file or of a folder of them, "
            'or paste the answers themselves, such as "A B B C".'
        )
    return [place]


def read_files(text: QuestionText, files: Sequence[Path], role: str) -> Heard:
    """Read the answers of one role, ``"first"`` or ``"last"``, from CSV files."""
    said = Heard()
    for file in files:
        try:
            rows = _rows(file)
        except ValueError as error:
            said.problems.append(str(error))
            continue
        header = [cell.strip().lower() for cell in rows[0]] if rows else []
        if "id" in header and role in header:
            _take_card(said, text, rows, header, file.name, role)
        elif column := _column(said, text, rows, file.name, role):
            at, first = column
            for number, row in enumerate(rows[first:], start=first + 1):
                said.take(text, row[at] if at < len(row) else "", f"{file.name}, line {number}")
    return said


def has_both(files: Sequence[Path]) -> bool:
    """Say whether the files are score cards, which hold a first and a last answer."""
    headers = []
    for file in files:
        with contextlib.suppress(ValueError):  # no table: told when it is read
            headers += [[cell.strip().lower() for cell in row] for row in _rows(file)[:1]]
    return bool(headers) and all({"id", "first", "last"} <= set(header) for header in headers)


def _rows(file: Path) -> list[list[str]]:
    """Return the rows that are not empty, whatever separates the cells; ValueError for no table."""
    raw = file.read_bytes()
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        content = raw.decode("cp1252", errors="replace")  # an older spreadsheet on Windows
    head = content.partition("\n")[0]
    cut = max(",;\t", key=head.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(content, newline=""), delimiter=cut) if row]
    except csv.Error as error:  # a cell of 131,072 signs, a NUL, a return that ends no line
        raise ValueError(f"{file.name}: it is no table ({error})") from None
    if max(map(len, rows), default=0) > MOST_COLUMNS:
        raise ValueError(f"{file.name}: it is no table of answers: over {MOST_COLUMNS:,} columns")
    return rows


def _take_card(
    said: Heard, text: QuestionText, rows: list[list[str]], header: list[str], name: str, role: str
) -> None:
    """Take the answers of a score card, or of several put together in one file."""
    key, value, count = header.index("id"), header.index(role), 0
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > max(key, value) and row[key].strip() == text.id:
            said.take(text, row[value], f"{name}, line {number}")
            count += 1
    if not count:
        said.problems.append(f"{name}: {text.id} was not asked there")


def _column(
    said: Heard, text: QuestionText, rows: list[list[str]], name: str, role: str
) -> tuple[int, int] | None:
    """Return the column with the answers, and the first row that holds one."""
    width = max(map(len, rows), default=0)
    titles = [*(rows[0] if rows else ()), *[""] * width][:width]  # a row below may be longer
    header = [cell.strip().lower() for cell in titles]
    cells = {at: [row[at] for row in rows if at < len(row)] for at in range(width)}
    found = {at: sum(_is_answer(text, cell) for cell in cells[at]) for at in cells}
    asides = {at for at in cells if _is_aside(header[at], cells[at])}
    candidates = [at for at in cells if found[at] and at not in asides]
    for names in ((text.id,), ROLES[role]):
        named = [at for at in candidates if header[at].startswith(names)]
        candidates = named or candidates
    best = [at for at in candidates if found[at] == max(found[c] for c in candidates)]
    if not best:
        said.problems.append(f"{name}: no column holds answers to {text.id}")
        return None
    if len(best) > 1:
        told = ", ".join(repr(titles[at]) for at in best)
        said.problems.append(
            f"{name}: the columns {told} could all be answers; name the right one {text.id!r}"
        )
        return None
    (at,) = best
    is_header = header[at].startswith((text.id, *ROLES[role])) or not _can_be(text, titles[at])
    alone = text.form == "text" and len(rows) > 1 and bool(asides)
    return at, int(is_header or alone)


def _is_aside(title: str, cells: list[str]) -> bool:
    filled = [cell.strip() for cell in cells[1:] if cell.strip()]
    looks = [bool(TIME.fullmatch(cell)) or "@" in cell for cell in filled]
    return bool(ASIDE.fullmatch(title)) or (bool(looks) and all(looks))


def _is_answer(text: QuestionText, cell: str) -> bool:
    """Say whether a cell is an answer, not a blank."""
    try:
        return heard(text, cell) is not None
    except ValueError:
        return False


def _can_be(text: QuestionText, cell: str) -> bool:
    return _is_answer(text, cell) or not cell.strip() or cell.strip() == "-"
