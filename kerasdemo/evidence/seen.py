"""What a measuring function hands back: a verdict and the evidence for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HOLDS, FALSE, DEPENDS = "holds", "false", "depends"
UNSETTLED, UNMEASURED, FAILED = "not settled here", "not measured here", "measuring failed"
VERDICTS = (HOLDS, FALSE, DEPENDS, UNSETTLED, UNMEASURED, FAILED)
# bold type; the node that failed; the operation that failed
DECORATION = re.compile(r"\x1b\[\d*m|\{\{.*?\}\} ?| *\[Op:\w+\](?: name:.*)?")
WRAPPER = "Exception encountered when calling"  # what Keras puts before the message itself
LONGEST = 90  # characters of an error's first line


class NotMeasuredHere(Exception):
    """What a claim needs is not on this machine; the message says what."""


@dataclass(frozen=True)
class Seen:
    """A verdict, one of `VERDICTS`, and what was seen just now."""

    verdict: str
    evidence: str


def judge(holds: bool, evidence: str) -> Seen:
    """Return a verdict of ``"holds"`` or ``"false"``.

    Examples
    --------
    >>> judge(1 + 1 == 3, "1 + 1 is 2").verdict
    'false'
    """
    return Seen(HOLDS if holds else FALSE, evidence)


def judge_all(cases: dict[str, bool], evidence: str) -> Seen:
    """Return ``"holds"`` if each case agrees with the claim, ``"false"`` if none, else depends.

    Examples
    --------
    >>> judge_all({"an array": True, "a list": False}, "only an array works").verdict
    'depends'
    """
    if any(cases.values()) and not all(cases.values()):
        return Seen(DEPENDS, evidence)
    return judge(all(cases.values()), evidence)


@dataclass(frozen=True)
class Outcome:
    """What a call came to: the value that it returned, or the exception that it raised."""

    value: Any = None
    error: Exception | None = None

    @property
    def raised(self) -> str:
        """The name of the exception, or ``""``."""
        return type(self.error).__name__ if self.error else ""

    @property
    def shape(self) -> Any:
        """The shape of the value; None if it has none, or if the call raised."""
        return None if getattr(self.value, "shape", None) is None else tuple(self.value.shape)

    def __str__(self) -> str:
        if self.error is None:
            return str(self.shape or self.value)
        lines = (DECORATION.sub("", line).strip() for line in str(self.error).splitlines())
        first = next((line for line in lines if line and not line.startswith(WRAPPER)), "")
        return f"{self.raised}: {first[:LONGEST]}{'...' * (len(first) > LONGEST)}"


def attempt(call: Callable[..., Any], *arguments: Any, **options: Any) -> Outcome:
    """Call a function and keep what came of it, also when that is an exception.

    Examples
    --------
    >>> str(attempt(int, "five"))
    "ValueError: invalid literal for int() with base 10: 'five'"
    """
    try:
        return Outcome(value=call(*arguments, **options))
    except Exception as error:
        return Outcome(error=error)


def words(parts: dict[str, Any]) -> str:
    """Write what each of several things came to in one line.

    Examples
    --------
    >>> words({"fresh": (5, 10), "warm": "ValueError"})
    'fresh: (5, 10); warm: ValueError'
    """
    return "; ".join(f"{name}: {part}" for name, part in parts.items())
