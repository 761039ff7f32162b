"""A class's answers as somebody pastes them: with spaces, commas, one a line, or counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from kerasdemo.asking.forms import QuestionText
from kerasdemo.tallying.groups import heard, wanted

COUNTED = re.compile(r"(.+?)\s*[:=]\s*(\d{1,6})", re.DOTALL)
# What separates answers within a line; a comma may belong to a number or to code.
CUTS = {"choice": r"[,;\t]", "number": r"[;\t]|,\s+", "text": r"[;\t]", "order": r"[,;\t]"}


@dataclass
class Heard:
    """What was heard: key of a group (None for a blank) to how often, and what was not read."""

    counts: Counter[str | None] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def take(self, text: QuestionText, cell: str, place: str) -> None:
        """Count one answer; note it when it is none."""
        try:
            self.counts[heard(text, cell)] += 1
        except ValueError:
            self.problems.append(
                f"{place}: {_short(cell)} is no answer to {text.id}; expected {wanted(text)}"
            )


def read_pasted(text: QuestionText, pasted: str) -> Heard:
    """Read answers from a text, or from counts such as ``"A: 3, B: 12"``."""
    said, lines = Heard(), pasted.strip("\r\n").splitlines()
    if _is_counted(text, lines):
        for number, line in enumerate(lines, start=1):
            for piece in filter(str.strip, re.split(r"[,;\t]", line)):
                _take_count(said, text, piece.strip(), f"line {number}")
        return said
    for number, line in enumerate(lines, start=1):
        for cell in _cells(text, line):
            said.take(text, cell, f"line {number}")
    return said


def _is_counted(text: QuestionText, lines: list[str]) -> bool:
    """Say whether the first piece is an answer with a number behind it."""
    first = next((p.strip() for line in lines for p in re.split(r"[,;\t]", line) if p.strip()), "")
    match = COUNTED.fullmatch(first)
    return match is not None and _is_answer(text, match[1]) and not _is_answer(text, first)


def _take_count(said: Heard, text: QuestionText, piece: str, place: str) -> None:
    match = COUNTED.fullmatch(piece)
    if match is None:
        said.problems.append(f"{place}: {_short(piece)} is no count; expected one such as A: 3")
        return
    one = Heard()
    one.take(text, match[1], place)
    said.problems += one.problems
    said.counts.update({key: int(match[2]) for key in one.counts})


def _cells(text: QuestionText, line: str) -> Iterator[str]:
    """Cut a line into answers: as a whole where it is one, else at commas, else at spaces."""
    if _is_answer(text, line):
        yield line
        return
    pieces = re.split(CUTS[text.form], line)
    if len(pieces) > 1 and not pieces[-1].strip():
        pieces.pop()  # a comma at the end announces nothing
    for piece in pieces:
        words = piece.split()
        if text.form == "text" or _is_answer(text, piece) or not words:
            yield piece
        elif 2 * sum(_is_answer(text, word) for word in words) >= len(words):
            yield from words
        else:  # rather a sentence than answers
            yield piece


def _is_answer(text: QuestionText, cell: str) -> bool:
    try:
        heard(text, cell)
    except ValueError:
        return False
    return True


def _short(cell: str) -> str:
    bare = cell.strip()
    return repr(bare if len(bare) <= 30 else f"{bare[:29]}…")
