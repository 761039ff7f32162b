"""Predict a ``tf.data.Dataset`` of any length, batch by batch, in constant memory.

``model.predict(dataset)`` streams its input too, but keeps every output until the end: a list of
tensors, then their concatenation, then its NumPy copy (Keras, ``backend/tensorflow/trainer.py``,
``predict``). Here each batch's result is handed over as soon as it is there, and forgotten.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from kerasdemo._progress import progress_bar
from kerasdemo.streaming.checks import (
    batches_to_come,
    check_dataset,
    check_model,
    check_steps,
    perhaps_single,
)
from kerasdemo.streaming.execution import execute
from kerasdemo.streaming.listeners import Listeners
from kerasdemo.streaming.store import Store, open_store

__all__ = ["predict_stream"]


def predict_stream(
    model: Any,
    dataset: Any,
    *,
    steps: int | None = None,
    callbacks: Any = None,
    out: Any = None,
    resume: bool = False,
    progress: bool = False,
) -> Iterator[Any]:
    """Yield what the model says to each batch of a Dataset; keep none of it.

    The batches go through ``model.predict_step``, compiled, as in ``model.predict``: an override is
    honoured, ``run_eagerly`` and ``jit_compile`` too. One graph serves every batch size, so a
    smaller last batch costs no new trace. Nothing runs before the first result is asked for.

    Parameters
    ----------
    model : keras.Model
        Any Keras model. It is the same afterwards; a model that was never built is built.
    dataset : tf.data.Dataset
        Its elements are batches: x, (x,), (x, y) or (x, y, w), as for ``predict``; y and w are not
        used. x may be an array or the dict or tuple of arrays that the model takes.
    steps : int, optional
        Stop after this many batches; ``None`` goes on to the end of the Dataset. A Dataset without
        end needs it only together with `out`.
    callbacks : list of keras.callbacks.Callback, optional
        Their ``on_predict_*`` methods are called as ``predict`` calls them, with the batch's
        outputs as arrays; setting ``model.stop_predicting = True`` ends the stream. With callbacks
        each batch is computed when its turn comes; without, quick batches are computed eight at a
        time.
    out : str, Path, numpy.ndarray or numpy.memmap, or a dict or list of these, optional
        Where the rows go as well, batch after batch. A path must end in ``.npy``; the file appears
        when it is complete, and until then its rows are in ``NAME.npy.part``. An array must have
        one row for each sample. A model with several outputs needs one for each, in a dict or list
        of the same form.
    resume : bool
        Go on with what an earlier call with the same `out` left unfinished, killed or stopped. The
        batches that it has written are skipped (``dataset.skip``), after the last of them has been
        computed once more and compared. If a file is whole, nothing is yielded; an array does not
        show whether it is whole, and without a journal beside it is written from its first row.
    progress : bool
        Show a progress bar once the work has lasted two seconds.

    Yields
    ------
    ndarray, or a dict, list or tuple of them
        One batch's outputs, in the form that ``predict_on_batch`` gives; ragged and sparse outputs
        stay tensors.

    Raises
    ------
    TypeError
        If `dataset` is no ``tf.data.Dataset`` or `model` no Keras model.
    ValueError
        If the Dataset yields single samples instead of batches; if it has no end and rows should be
        stored; if `out` does not fit the outputs; if what `resume` finds comes from another model
        or other data.
    FileExistsError
        If `out` is there already, whole or unfinished, and `resume` is not set.

    Examples
    --------
    >>> import tensorflow as tf
    >>> import kerasdemo as kd
    >>> model, images = kd.load_classifier(), kd.load_digits()[:70].images
    >>> dataset = tf.data.Dataset.from_tensor_slices(images).batch(32)
    >>> [rows.shape for rows in predict_stream(model, dataset)]
    [(32, 10), (32, 10), (6, 10)]

    To write a file, use the stream up:

    >>> for _ in predict_stream(model, dataset, out="answers.npy"):  # doctest: +SKIP
    ...     pass

    Introduced in lesson 07.
    """
    check_model(model)
    check_steps(steps)
    check_dataset(model, dataset, steps=steps, stored=out is not None)
    store = None if out is None else open_store(out, resume=resume)
    if store is not None and store.complete:
        return iter(())
    if store is not None and steps is not None and store.batches > steps:
        raise ValueError(f"out= holds {store.batches} batches already; steps is {steps}.")
    return _stream(model, dataset, steps, callbacks, store, progress)


def _stream(
    model: Any, dataset: Any, steps: int | None, callbacks: Any, store: Store | None, progress: bool
) -> Iterator[Any]:
    total = batches_to_come(dataset, steps)
    rest = dataset if steps is None else dataset.take(steps)
    done = store.batches if store else 0
    if store and done:  # the last stored batch once more: same model, same data, same order?
        store.compare(next(execute(model, rest.skip(done - 1).take(1), ahead=False), None))
        rest = rest.skip(done)
    results = execute(model, rest, ahead=not callbacks)
    listeners = Listeners(model, callbacks, total)
    options = {"initial": done, "desc": "predicting", "unit": "batch", "delay": 2, "leave": False}
    bar = progress_bar(total, shown=progress, **options)
    try:
        with bar:
            listeners.begin()
            for number in itertools.count(done) if total is None else range(done, total):
                listeners.batch_begin(number)
                try:
                    outputs = next(results)
                except StopIteration:
                    break
                except ValueError as error:  # of the model, which takes no such shape
                    if number == done and (hint := perhaps_single(dataset)):
                        raise ValueError(f"{hint} The model said: {error}") from error
                    raise
                if store:
                    store.append(outputs)
                listeners.batch_end(number, outputs)
                bar.update()
                yield outputs
                if listeners.asked_to_stop:
                    break
    except GeneratorExit:  # whoever asked for batches wants no more
        listeners.end()
        raise
    finally:
        results.close()
        if store:
            store.pause()
    listeners.end()
    if store and not listeners.asked_to_stop:
        store.finish()
