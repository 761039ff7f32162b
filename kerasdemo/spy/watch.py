"""What has been seen of a call so far, and how to say what a batch is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasdemo.spy.timeline import Timeline


@dataclass
class Watch:
    """What has been seen of one call. The attributes are those of `CallTrace`, still growing.

    Attributes
    ----------
    thread : int
        The thread that makes the call. What others do meanwhile is none of its business.
    functions : list of (function, int)
        Each compiled function that was called, and the traces that it had before.
    handing_over : str
        ``"soon"`` from the start of an event until Keras prepares what callbacks are given,
        ``"now"`` while it does.
    """

    model: Any
    timeline: Timeline = field(default_factory=Timeline)
    thread: int = field(default_factory=threading.get_ident)
    step_runs: list[bool] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    layer_runs: dict[str, list[bool]] = field(default_factory=dict)
    batches: list[Any] = field(default_factory=list)
    executions: int = 0
    functions: list[tuple[Any, int]] = field(default_factory=list)
    events: dict[str, int] = field(default_factory=dict)
    conversions: int = 0
    callback_conversions: int = 0
    handing_over: str = ""

    @property
    def looking(self) -> bool:
        """Whether what runs now belongs to the call itself, and not to a callback of the user's."""
        here = threading.get_ident() == self.thread
        return here and self.timeline.phase not in ("", "callbacks")

    @property
    def between(self) -> bool:
        """Whether Keras is at work around the batches: a step may call other models within it."""
        return self.looking and self.timeline.phase not in ("computing", "first run")

    @property
    def traces(self) -> int:
        """How many graphs the compiled functions have gained."""
        return sum(trace_count(function) - before for function, before in self.functions)

    def count_traces_from_now(self) -> None:
        """Forget the traces made so far."""
        self.functions = [(function, trace_count(function)) for function, _ in self.functions]

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with each call of it on the timeline, and its batches noted.

        It is called as Keras calls its compiled function: with a list of batches, as many as
        ``steps_per_execution`` says (``keras/src/backend/tensorflow/trainer.py``, ``get_data``).
        """
        self.functions.append((function, trace_count(function)))

        def execute(data: Any) -> Any:
            if not self.looking:
                return function(data)
            self.executions += 1
            self.batches += [shapes_of(samples_in(batch)) for batch in data]
            self.timeline.enter("computing")
            try:
                return function(data)
            finally:
                self.timeline.leave()

        return execute


def trace_count(function: Any) -> int:
    """Return how many graphs a ``tf.function`` has traced; 0 for a plain function."""
    counter = getattr(function, "experimental_get_tracing_count", None)
    return int(counter()) if counter is not None else 0


def samples_in(data: Any) -> Any:
    """Return the samples in what a data pipeline yields: x of (x,), (x, y) or (x, y, weights).

    Keras reads it so (``keras/src/trainers/data_adapters/data_adapter_utils.py``,
    ``unpack_x_y_sample_weight``).
    """
    return data[0] if isinstance(data, (tuple, list)) and 1 <= len(data) <= 3 else data


def shapes_of(data: Any) -> Any:
    """Return the shape of an array or tensor; of several, the same structure with shapes in it.

    Examples
    --------
    >>> import numpy as np
    >>> shapes_of({"a": np.zeros((2, 3)), "b": np.zeros(2)})
    {'a': (2, 3), 'b': (2,)}
    """
    if isinstance(data, Mapping):
        return {name: shapes_of(part) for name, part in data.items()}
    if isinstance(data, (tuple, list)):
        return [shapes_of(part) for part in data]
    shape = getattr(data, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:  # no array; a tensor of any rank
        return None
    return tuple(shape)


def describe(data: Any) -> str:
    """Say what arrived: a tensor or an array and its shape, or the tuple or dict around it.

    Examples
    --------
    >>> import numpy as np
    >>> describe((np.zeros((4, 3)),)), describe({"a": np.zeros(2)})
    ('(array (4, 3),)', '{a: array (2,)}')
    """
    if isinstance(data, Mapping):
        return "{" + ", ".join(f"{name}: {describe(part)}" for name, part in data.items()) + "}"
    if isinstance(data, (tuple, list)):
        inner = ", ".join(describe(part) for part in data)
        if isinstance(data, list):
            return f"[{inner}]"
        return f"({inner},)" if len(data) == 1 else f"({inner})"
    if not hasattr(data, "shape"):
        return type(data).__name__
    kind = "array" if type(data).__module__.partition(".")[0] == "numpy" else "tensor"
    shape = shapes_of(data)
    return f"{kind} of any shape" if shape is None else f"{kind} {shape}"
