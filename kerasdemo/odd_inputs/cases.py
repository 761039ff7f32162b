"""The odd inputs: each made from right samples, with the rows that a right answer would have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasdemo._backend import import_tensorflow
from kerasdemo.inspections.model_facts import ModelFacts

Rows = tuple[int, ...] | None

RIGHT = "as it should be"
ENDLESS = "this input has no end"  # the error of the infinite Dataset's own guard
ENOUGH = 8
"""Batches after which an input without end is stopped."""
FAR_ENOUGH = 64
"""Batches after which it stops by itself, whatever reads it."""


@dataclass(frozen=True)
class Odd:
    """An odd input.

    Attributes
    ----------
    name : str
    make : function
        Returns the input, anew at each call: a generator can be read once.
    rows : tuple of int or None
        Numbers of the samples whose answers a right answer holds; None if none can be right.
    """

    name: str
    make: Callable[[], Any]
    rows: Rows


def odd_inputs(facts: ModelFacts, samples: Any) -> dict[str, Odd]:
    """Return the odd inputs that make sense for a model, by name; the first is a right one.

    Parameters
    ----------
    facts : ModelFacts
    samples : array of shape (n, ...)
        Right samples.
    """
    every = tuple(range(len(samples)))
    made = {
        RIGHT: (lambda: samples, every),
        **_axes(facts, samples, every),
        **_lists(samples, every),
        **_nothing(samples),
        **_values(samples, every),
        **_sizes(facts, samples),
        **_streams(samples, every),
        **_dicts(facts, samples, every),
    }
    return {name: Odd(name, make, rows) for name, (make, rows) in made.items()}


Made = dict[str, tuple[Callable[[], Any], Rows]]


def _axes(facts: ModelFacts, samples: Any, every: Rows) -> Made:
    made: Made = {"no batch axis": (lambda: samples[0], (0,))}
    if samples.ndim == 4:
        made["no channel axis"] = (lambda: samples[..., 0], every)
        made["neither axis"] = (lambda: samples[0, ..., 0], (0,))
    made["an axis too many"] = (lambda: samples[..., None], every)
    return made


def _lists(samples: Any, every: Any) -> Made:
    return {
        "list of samples": (lambda: list(samples), every),
        "list of three batches": (lambda: [samples, samples, samples], every * 3),
        "list of one batch": (lambda: [samples], every),
        "nested lists": (lambda: samples[:1].tolist(), (0,)),
    }


def _nothing(samples: Any) -> Made:
    return {
        "0 rows": (lambda: samples[:0], ()),
        "empty array": (lambda: np.array([]), ()),
        "empty list": (lambda: [], ()),
        "None": (lambda: None, None),
    }


def _values(samples: Any, every: Rows) -> Made:
    floats = samples.astype("float32")
    place = np.unravel_index(floats[0].argmax(), floats[0].shape)

    def spoilt(value: float) -> Any:
        copy = floats.copy()
        copy[(0, *place)] = value
        return copy

    return {
        "uint8 0..255": (lambda: (floats * 255).round().astype("uint8"), every),
        "float64": (lambda: samples.astype("float64"), every),
        "NaN": (lambda: spoilt(np.nan), every),
        "infinity": (lambda: spoilt(np.inf), every),
        "strings": (lambda: samples.astype(str), every),
        "objects": (lambda: samples.astype(object), every),
    }


def _sizes(facts: ModelFacts, samples: Any) -> Made:
    declared = facts.inputs[0].shape if facts.inputs else (None,)
    if declared[0] is None or samples.shape[1] < 2:
        return {}
    smaller = (slice(None),) * (1 if samples.ndim < 4 else 2)
    half = (slice(None), *(slice(None, None, 2) for _ in smaller))
    return {
        "slightly too small": (lambda: samples[:, 1:], None),
        "half the size": (lambda: samples[half], None),
    }


def _streams(samples: Any, every: Rows) -> Made:
    data = import_tensorflow().data.Dataset
    labels, parts = np.zeros(len(samples)), (samples[:3], samples[3:])
    parts = tuple(part for part in parts if len(part))
    return {
        "Dataset of batches": (lambda: data.from_tensor_slices(samples).batch(3), every),
        "Dataset of (x, y)": (
            lambda: data.from_tensor_slices((samples, labels)).batch(3),
            every,
        ),
        "Dataset of single samples": (lambda: data.from_tensor_slices(samples), every),
        "empty Dataset": (lambda: data.from_tensor_slices(samples).batch(3).take(0), ()),
        "infinite Dataset": (lambda: _endless(samples), None),
        "generator of (x,)": (lambda: ((part,) for part in parts), every),
        "generator of x": (lambda: (part for part in parts), every),
    }


def _endless(samples: Any) -> Any:
    """Return a Dataset that repeats for ever, but for a guard: it raises in the end."""
    tf = import_tensorflow()
    batches = tf.data.Dataset.from_tensor_slices(samples).batch(len(samples)).repeat()

    def guarded(number: Any, batch: Any) -> Any:
        limit = tf.constant(FAR_ENOUGH, tf.int64)
        with tf.control_dependencies([tf.debugging.assert_less(number, limit, ENDLESS)]):
            return tf.identity(batch)

    return batches.enumerate().map(guarded)


def _dicts(facts: ModelFacts, samples: Any, every: Rows) -> Made:
    name = input_name(facts)
    known: Made = {"dict": (lambda: {name: samples}, every)} if name else {}
    return {**known, "dict with another key": (lambda: {"not_this": samples}, None)}


def input_name(facts: ModelFacts) -> str:
    """Return the name of a model's input as a dict has it, ``""`` if it has none.

    A functional model calls it by its Input layer, a Sequential one by the tensor
    (``keras/src/models/functional.py``, ``_standardize_inputs``).
    """
    if facts.kind == "subclass" or not facts.inputs:
        return ""
    if facts.kind == "Sequential":
        return facts.inputs[0].name
    kinds = [layer for layer in facts.model.layers if type(layer).__name__ == "InputLayer"]
    return str(kinds[0].name) if kinds else facts.inputs[0].name
