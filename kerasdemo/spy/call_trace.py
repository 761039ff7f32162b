"""What was seen of one call: counts, and a timeline."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kerasdemo.prediction import Prediction, type_name
from kerasdemo.spy.runs import runs_as
from kerasdemo.spy.timeline import PHASES, Span, seconds_by_phase
from kerasdemo.view.card import card_png
from kerasdemo.view.durations import milliseconds
from kerasdemo.view.images import img_tag
from kerasdemo.view.table import Row, Table, as_html, as_text
from kerasdemo.view.timeline import describe_timeline, timeline_png, timeline_svg

RAN = "Python ran ...: how often Python itself went through that body; a graph runs without it."
MOST = 8  # layers that a cell names


@dataclass(frozen=True, repr=False, eq=False)
class CallTrace:
    """What ran inside one call of a method, and where its time went: what `trace_call` returns.

    Attributes
    ----------
    method, call : str
        The method, and which call it was: ``"first"``, ``"warm"`` or ``"next"``.
    prediction : Prediction
        What came back.
    seconds : float
        The whole call. The spans add up to it.
    spans : tuple of Span
        What the time went to, in order, each with its phase, start and end in seconds.
    step_runs : tuple of bool
        One entry for each time that Python ran the body of ``predict_step``: True if eagerly, False
        if to trace a graph.
    received : tuple of str
        What ``predict_step`` was given at each of these runs.
    layer_runs : dict of str to tuple of bool
        The same for the body of each layer's ``call``, the model's own first.
    traces : int
        Graphs made of the compiled function.
    batches : tuple
        The shape of the samples in each batch; for several inputs, their structure with shapes.
    executions : int
        How often the compiled function (or the step, where nothing is compiled) was called. With
        ``steps_per_execution`` it takes several batches at a time.
    events : dict of str to int
        How often Keras told its list of callbacks of each event. It does so even if the list is
        empty.
    conversions : int
        Tensors turned into NumPy arrays for the answer.
    callback_conversions : int
        Tensors turned into NumPy arrays to be handed to callbacks: each batch's outputs, even if
        nobody listens (``keras/src/callbacks/callback_list.py``, ``_on_predict_batch_end``).
    """

    method: str
    call: str
    prediction: Prediction
    seconds: float
    spans: tuple[Span, ...]
    step_runs: tuple[bool, ...]
    received: tuple[str, ...]
    layer_runs: dict[str, tuple[bool, ...]]
    traces: int
    batches: tuple[Any, ...]
    executions: int
    events: dict[str, int]
    conversions: int
    callback_conversions: int

    @property
    def phases(self) -> dict[str, float]:
        """The seconds of each phase; the keys are explained in `kerasdemo.spy.PHASES`."""
        return seconds_by_phase(self.spans)

    @property
    def counts(self) -> dict[str, str]:
        """What is the same at every such call: facet -> a few words."""
        layers = self.layer_runs
        return {
            "returns": type_name(self.prediction.returned[0]),
            "batches": batch_words(self.batches),
            "executions": str(self.executions),
            "graphs traced": str(self.traces),
            "Python ran predict_step": run_words(self.step_runs),
            "predict_step was given": "; ".join(dict.fromkeys(self.received)) or "-",
            "Python ran the layers": layer_words(layers),
            "callback events": str(sum(self.events.values())),
            "turned into NumPy": conversion_words(self.conversions, self.callback_conversions),
        }

    def table(self, *others: CallTrace, timings: bool = True) -> Table:
        """Return what was seen as a table, beside that of other calls.

        Parameters
        ----------
        *others : CallTrace
            Further columns; what differs from this call is marked.
        timings : bool
            With ``False``, only what is the same on every run of this version.
        """
        traces = (self, *others)
        counts = [trace.counts for trace in traces]
        rows = [
            Row(facet, tuple(count[facet] for count in counts), mark=True) for facet in counts[0]
        ]
        if timings:
            rows.append(Row("whole call", tuple(milliseconds(t.seconds) for t in traces)))
            for phase in PHASES:
                if any(phase in trace.phases for trace in traces):
                    rows.append(Row(phase, tuple(trace.share_words(phase) for trace in traces)))
        columns = tuple(f"{trace.method}, {trace.call} call" for trace in traces)
        return Table(columns, tuple(rows), notes=(RAN,))

    def share_words(self, phase: str) -> str:
        """Write the time of `phase` and its share of the whole: ``"12.3 ms (45 %)"``."""
        seconds = self.phases.get(phase)
        if seconds is None:
            return "-"
        return f"{milliseconds(seconds)} ({seconds / self.seconds:.0%})"

    @property
    def title(self) -> str:
        """What the picture of the timeline is called."""
        return f"Where the time went: {self.method}, {self.call} call, {milliseconds(self.seconds)}"

    @property
    def svg(self) -> str:
        """The timeline as SVG, in the colours of the page that it is put in."""
        return timeline_svg(self.spans, title=self.title, order=tuple(self.phases))

    @property
    def png(self) -> bytes:
        """The timeline as PNG."""
        return timeline_png(self.spans, title=self.title, order=tuple(self.phases))

    @property
    def alt(self) -> str:
        """The timeline in words."""
        return f"{self.title}. {describe_timeline(self.spans)}"

    def as_dict(self) -> dict[str, Any]:
        """Return the counts and the seconds as plain values, for JSON."""
        return {
            "method": self.method,
            "seconds": self.seconds,
            "phases": self.phases,
            "step_runs": len(self.step_runs),
            "runs_as": runs_as(self.step_runs),
            "layer_runs": {name: len(runs) for name, runs in self.layer_runs.items()},
            "traces": self.traces,
            "batches": list(self.batches),
            "executions": self.executions,
            "events": self.events,
            "conversions": self.conversions,
            "callback_conversions": self.callback_conversions,
        }

    def plot(self, ax: Any = None) -> Any:
        """Draw the timeline with matplotlib, a row for each phase, into `ax` if given."""
        from kerasdemo.view.plots import plot_spans

        return plot_spans(self.spans, title=self.title, ax=ax)

    def __repr__(self) -> str:
        return as_text(self.table())

    def _repr_html_(self) -> str:
        return f"{as_html(self.table())}\n{img_tag(card_png(self.png), self.alt)}"

    def _repr_png_(self) -> str:
        return base64.b64encode(card_png(self.png)).decode("ascii")


def run_words(runs: tuple[bool, ...]) -> str:
    """Write how often a body ran, and how: ``"2 times (tracing)"``.

    Examples
    --------
    >>> run_words((False,)), run_words((True, True)), run_words(())
    ('once (tracing)', '2 times (eager)', 'never')
    """
    if not runs:
        return "never"
    how = {"eager": "eager", "graph": "tracing" if not any(runs) else "tracing and eager"}
    times = "once" if len(runs) == 1 else f"{len(runs)} times"
    return f"{times} ({how[runs_as(runs)]})"


def layer_words(layers: Mapping[str, tuple[bool, ...]]) -> str:
    """Write how often Python ran the layers: in a few words if all ran equally often.

    Examples
    --------
    >>> layer_words({"model": (False,), "dense": (False,), "dense_1": (False,)})
    'each once (tracing)'
    >>> layer_words({"model": (True,), "dense": (True, True)})
    'model once (eager), dense 2 times (eager)'
    """
    words = {name: run_words(runs) for name, runs in layers.items()}
    if len(set(words.values())) == 1:
        only = next(iter(words.values()))
        return only if only == "never" else f"each {only}"
    listed = [f"{name} {word}" for name, word in words.items()]
    more = [f"{len(listed) - MOST} more"] if len(listed) > MOST else []
    return ", ".join(listed[:MOST] + more)


def batch_words(batches: tuple[Any, ...]) -> str:
    """Write how many batches there were, and their shapes.

    Examples
    --------
    >>> batch_words(((32, 3), (32, 3), (7, 3)))
    '3: 2 of (32, 3), 1 of (7, 3)'
    """
    shapes = Counter(map(str, batches))
    return f"{len(batches)}: " + ", ".join(f"{n} of {shape}" for shape, n in shapes.items())


def conversion_words(own: int, handed_over: int) -> str:
    """Write how many tensors became NumPy arrays, and for whom.

    Examples
    --------
    >>> conversion_words(1, 12), conversion_words(1, 0)
    ('1 for you, 12 for callbacks', '1 for you')
    """
    return f"{own} for you" + (f", {handed_over} for callbacks" if handed_over else "")
