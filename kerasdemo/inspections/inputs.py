"""Several inputs: which array goes where, and which one is taken for labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kerasdemo.inspections.case import Case, input_keys
from kerasdemo.inspections.finding import Finding, Kind, Outcome, each, found

DROPPED = "the second input is taken for labels and dropped"


def inspect(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with how several inputs are given."""
    if case.is_dataset:
        yield from _dataset_of_inputs(case)
    if case.given == "several" and not isinstance(case.x, Mapping):
        yield from _list_of_inputs(case)
    if isinstance(case.structure, Mapping):
        yield from _keys(case)
    yield from _lengths(case)


def _dataset_of_inputs(case: Case) -> Iterator[Finding]:
    """Find (a, b) where ((a, b),) is meant."""
    spec, inputs = case.x.element_spec, len(case.facts.inputs)
    if not isinstance(spec, (tuple, list)):
        return
    if len(spec) > 3:
        does = each(
            Outcome("raises", "an error: it is no tensor"),
            predict=Outcome("raises", "ValueError: it is not (x, y, sample_weight)"),
        )
        seen = f"Each element of the Dataset has {len(spec)} parts; Keras reads (x, y, weights)."
        mend = "dataset = dataset.map(lambda *inputs: (inputs,))"
        yield found("too-many-parts", case.method, seen, does, mend)
    elif inputs > 1 and len(spec) == inputs and not _holds_several(spec[0]):
        names = ", ".join("ab c"[i] if i < 2 else "c" for i in range(inputs))
        kind: Kind = "raises" if case.facts.kind == "Functional" else "wrong or raises"
        words = f"ValueError: expects {inputs} inputs" if kind == "raises" else DROPPED
        yield found(
            "inputs-taken-for-labels",
            case.method,
            f"The model has {inputs} inputs, and each element of the Dataset is ({names}): Keras "
            "takes the first for x and the second for labels.",
            each(Outcome("raises", "an error: it is no tensor"), predict=Outcome(kind, words)),
            f"dataset = dataset.map(lambda {names}: (({names}),))",
        )


def _holds_several(part: Any) -> bool:
    return isinstance(part, (tuple, list, Mapping))


def _list_of_inputs(case: Case) -> Iterator[Finding]:
    """Find a wrong number of inputs, and [a, b] given to ``predict_step``."""
    inputs, given, functional = len(case.facts.inputs), len(case.x), case.facts.kind != "subclass"
    if inputs < 2:
        return
    if given != inputs and functional:
        does = each(Outcome("raises", f"ValueError: expects {inputs} inputs"))
        if given > 3:
            does["predict_step"] = Outcome("raises", "ValueError: it is not (x, y, sample_weight)")
        seen = f"The model has {inputs} inputs; x has {given}."
        dots = ", ..." * (inputs - given)
        named = _named([declared.name for declared in case.facts.inputs])
        mend = f"x = [*x{dots}]  # an array for each of {named}" if dots else f"x = x[:{inputs}]"
        yield found("number-of-inputs", case.method, seen, does, mend)
    elif case.method == "predict_step" and given == inputs and not case.unpacked:
        kind: Kind = "raises" if functional or inputs > 3 else "wrong or raises"
        words = f"ValueError: {DROPPED}" if kind == "raises" else DROPPED
        yield found(
            "inputs-taken-for-labels",
            case.method,
            f"x is a {type(case.x).__name__} of {given} inputs; predict_step takes it for (x, y).",
            each(Outcome("right"), predict_step=Outcome(kind, words)),
            "model.predict_step((x,))",
        )


def _keys(case: Case) -> Iterator[Finding]:
    """Find keys that are missing, and one that pushes the others from their place."""
    if case.facts.kind == "subclass":
        return
    keys, wanted = list(case.structure), input_keys(case.facts)
    missing = [key for key in wanted if key not in keys]
    if missing:
        does = each(Outcome("raises", "ValueError: Missing data for input"))
        more = f"{{**x, {', '.join(f'{key!r}: ...' for key in missing)}}}"
        mend = f"x = {more}"
        if case.is_dataset:
            does = each(Outcome("raises", "an error: it is no tensor"), predict=does["predict"])
            mend = f"dataset = dataset.map(lambda x: {more})"
        seen = f"The model takes {_named(wanted)}; x has {_named(keys)}."
        yield found("missing-input", case.method, seen, does, mend)
        return
    taken = getattr(case.facts.model, "input", None)
    used = sorted(keys, key=str)[: len(wanted)]
    if isinstance(taken, Mapping) and used != sorted(wanted, key=str):
        extra = next(key for key in used if key not in wanted)
        does = each(Outcome("wrong or raises", f"{extra!r} goes where {wanted[-1]!r} belongs"))
        if case.is_dataset:
            does = each(Outcome("raises", "an error: it is no tensor"), predict=does["predict"])
        yield found(
            "extra-input",
            case.method,
            f"x has {_named(keys)}; the model takes {_named(wanted)}. Keras lays the arrays in the "
            "order of their keys and uses the first ones (Functional._standardize_inputs).",
            does,
            f"x = {{key: x[key] for key in {wanted!r}}}"
            if not case.is_dataset
            else f"dataset = dataset.map(lambda x: {{key: x[key] for key in {wanted!r}}})",
        )


def _named(keys: list[Any]) -> str:
    return ", ".join(repr(key) for key in keys)


def _lengths(case: Case) -> Iterator[Finding]:
    """Find inputs with different numbers of samples."""
    if case.given != "several" or len(case.facts.inputs) < 2:
        return
    counts = {leaf.name: leaf.shape[0] for leaf in case.leaves if leaf.shape}
    if len(set(counts.values())) < 2:
        return
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    raises = Outcome("raises", "ValueError: Data cardinality is ambiguous")
    by_name = isinstance(case.x, Mapping)
    if by_name:  # Keras stumbles over the keys while it writes that message
        raises = Outcome("raises", "an error: the numbers of samples differ")
    kind: Kind = "wrong or raises"
    rows = f"part[:{min(c for c in counts.values() if c is not None)}]"
    yield found(
        "uneven-inputs",
        case.method,
        f"The inputs hold different numbers of samples: {told}.",
        each(Outcome(kind, "an input of one row is stretched over all the others"), predict=raises),
        f"x = {{name: {rows} for name, part in x.items()}}"
        if by_name
        else f"x = [{rows} for part in x]",
    )
