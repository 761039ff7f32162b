"""What a model says about itself: its class, its declared inputs, its layers. Nothing is called."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kerasdemo._backend import import_keras

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Declared:
    """An input that a model declares: its name, the shape of one sample, its dtype."""

    name: str
    shape: Shape
    dtype: str
    declared: bool = True


@dataclass(frozen=True, eq=False)
class ModelFacts:
    """What can be known of a model without calling it.

    Attributes
    ----------
    model : keras.Model
        The model.
    kind : str
        ``"Functional"``, ``"Sequential"`` or ``"subclass"``.
    inputs : tuple of Declared
        Of a subclassed model, the shapes that it was built on; empty if they are not known.
    fresh : bool
        Whether nothing has been predicted yet, so that each check is still made.
    layers : tuple
        Each layer, also those within other layers; the model itself is not among them.
    plain : bool
        Whether all code that a call runs is Keras's own.
    """

    model: Any
    kind: Literal["Functional", "Sequential", "subclass"]
    inputs: tuple[Declared, ...]
    fresh: bool
    layers: tuple[Any, ...]
    plain: bool


def look_at(model: Any) -> ModelFacts:
    """Read a model's facts.

    Raises
    ------
    TypeError
        If `model` is no Keras model.
    """
    keras = import_keras()
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"model is a {type(model).__name__}; preflight looks at a Keras model. "
            "For a file: keras.models.load_model(path)."
        )
    declared = getattr(model, "inputs", None)
    sequential = isinstance(model, keras.Sequential)
    kind: Any = "Sequential" if sequential else "Functional" if declared else "subclass"
    layers = tuple(all_layers(model))
    own = kind != "subclass" and is_keras(type(model))
    return ModelFacts(
        model=model,
        kind=kind,
        inputs=_declared(declared) if declared else _built_on(model),
        fresh=getattr(model, "predict_function", None) is None,
        layers=layers,
        plain=own and all(is_keras(type(layer)) and not is_lambda(layer) for layer in layers),
    )


def all_layers(layer: Any) -> Iterator[Any]:
    """Yield the layers within a layer, at any depth, each once."""
    seen, rest = {id(layer)}, list(getattr(layer, "_layers", ()))
    while rest:
        inner = rest.pop(0)
        if id(inner) not in seen:
            seen.add(id(inner))
            yield inner
            rest += list(getattr(inner, "_layers", ()))


def is_keras(cls: type) -> bool:
    """Say whether a class is Keras's own, not one that somebody wrote on top of it."""
    return cls.__module__.split(".")[0] == "keras"


def is_lambda(layer: Any) -> bool:
    """Say whether a layer holds a function of the user's."""
    return type(layer).__name__ == "Lambda"


def default_training(function: Any) -> Any:
    """Return the default of a function's ``training`` argument, None if it has no such argument."""
    try:
        parameter = inspect.signature(function).parameters.get("training")
    except (TypeError, ValueError):
        return None
    return None if parameter is None or parameter.default is parameter.empty else parameter.default


def consumers(facts: ModelFacts, place: int) -> list[Any]:
    """Return the layers and operations that get the input at `place` first, as it is given.

    A nested model stands for its own first layers. Nothing is known of a subclassed model.
    """
    if facts.kind == "subclass" or place >= len(facts.inputs):
        return []
    return list(_first_users(facts.model, place))


def _first_users(model: Any, place: int) -> Iterator[Any]:
    operations = _operations(model)
    tensor = model.inputs[place]
    for operation in operations:
        for node in operation._inbound_nodes:
            given = list(node.input_tensors)
            at = [i for i, one in enumerate(given) if one is tensor]
            if not at:
                continue
            if getattr(operation, "inputs", None) and _operations(operation):
                yield from _first_users(operation, at[0])
            else:
                yield operation


def followers(model: Any, operation: Any) -> Iterator[Any]:
    """Yield the operations that get what `operation` gives."""
    given = {id(t) for node in operation._inbound_nodes for t in node.output_tensors}
    for other in _operations(model):
        if any(id(t) in given for node in other._inbound_nodes for t in node.input_tensors):
            yield other


def _operations(model: Any) -> list[Any]:
    """Return the operations of a functional graph; a Sequential model holds one inside."""
    graph = getattr(model, "_functional", None) or model
    return list(getattr(graph, "operations", ()))


def _declared(tensors: Sequence[Any]) -> tuple[Declared, ...]:
    return tuple(Declared(t.name, tuple(t.shape[1:]), str(t.dtype)) for t in tensors)


def _built_on(model: Any) -> tuple[Declared, ...]:
    """Return the shapes that a subclassed model was built on (``Layer._build_shapes_dict``)."""
    shapes = getattr(model, "_build_shapes_dict", None) or {}
    if len(shapes) != 1:
        return ()
    (built,) = shapes.values()
    if _is_shape(built):
        return (Declared("the input", tuple(built[1:]), "", declared=False),)
    if isinstance(built, (list, tuple)) and all(map(_is_shape, built)):
        return tuple(
            Declared(f"input {i}", tuple(shape[1:]), "", declared=False)
            for i, shape in enumerate(built)
        )
    return ()


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, (list, tuple))
        and len(shape) > 0
        and all(size is None or isinstance(size, int) for size in shape)
    )
