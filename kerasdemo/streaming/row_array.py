"""Rows in an array that the user made: in memory, or on the disk as a ``numpy.memmap``."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo.prediction import Array

BLOCK = 1 << 24  # bytes read at a time to check them
Shape = tuple[int, ...]


class RowArray:
    """Rows in an array of the user's, which has one for each sample."""

    def __init__(self, array: Array) -> None:
        if not array.flags.writeable:
            raise ValueError('out cannot be written to. Open a memmap with mode="r+" or "w+".')
        self._array = array
        on_disk = isinstance(array, np.memmap) and array.mode != "c" and array.filename
        self.place = Path(array.filename) if on_disk else None  # type: ignore[attr-defined]

    @property
    def whole(self) -> bool:
        """Whether the place holds the rows of a finished run."""
        return False  # an array shows nothing: it always has all its rows

    def check(self, dtype: np.dtype[Any], shape: Shape) -> None:
        """Raise ``ValueError`` if rows of this dtype and shape do not fit."""
        if self._array.shape[1:] != shape or self._array.dtype != dtype:
            raise ValueError(
                f"out has shape {self._array.shape} and dtype {self._array.dtype}; the rows have "
                f"shape {shape} and dtype {dtype}. "
                f'Type numpy.empty({(len(self._array), *shape)}, "{dtype}").'
            )

    def begin(self, dtype: np.dtype[Any], shape: Shape) -> None:
        """Make ready for the first row; `shape` is that of one row."""

    def reopen(self, dtype: np.dtype[Any], shape: Shape) -> None:
        """Make ready to go on with what is there."""
        self.check(dtype, shape)

    def write(self, start: int, rows: Array) -> None:
        """Write rows behind row `start`, and hand them to the operating system."""
        self.check(rows.dtype, rows.shape[1:])
        if start + len(rows) > len(self._array):
            raise ValueError(
                f"out has {len(self._array)} rows, and the Dataset goes on: a batch needs rows "
                f"{start} to {start + len(rows) - 1}. Give an array with a row for each sample."
            )
        self._array[start : start + len(rows)] = rows

    def read(self, start: int, stop: int) -> Array:
        """Return rows that were written."""
        return np.asarray(self._array[start:stop])

    def reaches(self, start: int, stop: int) -> bool:
        """Say whether the array has rows `start` to `stop`."""
        return start <= stop <= len(self._array)

    def checksum(self, start: int, stop: int, sum_so_far: int) -> int:
        """Return the checksum of all rows up to `stop`, given that up to `start`."""
        rows = max(1, BLOCK // max(1, self._array[:1].nbytes))
        for at in range(start, stop, rows):
            block = self._array[at : min(at + rows, stop)]
            sum_so_far = zlib.crc32(block.tobytes(), sum_so_far)
        return sum_so_far

    def seal(self, rows: int) -> None:
        """Make sure that exactly `rows` rows are safe on the disk."""
        if rows != len(self._array):
            raise ValueError(
                f"out has {len(self._array)} rows, the Dataset gave {rows}: the others were never "
                f"written. The answers are in out[:{rows}]."
            )
        if isinstance(self._array, np.memmap):
            self._array.flush()

    def publish(self) -> None:
        """Put what was sealed in its place."""

    def close(self) -> None:
        """Let go of the file; the next call opens it again."""
