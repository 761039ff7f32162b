"""Questions that come before answers: guess, see what happens, and be told in words.

`predict_first` asks before an experiment and `reveal` tells after it; `ask` asks about what was
learnt; `check` judges the value that an exercise wants and gives one more hint at each try. A
question never waits for an answer, and every answer can be given in code:
``predict_first("03a", "B")``. The texts are in ``data/questions.toml``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kerasdemo.asking.showing import in_notebook, show
from kerasdemo.asking.texts import QuestionText, differences, exercise_text, question_text
from kerasdemo.view.quiz_box import quiz_box

LABELS = {"predict": "Predict first", "retrieval": "Do you remember?", "exit": "Before you go"}
_tries: Counter[str] = Counter()


@dataclass
class Question:
    """A question that has been asked, and the guess so far. Introduced in lesson 00.

    Attributes
    ----------
    id : str
        The question's name, such as ``"03a"``.
    guess : str or None
        The letter chosen in the menu or given in code; None as long as there is none.
    """

    id: str
    guess: str | None = None
    text: QuestionText = field(repr=False, default=None)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.text = question_text(self.id)
        if self.guess is not None:
            self.guess = _letter(self.text, self.guess)

    def __repr__(self) -> str:
        return f"<question {self.id}: {'no guess yet' if self.guess is None else self.guess}>"


@dataclass(frozen=True)
class Outcome:
    """What an exercise's answer is worth. True when it passes.

    Attributes
    ----------
    state : str
        ``"not answered"``, ``"not yet"`` or ``"yes"``.
    why : str
        What the answer is that it should not be, or why it is right.
    """

    state: str
    why: str

    def __bool__(self) -> bool:
        return self.state == "yes"


def predict_first(id: str, answer: str | None = None) -> Question:
    """Ask what will happen, before it happens. Introduced in lesson 00.

    Shows the question, its choices and a menu. It never waits: no answer is an answer.

    Parameters
    ----------
    id
        The question's name, such as ``"03a"``.
    answer
        The letter of your guess, when you would rather type it than use the menu.

    Returns
    -------
    Question
        Hand it to `reveal` once the experiment has run.

    Raises
    ------
    ValueError
        There is no such question, or no such choice.
    """
    question = Question(id, answer)
    _show_question(question, "Your guess", lambda letter: [f"Noted: {letter}. Now run on and see."])
    return question


def ask(id: str, answer: str | None = None) -> None:
    """Ask about what was learnt, and reply to the answer at once. Introduced in lesson 00.

    Parameters and errors are those of `predict_first`.
    """
    question = Question(id, answer)
    _show_question(question, "Your answer", lambda letter: _reply(question.text, letter))


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
    """
    if not isinstance(question, Question):
        raise TypeError(
            f"reveal was given {type(question).__name__}; give it what predict_first returned: "
            'guess = predict_first("03a"), later reveal(guess).'
        )
    text, guess = question.text, question.guess
    saw = text.choices[text.answer].text if happened is None else str(happened)
    if guess is None:
        lines = ["Your guess: none this time. Choose one above, then run this cell again."]
    else:
        lines = [f"Your guess: {guess}. {text.choices[guess].text}"]
    lines.append(f"What happened: {saw}")
    if guess is not None:
        lines += _reply(text, guess)[:1]
    lines.append(f"The rule: {text.rule}")
    show(lines, tag=f"Reveal {text.id}", mark=_mark(text, guess))


def check(id: str, answer: object = None, *, like: object = None) -> None:
    """Judge an exercise's answer: not answered, not yet and a hint, or yes and why.

    Never raises on a wrong answer. Each try that fails gives one more hint. Introduced in lesson
    00.

    Parameters
    ----------
    id
        The exercise's name, such as ``"01-batch-axis"``.
    answer
        Your value; None or ``...`` while you have none.
    like
        What the values must equal, made in another way.
    """
    outcome, hints = judge(id, answer, like=like), exercise_text(id).hints
    if outcome.state == "not answered":
        lines = ["Not answered yet. Replace the three dots, then run the cell again."]
    elif outcome:
        lines = [f"Yes: {outcome.why}"]
    else:
        _tries[id] += 1
        number = min(_tries[id], len(hints))
        lines = [f"Not yet: {outcome.why}.", f"Hint {number} of {len(hints)}: {hints[number - 1]}"]
        if _tries[id] >= len(hints):
            lines.append("That was the last hint. The solution is folded up below.")
    mark = {"yes": "kd-yes", "not yet": "kd-no"}.get(outcome.state, "")
    show(lines, tag=f"Check {id}", mark=mark)


def judge(id: str, answer: object = None, *, like: object = None) -> Outcome:
    """Return an exercise's `Outcome` without showing it or counting a try: for graders.

    Examples
    --------
    >>> bool(judge("01-batch-axis", ...))
    False
    """
    text = exercise_text(id)
    if answer is None or answer is ...:
        return Outcome("not answered", "there is no answer yet")
    found = differences(text.expect, answer, like=like)
    return Outcome("not yet", "; ".join(found)) if found else Outcome("yes", text.because)


def _letter(text: QuestionText, answer: str) -> str:
    letter = str(answer).strip().upper()
    if letter not in text.choices:
        choices = ", ".join(text.choices)
        raise ValueError(f"question {text.id} has the choices {choices}; you gave {answer!r}")
    return letter


def _mark(text: QuestionText, guess: str | None) -> str:
    return "" if guess is None else "kd-yes" if guess == text.answer else "kd-no"


def _reply(text: QuestionText, letter: str) -> list[str]:
    right = "As you thought." if text.kind == "predict" else "Right."
    start = right if letter == text.answer else "Not so."
    return [f"{start} {text.choices[letter].reply}", f"The rule: {text.rule}"]


def _show_question(question: Question, label: str, respond: Callable[[str], list[str]]) -> None:
    text = question.text
    tag = f"{LABELS[text.kind]} · {text.id}"
    lines = [text.prompt, *(f"{key}. {choice.text}" for key, choice in text.choices.items())]
    given = [] if question.guess is None else respond(question.guess)
    mark = _mark(text, question.guess) if text.kind != "predict" else ""
    widget = None
    if in_notebook():
        widget = _menu(question, label, respond, quiz_box(lines, tag))
    show(lines, tag=tag, after=given, mark=mark, widget=widget)


def _menu(question: Question, label: str, respond: Callable[[str], list[str]], head: str) -> Any:
    """Return the live form: the question, a labelled menu, and what is said to a choice."""
    from kerasdemo.asking.menu import Menu

    text = question.text

    def choose(letter: str) -> str:
        question.guess = letter or None
        mark = _mark(text, question.guess) if text.kind != "predict" else ""
        return quiz_box(respond(letter), mark=mark) if letter else ""

    return Menu(
        head=head,
        label=f"{label}:",
        choices={letter: choice.text.replace("`", "") for letter, choice in text.choices.items()},
        choice=question.guess or "",
        respond=choose,
    )
