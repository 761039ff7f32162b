"""The range of values: unlike the training data's, not scaled, or scaled twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasdemo.inspections.case import Case, Leaf
from kerasdemo.inspections.finding import Finding, Kind, Outcome, each, found
from kerasdemo.inspections.model_facts import consumers, followers
from kerasdemo.inspections.values import Numbers, measure

PASS_ON = {
    "CenterCrop", "Cropping2D", "Dropout", "Identity", "InputLayer", "Permute", "RandomCrop",
    "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "Reshape", "Resizing",
    "ZeroPadding2D",
}  # fmt: skip
TAKES_AS_IS = {
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "DepthwiseConv2D",
    "SeparableConv2D",
    "Dense",
    "Flatten",
}
FULL = 255.0
FEWEST = 8  # samples that a judgement on most of them needs
MANY = 1000  # values that it needs


def inspect(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with the range of the values; at most one finding for each array."""
    for leaf in case.leaves:
        values = leaf.values
        if values is None or not values.size or values.dtype.kind not in "fiub":
            continue
        seen = measure(values)
        if not np.isfinite([seen.low, seen.high]).all() or seen.spread == 0:
            continue
        if leaf.like is not None:
            finding = _unlike(case, leaf, values, seen, leaf.like)
        else:
            finding = _by_layers(case, leaf, values, seen)
        if finding:
            yield finding


def _unlike(
    case: Case, leaf: Leaf, values: NDArray[Any], seen: Numbers, like: NDArray[Any]
) -> Finding | None:
    """Compare the range with that of samples as the model was trained on."""
    if like.dtype.kind not in "fiub" or not like.size:
        return None
    known = measure(like)
    width = known.spread
    if not np.isfinite(width) or width == 0:
        return None
    low, high = _ends(values, seen)
    ratio = max(abs(high), abs(low)) / max(map(abs, _ends(like, known)))
    many = len(values) >= FEWEST and values.size >= MANY
    name = leaf.name
    if 0.5 <= ratio / FULL <= 2 and seen.low >= 0:
        mend, how = f"{name} = {name} / 255", "not scaled"
    elif 0.5 <= ratio * FULL <= 2:
        mend, how = f"{name} = {name} * 255", "scaled once too often"
    elif low < known.low - width / 4 or high > known.high + width / 2:
        mend, how = _to_range(name, seen, known), "outside the range"
    elif many and seen.low > known.low + 0.4 * width and _often_low(like, known):
        mend, how = _to_range(name, seen, known), "in one half of the range"
    elif many and seen.spread < width / 20:
        mend, how = _to_range(name, seen, known), "in a small part of the range"
    elif seen.whole and not known.whole and width <= 1 and values.size >= MANY:
        mend, how = f"{name} = {name}_as_read / 255  # not //", "cut to whole numbers"
    else:
        return None
    says = (
        f"{name} goes from {seen.low:.4g} to {seen.high:.4g}, the training samples from "
        f"{known.low:.4g} to {known.high:.4g}: {how}."
    )
    return _range_finding(case, "unlike-training-range", says, "wrong", mend)


def _ends(values: NDArray[Any], seen: Numbers) -> tuple[float, float]:
    """Return the lowest and the highest value: of all images; of most samples of anything else.

    Pixels have a range. A column of a table may have no end: among enough samples there is always
    one that is larger than all those of the training.
    """
    if values.ndim >= 4:
        return seen.low, seen.high
    axes = tuple(range(1, values.ndim))
    lows, highs = np.fmin.reduce(values, axis=axes), np.fmax.reduce(values, axis=axes)
    low, high = float(np.nanmedian(lows)), float(np.nanmedian(highs))
    return (low, high) if max(abs(low), abs(high)) > 0 else (seen.low, seen.high)


def _often_low(like: NDArray[Any], known: Numbers) -> bool:
    return float(np.mean(like < known.low + 0.4 * known.spread)) > 0.1


def _to_range(name: str, seen: Numbers, known: Numbers) -> str:
    scaled = f"({name} - {seen.low:.4g}) / {seen.spread:.4g}"
    if (known.low, known.high) == (0.0, 1.0):
        return f"{name} = {scaled}"
    return f"{name} = {scaled} * {known.spread:.4g} + {known.low:.4g}"


def _range_finding(case: Case, name: str, says: str, kind: Kind, mend: str) -> Finding:
    words = "numbers as sure as ever, for another input"
    if kind == "depends":
        words = "right only if the model was trained so; like=training_images settles it"
    return found(name, case.method, says, each(Outcome(kind, words)), mend)


def _by_layers(case: Case, leaf: Leaf, values: NDArray[Any], seen: Numbers) -> Finding | None:
    """Compare with what the model's first layers say of its input."""
    first = _first_acting(case, leaf)
    for layer in first:
        kind = type(layer).__name__
        if kind == "Rescaling":
            return _scaled_twice(case, leaf, seen, layer)
        if kind == "Normalization":
            return _normalised_twice(case, leaf, values, layer)
    images = leaf.shape is not None and len(leaf.shape) == 4 and leaf.shape[-1] in (1, 3, 4)
    as_is = bool(first) and all(type(layer).__name__ in TAKES_AS_IS for layer in first)
    if not (images and as_is and case.facts.plain) or _normalises(case):
        return None
    name = leaf.name
    if seen.whole and seen.low >= 0 and 100 < seen.high <= FULL:
        says = (
            f"{name} goes from {seen.low:.0f} to {seen.high:.0f} in whole numbers, as pixels are "
            "stored, and no layer of the model scales them."
        )
        return _range_finding(case, "not-scaled", says, "depends", f"{name} = {name} / 255")
    if seen.low >= 0 and seen.high <= 1.01 / FULL:
        says = f"{name} goes from {seen.low:.4g} to {seen.high:.4g}: images divided by 255 twice?"
        return _range_finding(case, "scaled-twice", says, "depends", f"{name} = {name} * 255")
    return None


def _first_acting(case: Case, leaf: Leaf) -> list[Any]:
    """Return the first layers that do more to the input than move pixels about."""
    if leaf.place < 0:
        return []
    graph, acting = case.facts.model, []
    rest, seen = consumers(case.facts, leaf.place), set()
    while rest:
        layer = rest.pop(0)
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        if type(layer).__name__ in PASS_ON:
            rest += list(followers(graph, layer))
        else:
            acting.append(layer)
    return acting


def _normalises(case: Case) -> bool:
    """Say whether any layer could make the scale of the input not matter."""
    return any("Norm" in type(layer).__name__ for layer in case.facts.layers)


def _scaled_twice(case: Case, leaf: Leaf, seen: Numbers, layer: Any) -> Finding | None:
    """Find values in [-1, 1] for a model that divides by 127.5 or 255 itself."""
    scale = np.asarray(layer.scale, dtype=float).ravel()
    if not (scale.size and (scale > 0).all() and (scale < 0.02).all()):
        return None
    if seen.low < -1.01 or seen.high > 1.01:
        return None
    says = (
        f"{leaf.name} goes from {seen.low:.4g} to {seen.high:.4g}, and the layer {layer.name!r} "
        f"scales by {scale[0]:.4g} once more."
    )
    mend = f"{leaf.name} = {leaf.name} * 255  # or leave out your own / 255"
    return _range_finding(case, "scaled-twice", says, "wrong", mend)


def _normalised_twice(case: Case, leaf: Leaf, values: NDArray[Any], layer: Any) -> Finding | None:
    """Find values that an adapted Normalization layer maps far away, or all onto one."""
    mean, variance = getattr(layer, "mean", None), getattr(layer, "variance", None)
    if mean is None or variance is None or len(values) < 8 or getattr(layer, "invert", False):
        return None
    try:
        scores = (values - np.asarray(mean)) / np.sqrt(np.maximum(np.asarray(variance), 1e-7))
    except ValueError:  # another number of features: shapes says so
        return None
    off = float(np.median(np.abs(scores.mean(axis=0))))
    spreads = scores.std(axis=0)[np.ptp(values, axis=0) > 0]  # a flag may be the same in all rows
    width = float(np.median(spreads)) if spreads.size else 1.0
    moved, flat = off > 4, width < 0.3  # both at once: no drift does that
    if not ((moved and flat) or off > 20 or width < 0.01):
        return None
    says = (
        f"{leaf.name} is not like what the layer {layer.name!r} was adapted to: after it, "
        f"the values lie around {off:.3g} with a spread of {width:.3g}, not around 0 with 1."
    )
    mend = f"{leaf.name} = {leaf.name}_as_read  # the model normalises it"
    return _range_finding(case, "normalised-twice", says, "wrong", mend)
