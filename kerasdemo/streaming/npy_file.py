"""Rows in a ``.npy`` file that appears when it is whole."""

from __future__ import annotations

import math
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kerasdemo.prediction import Array

BLOCK = 1 << 24  # bytes read at a time to check them
Shape = tuple[int, ...]


class NpyFile:
    """Rows in ``NAME.npy.part``, renamed to ``NAME.npy`` when they are all there."""

    def __init__(self, path: Path) -> None:
        self.place: Path | None = path
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._file: BinaryIO | None = None
        self._dtype: np.dtype[Any] = np.dtype("float32")
        self._shape: Shape | None = None
        self._header = 0

    @property
    def whole(self) -> bool:
        """Whether the place holds the rows of a finished run."""
        return self._path.exists()

    def check(self, dtype: np.dtype[Any], shape: Shape) -> None:
        """Raise ``ValueError`` if rows of this dtype and shape do not fit."""
        if self._shape is not None and (dtype, shape) != (self._dtype, self._shape):
            raise ValueError(
                f"A batch has rows of shape {shape} and dtype {dtype}; those before it had "
                f"{self._shape} and {self._dtype}. One file takes one kind of row."
            )

    def begin(self, dtype: np.dtype[Any], shape: Shape) -> None:
        """Make ready for the first row; `shape` is that of one row."""
        self._part.write_bytes(b"")
        self.reopen(dtype, shape)

    def reopen(self, dtype: np.dtype[Any], shape: Shape) -> None:
        """Make ready to go on with what is there, which may be nothing yet."""
        self._part.touch()
        self._dtype, self._shape = dtype, shape
        self._header = self._write_header(0)

    def write(self, start: int, rows: Array) -> None:
        """Write rows behind row `start`, and hand them to the operating system."""
        self.check(rows.dtype, rows.shape[1:])
        file = self._open()
        file.seek(self._at(start))
        file.write(rows.data if rows.size else b"")
        file.flush()

    def read(self, start: int, stop: int) -> Array:
        """Return rows that were written."""
        found = self._bytes(self._at(start), self._at(stop))
        return np.frombuffer(found, self._dtype).reshape(stop - start, *(self._shape or ()))

    def reaches(self, start: int, stop: int) -> bool:
        """Say whether the file may hold rows `start` to `stop`: they are in order and within it."""
        if self._part.exists():
            return start <= stop and self._at(stop) <= self._part.stat().st_size
        return False

    def checksum(self, start: int, stop: int, sum_so_far: int) -> int:
        """Return the checksum of all rows up to `stop`, given that up to `start`."""
        for at in range(self._at(start), self._at(stop), BLOCK):
            block = self._bytes(at, min(at + BLOCK, self._at(stop)))
            sum_so_far = zlib.crc32(block, sum_so_far)
        return sum_so_far

    def seal(self, rows: int) -> None:
        """Make sure that exactly `rows` rows are safe on the disk."""
        if self._write_header(rows) != self._header:
            raise RuntimeError(f"NumPy {np.__version__} leaves no room in the header of a file.")
        file = self._open()
        file.truncate(self._at(rows))
        file.flush()
        os.fsync(file.fileno())
        self.close()

    def publish(self) -> None:
        """Put what was sealed in its place."""
        if self._part.exists():
            os.replace(self._part, self._path)

    def close(self) -> None:
        """Let go of the file; the next call opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_header(self, rows: int) -> int:
        """Write NumPy's header, which keeps room for a row count of any length; return its size."""
        file = self._open()
        file.seek(0)
        described = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (rows, *(self._shape or ())),
        }
        np.lib.format.write_array_header_1_0(file, described)
        return file.tell()

    def _at(self, row: int) -> int:
        return self._header + row * self._dtype.itemsize * math.prod(self._shape or ())

    def _bytes(self, start: int, stop: int) -> bytes:
        file = self._open()
        file.seek(start)
        return file.read(stop - start)

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self._part.open("r+b")
        return self._file
