"""Why a call answered as it did: a sentence for what came back, chosen by what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kerasdemo.inspections.model_facts import ModelFacts
from kerasdemo.odd_inputs.came import Came
from kerasdemo.odd_inputs.cases import RIGHT
from kerasdemo.odd_inputs.why_errors import ADJUST, CAST, RETRACED

ADAPTERS = "keras/src/trainers/data_adapters"
TRAINER = "keras/src/backend/tensorflow/trainer.py"
FUNCTIONAL = "keras/src/models/functional.py"
UNPACK = f"{ADAPTERS}/data_adapter_utils.py: unpack_x_y_sample_weight"
FUSED = "TensorFlow, no file of Keras: with TF_ENABLE_ONEDNN_OPTS=0 it may differ"

Told = tuple[str, str]


@dataclass(frozen=True)
class Scene:
    """What a sentence is chosen by.

    Attributes
    ----------
    facts : ModelFacts
    came : Came
        What is to be explained.
    others : sequence of Came
        What the same input came to in the other methods.
    warm : bool
        Whether a right batch went through the same compiled function before.
    sample : tuple of int
        The shape of one right sample.
    """

    facts: ModelFacts
    came: Came
    others: Sequence[Came]
    warm: bool
    sample: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Rows that came back."""
        return (self.came.shape or (0,))[0]

    @property
    def own_class(self) -> bool:
        """Whether the model is subclassed, without a functional graph to check inputs."""
        return self.facts.kind == "subclass"


def why_answer(scene: Scene) -> Told:
    """Return a sentence, and the Keras file and function that decide it (or ``""``)."""
    came = scene.came
    if came.batches:
        said = "predict asks for batches until there are none, and there is always another."
        return f"{said} With steps= it ends.", f"{TRAINER}: predict"
    if came.case in EXPLAIN:
        for told in EXPLAIN[came.case](scene):
            return told
    if came.kind == "right":
        return "It was taken as it was meant.", ""
    return "It was taken without a word; the kit has no explanation for the answer.", ""


def _axis_added(scene: Scene) -> Iterator[Told]:
    verb = "took away" if scene.came.case == "an axis too many" else "added"
    if scene.came.kind == "right" and not scene.own_class:
        yield f"Keras {verb} the last axis: it has length 1, and the model's input too.", ADJUST
    elif scene.came.kind == "right":
        yield "Nothing checks the shape here, and the layers compute the same from it.", ""


def _first_axis(scene: Scene) -> Iterator[Told]:
    if scene.came.kind != "other shape" or scene.rows % scene.sample[0]:
        return
    added = "" if scene.own_class else ", and a last axis of 1 was added"
    each = "each sample's first axis" if "Dataset" in scene.came.case else "the first axis"
    said = f"The batch is {each}{added}: {scene.rows} rows."
    yield said, ADJUST if not scene.own_class else ""


def _list(scene: Scene) -> Iterator[Told]:
    kind, step = scene.came.kind, scene.came.method == "predict_step"
    if kind == "right" and scene.came.case == "list of one batch":
        if step:
            yield "A list of one is taken for (x,): the batch was taken out of it.", UNPACK
        elif not scene.own_class:
            said = "A list with one array is taken for the one input that the model has."
            yield said, f"{FUNCTIONAL}: _standardize_inputs"
    elif step and kind == "other shape":
        said = "Three in a list are taken for (x, y, sample_weight): two of them are dropped."
        yield said, UNPACK
    elif kind == "other shape" and not scene.own_class:
        said = "Each array is taken for an input; the model has one, and drops all but the first."
        yield said, f"{FUNCTIONAL}: _convert_inputs_to_tensors"


def _nothing(scene: Scene) -> Iterator[Told]:
    if scene.came.kind == "right":
        where = {"predict_on_batch": f"{TRAINER}: predict_on_batch"}
        where["predict_step"] = f"{TRAINER}: predict_step"
        said = "It looks for no batches: the layers compute with no rows, and no rows come out."
        yield said, where.get(scene.came.method, "")


def _cast(scene: Scene) -> Iterator[Told]:
    if scene.came.kind == "right":
        if scene.came.method == "predict":
            where = f"{ADAPTERS}/array_slicing.py: convert_to_sliceable"
            yield "predict casts floats to Keras's own width when it takes the array in.", where
        else:
            where = CAST if scene.own_class else f"{FUNCTIONAL}: _convert_inputs_to_tensors"
            yield "The values are cast to the model's dtype before the first layer.", where


def _scale(scene: Scene) -> Iterator[Told]:
    if scene.came.kind in ("other numbers", "NaN"):
        where = "" if scene.own_class else f"{FUNCTIONAL}: _convert_inputs_to_tensors"
        yield "Types are cast, values are not: these are 255 times as large.", where


def _not_finite(scene: Scene) -> Iterator[Told]:
    value = "NaN" if scene.came.case == "NaN" else "the infinity"
    answers = [c for c in (scene.came, *scene.others) if c.finite is not None]
    if scene.came.finite is False:
        yield f"Computing with {value} gives no number, and nothing on the way drops it.", ""
    elif any(c.finite is False for c in answers):
        said = (
            f"Here {value} was lost on the way, in other methods it was not: a graph may compute "
            "convolution, bias and relu in one step, in which NaN becomes a number."
        )
        yield said, FUSED
    elif scene.came.finite and len({c.kind for c in answers}) > 1:
        yield f"A layer lost {value}; not every method loses it in the same way.", FUSED
    elif scene.came.finite:
        yield f"A layer lost {value}, such as one that keeps only the largest values.", ""


def _text(scene: Scene) -> Iterator[Told]:
    if scene.came.kind == "right" and not scene.own_class:
        said = "The array became a tensor of the model's own dtype, and numbers were read from it."
        yield said, f"{FUNCTIONAL}: _convert_inputs_to_tensors"


def _size(scene: Scene) -> Iterator[Told]:
    if scene.came.kind != "answers":
        return
    if scene.own_class:
        yield "A subclassed model declares no size, and its layers take this one.", ""
    elif scene.facts.kind == "Sequential":
        said = "A Sequential model does not compare the input with its Input, and the layers fit."
        yield said, "keras/src/models/sequential.py: call"
    elif scene.warm:
        said = "The size is checked while tracing; this graph was made for any size."
        yield said, RETRACED[scene.came.method]


def _stream(scene: Scene) -> Iterator[Told]:
    if scene.came.kind != "right":
        return
    if "generator" in scene.came.case:
        where = f"{ADAPTERS}/generator_data_adapter.py: get_tf_dataset"
        yield "predict takes what a generator yields for batches, and x out of each.", where
    elif "(x, y)" in scene.came.case:
        yield "Each element is taken for (x, y): x is predicted, y is not used.", UNPACK
    else:
        where = f"{ADAPTERS}/tf_dataset_adapter.py: get_tf_dataset"
        yield "predict takes the Dataset's elements for batches, one by one.", where


def _dict(scene: Scene) -> Iterator[Told]:
    if scene.came.kind == "right" and not scene.own_class:
        where = f"{FUNCTIONAL}: _standardize_inputs"
        yield "The key is the name of the model's input.", where


def _right(scene: Scene) -> Iterator[Told]:
    if scene.came.kind == "right":
        yield "A batch, as the model takes it.", ""
    elif scene.came.same is None:
        yield "The model answers otherwise each time, so no answer can be called right.", ""


EXPLAIN: dict[str, Callable[[Scene], Iterator[Told]]] = {
    RIGHT: _right,
    "no channel axis": _axis_added,
    "an axis too many": _axis_added,
    "no batch axis": _first_axis,
    "Dataset of single samples": _first_axis,
    "list of samples": _list,
    "list of three batches": _list,
    "list of one batch": _list,
    "0 rows": _nothing,
    "empty Dataset": _nothing,
    "uint8 0..255": _scale,
    "float64": _cast,
    "NaN": _not_finite,
    "infinity": _not_finite,
    "strings": _text,
    "objects": _text,
    "slightly too small": _size,
    "half the size": _size,
    "Dataset of batches": _stream,
    "Dataset of (x, y)": _stream,
    "generator of (x,)": _stream,
    "dict": _dict,
}
