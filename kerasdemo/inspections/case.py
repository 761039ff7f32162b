"""What is to be predicted, taken apart once for all inspections; nothing is read that runs out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import GeneratorType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.inspections.model_facts import Declared, ModelFacts, Shape, look_at

Given = Literal["array", "several", "dataset", "stream", "other"]


@dataclass(frozen=True, eq=False)
class Leaf:
    """One array, or what a Dataset says of one.

    Attributes
    ----------
    name : str
        ``"x"``, or where it stands in the structure: ``"x[1]"``, ``"x['image']"``.
    shape : tuple
        With the batch axis; None where a Dataset does not say. None as a whole: unknown.
    dtype : str
        ``"float32"``, ``"str"``, ``"object"``, ...
    values : ndarray or None
        None if nothing may be read without running something.
    like : ndarray or None
        Samples as the model was trained on.
    wanted : Declared or None
        The input that it goes to.
    place : int
        Number of that input.
    """

    name: str
    shape: Shape | None
    dtype: str
    values: NDArray[Any] | None
    like: NDArray[Any] | None
    wanted: Declared | None
    place: int


@dataclass(frozen=True, eq=False)
class Case:
    """A model, what it is to predict, and how."""

    facts: ModelFacts
    x: Any
    method: str
    steps: int | None
    given: Given
    structure: Any
    leaves: tuple[Leaf, ...]
    unpacked: bool = False  # x was taken out of a predict_step's (x,) or (x, y)

    @property
    def is_dataset(self) -> bool:
        """Whether x is a tf.data.Dataset."""
        return self.given == "dataset"


def make_case(model: Any, x: Any, method: str, *, like: Any, steps: int | None, peek: bool) -> Case:
    """Take x apart; with `peek`, the first batch of a Dataset is read."""
    facts = look_at(model)
    given_x = x
    if method == "predict_step":
        x = _unpacked(facts, x)
    given = kind_of(x)
    structure: Any = None
    if given == "dataset":
        structure = samples_of(x.element_spec)
        if peek:
            structure = samples_of(next(iter(x.take(1)), x.element_spec))
    elif given in ("array", "several"):
        structure = x
    leaves = _leaves(facts, structure, like)
    return Case(facts, x, method, steps, given, structure, leaves, x is not given_x)


def _unpacked(facts: ModelFacts, data: Any) -> Any:
    """Return the x of what ``predict_step`` is given, where it is clearly (x,), (x, y) or so."""
    if not isinstance(data, (tuple, list)) or not 0 < len(data) < 4:
        return data
    first, inputs = data[0], facts.inputs
    if len(data) == 1 and not (len(inputs) == 1 and len(np.shape(first)) == len(inputs[0].shape)):
        return first
    whole = len(inputs) == 1 and is_array(first) and len(first.shape) == len(inputs[0].shape) + 1
    labels = len({np.shape(part)[1:] for part in data}) > 1
    return first if whole and labels else data


def kind_of(x: Any) -> Given:
    """Say what x is, as Keras's ``get_data_adapter`` sorts it.

    (``keras/src/trainers/data_adapters/__init__.py``.)
    """
    tf, keras = import_tensorflow(), import_keras()
    if isinstance(x, (tf.data.Dataset, tf.distribute.DistributedDataset)):
        return "dataset"
    if isinstance(x, (keras.utils.PyDataset, GeneratorType)) or _is_loader(x):
        return "stream"
    if isinstance(x, (Mapping, list, tuple)):
        return "several"
    return "array" if is_array(x) else "other"


def is_array(x: Any) -> bool:
    """Say whether x is an array or tensor of any make."""
    return hasattr(x, "shape") and (hasattr(x, "dtype") or hasattr(x, "dtypes"))


def _is_loader(x: Any) -> bool:
    """Say whether x is a torch DataLoader or a Grain dataset, which Keras takes too."""
    return any(c.__module__.split(".")[0] in ("torch", "grain") for c in type(x).__mro__) and (
        not is_array(x)
    )


def samples_of(element: Any) -> Any:
    """Return the x of an element (x, y, weights), as ``unpack_x_y_sample_weight`` does.

    (``keras/src/trainers/data_adapters/data_adapter_utils.py``.)
    """
    return element[0] if isinstance(element, (tuple, list)) and element else element


def to_numpy(array: Any) -> NDArray[Any] | None:
    """Return an array's values without changing it; None for sparse, ragged or symbolic ones."""
    if isinstance(array, np.ndarray):
        return array
    if type(array).__name__ in ("RaggedTensor", "SparseTensor", "SymbolicTensor", "KerasTensor"):
        return None
    if hasattr(array, "toarray") or not hasattr(array, "__array__"):
        return None
    try:
        return np.asarray(array)
    except Exception:  # a tensor of another framework, on another device
        return None


def _leaves(facts: ModelFacts, structure: Any, like: Any) -> tuple[Leaf, ...]:
    parts = named_parts(structure)
    wanted = match(facts, structure, parts)
    several_samples = (
        len(parts) > 1 >= len(facts.inputs)
    )  # what is wrong with that is said by kinds
    samples = {} if several_samples else _like_parts(like, parts)
    return tuple(
        _leaf(name, part, samples.get(key), facts, wanted.get(key))
        for key, (name, part) in parts.items()
    )


def _like_parts(like: Any, parts: Mapping[Any, Any]) -> dict[Any, NDArray[Any]]:
    """Pair the arrays of `like` with those of x; both must be laid out alike."""
    if like is None:
        return {}
    given = {key: to_numpy(part) for key, (_, part) in named_parts(like).items()}
    if len(given) == len(parts) == 1:
        given = dict(zip(parts, given.values(), strict=True))
    if not given or given.keys() != parts.keys() or any(v is None for v in given.values()):
        raise ValueError(
            "like does not have the same parts as x. Give arrays as the model was trained on: for "
            "an array an array, for a list or dict of inputs a list or dict of the same."
        )
    return {key: values for key, values in given.items() if values is not None}


def named_parts(structure: Any) -> dict[Any, tuple[str, Any]]:
    """Name each array of a structure: key -> (name for a reader, array)."""
    if isinstance(structure, Mapping):
        items: Sequence[tuple[Any, Any]] = list(structure.items())
    elif isinstance(structure, (list, tuple)):
        items = list(enumerate(structure))
    else:
        return {} if structure is None else {"": ("x", structure)}
    return {key: (f"x[{key!r}]", part) for key, part in items}


def match(facts: ModelFacts, structure: Any, parts: Mapping[Any, Any]) -> dict[Any, int]:
    """Say to which input each part goes, as ``Functional._standardize_inputs`` does."""
    count = len(facts.inputs)
    if isinstance(structure, Mapping) and facts.kind != "subclass":
        order = input_keys(facts)
        return {key: order.index(key) for key in parts if key in order}
    if isinstance(structure, Mapping) or len(parts) != count:
        return {}
    return {key: place for place, key in enumerate(parts)}


def input_keys(facts: ModelFacts) -> list[Any]:
    """Return the keys by which a functional model takes a dict, in the order of its inputs."""
    taken = getattr(facts.model, "input", None)
    if isinstance(taken, Mapping):
        tensors = list(facts.model.inputs)
        named = {id(tensor): key for key, tensor in taken.items()}
        return [named.get(id(tensor)) for tensor in tensors]
    return [declared.name for declared in facts.inputs]


def _leaf(
    name: str, part: Any, like: NDArray[Any] | None, facts: ModelFacts, place: int | None
) -> Leaf:
    values = to_numpy(part)
    wanted = None if place is None else facts.inputs[place]
    return Leaf(
        name, _shape(part), _dtype(part), values, like, wanted, -1 if place is None else place
    )


def _shape(part: Any) -> Shape | None:
    try:
        return tuple(None if size is None else int(size) for size in part.shape)
    except (AttributeError, TypeError, ValueError):
        return None


def _dtype(part: Any) -> str:
    dtype = getattr(part, "dtype", None)
    kind = getattr(dtype, "kind", "")
    if kind in ("U", "S", "O"):
        return {"U": "str", "S": "bytes", "O": "object"}[kind]
    return str(getattr(dtype, "name", dtype))
