"""Where the rows of each output go, read from ``out=``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo.streaming.npy_file import NpyFile
from kerasdemo.streaming.row_array import RowArray

Target = NpyFile | RowArray


def named_targets(out: Any) -> dict[str, Target]:
    """Return the target of each output, by the names that `kerasdemo.prediction.flatten` gives.

    Examples
    --------
    >>> list(named_targets({"digit": "digit.npy", "slant": "slant.npy"}))
    ['digit', 'slant']
    """
    targets = dict(_named(out, ""))
    places = [target.place for target in targets.values() if target.place is not None]
    if len({place.absolute() for place in places}) < len(places):
        raise ValueError("out names a file twice. Give each output a file of its own.")
    if not targets:
        raise ValueError('out is empty. Give a path for each output, or one: out="answers.npy".')
    return targets


def _named(out: Any, name: str) -> list[tuple[str, Target]]:
    if isinstance(out, (str, os.PathLike)):
        return [(name or "output", NpyFile(_checked(Path(out))))]
    if isinstance(out, np.ndarray):
        return [(name or "output", RowArray(out))]
    if not isinstance(out, (Mapping, list, tuple)):
        raise TypeError(
            f"out is a {type(out).__name__}; give a path that ends in .npy, an array, or a dict or "
            "list of these for a model with several outputs."
        )
    items = out.items() if isinstance(out, Mapping) else enumerate(out)
    prefix = f"{name}/" if name else ""
    return [pair for key, part in items for pair in _named(part, f"{prefix}{key}")]


def _checked(path: Path) -> Path:
    if path.suffix != ".npy":
        raise ValueError(f"out is {str(path)!r}; rows are written as .npy. Type '{path.stem}.npy'.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent}. Make it first.")
    return path
