"""Where the time of one call went: stretches of time without a gap, each with a name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

PHASES = {
    "set-up": "build the data pipeline and the function objects",
    "waiting": "wait for a batch, or cut it",
    "tracing": "Python writes predict_step down as a graph",
    "first run": "TensorFlow optimises (or compiles) the new graph, and runs it",
    "computing": "the layers at work on a batch",
    "callbacks": "callbacks and the progress bar",
    "joining": "put the batches' outputs together",
    "converting": "turn the answer into NumPy",
    "winding up": "after the last batch: a data iterator for a next pass, the pipeline taken down",
    "the rest": "Keras's own Python between all these",
}
"""What a stretch of time can be called, and what happens then."""


class Span(NamedTuple):
    """A stretch of time: its name, one of `PHASES`, and its ends in seconds from the start."""

    phase: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.start


class Timeline:
    """A stopwatch that always knows what the time is being spent on.

    Phases can lie within each other: a moment counts for the innermost. What no phase was entered
    for counts for `base`. So the spans have no gap and no overlap, and add up to the whole.

    Parameters
    ----------
    clock : function
        Returns seconds; tests give their own.

    Examples
    --------
    >>> ticks = iter([0.0, 1.0, 4.0, 5.0])
    >>> line = Timeline(lambda: next(ticks))
    >>> line.start("the rest"); line.enter("computing"); line.leave(); line.stop()
    >>> [(span.phase, span.seconds) for span in line.spans]
    [('the rest', 1.0), ('computing', 3.0), ('the rest', 1.0)]
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._marks: list[tuple[str, float]] = []  # a phase, and when it began
        self._stack: list[str] = []

    @property
    def phase(self) -> str:
        """The innermost phase now; ``""`` while the clock stands."""
        return self._stack[-1] if self._stack else ""

    def start(self, base: str) -> None:
        """Begin, in the phase `base`."""
        self._stack = [base]
        self._marks = [(base, self._clock())]

    def base(self, phase: str) -> None:
        """Name what comes between the phases from now on."""
        self._stack[0] = phase
        self._mark()

    def enter(self, phase: str) -> None:
        """Begin a phase within the present one."""
        self._stack.append(phase)
        self._mark()

    def leave(self) -> None:
        """End the innermost phase; the one around it goes on."""
        self._stack.pop()
        self._mark()

    def was(self, phase: str, now: str) -> None:
        """Say what the time since the last mark was really spent on, and what comes now."""
        self._marks[-1] = (phase, self._marks[-1][1])
        self._stack[-1] = now
        self._mark()

    def stop(self) -> None:
        """End."""
        self._stack = []
        self._mark()

    def _mark(self) -> None:
        self._marks.append((self.phase, self._clock()))

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans so far, in seconds from the start; neighbours of one name are one span."""
        return tuple(merged(self._marks))


def merged(marks: list[tuple[str, float]]) -> Iterable[Span]:
    """Turn marks into spans; those of no length are dropped, neighbours of one name joined.

    Examples
    --------
    >>> list(merged([("a", 5.0), ("a", 6.0), ("b", 8.0), ("", 9.0)]))
    [Span(phase='a', start=0.0, end=3.0), Span(phase='b', start=3.0, end=4.0)]
    """
    spans: list[Span] = []
    for (phase, start), (_, end) in pairwise(marks):
        if end <= start:
            continue
        start, end = start - marks[0][1], end - marks[0][1]
        if spans and spans[-1].phase == phase and phase != "computing":
            spans[-1] = spans[-1]._replace(end=end)
        else:
            spans.append(Span(phase, start, end))
    return spans


def seconds_by_phase(spans: Iterable[Span]) -> dict[str, float]:
    """Add up the seconds of each phase, in the order of `PHASES`; none that never was.

    Examples
    --------
    >>> seconds_by_phase([Span("computing", 0, 2), Span("set-up", 2, 3), Span("computing", 3, 4)])
    {'set-up': 1, 'computing': 3}
    """
    sums: dict[str, float] = {}
    for span in spans:
        sums[span.phase] = sums.get(span.phase, 0) + span.seconds
    return {phase: sums[phase] for phase in PHASES if phase in sums}
