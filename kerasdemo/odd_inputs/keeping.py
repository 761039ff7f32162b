"""A model that is afterwards as it was, whatever was called in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasdemo.inspections.model_facts import all_layers
from kerasdemo.spy import as_new

FLAGS = ("_called", "stop_predicting")
"""What Keras notes on a layer or model when it is called, when prediction is stopped."""


@contextmanager
def unchanged(model: Any) -> Iterator[None]:
    """Put back what calls leave behind: the compiled function, flags, numbers that calls move.

    Numbers that prediction may move are those that training does not: running means, the state of
    random layers.
    """
    layers = [model, *all_layers(model)]
    flags = [{name: vars(layer)[name] for name in FLAGS if name in vars(layer)} for layer in layers]
    variables = [(v, v.numpy()) for v in model.non_trainable_variables if _is_plain(v)]
    with as_new(model):
        try:
            yield
        finally:
            for variable, before in variables:
                if not np.array_equal(before, variable.numpy(), equal_nan=_is_float(before)):
                    variable.assign(before)
            for layer, kept in zip(layers, flags, strict=True):
                for name in FLAGS:
                    vars(layer).pop(name, None)
                vars(layer).update(kept)


def _is_plain(variable: Any) -> bool:
    return str(variable.dtype) != "string"


def _is_float(array: Any) -> bool:
    return bool(array.dtype.kind == "f")
