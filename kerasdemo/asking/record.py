"""What was asked and answered in this process: the memory of a notebook, lost with its kernel.

Nothing is written to disk here. `kerasdemo.scores` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kerasdemo.asking.forms import QuestionText
from kerasdemo.asking.replying import right_answer, verdict


@dataclass(frozen=True)
class Answered:
    """A question that was asked, with the first and the last answer to it.

    Attributes
    ----------
    id, kind, form, prompt : str
        As `data/questions.toml` has them.
    lesson : str
        The lesson of the question, or the one that a question of the final quiz goes back to.
    objective : str
        What a question of the final quiz is about; else empty.
    key : str
        The right answer, or the first of them.
    first, last : str or None
        The answers as they were read; None as long as there is none.
    first_right, right : bool or None
        Whether the first and the last answer are right; None as long as there is none.
    tries : int
        How often it was answered.
    """

    id: str
    kind: str
    form: str
    prompt: str
    lesson: str
    objective: str
    key: str
    first: str | None = None
    last: str | None = None
    first_right: bool | None = None
    right: bool | None = None
    tries: int = 0


@dataclass(frozen=True)
class Exercised:
    """An exercise that was checked.

    Attributes
    ----------
    id : str
        As `data/questions.toml` has it.
    passed : bool
        Whether it has passed once.
    tries : int
        How many answers were judged, up to the first that passed.
    hints : int
        How many hints were shown.
    """

    id: str
    passed: bool = False
    tries: int = 0
    hints: int = 0


_questions: dict[str, Answered] = {}
_exercises: dict[str, Exercised] = {}


def asked(text: QuestionText) -> Answered:
    """Note that a question was asked. What was answered before stays."""
    return _questions.setdefault(
        text.id,
        Answered(
            id=text.id,
            kind=text.kind,
            form=text.form,
            prompt=text.prompt,
            lesson=text.lesson or text.id[:2],
            objective=text.objective,
            key=right_answer(text),
        ),
    )


def answered(text: QuestionText, given: str) -> None:
    """Note an answer: the last one, and the first if there was none."""
    entry, right = asked(text), verdict(text, given)[0]
    if entry.first is None:
        entry = replace(entry, first=given, first_right=right)
    _questions[text.id] = replace(entry, last=given, right=right, tries=entry.tries + 1)


def exercised(id: str, *, passed: bool | None, hints: int) -> None:
    """Note that an exercise was checked; `passed` is None when there was no answer."""
    entry = _exercises.get(id, Exercised(id))
    if passed is not None and not entry.passed:
        entry = replace(entry, passed=passed, tries=entry.tries + 1)
    _exercises[id] = replace(entry, hints=max(hints, entry.hints))


def questions() -> tuple[Answered, ...]:
    """Return what was asked, in the order in which it was asked first."""
    return tuple(_questions.values())


def exercises() -> tuple[Exercised, ...]:
    """Return what was checked, in the order in which it was checked first."""
    return tuple(_exercises.values())


def forget() -> None:
    """Forget all that was asked and checked."""
    _questions.clear()
    _exercises.clear()
