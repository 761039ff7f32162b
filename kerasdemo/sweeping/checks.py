"""Refuse what cannot be measured before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasdemo.methods import check_method


def check_sizes(batch_sizes: Sequence[int], *, name: str = "batch_sizes") -> tuple[int, ...]:
    """Return the batch sizes, each once, smallest first; `name` is what an error calls them.

    Raises
    ------
    ValueError
        When one is no whole number above 0, or there is none.

    Examples
    --------
    >>> check_sizes([64, 1, 8, 8])
    (1, 8, 64)
    """
    wish = "Expected whole numbers above 0, such as [1, 8, 64]."
    sizes = list(batch_sizes) if np.iterable(batch_sizes) else [batch_sizes]
    for size in sizes:
        if isinstance(size, bool | np.bool_) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{name} holds {size!r}. {wish}")
    if not sizes:
        raise ValueError(f"{name} is empty. {wish}")
    return tuple(sorted({int(size) for size in sizes}))


def check_names(methods: Sequence[str], calls: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for an unknown method, a name used twice, or nothing to time."""
    for method in methods:
        check_method(method)
    for name, call in calls.items():
        if name in methods:
            raise ValueError(f"calls names {name!r}, which is a method already. Rename it.")
        if not callable(call):
            raise ValueError(f"calls[{name!r}] is {call!r}; expected a function of the batch.")
    if not methods and not calls:
        raise ValueError('There is nothing to time. Try methods=("predict", "predict_step").')
