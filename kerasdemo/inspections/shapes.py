"""Shapes: no batch axis, no channel axis, another size than the model was made for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from kerasdemo.inspections.case import Case, Leaf
from kerasdemo.inspections.finding import ASKED, Finding, Outcome, each, found
from kerasdemo.inspections.model_facts import Shape
from kerasdemo.inspections.trial import outcomes, sees_ranks, shape_words

NO_TENSOR = Outcome("raises", "an error: it is no tensor")


def inspect(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with the shapes."""
    for leaf in case.leaves:
        if leaf.shape is None or leaf.dtype == "object":
            continue
        finding = _against_model(case, leaf) or _against_like(case, leaf)
        if finding:
            yield finding


def _against_model(case: Case, leaf: Leaf) -> Finding | None:
    """Compare with what the model declares, or for a subclassed model with what it was built on."""
    got, wanted = leaf.shape, leaf.wanted
    if got is None:
        return None
    if wanted is None:
        return _unbatched_by_labels(case, leaf)
    if not wanted.declared:
        return _against_built(case, leaf, got, wanted.shape)
    sample = wanted.shape
    if fits(got[1:], sample) and len(got) == len(sample) + 1:
        return None
    last_is_one = bool(sample) and sample[-1] == 1
    if last_is_one and len(got) == len(sample) and fits(got[1:], sample[:-1]):
        return _last_axis(case, leaf, got, "is missing", "[..., None]")
    if len(got) == len(sample) + 2 and got[-1] == 1 and fits(got[1:-1], sample):
        return _last_axis(case, leaf, got, "is one too many", "[..., 0]")
    if fits(got, sample) or (last_is_one and fits(got, sample[:-1])):
        return _no_batch_axis(case, leaf, got, sample)
    return _wrong_size(case, leaf, got, sample)


def _against_built(case: Case, leaf: Leaf, got: Shape, sample: Shape) -> Finding | None:
    """Compare ranks alone, and channels: a subclassed model declares no size."""
    if len(got) == len(sample) + 1:
        images = len(sample) == 3 and None not in (got[-1], sample[-1])
        return _wrong_size(case, leaf, got, sample) if images and got[-1] != sample[-1] else None
    if sample[-1:] == (1,) and len(got) == len(sample) and fits(got[1:], sample[:-1]):
        return _last_axis(case, leaf, got, "is missing", "[..., None]")
    if fits(got, sample) or (sample[-1:] == (1,) and fits(got, sample[:-1])):
        return _no_batch_axis(case, leaf, got, sample)
    return _wrong_size(case, leaf, got, sample)


def _against_like(case: Case, leaf: Leaf) -> Finding | None:
    """Compare images with the size of those that the model was trained on."""
    got, like = leaf.shape, leaf.like
    if got is None or like is None or like.ndim != 4 or len(got) != 4:
        return None
    return None if fits(got[1:], like.shape[1:]) else _wrong_size(case, leaf, got, like.shape[1:])


def fits(got: Shape, wanted: Shape) -> bool:
    """Say whether a shape can be the wanted one; None stands for any size.

    Examples
    --------
    >>> fits((28, 28, 1), (None, None, 1)), fits((28, 28), (28, 28, 1))
    (True, False)
    """
    return len(got) == len(wanted) and all(
        g is None or w is None or g == w for g, w in zip(got, wanted, strict=True)
    )


def _no_batch_axis(case: Case, leaf: Leaf, got: Shape, sample: Shape) -> Finding:
    """Find one sample where a batch belongs; in a Dataset, each element is one."""
    channel = ", None" if len(got) < len(sample) else ""
    if case.is_dataset:
        elements = int(case.x.cardinality()) if hasattr(case.x, "cardinality") else -1
        rows = elements * got[0] if elements > 0 and got[0] else None
        does = each(NO_TENSOR, predict=outcomes(case.facts, got, rows=rows)["predict"])
        return found(
            "unbatched-dataset",
            case.method,
            f"Each element of the Dataset is one sample of shape {got}: no batch axis. Its first "
            f"axis, {got[0]}, is taken for the samples.",
            does,
            "dataset = dataset.batch(32)",
        )
    does = outcomes(case.facts, (None, *got[1:]), rows=got[0])
    return found(
        "no-batch-axis",
        case.method,
        f"{leaf.name} has shape {got}: one sample, no batch axis. Keras takes it for {got[0]} "
        f"samples of shape {got[1:]}.",
        does,
        f"{leaf.name} = {leaf.name}[None, ...{channel}]",
    )


def _unbatched_by_labels(case: Case, leaf: Leaf) -> Finding | None:
    """Find a Dataset whose labels are single numbers, for a model that says nothing of itself."""
    spec = case.x.element_spec if case.is_dataset else None
    if not isinstance(spec, (tuple, list)) or len(spec) < 2 or leaf.shape is None:
        return None
    if getattr(spec[1], "shape", (None,)) != ():
        return None
    return _no_batch_axis(case, leaf, leaf.shape, leaf.shape) if leaf.shape else None


def _last_axis(case: Case, leaf: Leaf, got: Shape, how: str, mend: str) -> Finding:
    """Find a last axis of length 1 that is missing or too many.

    Functional models add or take it (``Functional._adjust_input_rank``), as long as they see the
    rank: the graph of an earlier call does not.
    """
    does = outcomes(case.facts, (None, *got[1:]), numbers="right")
    if leaf.wanted and leaf.wanted.declared:  # mended before any layer runs, whatever the layers
        mended = Outcome("right", "Keras mends it")
        seeing = ASKED if sees_ranks(case.facts, len(got)) else ("predict_step",)
        does |= {m: mended for m in seeing if does[m].kind == "right or raises"}
    if case.is_dataset:
        does = each(NO_TENSOR, predict=does["predict"])
        mend_line = _mapped(case, leaf, mend)
    else:
        mend_line = f"{leaf.name} = {leaf.name}{mend}"
    seen = f"{leaf.name} has shape {shape_words(got)}; the last axis, of length 1, {how}."
    if not case.facts.fresh and does["predict"].kind == "right":  # its graphs are of this rank
        mend_line += "; model.make_predict_function(force=True)"
    if any(outcome.kind == "right" for outcome in does.values()):
        seen += (
            " Keras mends it in a graph of its own, and fails after a call with the right shape."
        )
    return found("last-axis", case.method, seen, does, mend_line)


def _mapped(case: Case, leaf: Leaf, index: str) -> str:
    """Write the line that puts an index behind one array of each element of a Dataset.

    The element may be x, (x,), (x, y) or (x, y, w), and x one array, or a dict or tuple of them.
    """
    spec, mended = case.x.element_spec, f"{leaf.name}{index}"
    if isinstance(case.structure, Mapping):
        mended = f"{{**x, {leaf.name[2:-1]}: {mended}}}"
    elif isinstance(case.structure, (list, tuple)):
        names = (one.name for one in case.leaves)
        mended = f"({', '.join(mended if name == leaf.name else name for name in names)},)"
    if not isinstance(spec, (list, tuple)):
        return f"dataset = dataset.map(lambda x: {mended})"
    rest = ("y", "w")[: len(spec) - 1]
    return f"dataset = dataset.map(lambda {', '.join(('x', *rest))}: ({mended}, {', '.join(rest)}))"


def _wrong_size(case: Case, leaf: Leaf, got: Shape, sample: Shape) -> Finding:
    """Find another size or rank than the model was made for."""
    need = shape_words((None, *sample))
    does = outcomes(case.facts, (None, *got[1:]))
    if case.is_dataset:
        does = each(NO_TENSOR, predict=does["predict"])
    mend = _resize(leaf.name, got, sample)
    seen = f"{leaf.name} has shape {shape_words(got)}; the model was made for {need}."
    if does["predict"].kind in ("wrong", "wrong or raises"):
        seen += f" {_who_checks(case)}"
    return found("wrong-size", case.method, seen, does, mend)


def _resize(name: str, got: Shape, sample: Shape) -> str:
    """Write the line that gives the samples the wanted shape."""
    sizes = ", ".join("-1" if size is None else str(size) for size in sample)
    if len(got) == 4 and len(sample) == 3:
        if fits((got[2], got[3], got[1]), sample):
            return f"{name} = np.moveaxis({name}, 1, -1)"
        if got[-1] == sample[-1]:
            return f"{name} = keras.ops.image.resize({name}, {sample[:2]})"
        if sample[-1] == 1:
            return f"{name} = {name}.mean(axis=-1, keepdims=True)"
        if got[-1] == 1:
            return f"{name} = np.repeat({name}, {sample[-1]}, axis=-1)"
    if None not in (*got[1:], *sample) and math.prod(got[1:]) == math.prod(sample):  # type: ignore[arg-type]
        return f"{name} = {name}.reshape(-1, {sizes})"
    return f"{name} = ...  # of shape {shape_words((None, *sample))}"


def _who_checks(case: Case) -> str:
    facts = case.facts
    if facts.kind == "Functional" and not facts.fresh:
        return "The check was made in the first call only: its graph now takes any size."
    if facts.kind == "Sequential":
        return "Sequential.call checks no size."
    return "A model of this class checks no size."
