"""A faulty questions file is refused, and each rule is seen to bite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from question_forms import FORMS

from kerasdemo.asking import texts

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def test_each_form_is_read():
    bank = texts.read(FORMS)
    forms = {id: question.form for id, question in bank.questions.items()}
    assert forms == {
        "90a": "choice",
        "90n": "number",
        "90t": "text",
        "90o": "order",
        "90f": "number",
    }
    assert bank.questions["90n"].wrong[1].tolerance == 1
    assert bank.questions["90f"].unit == ""
    assert bank.questions["90o"].also == ((1, 0, 2, 3),)
    assert bank.exercises["90-double"].hints == ("Look at one.", "Add one to one.")


TEXT_WRONG = 'values = ["max", "np.max"]'
LINES = 'lines = ["model = build()", "model.compile()", "    model.fit(x < 1)", "save(model)"]'
FAULTS = [
    # any form
    ("unit =", "units =", "90n: unknown or missing keys ['units']"),
    ('rule = "Four fifths."\n', "", "90n: unknown or missing keys ['rule']"),
    ('rule = "Four fifths."', 'rule = " "', "90n: rule is empty"),
    ('rule = "Four fifths."', "rule = 4", "90n: rule is of type int"),
    ('otherwise = "Read them aloud."\n', "", "90o: unknown or missing keys ['otherwise']"),
    ('reply = "Four."', 'reply = ""', "90f: reply is empty"),
    ('kind = "exit"', 'kind = "trick"', "90o: kind 'trick' is none of"),
    ('id = "90n"', 'id = "number"', "number: an id is two digits and a letter"),
    ('id = "90n"', 'id = "90a"', "90a: this id is used twice"),
    ('id = "90t"', 'id = "90o"', "90o: this id is used twice"),
    ("[[text]]", "[[prose]]", "unknown list [[prose]]"),
    ("[[exercise]]", "[exercise]", "exercise is a list: [[exercise]]"),
    (
        'misconception = "digits are joined"',
        'misconception = " "',
        "90f: wrong 0: misconception is",
    ),
    ('misconception = "digits are joined"', "", "90f: wrong 0: unknown or missing keys"),
    (
        'reply = "That is the value."',
        'hint = "x"',
        "wrong 0: unknown or missing keys ['hint', 'reply']",
    ),
    # choices
    ('text = "three"', 'text = "one"', "90a: two choices read 'one'"),
    ('text = "three"', "text = 3", "90a: choice C: text is of type int"),
    # numbers
    ("answer = 1438", 'answer = "1438"', "90n: answer is of type str"),
    ("answer = 1438", "answer = true", "90n: answer is of type bool"),
    ("answer = 1438", "answer = nan", "90n: numbers must be finite"),
    ("tolerance = 2", "tolerance = -2", "90n: the tolerance of the answer is negative"),
    ("value = 1797", "value = 1440", "90n: wrong 0 cannot be told from the answer"),
    ("value = 1797", "value = 361", "90n: wrong 1 cannot be told from wrong 0"),
    (
        "value = 360\ntolerance = 1\n",
        "value = 1500\ntolerance = 60\n",
        "wrong 1 cannot be told from the answer",
    ),
    ("value = 22\n", "value = 4.0\n", "90f: wrong 0 cannot be told from the answer"),
    # texts
    ('kind = "retrieval"', 'kind = "predict"', "90t: only choices and numbers can be predicted"),
    ('accept = ["argmax", "np.argmax"]', "accept = []", "90t: accept is empty"),
    (
        'accept = ["argmax", "np.argmax"]',
        'accept = ["argmax", ". "]',
        "accept has '. ', which nobody",
    ),
    ('accept = ["argmax", "np.argmax"]', 'accept = ["argmax", 3]', "accept has 3, which nobody"),
    (
        'accept = ["argmax", "np.argmax"]',
        'accept = ["argmax", " ArgMax()"]',
        "is the same as one of accept",
    ),
    (TEXT_WRONG, 'values = ["max", "`max`"]', "'`max`' of wrong 0 is the same as one of wrong 0"),
    (TEXT_WRONG, 'values = ["NP.ARGMAX"]', "'NP.ARGMAX' of wrong 0 is the same as one of accept"),
    (TEXT_WRONG, "values = []", "90t: wrong 0 is empty"),
    # orders
    (LINES, 'lines = ["a", "b"]', "90o: 3 to 8 lines, none of them empty"),
    (LINES, 'lines = ["a", " ", "c", "d"]', "90o: 3 to 8 lines, none of them empty"),
    (LINES, 'lines = ["a", "b", "a", "d"]', "90o: two lines read 'a'"),
    ("also = [[1, 0, 2, 3]]", "also = [[1, 0, 2]]", "90o: also holds other orders of 0 to 3"),
    ("also = [[1, 0, 2, 3]]", "also = [[0, 1, 2, 3]]", "90o: also holds other orders of 0 to 3"),
    ("also = [[1, 0, 2, 3]]", "also = [[1, 1, 2, 3]]", "90o: also holds other orders of 0 to 3"),
    ("also = [[1, 0, 2, 3]]", "also = [1]", "90o: also holds other orders of 0 to 3"),
    ("before = [2, 1]", "before = [1, 0]", "wrong 0: a right order has line 1 before line 0"),
    ("before = [2, 1]", "before = [1, 2]", "wrong 0: a right order has line 1 before line 2"),
    ("before = [2, 1]", "before = [2, 2]", "wrong 0: before is two different numbers from 0 to 3"),
    ("before = [2, 1]", "before = [4, 1]", "wrong 0: before is two different numbers from 0 to 3"),
    ("before = [2, 1]", "before = [2]", "wrong 0: before is two different numbers from 0 to 3"),
    ("before = [2, 1]", "before = [3, 2]", "90o: before = [3, 2] is there twice"),
    ('kind = "exit"', 'kind = "predict"', "90o: only choices and numbers can be predicted"),
    # the final quiz
    ('lesson = "90"', 'lesson = "91"', "90f: there is no lesson '91'"),
    ('lesson = "90"', 'lesson = ""', "90f: lesson is empty"),
    ('lesson = "90"\n', "", "90f: unknown or missing keys ['lesson']"),
    ('objective = "say what comes out"\n', "", "90f: unknown or missing keys ['objective']"),
    ('kind = "final"', 'kind = "exit"', "90f: unknown or missing keys ['lesson', 'objective']"),
    # exercises
    (
        'hints = ["Look at one.", "Add one to one."]',
        'hints = ["Look.", 2]',
        "90-double: at least two hints",
    ),
    ("expect = { values = 2 }", "expect = 2", "90-double: expect is of type int"),
]


@pytest.mark.parametrize(("old", "new", "says"), FAULTS, ids=[says for *_, says in FAULTS])
def test_a_fault_is_refused(old, new, says):
    assert FORMS.count(old) >= 1, "the fault must be in the file"
    with pytest.raises(ValueError, match=re.escape(says)):
        texts.read(FORMS.replace(old, new, 1))


def test_an_order_that_cannot_be_wrong_is_refused():
    every = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    faulty = FORMS.replace(LINES, 'lines = ["a", "b", "c"]').replace("[[1, 0, 2, 3]]", str(every))
    with pytest.raises(ValueError, match="90o: every order is right"):
        texts.read(faulty)


@pytest.mark.parametrize("form", ["number", "text", "order"])
def test_a_form_without_a_known_wrong_answer_is_refused(form):
    entry = FORMS[FORMS.index(f"[[{form}]]") :].split("[[exercise]]")[0]
    entry = entry[: entry.index(f"[[{form}.wrong]]")] + "wrong = []\n"
    with pytest.raises(ValueError, match="no known wrong answer"):
        texts.read(entry)


def test_the_shipped_file_is_sound_and_its_lessons_are_there():
    bank = texts.bank()
    lessons = {path.name[:2] for path in NOTEBOOKS.glob("*.ipynb")}
    assert {id[:2] for id in [*bank.questions, *bank.exercises]} <= lessons
    assert {q.lesson for q in bank.questions.values() if q.kind == "final"} <= lessons
