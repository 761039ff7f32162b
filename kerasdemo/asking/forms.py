"""The forms of a question, as `data/questions.toml` has them: plain values, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Choice:
    """One lettered choice: its text, the reply to it, and the misconception that it catches."""

    text: str
    reply: str
    misconception: str = ""


@dataclass(frozen=True)
class WrongNumber:
    """A number that comes from a known misconception; `tolerance` on both sides counts, too."""

    value: float
    reply: str
    misconception: str
    tolerance: float = 0


@dataclass(frozen=True)
class WrongText:
    """Texts that come from one known misconception."""

    values: tuple[str, ...]
    reply: str
    misconception: str


@dataclass(frozen=True)
class WrongOrder:
    """Two lines, by their place in `OrderText.lines`: the first stands before the second."""

    before: tuple[int, int]
    reply: str
    misconception: str


@dataclass(frozen=True, kw_only=True)
class QuestionText:
    """What all forms have. `objective` and `lesson` are those of the final quiz, else empty."""

    form: ClassVar[str] = ""
    id: str
    kind: str
    prompt: str
    rule: str
    objective: str = ""
    lesson: str = ""


@dataclass(frozen=True, kw_only=True)
class ChoiceText(QuestionText):
    """A question with lettered choices. `answer` is the letter of the right one."""

    form: ClassVar[str] = "choice"
    answer: str
    choices: Mapping[str, Choice]


@dataclass(frozen=True, kw_only=True)
class NumberText(QuestionText):
    """A question whose answer is a number, right within `tolerance` on both sides."""

    form: ClassVar[str] = "number"
    answer: float
    reply: str
    otherwise: str
    wrong: tuple[WrongNumber, ...]
    tolerance: float = 0
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class TextText(QuestionText):
    """A question whose answer is a word or a short piece of code; `accept` are all right."""

    form: ClassVar[str] = "text"
    accept: tuple[str, ...]
    reply: str
    otherwise: str
    wrong: tuple[WrongText, ...]


@dataclass(frozen=True, kw_only=True)
class OrderText(QuestionText):
    """Lines of code, in a right order; `also` are other right orders, as places in `lines`."""

    form: ClassVar[str] = "order"
    lines: tuple[str, ...]
    reply: str
    otherwise: str
    wrong: tuple[WrongOrder, ...]
    also: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class ExerciseText:
    """An exercise. `expect` says what a right answer looks like."""

    id: str
    because: str
    hints: tuple[str, ...]
    expect: Mapping[str, Any]


@dataclass(frozen=True)
class Bank:
    """All questions, of whatever form, and all exercises, by id."""

    questions: Mapping[str, QuestionText]
    exercises: Mapping[str, ExerciseText]
