"""Numbers, texts and orders: asked, answered in code, and answered in the live form."""

from __future__ import annotations

import re

import pytest
from question_forms import FORMS

from kerasdemo import quiz
from kerasdemo.asking import answers, replying, texts
from kerasdemo.asking.answer_form import AnswerForm


@pytest.fixture
def bank(monkeypatch):
    made = texts.read(FORMS)
    monkeypatch.setattr(texts, "bank", lambda: made)
    return made


def lines_of(capsys):
    return capsys.readouterr().out.splitlines()


def spelt(bank, *places):
    """Return the letters of lines by their place in the right order."""
    letter = {p: letter for letter, p in answers.shown_lines(bank.questions["90o"]).items()}
    return "".join(letter[place] for place in places)


@pytest.mark.parametrize("answer", [1438, 1440, 1436.0, "1,438", "1438 samples", " 1 438 "])
def test_a_right_number(bank, capsys, answer):
    quiz.ask("90n", answer)
    _, prompt, echo, said, rule = lines_of(capsys)
    assert prompt == "How many are there?"
    assert re.fullmatch(r"Your answer: 14(38|40|36\.0) samples", echo)
    assert (said, rule) == ("As you thought. All but the test set.", "The rule: Four fifths.")


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        ("1797", "<b>Those</b> are all of them."),
        (361, "Those are for testing."),
        (1441, "Count the rows."),
        ("-1438", "Count the rows."),
    ],
)
def test_a_wrong_number_gets_its_own_words(bank, capsys, answer, reply):
    quiz.ask("90n", answer)
    assert lines_of(capsys)[3] == f"Not so. {reply}"


def test_a_number_is_guessed_and_revealed(bank, capsys):
    guess = quiz.predict_first("90n", "1,797")
    assert lines_of(capsys)[-1] == "Noted: 1797 samples. Now run on and see."
    assert repr(guess) == "<question 90n: 1797>"
    quiz.reveal(guess, "1438 rows")
    assert lines_of(capsys)[1:] == [
        "Your guess: 1797 samples",
        "What happened: 1438 rows",
        "Not so. <b>Those</b> are all of them.",
        "The rule: Four fifths.",
    ]
    quiz.reveal(quiz.predict_first("90n"))
    assert "What happened: 1438 samples\nThe rule" in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["argmax", "np.ArgMax()", " `argmax` "])
def test_a_right_text(bank, capsys, answer):
    quiz.ask("90t", answer)
    echo, said, _ = lines_of(capsys)[2:]
    assert echo == f"Your answer: {answer.strip()}"
    assert said == "Right. The place, not the value."


def test_a_wrong_text_gets_its_own_words(bank, capsys):
    quiz.ask("90t", "MAX")
    assert "Not so. That is the value." in capsys.readouterr().out
    quiz.ask("90t", "argmin")
    assert "Not so. It begins with arg." in capsys.readouterr().out


def test_an_order_is_shown_with_letters_and_answered(bank, capsys):
    quiz.order("90o")
    tag, prompt, *lines = lines_of(capsys)
    assert (tag, prompt) == ("[Before you go · 90o]", "Put the lines in order.")
    assert [line[:3] for line in lines] == ["A. ", "B. ", "C. ", "D. "]
    right = bank.questions["90o"].lines
    assert sorted(line[3:] for line in lines) == sorted(right)
    assert [line[3:] for line in lines] != list(right)
    for places in ((0, 1, 2, 3), (1, 0, 2, 3)):
        quiz.order("90o", spelt(bank, *places))
        assert lines_of(capsys)[-2:] == [
            "Right. Saved at the end.",
            "The rule: Compile, fit, save.",
        ]


@pytest.mark.parametrize(
    ("places", "reply"),
    [
        ((0, 2, 1, 3), "fit needs compile."),
        ((0, 1, 3, 2), "What was saved has learnt nothing."),
        ((3, 2, 1, 0), "fit needs compile."),
        ((1, 2, 0, 3), "Read them aloud."),
    ],
)
def test_a_wrong_order_gets_its_own_words(bank, capsys, places, reply):
    quiz.order("90o", list(spelt(bank, *places)))
    assert lines_of(capsys)[-2] == f"Not so. {reply}"


@pytest.mark.parametrize("id", ["90n", "90t", "90o", "90f"])
def test_asking_shows_neither_answer_nor_rule(bank, capsys, id):
    text = bank.questions[id]
    (quiz.order if id == "90o" else quiz.ask)(id)
    out = capsys.readouterr().out
    hidden = [text.rule, text.reply, text.otherwise, *(each.reply for each in text.wrong)]
    assert not [words for words in hidden if words in out]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: quiz.ask("90n", "many"), "90n wants a number (in samples), such as 1438 or 0.5"),
        (lambda: quiz.ask("90n", True), "wants a number"),
        (lambda: quiz.ask("90t", 3), "wants a word or two, as text; you gave 3"),
        (lambda: quiz.ask("90t", " . "), "wants a word or two"),
        (lambda: quiz.order("90o", "AB"), "each of A, B, C, D once"),
        (lambda: quiz.ask("90o"), 'kd.order("90o")'),
        (lambda: quiz.predict_first("90o"), 'kd.order("90o")'),
        (lambda: quiz.predict_first("90t"), 'kd.ask("90t")'),
        (lambda: quiz.order("90a", "B"), 'kd.ask("90a")'),
        (lambda: quiz.order("90x"), "no question '90x'"),
    ],
)
def test_errors_say_what_to_type(bank, call, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        call()


def form_of(id, given=None, *, reply=True):
    question = quiz.Question(id, given)
    return question, quiz._form(question, "Your answer", reply, "<p>head</p>")


def said(form):
    """Return what the page says to the form's answer; answer.js does the same."""
    page = form._form
    case = answers.case_of(page["known"], form.answer)
    return page["replies"].get(case, page["replies"].get("any"))


def test_the_form_of_a_choice(bank):
    question, form = form_of("90a")
    assert (form._head, form._form["label"]) == ("<p>head</p>", "Your answer:")
    options = [["", "choose"], ["A", "A. one"], ["B", "B. two"], ["C", "C. three"]]
    assert form._form["options"] == options
    form.answer = "C"
    assert question.guess == "C"
    assert "kd-no" in said(form)
    assert "Not so.</strong> That is tripled." in said(form)
    form.answer = "B"
    assert "kd-yes" in said(form)
    form.answer = ""
    assert question.guess is None


def test_the_form_of_a_guess_holds_no_answer(bank):
    for id in ("90a", "90n"):
        _, form = form_of(id, reply=False)
        text = bank.questions[id]
        sent = repr(form.get_state())
        hidden = [text.rule, "1797", "Twice one.", "All but the test set."]
        assert not [words for words in hidden if words in sent]
        form.answer = "A"
        assert "Noted: " in said(form)
        assert 'class="kd-quiz"' in said(form), "the reply to a guess is neither right nor wrong"


@pytest.mark.parametrize(
    ("id", "answer", "words", "paint"),
    [
        ("90n", "1439", "Right.", "kd-yes"),
        ("90n", "1797", "&lt;b&gt;Those&lt;/b&gt; are all", "kd-no"),
        ("90n", "5", "Count the rows.", "kd-no"),
        ("90t", "np.argmax", "The place, not the value.", "kd-yes"),
        ("90t", "max", "That is the value.", "kd-no"),
    ],
)
def test_the_form_brings_the_replies(bank, monkeypatch, id, answer, words, paint):
    question, form = form_of(id)
    form.answer = answer
    assert question.guess == answer
    assert paint in said(form)
    assert words in said(form) or words == "Right."
    assert '<span class="kd-given"></span>' in said(form)


def test_the_form_of_an_order(bank):
    _, form = form_of("90o")
    page = form._form
    assert page["places"] == ["First line", "Second line", "Third line", "Fourth line"]
    (indented,) = [text for _, text in page["options"] if "fit" in text]
    assert indented.endswith("\u00a0\u00a0\u00a0\u00a0model.fit(x < 1)")
    form.answer = spelt(bank, 0, 1, 2, 3)
    assert "kd-yes" in said(form)
    form.answer = spelt(bank, 0, 2, 1, 3)
    assert "fit needs compile." in said(form)


def test_what_cannot_be_read_neither_raises_nor_counts(bank):
    for id, odd in (("90a", "Z"), ("90n", "many"), ("90t", "."), ("90o", "AAB")):
        question, form = form_of(id)
        form.set_state({"answer": odd})
        assert question.guess is None


def test_a_kernel_shows_the_live_form_in_front_of_the_text(bank, monkeypatch):
    shown = []
    monkeypatch.setattr(quiz, "show", lambda lines, **how: shown.append(how))
    quiz.ask("90a", "C")
    assert shown[-1]["widget"] is None, "there is no kernel here"
    assert shown[-1]["mark"] == "kd-no"
    monkeypatch.setattr(quiz, "in_notebook", lambda: True)
    quiz.ask("90a", "C")
    form = shown[-1]["widget"]
    assert (form.answer, form._form["label"]) == ("C", "Your answer:")
    assert "kd-no" in said(form)
    guess = quiz.predict_first("90a", "C")
    form = shown[-1]["widget"]
    assert (form._form["label"], shown[-1]["mark"]) == ("Your guess:", "")
    assert "Noted: C" in said(form)
    form.answer = "B"
    assert guess.guess == "B"
    quiz.order("90o")
    form = shown[-1]["widget"]
    assert (form.answer, form._form["label"], shown[-1]["mark"]) == ("", "Your order:", "")


def test_a_typed_answer_is_in_the_form(bank):
    assert form_of("90a", "b")[1].answer == "B"
    _, form = form_of("90n", "1,438")
    assert (form.answer, form._typed) == ("1438", "1438")


def test_code_is_shown_as_code(bank):
    page = quiz.quiz_box(["Order."], code=replying.code_lines(bank.questions["90o"]))
    assert "<code>    model.fit(x &lt; 1)</code>" in page
    assert page.count("<strong>") == 4


def test_one_script_for_all_forms():
    assert AnswerForm._esm.count("export default") == 1
    assert AnswerForm._esm.index("function caseOf") < AnswerForm._esm.index("function render")
