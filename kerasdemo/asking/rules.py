"""What is wrong with an entry of `data/questions.toml`, in words; nothing when it is sound."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from kerasdemo.asking.answers import LETTERS, plain_text

Entry = Mapping[str, Any]
KINDS = ("predict", "retrieval", "exit", "final")
LARGEST = 1e15
WORDS, NUMBER, LIST, TABLE = (str,), (int, float), (list,), (dict,)
COMMON = {"id": WORDS, "kind": WORDS, "prompt": WORDS, "rule": WORDS}
OPEN = {**COMMON, "reply": WORDS, "otherwise": WORDS, "wrong": LIST}
REPLY = {"reply": WORDS, "misconception": WORDS}
KEYS: dict[str, dict[str, tuple[type, ...]]] = {
    "question": {**COMMON, "answer": WORDS, "choices": TABLE},
    "number": {**OPEN, "answer": NUMBER},
    "text": {**OPEN, "accept": LIST},
    "order": {**OPEN, "lines": LIST},
    "exercise": {"id": WORDS, "because": WORDS, "hints": LIST, "expect": TABLE},
}
MAY: dict[str, dict[str, tuple[type, ...]]] = {
    "number": {"tolerance": NUMBER, "unit": WORDS},
    "order": {"also": LIST},
}
WRONG_KEYS: dict[str, dict[str, tuple[type, ...]]] = {
    "number": {**REPLY, "value": NUMBER},
    "text": {**REPLY, "values": LIST},
    "order": {**REPLY, "before": LIST},
}
EXPECT_KEYS = {"type", "shape", "dtype", "values", "tolerance", "passed"}


def entry_problems(form: str, entry: Entry) -> list[str]:
    """Return all that is wrong with one entry of the list `form`, each with the entry's id."""
    name = entry.get("id", "an entry without id")
    must, may = KEYS[form], dict(MAY.get(form, {}))
    if entry.get("kind") == "final":
        must = {**must, "objective": WORDS, "lesson": WORDS}
    found = _key_problems(entry, must, may)
    if not found and form in WRONG_KEYS:
        found = _wrong_problems(form, entry["wrong"])
    if not found:
        pattern, wish = (
            (r"\d\d(-[a-z0-9]+)+", "two digits and words, as in 01-batch-axis")
            if form == "exercise"
            else (r"\d\d[a-z]", "two digits and a letter, as in 03a")
        )
        found += [] if re.fullmatch(pattern, name) else [f"an id is {wish}"]
        if "kind" in entry and entry["kind"] not in KINDS:
            found.append(f"kind {entry['kind']!r} is none of {KINDS}")
        if form in ("text", "order") and entry["kind"] == "predict":
            found.append("only choices and numbers can be predicted")
        found += OWN[form](entry)
    return [f"{name}: {problem}" for problem in found]


def lesson_problems(entries: list[Entry]) -> list[str]:
    """Return the final questions that send somebody to a lesson that asks nothing itself."""
    lessons = {str(e.get("id"))[:2] for e in entries if e.get("kind") != "final"}
    return [
        f"{e.get('id')}: there is no lesson {e['lesson']!r}"
        for e in entries
        if e.get("kind") == "final" and "lesson" in e and str(e["lesson"]) not in lessons
    ]


def _key_problems(
    entry: Entry,
    must: Mapping[str, tuple[type, ...]],
    may: Mapping[str, tuple[type, ...]] = {},
) -> list[str]:
    """Return the keys that are unknown, missing, of another type or empty."""
    odd = sorted((entry.keys() - must.keys() - may.keys()) | (must.keys() - entry.keys()))
    if odd:
        return [f"unknown or missing keys {odd}"]
    types = {**must, **may}
    found = [
        f"{key} is of type {type(value).__name__}"
        for key, value in entry.items()
        if not isinstance(value, types[key]) or isinstance(value, bool)
    ]
    found += [f"{k} is empty" for k, v in entry.items() if isinstance(v, str) and not v.strip()]
    return found


def _wrong_problems(form: str, wrong: list[Any]) -> list[str]:
    if not wrong:
        return ["no known wrong answer: which misconception does it catch?"]
    may = {"tolerance": NUMBER} if form == "number" else {}
    return [
        f"wrong {place}: {problem}"
        for place, each in enumerate(wrong)
        for problem in (
            _key_problems(each, WRONG_KEYS[form], may) if isinstance(each, dict) else ["no table"]
        )
    ]


def _choices(entry: Entry) -> list[str]:
    choices, answer, found = entry["choices"], entry["answer"], []
    if list(choices) != list("ABCDE"[: len(choices)]) or not 3 <= len(choices) <= 5:
        found.append("choices are A, B, C and up to E, in that order")
    if answer not in choices:
        found.append(f"the answer {answer!r} is not among the choices")
    if odd := [letter for letter, choice in choices.items() if not isinstance(choice, dict)]:
        return [*found, f"choice {odd[0]} is no table"]
    for letter, choice in choices.items():
        wanted = {"text": WORDS, **({"reply": WORDS} if letter == answer else REPLY)}
        found += [f"choice {letter}: {problem}" for problem in _key_problems(choice, wanted)]
    texts = [choice.get("text") for choice in choices.values()]
    return found + [f"two choices read {text!r}" for text in _twice(texts)]


def _number(entry: Entry) -> list[str]:
    values = [(entry["answer"], entry.get("tolerance", 0), "the answer")]
    values += [
        (w["value"], w.get("tolerance", 0), f"wrong {i}") for i, w in enumerate(entry["wrong"])
    ]
    if not all(abs(part) < LARGEST for value in values for part in value[:2]):  # NaN is not
        return ["numbers must be finite, and below 1e15: beyond it a float skips whole numbers"]
    found = [f"the tolerance of {name} is negative" for _, t, name in values if t < 0]
    return found + [
        f"{other} cannot be told from {one}"
        for (a, near, one), (b, far, other) in itertools.combinations(values, 2)
        if abs(a - b) <= (near + far) * (1 + 1e-9)
    ]


def _text(entry: Entry) -> list[str]:
    lists = [("accept", entry["accept"])]
    lists += [(f"wrong {i}", wrong["values"]) for i, wrong in enumerate(entry["wrong"])]
    found, seen = [], dict[str, str]()
    for name, values in lists:
        if not values:
            found.append(f"{name} is empty")
        for value in values:
            plain = plain_text(value) if isinstance(value, str) else ""
            if not plain:
                found.append(f"{name} has {value!r}, which nobody can type")
            elif plain in seen:
                found.append(f"{value!r} of {name} is the same as one of {seen[plain]}")
            seen.setdefault(plain, name)
    return found


def _order(entry: Entry) -> list[str]:
    lines, also = entry["lines"], entry.get("also", [])
    count = len(lines)
    if not 3 <= count <= len(LETTERS) or not all(isinstance(x, str) and x.strip() for x in lines):
        return [f"3 to {len(LETTERS)} lines, none of them empty"]
    found = [f"two lines read {line!r}" for line in _twice(lines)]
    rights = [list(range(count)), *also]
    in_text = sorted(rights[0], key=str)  # whatever stands there can be put into this order
    if any(not isinstance(o, list) or sorted(o, key=str) != in_text for o in also) or _twice(
        [str(order) for order in rights]
    ):
        return [*found, f"also holds other orders of 0 to {count - 1}, each once"]
    if len(rights) == math.factorial(count):
        found.append("every order is right")
    pairs = [wrong["before"] for wrong in entry["wrong"]]
    for place, pair in enumerate(pairs):
        if len(pair) != 2 or pair[0] == pair[1] or not all(p in rights[0] for p in pair):
            found.append(f"wrong {place}: before is two different numbers from 0 to {count - 1}")
        elif any(order.index(pair[0]) < order.index(pair[1]) for order in rights):
            found.append(f"wrong {place}: a right order has line {pair[0]} before line {pair[1]}")
    return found + [f"before = {pair} is there twice" for pair in _twice(pairs)]


def _exercise(entry: Entry) -> list[str]:
    found, hints = [], entry["hints"]
    if len(hints) < 2 or not all(isinstance(hint, str) and hint.strip() for hint in hints):
        found.append("at least two hints, none of them empty")
    if keys := entry["expect"].keys() - EXPECT_KEYS:
        found.append(f"expect has unknown keys {sorted(keys)}")
    if not entry["expect"].keys() - {"tolerance"}:
        found.append("expect is empty: any answer would do")
    return found


def _twice(values: list[Any]) -> list[Any]:
    return [value for place, value in enumerate(values) if value in values[:place]]


OWN: dict[str, Callable[[Entry], list[str]]] = {
    "question": _choices,
    "number": _number,
    "text": _text,
    "order": _order,
    "exercise": _exercise,
}
