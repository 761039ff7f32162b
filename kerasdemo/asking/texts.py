"""The texts of `kerasdemo.quiz`: read `data/questions.toml`, refuse a faulty one, find an entry.

The file holds a list for each form: ``question`` (lettered choices), ``number``, ``text``,
``order`` (lines of code) and ``exercise`` (whose answer is a value).
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from kerasdemo.asking.forms import (
    Bank,
    Choice,
    ChoiceText,
    ExerciseText,
    NumberText,
    OrderText,
    QuestionText,
    TextText,
    WrongNumber,
    WrongOrder,
    WrongText,
)
from kerasdemo.asking.rules import KEYS, entry_problems, lesson_problems

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser under its older name
    import tomli as tomllib


def read(toml: str) -> Bank:
    """Read the text of a questions file.

    Raises
    ------
    ValueError
        The file breaks a rule; the message lists every rule that it breaks.
    """
    try:
        table = tomllib.loads(toml)
    except RecursionError:
        raise ValueError("questions.toml: too many brackets in each other") from None
    found = [f"unknown list [[{key}]]" for key in sorted(table.keys() - KEYS.keys())]
    lists = {form: table[form] for form in KEYS if isinstance(table.get(form), list)}
    found += [f"{key} is a list: [[{key}]]" for key in sorted((table.keys() & KEYS) - lists.keys())]
    lists = {form: lists.get(form, []) for form in KEYS}
    found += [
        f"{form} holds {entry!r:.40}; each is a table: [[{form}]]"
        for form in KEYS
        for entry in lists[form]
        if not isinstance(entry, dict)
    ]
    lists = {form: [e for e in lists[form] if isinstance(e, dict)] for form in KEYS}
    found += [problem for form in KEYS for e in lists[form] for problem in entry_problems(form, e)]
    found += lesson_problems([entry for form in KEYS for entry in lists[form]])
    ids = [str(entry.get("id")) for form in KEYS for entry in lists[form]]
    found += [f"{i}: this id is used twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    if found:
        raise ValueError("questions.toml: " + "; ".join(found))
    exercises = {
        e["id"]: ExerciseText(**{**e, "hints": tuple(e["hints"])}) for e in lists["exercise"]
    }
    questions = [
        _question(form, entry) for form in KEYS if form != "exercise" for entry in lists[form]
    ]
    return Bank({question.id: question for question in questions}, exercises)


def _question(form: str, entry: dict[str, Any]) -> QuestionText:
    """Return a sound entry of the file as the class of its form."""
    if form == "question":
        choices = {letter: Choice(**choice) for letter, choice in entry["choices"].items()}
        return ChoiceText(**{**entry, "choices": choices})
    if form == "number":
        known = tuple(WrongNumber(**wrong) for wrong in entry["wrong"])
        return NumberText(**{**entry, "wrong": known})
    if form == "text":
        wrong = tuple(WrongText(**{**w, "values": tuple(w["values"])}) for w in entry["wrong"])
        return TextText(**{**entry, "accept": tuple(entry["accept"]), "wrong": wrong})
    pairs = tuple(WrongOrder(**{**w, "before": tuple(w["before"])}) for w in entry["wrong"])
    also = tuple(tuple(order) for order in entry.get("also", []))
    return OrderText(**{**entry, "lines": tuple(entry["lines"]), "wrong": pairs, "also": also})


@cache
def bank() -> Bank:
    """Return the questions that travel with the package."""
    file = resources.files("kerasdemo") / "data" / "questions.toml"
    return read(file.read_text(encoding="utf-8"))


def question_text(id: str) -> QuestionText:
    """Return one question. `ValueError` with the nearest ids when there is none of that name."""
    return bank().questions[_known(bank().questions, id, "question")]


def exercise_text(id: str) -> ExerciseText:
    """Return one exercise. `ValueError` with the nearest ids when there is none of that name."""
    return bank().exercises[_known(bank().exercises, id, "exercise")]


def _known(entries: Mapping[str, Any], id: str, what: str) -> str:
    if id in entries:
        return id
    near = difflib.get_close_matches(str(id), entries, n=3, cutoff=0.3) or list(entries)[:3]
    raise ValueError(f"There is no {what} {id!r}; did you mean {' or '.join(map(repr, near))}?")
