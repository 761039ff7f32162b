"""What a `Digits` checks: its columns, and what a student types in ``digits[...]``."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["as_column", "choose_samples"]

HOW = "Type digits[5], digits[5:9], digits[[5, 38, 200]] or digits[digits.labels == 8]."


def choose_samples(key: Any, count: int) -> slice | npt.NDArray[np.intp]:
    """Return the chosen positions, as a slice wherever one will do.

    A slice of a memory-mapped array copies nothing, so neighbouring samples, and a mask that is
    one block (the training part of MNIST), stay on disk.

    Parameters
    ----------
    key : int, slice, Ellipsis, sequence of int or sequence of bool
        What stood between the brackets. One number chooses one sample and keeps the batch axis.
    count : int
        How many samples there are.

    Returns
    -------
    slice or numpy.ndarray of int

    Raises
    ------
    IndexError
        When there is no such sample, or a mask has the wrong length.
    TypeError
        When the key is of no known kind.

    Examples
    --------
    >>> choose_samples(-1, 10), choose_samples([2, 3, 4], 10), choose_samples([4, 2], 10)
    (slice(9, 10, 1), slice(2, 5, 1), array([4, 2]))
    """
    if key is Ellipsis:
        return slice(0, count, 1)
    if isinstance(key, slice):
        return _checked_slice(key, count)
    if isinstance(key, tuple):
        given = ", ".join(str(item) for item in key)
        raise TypeError(f"digits[{given}] has {len(key)} keys. {HOW}")
    if isinstance(key, str):
        hint = f"Type digits.{key}." if key in ("train", "test") else HOW
        raise TypeError(f"A sample has a number, not the name {key!r}. {hint}")
    if not isinstance(key, bool | np.bool_) and hasattr(key, "__index__") and np.ndim(key) == 0:
        place = operator.index(key)
        _check_range(place, place, count)
        return slice(place % count, place % count + 1, 1)
    return _from_array(key, count)


def as_column(name: str, values: Any, kinds: str, count: int) -> npt.NDArray[Any]:
    """Return one value for each sample as an array, checked."""
    array: npt.NDArray[Any] = np.asanyarray(values)
    if array.dtype.kind not in kinds:
        wanted = "True or False" if kinds == "b" else "whole numbers"
        raise TypeError(f"{name} are {array.dtype}; expected {wanted}.")
    if array.shape != (count,):
        raise ValueError(f"{name} have shape {array.shape}; {count:,} samples need ({count},).")
    return array


def _checked_slice(key: slice, count: int) -> slice:
    """Let Python check the three numbers of a slice, and say more when it refuses."""
    try:
        key.indices(count)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{error}. {HOW}") from None
    return key


def _from_array(key: Any, count: int) -> slice | npt.NDArray[np.intp]:
    """Read a list of numbers or a mask."""
    try:
        array = np.asarray(key)
    except ValueError:
        raise TypeError(f"The samples are lists of different lengths. {HOW}") from None
    if array.ndim != 1:
        raise TypeError(f"{_said(key)} does not choose samples. {HOW}")
    if array.dtype == bool:
        if len(array) != count:
            raise IndexError(
                f"The mask has {len(array):,} values for {count:,} samples; it needs one for each."
            )
        return _as_slice(np.flatnonzero(array))
    if len(array) == 0:
        return slice(0, 0, 1)
    # numbers beyond 64 bits make an array of objects
    whole = array.dtype == object and all(isinstance(item, int) for item in array)
    if not whole and array.dtype.kind not in "iu":
        raise TypeError(f"{_said(key)} are not whole numbers. {HOW}")
    _check_range(int(array.min()), int(array.max()), count)
    return _as_slice(array.astype(np.intp) % count)


def _check_range(lowest: int, highest: int, count: int) -> None:
    """Raise when a number is before the first or after the last sample."""
    wrong = highest if highest >= count else lowest
    if -count <= wrong < count:
        return
    if count == 0:
        raise IndexError(f"There is no sample {wrong}: this set is empty.")
    raise IndexError(
        f"There is no sample {wrong}: this set has {count:,}. Type a number from 0 to {count - 1}, "
        f"or from -{count} to -1 to count from the end."
    )


def _as_slice(places: npt.NDArray[np.intp]) -> slice | npt.NDArray[np.intp]:
    """Write neighbours in rising order as a slice."""
    if len(places) == 0:
        return slice(0, 0, 1)
    first = int(places[0])
    if np.array_equal(places, np.arange(first, first + len(places))):
        return slice(first, first + len(places), 1)
    return places


def _said(key: Any) -> str:
    """Quote the key, shortened."""
    text = " ".join(repr(key).split())
    return text if len(text) <= 40 else text[:37] + "..."
