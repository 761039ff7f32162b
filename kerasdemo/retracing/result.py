"""What was seen of a series of calls: which traced a graph, and for which XLA compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kerasdemo.view.table import Row, Table, as_html, as_text

XLA_TIMES = 5.0
"""XLA has compiled for a call that takes more than so many times what its repetition takes."""


@dataclass(frozen=True, repr=False)
class Retraces:
    """Which calls of a series traced a graph, by method: what `retraces` returns.

    Attributes
    ----------
    calls : tuple of str
        What each call was given: shape and dtype.
    traces : dict of str to tuple of int
        For each method, the graphs that each call traced.
    slower : dict of str to tuple of float
        Only where XLA compiles: how many times the processor time of its repetition each call took
        to compute.
    recompiled : dict of str to tuple of bool
        Only where XLA compiles: whether a call took so much longer than its repetition that XLA
        must have compiled for it.
    """

    calls: tuple[str, ...]
    traces: dict[str, tuple[int, ...]]
    slower: dict[str, tuple[float, ...]]
    recompiled: dict[str, tuple[bool, ...]]

    @property
    def total(self) -> dict[str, int]:
        """The graphs that each method traced in all."""
        return {method: sum(traces) for method, traces in self.traces.items()}

    @property
    def table(self) -> Table:
        """A row for each call, a column for each method."""
        rows = [
            Row(f"{place + 1}: {call}", tuple(self._cell(method, place) for method in self.traces))
            for place, call in enumerate(self.calls)
        ]
        rows.append(Row("graphs traced", tuple(str(total) for total in self.total.values())))
        note = (
            "XLA compiles: told by processor time, at least "
            f"{XLA_TIMES:.0f} times that of the same call made again. TensorFlow does not count it."
            if self.recompiled
            else "XLA is off (jit_compile): no machine code is compiled for a shape."
        )
        if self.recompiled:
            counts = tuple(
                str(sum(self.recompiled[method])) if method in self.recompiled else "-"
                for method in self.traces
            )
            rows.append(Row("XLA compiled", counts))
        return Table(tuple(self.traces), tuple(rows), title="which calls traced", notes=(note,))

    def _cell(self, method: str, place: int) -> str:
        """Return what one call of one method did."""
        traces = self.traces[method][place]
        said = ["traced" if traces == 1 else f"traced {traces} graphs"] if traces else []
        if method in self.recompiled and self.recompiled[method][place]:
            said.append("XLA compiled")
        return ", ".join(said) or "-"

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values, for JSON."""
        return {
            "calls": list(self.calls),
            "traces": {method: list(each) for method, each in self.traces.items()},
            "total": self.total,
            "slower": {method: list(each) for method, each in self.slower.items()},
            "recompiled": {method: list(each) for method, each in self.recompiled.items()},
        }

    def __repr__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        return as_html(self.table)
