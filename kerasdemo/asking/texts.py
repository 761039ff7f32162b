"""The texts of `kerasdemo.quiz`: read `data/questions.toml`, refuse a faulty one, judge an answer.

Nothing here shows anything. The file holds two lists: questions with lettered choices, and
exercises whose answer is a value.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser under its older name
    import tomli as tomllib

KINDS = ("predict", "retrieval", "exit")
QUESTION_KEYS = {"id", "kind", "prompt", "answer", "rule", "choices"}
EXERCISE_KEYS = {"id", "because", "hints", "expect"}
EXPECT_KEYS = {"type", "shape", "dtype", "values", "tolerance"}


@dataclass(frozen=True)
class Choice:
    """One lettered choice: its text, the reply to it, and the misconception that it catches."""

    text: str
    reply: str
    misconception: str = ""


@dataclass(frozen=True)
class QuestionText:
    """A question as the file has it. `answer` is the letter of the right choice."""

    id: str
    kind: str
    prompt: str
    answer: str
    rule: str
    choices: Mapping[str, Choice]


@dataclass(frozen=True)
class ExerciseText:
    """An exercise as the file has it. `expect` says what a right answer looks like."""

    id: str
    because: str
    hints: tuple[str, ...]
    expect: Mapping[str, Any]


@dataclass(frozen=True)
class Bank:
    """All questions and exercises, by id."""

    questions: Mapping[str, QuestionText]
    exercises: Mapping[str, ExerciseText]


def read(toml: str) -> Bank:
    """Read the text of a questions file.

    Raises
    ------
    ValueError
        The file breaks a rule; the message lists every rule that it breaks.
    """
    table = tomllib.loads(toml)
    questions, exercises = table.get("question", []), table.get("exercise", [])
    found = [f"unknown list [[{key}]]" for key in sorted(table.keys() - {"question", "exercise"})]
    found += [p for entry in questions for p in _question_problems(entry)]
    found += [p for entry in exercises for p in _exercise_problems(entry)]
    ids = [entry.get("id") for entry in [*questions, *exercises]]
    found += [f"{i}: this id is used twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    if found:
        raise ValueError("questions.toml: " + "; ".join(found))
    return Bank(
        {
            q["id"]: QuestionText(
                **{**q, "choices": {k: Choice(**c) for k, c in q["choices"].items()}}
            )
            for q in questions
        },
        {e["id"]: ExerciseText(**{**e, "hints": tuple(e["hints"])}) for e in exercises},
    )


def _question_problems(entry: dict[str, Any]) -> list[str]:
    name = entry.get("id", "a question without id")
    if keys := entry.keys() ^ QUESTION_KEYS:
        return [f"{name}: unknown or missing keys {sorted(keys)}"]
    choices, answer, found = entry["choices"], entry["answer"], []
    if not re.fullmatch(r"\d\d[a-z]", name):
        found.append("an id is two digits and a letter, as in 03a")
    if entry["kind"] not in KINDS:
        found.append(f"kind {entry['kind']!r} is none of {KINDS}")
    if list(choices) != list("ABCDE"[: len(choices)]) or not 3 <= len(choices) <= 5:
        found.append("choices are A, B, C and up to E, in that order")
    if answer not in choices:
        found.append(f"the answer {answer!r} is not among the choices")
    for letter, choice in choices.items():
        wanted = {"text", "reply"} | (set() if letter == answer else {"misconception"})
        if keys := choice.keys() ^ wanted:
            found.append(f"choice {letter} has unknown or missing keys {sorted(keys)}")
        found += [f"choice {letter} has an empty {k}" for k, v in choice.items() if not v.strip()]
    found += [f"{key} is empty" for key in ("prompt", "rule") if not entry[key].strip()]
    return [f"{name}: {problem}" for problem in found]


def _exercise_problems(entry: dict[str, Any]) -> list[str]:
    name = entry.get("id", "an exercise without id")
    if keys := entry.keys() ^ EXERCISE_KEYS:
        return [f"{name}: unknown or missing keys {sorted(keys)}"]
    found = []
    if not re.fullmatch(r"\d\d(-[a-z0-9]+)+", name):
        found.append("an id is two digits and words, as in 01-batch-axis")
    if len(entry["hints"]) < 2 or not all(hint.strip() for hint in entry["hints"]):
        found.append("at least two hints, none of them empty")
    if keys := entry["expect"].keys() - EXPECT_KEYS:
        found.append(f"expect has unknown keys {sorted(keys)}")
    if not entry["expect"].keys() - {"tolerance"}:
        found.append("expect is empty: any answer would do")
    if not entry["because"].strip():
        found.append("because is empty")
    return [f"{name}: {problem}" for problem in found]


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
    raise ValueError(f"there is no {what} {id!r}; did you mean {' or '.join(map(repr, near))}?")


def differences(expect: Mapping[str, Any], answer: object, *, like: object = None) -> list[str]:
    """Say in plain words what an answer is that it should not be; an empty list is a pass.

    Parameters
    ----------
    expect
        Any of `type` (a class name), `shape`, `dtype`, `values` and `tolerance` (absolute,
        0 unless given).
    answer
        Whatever the student made. Nothing that it is can make this function raise.
    like
        What the values must equal, within `tolerance`; handing in this very object is no answer.

    Examples
    --------
    >>> differences({"shape": [1, 28, 28, 1]}, np.zeros((28, 28, 1)))
    ['its shape is (28, 28, 1)']
    >>> differences({"values": [6, 8], "type": "list"}, [6, 8])
    []
    """
    if like is not None and answer is like:
        return ["it is the very thing to compare with; make your own"]
    if "type" in expect and expect["type"] not in {kind.__name__ for kind in type(answer).__mro__}:
        return [f"its type is {type(answer).__name__}"]
    try:
        array = np.asarray(answer)
        if "shape" in expect and array.shape != tuple(expect["shape"]):
            return [f"its shape is {array.shape}"]
        if "dtype" in expect and str(array.dtype) != expect["dtype"]:
            return [f"its dtype is {array.dtype}"]
        if "values" in expect and not _close(array, expect["values"], expect):
            return ["its value is another"]
        if like is not None and not _close(array, like, expect):
            return ["its values are others"]
    except Exception:
        return [f"a {type(answer).__name__} cannot be compared with the answer"]
    return []


def _close(array: np.ndarray[Any, Any], wish: object, expect: Mapping[str, Any]) -> bool:
    values = np.asarray(wish)
    if values.shape != array.shape:
        return False
    if values.dtype.kind in "bU":
        return bool(np.array_equal(values, array))
    if array.dtype.kind not in "iufV":  # V: bfloat16; text would be read as the number it spells
        return False
    wanted, given = values.astype("float64"), array.astype("float64")
    return bool(np.allclose(given, wanted, rtol=0, atol=expect.get("tolerance", 0)))
