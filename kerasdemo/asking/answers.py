"""Read what somebody typed as an answer, and find out which known answer it is.

The page does the same in `judging.js`, so that a question replies without a kernel; a table of
cases holds the two together.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import numbers
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from kerasdemo.asking.forms import (
    ChoiceText,
    NumberText,
    OrderText,
    QuestionText,
    TextText,
)

LETTERS = "ABCDEFGH"
RIGHT, OTHERWISE = "right", "otherwise"
# What rounding may add to a distance: 0.4 is 0.1 from 0.3, though not in floating point.
SLACK = 1e-12
GAPS = re.compile(r"[\s\u200b\ufeff]+")  # \s holds all that JavaScript does, but these two
NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")
SPACES = re.compile(r"[+-]?[1-9][0-9]{0,2}([ _][0-9]{3})+([.,][0-9]*)?")
COMMAS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?")
POINTS = re.compile(
    r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]*|[+-]?[1-9][0-9]{0,2}(\.[0-9]{3}){2,}"
)


def read_answer(text: QuestionText, answer: object) -> str:
    """Return an answer as it is kept: a letter, a number's digits, words, letters in order.

    Raises
    ------
    ValueError
        It is none; the message says what was given and what to type.
    """
    if isinstance(text, ChoiceText):
        letter = str(answer).strip().upper()
        if letter in text.choices:
            return letter
        choices = ", ".join(text.choices)
        raise ValueError(f"Question {text.id} has the choices {choices}; you gave {answer!r}.")
    if isinstance(text, NumberText):
        found = read_number(answer, unit=text.unit)
        if found is None:
            unit = f" (in {text.unit})" if text.unit else ""
            raise ValueError(
                f"Question {text.id} wants a number{unit}, such as 1438 or 0.5; "
                f"you gave {answer!r}."
            )
        return found
    if isinstance(text, OrderText):
        return _read_order(text, answer)
    if not isinstance(answer, str) or not plain_text(answer):
        raise ValueError(f"Question {text.id} wants a word or two, as text; you gave {answer!r}.")
    return GAPS.sub(" ", answer).strip()


def read_number(answer: object, *, unit: str = "") -> str | None:
    """Return the digits of a number, however it is written; None when it is none.

    A comma with three digits after it groups thousands, and so does a space or an underscore; any
    other comma is a decimal one. The unit behind the number is left out.

    Examples
    --------
    >>> read_number("1,438"), read_number("0,5"), read_number("50 %", unit="%")
    ('1438', '0.5', '50')
    >>> read_number("a lot") is None
    True
    """
    if isinstance(answer, bool) or not isinstance(answer, (str, numbers.Real)):
        return None
    typed = repr(float(answer)) if isinstance(answer, numbers.Real) else answer
    if isinstance(answer, numbers.Integral):
        typed = str(int(answer))
    typed = unicodedata.normalize("NFKC", typed).replace("\u2212", "-")
    typed, behind = (GAPS.sub(" ", each).strip() for each in (typed, unit))
    if behind and typed.lower().endswith(behind.lower()):
        typed = typed[: -len(behind)].strip()
    if SPACES.fullmatch(typed):
        typed = re.sub("[ _]", "", typed)
    if COMMAS.fullmatch(typed):
        typed = typed.replace(",", "")
    elif POINTS.fullmatch(typed):
        typed = typed.replace(".", "").replace(",", ".")
    elif "." not in typed:
        typed = typed.replace(",", ".", 1)
    parts = NUMBER.fullmatch(typed)
    if parts is None or not (parts[2] or parts[3]):
        return None
    whole, rest = parts[2].lstrip("0") or "0", parts[3]
    digits = ("-" if parts[1] == "-" else "") + whole + (f".{rest}" if rest else "")
    digits += f"e{int(parts[4])}" if parts[4] else ""
    return digits if math.isfinite(float(digits)) else None


def plain_text(typed: str) -> str:
    """Return a text as it is compared: small letters, without quotes and gaps that say nothing.

    Examples
    --------
    >>> plain_text(" `np.ArgMax( p,  axis = 1 )` "), plain_text("model.predict()")
    ('np.argmax(p,axis=1)', 'model.predict')
    """
    text = unicodedata.normalize("NFKC", typed).lower().replace("`", "")
    text = re.sub('[\u2018\u2019\u201c\u201d"]', "'", text)
    text = GAPS.sub(" ", text).strip(" .!;")
    text = re.sub(r" ?([\]()\[{}=,:+*/<>-]) ?", r"\1", text)
    if len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1].strip(" .!;")
    return text.removesuffix("()")


def _read_order(text: OrderText, answer: object) -> str:
    typed = answer if isinstance(answer, str) else _joined(answer)
    letters = re.sub(rf"({GAPS.pattern}|[,;.>\u2192-])", "", typed).upper()
    wanted = LETTERS[: len(text.lines)]
    if sorted(letters) == list(wanted):
        return letters
    wrong = [f"{letter} is no line" for letter in dict.fromkeys(letters) if letter not in wanted]
    wrong += [f"{letter} is there twice" for letter in wanted if letters.count(letter) > 1]
    wrong += [f"{letter} is missing" for letter in wanted if letter not in letters]
    raise ValueError(
        f"Question {text.id} wants each of {', '.join(wanted)} once, first line first, such as "
        f'"{wanted}"; you gave {answer!r}: {", ".join(wrong[:4])}.'
    )


def _joined(answer: object) -> str:
    return "".join(map(str, answer)) if isinstance(answer, Iterable) else str(answer)


def shown_lines(text: OrderText) -> dict[str, int]:
    """Return letter -> place in `text.lines`, in the order in which the lines are shown.

    The order comes from the id, so it is the same for everybody, and it is never a right one.
    """
    rights = {tuple(range(len(text.lines))), *text.also}
    for attempt in itertools.count():
        name = f"{text.id} {attempt} "
        places = sorted(
            range(len(text.lines)), key=lambda i: hashlib.sha256(f"{name}{i}".encode()).digest()
        )
        if tuple(places) not in rights:
            return dict(zip(LETTERS, places, strict=False))
    raise AssertionError("there is always another attempt")  # pragma: no cover


def facts(text: QuestionText) -> dict[str, Any]:
    """Return what must be known to tell one answer from another, as plain values for the page."""
    if isinstance(text, NumberText):
        wrong = [[each.value, each.tolerance] for each in text.wrong]
        return {"number": [text.answer, text.tolerance], "wrong": wrong}
    if isinstance(text, TextText):
        return {
            "texts": [plain_text(each) for each in text.accept],
            "wrong": [[plain_text(value) for value in each.values] for each in text.wrong],
        }
    if isinstance(text, OrderText):
        letter = {place: letter for letter, place in shown_lines(text).items()}
        rights = [tuple(range(len(text.lines))), *text.also]
        return {
            "orders": ["".join(letter[place] for place in right) for right in rights],
            "wrong": ["".join(letter[place] for place in each.before) for each in text.wrong],
        }
    return {}


def case_of(known: dict[str, Any], given: str) -> str:
    """Say which answer this is: ``"right"``, the number of a known wrong one, ``"otherwise"``.

    Parameters
    ----------
    known
        What `facts` returned.
    given
        What `read_answer` returned. A choice is its own case.

    Examples
    --------
    >>> case_of({"number": [10, 0.5], "wrong": [[28, 0]]}, "28")
    '0'
    """
    if "number" in known:
        fits = [_near(float(given), *pair) for pair in (known["number"], *known["wrong"])]
    elif "texts" in known:
        fits = [plain_text(given) in values for values in (known["texts"], *known["wrong"])]
    elif "orders" in known:
        fits = [given in known["orders"]]
        fits += [given.index(one) < given.index(other) for one, other in known["wrong"]]
    else:
        return given
    return [RIGHT, *map(str, range(len(fits) - 1))][fits.index(True)] if any(fits) else OTHERWISE


def _near(number: float, value: float, tolerance: float) -> bool:
    return abs(number - value) <= tolerance + SLACK * max(tolerance, abs(value))
