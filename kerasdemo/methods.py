"""Five ways to ask one Keras model for predictions, behind one signature.

Three are methods of every Keras model: ``predict``, ``predict_on_batch`` and ``predict_step``.
Two more are what a professional adds: ``call``, which is ``model(x, training=False)``, and
``compiled``, the same inside one ``tf.function``. Nothing here alters what a method does: each is
called as you would type it, and what it returned is kept as it came.
"""

from __future__ import annotations

import difflib
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kerasdemo._backend import import_tensorflow
from kerasdemo.inputs import check_images
from kerasdemo.prediction import Prediction, gather

METHODS = ("predict", "predict_on_batch", "predict_step", "call", "compiled")
"""The names that :func:`run` and :func:`kerasdemo.comparison.compare` understand."""

# model -> its one tf.function, which holds the model weakly: neither keeps the other alive
_compiled: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def run(
    model: Any,
    images: Any,
    method: str = "predict",
    *,
    batch_size: int | None = None,
    verbose: int = 0,
) -> Prediction:
    """Predict `images` with one of the five methods.

    Parameters
    ----------
    model : keras.Model
        Any built Keras model: functional, Sequential or subclassed.
    images : array of shape (n, ...)
        Samples with their batch axis first. For a model with several inputs, the list, tuple or
        dict of arrays that its ``predict`` takes.
    method : str
        One of `METHODS`.
    batch_size : int, optional
        Samples to a batch. ``None`` leaves each method its own way: ``predict`` cuts batches of 32
        (Keras, ``trainers/data_adapters/array_data_adapter.py``), the others take all samples as a
        single batch.
    verbose : int
        Passed to ``predict``, the only one with a progress bar.

    Returns
    -------
    Prediction

    Raises
    ------
    ValueError
        For an unknown method or samples that the model cannot take; the message says what to type.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> model, digits = kd.load_classifier(), kd.load_digits()
    >>> kd.run(model, digits[[5, 38]].images, "predict_on_batch").shape
    (2, 10)

    Introduced in lesson 05.
    """
    images = check_images(model, images)
    call = caller(model, method, batch_size=batch_size, verbose=verbose)
    return gather(method, call(images))


def caller(
    model: Any,
    method: str,
    *,
    batch_size: int | None = None,
    verbose: int | str = 0,
    callbacks: list[Any] | None = None,
    fresh: bool = False,
) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function that calls `method` on samples and gives what each call returned.

    `verbose` and `callbacks` reach ``predict`` alone: the others have no such arguments. With
    `fresh`, ``compiled`` gets a new ``tf.function`` that nothing has traced.
    """
    check_method(method)
    check_batch_size(batch_size)
    if method == "predict":
        return lambda images: (
            model.predict(images, batch_size=batch_size, verbose=verbose, callbacks=callbacks),
        )
    if method == "predict_on_batch":
        one = model.predict_on_batch
    elif method == "predict_step":
        # several inputs must arrive as (x,), or Keras takes the second input for labels
        # (keras/src/trainers/data_adapters/data_adapter_utils.py, unpack_x_y_sample_weight)
        def one(x: Any) -> Any:
            return model.predict_step(x if hasattr(x, "shape") else (x,))
    elif method == "call":

        def one(x: Any) -> Any:
            return model(x, training=False)
    else:
        one = new_compiled(model) if fresh else compiled(model)
    return lambda images: tuple(one(batch) for batch in batches(images, batch_size))


def compiled(model: Any) -> Any:
    """Return the one ``tf.function`` kept for `model`; a second call gives the same function.

    Introduced in lesson 06.
    """
    if model not in _compiled:
        _compiled[model] = new_compiled(model)
    return _compiled[model]


@contextmanager
def compiled_anew(model: Any) -> Iterator[None]:
    """Set the function that is kept for `model` aside while the block lasts."""
    kept = _compiled.pop(model, None)
    try:
        yield
    finally:
        _compiled.pop(model, None)
        if kept is not None:
            _compiled[model] = kept


def new_compiled(model: Any) -> Any:
    """Return a new ``tf.function`` around ``model(x, training=False)``, not traced yet."""
    tf = import_tensorflow()
    keep = weakref.ref(model)

    def call_model(x: Any) -> Any:
        return keep()(x, training=False)  # type: ignore[misc]

    return tf.function(call_model, reduce_retracing=True)


def batches(images: Any, batch_size: int | None) -> list[Any]:
    """Cut samples into consecutive batches; the last may be smaller.

    Examples
    --------
    >>> import numpy as np
    >>> [len(b) for b in batches(np.zeros((70, 28, 28, 1)), 32)]
    [32, 32, 6]
    """
    if batch_size is None:
        return [images]
    n = count(images)
    return [_slice(images, start, start + batch_size) for start in range(0, n, batch_size)]


def count(images: Any) -> int:
    """Return the number of samples along the batch axis."""
    while isinstance(images, (list, tuple, Mapping)):
        images = next(iter(images.values() if isinstance(images, Mapping) else images))
    return int(images.shape[0])


def _slice(images: Any, start: int, stop: int) -> Any:
    if isinstance(images, Mapping):
        return {name: _slice(part, start, stop) for name, part in images.items()}
    if isinstance(images, (list, tuple)):
        return type(images)(_slice(part, start, stop) for part in images)
    return images[start:stop]


def check_batch_size(batch_size: int | None) -> None:
    """Raise ``ValueError`` if `batch_size` is a number below 1."""
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; it must be 1 or more. Try batch_size=32.")


def check_method(method: str) -> None:
    """Raise ``ValueError`` with the nearest name if `method` is not one of `METHODS`."""
    if method not in METHODS:
        near = difflib.get_close_matches(str(method), METHODS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"There is no method {method!r}.{hint} The methods: {', '.join(METHODS)}.")
