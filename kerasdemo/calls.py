"""One call of one method, watched while it runs: what came back, how long it took, what ran."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasdemo.agreement import FACETS, RUNS, agreement, difference_rows
from kerasdemo.inputs import check_images
from kerasdemo.methods import caller
from kerasdemo.prediction import Prediction, gather
from kerasdemo.spy import count_runs, event_counter, runs_as
from kerasdemo.view.durations import milliseconds
from kerasdemo.view.table import Row, Table

LISTED = 8  # classes that a cell of the table names
ONE_CALL = (
    "Times: one call each, as it came. To compare the methods fairly: compare(model, images) "
    "or LiveTimings(model)."
)


@dataclass(frozen=True, repr=False, eq=False)
class Call:
    """One call of one method.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    prediction : Prediction or None
        What came back; None if the call raised.
    error : str
        The exception's name and what it says in its first line; ``""`` if there was none.
    seconds : float
        From the call to what it returned. One call is no benchmark.
    runs : tuple of bool
        One entry for each time that Python ran the body of ``predict_step``: True if eagerly,
        False if to trace it.
    batches : int
        Batches that went through the model.
    """

    method: str
    prediction: Prediction | None = None
    error: str = ""
    seconds: float = float("nan")
    runs: tuple[bool, ...] = ()
    batches: int = 0

    @property
    def traced(self) -> bool:
        """Whether the call wrote ``predict_step`` down as a graph."""
        return runs_as(self.runs) == "graph"

    def __repr__(self) -> str:
        return f"<Call of {self.method}: {self.error or repr(self.prediction)}>"


def watch_call(model: Any, images: Any, method: str, *, batch_size: int) -> Call:
    """Call `method` once and watch it; unlike `compare`, with the model as it is, traced or not.

    Parameters
    ----------
    model : keras.Model
        Any built Keras model.
    images : array of shape (n, ...)
        Samples, batch axis first.
    method : str
        One of `METHODS`.
    batch_size : int
        Samples to a batch: ``predict`` cuts them itself, for the others they are cut here.

    Returns
    -------
    Call

    Raises
    ------
    Exception
        Whatever the method raises; `error_line` says it in one line.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> call = watch_call(
    ...     kd.load_classifier(), kd.load_digits()[:40].images, "predict_step", batch_size=32
    ... )
    >>> call.batches, call.runs, call.prediction.shape
    (2, (True, True), (40, 10))
    """
    images = check_images(model, images)
    events = event_counter()
    call = caller(model, method, batch_size=batch_size, callbacks=[events])
    with count_runs(model) as runs:
        start = time.perf_counter()
        returned = call(images)
        seconds = time.perf_counter() - start
    batches = events.batches if method == "predict" else len(returned)
    return Call(method, gather(method, returned), "", seconds, tuple(runs.eager), batches)


def call_table(
    calls: Mapping[str, Call],
    first: Mapping[str, Call],
    *,
    methods: Sequence[str],
    title: str = "",
    timings: bool = True,
) -> Table:
    """Lay calls of several methods on the same samples side by side.

    Parameters
    ----------
    calls : dict of str to Call
        The calls, by method.
    first : dict of str to Call
        The first call of each method that was watched, whose time is kept apart.
    methods : sequence of str
        The columns; a method without a call was not run.
    title : str
        Written above the table.
    timings : bool
        With ``False``, no times, and differences as yes or no against 1e-5.

    Returns
    -------
    Table
    """
    shown = [calls.get(method, Call(method, error="not run")) for method in methods]
    answers = {call.method: call.prediction for call in shown}
    reference = next((answer for answer in answers.values() if answer is not None), None)
    compared = shown[0].prediction is not None
    rows = [_answer_row(facet, shown, compared) for facet in FACETS]
    if reference is not None:
        rows += [
            _row("batches", lambda call: str(call.batches), shown, compared),
            _row("predict_step runs", _runs, shown, compared),
            _row("classes named", lambda call: _classes(call, reference), shown, compared),
        ]
        rows += difference_rows(answers, exact=timings)
        if timings:
            rows += [
                _row("time of this call", lambda call: milliseconds(call.seconds), shown),
                _row("first call here", lambda call: _first(call, first), shown),
            ]
    notes = (RUNS, ONE_CALL) if timings else (RUNS,)
    return Table(tuple(methods), tuple(rows), title, notes if reference is not None else ())


def call_summary(calls: Mapping[str, Call], methods: Sequence[str]) -> tuple[str, str]:
    """Say in one sentence whether the answers agree, and in another what went wrong.

    Examples
    --------
    >>> call_summary({"predict": Call("predict", error="ValueError: no")}, ["predict"])
    ('', 'predict raised ValueError: no.')
    """
    answers = [call.prediction for call in calls.values() if call.prediction is not None]
    agreed = ""
    if len(answers) > 1:
        agreed = agreement(answers, who=_who([each.method for each in answers], methods))
    elif answers:
        agreed = f"Only {answers[0].method} has an answer." if len(methods) > 1 else "Done."
    raised: dict[str, list[str]] = {}
    for call in calls.values():
        if call.error:
            raised.setdefault(call.error.rstrip("."), []).append(call.method)
    wrong = [f"{_who(names, methods)} raised {error}." for error, names in raised.items()]
    absent = [method for method in methods if method not in calls]
    if calls and absent:
        wrong.append(f"Not run: {', '.join(absent)}.")
    return agreed, " ".join(wrong)


def _who(names: Sequence[str], methods: Sequence[str]) -> str:
    """Name some of the methods in a sentence."""
    whole = len(names) == len(methods) > 1
    return "All methods" if whole else " and ".join(names)


def _row(
    label: str, write: Callable[[Call], str], calls: Sequence[Call], mark: bool = False
) -> Row:
    """Return a row in which a call without an answer has no value."""
    return Row(label, tuple(write(call) if call.prediction else "" for call in calls), mark=mark)


def _answer_row(facet: str, calls: Sequence[Call], mark: bool) -> Row:
    """Return one of `FACETS`; the first of them holds the errors."""
    look, first = FACETS[facet], next(iter(FACETS))
    cells = (
        str(look(call.prediction)) if call.prediction else call.error if facet == first else ""
        for call in calls
    )
    return Row(facet, tuple(cells), mark=mark)


def _runs(call: Call) -> str:
    """Write how often Python ran ``predict_step``, and why."""
    how = {"eager": " (eager)", "graph": " (tracing)", "-": ""}
    return f"{len(call.runs)}{how[runs_as(call.runs)]}"


def _classes(call: Call, reference: Prediction) -> str:
    """Write the classes of the first samples, and how many differ from the reference's."""
    if call.prediction is None or call.prediction.probabilities.ndim < 2:
        return "no axis of classes"
    classes = call.prediction.classes
    listed = ", ".join(str(name) for name in classes[:LISTED].tolist())
    rest = ", ..." if len(classes) > LISTED else ""
    other = reference.classes if reference.probabilities.ndim >= 2 else classes[:0]
    if other.shape != classes.shape:
        return listed + rest
    differ = int(np.sum(classes != other))
    return f"{listed}{rest}" + (f" ({differ} of {len(classes)} differ)" if differ else "")


def _first(call: Call, first: Mapping[str, Call]) -> str:
    """Write the time of the first call, and whether it traced."""
    before = first.get(call.method, call)
    time_words = "this one" if before is call else milliseconds(before.seconds)
    return f"{time_words}, traced" if before.traced else time_words
