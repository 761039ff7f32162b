"""See what runs inside a call, without changing what the call does."""

from kerasdemo.spy.call_trace import CallTrace
from kerasdemo.spy.fresh import COUNTING, as_new
from kerasdemo.spy.observing import Observation, event_counter, observe, takes
from kerasdemo.spy.runs import Runs, count_runs, runs_as
from kerasdemo.spy.timeline import PHASES, Span
from kerasdemo.spy.tracing import restored, trace_call

__all__ = [
    "COUNTING",
    "PHASES",
    "CallTrace",
    "Observation",
    "Runs",
    "Span",
    "as_new",
    "count_runs",
    "event_counter",
    "observe",
    "restored",
    "runs_as",
    "takes",
    "trace_call",
]
