"""What was answered in this notebook: a card to look at, and a CSV file on request."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from kerasdemo.asking import record
from kerasdemo.asking.record import Answered, Exercised
from kerasdemo.view.signs import printable
from kerasdemo.view.table import Row, Table, as_html, as_text

__all__ = ["Answered", "Exercised", "Objective", "ScoreCard", "Total", "score_card"]

KINDS = {
    "predict": "guesses before an experiment",
    "retrieval": "questions about the lesson before",
    "exit": "exit questions",
    "final": "final quiz",
}
COLUMNS = ("id", "kind", "lesson", "first", "last", "first_right", "right", "tries", "hints")
NOTHING = "Nothing has been asked in this notebook yet."


@dataclass(frozen=True)
class Total:
    """How many questions of a kind were asked, answered, right at first and right at last."""

    asked: int
    answered: int
    first_right: int
    right: int


@dataclass(frozen=True)
class Objective:
    """How the final quiz went for one objective; `lessons` are those to go back to."""

    objective: str
    right: int
    asked: int
    lessons: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class ScoreCard:
    """What was asked, answered and checked in this notebook: what `score_card` returns.

    Attributes
    ----------
    questions : tuple of Answered
        The questions, with the first and the last answer.
    exercises : tuple of Exercised
        The exercises, with tries and hints.
    """

    questions: tuple[Answered, ...]
    exercises: tuple[Exercised, ...]

    @property
    def totals(self) -> dict[str, Total]:
        """The totals by kind of question."""
        found = {}
        for kind in KINDS:
            if rows := [each for each in self.questions if each.kind == kind]:
                found[kind] = Total(
                    len(rows),
                    sum(each.last is not None for each in rows),
                    sum(bool(each.first_right) for each in rows),
                    sum(bool(each.right) for each in rows),
                )
        return found

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """The objectives of the final quiz, with the lessons to go back to."""
        final = [each for each in self.questions if each.kind == "final"]
        found = []
        for name in dict.fromkeys(each.objective for each in final):
            rows = [each for each in final if each.objective == name]
            missed = dict.fromkeys(each.lesson for each in rows if not each.right)
            found.append(
                Objective(
                    name, len(rows) - sum(not r.right for r in rows), len(rows), tuple(missed)
                )
            )
        return tuple(found)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the card to a CSV file, a row for each question and exercise.

        Parameters
        ----------
        path
            The file, best with the ending ``.csv``; its folder must be there.
        overwrite
            Replace a file of that name.

        Raises
        ------
        FileExistsError
            The file is there, and `overwrite` was not given.
        FileNotFoundError
            The folder is not there.
        """
        file = Path(path)
        if not file.parent.is_dir():
            raise FileNotFoundError(f"There is no folder for {str(path)!r}; make it first.")
        if file.is_dir():
            raise FileExistsError(f"{str(path)!r} is a folder; add the name of a file.")
        try:
            with file.open("w" if overwrite else "x", encoding="utf-8", newline="") as out:
                csv.writer(out).writerows([COLUMNS, *self._rows()])
        except FileExistsError:
            raise FileExistsError(
                f"{str(path)!r} is there already; to replace it: "
                f"score_card().save({str(path)!r}, overwrite=True)"
            ) from None
        count = len(self.questions) + len(self.exercises)
        print(printable(f"Saved {count} row{'' if count == 1 else 's'} to {file.name}."))

    def _rows(self) -> Iterable[tuple[object, ...]]:
        for q in self.questions:
            answers = (safe_cell(q.first or ""), safe_cell(q.last or ""))
            rights = (_yes(q.first_right), _yes(q.right))
            yield q.id, q.kind, q.lesson, *answers, *rights, q.tries, ""
        for e in self.exercises:
            yield e.id, "exercise", e.id[:2], "", "", "", _yes(e.passed), e.tries, e.hints

    def __repr__(self) -> str:
        tables = "\n\n".join(as_text(table) for table in self._tables(longest=60))
        return printable("\n\n".join(filter(None, [tables, "\n".join(self._sums())])) or NOTHING)

    def _repr_html_(self) -> str:
        sums = f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in self._sums())}</ul>"
        return (
            "\n".join([*map(as_html, self._tables()), sums])
            if self._sums()
            else f"<p>{NOTHING}</p>"
        )

    def _tables(self, *, longest: int = 10_000) -> list[Table]:
        made = []
        if self.questions:
            rows = tuple(Row(q.id, (_short(q.prompt, longest), *_told(q))) for q in self.questions)
            made.append(Table(("question", "yours", "right", "lesson"), rows))
        if self.exercises:
            rows = tuple(
                Row(e.id, ("yes" if e.passed else "not yet", str(e.tries), str(e.hints)))
                for e in self.exercises
            )
            made.append(Table(("passed", "tries", "hints"), rows))
        if self.objectives:
            rows = tuple(
                Row(o.objective, (f"{o.right} of {o.asked}", _back(o.lessons)))
                for o in self.objectives
            )
            made.append(Table(("right", "go back to"), rows))
        return made

    def _sums(self) -> list[str]:
        """Return a line for each kind; the first answers are told where they were others."""
        lines = []
        for kind, total in self.totals.items():
            line = f"{KINDS[kind]}: {total.right} of {total.asked} right"
            if total.first_right != total.right:
                line += f", {total.first_right} at the first answer"
            if total.answered < total.asked:
                line += f", {total.asked - total.answered} not answered"
            lines.append(line)
        if self.exercises:
            passed = sum(each.passed for each in self.exercises)
            lines.append(f"exercises: {passed} of {len(self.exercises)} passed")
        return lines


def score_card() -> ScoreCard:
    """Return what was asked, answered and checked in this notebook so far.

    It lives in the kernel's memory and is gone with it; `ScoreCard.save` writes it to a file.
    Introduced in lesson 13.

    Returns
    -------
    ScoreCard

    Examples
    --------
    >>> import kerasdemo as kd
    >>> kd.ask("03x", "b")            # doctest: +ELLIPSIS
    [Before you go · 03x]
    ...
    >>> [question.right for question in kd.score_card().questions if question.id == "03x"]
    [True]
    """
    return ScoreCard(record.questions(), record.exercises())


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("-1.5"), safe_cell("B")
    ("'=1+1", '-1.5', 'B')
    """
    formula = text[:1] in "=+-@" and not re.fullmatch(r"[+-]?[\d.]+(e-?\d+)?", text)
    return f"'{text}" if text and formula else text


def _told(q: Answered) -> tuple[str, str, str]:
    """Return the cells yours, right, lesson; a right answer is told to those who answered."""
    if q.last is None:
        return "not answered", "", q.lesson
    yours = q.last if q.first == q.last else f"{q.first}, then {q.last}"
    return yours, "✓ yes" if q.right else f"✗ it is {q.key}", q.lesson


def _short(text: str, longest: int) -> str:
    plain = text.replace("`", "")
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rsplit(' ', 1)[0]} …"


def _back(lessons: tuple[str, ...]) -> str:
    return f"lesson {' and '.join(lessons)}" if lessons else "nothing: reached"


def _yes(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"
