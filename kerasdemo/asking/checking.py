"""Judge an exercise's answer, with a ladder of hints."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from kerasdemo.asking import record
from kerasdemo.asking.exercises import differences
from kerasdemo.asking.showing import show
from kerasdemo.asking.texts import exercise_text

_tries: Counter[str] = Counter()


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

    Examples
    --------
    >>> check("00-choose", [3, 1, 4])
    [Check 00-choose]
    Yes: 3, 1 and 4, in this order.
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
            lines.append("That was the last hint.")
    tried = None if outcome.state == "not answered" else bool(outcome)
    record.exercised(id, passed=tried, hints=min(_tries[id], len(hints)))
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
