"""One thing that `preflight` found, and what each method will do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal[
    "right", "depends", "right or raises", "raises", "never ends", "wrong", "wrong or raises"
]
Severity = Literal["silent", "error", "warning"]

ASKED = ("predict", "predict_on_batch", "predict_step")
CALL = "model(x)"
SEVERITY: dict[Kind, Severity] = {
    "wrong": "silent",
    "wrong or raises": "silent",
    "raises": "error",
    "never ends": "error",
    "right or raises": "error",
    "depends": "warning",
    "right": "warning",
}


@dataclass(frozen=True)
class Outcome:
    """What a method will do: a kind that a program can test, and the words for it.

    Attributes
    ----------
    kind : str
        ``"right"``, ``"wrong"`` (numbers, no error), ``"raises"``, ``"never ends"``; and where it
        cannot be told before the call ``"depends"`` (right for a model that was trained so),
        ``"right or raises"`` or ``"wrong or raises"``.
    words : str
        The rest of the sentence; of an error, the exception's name first.

    Examples
    --------
    >>> str(Outcome("raises", "ValueError: expected shape (None, 28, 28, 1)"))
    'raises ValueError: expected shape (None, 28, 28, 1)'
    """

    kind: Kind
    words: str = ""

    def __str__(self) -> str:
        verb = {"raises": "raises ", "never ends": "never ends"}.get(self.kind)
        if verb is not None:
            return f"{verb}{self.words}"
        return f"{self.kind}: {self.words}" if self.words else self.kind


@dataclass(frozen=True)
class Finding:
    """One mistake that can be seen before the call.

    Attributes
    ----------
    name : str
        A short name, the same on every machine: ``"no-batch-axis"``.
    severity : str
        For the planned method: ``"silent"`` (wrong numbers, and no error to say so), ``"error"``
        (an exception, or no end), ``"warning"`` (right now, and not always).
    seen : str
        What was seen.
    does : dict of str to Outcome
        What each method will do with it.
    mend : str
        The line that mends it.
    """

    name: str
    severity: Severity
    seen: str
    does: Mapping[str, Outcome]
    mend: str

    def __repr__(self) -> str:
        return f"<Finding {self.name}, {self.severity}: {self.seen}>"


def found(name: str, method: str, seen: str, does: Mapping[str, Outcome], mend: str) -> Finding:
    """Make a finding whose severity is that of the planned method's outcome.

    What holds for ``predict_step`` holds for ``model(x)`` where `does` has nothing of its own.
    """
    outcome = does.get(method) or does["predict_step"]
    return Finding(name, SEVERITY[outcome.kind], seen, MappingProxyType(dict(does)), mend)


def each(outcome: Outcome, **others: Outcome) -> dict[str, Outcome]:
    """Give the three methods the same outcome, except those named.

    Examples
    --------
    >>> [str(outcome) for outcome in each(Outcome("right"), predict=Outcome("raises")).values()]
    ['raises ', 'right', 'right']
    """
    return {method: others.get(method, outcome) for method in ASKED}
