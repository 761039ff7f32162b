"""A class's answers: pasted, counted or read from files; what cannot be read is named."""

from __future__ import annotations

import html
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from question_forms import FORMS

import kerasdemo as kd
from kerasdemo.asking import answers, checking, record, texts
from kerasdemo.scores import safe_cell
from kerasdemo.tallying.groups import heard

BANK = texts.read(FORMS)


@pytest.fixture(autouse=True)
def bank(monkeypatch):
    monkeypatch.setattr(texts, "bank", lambda: BANK)
    monkeypatch.setattr(checking, "_tries", type(checking._tries)())
    monkeypatch.setattr(record, "_questions", {})
    monkeypatch.setattr(record, "_exercises", {})


def counts(result):
    return [*result.before.values(), result.blank_before]


@pytest.mark.parametrize(
    "pasted",
    [
        "A B B C -",
        "a, b, b, c, -",
        "A,B,B,C,,",
        "A;B;B;C;-",
        "A\tB\tB\tC\t-",
        "A\nB\nb\n\nC\n",
        "\n\nA\r\nB\r\nB\r\nC\r\n-\r\n",
        "A B\nB, C, none",
        "A. one\nB) two\n(b)\nthree\n?",
        "A: 1, B: 2, C: 1, -: 1",
        "A=1\nB=2\nC=1\n-=1",
        "b: 2; c: 1; a: 1; none: 1",
        ["A", "b", " B ", "C", None],
        ("A", "B", "two", "C", "-"),
    ],
)
def test_answers_are_read_however_they_are_pasted(pasted):
    result = kd.tally("90a", pasted)
    assert counts(result) == [1, 2, 1, 1]
    assert result.problems == ()
    assert result.right_before == 0.5


def test_one_bad_line_does_not_lose_the_others():
    result = kd.tally("90a", "A\nQ\nB\nI think it is B\nB C Z")
    assert counts(result) == [1, 2, 1, 0]
    assert [problem[:20] for problem in result.problems] == [
        "line 2: 'Q' is no an",
        "line 4: 'I think it ",
        "line 5: 'Z' is no an",
    ]
    assert all("expected A, B, C, or - for none" in problem for problem in result.problems)
    assert "Not counted, line 2: 'Q' is no answer to 90a" in repr(result)
    assert "Not counted, line 2: 'Q'" in html.unescape(result._repr_html_())


def test_a_count_that_is_none_is_named():
    result = kd.tally("90a", "A: 3, B: many, Q: 2, C: 1")
    assert counts(result) == [3, 0, 1, 0]
    assert result.problems == (
        "line 1: 'B: many' is no count; expected one such as A: 3",
        "line 1: 'Q' is no answer to 90a; expected A, B, C, or - for none",
    )


@pytest.mark.parametrize("nothing", ["", " \n ", "X\nY", []])
def test_when_nothing_can_be_read_the_lines_are_named(nothing):
    if nothing == " \n ":
        assert counts(kd.tally("90a", "\n-\n")) == [0, 0, 0, 1]
        return
    with pytest.raises(ValueError, match="no answer to 90a could be read") as caught:
        kd.tally("90a", nothing)
    assert ("line 2: 'Y'" in str(caught.value)) == (nothing == "X\nY")


@given(st.text("ABCabc -,\n:3?", max_size=25) | st.text(max_size=25))
def test_nothing_pasted_fails_but_in_words(pasted):
    try:
        result = kd.tally("90a", pasted)
    except (ValueError, FileNotFoundError) as error:
        if "90a" not in str(error):
            assert isinstance(error, FileNotFoundError)  # noqa: PT017 - both may come
    else:
        assert sum(counts(result)) > 0
        assert repr(result)


@given(st.lists(st.sampled_from("ABC-"), min_size=1, max_size=30), st.sampled_from(" ,;\n\t"))
def test_no_answer_is_lost_or_made(given_answers, between):
    result = kd.tally("90a", between.join(given_answers))
    assert counts(result) == [given_answers.count(letter) for letter in "ABC-"]


def test_before_and_after():
    result = kd.tally("90a", "A A B C", after="A: 1, B: 3, C: 1")
    assert (result.right_before, result.right_after) == (0.25, 0.6)
    said = repr(result)
    assert "Before: 1 of 4 right (25 %)." in said
    assert "After: 3 of 5 right (60 %)." in said
    assert "Most chosen mistake: A. one (2 of 4): nothing happens." in said
    lines = said.splitlines()
    assert lines[0] == "90a · What comes out of f(<x>)?"
    bars = {line[:20].strip(): line.count("█") for line in lines[1:7]}
    assert lines[3].startswith("B. two (right)  before")
    assert lines[4].count("█") == 30, "the most is the longest bar"
    assert lines[3].count("█") == 10
    assert bars
    assert math.isnan(kd.tally("90a", "A").right_after)


def test_the_misconception_is_the_one_most_chosen_at_last():
    assert kd.tally("90a", "A A C").misconception == "nothing happens"
    assert kd.tally("90a", "A A C", "C C A").misconception == "doubling is tripling"
    assert kd.tally("90a", "B B").misconception == ""


def test_numbers_fall_into_groups():
    result = kd.tally("90n", "1438, 1,440\n1797; 360\n361 5\n12 samples\n-")
    found = dict(zip([g.label for g in result.groups], result.before.values(), strict=True))
    assert found == {
        "1438 samples": 2,
        "1797 samples": 1,
        "360 samples": 2,
        "another answer": 2,
    }
    assert result.blank_before == 1
    assert result.misconception == "training and test are mixed up"
    assert kd.tally("90n", "1438: 3, 1797: 2").before["right"] == 3


def test_texts_fall_into_groups():
    result = kd.tally("90t", "argmax\nnp.argmax\nmax\nI do not know, sorry\n")
    assert list(result.before.values()) == [2, 1, 1]


def test_orders_fall_into_groups():
    known = answers.facts(BANK.questions["90o"])
    right, other = known["orders"]
    wrong = known["wrong"][0]
    result = kd.tally("90o", f"{right} {other.lower()}\n{' '.join(right)}\n{right[::-1]}, Q")
    assert list(result.before.values()) == [3, 1, 0, 0]
    assert result.groups[1].label == f"{wrong[0]} before {wrong[1]}"
    assert "the letters A to D, each once" in result.problems[0]


def write(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding))
    return path


def test_score_cards_are_read_with_first_and_last(tmp_path, capsys):
    for name, (first, last) in {"anna": "AB", "ben": "BB", "eve": "CA"}.items():
        record.forget()
        kd.ask("90a", first)
        kd.ask("90t", "=max")
        kd.ask("90a", last)
        kd.score_card().save(tmp_path / f"{name}.csv")
    record.forget()
    kd.ask("90t")
    kd.score_card().save(tmp_path / "zoe.csv")
    for path in (tmp_path, [tmp_path / f"{n}.csv" for n in ("anna", "ben", "eve", "zoe")]):
        result = kd.tally("90a", path)
        assert list(result.before.values()) == [1, 1, 1]
        assert list(result.after.values()) == [1, 2, 0]
        assert result.problems == ("zoe.csv: 90a was not asked there",)
    assert kd.tally("90t", f"{tmp_path}/").before["otherwise"] == 3
    assert kd.tally("90t", tmp_path).blank_before == 1


FORM = (
    "Timestamp,Email,How many?\n11/21/2026 10:00:01,a@x.org,A. one\n11/21/2026 10:00:07,b@x.org,B\n"
)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("A\nB\nb\n", [1, 2, 0, 0]),
        ("answer\nA\nB\n-\n", [1, 1, 0, 1]),
        (FORM, [1, 1, 0, 0]),
        (FORM.replace(",", ";"), [1, 1, 0, 0]),
        ("\ufeffName;90a\nAnna;A\nBen;B\n", [1, 1, 0, 0]),
        ("90b,90a\nA,B\nA,B\n", [0, 2, 0, 0]),
        ("before,after\nA,B\nA,B\n", [2, 0, 0, 0]),
        ("answer\nA\nQ\nB\n", [1, 1, 0, 0]),
        ('answer\n"B. two"\n"A) one"\n', [1, 1, 0, 0]),
    ],
)
def test_a_sheet_with_a_column_of_answers_is_read(tmp_path, content, wanted):
    result = kd.tally("90a", str(write(tmp_path / "votes.csv", content)))
    assert counts(result) == wanted
    assert result.after is None
    if "Q" in content:
        assert result.problems[0].startswith("votes.csv, line 3: 'Q' is no answer")


def test_columns_that_a_form_adds_are_no_answers(tmp_path):
    sheet = "Date,Score,How many?\n2026-11-21,5,1438\n2026-11-21,7,1797\n"
    result = kd.tally("90n", write(tmp_path / "votes.csv", sheet))
    assert list(result.before.values()) == [1, 1, 0, 0]


def test_an_apostrophe_against_formulas_is_taken_away():
    text = replace(BANK.questions["90t"], accept=("=max",))
    assert heard(text, safe_cell("=max")) == "right"


def test_an_old_spreadsheet_is_read(tmp_path):
    path = write(tmp_path / "votes.csv", "Schüler;Antwort\nJörg;A\nÄnne;B\n", "cp1252")
    assert counts(kd.tally("90a", path)) == [1, 1, 0, 0]


def test_after_comes_from_the_column_of_that_name(tmp_path):
    path = write(tmp_path / "votes.csv", "before,after\nA,B\nA,B\nC,B\n")
    assert list(kd.tally("90a", path, path).after.values()) == [0, 3, 0]


def test_what_is_wrong_with_a_file_is_said(tmp_path):
    two = write(tmp_path / "two.csv", "x,y\nA,B\nA,B\n")
    with pytest.raises(ValueError, match=r"the columns 'x', 'y' could all be answers"):
        kd.tally("90a", two)
    with pytest.raises(ValueError, match=r"none.csv: no column holds answers to 90a"):
        kd.tally("90a", write(tmp_path / "none.csv", "x\nQ\n"))
    with pytest.raises(ValueError, match="no column holds answers"):
        kd.tally("90a", write(tmp_path / "empty.csv", ""))
    with pytest.raises(FileNotFoundError, match=r"no file '.*gone.csv'"):
        kd.tally("90a", str(tmp_path / "gone.csv"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileNotFoundError, match="no CSV file in the folder"):
        kd.tally("90a", tmp_path / "folder")
    result = kd.tally("90a", [two, write(tmp_path / "good.csv", "A\nB\n")])
    assert counts(result) == [1, 1, 0, 0]
    assert "two.csv" in result.problems[0]


def test_html_has_the_numbers_and_no_fixed_colour():
    page = kd.tally("90a", "A B B", "B B B")._repr_html_()
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", page)
    assert "<x>" not in page
    words = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split()
    assert " ".join(words).count("before") == 3
    assert re.findall(r"width:(\d+)%", page) == ["33", "0", "67", "100", "0", "0"]


def test_the_plot_has_a_bar_for_each_answer_and_time():
    import matplotlib.pyplot as plt

    result = kd.tally("90a", "A B B", "B B B -")
    ax = result.plot()
    bars, after = ax.containers
    assert [bar.get_width() for bar in bars] == [1, 2, 0, 0]
    assert [bar.get_width() for bar in after] == [0, 3, 0, 1]
    assert all(
        one.get_y() + one.get_height() <= other.get_y()
        for one, other in zip(bars, after, strict=True)
    ), "side by side"
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["A. one", "B. two (right)", "C. three", "no answer"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["before", "after"]
    assert ax.figure.patch.get_alpha() == 0
    _, mine = plt.subplots()
    assert kd.tally("90a", "A").plot(mine) is mine
    plt.close("all")
