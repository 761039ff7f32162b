"""Batches of zeros in the shapes and dtypes that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras


def batch_of(model: Any, wish: Any) -> Any:
    """Return the batch of zeros that was asked for, or the batch itself.

    Raises
    ------
    ValueError, TypeError
        If the model's inputs leave the shape open, or it is no shape at all.
    """
    if isinstance(wish, Mapping | list) or (hasattr(wish, "dtype") and np.ndim(wish)):
        return wish
    size, dtype = wish if isinstance(wish, tuple) and is_pair(wish) else (wish, None)
    if is_whole(size) and size > 0:
        return zeros_for(model, int(size), dtype)
    if isinstance(size, tuple) and size and all(is_whole(n) and n > 0 for n in size):
        return np.zeros(size, dtype or "float32")
    raise ValueError(
        f"shapes holds {wish!r}; expected a batch size such as 32, a whole shape such as "
        '(32, 28, 28, 1), one of these with a dtype such as (32, "uint8"), or an array.'
    )


def is_whole(number: Any) -> bool:
    """Say whether this is a whole number."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def is_pair(wish: tuple[Any, ...]) -> bool:
    """Say whether this is a size or a shape, and a dtype."""
    if len(wish) != 2 or is_whole(wish[1]):
        return False
    try:
        np.dtype(wish[1])
    except TypeError:
        return False
    return True


def zeros_for(model: Any, size: int, dtype: Any) -> Any:
    """Return zeros for each input of the model, `size` samples, in the structure of its inputs."""
    keras = import_keras()
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ValueError(
            "This model does not say what shape its inputs have. Give whole shapes, such as "
            "(32, 28, 28, 1), or arrays."
        )
    try:
        inputs = model.input  # the same in the model's own structure; a Sequential has none
    except AttributeError:
        inputs = inputs[0] if len(inputs) == 1 else inputs

    def zeros(tensor: Any) -> Any:
        sample = tuple(tensor.shape)[1:]
        if None in sample:
            raise ValueError(
                f"An input of this model leaves sizes open: {tuple(tensor.shape)}. "
                "Give whole shapes, or arrays."
            )
        return np.zeros((size, *sample), dtype or str(tensor.dtype))

    return keras.tree.map_structure(zeros, inputs)


def described(batch: Any) -> str:
    """Write shape and dtype of a batch.

    Examples
    --------
    >>> described(np.zeros((32, 3), "uint8")), described({"a": np.zeros((2, 3))})
    ('(32, 3) uint8', 'a: (2, 3) float64')
    """
    if isinstance(batch, Mapping):
        return "; ".join(f"{name}: {described(part)}" for name, part in batch.items())
    if isinstance(batch, list | tuple):
        return "; ".join(map(described, batch))
    dtype = getattr(batch.dtype, "name", batch.dtype)
    return f"{tuple(batch.shape)} {dtype}"
