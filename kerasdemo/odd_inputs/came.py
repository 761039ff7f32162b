"""What came of giving one input to one method: plain facts, and the words for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["right", "other numbers", "other shape", "NaN", "answers", "raises", "no end"]
LONGEST = 100  # characters of an error's line


@dataclass(frozen=True)
class Came:
    """What one method made of one input.

    Attributes
    ----------
    case, method : str
        The input's name, and one of `METHODS`.
    error : str
        The exception's name and the line that tells what is wrong; ``""`` if there was none.
    type : str
        The type of what came back: ``"numpy.ndarray"``, ``"EagerTensor"``, ...
    shape : tuple of int or None
        Of the main output; None if the call raised.
    wanted : tuple of int or None
        The shape that a right answer has; None if there is no right answer.
    finite : bool or None
        Whether every number that came back is one: no NaN, no infinity.
    same : bool or None
        Whether it is, to 1e-5, what the same method answers to the same samples given as they
        should be; None if there is nothing to compare with.
    batches : int
        Batches after which the kit stopped an input without end; 0 if the call ended by itself.
    warm : Came or None
        The same call where the model had predicted a right batch before; None if that made no
        difference.
    afterwards : str
        What a right batch came to next, in the same compiled function, if that was not the right
        answer; else ``""``.
    why : str
        One sentence, chosen by what was seen here.
    decided_by : str
        The Keras file and function that decides it; ``""`` if it is not Keras.
    """

    case: str
    method: str
    error: str = ""
    type: str = ""
    shape: tuple[int, ...] | None = None
    wanted: tuple[int, ...] | None = None
    finite: bool | None = None
    same: bool | None = None
    batches: int = 0
    warm: Came | None = None
    afterwards: str = ""
    why: str = ""
    decided_by: str = ""

    @property
    def kind(self) -> Kind:
        """What came, as a word that a program can test.

        ``"right"``, ``"other numbers"`` (of the right shape), ``"other shape"``, ``"NaN"``,
        ``"answers"`` (with numbers, where no answer can be right), ``"raises"`` or ``"no end"``.
        """
        if self.error:
            return "raises"
        if self.batches:
            return "no end"
        if self.same:
            return "right"
        if self.wanted is not None and self.shape != self.wanted:
            return "other shape"
        if self.finite is False:
            return "NaN"
        return "answers" if self.same is None else "other numbers"

    @property
    def silent(self) -> bool:
        """Whether something wrong, or that cannot be right, came back without an error."""
        return self.kind in ("other numbers", "other shape", "NaN", "answers")

    @property
    def raised(self) -> str:
        """The name of the exception, or ``""``."""
        return self.error.partition(":")[0]

    @property
    def words(self) -> str:
        """What came of this call alone, in a few words."""
        kind = self.kind
        if kind == "raises":
            return self.error if len(self.error) <= LONGEST else self.error[: LONGEST - 3] + "..."
        if kind == "no end":
            return f"no end: stopped after {self.batches} batches"
        shape = f"{self.type} {self.shape}"
        if kind == "other shape":
            return f"{shape} instead of {self.wanted}"
        return f"{shape}, {'no error' if kind == 'answers' else kind}"

    @property
    def brief(self) -> str:
        """All of it in a table's cell: shapes and names of exceptions."""
        cell = _brief(self)
        if self.warm is not None and _brief(self.warm) != cell:
            cell += f"; warm: {_brief(self.warm)}"
        if self.afterwards:
            cell += "; spoils the next call"
        return cell

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            **asdict(self),
            "kind": self.kind,
            "silent": self.silent,
            "warm": self.warm.as_dict() if self.warm is not None else None,
            "words": self.words,
            "warm_words": self.warm.words if self.warm is not None else "",
            "brief": self.brief,
            "reasons": list(self.reasons),
        }

    def __repr__(self) -> str:
        lines = [f"{self.case}, {self.method}: {self.words}"]
        if self.warm is not None:
            lines.append(f"  after a right batch: {self.warm.words}")
        if self.afterwards:
            lines.append(f"  a right batch after it: {self.afterwards}")
        why = (f"  {why} ({where})" if where else f"  {why}" for why, where in self.reasons)
        return "\n".join([*lines, *why])

    @property
    def reasons(self) -> tuple[tuple[str, str], ...]:
        """Why, fresh and warm: each sentence with what decides it."""
        each = (self, self.warm) if self.warm is not None else (self,)
        return tuple(dict.fromkeys((came.why, came.decided_by) for came in each if came.why))


def _brief(came: Came) -> str:
    if came.kind == "raises":
        return came.raised
    if came.kind == "no end":
        return "no end"
    if came.kind == "other shape":
        return f"{came.shape} for {came.wanted}"
    return f"{came.shape} {'no error' if came.kind == 'answers' else came.kind}"
