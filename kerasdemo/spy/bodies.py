"""Count how often Python runs the body of ``predict_step`` and of each layer's ``call``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from kerasdemo._backend import import_tensorflow
from kerasdemo.spy.watch import Watch, describe


@contextmanager
def counted_bodies(watch: Watch, method: str) -> Iterator[None]:
    """Count the runs of each body while the block lasts; the time of a trace goes to "tracing".

    The counters sit on the instances, where Keras looks a method up at each run
    (``keras/src/ops/operation.py``, ``__call__``); afterwards they are gone, also when the call
    raises. Layers that the model makes only during the call are not counted.
    """
    step_traces = method in ("predict", "predict_on_batch")
    with ExitStack() as stack:
        stack.enter_context(
            counter(watch, watch.model, "predict_step", watch.step_runs, traces=step_traces)
        )
        for name, layer in named_layers(watch.model).items():
            runs = watch.layer_runs.setdefault(name, [])
            traces = layer is watch.model and method == "compiled"
            stack.enter_context(counter(watch, layer, "call", runs, traces=traces))
        yield


@contextmanager
def counter(
    watch: Watch, owner: Any, name: str, runs: list[bool], *, traces: bool
) -> Iterator[None]:
    """Note each run of a method of `owner`: True for eagerly, False for within a graph.

    With `traces`, the time up to the end of a run within a graph is what tracing took.
    """
    own = vars(owner).get(name)
    vars(owner)[name] = counting(watch, getattr(owner, name), runs, traces=traces)
    try:
        yield
    finally:
        if own is None:
            del vars(owner)[name]
        else:
            vars(owner)[name] = own


def counting(
    watch: Watch, body: Callable[..., Any], runs: list[bool], *, traces: bool
) -> Callable[..., Any]:
    """Return `body` with a note made of each run."""
    eagerly = import_tensorflow().executing_eagerly

    @functools.wraps(body)
    def run(*args: Any, **kwargs: Any) -> Any:
        if not watch.looking:
            return body(*args, **kwargs)
        eager = bool(eagerly())
        runs.append(eager)
        if runs is watch.step_runs:
            watch.received.append(describe(args[0] if args else kwargs.get("data")))
        try:
            return body(*args, **kwargs)
        finally:
            if traces and not eager:
                watch.timeline.was("tracing", "first run")

    return run


def named_layers(model: Any) -> dict[str, Any]:
    """Return the model and all layers within it, by name; a name met again gets a number.

    Layers that hold the samples' place (``InputLayer``) have nothing to run, and are left out.
    """
    named: dict[str, Any] = {}
    for layer in model._flatten_layers():
        if type(layer).__name__ == "InputLayer" or any(layer is other for other in named.values()):
            continue
        name, number = layer.name, 2
        while name in named:
            name, number = f"{layer.name} ({number})", number + 1
        named[name] = layer
    return named
