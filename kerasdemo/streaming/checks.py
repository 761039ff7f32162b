"""What can be said about a model and a Dataset before the first batch is drawn."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from kerasdemo._backend import import_keras, import_tensorflow

Shape = tuple[int | None, ...]


def check_model(model: Any) -> None:
    """Raise unless this is a Keras model whose step runs in one place.

    Raises
    ------
    TypeError
        If it is no ``keras.Model``.
    ValueError
        If it was built for several devices at once (a ``tf.distribute`` strategy).
    """
    keras = import_keras()
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"model is a {type(model).__name__}; predict_stream needs a keras.Model. "
            'For a file: keras.models.load_model("model.keras").'
        )
    replicas = model.distribute_strategy.num_replicas_in_sync
    if replicas > 1:
        raise ValueError(
            f"The model runs on {replicas} devices at once; predict_stream uses one. "
            "Type model.predict(dataset), which shares the batches out."
        )


def check_steps(steps: Any) -> None:
    """Raise ``ValueError`` unless `steps` is None or a whole number above 0.

    Examples
    --------
    >>> check_steps(0)
    Traceback (most recent call last):
    ValueError: steps is 0; it counts batches, from 1. Leave it out to go on to the end.
    """
    whole = isinstance(steps, Integral) and not isinstance(steps, bool)
    if steps is None or (whole and steps > 0):
        return
    raise ValueError(
        f"steps is {steps!r}; it counts batches, from 1. Leave it out to go on to the end."
    )


def check_dataset(model: Any, dataset: Any, *, steps: int | None, stored: bool) -> None:
    """Raise unless this is a Dataset of batches, with an end if its results are stored."""
    tf = import_tensorflow()
    if not isinstance(dataset, tf.data.Dataset):
        raise TypeError(
            f"dataset is a {type(dataset).__name__}; predict_stream needs a tf.data.Dataset. "
            "For an array: tf.data.Dataset.from_tensor_slices(array).batch(32). "
            "For a generator: tf.data.Dataset.from_generator."
        )
    spec = dataset.element_spec
    if (single := single_sample(model, spec)) is not None:
        raise ValueError(
            f"dataset yields single samples (x has shape {single}); the model takes batches. "
            "Type dataset.batch(32)."
        )
    if stored and steps is None and dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("dataset has no end, and out= would grow for ever. Give steps=.")


def single_sample(model: Any, spec: Any) -> Shape | None:
    """Return a shape that shows that the Dataset was never batched; None if nothing shows it.

    A batched array has a batch axis, so an array without any axis settles it. Otherwise x is held
    against the shape that the model states: without its batch axis, does it fit as it is?
    """
    tf = import_tensorflow()
    x = spec[0] if isinstance(spec, tuple) else spec
    given = [shape_of(part) for part in tf.nest.flatten(x)]
    if () in (shape_of(part) for part in tf.nest.flatten(spec)):
        return () if () in given else given[0]
    stated = stated_shapes(model)
    if len(given) != len(stated):
        return None
    for got, wanted in zip(given, stated, strict=True):
        if got is None:
            continue
        if len(got) == len(wanted) - 1 and _fits(got, wanted[1:]):
            return got
        if wanted[-1] == 1 and len(got) == len(wanted) - 2 and _fits(got, wanted[1:-1]):
            return got  # not even the last axis, which Keras would add
    return None


def perhaps_single(dataset: Any) -> str:
    """Return a sentence for a Dataset whose first batch failed and may be a single sample, or "".

    A batch that was cut by ``batch(n)`` has a first axis of unknown length.
    """
    tf = import_tensorflow()
    spec = dataset.element_spec
    parts = [shape_of(part) for part in tf.nest.flatten(spec)]
    if any(part is None or part[:1] == (None,) for part in parts):
        return ""
    x = spec[0] if isinstance(spec, tuple) else spec
    told = " and ".join(str(shape_of(part)) for part in tf.nest.flatten(x))
    return f"If x of shape {told} is a single sample and no batch, type dataset.batch(32)."


def shape_of(spec: Any) -> Shape | None:
    """Return the shape that a part of an element has, or None if that is not known."""
    shape = getattr(spec, "shape", None)
    return None if shape is None or shape.rank is None else tuple(shape)


def stated_shapes(model: Any) -> list[Shape]:
    """Return the shapes of a model's inputs, batch axis first; none if it does not state them.

    Functional and Sequential models state them in ``inputs``; another class is held to what it was
    built for, if that was a single array.
    """
    inputs = getattr(model, "inputs", None)
    if inputs:
        return [tuple(tensor.shape) for tensor in inputs]
    built_for = (model.get_build_config() or {}).get("input_shape") if model.built else None
    if isinstance(built_for, (list, tuple)) and all(
        size is None or isinstance(size, int) for size in built_for
    ):
        return [tuple(built_for)]
    return []


def _fits(got: Shape, wanted: Shape) -> bool:
    return all(g is None or w is None or g == w for g, w in zip(got, wanted, strict=True))


def batches_to_come(dataset: Any, steps: int | None) -> int | None:
    """Return how many batches there are, at most `steps`; None if that is unknown or endless.

    Examples
    --------
    >>> import tensorflow as tf
    >>> batches_to_come(tf.data.Dataset.range(70).batch(32), None)
    3
    >>> batches_to_come(tf.data.Dataset.range(70).batch(32).repeat(), 5)
    5
    """
    known = int(dataset.cardinality())  # negative for unknown and for endless
    if known < 0:
        return steps if known == import_tensorflow().data.INFINITE_CARDINALITY else None
    return known if steps is None else min(known, steps)
