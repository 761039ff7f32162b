"""The IDX format, in which MNIST and EMNIST are stored, read by hand.

An IDX file is a header and then the numbers, row by row:

    byte 0, 1   0 and 0
    byte 2      the element type (`ELEMENT_TYPES`)
    byte 3      how many dimensions
    4 bytes     the size of each dimension, the most significant byte first

The format is described on the MNIST page (Y. LeCun, C. Cortes and C. Burges, "The MNIST database of
handwritten digits"). Nothing in a file is believed: sizes are held against what is really there,
and a small file that promises a huge array is refused before any memory is taken.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["ELEMENT_TYPES", "Header", "plain_words", "read_idx", "read_idx_stream"]

ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
GZIP_START = b"\x1f\x8b"
MOST_BYTES = 1 << 30  # the largest array read; EMNIST's largest file holds 0.55 GB
HARMLESS_BYTES = 64 << 20  # arrays below this may be compressed as hard as they like
MOST_SQUEEZED = 100  # handwriting shrinks 4 to 20 times; a bomb, 1,000 times
MOST_DIMENSIONS = 32
DAMAGED = (
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    UnicodeDecodeError,
)
CHUNK = 1 << 20


class Header(NamedTuple):
    """What an IDX file says of itself."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def length(self) -> int:
        """Bytes before the first number."""
        return 4 + 4 * len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all the numbers."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_idx(path: Path) -> npt.NDArray[Any]:
    """Read one IDX file, gzipped or not; an uncompressed file of bytes stays on disk.

    Parameters
    ----------
    path : pathlib.Path
        The file. Whether it is gzipped is seen from its first bytes, not from its name.

    Returns
    -------
    numpy.ndarray
        Memory-mapped and read-only when the file is uncompressed and its elements are single
        bytes; otherwise in memory, in this machine's byte order.

    Raises
    ------
    ValueError
        When the file is damaged, or is no IDX file.
    """
    stored = path.stat().st_size
    with path.open("rb") as stream:
        zipped = stream.peek(2)[:2] == GZIP_START
        if zipped:
            return read_idx_stream(stream, path.name, stored_bytes=stored)
        header = _read_header(stream, path.name)
        if stored < header.length + header.nbytes:
            raise ValueError(_truncated(path.name, header, stored - header.length))
        if stored > header.length + header.nbytes:
            raise ValueError(_trailing(path.name, header))
        if header.dtype.itemsize > 1 or header.nbytes == 0:
            return read_idx_stream(_rewound(stream), path.name, stored_bytes=stored)
    return np.memmap(path, header.dtype, mode="r", offset=header.length, shape=header.shape)


def read_idx_stream(stream: Any, name: str, *, stored_bytes: int) -> npt.NDArray[Any]:
    """Read one IDX file, gzipped or not, from an open stream, and never more than it promises.

    Parameters
    ----------
    stream : binary file object with ``peek``
        Placed at the first byte.
    name : str
        What to call the file in an error.
    stored_bytes : int
        How many bytes it takes where it is stored: a far larger array is refused.

    Returns
    -------
    numpy.ndarray
        In this machine's byte order.

    Raises
    ------
    ValueError
        When the file is damaged, is no IDX file, or promises too much.
    """
    with plain_words(name):
        if stream.peek(2)[:2] == GZIP_START:
            with gzip.GzipFile(fileobj=stream, mode="rb") as unzipped:
                return _read_array(unzipped, name, stored_bytes)
        return _read_array(stream, name, stored_bytes)


def _read_header(stream: Any, name: str) -> Header:
    """Read and check the first bytes."""
    start = stream.read(4)
    right = len(start) == 4 and start[:2] == b"\0\0" and start[2] in ELEMENT_TYPES
    if not right or not 1 <= start[3] <= MOST_DIMENSIONS:
        page = " It looks like a web page: download it again." if start[:1] == b"<" else ""
        raise ValueError(
            f"{name} is no IDX file: it starts with {start!r}, and an IDX file with two zero bytes,"
            f" an element type and a number of dimensions.{page}"
        )
    sizes = stream.read(4 * start[3])
    if len(sizes) < 4 * start[3]:
        raise ValueError(f"{name} is cut off inside its header. Download it again.")
    shape = tuple(int(size) for size in np.frombuffer(sizes, dtype=">u4"))
    return Header(ELEMENT_TYPES[start[2]], shape)


def _read_array(stream: Any, name: str, stored_bytes: int) -> npt.NDArray[Any]:
    """Read the header and exactly the numbers that it promises."""
    header = _read_header(stream, name)
    _check_promise(header, name, stored_bytes)
    array = np.empty(header.shape, dtype=header.dtype)
    target = array.reshape(-1).view(np.uint8).data
    done = 0
    while done < header.nbytes:
        got = stream.readinto(target[done : done + CHUNK])
        if not got:
            raise ValueError(_truncated(name, header, done))
        done += got
    if stream.read(1):
        raise ValueError(_trailing(name, header))
    return array.astype(header.dtype.newbyteorder("="), copy=False)


def _check_promise(header: Header, name: str, stored_bytes: int) -> None:
    """Refuse a header that would fill the memory."""
    # sizes of zero must not hide huge ones beside them: NumPy refuses such a shape
    if math.prod(size or 1 for size in header.shape) * header.dtype.itemsize > MOST_BYTES:
        raise ValueError(
            f"{name} promises {_told(header)}, {header.nbytes:,} bytes; "
            f"at most {MOST_BYTES:,} are read."
        )
    if header.nbytes > max(HARMLESS_BYTES, MOST_SQUEEZED * stored_bytes):
        raise ValueError(
            f"{name} takes {stored_bytes:,} bytes and promises {header.nbytes:,}: "
            "no handwriting shrinks so much, so it is not read."
        )


def _told(header: Header) -> str:
    """Say the shape as people do: 60000 x 28 x 28 uint8."""
    sizes = " x ".join(str(size) for size in header.shape)
    return f"{sizes} {header.dtype.newbyteorder('=')}"


def _truncated(name: str, header: Header, found: int) -> str:
    return (
        f"{name} is cut off: its header promises {_told(header)}, {header.nbytes:,} bytes, "
        f"and {max(found, 0):,} are there. Download it again."
    )


def _trailing(name: str, header: Header) -> str:
    return (
        f"{name} has more bytes than its header promises ({_told(header)}, {header.nbytes:,} "
        "bytes): it is damaged or something else. Download it again."
    )


def _rewound(stream: Any) -> Any:
    stream.seek(0)
    return stream


@contextlib.contextmanager
def plain_words(name: str) -> Iterator[None]:
    """Turn what the unpackers raise on damaged data into one sentence."""
    try:
        yield
    except DAMAGED as error:
        raise ValueError(f"{name} is damaged ({error}). Download it again.") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # that is an impossible place in a zip, the others the disk
            raise
        raise ValueError(f"{name} is damaged ({error}). Download it again.") from error
    except (NotImplementedError, RuntimeError) as error:  # zipfile: method or password
        raise ValueError(f"{name} cannot be unpacked ({error}). Zip it again plainly.") from error
