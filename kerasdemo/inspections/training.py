"""Training mode: layers that are random when nobody says ``training=False``, baked arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasdemo.inspections.case import Case
from kerasdemo.inspections.finding import CALL, Finding, Outcome, each, found
from kerasdemo.inspections.model_facts import ModelFacts, all_layers, default_training, is_keras
from kerasdemo.inspections.values import measure

STILL = Outcome("right", "it passes training=False")


def inspect(case: Case) -> Iterator[Finding]:
    """Yield what training mode will do to the answers, and weights that hold NaN."""
    names = trains_by_default(case.facts)
    if names and _hears_nothing(case.facts.model):
        yield _random_inside(case, names)
    elif names and case.method == CALL:
        yield _random_call(case, names)
    if baked := _baked_training(case.facts):
        yield _overwritten(case, baked)
    if broken := _broken_weights(case.facts):
        yield _nan_weights(case, broken)


def trains_by_default(facts: ModelFacts) -> list[str]:
    """Name the layers that act as in training if nobody says otherwise.

    Their ``call`` has ``training=True`` for a default, as each layer that augments images has
    (``keras/src/layers/preprocessing/image_preprocessing/base_image_preprocessing_layer.py``), and
    they are random or change with use.
    """
    own = default_training(type(facts.model).call) is True and facts.kind == "subclass"
    if own:
        return [layer.name for layer in facts.layers if _changes(layer)]
    return [
        layer.name
        for layer in facts.layers
        if default_training(layer.call) is True and any(map(_changes, (layer, *all_layers(layer))))
    ]


def _changes(layer: Any) -> bool:
    """Say whether a layer in training mode is random or moves its own statistics."""
    seeded = any(type(value).__name__ == "SeedGenerator" for value in vars(layer).values())
    still = is_keras(type(layer)) and getattr(layer, "rate", 1) == 0
    return (seeded and not still) or "BatchNormalization" in type(layer).__name__


def _hears_nothing(model: Any) -> bool:
    """Say whether a model's own ``call`` has no ``training`` to pass on to its layers."""
    return not is_keras(type(model)) and not getattr(model, "_call_has_training_arg", True)


def _random_inside(case: Case, names: list[str]) -> Finding:
    """Find a call(self, x) around layers that train by default: predict itself is random."""
    random = Outcome("wrong", "random: another answer each time")
    does = {**each(random), CALL: random}
    return found(
        "random-layers",
        case.method,
        f"{type(case.facts.model).__name__}.call has no argument `training`, so nothing tells the "
        f"layer {names[0]!r} that this is not training.",
        does,
        "def call(self, x, training=False): ...  # and pass training=training on to the layers",
    )


def _random_call(case: Case, names: list[str]) -> Finding:
    random = Outcome("wrong", "random, or changes the model: training mode")
    return found(
        "random-layers",
        CALL,
        f"The layer {names[0]!r} acts as in training unless it is told not to.",
        {**each(STILL), CALL: random},
        "p = model(x, training=False)",
    )


def _baked_training(facts: ModelFacts) -> list[str]:
    """Name the layers that were called with ``training=True`` when the graph was drawn."""
    if facts.kind != "Functional":
        return []
    operations = getattr(facts.model, "operations", ())
    return [
        operation.name
        for operation in operations
        for node in operation._inbound_nodes
        if node.arguments.kwargs.get("training") is True
        and default_training(operation.call) is not True  # else it may only be the default
        and _changes(operation)
    ]


def _overwritten(case: Case, names: list[str]) -> Finding:
    words = "not random: training=False overwrites the layer's own"
    return found(
        "training-overwritten",
        case.method,
        f"The layer {names[0]!r} was called with training=True, so that it stays random. Keras 3 "
        "overwrites that (operation_fn in keras/src/models/functional.py).",
        {**each(Outcome("wrong", words)), CALL: Outcome("right", "random, as asked for")},
        "p = model(x, training=True)  # or a layer whose own call is always random",
    )


def _broken_weights(facts: ModelFacts) -> list[str]:
    broken = []
    for weight in facts.model.weights:
        values = np.asarray(weight) if "float" in str(weight.dtype) else np.zeros(0)
        if values.dtype.kind == "f" and values.size and measure(values).nan:
            broken.append(weight.path)
    return broken


def _nan_weights(case: Case, paths: list[str]) -> Finding:
    return found(
        "nan-weights",
        case.method,
        f"The model's weights hold NaN: {paths[0]}. Its training went wrong.",
        each(Outcome("wrong", "NaN, or numbers that hide it")),
        "model.load_weights(path)  # of before; then train with a smaller learning rate",
    )
