"""Count a class's answers to a question, before a lesson and after it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from kerasdemo.asking.forms import QuestionText
from kerasdemo.asking.texts import question_text
from kerasdemo.tallying.files import files_of, has_both, read_files
from kerasdemo.tallying.groups import Group, groups_of
from kerasdemo.tallying.pasted import Heard, read_pasted
from kerasdemo.view.signs import printable
from kerasdemo.view.tally_bars import bars_html, bars_text, plot_bars

__all__ = ["Group", "Tally", "tally"]

Answers = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
BLANK = "no answer"


@dataclass(frozen=True, repr=False)
class Tally:
    """How many of a class gave which answer, before and after: what `tally` returns.

    Attributes
    ----------
    id, prompt : str
        The question.
    groups : tuple of Group
        What the answers were sorted into: choices, or the right and the known wrong answers.
    before, after : mapping of str to int
        A group's key to the number of answers; `after` is None when there is one time only.
    blank_before, blank_after : int
        How many gave no answer.
    problems : tuple of str
        The lines that could not be read; they are not counted.
    """

    id: str
    prompt: str
    groups: tuple[Group, ...]
    before: Mapping[str, int]
    after: Mapping[str, int] | None
    blank_before: int
    blank_after: int
    problems: tuple[str, ...]

    @property
    def right_before(self) -> float:
        """The share of right answers among those given before, 0 to 1; NaN when there is none."""
        return self._share(self.before)

    @property
    def right_after(self) -> float:
        """The share of right answers among those given after, 0 to 1; NaN when there is none."""
        return self._share(self.after or {})

    @property
    def misconception(self) -> str:
        """The misconception that most answers show, after if there is one; ``""`` for none."""
        group = self._mistake(self.before if self.after is None else self.after)
        return group.misconception if group else ""

    def plot(self, ax: Any = None) -> Any:
        """Draw the answers as bars, before and after side by side.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure without it.

        Returns
        -------
        matplotlib.axes.Axes
        """
        return plot_bars(*self._bars(), title=self._title, ax=ax)

    def __repr__(self) -> str:
        return printable("\n".join([self._title, bars_text(*self._bars()), *self._remarks()]))

    def _repr_html_(self) -> str:
        remarks = "".join(f"<p>{escape(line)}</p>" for line in self._remarks())
        return bars_html(*self._bars(), title=self._title) + remarks

    @property
    def _title(self) -> str:
        return f"{self.id} · {self.prompt.replace('`', '')}"

    def _times(self) -> dict[str, tuple[Mapping[str, int], int]]:
        if self.after is None:
            return {"": (self.before, self.blank_before)}
        return {"before": (self.before, self.blank_before), "after": (self.after, self.blank_after)}

    def _bars(self) -> tuple[list[str], dict[str, list[int]]]:
        labels = [f"{g.label} (right)" if g.right else g.label for g in self.groups]
        counts = {
            time: [*(answers[group.key] for group in self.groups), blank]
            for time, (answers, blank) in self._times().items()
        }
        labels.append(BLANK)
        used = [
            at
            for at in range(len(labels))
            if (at < len(self.groups) and self.groups[at].key != "otherwise")
            or any(row[at] for row in counts.values())
        ]
        return [labels[at] for at in used], {t: [r[at] for at in used] for t, r in counts.items()}

    def _remarks(self) -> list[str]:
        lines = []
        for time, (answers, _) in self._times().items():
            count = sum(answers.values())
            right = sum(answers[group.key] for group in self.groups if group.right)
            percent = f" ({100 * right / count:.0f} %)" if count else ""
            name = time.capitalize()
            lines.append(f"{name}: {right} of {count} right{percent}".removeprefix(": ") + ".")
            if group := self._mistake(answers):
                lines.append(
                    f"Most chosen mistake: {group.label} ({answers[group.key]} of {count}): "
                    f"{group.misconception}."
                )
        return lines + [f"Not counted, {problem}." for problem in self.problems]

    def _mistake(self, answers: Mapping[str, int]) -> Group | None:
        """Return the group of the misconception that most answers show."""
        known = [group for group in self.groups if group.misconception and answers[group.key]]
        return max(known, key=lambda group: answers[group.key], default=None)

    def _share(self, answers: Mapping[str, int]) -> float:
        count = sum(answers.values())
        right = sum(answers.get(group.key, 0) for group in self.groups if group.right)
        return right / count if count else float("nan")


def tally(id: str, before: Answers, after: Answers | None = None) -> Tally:
    r"""Count a class's answers to a question.

    Answers are pasted as text (``"A B B C"``, with commas, one a line, ``-`` for none), counted
    already (``"A: 3, B: 12"``), or read from CSV files: those that `ScoreCard.save` writes, or a
    sheet with one column of answers. One that cannot be read is named and not counted.

    Parameters
    ----------
    id
        The question's name, such as ``"03a"``.
    before
        The answers: a text, a list of answers, the path of a CSV file or of a folder of them, or a
        list of such paths. A text is a path when it ends with ``.csv``, ``/`` or ``\``.
    after
        The answers after the lesson. Score cards hold both times, and need no `after`.

    Returns
    -------
    Tally

    Raises
    ------
    ValueError
        There is no such question, or no answer could be read; the message names the lines.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> result = tally("03a", "A A B C", after="A: 1, B: 3")
    >>> result.right_before, result.right_after
    (0.25, 0.75)
    """
    text = question_text(id)
    first, files = _gather(text, before, "first")
    last = None if after is None else _gather(text, after, "last")[0]
    if after is None and files and has_both(files):
        last = read_files(text, files, "last")
        last.problems.clear()  # the same lines were named before
    for said in filter(None, (first, last)):
        if not said.counts:
            raise ValueError(_nothing(text, said))
    groups = groups_of(text)
    return Tally(
        id=id,
        prompt=text.prompt,
        groups=groups,
        before=_counts(groups, first.counts),
        after=None if last is None else _counts(groups, last.counts),
        blank_before=first.counts[None],
        blank_after=0 if last is None else last.counts[None],
        problems=(*first.problems, *(last.problems if last else ())),
    )


def _gather(text: QuestionText, answers: Answers, role: str) -> tuple[Heard, list[Path]]:
    """Return what was heard, and the files that it was read from."""
    if isinstance(answers, str) and not _is_path(answers):
        return read_pasted(text, answers), []
    if isinstance(answers, (str, os.PathLike)):
        files = files_of(Path(answers))
        return read_files(text, files, role), files
    parts = list(answers)
    if parts and all(isinstance(part, os.PathLike) or _is_path(str(part)) for part in parts):
        files = [file for part in parts for file in files_of(Path(part))]
        return read_files(text, files, role), files
    said = Heard()
    for number, part in enumerate(parts, start=1):
        said.take(text, "" if part is None else str(part), f"answer {number}")
    return said, []


def _is_path(answers: str) -> bool:
    return "\n" not in answers and answers.strip().lower().endswith((".csv", "/", "\\"))


def _counts(groups: Iterable[Group], counts: Counter[str | None]) -> dict[str, int]:
    return {group.key: counts[group.key] for group in groups}


def _nothing(text: QuestionText, said: Heard) -> str:
    more = "" if len(said.problems) < 4 else f"; and {len(said.problems) - 3} more"
    told = "; ".join(said.problems[:3]) or "nothing was given"
    return f"no answer to {text.id} could be read: {told}{more}"
