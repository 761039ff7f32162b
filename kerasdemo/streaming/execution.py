"""Run a model's ``predict_step`` over a Dataset, compiled, one result a batch.

A loop in Python fetches a batch, calls the compiled step and converts the result: three crossings
between Python and TensorFlow for each batch, which is most of the time if batches are small. Here
one compiled function fetches *and* computes; and where batches are quick, it does so for eight of
them in one call.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Generator
from typing import Any, NamedTuple

from kerasdemo._backend import import_tensorflow

TOGETHER = 8
"""Batches that one call computes, where they are quick."""
QUICK = 0.008
"""Seconds for a batch, fetched and computed. Slower ones come singly: there the crossings are under
one per cent, and nobody should wait for eight."""
AT_ONCE = 2
"""Batches of a call that may be computed at the same time; more would only take memory."""


class Kept(NamedTuple):
    """The compiled functions of a model, and what they were made from."""

    origin: tuple[Any, ...]
    step: Any
    runs: dict[int, Any]


# model -> its compiled functions, which hold the model weakly
_kept: weakref.WeakKeyDictionary[Any, Kept] = weakref.WeakKeyDictionary()


def execute(model: Any, dataset: Any, *, ahead: bool) -> Generator[Any, None, None]:
    """Yield the outputs of ``predict_step`` for each batch, as NumPy arrays.

    Parameters
    ----------
    model : keras.Model
    dataset : tf.data.Dataset
        Of batches.
    ahead : bool
        Compute up to `TOGETHER` quick batches in one call, of which the first is then handed over.
        ``False`` computes a batch when it is asked for.
    """
    tf = import_tensorflow()
    shapes = [getattr(spec, "shape", None) for spec in tf.nest.flatten(dataset.element_spec)]
    if model.run_eagerly:
        return _one_by_one(model.predict_step, dataset)
    if any(getattr(shape, "rank", 0) is None for shape in shapes):
        # a graph that fetches would not know the rank; that of a batch at hand does
        return _one_by_one(new_step(model, relax=True), dataset)
    return _compiled(model, dataset, ahead)


def _one_by_one(step: Any, dataset: Any) -> Generator[Any, None, None]:
    tf = import_tensorflow()
    for batch in dataset:
        yield tf.nest.map_structure(_as_numpy, step(batch))


def _compiled(model: Any, dataset: Any, ahead: bool) -> Generator[Any, None, None]:
    kept = functions(model)
    form = kept.step.get_concrete_function(dataset.element_spec).structured_outputs
    _kept[model] = kept._replace(origin=origin(model))  # a new model has its weights only now
    iterator = iter(dataset)
    together, calls = 1, 0
    while True:
        if together not in kept.runs:
            kept.runs[together] = new_run(kept.step, together)
        start = time.perf_counter()
        there, batches = kept.runs[together](iterator)
        flags = there.numpy()
        calls += 1
        if ahead and calls > 1 and time.perf_counter() - start < QUICK:  # the first may trace
            together = TOGETHER
        for is_there, parts in zip(flags, batches, strict=True):
            if not is_there:
                return
            yield _packed(form, parts)


def functions(model: Any) -> Kept:
    """Return the compiled functions kept for a model, or new ones if it has changed since."""
    kept, now = _kept.get(model), origin(model)
    if kept is not None and _same(kept.origin, now):
        return kept
    return Kept(now, new_step(model), {})


def origin(model: Any) -> tuple[Any, ...]:
    """Return what a compiled step is made from: another one makes it out of date.

    ``compile()`` drops Keras's own compiled function (``trainers/trainer.py``, ``compile``); it is
    known here by the optimizer, loss and metrics that it makes. Replaced weights (``quantize``, a
    layer added to a Sequential) and a replaced ``predict_step`` count as well.
    """
    step = model.predict_step
    made = (getattr(model, name, None) for name in ("optimizer", "_compile_loss"))
    metrics = getattr(model, "_compile_metrics", None)
    things = [getattr(step, "__func__", step), *made, metrics, *model.weights]
    return (bool(model.jit_compile), *map(_weakly, things))


def _weakly(thing: Any) -> Any:
    try:
        return weakref.ref(thing)
    except TypeError:  # None, for one
        return thing


def _same(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    return len(before) == len(now) and all(
        a is b if not isinstance(a, weakref.ref) else isinstance(b, weakref.ref) and a() is b()
        for a, b in zip(before, now, strict=True)
    )


def new_step(model: Any, *, relax: bool = False) -> Any:
    """Return ``model.predict_step`` as a ``tf.function``, not traced yet.

    With `relax`, a second batch size is traced for all further ones.
    """
    tf = import_tensorflow()
    keep = weakref.ref(model)

    def step(batch: Any) -> Any:
        return keep().predict_step(batch)  # type: ignore[union-attr]

    jit = True if model.jit_compile else None
    return tf.function(step, autograph=False, jit_compile=jit, reduce_retracing=relax)


def new_run(step: Any, together: int) -> Any:
    """Return a ``tf.function`` that fetches `together` batches and computes them.

    It gives one flag a batch, whether there was one, and the parts of its outputs in the order of
    ``tf.nest.flatten``.
    """
    tf = import_tensorflow()

    def run(iterator: Any) -> Any:
        form = step.get_concrete_function(iterator.element_spec).structured_outputs
        there: list[Any] = []
        batches: list[Any] = []
        for number in range(together):
            # waits for an earlier batch, so that no more than AT_ONCE are in memory
            with tf.control_dependencies(batches[number - AT_ONCE] if number >= AT_ONCE else []):
                fetched = iterator.get_next_as_optional()
                there.append(fetched.has_value())
                batches.append(_if_there(there[-1], fetched, step, form))
        return tf.stack(there), batches

    return tf.function(run, autograph=False)


def _if_there(there: Any, fetched: Any, step: Any, form: Any) -> Any:
    """Compute a batch if there is one; else give parts of the same form, which nobody reads."""
    tf = import_tensorflow()

    def computed() -> list[Any]:
        return list(tf.nest.flatten(step(fetched.get_value()), expand_composites=True))

    def nothing() -> list[Any]:
        return [
            tf.zeros([size or 0 for size in part.shape] if part.shape.rank else [], part.dtype)
            for part in tf.nest.flatten(form, expand_composites=True)
        ]

    return tf.cond(there, computed, nothing)


def _packed(form: Any, parts: Any) -> Any:
    """Give the parts of one batch's outputs their form back, dense ones as arrays."""
    tf = import_tensorflow()
    if len(parts) == 1 and isinstance(form, tf.TensorSpec):
        return parts[0].numpy()
    packed = tf.nest.pack_sequence_as(form, parts, expand_composites=True)
    return tf.nest.map_structure(_as_numpy, packed)


def _as_numpy(value: Any) -> Any:
    tf = import_tensorflow()
    ragged = isinstance(value, (tf.RaggedTensor, tf.SparseTensor))
    return value.numpy() if hasattr(value, "numpy") and not ragged else value
