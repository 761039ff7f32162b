"""MNIST and EMNIST: where they are kept, where they come from, and the decoded copy beside them.

A set is downloaded once, as its makers published it, and decoded once into ``.npy`` files that are
memory-mapped ever after, so that many kernels on one machine share one copy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kerasdemo.sources.files import file_length, new_file
from kerasdemo.sources.folder import cache_folder
from kerasdemo.sources.idx_files import Part, find_parts
from kerasdemo.sources.npz import read_npz
from kerasdemo.sources.remote import REMOTE_SETS, RemoteFile, RemoteSet

__all__ = [
    "Arrays",
    "cache_folder",
    "is_cached",
    "load_cached",
]

ROWS = 10_000  # samples copied at a time


class Arrays(NamedTuple):
    """The samples of a set, uint8 (n, 28, 28), uint8 (n,) and bool (n,), training part first."""

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    is_test: npt.NDArray[np.bool_]


def load_cached(name: str, *, split: str | None = None, progress: bool = True) -> Arrays:
    """Return a set of `REMOTE_SETS`, downloading and decoding what is not there yet.

    Parameters
    ----------
    name : {"mnist", "emnist"}
        Which set.
    split : {"digits", "mnist"}, optional
        Which of EMNIST's sets of digits; by default "digits".
    progress : bool
        Show a progress bar while downloading.

    Returns
    -------
    Arrays
        EMNIST is upright. The pixels are memory-mapped, unless the folder cannot be written and
        nobody has decoded the set there: then they are in memory.

    Raises
    ------
    OSError
        When the files are not there and cannot be fetched; the message says where they belong.
    """
    remote, folder = REMOTE_SETS[name], cache_folder() / name
    key = _key(name, split)
    arrays = _read_decoded(folder, key)
    if arrays is None:
        for file in remote.files:
            _ensure(remote, file, folder, progress)
        only = [file.name for file in remote.files]
        if remote.splits:
            parts = find_parts(folder / only[0], split=split)
        else:
            parts = find_parts(folder, only=only)
        arrays = _decode(parts, folder, key)
    return arrays


def is_cached(name: str) -> bool:
    """Say whether a set is on this machine, so that `load_digits` needs no network for it.

    Nothing is downloaded. Introduced in lesson 04.

    Parameters
    ----------
    name : {"mnist", "emnist"}

    Returns
    -------
    bool
        True for the files as published, and for `load_digits`' copy (of EMNIST, the digits).

    Raises
    ------
    ValueError
        For another `name`.

    Examples
    --------
    >>> is_cached("mnist") in (True, False)
    True
    """
    if name not in REMOTE_SETS:
        raise ValueError(f"name is {name!r}; expected {' or '.join(map(repr, REMOTE_SETS))}.")
    remote, folder = REMOTE_SETS[name], cache_folder() / name
    if _read_decoded(folder, _key(name, None)) is not None:
        return True
    try:
        return all(_is_whole(folder / file.name, file) for file in remote.files)
    except OSError:  # what cannot be read is as good as not there
        return False


def _key(name: str, split: str | None) -> str:
    """Return what the decoded copy is called."""
    splits = REMOTE_SETS[name].splits
    return f"{name}-{split or splits[0]}" if splits else name


def _is_whole(path: Path, file: RemoteFile) -> bool:
    """Say whether a file is there, whole and right."""
    from kerasdemo.sources.download import sha256_of  # ssl and http are not free to load

    return file_length(path) == file.size and sha256_of(path) == file.sha256


def _ensure(remote: RemoteSet, file: RemoteFile, folder: Path, progress: bool) -> None:
    """Download a file unless it is there already, whole and right."""
    from kerasdemo.sources.download import download

    path = folder / file.name
    if _is_whole(path, file):
        return
    urls = [mirror + file.name for mirror in remote.mirrors]
    try:
        download(urls, path, sha256=file.sha256, size=file.size, progress=progress)
    except OSError as error:
        state = "damaged" if path.exists() else "not there"
        raise type(error)(
            f"{remote.title} needs {path}, which is {state} and could not be fetched: "
            f"{error.strerror or error}\n"
            f"  Put these files: {', '.join(wanted.name for wanted in remote.files)}\n"
            f"  into the folder: {folder}\n"
            f"  They come from:  {' or '.join(remote.mirrors)}\n"
            f"  Or set KERASDEMO_DATA to a folder that has them in its folder {folder.name!r}.\n"
            "  load_digits() needs no download."
        ) from None


def _read_decoded(folder: Path, key: str) -> Arrays | None:
    """Map the decoded copy; None when there is none, or it is damaged."""
    try:
        pixels = np.lib.format.open_memmap(folder / f"{key}-pixels.npy", mode="r")
        stored = read_npz(folder / f"{key}-labels.npz", {"labels": "u1", "is_test": "?"})
    except Exception:  # not there or damaged: NumPy has a dozen kinds
        return None
    arrays = Arrays(pixels, stored["labels"], stored["is_test"])
    count = arrays.labels.size
    right = pixels.dtype == np.uint8 and pixels.shape == (count, 28, 28)
    return arrays if right and arrays.labels.shape == arrays.is_test.shape == (count,) else None


def _decode(parts: list[Part], folder: Path, key: str) -> Arrays:
    """Write the decoded copy and map it; where it cannot be written, decode into memory."""
    labels = [part.read_labels() for part in parts]
    is_test = [np.full(len(of), part.is_test) for part, of in zip(parts, labels, strict=True)]
    all_labels, all_is_test = np.concatenate(labels), np.concatenate(is_test)
    try:
        with new_file(folder / f"{key}-labels.npz") as path, path.open("xb") as stream:
            np.savez(stream, labels=all_labels, is_test=all_is_test)
        with new_file(folder / f"{key}-pixels.npy") as path, path.open("xb") as stream:
            _write_pixels(stream, parts, labels)
    except OSError:
        pixels = [part.read_pixels(len(of)) for part, of in zip(parts, labels, strict=True)]
        return Arrays(np.concatenate(pixels), all_labels, all_is_test)
    arrays = _read_decoded(folder, key)
    assert arrays is not None
    return arrays


def _write_pixels(stream: Any, parts: list[Part], labels: list[npt.NDArray[np.uint8]]) -> None:
    """Write one .npy file part by part, so that only one is in memory."""
    shape = (sum(len(of) for of in labels), 28, 28)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    for part, of in zip(parts, labels, strict=True):
        pixels = part.read_pixels(len(of))
        for start in range(0, len(pixels), ROWS):
            stream.write(np.ascontiguousarray(pixels[start : start + ROWS]).data)
