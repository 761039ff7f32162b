"""What is given as x at all: a list of images, text, an iterator, a Dataset for one batch."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasdemo.inspections.case import Case, is_array
from kerasdemo.inspections.finding import Finding, Outcome, each, found
from kerasdemo.inspections.trial import outcomes, shape_words

UNREAD = Outcome("raises", "ValueError: Unrecognized data type")
NO_TENSOR = Outcome("raises", "an error: it is no tensor")


def inspect(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with the kind of thing that x is."""
    if case.given == "other":
        yield _unreadable(case)
    elif case.given in ("dataset", "stream") and case.method != "predict":
        yield _not_one_batch(case)
    elif case.given == "several":
        yield from _several(case)


def _unreadable(case: Case) -> Finding:
    x = case.x
    seen = f"x is a {type(x).__name__}, which Keras cannot read."
    mend = "x = np.asarray(images, dtype='float32')"
    predict = UNREAD
    if x is None:
        seen, mend = "x is None.", "x = digits.images"
        predict = Outcome("raises", "KeyError: there is nothing to take a size from")
    elif isinstance(x, types.FunctionType):
        seen, mend = "x is a function; Keras takes the generator that it returns.", "x = x()"
    elif hasattr(x, "__next__"):
        seen, mend = (
            f"x is a {type(x).__name__}, not the Dataset that it comes from.",
            "x = dataset",
        )
    elif isinstance(x, str):
        seen, mend = f"x is the text {x!r:.40}, not what it names.", "x = np.load(path)"
    return found("unreadable", case.method, seen, each(NO_TENSOR, predict=predict), mend)


def _not_one_batch(case: Case) -> Finding:
    what = "tf.data.Dataset" if case.is_dataset else type(case.x).__name__
    unpack = "x = next(iter(dataset))[0]" if _has_labels(case) else "x = next(iter(dataset))"
    return found(
        "dataset-for-one-batch",
        case.method,
        f"x is a {what}, and {case.method} takes one batch.",
        each(
            Outcome("raises", "an error: it is no tensor"),
            predict=Outcome("right", "it goes through all batches"),
        ),
        unpack if case.is_dataset else "model.predict(x, verbose=0)",
    )


def _has_labels(case: Case) -> bool:
    return case.is_dataset and isinstance(case.x.element_spec, (tuple, list))


def _several(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with a list, a tuple or a dict."""
    x, facts = case.x, case.facts
    parts = list(x.values()) if isinstance(x, Mapping) else list(x)
    what = type(x).__name__
    if not parts:
        does = each(
            Outcome("raises", "ValueError: there is no input"),
            predict=Outcome("raises", "KeyError: pop from an empty set"),
        )
        yield found("nothing", case.method, f"x is an empty {what}.", does, "x = digits.images")
        return
    plain = [part for part in parts if not is_array(part) and not _nested(part)]
    if plain:
        seen = f"x is a {what} of {_kinds(plain)}; Keras reads arrays and tensors only."
        does = each(Outcome("raises", "ValueError"), predict=UNREAD)
        yield found("list-of-numbers", case.method, seen, does, "x = np.array(x)")
        return
    if isinstance(x, Mapping) or any(map(_nested, parts)) or len(facts.inputs) > 1:
        return
    one_input = len(facts.inputs) == 1 and (len(parts) > 1 or _one_sample(case, parts[0]))
    many_samples = not facts.inputs and len(parts) > 3 and _alike(parts)
    if one_input or many_samples:
        yield _samples_as_inputs(case, parts)
    elif len(parts) == 1 and facts.kind == "subclass" and facts.inputs:
        yield _list_of_one(case)


def _nested(part: Any) -> bool:
    """Say whether a part holds arrays itself, as for a model whose inputs are nested."""
    if not isinstance(part, (Mapping, list, tuple)) or not part:
        return False
    inner = part.values() if isinstance(part, Mapping) else part
    return all(is_array(one) or _nested(one) for one in inner)


def _one_sample(case: Case, part: Any) -> bool:
    """Say whether a list's only array is one sample without its batch axis."""
    return len(np.shape(part)) == len(case.facts.inputs[0].shape)


def _alike(parts: list[Any]) -> bool:
    return len({tuple(part.shape) for part in parts}) == 1


def _kinds(parts: list[Any]) -> str:
    return " and ".join(sorted({type(part).__name__ for part in parts}))


def _samples_as_inputs(case: Case, parts: list[Any]) -> Finding:
    """Say what becomes of a list of samples: Keras takes it for a list of inputs."""
    facts, count = case.facts, len(parts)
    shape = tuple(parts[0].shape)
    whole = bool(facts.inputs) and len(shape) == len(facts.inputs[0].shape) + 1
    batches = len({tuple(part.shape)[1:] for part in parts}) == 1  # and not images and labels
    mend, arrays = "x = np.stack(x)", "arrays"
    if whole:
        mend = "x = np.concatenate(x)" if batches else "x = x[0]"
        arrays = "arrays" if batches else "arrays, the first"
    does = _list_outcomes(case, parts)
    return found(
        "list-of-samples",
        case.method,
        f"x is a {type(case.x).__name__} of {count} {arrays} of shape {shape_words(shape)}. Keras "
        f"takes that for {count} inputs, and the model has one.",
        does,
        mend,
    )


def _list_outcomes(case: Case, parts: list[Any]) -> dict[str, Outcome]:
    facts, count = case.facts, len(parts)
    shape = tuple(parts[0].shape)
    unchecked = facts.kind == "Sequential" or (facts.kind == "Functional" and count == 1)
    if unchecked:  # Sequential.call has no input check of its own; the rest is cut off by zip()
        does = outcomes(facts, (None, *shape[1:]), rows=shape[0])
        out = does["predict"]
        if out.kind == "wrong" and count > 1:
            words = f"{out.words}, from the first array alone"
            does = each(Outcome("wrong", words))
    elif facts.kind == "Functional":
        does = each(Outcome("raises", "ValueError: expects 1 input"))
    else:
        does = each(Outcome("wrong or raises", "the model's own call decides"))
    if count > 3:
        does["predict_step"] = Outcome("raises", "ValueError: it is not (x, y, sample_weight)")
    elif count > 1:
        words = "the second array is taken for labels and dropped"
        does["predict_step"] = Outcome("wrong or raises", words)
    return does


def _list_of_one(case: Case) -> Finding:
    words = "an error in a layer, which gets a list"
    return found(
        "list-of-one",
        case.method,
        f"x is a {type(case.x).__name__} with one array; a subclassed model gets it as it is.",
        {
            "predict": Outcome("wrong or raises", words),
            "predict_on_batch": Outcome("wrong or raises", words),
            "predict_step": Outcome("right", "it takes x out of (x,)"),
        },
        "x = x[0]",
    )
