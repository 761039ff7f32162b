"""The groups that a class's answers fall into, and the reading of a single answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kerasdemo.asking.answers import OTHERWISE, RIGHT, case_of, facts, plain_text, read_answer
from kerasdemo.asking.forms import ChoiceText, NumberText, OrderText, QuestionText, TextText
from kerasdemo.asking.replying import in_words, right_answer

NONE = ("", "-", "–", "—", "none", "n/a", "?")
CHOSEN = re.compile(r"\(?([A-Za-z])(?:[.):]\s*(.*)|\))", re.DOTALL)


@dataclass(frozen=True)
class Group:
    """Answers that count as one: the right ones, those of one misconception, all others.

    Attributes
    ----------
    key : str
        A choice's letter; ``"right"``, the number of a known wrong answer, or ``"otherwise"``.
    label : str
        The answer, in words.
    right : bool
        Whether it is right.
    misconception : str
        The misconception that it shows; ``""`` when it is right or unknown.
    """

    key: str
    label: str
    right: bool = False
    misconception: str = ""


def groups_of(text: QuestionText) -> tuple[Group, ...]:
    """Return the groups of a question, in the order of its choices, or the right one first."""
    if isinstance(text, ChoiceText):
        return tuple(
            Group(k, f"{k}. {c.text}".replace("`", ""), k == text.answer, c.misconception)
            for k, c in text.choices.items()
        )
    known: list[tuple[str, str]] = []
    if isinstance(text, NumberText):
        known = [(in_words(text, f"{w.value}"), w.misconception) for w in text.wrong]
    elif isinstance(text, TextText):
        known = [(w.values[0], w.misconception) for w in text.wrong]
    elif isinstance(text, OrderText):
        pairs = facts(text)["wrong"]
        known = [
            (f"{pair[0]} before {pair[1]}", w.misconception)
            for pair, w in zip(pairs, text.wrong, strict=True)
        ]
    wrong = [Group(str(i), label, False, told) for i, (label, told) in enumerate(known)]
    right = Group(RIGHT, in_words(text, right_answer(text)), True)
    return (right, *wrong, Group(OTHERWISE, "another answer"))


def heard(text: QuestionText, cell: str) -> str | None:
    """Return the key of the group of one answer; None for a blank.

    A choice may come with its text, as a form on the web writes it.

    Raises
    ------
    ValueError
        It is no answer to this question.
    """
    bare = cell.strip()
    if re.fullmatch(r"'[=+@-].*", bare, re.DOTALL):
        bare = bare[1:]  # as score_card().save keeps it from a spreadsheet
    if bare.lower() in NONE:
        return None
    return case_of(facts(text), read_answer(text, _letter(text, bare)))


def _letter(text: QuestionText, cell: str) -> str:
    """Return the letter of a choice that came with its text, or as its text alone."""
    if not isinstance(text, ChoiceText):
        return cell
    plain = plain_text(cell)
    for letter, choice in text.choices.items():
        if plain == plain_text(choice.text):
            return letter
    match = CHOSEN.fullmatch(cell)
    if match is None:
        return cell
    choice_text = text.choices.get(match[1].upper())
    rest = plain_text(match[2] or "")
    fits = not rest or (choice_text is not None and rest == plain_text(choice_text.text))
    return match[1] if fits else cell


def wanted(text: QuestionText) -> str:
    """Say what an answer looks like."""
    if isinstance(text, ChoiceText):
        what = ", ".join(text.choices)
    elif isinstance(text, NumberText):
        what = "a number"
    elif isinstance(text, OrderText):
        what = f"the letters A to {chr(64 + len(text.lines))}, each once"
    else:
        what = "a word or two"
    return f"{what}, or - for none"
