"""Say in a few words what an input is."""

from __future__ import annotations

from collections.abc import Mapping
from types import GeneratorType
from typing import Any

from kerasdemo.spy.watch import shapes_of


def given(x: Any) -> str:
    """Describe an input without reading what can be read only once.

    Examples
    --------
    >>> import numpy as np
    >>> given(np.zeros((2, 3), "float32")), given([np.zeros((3,))] * 2), given([[0.5], [1.0]])
    ('array (2, 3) float32', 'list of 2 arrays (3,)', 'list of 2 lists')
    >>> given({"row": np.zeros((2, 3))}), given(None), given([])
    ("dict, 'row': array (2, 3) float64", 'None', 'empty list')
    """
    if hasattr(x, "element_spec"):
        spec = x.element_spec
        shape = shapes_of(spec)
        inside = f"({', '.join(map(str, shape))})" if isinstance(shape, list) else str(shape)
        return f"Dataset of {inside}".replace("None", "n")
    if isinstance(x, GeneratorType):
        return "generator"
    if isinstance(x, Mapping):
        return "dict, " + ", ".join(f"{name!r}: {given(part)}" for name, part in x.items())
    if isinstance(x, (list, tuple)):
        return _several(x)
    if getattr(x, "shape", None) is None or not hasattr(x, "dtype"):
        return "None" if x is None else type(x).__name__
    kind = "array" if type(x).__module__.partition(".")[0] == "numpy" else "tensor"
    dtype = "text" if getattr(x.dtype, "kind", "") == "U" else getattr(x.dtype, "name", x.dtype)
    return f"{kind} {tuple(x.shape)} {dtype}"


def _several(x: Any) -> str:
    kind = type(x).__name__
    if not x:
        return f"empty {kind}"
    shapes = {tuple(part.shape) if hasattr(part, "shape") else None for part in x}
    what = {"array" if hasattr(part, "shape") else type(part).__name__ for part in x}
    plural = "s" if len(x) > 1 else ""
    names = " and ".join(f"{name}{plural}" for name in sorted(what))
    shape = next(iter(shapes))
    same = f" {shape}" if len(shapes) == 1 and shape is not None else ""
    return f"{kind} of {len(x)} {names}{same}"
