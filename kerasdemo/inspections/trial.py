"""What a model makes of a shape: a graph is traced and thrown away, and nothing is computed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.inspections.finding import Kind, Outcome
from kerasdemo.inspections.model_facts import ModelFacts, Shape

FORGOT = "an earlier call left a graph that checks no shapes"


@dataclass(frozen=True)
class Trial:
    """The exception that a shape meets, or the shape that comes out."""

    error: str = ""
    shape: str = ""


def try_shape(facts: ModelFacts, shape: Shape, dtype: str = "float32") -> Trial | None:
    """Trace ``model(x, training=False)`` for a batch of this shape; None if that cannot be done.

    Only the shapes run, no number is computed. It is not tried on a model with code that is not
    Keras's own: tracing would run that code.

    Parameters
    ----------
    facts : ModelFacts
    shape : tuple
        Of a batch, ``None`` for sizes that are not known.
    """
    if not facts.plain or len(facts.inputs) != 1:
        return None
    tf, keras = import_tensorflow(), import_keras()
    layers = (facts.model, *facts.layers)
    called = [vars(layer).get("_called") for layer in layers]
    function = tf.function(lambda x: facts.model(x, training=False), autograph=False)
    try:
        traced = function.get_concrete_function(tf.TensorSpec(shape, dtype))
    except Exception as error:  # any exception is an answer here
        return Trial(error=type(error).__name__)
    finally:
        for layer, value in zip(layers, called, strict=True):
            if value is not None:
                vars(layer)["_called"] = value
    leaves = keras.tree.flatten(traced.structured_outputs)
    return Trial(shape=" and ".join(shape_words(tuple(t.shape)) for t in leaves))


def sees_ranks(facts: ModelFacts, rank: int) -> bool:
    """Say whether the next call's graph knows the rank of its input.

    It does if it will be the first one, or if each that earlier calls left is of this very rank: a
    further rank makes TensorFlow trace one for all of them.
    """
    if facts.fresh or len(facts.inputs) != 1:
        return facts.fresh
    tf = import_tensorflow()
    listed: list[Any] = getattr(
        facts.model.predict_function, "_list_all_concrete_functions", list
    )()
    firsts = [tf.nest.flatten(graph.structured_input_signature)[:1] for graph in listed]
    return bool(firsts) and all(len(f) == 1 and f[0].shape.rank == rank for f in firsts)


def shape_words(shape: Any) -> str:
    """Write a shape as in the lessons: n for a batch of any length.

    Examples
    --------
    >>> shape_words((None, 28, 28, 1)), shape_words((5,)), shape_words((None, None, 3))
    ('(n, 28, 28, 1)', '(5,)', '(n, any, 3)')
    """
    sizes = ["any" if size is None else str(size) for size in shape]
    if sizes and sizes[0] == "any":
        sizes[0] = "n"
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def outcomes(
    facts: ModelFacts, shape: Shape, *, numbers: Kind = "wrong", rows: int | None = None
) -> dict[str, Outcome]:
    """Say what each method does with a shape that the model was not made for.

    Parameters
    ----------
    facts : ModelFacts
    shape : tuple
        Of what goes through the model in one call.
    numbers : {"wrong", "right"}
        What the numbers are if no layer stops them.
    rows : int, optional
        Rows that come out, where it is known.
    """
    tried = try_shape(facts, shape)
    either: Kind = "wrong or raises" if numbers == "wrong" else "right or raises"
    if tried is None:
        step = Outcome(either, "a layer may stop it; nothing else will")
    elif tried.error:
        step = Outcome("raises", tried.error)
    else:
        out = tried.shape
        if rows is not None:  # the first size of the answer, whatever it is in one batch
            out = re.sub(r"^\((\w+)", f"({rows}", out)
        step = Outcome(numbers, f"answers with shape {out}")
    compiled = step if facts.fresh else Outcome(either, FORGOT)
    late = Outcome("raises", "an error in a layer")  # run eagerly, it may have another name
    eager = late if step.kind == "raises" else step
    return {"predict": compiled, "predict_on_batch": compiled, "predict_step": eager}
