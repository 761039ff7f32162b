"""The values themselves: none, text, NaN, whole numbers beyond float32, places of an Embedding."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasdemo.inspections.case import Case, Leaf
from kerasdemo.inspections.finding import Finding, Outcome, each, found
from kerasdemo.inspections.model_facts import ModelFacts, consumers

EXACT = 2**24  # the first whole number after which float32 skips some
PIECE = 2**22  # values looked at together
HANDLES_NAN = {"isnan", "is_nan", "isfinite", "is_finite", "nan_to_num", "NanToNum", "Isnan"}


def inspect(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with the values."""
    for leaf in case.leaves:
        if leaf.shape and leaf.shape[0] == 0 and not case.is_dataset:
            yield _no_rows(case, leaf)
        elif (finding := _no_numbers(case, leaf)) is not None:
            yield finding
        elif leaf.values is not None and leaf.values.size and leaf.values.dtype.kind in "fiu":
            yield from _numbers(case, leaf, leaf.values)


def _no_rows(case: Case, leaf: Leaf) -> Finding:
    return found(
        "no-samples",
        case.method,
        f"{leaf.name} has shape {leaf.shape}: no samples.",
        each(
            Outcome("right or raises", "0 rows, or an error in a layer"),
            predict=Outcome("raises", "UnboundLocalError: batch_outputs (trainer.py, predict)"),
        ),
        f"if len({leaf.name}): p = model.predict({leaf.name}, verbose=0)",
    )


def _no_numbers(case: Case, leaf: Leaf) -> Finding | None:
    """Find text for a model of numbers, and text that `predict` cannot read."""
    kind = leaf.values.dtype.kind if leaf.values is not None else ""
    text = leaf.dtype in ("str", "bytes", "string", "object")
    small = leaf.dtype.startswith(("bfloat", "float", "int", "uint"))  # to NumPy, void
    if small or (not text and kind not in ("M", "m", "V")):
        return None
    takes_text = leaf.wanted is not None and leaf.wanted.dtype == "string"
    unread = Outcome("raises", f"ValueError: Invalid dtype: {leaf.dtype}")
    fault = Outcome("raises", "an error: it holds no numbers")
    if leaf.dtype == "object" and leaf.values is not None and not _all_text(leaf.values):
        seen = (
            f"{leaf.name} holds Python objects, not numbers: arrays of different shapes, or None."
        )
        mend = f"{leaf.name} = np.stack({leaf.name})"
        return found("objects", case.method, seen, each(fault, predict=unread), mend)
    if takes_text or (leaf.wanted is None or not leaf.wanted.dtype):
        if leaf.dtype == "string" or _readable(leaf.values) or case.method != "predict":
            return None
        seen = (
            f"{leaf.name} is NumPy text of dtype {leaf.dtype}; predict reads a tensor, or objects "
            "along a single axis."
        )
        does = each(Outcome("right", "if the model takes text"), predict=unread)
        return found(
            "numpy-text", case.method, seen, does, f"{leaf.name} = tf.constant({leaf.name})"
        )
    does = each(fault, predict=fault if leaf.dtype in ("string", "object") else unread)
    if case.is_dataset:
        does = each(fault)
    seen = f"{leaf.name} holds {leaf.dtype}, and the model takes {leaf.wanted.dtype}."
    mend = f'{leaf.name} = {leaf.name}.astype("float32")'
    return found("text-for-numbers", case.method, seen, does, mend)


def _readable(values: NDArray[Any] | None) -> bool:
    """Say whether `predict` reads NumPy text: str objects along one axis (``array_slicing.py``)."""
    return values is None or (
        values.dtype.kind == "O" and values.ndim == 1 and all(isinstance(v, str) for v in values)
    )


def _all_text(values: NDArray[Any]) -> bool:
    return all(isinstance(value, (str, bytes)) for value in values.flat)


@dataclass(frozen=True)
class Numbers:
    """Numbers about numbers, from one pass over them."""

    low: float
    high: float
    whole: bool
    nan: int
    infinite: int
    inexact: float  # a whole number that float32 cannot hold; NaN if there is none

    @property
    def spread(self) -> float:
        """The distance from the lowest to the highest."""
        return self.high - self.low


def measure(values: NDArray[Any]) -> Numbers:
    """Go through an array once, in pieces, so that a large one is not copied.

    Examples
    --------
    >>> seen = measure(np.array([0.0, 255.0, np.nan]))
    >>> seen.low, seen.high, seen.whole, seen.nan
    (0.0, 255.0, True, 1)
    """
    low, high, whole, nan, infinite, inexact = math.inf, -math.inf, True, 0, 0, math.nan
    rows = max(1, PIECE // max(1, values[:1].size)) if values.ndim else 1
    pieces = (
        (values[i : i + rows] for i in range(0, len(values), rows)) if values.ndim else (values,)
    )
    for piece in pieces:
        if piece.dtype.kind == "f":
            good = np.isfinite(piece)
            if not good.all():
                missing = int(np.isnan(piece).sum())
                nan, infinite = nan + missing, infinite + int((~good).sum()) - missing
                piece = piece[good]
        if not piece.size:
            continue
        low, high = min(low, float(piece.min())), max(high, float(piece.max()))
        if piece.dtype.kind == "f":
            whole = whole and bool((piece == np.floor(piece)).all())
        if whole and max(-low, high) > EXACT and math.isnan(inexact):
            inexact = _first_inexact(piece)
    return Numbers(low, high, whole, nan, infinite, inexact)


def _first_inexact(piece: NDArray[Any]) -> float:
    with np.errstate(over="ignore"):
        lost = piece[piece.astype(np.float32).astype(np.float64) != piece.astype(np.float64)]
    return float(lost[0]) if lost.size else math.nan


def _numbers(case: Case, leaf: Leaf, values: NDArray[Any]) -> Iterator[Finding]:
    seen = measure(values)
    if (seen.nan or seen.infinite) and not handles_nan(case.facts):
        yield _not_finite(case, leaf, seen)
    lookup = next((c for c in _users(case, leaf) if type(c).__name__ == "Embedding"), None)
    if lookup is not None:
        yield from _places(case, leaf, seen, lookup)
    elif not math.isnan(seen.inexact) and _becomes_float(leaf):
        yield _inexact(case, leaf, seen)


def _users(case: Case, leaf: Leaf) -> list[Any]:
    return consumers(case.facts, leaf.place) if leaf.place >= 0 else []


def handles_nan(facts: ModelFacts) -> bool:
    """Say whether the model looks as if it treats NaN itself: it names a function that finds it."""
    graph = getattr(facts.model, "_functional", None) or facts.model
    names = {type(operation).__name__ for operation in getattr(graph, "operations", ())}
    for part in (facts.model, *facts.layers):
        for function in (type(part).call, getattr(part, "function", None)):
            names |= set(getattr(getattr(function, "__code__", None), "co_names", ()))
    return bool(names & HANDLES_NAN)


def _not_finite(case: Case, leaf: Leaf, seen: Numbers) -> Finding:
    what = " and ".join(
        f"{count} {name}" for count, name in ((seen.nan, "NaN"), (seen.infinite, "inf")) if count
    )
    fused = "a graph may answer with good-looking numbers: fused kernels can lose a NaN"
    return found(
        "not-finite",
        case.method,
        f"{leaf.name} holds {what}.",
        each(Outcome("wrong", fused), predict_step=Outcome("wrong", "NaN, or numbers without it")),
        f"{leaf.name} = np.nan_to_num({leaf.name})  # or leave those samples out",
    )


def _places(case: Case, leaf: Leaf, seen: Numbers, lookup: Any) -> Iterator[Finding]:
    """Find numbers that are no place in the table of an Embedding."""
    size, name = int(lookup.input_dim), lookup.name
    if seen.high >= size or seen.low < -size:
        wrong = seen.high if seen.high >= size else seen.low
        does = each(Outcome("raises", "InvalidArgumentError on a CPU"))
        says = f"{leaf.name} holds {wrong:.0f}; the layer {name!r} has rows 0 to {size - 1}."
    elif seen.low < 0:
        does = each(Outcome("wrong", "the row counted from the end"))
        says = f"{leaf.name} holds {seen.low:.0f}; the layer {name!r} counts it from its last row."
    else:
        return
    mend = f"{leaf.name} = np.clip({leaf.name}, 0, {size - 1})"
    yield found("embedding-index", case.method, says, does, mend)


def _becomes_float(leaf: Leaf) -> bool:
    wanted = leaf.wanted.dtype if leaf.wanted else ""
    return wanted in ("float32", "float16", "bfloat16")


def _inexact(case: Case, leaf: Leaf, seen: Numbers) -> Finding:
    rounded = float(np.float32(seen.inexact))
    return found(
        "beyond-float32",
        case.method,
        f"{leaf.name} holds the whole number {seen.inexact:.0f}; the model computes in float32, "
        f"where it is {rounded:.0f}.",
        each(Outcome("wrong", "neighbouring numbers become one")),
        f'{leaf.name} = ({leaf.name} - {leaf.name}.min()).astype("float32")',
    )
