"""What a method does with some samples, seen in two calls of it: for a comparison."""

from __future__ import annotations

import inspect
import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from kerasdemo._backend import import_keras
from kerasdemo.methods import caller
from kerasdemo.prediction import Prediction, gather
from kerasdemo.spy.fresh import as_new
from kerasdemo.spy.runs import count_runs, runs_as


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
