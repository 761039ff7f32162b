"""A tf.data.Dataset: its order, its end, its batches. It is not iterated: its making is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerasdemo._backend import import_tensorflow
from kerasdemo.inspections.case import Case
from kerasdemo.inspections.finding import Finding, Outcome, each, found

LOOP = Outcome("right", "takes a batch at a time; keep each batch's labels with it")


def inspect(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with a Dataset as a whole."""
    if not case.is_dataset:
        return
    yield from _length(case)
    steps = list(lineage(case.x))
    for look in (_shuffled, _unordered, _dropped):
        finding = look(case, steps)
        if finding:
            yield finding


def lineage(dataset: Any) -> Iterator[Any]:
    """Yield a Dataset and those that it was made from, the last step first.

    A cache ends the search: from its second pass on, the order is that of the first.
    """
    rest = [dataset]
    while rest:
        step = rest.pop(0)
        yield step
        if "Cache" not in type(step).__name__:
            rest += list(getattr(step, "_inputs", lambda: ())())


def _length(case: Case) -> Iterator[Finding]:
    tf = import_tensorflow()
    cardinality = getattr(case.x, "cardinality", None)
    batches = int(cardinality()) if callable(cardinality) else int(cardinality or -2)
    if batches == tf.data.INFINITE_CARDINALITY and case.steps is None:
        endless = Outcome("never ends", ", and keeps all outputs meanwhile")
        yield found(
            "infinite-dataset",
            case.method,
            "The Dataset has no end: it repeats itself.",
            each(LOOP, predict=endless),
            "model.predict(dataset, steps=100, verbose=0)",
        )
    elif batches == 0:
        unbound = "UnboundLocalError: batch_outputs (trainer.py, predict)"
        yield found(
            "empty-dataset",
            case.method,
            "The Dataset holds no batch.",
            each(LOOP, predict=Outcome("raises", unbound)),
            "dataset = dataset.unbatch().batch(32)  # without drop_remainder=True",
        )
    elif case.steps is not None and 0 < batches < case.steps:
        yield found(
            "too-many-steps",
            case.method,
            f"steps is {case.steps}, and the Dataset has {batches} batches.",
            each(LOOP, predict=Outcome("right", "all samples, and a warning about training")),
            f"model.predict(dataset, steps={batches}, verbose=0)",
        )


def _shuffled(case: Case, steps: list[Any]) -> Finding | None:
    shuffles = [step for step in steps if "Shuffle" in type(step).__name__]
    if not any(getattr(step, "_reshuffle_each_iteration", True) is not False for step in shuffles):
        return None
    return found(
        "shuffled-dataset",
        case.method,
        "The Dataset is shuffled anew each time it is gone through, also with a seed.",
        each(
            LOOP,
            predict=Outcome(
                "wrong", "rows in an order that labels read before or after don't have"
            ),
        ),
        "dataset = dataset_as_it_was_before_shuffle.batch(32)",
    )


def _unordered(case: Case, steps: list[Any]) -> Finding | None:
    loose = case.x.options().deterministic is False if hasattr(case.x, "options") else False
    parallel = [step for step in steps if "Parallel" in type(step).__name__]
    modes = [str(getattr(step, "_deterministic", "default")).lower() for step in parallel]
    if not any(mode == "false" or (loose and mode == "default") for mode in modes):
        return None
    return found(
        "unordered-dataset",
        case.method,
        "The Dataset may give its samples in another order each time: deterministic=False.",
        each(LOOP, predict=Outcome("wrong", "rows in the order in which they were ready")),
        "dataset = dataset.map(function, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)",
    )


def _dropped(case: Case, steps: list[Any]) -> Finding | None:
    """Find a last, smaller batch that ``drop_remainder=True`` leaves out."""
    for step in steps:
        if not _as_bool(getattr(step, "_drop_remainder", None)):
            continue
        size = _as_int(getattr(step, "_batch_size", None))
        samples = _as_int(step._inputs()[0].cardinality())
        if size and samples and samples > 0 and samples >= size and samples % size:
            left = samples % size
            return found(
                "dropped-samples",
                case.method,
                f"The Dataset drops the last {left} of {samples} samples: drop_remainder=True.",
                each(
                    LOOP, predict=Outcome("wrong", f"{samples - left} rows for {samples} samples")
                ),
                f"dataset = dataset_of_samples.batch({size})",
            )
    return None


def _as_bool(value: Any) -> bool:
    return bool(value.numpy()) if hasattr(value, "numpy") else bool(value)


def _as_int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
