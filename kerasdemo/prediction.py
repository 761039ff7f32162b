"""What a method made of some samples: the returned values as they came, and the same as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, repr=False, eq=False)
class Prediction:
    """What one method made of some samples: what `run` returns.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    returned : tuple
        What each call of the method returned, untouched. ``predict`` is called once; the others are
        called once for each batch, because the loop over batches is yours.
    outputs : dict of str to ndarray
        Each output of the model as one NumPy array over all samples. A model with a single output
        has one entry, ``"output"``; dict and list outputs have one per key or position.
    """

    method: str
    returned: tuple[Any, ...]
    outputs: dict[str, Array]

    @property
    def probabilities(self) -> Array:
        """The main output, shape (n, classes): the first with a row of floats for each sample."""
        rows = (a for a in self.outputs.values() if a.ndim >= 2 and a.dtype.kind == "f")
        return next(rows, next(iter(self.outputs.values())))

    @property
    def classes(self) -> NDArray[np.int64]:
        """The most probable class of each sample, int64 (n,); 0 or 1 for a single sigmoid output.

        Raises
        ------
        ValueError
            If the main output has no axis of classes.
        """
        main = self._rows("classes")
        if main.shape[-1] == 1:
            return (main[..., 0] > 0.5).astype(np.int64)
        return np.asarray(main.argmax(axis=-1), dtype=np.int64)

    @property
    def confidence(self) -> Array:
        """The probability of the class that `classes` names, (n,): the largest of each sample.

        For a single sigmoid output p it is p for class 1, and 1 - p for class 0.

        Raises
        ------
        ValueError
            If the main output has no axis of classes.
        """
        main = self._rows("confidence")
        if main.shape[-1] == 1:
            return np.where(main > 0.5, main, 1 - main)[..., 0]
        return np.asarray(main.max(axis=-1))

    def _rows(self, wanted: str) -> Array:
        """Return the main output if it has an axis of classes."""
        main = self.probabilities
        if main.ndim < 2:
            raise ValueError(
                f"The model's output has shape {main.shape}: no axis of classes. "
                f"Read .outputs instead of .{wanted}."
            )
        return main

    @property
    def type(self) -> str:
        """The type that the method handed back: ``"numpy.ndarray"``, ``"EagerTensor"``, ..."""
        return type_name(self.returned[0])

    @property
    def dtype(self) -> str:
        """The element type of the main output."""
        return str(self.probabilities.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the main output over all samples."""
        return self.probabilities.shape

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}: {a.shape} {a.dtype}" for name, a in self.outputs.items())
        calls = f"{len(self.returned)} call" + "s" * (len(self.returned) != 1)
        return f"<Prediction by {self.method}, {calls}, {self.type}; {shapes}>"


def gather(method: str, returned: tuple[Any, ...]) -> Prediction:
    """Join what each call returned into one array per output."""
    parts = [flatten(r) for r in returned]
    outputs = {name: _join([part[name] for part in parts]) for name in parts[0]}
    return Prediction(method, returned, outputs)


def _join(parts: Sequence[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    return np.stack(parts) if parts[0].ndim == 0 else np.concatenate(parts)


def flatten(structure: Any, name: str = "output") -> dict[str, Array]:
    """Name each array in a model's output, however nested.

    Examples
    --------
    >>> {k: v.shape for k, v in flatten({"a": np.zeros((2, 3)), "b": [np.zeros(2)]}).items()}
    {'a': (2, 3), 'b/0': (2,)}
    """
    items: list[tuple[Any, Any]]
    if isinstance(structure, Mapping):
        items = list(structure.items())
    elif isinstance(structure, (list, tuple)):
        items = list(enumerate(structure))
    else:
        return {name: np.asarray(structure.numpy() if hasattr(structure, "numpy") else structure)}
    prefix = "" if name == "output" else f"{name}/"
    flat: dict[str, Array] = {}
    for key, part in items:
        flat.update(flatten(part, f"{prefix}{key}"))
    return flat


def type_name(value: Any) -> str:
    """Name a type as a student should say it.

    Examples
    --------
    >>> type_name(np.zeros(3)), type_name({"a": np.zeros(3)})
    ('numpy.ndarray', 'dict of numpy.ndarray')
    """
    if isinstance(value, np.ndarray):
        return "numpy.ndarray"
    if isinstance(value, (Mapping, list, tuple)):
        parts = value.values() if isinstance(value, Mapping) else value
        inner = sorted({type_name(part) for part in parts})
        return f"{type(value).__name__} of {' and '.join(inner) or 'nothing'}"
    return type(value).__name__


def largest_difference(one: Prediction, other: Prediction) -> float:
    """Return the largest absolute difference over all outputs; ``inf`` where they cannot match."""
    if one.outputs.keys() != other.outputs.keys():
        return float("inf")
    return max(gap(a, other.outputs[name]) for name, a in one.outputs.items())


def gap(a: Any, b: Any) -> float:
    """Return the largest absolute difference of two arrays; NaN equals NaN alone.

    Examples
    --------
    >>> gap(np.array([0.5, np.nan]), np.array([0.25, np.nan])), gap(np.zeros(2), np.zeros(3))
    (0.25, inf)
    """
    if a.shape != b.shape:
        return float("inf")
    if a.dtype.kind not in "fiub" or b.dtype.kind not in "fiub":
        return 0.0 if np.array_equal(a, b) else float("inf")
    a, b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.where(a == b, 0.0, np.abs(a - b))
    apart[np.isnan(a) & np.isnan(b)] = 0.0
    apart[np.isnan(a) != np.isnan(b)] = np.inf
    return float(apart.max(initial=0.0))
