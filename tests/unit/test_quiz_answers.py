"""Answers are read and told apart, and the page's JavaScript does it as Python does."""

from __future__ import annotations

import json
import shutil
import string
import subprocess
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdemo import asking
from kerasdemo.asking import answers, forms

CASES = json.loads((Path(__file__).parent / "answer_cases.json").read_text(encoding="utf-8"))
SCRIPT = """
import fs from "node:fs";
import * as judging from "./judging.mjs";
const { numbers, texts, cases } = JSON.parse(fs.readFileSync(0, "utf8"));
console.log(JSON.stringify({
  numbers: numbers.map(([typed, unit]) => judging.readNumber(typed, unit)),
  texts: texts.map(([typed]) => judging.plainText(typed)),
  cases: cases.map(([known, given]) => judging.caseOf(known, given)),
}));
"""


def lines_in_order(*lines, also=(), wrong=(), id="90o"):
    return forms.OrderText(
        id=id,
        kind="exit",
        prompt="?",
        rule="!",
        reply="Yes.",
        otherwise="No.",
        lines=lines,
        also=also,
        wrong=tuple(forms.WrongOrder(pair, "No.", "a mistake") for pair in wrong),
    )


@pytest.mark.parametrize(("typed", "unit", "wanted"), CASES["numbers"])
def test_a_number_is_read_however_it_is_written(typed, unit, wanted):
    assert answers.read_number(typed, unit=unit) == wanted


@pytest.mark.parametrize(("typed", "wanted"), CASES["texts"])
def test_texts_are_compared_without_what_says_nothing(typed, wanted):
    assert answers.plain_text(typed) == wanted


@pytest.mark.parametrize(("known", "typed", "wanted"), CASES["cases"])
def test_an_answer_is_told_from_the_others(known, typed, wanted):
    assert answers.case_of(known, typed) == wanted


@pytest.fixture(scope="session")
def in_page(tmp_path_factory):
    """Return a function that lets the page's script do what the table of cases asks."""
    driver = pytest.importorskip("playwright._impl._driver", reason="get Playwright: make test")
    node = shutil.which("node") or driver.compute_driver_executable()[0]
    folder = tmp_path_factory.mktemp("judging")
    shutil.copy(Path(asking.__file__).parent / "judging.js", folder / "judging.mjs")
    (folder / "run.mjs").write_text(SCRIPT)

    def run(table):
        done = subprocess.run(
            [node, folder / "run.mjs"],
            input=json.dumps(table),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=True,
        )
        return json.loads(done.stdout)

    return run


def test_the_page_reads_and_judges_as_python_does(in_page):
    said = in_page(CASES)
    assert said["numbers"] == [wanted for *_, wanted in CASES["numbers"]]
    assert said["texts"] == [wanted for *_, wanted in CASES["texts"]]
    assert said["cases"] == [wanted for *_, wanted in CASES["cases"]]


SIGNS = (
    string.ascii_letters
    + string.digits * 2
    + "   ....,,,,__'\"`()[]=+-*%!;\u2212\u00a0\u200b\u2019éİßΣ\ufb01½²"
)


def test_page_and_python_agree_on_whatever_is_typed(in_page):
    """One process for many examples: a table as long as Hypothesis would make it."""
    found = set()

    @given(
        st.text(SIGNS, max_size=12)
        | st.from_regex(r"[+-]?[0-9.,]{1,9}(e[+-]?[0-9]{1,3})?", fullmatch=True)
    )
    def collect(text):
        found.add(text)

    collect()
    typed = sorted(found)
    assert len(typed) > 50
    said = in_page(
        {"numbers": [[t, "ms"] for t in typed], "texts": [[t] for t in typed], "cases": []}
    )
    assert said["numbers"] == [answers.read_number(t, unit="ms") for t in typed]
    assert said["texts"] == [answers.plain_text(t) for t in typed]


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_given_in_code_is_that_number(number):
    if abs(number) < 1e300:
        assert float(answers.read_number(number)) == float(number)


@pytest.mark.parametrize("number", [np.int64(7), np.float32(7), 7, 7.0])
def test_numbers_of_numpy_are_numbers(number):
    assert float(answers.read_number(number)) == 7


@pytest.mark.parametrize("odd", [True, None, [], float("nan"), float("inf"), 2j, b"7"])
def test_what_is_no_number_is_none(odd):
    assert answers.read_number(odd) is None


@given(st.text(max_size=30))
def test_nothing_typed_makes_reading_fail(typed):
    found = answers.read_number(typed)
    assert found is None or answers.read_number(found) == found
    plain = answers.plain_text(typed)
    assert plain == plain.strip()


@given(st.permutations("ABCD"), st.sampled_from(["", " ", ", ", "\n", "-", " > ", ". ", ";"]))
def test_an_order_can_be_typed_in_many_ways(letters, between):
    text = lines_in_order("a", "b", "c", "d")
    wanted = "".join(letters)
    typed = between.join(letters)
    assert answers.read_answer(text, typed) == wanted
    assert answers.read_answer(text, f" {typed.lower()} ") == wanted
    assert answers.read_answer(text, letters) == wanted
    assert answers.read_answer(text, tuple(letters)) == wanted


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("AB", "C is missing"),
        ("ABB", "B is there twice, C is missing"),
        ("ABD", "D is no line, C is missing"),
        ("", "A is missing"),
        (3, "3 is no line"),
        (["A"], "B is missing"),
        ("ABCA", "A is there twice"),
    ],
)
def test_an_order_that_is_none_is_told_what_to_type(typed, says):
    with pytest.raises(ValueError, match="each of A, B, C once") as caught:
        answers.read_answer(lines_in_order("a", "b", "c"), typed)
    assert says in str(caught.value)
    assert repr(typed) in str(caught.value)


@given(st.text("ABCDabc ,-", max_size=6) | st.text(max_size=12))
def test_a_typed_order_is_whole_or_refused(typed):
    text = lines_in_order("a", "b", "c")
    letters = [sign for sign in typed.upper() if sign in "ABC"]
    if sorted(letters) == ["A", "B", "C"] and len(typed) == 3:
        assert answers.read_answer(text, typed) == "".join(letters)
    elif sorted(letters) != ["A", "B", "C"]:
        with pytest.raises(ValueError, match="such as"):
            answers.read_answer(text, typed)


@given(st.from_regex(r"\d\d[a-z]", fullmatch=True), st.integers(3, 5), st.data())
def test_lines_are_never_shown_in_a_right_order(id, count, data):
    others = list(permutations(range(count)))[1:]
    also = tuple(
        data.draw(st.lists(st.sampled_from(others), unique=True, max_size=len(others) - 1))
    )
    text = lines_in_order(*"abcdefgh"[:count], also=also, id=id)
    shown = answers.shown_lines(text)
    assert "".join(shown) == "ABCDEFGH"[:count]
    assert sorted(shown.values()) == list(range(count))
    assert tuple(shown.values()) not in {tuple(range(count)), *also}
    assert answers.shown_lines(text) == shown
    assert "".join(shown) not in answers.facts(text)["orders"]


def test_lines_are_shown_in_the_same_order_everywhere():
    """Stored notebooks show it; it may depend on no version of Python."""
    assert list(answers.shown_lines(lines_in_order(*"abcde")).values()) == [1, 0, 3, 2, 4]


def test_a_pair_is_judged_by_the_lines_and_not_by_their_letters():
    text = lines_in_order("build", "compile", "fit", wrong=[(2, 1)])
    letter = {place: letter for letter, place in answers.shown_lines(text).items()}
    known = answers.facts(text)
    spelt = lambda *places: "".join(letter[place] for place in places)  # noqa: E731
    assert answers.case_of(known, spelt(0, 1, 2)) == "right"
    assert answers.case_of(known, spelt(0, 2, 1)) == "0"
    assert answers.case_of(known, spelt(1, 0, 2)) == "otherwise"
