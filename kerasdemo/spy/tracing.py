"""Watch one call of one method from its first line to its last, and leave the model as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from kerasdemo.inputs import check_images
from kerasdemo.methods import (
    batches,
    caller,
    check_batch_size,
    check_method,
    compiled,
    new_compiled,
)
from kerasdemo.prediction import gather
from kerasdemo.spy.bodies import counted_bodies
from kerasdemo.spy.call_trace import CallTrace
from kerasdemo.spy.fresh import COUNTING, as_new
from kerasdemo.spy.points import watched_points
from kerasdemo.spy.timeline import Timeline
from kerasdemo.spy.watch import Watch, shapes_of

# What a call sets on a model, besides its compiled function: keras/src/trainers/trainer.py,
# jit_compile ("auto" becomes True or False), keras/src/backend/tensorflow/trainer.py, predict.
LEFT_BEHIND = ("_jit_compile", "stop_predicting")

CALLS = ("first", "warm", "next")


def trace_call(
    model: Any,
    images: Any,
    method: str = "predict",
    *,
    call: str = "first",
    batch_size: int | None = None,
    callbacks: Sequence[Any] = (),
    verbose: int = 0,
    clock: Callable[[], float] = time.perf_counter,
) -> CallTrace:
    """Call a method and see what runs inside, and where the time goes.

    The call does what it would do unwatched. What is watched, is watched from outside: named
    functions of Keras note the time on their way in and out, and the Python bodies of
    ``predict_step`` and of each layer's ``call`` are counted. On a GPU, results are computed while
    Python runs on, and part of the computing shows as converting.

    Parameters
    ----------
    model : keras.Model
        Any Keras model.
    images : array of shape (n, ...)
        Samples, batch axis first; for several inputs what the model's ``predict`` takes. With
        ``predict``, a ``tf.data.Dataset`` as well.
    method : str
        One of :data:`kerasdemo.methods.METHODS`.
    call : str
        ``"first"``: as the first call after ``compile()``. ``"warm"``: as a call after one just
        like it, which is not watched. After these two the model is as it was. ``"next"``: the next
        call on the model as it is; it leaves behind what any call leaves, such as a compiled
        function.
    batch_size : int, optional
        Samples to a batch. ``None`` leaves each method its own way: ``predict`` cuts batches of 32,
        the others take all samples as a single batch.
    callbacks : sequence of keras.callbacks.Callback
        For ``predict``, which alone takes them.
    verbose : int
        For ``predict``: 1 shows its progress bar.
    clock : function
        Returns seconds; tests give their own.

    Returns
    -------
    CallTrace

    Raises
    ------
    ValueError, TypeError
        For an unknown method or kind of call, callbacks for a method that takes none, or samples
        that cannot work.
    Exception
        Whatever the method raises. The model is as it was then, too.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> model, images = kd.load_classifier(), kd.load_digits()[:70].images
    >>> trace = kd.trace_call(model, images)
    >>> trace.batches, trace.traces
    (((32, 28, 28, 1), (32, 28, 28, 1), (6, 28, 28, 1)), 2)
    >>> kd.trace_call(model, images, call="warm").traces
    0

    Introduced in lesson 05.
    """
    check_method(method)
    check_batch_size(batch_size)
    if call not in CALLS:
        raise ValueError(f"call is {call!r}; it must be one of {', '.join(map(repr, CALLS))}.")
    if callbacks and method != "predict":
        raise ValueError(f"{method} takes no callbacks; predict alone does. Leave callbacks out.")
    if not (method == "predict" and hasattr(images, "element_spec")):
        images = check_images(model, images)
    with COUNTING, ExitStack() as stack:
        if call != "next":
            stack.enter_context(restored(model))
        watch = Watch(model, Timeline(clock))
        if method == "predict":
            run = caller(
                model,
                method,
                batch_size=batch_size,
                callbacks=list(callbacks) or None,
                verbose=verbose,
            )
        else:
            run = own_loop(watch, method, batch_size, fresh=call != "next")
        if call == "warm":
            run(images)
        stack.enter_context(counted_bodies(watch, method))
        stack.enter_context(watched_points(watch))
        watch.count_traces_from_now()
        watch.timeline.start("set-up" if method == "predict" else "waiting")
        try:
            outputs = run(images)
        finally:
            watch.timeline.stop()
    return result(watch, method, call, outputs)


def own_loop(
    watch: Watch, method: str, batch_size: int | None, *, fresh: bool
) -> Callable[[Any], tuple[Any, ...]]:
    """Return a loop over batches around a method that has none, each turn on the timeline."""
    if method == "compiled":
        one = new_compiled(watch.model) if fresh else compiled(watch.model)
        watch.functions.append((one, 0))
    else:
        whole = caller(watch.model, method)

        def one(batch: Any) -> Any:
            return whole(batch)[0]

    # predict_on_batch calls the compiled function, which is on the timeline by itself
    inner = method == "predict_on_batch"

    def run_one(batch: Any) -> Any:
        if not watch.looking:
            return one(batch)
        if not inner:
            watch.executions += 1
            watch.batches.append(shapes_of(batch))
        watch.timeline.enter("the rest" if inner else "computing")
        try:
            return one(batch)
        finally:
            watch.timeline.leave()

    return lambda images: tuple(run_one(batch) for batch in batches(images, batch_size))


@contextmanager
def restored(model: Any) -> Iterator[None]:
    """Lend a model without a compiled function; put that one and the random state back.

    The state of a layer's seed generator is a variable of the layer
    (``keras/src/random/seed_generator.py``).
    """
    seeds = [s for layer in model._flatten_layers() for s in getattr(layer, "_seed_generators", ())]
    states = [(seed.state, seed.state.numpy()) for seed in seeds]
    attributes = {name: vars(model)[name] for name in LEFT_BEHIND if name in vars(model)}
    with as_new(model):
        try:
            yield
        finally:
            for variable, value in states:
                variable.assign(value)
            for name in LEFT_BEHIND:
                vars(model).pop(name, None)
            vars(model).update(attributes)


def result(watch: Watch, method: str, call: str, outputs: tuple[Any, ...]) -> CallTrace:
    """Turn what was seen into what is handed out."""
    spans = watch.timeline.spans
    return CallTrace(
        method=method,
        call=call,
        prediction=gather(method, outputs),
        seconds=spans[-1].end if spans else 0.0,
        spans=spans,
        step_runs=tuple(watch.step_runs),
        received=tuple(watch.received),
        layer_runs={name: tuple(runs) for name, runs in watch.layer_runs.items()},
        traces=watch.traces,
        batches=tuple(watch.batches),
        executions=watch.executions,
        events=watch.events,
        conversions=watch.conversions,
        callback_conversions=watch.callback_conversions,
    )
