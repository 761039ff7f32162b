"""See what runs inside a call, without changing what the call does."""

from __future__ import annotations

import inspect
import io
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.methods import caller
from kerasdemo.prediction import Prediction, gather

# JupyterLab runs cells and what widgets ask for in threads of their own.
COUNTING = threading.RLock()


@contextmanager
def as_new(model: Any) -> Iterator[Any]:
    """Give `model` no compiled prediction function, as after ``compile()``; put the old one back.

    Inside, the first ``predict`` or ``predict_on_batch`` traces anew, so a first call can be
    watched or timed on a model that has been used before. Keras keeps the function in
    ``model.predict_function`` (``keras/src/backend/tensorflow/trainer.py``,
    ``make_predict_function``). TensorFlow's warning about frequent retracing is held back: here
    each trace is asked for.
    """
    before = getattr(model, "predict_function", None)
    model.predict_function = None
    log = logging.getLogger("tensorflow")
    log.addFilter(_not_about_retracing)
    try:
        yield model
    finally:
        model.predict_function = before
        log.removeFilter(_not_about_retracing)


def _not_about_retracing(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in str(record.msg)


@dataclass
class Runs:
    """How often Python ran the body of ``predict_step``, and how.

    Attributes
    ----------
    eager : list of bool
        One entry a run: ``True`` if TensorFlow was executing eagerly, ``False`` if it was tracing
        a graph.
    """

    eager: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.eager)


@contextmanager
def count_runs(model: Any) -> Iterator[Runs]:
    """Count how often Python runs the body of ``model.predict_step``.

    A compiled graph does not run Python: what is counted is each trace, and each eager call. The
    counter sits on the instance while the block lasts, and is taken away after it, also when the
    call raises. Threads take turns: two counters on one model would not both go away.
    """
    tf = import_tensorflow()
    runs = Runs()
    with COUNTING:
        own = model.__dict__.get("predict_step")
        body = model.predict_step

        def counted(data: Any) -> Any:
            runs.eager.append(bool(tf.executing_eagerly()))
            return body(data)

        model.__dict__["predict_step"] = counted
        try:
            yield runs
        finally:
            if own is None:
                del model.__dict__["predict_step"]
            else:
                model.__dict__["predict_step"] = own


@dataclass(frozen=True, repr=False, eq=False)
class Observation:
    """What was seen of one method: its prediction, and what ran to make it.

    Attributes
    ----------
    prediction : Prediction
    first_runs, warm_runs : int
        How often Python ran the body of ``predict_step`` in the first call on a model with no
        compiled function yet, and in the call after it.
    runs_as : str
        ``"graph"`` if those runs were traces, ``"eager"`` if TensorFlow executed each line at once,
        ``"-"`` if there were none.
    loops : bool
        Whether the method cuts batches itself (it has a ``batch_size`` argument).
    batches : int
        Batches that went through the model in one job.
    callback_events : int
        Times that a callback was called in one job; 0 if the method takes no callbacks.
    progress_bar : bool
        Whether the method printed one when left at its default.
    """

    prediction: Prediction
    first_runs: int
    warm_runs: int
    runs_as: str
    loops: bool
    batches: int
    callback_events: int
    progress_bar: bool


def observe(model: Any, images: Any, method: str, batch_size: int) -> Observation:
    """Call `method` twice on a model as new, count what runs, and time nothing."""
    events = event_counter()
    has_bar, has_callbacks = (takes(model, method, name) for name in ("verbose", "callbacks"))
    with as_new(model):
        call = caller(model, method, batch_size=batch_size, fresh=True)
        with count_runs(model) as first, redirect_stdout(io.StringIO()):
            call(images)
        with count_runs(model) as warm, redirect_stdout(io.StringIO()) as printed:
            returned = call(images)
        if has_callbacks:
            with redirect_stdout(io.StringIO()) as printed:
                caller(model, method, batch_size=batch_size, verbose="auto", callbacks=[events])(
                    images
                )
    runs = first.eager + warm.eager
    return Observation(
        prediction=gather(method, returned),
        first_runs=len(first),
        warm_runs=len(warm),
        runs_as=runs_as(runs),
        loops=takes(model, method, "batch_size"),
        batches=events.batches if has_callbacks else len(returned),
        callback_events=events.count,
        progress_bar=has_bar and bool(printed.getvalue().strip()),
    )


def runs_as(runs: Sequence[bool]) -> str:
    """Say how Python ran ``predict_step``: ``"eager"``, ``"graph"`` while tracing, ``"-"`` never.

    Examples
    --------
    >>> runs_as([False]), runs_as([True, True]), runs_as([])
    ('graph', 'eager', '-')
    """
    return ("eager" if all(runs) else "graph") if runs else "-"


def takes(model: Any, method: str, argument: str) -> bool:
    """Say whether a method of the model has an argument of that name, on this version of Keras."""
    function = getattr(model, method, None) if method.startswith("predict") else None
    return function is not None and argument in inspect.signature(function).parameters


def event_counter() -> Any:
    """Return a Keras callback that counts its own ``on_predict_*`` calls and the batches."""
    keras = import_keras()

    class Counter(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        count = 0
        batches = 0

        def on_predict_begin(self, logs: Any = None) -> None:
            self.count += 1

        def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.count += 1

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            self.count += 1
            # with steps_per_execution, Keras counts on past a short last execution
            self.batches = min(batch + 1, self.params.get("steps") or batch + 1)

        def on_predict_end(self, logs: Any = None) -> None:
            self.count += 1

    return Counter()
