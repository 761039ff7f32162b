"""Judge the value that an exercise wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def differences(expect: Mapping[str, Any], answer: object, *, like: object = None) -> list[str]:
    """Say in plain words what an answer is that it should not be; an empty list is a pass.

    Parameters
    ----------
    expect
        Any of `type` (a class name), `shape`, `dtype`, `values` and `tolerance` (absolute,
        0 unless given); or `passed`, for a report whose `missing` must be empty.
    answer
        Whatever the student made. Nothing that it is can make this function raise.
    like
        What the values must equal, within `tolerance`; handing in this very object is no answer.

    Examples
    --------
    >>> differences({"shape": [1, 28, 28, 1]}, np.zeros((28, 28, 1)))
    ['its shape is (28, 28, 1)']
    >>> differences({"values": [6, 8], "type": "list"}, [6, 8])
    []
    """
    if like is not None and answer is like:
        return ["it is the very thing to compare with; make your own"]
    if "type" in expect and expect["type"] not in {kind.__name__ for kind in type(answer).__mro__}:
        return [f"its type is {type(answer).__name__}"]
    try:
        if expect.get("passed"):
            return _not_passed(answer)
        array = np.asarray(answer)
        if "shape" in expect and array.shape != tuple(expect["shape"]):
            return [f"its shape is {array.shape}"]
        if "dtype" in expect and str(array.dtype) != expect["dtype"]:
            return [f"its dtype is {array.dtype}"]
        if "values" in expect and not _close(array, expect["values"], expect):
            return ["its value is another"]
        if like is not None and not _close(array, like, expect):
            return ["its values are others"]
    except Exception:
        return [f"a {type(answer).__name__} cannot be compared with the answer"]
    return []


def _not_passed(report: Any) -> list[str]:
    missing = len(report.missing)
    return [f"{missing} of {len(report)} trials not passed"] if missing else []


def _close(array: np.ndarray[Any, Any], wish: object, expect: Mapping[str, Any]) -> bool:
    values = np.asarray(wish)
    if values.shape != array.shape:
        return False
    if values.dtype.kind in "bU":
        return bool(np.array_equal(values, array))
    if array.dtype.kind not in "iufV":  # V: bfloat16; text would be read as the number it spells
        return False
    wanted, given = values.astype("float64"), array.astype("float64")
    return bool(np.allclose(given, wanted, rtol=0, atol=expect.get("tolerance", 0)))
