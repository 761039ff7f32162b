"""Read the arrays of an ``.npz`` file, and believe nothing that it says of their size."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["read_npz"]

MOST_BYTES = 1 << 26  # of one array; the largest of the kit's own has 1.4 MB


def read_npz(path: Path, kinds: Mapping[str, str]) -> dict[str, npt.NDArray[Any]]:
    """Return arrays of an ``.npz`` file, in memory.

    ``numpy.load`` takes the memory that a header claims before it looks whether the numbers are
    there (``numpy/lib/_format_impl.py``, ``read_array``).

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kinds : mapping of str to str
        From the names of the arrays wanted to their dtypes, such as ``"<f4"``.

    Raises
    ------
    ValueError
        When the file is damaged, or does not hold these arrays.
    OSError
        When it cannot be read at all.
    """
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            return {name: _read(archive, name, np.dtype(kind)) for name, kind in kinds.items()}
    except OSError as error:
        if error.filename is not None:  # else it is zipfile's own: an impossible place
            raise
        raise ValueError(f"{path} is damaged ({error}).") from None
    except Exception as error:  # NumPy's reader and zipfile have a dozen kinds
        raise ValueError(f"{path} is damaged ({type(error).__name__}: {error}).") from None


def _read(archive: zipfile.ZipFile, name: str, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Read one array, and not a byte more than its header promises."""
    with archive.open(f"{name}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"{name} has a header of version {version}; expected (1, 0).")
        shape, in_columns, dtype = np.lib.format.read_array_header_1_0(stream)
        size = math.prod(side or 1 for side in shape) * dtype.itemsize
        if dtype != kind or size > MOST_BYTES:
            raise ValueError(f"{name} promises {shape} {dtype}; expected {kind}, and fewer bytes.")
        nbytes = math.prod(shape) * dtype.itemsize
        found = bytearray(stream.read(nbytes))
        if len(found) < nbytes or stream.read(1):
            raise ValueError(f"{name} does not hold the {shape} {dtype} that its header promises.")
    return np.frombuffer(found, dtype).reshape(shape, order="F" if in_columns else "C")
