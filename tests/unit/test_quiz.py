"""The questions' file is refused when it is faulty, and each answer gets the words it needs."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from question_forms import CHOICE

import kerasdemo as kd
from kerasdemo import quiz
from kerasdemo.asking import checking, texts
from kerasdemo.asking.exercises import differences
from kerasdemo.view import tally_bars
from kerasdemo.view.quiz_box import CODE_STYLE, STYLE, quiz_box

GOOD = (
    CHOICE
    + """
[[exercise]]
id = "90-double"
because = "two is one and one."
hints = ["Look at one.", "Add one to one."]
expect = { values = 2 }
"""
)


@pytest.fixture
def bank(monkeypatch):
    made = texts.read(GOOD)
    monkeypatch.setattr(texts, "bank", lambda: made)
    monkeypatch.setattr(checking, "_tries", type(checking._tries)())
    return made


def test_a_good_file_is_read():
    made = texts.read(GOOD)
    assert made.questions["90a"].choices["B"].text == "two"
    assert made.exercises["90-double"].hints == ("Look at one.", "Add one to one.")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('rule = "It doubles."', 'rule = "It doubles."\ncolour = "red"', "['colour']"),
        ('rule = "It doubles."\n', "", "['rule']"),
        ('rule = "It doubles."', 'rule = " "', "rule is empty"),
        ('kind = "predict"', 'kind = "trick"', "'trick' is none of"),
        ('answer = "B"', 'answer = "D"', "'D' is not among the choices"),
        ('id = "90a"', 'id = "first"', "two digits and a letter"),
        ('misconception = "nothing happens"\n', "", "choice A: unknown or missing keys"),
        ('reply = "Twice one."', 'reply = ""', "choice B: reply is empty"),
        ('reply = "Twice one."', 'reply = "x"\nmisconception = "y"', "choice B: unknown"),
        ("choices.C]", "choices.E]", "choices are A, B, C"),
        ('["Look at one.", "Add one to one."]', '["Look at one."]', "at least two hints"),
        ('["Look at one.", "Add one to one."]', '["Look.", ""]', "at least two hints"),
        ('hints = ["Look at one.", "Add one to one."]\n', "", "['hints']"),
        ("values = 2", "value = 2", "expect has unknown keys ['value']"),
        ("values = 2", "tolerance = 2", "any answer would do"),
        ('because = "two is one and one."', 'because = ""', "because is empty"),
        ('id = "90-double"', 'id = "double"', "two digits and words"),
        ("[[exercise]]", "[[puzzle]]\nid = 1\n[[exercise]]", "unknown list [[puzzle]]"),
        ("[[exercise]]", GOOD.split("[[exercise]]")[0] + "[[exercise]]", "90a: this id is used"),
    ],
)
def test_a_faulty_file_is_refused(old, new, says):
    assert GOOD.count(old) >= 1, "the fault must be in the file"
    with pytest.raises(ValueError, match=re.escape(says)):
        texts.read(GOOD.replace(old, new, 1))


def test_all_faults_are_named_at_once():
    faulty = GOOD.replace('answer = "B"', 'answer = "D"').replace("values = 2", "value = 2")
    with pytest.raises(ValueError, match=r"'D' is not among.*unknown keys \['value'\]"):
        texts.read(faulty)


def choice_questions():
    return [q for q in texts.bank().questions.values() if q.form == "choice"]


def test_the_shipped_file_is_good_and_its_rights_are_spread():
    assert len(texts.bank().questions) >= 18
    rights = [question.answer for question in choice_questions()]
    for letter in "ABC":
        assert 0.1 < rights.count(letter) / len(rights) < 0.6, f"{letter} is the usual answer"


def replies_of(question):
    known = question.choices.values() if question.form == "choice" else question.wrong
    return [each.reply for each in known] + (
        [] if question.form == "choice" else [question.reply, question.otherwise]
    )


def test_shipped_replies_do_not_repeat_each_other():
    for question in texts.bank().questions.values():
        replies = replies_of(question)
        assert len(set(replies)) == len(replies), question.id


def test_a_question_shows_its_choices_and_never_its_answer(bank, capsys):
    question = quiz.predict_first("90a")
    out = capsys.readouterr().out
    assert question.guess is None
    assert "A. one\nB. two\nC. three" in out
    text = bank.questions["90a"]
    hidden = [text.rule, *(c.reply for c in text.choices.values())]
    assert not any(words in out for words in hidden)


@pytest.mark.parametrize("id", sorted(texts.bank().questions))
def test_no_shipped_question_gives_its_answer_away(id, capsys):
    text = texts.bank().questions[id]
    (kd.order if text.form == "order" else kd.ask)(id)
    out = capsys.readouterr().out
    assert text.prompt in out
    assert text.rule not in out
    assert not any(reply in out for reply in replies_of(text))


@pytest.mark.parametrize("answer", ["B", "b", " b "])
def test_a_guess_can_be_typed(bank, answer):
    assert quiz.predict_first("90a", answer).guess == "B"


def test_a_reveal_says_guess_happening_and_rule(bank, capsys):
    guess = quiz.predict_first("90a", "A")
    capsys.readouterr()
    quiz.reveal(guess, "two came out")
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines == [
        "Your guess: A. one",
        "What happened: two came out",
        "Not so. One is not doubled.",
        "The rule: It doubles.",
    ]


def test_a_right_guess_is_told_so(bank, capsys):
    quiz.reveal(quiz.predict_first("90a", "B"))
    out = capsys.readouterr().out
    assert "What happened: two\nAs you thought. Twice one." in out


def test_no_answer_is_an_answer(bank, capsys):
    quiz.reveal(quiz.predict_first("90a"), 2)
    out = capsys.readouterr().out
    assert "none this time" in out
    assert "What happened: 2\nThe rule: It doubles." in out


def test_ask_replies_at_once(bank, capsys):
    quiz.ask("90a", "C")
    assert "Not so. That is tripled.\nThe rule: It doubles." in capsys.readouterr().out


def test_errors_say_what_there_is(bank):
    with pytest.raises(ValueError, match="choices A, B, C; you gave 'Z'"):
        quiz.ask("90a", "Z")
    with pytest.raises(ValueError, match="no question '90b'; did you mean '90a'"):
        quiz.predict_first("90b")
    with pytest.raises(ValueError, match="no exercise '90a'; did you mean '90-double'"):
        quiz.check("90a", 1)


def test_check_climbs_the_ladder_of_hints(bank, capsys):
    said = []
    for answer in (..., None, 1, 1, 1, 2):
        assert quiz.check("90-double", answer) is None
        said.append(capsys.readouterr().out)
    assert "Not answered yet" in said[0]
    assert "Not answered yet" in said[1]
    assert "Hint 1 of 2: Look at one." in said[2]
    assert "last hint" not in said[2]
    assert "Hint 2 of 2: Add one to one." in said[3]
    assert "last hint" in said[3]
    assert "Hint 2 of 2" in said[4]
    assert "Yes: two is one and one." in said[5]


def test_judge_counts_no_try(bank, capsys):
    assert not quiz.judge("90-double", 1)
    assert not quiz.judge("90-double")
    assert quiz.judge("90-double", 2)
    assert capsys.readouterr().out == ""
    assert checking._tries == {}


class Hostile:
    """Everything that can go wrong in a comparison does."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    __array__ = __eq__ = __len__ = __iter__ = __getattr__
    __hash__ = None


@pytest.mark.parametrize(
    "answer",
    ["hostile", "two", b"2", [[1, 2], [3]], {"a": 1}, object, lambda: 2, 2j, np.nan, [], Ellipsis],
)
def test_a_wrong_answer_never_raises(answer):
    answer = Hostile() if isinstance(answer, str) and answer == "hostile" else answer
    for id in texts.bank().exercises:
        kd.check(id, answer)
        assert not quiz.judge(id, answer)


@given(st.recursive(st.none() | st.integers() | st.text() | st.floats(), st.lists))
def test_no_plain_value_makes_the_judge_raise(answer):
    for expect in ({"values": [6, 8]}, {"shape": [2], "dtype": "int64"}, {"type": "ndarray"}):
        assert isinstance(differences(expect, answer), list)


@pytest.mark.parametrize(
    ("expect", "right", "wrong"),
    [
        ({"values": 0.5, "tolerance": 0.01}, 0.505, 0.52),
        ({"values": [3, 1, 4]}, np.array([3, 1, 4]), [3, 4, 1]),
        ({"values": True}, True, False),
        ({"values": "ndarray"}, "ndarray", "tensor"),
        ({"shape": [2, 1]}, np.zeros((2, 1)), np.zeros((1, 2))),
        ({"dtype": "float32"}, np.float32(1), 1.0),
        ({"type": "list"}, [], ()),
    ],
)
def test_differences(expect, right, wrong):
    assert differences(expect, right) == []
    assert differences(expect, wrong) != []


def test_an_answer_must_hold_the_values_of_what_it_is_like():
    like = np.array([[0.25, 0.75]], dtype=np.float32)
    expect = {"shape": [1, 2], "tolerance": 1e-5}
    assert differences(expect, like + np.float32(1e-6), like=like) == []
    assert differences(expect, np.zeros((1, 2)), like=like) == ["its values are others"]
    assert differences(expect, like.copy(), like=like) == []
    assert "make your own" in differences(expect, like, like=like)[0]


LIKE = np.array([[0.0, 0.25, 1.0]], dtype=np.float32)


@pytest.mark.parametrize(
    "answer",
    [
        np.array([[0.0, np.nan, 1.0]], dtype=np.float32),
        np.full((1, 3), np.nan, dtype=np.float32),
        LIKE * 255,
        (LIKE * 255).astype(np.uint8),
        LIKE.astype(str),
        LIKE.astype(str).astype(object),
        LIKE.astype(bytes),
        LIKE.astype(complex),
        LIKE[0],
    ],
    ids=["one NaN", "NaN", "0..255", "uint8", "str", "object", "bytes", "complex", "one row"],
)
def test_other_values_than_it_is_like_never_pass(answer):
    assert differences({"tolerance": 1e-5}, answer, like=LIKE) != []
    assert differences({"tolerance": 1e-5}, LIKE.copy(), like=LIKE) == []


def test_a_nan_is_like_nothing_not_even_a_nan():
    holed = np.array([1.0, np.nan])
    assert differences({}, holed.copy(), like=holed) != []


@pytest.mark.parametrize("answer", [["3", "1", "4"], np.array(["3", "1", "4"], dtype=object)])
def test_text_is_no_number(answer):
    assert not quiz.judge("00-choose", answer)
    assert quiz.judge("00-choose", [3, 1, 4])
    assert quiz.judge("00-choose", np.array([3.0, 1.0, 4.0]))


def test_an_image_of_0_to_255_is_not_the_batch_that_a_model_reads():
    images = kd.load_digits()[36:40].images
    assert quiz.judge("01-batch-axis", images[2][None], like=images[2:3])
    assert not quiz.judge("01-batch-axis", images[2][None] * 255, like=images[2:3])
    assert not quiz.judge("01-batch-axis", images[2][None] * np.float32("nan"), like=images[2:3])


def test_check_hands_on_what_the_answer_is_like(bank, capsys):
    quiz.check("90-double", 2, like=3)
    assert "Not yet: its values are others" in capsys.readouterr().out
    quiz.check("90-double", 2, like=2.0)
    assert "Yes" in capsys.readouterr().out


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_html_is_escaped_and_says_what_the_text_says():
    page = Tags()
    page.feed(quiz_box(["A. <script>alert('x')</script> & `a < b`"], 'tag "<b>"'))
    assert set(page.tags) == {"style", "div", "p", "strong", "code"}
    assert "".join(page.words[1:]) == "tag \"<b>\"A. <script>alert('x')</script> & a < b"


SHEET = (Path(kd.__file__).parent / "asking" / "answer.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("style", [STYLE, CODE_STYLE, tally_bars.STYLE, SHEET])
def test_style_is_the_theme_s_and_our_own(style):
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", style)
    selectors = re.findall(r"^([^{}<>\n]+)(?:\{|,$)", style, re.M)
    assert selectors
    assert all(selector.startswith(".kd-") for selector in selectors)
    assert set(re.findall(r"var\(--(\w+)", style)) == {"jp"}


def test_repr_gives_no_answer_away(bank):
    assert repr(quiz.Question("90a")) == "<question 90a: no guess yet>"
    assert repr(quiz.Question("90a", "c")) == "<question 90a: C>"


def test_quiz_needs_no_heavy_package():
    heavy = "('tensorflow', 'keras', 'matplotlib', 'ipywidgets', 'IPython')"
    code = (
        "import sys, kerasdemo as kd; kd.reveal(kd.predict_first('03a', 'A')); "
        f"sys.exit(' '.join(m for m in {heavy} if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
