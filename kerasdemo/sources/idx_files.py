"""Find the IDX files of a set of digits in a folder or a zip, and check that they belong together.

A zip is never unpacked to disk: its members are read as streams.
"""

from __future__ import annotations

import functools
import re
import stat
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kerasdemo.sources.idx import plain_words, read_idx, read_idx_stream

__all__ = ["SPLITS", "Part", "find_parts"]

# train-images-idx3-ubyte, t10k-labels.idx1-ubyte.gz, emnist-digits-test-images-idx3-ubyte.gz
NAME = re.compile(
    r"(?:emnist-(?P<split>[a-z]+)-)?(?P<part>train|t10k|test)-(?P<what>images|labels)"
    r"[-.]idx\d-ubyte(?:\.gz)?",
    re.IGNORECASE,
)
SPLITS = ("digits", "mnist")  # EMNIST's sets of digits; its other four hold letters
DEPTH = 2  # how many folders down files are looked for: EMNIST has gzip/, others MNIST/raw/
MOST_MEMBERS = 10_000


class Found(NamedTuple):
    """One IDX file, and how to read it."""

    name: str
    order: tuple[int, int, str]  # the file to prefer when there are two
    read: Callable[[], npt.NDArray[Any]]


@dataclass(frozen=True)
class Part:
    """The training or the test part of a set: one file of images, one of labels."""

    is_test: bool
    images: Found
    labels: Found
    transposed: bool

    def read_labels(self) -> npt.NDArray[np.uint8]:
        """Return the labels, uint8 (n,), each 0..9."""
        labels = _expect_bytes(self.labels.name, self.labels.read(), 1, "labels (n,)")
        if len(labels) and labels.max() > 9:
            place = int(np.argmax(labels > 9))
            raise ValueError(
                f"{self.labels.name} holds the label {labels[place]} at sample {place}; "
                "digits are 0 to 9."
            )
        return labels

    def read_pixels(self, count: int) -> npt.NDArray[np.uint8]:
        """Return the images, uint8 (n, 28, 28), `count` of them, upright if EMNIST's."""
        pixels = _expect_bytes(self.images.name, self.images.read(), 3, "images (n, 28, 28)")
        if pixels.shape[1:] != (28, 28):
            raise ValueError(
                f"{self.images.name} holds images of {pixels.shape[1]} x {pixels.shape[2]} pixels; "
                "expected 28 x 28."
            )
        if len(pixels) != count:
            raise ValueError(
                f"{self.images.name} holds {len(pixels):,} images and {self.labels.name} "
                f"{count:,} labels: they do not belong together."
            )
        return pixels.transpose(0, 2, 1) if self.transposed else pixels


def find_parts(
    path: Path,
    *,
    split: str | None = None,
    upright: bool = True,
    only: Collection[str] | None = None,
) -> list[Part]:
    """Find the parts of one set of digits, the training part first.

    Files with MNIST's names are taken if there are any; otherwise EMNIST's digits.

    Parameters
    ----------
    path : pathlib.Path
        A folder, looked through two folders down, or a zip.
    split : {"digits", "mnist"}, optional
        Take this set of EMNIST's.
    upright : bool
        Turn EMNIST's images, which are stored transposed.
    only : collection of str, optional
        Take no files but these.

    Raises
    ------
    FileNotFoundError
        When nothing there is named as MNIST or EMNIST files are, or one of a pair is missing.
    ValueError
        When the file is no zip, or the zip has unsafe names.
    """
    found: dict[tuple[str | None, bool, str], Found] = {}
    for file, key in _named(_in_folder(path) if path.is_dir() else _in_zip(path)):
        if only is not None and file.name not in only:
            continue
        if key not in found or file.order < found[key].order:
            found[key] = file
    splits = {key[0] for key in found}
    wanted = [split] if split else [None, *SPLITS]
    chosen = next((name for name in wanted if name in splits), "")
    if chosen == "":
        raise FileNotFoundError(_nothing_here(path, split, splits))
    parts = []
    for is_test in (False, True):
        images = found.get((chosen, is_test, "images"))
        labels = found.get((chosen, is_test, "labels"))
        if images and labels:
            parts.append(Part(is_test, images, labels, upright and chosen is not None))
        elif images or labels:
            there = images or labels
            assert there is not None
            missing = "labels" if images else "images"
            raise FileNotFoundError(
                f"{path} has {there.name} but not the {missing} that belong to it. "
                "Put both files there."
            )
    return parts


def _named(files: Iterator[Found]) -> Iterator[tuple[Found, tuple[str | None, bool, str]]]:
    """Keep the files whose names say what they hold."""
    for file in files:
        match = NAME.fullmatch(PurePosixPath(file.name).name)
        if match:
            split = match["split"].lower() if match["split"] else None
            yield file, (split, match["part"].lower() != "train", match["what"].lower())


def _in_folder(folder: Path, depth: int = 0) -> Iterator[Found]:
    """Walk a folder; uncompressed files are preferred, since they stay on disk."""
    try:
        paths = sorted(folder.iterdir())
    except PermissionError:
        if depth == 0:
            raise
        return  # a closed folder inside is none of ours
    for path in paths:
        if path.is_dir():
            if depth < DEPTH and not path.name.startswith("."):
                yield from _in_folder(path, depth + 1)
        elif path.is_file():
            order = (depth, int(path.suffix.lower() == ".gz"), str(path))
            yield Found(path.name, order, functools.partial(read_idx, path))


def _in_zip(path: Path) -> Iterator[Found]:
    """List a zip, having checked every name in it."""
    if NAME.fullmatch(path.name):
        raise ValueError(f"{path.name} is one IDX file; type the folder it is in: {path.parent}")
    with path.open("rb") as stream, plain_words(path.name):
        if not zipfile.is_zipfile(stream):
            raise ValueError(
                f"{path.name} is not a zip, or one that is cut off. "
                "Type a folder or a zip of IDX files."
            )
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise ValueError(f"{path.name} has {len(members):,} members; a set of digits has a few.")
    for member in members:
        _check_member(path.name, member)
    for member in members:
        if not member.is_dir() and not member.filename.startswith("__MACOSX/"):
            order = (member.filename.count("/"), 0, member.filename)
            yield Found(member.filename, order, functools.partial(_read_member, path, member))


def _check_member(archive: str, member: zipfile.ZipInfo) -> None:
    """Refuse the names by which a zip reaches out of its folder."""
    name = member.orig_filename.replace("\\", "/")
    outside = name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:", name)
    if outside or "\0" in name:
        raise ValueError(
            f"{archive} has a member called {member.orig_filename!r}, which points outside it. "
            "Such a zip is not opened."
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ValueError(f"{archive} holds a symbolic link, {name!r}. Such a zip is not opened.")


def _read_member(path: Path, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """Read one member as a stream."""
    name = f"{path.name}: {member.filename}"
    if member.flag_bits & 1:
        raise ValueError(f"{name} has a password. Zip it again without one.")
    with plain_words(name), zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        return read_idx_stream(stream, name, stored_bytes=member.compress_size)


def _expect_bytes(
    name: str, array: npt.NDArray[Any], ndim: int, expected: str
) -> npt.NDArray[np.uint8]:
    """Check the element type and the number of dimensions."""
    if array.dtype != np.uint8 or array.ndim != ndim:
        raise ValueError(
            f"{name} holds {array.dtype} numbers of shape {array.shape}; "
            f"expected {expected} as uint8."
        )
    return array


def _nothing_here(path: Path, split: str | None, splits: set[str | None]) -> str:
    """Say what was looked for and what is there."""
    letters = sorted(name for name in splits if name is not None)
    if letters and split not in SPLITS:
        return f"{path} holds only EMNIST's {', '.join(letters)}; the digits are in: digits, mnist."
    wanted = f"emnist-{split}-train-images-idx3-ubyte" if split else "train-images-idx3-ubyte"
    return (
        f"{path} holds no digits: expected IDX files named as MNIST's or EMNIST's, such as "
        f"{wanted} and {wanted.replace('images-idx3', 'labels-idx1')}, with or without .gz."
    )
