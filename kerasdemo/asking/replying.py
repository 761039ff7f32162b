"""What is said to an answer, in lines of text and in the page's form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasdemo.asking.answers import OTHERWISE, RIGHT, case_of, facts, shown_lines
from kerasdemo.asking.forms import ChoiceText, NumberText, OrderText, QuestionText, TextText
from kerasdemo.view.quiz_box import quiz_box

LABELS = {
    "predict": "Predict first",
    "retrieval": "Do you remember?",
    "exit": "Before you go",
    "final": "The final quiz",
}
PLACES = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth")
HERE = "\ue000"  # where the page puts what was answered


def right_answer(text: QuestionText) -> str:
    """Return the right answer, or the first of them, as `read_answer` would return it."""
    if isinstance(text, (ChoiceText, NumberText)):
        return str(text.answer)
    if isinstance(text, TextText):
        return text.accept[0]
    return str(facts(text)["orders"][0])


def in_words(text: QuestionText, given: str) -> str:
    """Return an answer as a reader would say it: with the choice's text, or the unit."""
    if isinstance(text, ChoiceText):
        return f"{given}. {text.choices[given].text}"
    return f"{given} {text.unit}".strip() if isinstance(text, NumberText) else given


def expected(text: QuestionText) -> str:
    """Return what was expected to happen: the right choice's text, or the right answer."""
    if isinstance(text, ChoiceText):
        return text.choices[text.answer].text
    return in_words(text, right_answer(text))


def verdict(text: QuestionText, given: str) -> tuple[bool, str, str]:
    """Return whether an answer is right, the reply to it, and the misconception that it shows."""
    return _verdict_of(text, case_of(facts(text), given))


def _verdict_of(text: QuestionText, case: str) -> tuple[bool, str, str]:
    if isinstance(text, ChoiceText):
        choice = text.choices[case]
        return case == text.answer, choice.reply, choice.misconception
    assert isinstance(text, (NumberText, TextText, OrderText))
    if case in (RIGHT, OTHERWISE):
        return case == RIGHT, text.reply if case == RIGHT else text.otherwise, ""
    known = text.wrong[int(case)]
    return False, known.reply, known.misconception


def mark(text: QuestionText, given: str | None) -> str:
    """Return the class of the paragraphs that reply: none before there is an answer."""
    return "" if given is None else "kd-yes" if verdict(text, given)[0] else "kd-no"


def reply_lines(text: QuestionText, given: str) -> list[str]:
    """Return what is said to an answer: how it was read, whether it is right, and the rule."""
    echo = [] if isinstance(text, ChoiceText) else [f"Your answer: {in_words(text, given)}"]
    return [*echo, verdict_line(text, given), f"The rule: {text.rule}"]


def verdict_line(text: QuestionText, given: str) -> str:
    """Return the sentence that says whether an answer is right, with the reply to it."""
    is_right, reply, _ = verdict(text, given)
    return f"{_begin(text, is_right)} {reply}"


def noted_lines(text: QuestionText, given: str) -> list[str]:
    """Return what is said to a guess: that it was heard, and nothing more."""
    words = given if isinstance(text, ChoiceText) else in_words(text, given)
    return [f"Noted: {words}. Now run on and see."]


def _begin(text: QuestionText, is_right: bool) -> str:
    right = "As you thought." if text.kind == "predict" else "Right."
    return right if is_right else "Not so."


def code_lines(text: QuestionText) -> dict[str, str]:
    """Return letter -> line of code, in the order shown; nothing for other forms."""
    if not isinstance(text, OrderText):
        return {}
    return {letter: text.lines[place] for letter, place in shown_lines(text).items()}


def page_form(text: QuestionText, label: str, *, reply: bool) -> dict[str, Any]:
    """Return what the page needs to take an answer, and to reply to it when it shall."""
    form: dict[str, Any] = {"form": text.form, "label": f"{label}:", "known": {}}
    if reply:
        form.update(known=facts(text), replies=_replies(text))
    elif isinstance(text, ChoiceText):
        form["replies"] = {letter: quiz_box(noted_lines(text, letter)) for letter in text.choices}
    else:
        form["replies"] = {"any": _page(noted_lines(text, HERE))}
    form.update(_controls(text))
    return form


def _controls(text: QuestionText) -> dict[str, Any]:
    if isinstance(text, ChoiceText):
        texts = {letter: choice.text.replace("`", "") for letter, choice in text.choices.items()}
        return {"options": [["", "choose"], *([k, f"{k}. {words}"] for k, words in texts.items())]}
    if isinstance(text, NumberText):
        return {"unit": text.unit, "wish": "Type a number, such as 1438 or 0.5."}
    if isinstance(text, TextText):
        return {"unit": "", "wish": "Type a word or two."}
    lines = code_lines(text)
    indented = {letter: _kept_gaps(line) for letter, line in lines.items()}
    return {
        "places": [f"{place} line" for place in PLACES[: len(lines)]],
        "options": [["", "choose"], *([k, f"{k}. {line}"] for k, line in indented.items())],
    }


def _kept_gaps(line: str) -> str:
    """Return a line whose indentation a drop-down shows, too."""
    bare = line.lstrip(" ")
    return "\u00a0" * (len(line) - len(bare)) + bare


def _replies(text: QuestionText) -> dict[str, str]:
    """Return case -> escaped HTML of the reply to it."""
    if isinstance(text, ChoiceText):
        return {k: quiz_box(reply_lines(text, k), mark=mark(text, k)) for k in text.choices}
    assert isinstance(text, (NumberText, TextText, OrderText))
    replies = {}
    for case in (RIGHT, *map(str, range(len(text.wrong))), OTHERWISE):
        is_right, reply, _ = _verdict_of(text, case)
        lines = [f"Your answer: {in_words(text, HERE)}", f"{_begin(text, is_right)} {reply}"]
        lines.append(f"The rule: {text.rule}")
        replies[case] = _page(lines, "kd-yes" if is_right else "kd-no")
    return replies


def _page(lines: list[str], paint: str = "") -> str:
    return quiz_box(lines, mark=paint).replace(HERE, '<span class="kd-given"></span>')


def show_lines(
    text: QuestionText, given: str | None, respond: Callable[[QuestionText, str], list[str]]
) -> tuple[list[str], list[str]]:
    """Return the lines of a question, and those that answer what is given already."""
    lines = [text.prompt]
    if isinstance(text, ChoiceText):
        lines += [f"{letter}. {choice.text}" for letter, choice in text.choices.items()]
    return lines, [] if given is None else respond(text, given)
