"""Questions that come before answers: guess, see what happens, and be told in words.

`predict_first` asks before an experiment and `reveal` tells after it; `ask` asks about what was
learnt, and `order` for lines of code in their order; `check` judges the value that an exercise
wants and gives one more hint at each try. A question never waits for an answer, and every answer
can be given in code: ``predict_first("03a", "B")``. The texts are in ``data/questions.toml``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from kerasdemo.asking import record
from kerasdemo.asking.answers import read_answer
from kerasdemo.asking.checking import Outcome, check, judge
from kerasdemo.asking.forms import QuestionText
from kerasdemo.asking.replying import (
    LABELS,
    code_lines,
    expected,
    in_words,
    mark,
    noted_lines,
    page_form,
    reply_lines,
    show_lines,
    verdict_line,
)
from kerasdemo.asking.showing import in_notebook, show
from kerasdemo.asking.texts import question_text
from kerasdemo.view.quiz_box import quiz_box

__all__ = ["Outcome", "Question", "ask", "check", "judge", "order", "predict_first", "reveal"]


@dataclass
class Question:
    """A question that has been asked, and the guess so far. Introduced in lesson 00.

    Attributes
    ----------
    id : str
        The question's name, such as ``"03a"``.
    guess : str or None
        The letter or the number answered on the page or given in code; None as long as there is
        none.
    """

    id: str
    guess: str | None = None
    text: QuestionText = field(repr=False, default=None)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.text = question_text(self.id)
        if self.guess is not None:
            self.guess = read_answer(self.text, self.guess)

    def __repr__(self) -> str:
        return f"<question {self.id}: {'no guess yet' if self.guess is None else self.guess}>"


def predict_first(id: str, answer: str | float | None = None) -> Question:
    """Ask what will happen, before it happens. Introduced in lesson 00.

    Shows the question, with its choices and a menu or a field for a number. It never waits: no
    answer is an answer.

    Parameters
    ----------
    id
        The question's name, such as ``"03a"``.
    answer
        Your guess, when you would rather type it here: the letter of a choice, or a number.

    Returns
    -------
    Question
        Hand it to `reveal` once the experiment has run.

    Raises
    ------
    ValueError
        There is no such question, it is asked in another way, or the answer is none.

    Examples
    --------
    >>> guess = predict_first("03a", "B")  # doctest: +ELLIPSIS
    [Predict first · 03a]
    The same 359 digits go through each method. ...
    Noted: B. Now run on and see.
    >>> guess
    <question 03a: B>
    """
    question = Question(_asked_by(id, "predict_first"), answer)  # type: ignore[arg-type]
    _show_question(question, "Your guess", noted_lines)
    return question


def ask(id: str, answer: str | float | None = None) -> None:
    """Ask about what was learnt, and reply to the answer at once. Introduced in lesson 00.

    Parameters
    ----------
    id
        The question's name, such as ``"03x"``.
    answer
        The letter of a choice, a number, or a word or two: what the question wants.

    Raises
    ------
    ValueError
        There is no such question, it is asked in another way, or the answer is none.

    Examples
    --------
    >>> ask("03x", "B")  # doctest: +ELLIPSIS
    [Before you go · 03x]
    A web service gets one digit at a time and must answer quickly. ...
    Right. No pipeline, and a compiled graph.
    The rule: One ready batch, many times over: `predict_on_batch`.
    """
    question = Question(_asked_by(id, "ask"), answer)  # type: ignore[arg-type]
    _show_question(question, "Your answer", reply_lines)


def order(id: str, answer: str | Iterable[str] | None = None) -> None:
    """Ask for lines of code in their order, and reply to the answer at once.

    The lines are shown with letters, in an order that is never a right one. Introduced in lesson
    02.

    Parameters
    ----------
    id
        The question's name, such as ``"02x"``.
    answer
        The letters, first line first: ``"CAB"``, ``"C A B"`` or ``["C", "A", "B"]``.

    Raises
    ------
    ValueError
        There is no such question, it is asked in another way, or the answer has not each letter
        once.

    Examples
    --------
    >>> order("02z")  # doctest: +ELLIPSIS
    [Before you go · 02z]
    ...
    """
    question = Question(_asked_by(id, "order"), answer)  # type: ignore[arg-type]
    _show_question(question, "Your order", reply_lines)


def reveal(question: Question, happened: object = None) -> None:
    """Say in words what you guessed, what happened and the rule. Introduced in lesson 00.

    Parameters
    ----------
    question
        What `predict_first` returned.
    happened
        What the experiment has just shown, best measured in the cell. None for what was expected.

    Raises
    ------
    TypeError
        `question` is something else.

    Examples
    --------
    >>> guess = Question("03a", "B")  # what predict_first returns
    >>> reveal(guess, "two arrays, one tensor")  # doctest: +ELLIPSIS
    [Reveal 03a]
    Your guess: B. Two
    What happened: two arrays, one tensor
    As you thought. ...
    """
    if not isinstance(question, Question):
        raise TypeError(
            f"reveal was given {type(question).__name__}; give it what predict_first returned: "
            'guess = predict_first("03a"), later reveal(guess).'
        )
    text, guess = question.text, question.guess
    saw = expected(text) if happened is None else str(happened)
    if guess is None:
        lines = ["Your guess: none this time. Choose one above, then run this cell again."]
    else:
        lines = [f"Your guess: {in_words(text, guess)}"]
    lines.append(f"What happened: {saw}")
    if guess is not None:
        lines.append(verdict_line(text, guess))
    lines.append(f"The rule: {text.rule}")
    show(lines, tag=f"Reveal {text.id}", mark=mark(text, guess))


def _asked_by(id: str, name: str) -> str:
    """Return the id of a question that this function asks; say which does when it is another."""
    form = question_text(id).form
    wish = name
    if form == "order" or (form == "text" and name == "predict_first") or name == "order":
        wish = "order" if form == "order" else "ask"
    if wish != name:
        raise ValueError(f'Question {id} is asked in another way: type kd.{wish}("{id}")')
    return id


def _show_question(
    question: Question, label: str, respond: Callable[[QuestionText, str], list[str]]
) -> None:
    text = question.text
    record.asked(text)
    if question.guess is not None:
        record.answered(text, question.guess)
    tag = f"{LABELS[text.kind]} · {text.id}"
    lines, given = show_lines(text, question.guess, respond)
    code = code_lines(text)
    widget = None
    if in_notebook():
        widget = _form(question, label, respond is reply_lines, quiz_box(lines, tag, code=code))
    paint = mark(text, question.guess) if respond is reply_lines else ""
    show(lines, tag=tag, code=code, after=given, mark=paint, widget=widget)


def _form(question: Question, label: str, reply: bool, head: str) -> Any:
    """Return the live form: the question, its controls, and what the page says to an answer."""
    from kerasdemo.asking.answer_form import AnswerForm

    def hear(answer: str) -> None:
        with contextlib.suppress(ValueError):  # the page tells none that cannot be read
            question.guess = read_answer(question.text, answer) if answer else None
            if question.guess is not None:
                record.answered(question.text, question.guess)

    form = page_form(question.text, label, reply=reply)
    return AnswerForm(head=head, form=form, answer=question.guess or "", hear=hear)
