"""MNIST and EMNIST: where they are kept, where they come from, and the decoded copy beside them.

A set is downloaded once, as its makers published it, and decoded once into ``.npy`` files that are
memory-mapped ever after, so that many kernels on one machine share one copy.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kerasdemo.sources.files import file_length, new_file
from kerasdemo.sources.folder import cache_folder
from kerasdemo.sources.idx_files import Part, find_parts

__all__ = [
    "REMOTE_SETS",
    "Arrays",
    "RemoteFile",
    "RemoteSet",
    "cache_folder",
    "is_cached",
    "load_cached",
]

ROWS = 10_000  # samples copied at a time


class RemoteFile(NamedTuple):
    """A file on the mirrors of a set."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class RemoteSet:
    """A set of digits that can be downloaded."""

    title: str
    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    splits: tuple[str, ...] = ()


class Arrays(NamedTuple):
    """The samples of a set, uint8 (n, 28, 28), uint8 (n,) and bool (n,), training part first."""

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    is_test: npt.NDArray[np.bool_]


# Lengths and SHA-256 of MNIST: TensorFlow Datasets, url_checksums/mnist.txt; the same SHA-256 in
# Ludwig, ludwig/datasets/configs/mnist.yaml. The mirrors are theirs: the Common Visual Data
# Foundation's, and PyTorch's, which torchvision/datasets/mnist.py uses too.
# EMNIST: TensorFlow Datasets, url_checksums/emnist.txt; the same SHA-256 in MLDatasets.jl,
# src/EMNIST/EMNIST.jl. NIST has moved the file: the address is that of TensorFlow Datasets' pull
# request 5401.
REMOTE_SETS: dict[str, RemoteSet] = {
    "mnist": RemoteSet(
        "MNIST",
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
        (
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    ),
    "emnist": RemoteSet(
        "EMNIST",
        ("https://biometrics.nist.gov/cs_links/EMNIST/",),
        (
            RemoteFile(
                "gzip.zip",
                561_753_746,
                "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
            ),
        ),
        splits=("digits", "mnist"),
    ),
}


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

    True for the files as they were published, and for the copy that an earlier `load_digits` made
    of them (of EMNIST, the digits). Nothing is downloaded.

    Introduced in lesson 04.

    Raises
    ------
    ValueError
        When `name` is neither "mnist" nor "emnist".
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
        pixels = np.load(folder / f"{key}-pixels.npy", mmap_mode="r", allow_pickle=False)
        with (folder / f"{key}-labels.npz").open("rb") as stream:
            stored = np.load(stream, allow_pickle=False)
            arrays = Arrays(pixels, stored["labels"], stored["is_test"])
    except (OSError, ValueError, EOFError, LookupError, zipfile.BadZipFile):
        return None
    count = len(arrays.labels)
    right = isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8
    right = right and pixels.shape == (count, 28, 28)
    return arrays if right and arrays.is_test.shape == (count,) else None


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
