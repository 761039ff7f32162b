"""What several methods made of one odd input, and of several."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kerasdemo.odd_inputs.came import Came
from kerasdemo.view.edge_table import case_text, edge_html, edge_markdown, edge_table
from kerasdemo.view.signs import printable
from kerasdemo.view.table import Table, as_text

FEW = 6
"""Up to so many cases, all that is known of each is told."""


@dataclass(frozen=True, repr=False)
class EdgeCase:
    """One odd input through several methods. ``case["predict"]`` is what one method made of it.

    Attributes
    ----------
    name : str
    given : str
        What the input is: ``"array (28, 28, 1)"``.
    came : dict of str to Came
        By method.
    """

    name: str
    given: str
    came: dict[str, Came]

    def __getitem__(self, method: str) -> Came:
        if method not in self.came:
            raise KeyError(f"{method!r} was not tried; there are {', '.join(self.came)}")
        return self.came[method]

    @property
    def agree(self) -> bool:
        """Whether all methods came to the same kind of end, fresh and warm."""
        calls = [c for came in self.came.values() for c in (came, came.warm) if c is not None]
        return len({(c.kind, c.shape, c.raised) for c in calls}) == 1

    @property
    def why(self) -> str:
        """The sentences that say why, each once."""
        told = (why for came in self.came.values() for why, _ in came.reasons)
        return " ".join(dict.fromkeys(told))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        came = {method: came.as_dict() for method, came in self.came.items()}
        return {"given": self.given, "agree": self.agree, "methods": came}

    def __repr__(self) -> str:
        return printable(case_text(self.name, self.as_dict()))


@dataclass(frozen=True, repr=False)
class EdgeCases:
    """What several methods made of odd inputs. ``cases["NaN"]["predict"]`` is one call.

    Attributes
    ----------
    cases : dict of str to EdgeCase
        By name, in the order they were tried.
    methods : tuple of str
    complete : bool
        False if it was interrupted; what had been tried by then is there.
    """

    cases: dict[str, EdgeCase]
    methods: tuple[str, ...]
    complete: bool = True

    def __getitem__(self, name: str) -> EdgeCase:
        if name not in self.cases:
            near = difflib.get_close_matches(str(name), self.cases, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise KeyError(f"{name!r} was not tried.{hint} There are {', '.join(self.cases)}")
        return self.cases[name]

    def __iter__(self) -> Iterator[EdgeCase]:
        return iter(self.cases.values())

    def __len__(self) -> int:
        return len(self.cases)

    @property
    def silent(self) -> tuple[Came, ...]:
        """The calls that handed back something wrong without an error, fresh or warm."""
        calls = (c for case in self for came in case.came.values() for c in (came, came.warm))
        return tuple(c for c in calls if c is not None and c.silent)

    @property
    def disagree(self) -> tuple[str, ...]:
        """The names of the inputs that methods, or a fresh and a warm model, treat differently."""
        return tuple(case.name for case in self if not case.agree)

    @property
    def summary(self) -> str:
        """One or two sentences."""
        inputs = "1 input" if len(self) == 1 else f"{len(self)} inputs"
        told = f"{inputs}; on {len(self.disagree)} the methods, or a fresh and a warm model, differ"
        told += f"; {len(self.silent)} calls answered wrongly, or to what has no right answer."
        return told if self.complete else f"{told} Interrupted: not all inputs were tried."

    @property
    def table(self) -> Table:
        """One row for each input, one column for each method; what differs from the first marked.

        ``warm:`` says what the call came to after a right batch, where that differs.
        """
        return edge_table(self.methods, self._entries, (self.summary,))

    @property
    def _entries(self) -> dict[str, dict[str, Any]]:
        return {case.name: case.as_dict() for case in self}

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "methods": list(self.methods),
            "complete": self.complete,
            "summary": self.summary,
            "cases": self._entries,
        }

    def markdown(self) -> str:
        """Return a table in Markdown, with the reasons as its last column."""
        return edge_markdown(self.methods, self._entries, self.summary)

    def __repr__(self) -> str:
        if len(self) > FEW:
            return printable(as_text(self.table, width=34 + 22 * max(3, len(self.methods))))
        return printable("\n\n".join([*(repr(case) for case in self), self.summary]))

    def _repr_html_(self) -> str:
        return edge_html(self.methods, self._entries, (self.summary,))
