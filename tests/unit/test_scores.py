"""The score card: what was asked and answered, kept in memory, written only when asked."""

from __future__ import annotations

import csv
import html
import re

import pytest
from question_forms import FORMS

import kerasdemo as kd
from kerasdemo import quiz
from kerasdemo.asking import answers, checking, record, texts
from kerasdemo.scores import safe_cell


@pytest.fixture(autouse=True)
def bank(monkeypatch):
    made = texts.read(FORMS)
    monkeypatch.setattr(texts, "bank", lambda: made)
    monkeypatch.setattr(checking, "_tries", type(checking._tries)())
    monkeypatch.setattr(record, "_questions", {})
    monkeypatch.setattr(record, "_exercises", {})
    return made


def only():
    (entry,) = kd.score_card().questions
    return entry


def test_an_empty_card_says_so():
    card = kd.score_card()
    assert repr(card) == "Nothing has been asked in this notebook yet."
    assert "Nothing has been asked" in card._repr_html_()
    assert (card.totals, card.objectives) == ({}, ())


def test_what_is_asked_and_not_answered_is_on_the_card():
    kd.predict_first("90a")
    entry = only()
    assert (entry.first, entry.last, entry.right, entry.tries) == (None, None, None, 0)
    assert "not answered" in repr(kd.score_card())
    assert "it is" not in repr(kd.score_card()), "the right answer is not told"


def test_asking_again_keeps_the_first_answer_and_takes_the_new_one():
    kd.ask("90t", "max")
    kd.ask("90t")
    kd.ask("90t", "argmax")
    entry = only()
    assert (entry.first, entry.first_right) == ("max", False)
    assert (entry.last, entry.right, entry.tries) == ("argmax", True, 2)
    assert "max, then argmax" in repr(kd.score_card())
    kd.ask("90t", "sort")
    assert (only().first, only().last, only().right, only().tries) == ("max", "sort", False, 3)
    assert "it is argmax" in repr(kd.score_card())


def test_each_form_is_on_the_card(bank):
    kd.ask("90a", "B")
    kd.predict_first("90n", "1,797")
    kd.ask("90t", "np.argmax")
    kd.order("90o", "ABCD")
    rows = {q.id: (q.form, q.last, q.right, q.key) for q in kd.score_card().questions}
    assert rows == {
        "90a": ("choice", "B", True, "B"),
        "90n": ("number", "1797", False, "1438"),
        "90t": ("text", "np.argmax", True, "argmax"),
        "90o": ("order", "ABCD", False, answers.facts(bank.questions["90o"])["orders"][0]),
    }


def test_what_cannot_be_read_is_not_on_the_card():
    with pytest.raises(ValueError, match="wants a number"):
        kd.ask("90n", "many")
    assert kd.score_card().questions == ()


def test_an_answer_on_the_page_is_on_the_card():
    question = quiz.Question("90n")
    form = quiz._form(question, "Your answer", True, "")
    form.set_state({"answer": "1797"})
    form.set_state({"answer": "1438"})
    form.set_state({"answer": "nonsense"})
    form.set_state({"answer": ""})
    assert (only().first, only().last, only().tries) == ("1797", "1438", 2)


def test_an_exercise_counts_tries_and_hints_until_it_passes():
    kd.check("90-double")
    assert kd.score_card().exercises[0].tries == 0
    for answer in (..., 1, 3, 5, 2, 7):
        kd.check("90-double", answer)
    (entry,) = kd.score_card().exercises
    assert (entry.passed, entry.tries, entry.hints) == (True, 4, 2)


def test_judging_for_a_grader_leaves_no_trace():
    quiz.judge("90-double", 1)
    assert kd.score_card().exercises == ()


def test_totals_by_kind():
    kd.predict_first("90a", "A")
    kd.predict_first("90a", "B")
    kd.predict_first("90n")
    kd.ask("90t", "max")
    totals = kd.score_card().totals
    assert list(totals) == ["predict", "retrieval"]
    predict = totals["predict"]
    assert (predict.asked, predict.answered, predict.first_right, predict.right) == (2, 1, 0, 1)
    said = repr(kd.score_card())
    assert "guesses before an experiment: 1 of 2 right, 0 at the first answer, 1 not" in said
    assert "questions about the lesson before: 0 of 1 right" in said


def test_the_final_quiz_says_where_to_go_back_to():
    kd.ask("90f", 22)
    card = kd.score_card()
    (objective,) = card.objectives
    assert (objective.objective, objective.right, objective.asked) == ("say what comes out", 0, 1)
    assert objective.lessons == ("90",)
    assert "lesson 90" in repr(card)
    kd.ask("90f", 4)
    assert kd.score_card().objectives[0].lessons == ()
    assert "nothing: reached" in repr(kd.score_card())


def test_html_says_what_the_text_says_and_is_escaped():
    kd.ask("90t", "<script>x</script>")
    kd.check("90-double", 1)
    page = kd.score_card()._repr_html_()
    assert "<script" not in page
    words = html.unescape(re.sub("<[^>]+>", " ", page))
    for said in ("<script>x</script>", "it is argmax", "90-double", "exercises: 0 of 1 passed"):
        assert said in words


def test_a_card_does_not_change_any_more():
    kd.ask("90a", "A")
    card = kd.score_card()
    kd.ask("90a", "B")
    assert card.questions[0].last == "A"


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_nothing_is_written_unless_asked_and_never_over_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    kd.ask("90a", "A")
    kd.ask("90a", "B")
    kd.ask("90t", "=max, or")
    kd.check("90-double", 1)
    card = kd.score_card()
    assert list(tmp_path.iterdir()) == []
    capsys.readouterr()
    card.save("card.csv")
    assert capsys.readouterr().out == "Saved 3 rows to card.csv.\n"
    choice, text, exercise = rows_of(tmp_path / "card.csv")
    assert [choice[k] for k in ("id", "first", "last", "first_right", "right", "tries")] == [
        *("90a", "A", "B", "no", "yes", "2")
    ]
    assert text["first"] == "'=max, or"
    assert [exercise[k] for k in ("id", "kind", "right", "tries", "hints")] == [
        *("90-double", "exercise", "no", "1", "1")
    ]
    before = (tmp_path / "card.csv").read_bytes()
    kd.ask("90a", "C")
    with pytest.raises(FileExistsError, match=r"overwrite=True"):
        kd.score_card().save("card.csv")
    assert (tmp_path / "card.csv").read_bytes() == before
    kd.score_card().save("card.csv", overwrite=True)
    assert rows_of(tmp_path / "card.csv")[0]["last"] == "C"


def test_a_missing_folder_and_a_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder for"):
        kd.score_card().save(tmp_path / "no" / "card.csv")
    with pytest.raises(FileExistsError, match="is a folder"):
        kd.score_card().save(tmp_path)


@pytest.mark.parametrize("text", ["=1+1", "+A1", "@x", "-a"])
def test_no_cell_is_a_formula(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-1.5", "+3", "-2e-5", "B", "a=b"])
def test_other_cells_stay(text):
    assert safe_cell(text) == text
