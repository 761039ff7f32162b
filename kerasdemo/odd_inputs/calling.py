"""Give one input to one method and write down what comes, on a fresh and on a warm function.

The model is as it was afterwards. Nothing runs on without end: ``predict`` gets a callback that
stops it, and the infinite Dataset of the kit raises by itself a little later, in whatever reads it.
No thread is started for it.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.agreement import SAME
from kerasdemo.error_lines import error_line
from kerasdemo.methods import new_compiled
from kerasdemo.odd_inputs.came import Came
from kerasdemo.odd_inputs.cases import ENDLESS, ENOUGH, Odd
from kerasdemo.prediction import gap, gather, type_name
from kerasdemo.spy import as_new
from kerasdemo.spy.watch import trace_count

COMPILED = ("predict", "predict_on_batch", "compiled")
"""Methods that run a function compiled earlier, so that what came before can matter."""
MANY = 1000
"""Batches after which ``predict`` is stopped whatever it is given."""

ADDRESS = re.compile(r" at 0x[0-9a-f]+")

Outputs = dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """What a call came to: the value, or the exception and the Keras function that raised it."""

    value: Any = None
    error: Exception | None = None
    raised_in: str = ""
    batches: int = 0


class Bench:
    """A model to try inputs on, with its right answers.

    Parameters
    ----------
    model : keras.Model
    samples : array of shape (n, ...)
        Right samples.
    """

    def __init__(self, model: Any, samples: Any) -> None:
        self.model, self.samples = model, samples
        self.right: dict[str, Outputs | None] = {}
        self.warm: dict[str, Any] = {}

    def try_out(self, odd: Odd, method: str) -> tuple[Came, dict[str, Raw]]:
        """Give one input to one method; return what came, and the raw calls it came from."""
        if method not in self.right:
            self.right[method] = self._right_answer(method)
        right = self.right[method]
        wanted = _rows(right, odd.rows) if right is not None and odd.rows is not None else None
        with self._fresh(method) as call:
            raw = call(odd.make())
            came, afterwards, warm = _came(odd, method, raw, wanted), "", None
            traced = method in COMPILED and self._reached(method)
            if traced and raw.error is None and right is not None:
                next_ = _came(odd, method, call(self.samples), right)
                afterwards = "" if next_.kind in ("right", "no end") else next_.words
        calls = {"fresh": raw}
        if traced and right is not None:
            calls["warm"] = self._on_a_warm_function(method, odd)
            warm = _came(odd, method, calls["warm"], wanted)
        if warm is not None and alike(came, warm):
            warm = None
        return replace(came, warm=warm, afterwards=afterwards), calls

    @contextmanager
    def _fresh(self, method: str) -> Iterator[Callable[[Any], Raw]]:
        """Give a function that calls the method, on a compiled function that nothing traced."""
        stop = stopper()
        with as_new(self.model):
            call = as_typed(self.model, method, stop)

            def watched(x: Any) -> Raw:
                stop.limit = ENOUGH if has_no_end(x) else MANY
                raw = _raw(call, x)
                told = ENDLESS in str(raw.error) if raw.error else stop.stopped
                return replace(raw, error=None, batches=stop.batches or 1) if told else raw

            yield watched

    def _on_a_warm_function(self, method: str, odd: Odd) -> Raw:
        """Give an input to a function that has predicted right samples, and nothing else.

        Tracing is what takes long. A function that the input added no graph to (most are refused
        before) is as it was, and serves for the next input, too.
        """
        with self._fresh(method) as call:
            if method in self.warm:
                self.model.predict_function = self.warm.pop(method)
            else:
                call(self.samples)
            function = self.model.predict_function
            graphs = trace_count(function)
            raw = call(odd.make())
            if function is not None and trace_count(function) == graphs:
                self.warm[method] = function
        return raw

    def _reached(self, method: str) -> bool:
        """Whether a call got as far as a compiled function."""
        return method == "compiled" or self.model.predict_function is not None

    def _right_answer(self, method: str) -> Outputs | None:
        """Return the outputs for right samples; None if there are none, or others each time."""
        outputs = []
        for _ in range(2):
            with self._fresh(method) as call:
                outputs.append(_outputs(method, call(self.samples)))
        one, other = outputs
        return one if one is not None and other is not None and _same(one, other) else None


def as_typed(model: Any, method: str, stop: Any) -> Callable[[Any], Any]:
    """Return the call that a student would type; only ``predict`` gets a callback more."""
    if method == "predict":
        return lambda x: model.predict(x, verbose=0, callbacks=[stop])
    if method == "call":
        return lambda x: model(x, training=False)
    if method == "compiled":
        compiled = new_compiled(model)
        return lambda x: compiled(x)
    return lambda x: getattr(model, method)(x)


def _raw(call: Callable[[Any], Any], x: Any) -> Raw:
    """Call, with Keras's own frames left in the traceback, so that one can see who raised."""
    keras = import_keras()
    filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        return Raw(value=call(x))
    except Exception as error:  # any exception is an answer here
        return Raw(error=error, raised_in=_keras_frame(error))
    finally:
        if filtering:
            keras.config.enable_traceback_filtering()


def _keras_frame(error: Exception) -> str:
    """Name the innermost file and function of Keras that an exception came through."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = frame.filename.replace("\\", "/")
        _, found, inside = path.rpartition("/keras/src/")
        if found and "traceback_utils" not in inside:
            return f"keras/src/{inside}: {frame.name}"
    return ""


def _came(odd: Odd, method: str, raw: Raw, wanted: Outputs | None) -> Came:
    shape = _main_shape(wanted)
    if raw.error is not None:
        said = ADDRESS.sub("", error_line(raw.error))
        return Came(odd.name, method, error=said, wanted=shape)
    if raw.batches:
        return Came(odd.name, method, batches=raw.batches)
    outputs = _outputs(method, raw)
    kind = type_name(raw.value)
    if outputs is None:  # ragged, or of a form that no array has
        return Came(odd.name, method, type=kind, wanted=shape)
    floats = [array for array in outputs.values() if array.dtype.kind == "f"]
    return Came(
        odd.name,
        method,
        type=kind,
        shape=_main_shape(outputs),
        wanted=shape,
        finite=all(bool(np.isfinite(array).all()) for array in floats),
        same=_same(outputs, wanted) if wanted is not None else None,
    )


def _outputs(method: str, raw: Raw) -> Outputs | None:
    if raw.error is not None or raw.value is None:
        return None
    try:
        return gather(method, (raw.value,)).outputs
    except (TypeError, ValueError, AttributeError):
        return None


def _main_shape(outputs: Outputs | None) -> tuple[int, ...] | None:
    return tuple(next(iter(outputs.values())).shape) if outputs else None


def _rows(outputs: Outputs, rows: tuple[int, ...]) -> Outputs:
    return {name: array[np.array(rows, int)] for name, array in outputs.items()}


def alike(one: Came, other: Came) -> bool:
    """Say whether two calls came to the same; numbers and names in an error do not count."""
    facts = [
        (c.kind, c.shape, c.type, c.finite, re.sub(r"[\d_]+", "", c.error)) for c in (one, other)
    ]
    return facts[0] == facts[1]


def _same(one: Outputs, other: Outputs) -> bool:
    return one.keys() == other.keys() and all(gap(one[k], other[k]) < SAME for k in one)


def has_no_end(x: Any) -> bool:
    """Say whether something is known to have no end: a Dataset can tell, a generator cannot."""
    endless = import_tensorflow().data.INFINITE_CARDINALITY
    return hasattr(x, "cardinality") and int(x.cardinality()) == endless


def stopper() -> Any:
    """Return a Keras callback that stops ``predict`` after ``.limit`` batches."""
    keras = import_keras()

    class Stopper(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        limit, batches, stopped = MANY, 0, False

        def on_predict_begin(self, logs: Any = None) -> None:
            self.batches, self.stopped = 0, False

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            self.batches = batch + 1
            if self.batches >= self.limit:
                self.stopped = self.model.stop_predicting = True

    return Stopper()
