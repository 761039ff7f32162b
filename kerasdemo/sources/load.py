"""Turn what a student gives to `load_digits` into arrays: which set, from where, which part."""

from __future__ import annotations

import difflib
import os
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kerasdemo.sources.cache import load_cached
from kerasdemo.sources.idx_files import SPLITS, find_parts
from kerasdemo.sources.npz import read_npz
from kerasdemo.sources.remote import REMOTE_SETS
from kerasdemo.sources.samples import choose_samples

__all__ = ["Loaded", "load_arrays"]

EMBEDDED = Path(str(resources.files("kerasdemo"))) / "data" / "digits.npz"
KNOWN = (
    "Type load_digits(), load_digits('mnist'), load_digits('emnist') "
    "or load_digits('path/to/folder_or.zip')."
)


class Loaded(NamedTuple):
    """The arrays of a `Digits`, in its order."""

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int64]
    is_test: npt.NDArray[np.bool_]
    name: str


def load_arrays(source: Any, *, part: Any, split: Any, upright: bool, progress: bool) -> Loaded:
    """Load a set; the parameters are those of `kerasdemo.digits.load_digits`."""
    _check_options(source, part, split)
    if source is None:
        return _only(_embedded(), part)
    if isinstance(source, str) and source.lower() in REMOTE_SETS:
        return _only(_cached(source.lower(), split, upright, progress), part)
    return _from_files(_existing(source), part, split, upright)


def _check_options(source: Any, part: Any, split: Any) -> None:
    """Check everything that can be known before reading."""
    if source is not None and not isinstance(source, str | os.PathLike):
        raise TypeError(
            f"load_digits was given {type(source).__name__}; expected a name or a path. {KNOWN}"
        )
    if part not in (None, "train", "test"):
        raise ValueError(f"part is {part!r}; expected 'train' or 'test', or nothing for both.")
    if split not in (None, *SPLITS):
        raise ValueError(
            f"split is {split!r}; expected 'digits' or 'mnist'. EMNIST's other splits hold letters."
        )
    if split is not None and (source is None or str(source).lower() == "mnist"):
        raise ValueError("Only EMNIST has splits. Type load_digits('emnist', split=...).")


def _existing(source: str | os.PathLike[str]) -> Path:
    """Return the path if there is something, and guess what was meant if not."""
    path = Path(source).expanduser()
    if str(source) and path.exists():
        return path
    close = difflib.get_close_matches(str(source).lower(), REMOTE_SETS)
    if close and path.name == str(source):
        raise ValueError(
            f"There is no set and no folder called {source!r}. Did you mean {close[0]!r}?"
        )
    raise FileNotFoundError(f"There is nothing at {str(source)!r} ({path.absolute()}). {KNOWN}")


def _embedded() -> Loaded:
    """Read the set that comes with the kit."""
    arrays = read_npz(EMBEDDED, {"pixels": "u1", "labels": "u1", "is_test": "?"})
    pixels, labels, is_test = arrays["pixels"], arrays["labels"], arrays["is_test"]
    count = labels.size
    if (pixels.shape, labels.shape, is_test.shape) != ((count, 28, 28), (count,), (count,)):
        raise ValueError(f"{EMBEDDED} is damaged: its arrays do not fit. Install kerasdemo again.")
    indices = np.arange(count, dtype=np.int64)
    return Loaded(pixels, labels.astype(np.int64), indices, is_test, "UCI digits")


def _cached(name: str, split: str | None, upright: bool, progress: bool) -> Loaded:
    """Load a set that is kept in the cache folder."""
    pixels, labels, is_test = load_cached(name, split=split, progress=progress)
    title = REMOTE_SETS[name].title
    if name == "emnist":
        title = f"{title} {split or SPLITS[0]}"
        pixels = pixels if upright else pixels.transpose(0, 2, 1)
    indices = np.arange(len(labels), dtype=np.int64)
    return Loaded(pixels, labels.astype(np.int64), indices, is_test, title)


def _only(loaded: Loaded, part: str | None) -> Loaded:
    """Keep one part; a part that is one block is not copied."""
    if part is None:
        return loaded
    keep = choose_samples(loaded.is_test == (part == "test"), len(loaded.labels))
    pixels, labels, indices, is_test, name = loaded
    return Loaded(pixels[keep], labels[keep], indices[keep], is_test[keep], name)


def _from_files(path: Path, part: str | None, split: str | None, upright: bool) -> Loaded:
    """Load a folder or a zip of IDX files; of a part that is not wanted, only the labels."""
    pixels, labels, indices, is_test = [], [], [], []
    first = 0
    for found in find_parts(path, split=split, upright=upright):
        these = found.read_labels()
        if part is None or found.is_test == (part == "test"):
            pixels.append(found.read_pixels(len(these)))
            labels.append(these.astype(np.int64))
            indices.append(np.arange(first, first + len(these), dtype=np.int64))
            is_test.append(np.full(len(these), found.is_test))
        first += len(these)
    if not pixels:
        raise FileNotFoundError(f"{path} has no {part} part. Leave part= away to load the other.")
    if not any(len(these) for these in labels):
        raise ValueError(f"{path} holds no samples: its files are empty.")
    name = Path(os.path.abspath(path)).stem  # "." has no name; a link keeps its own
    return Loaded(_join(pixels), _join(labels), _join(indices), _join(is_test), name)


def _join(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Join the parts in memory; a single one stays as it is, perhaps memory-mapped."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
