"""A few right samples for a model, from what the model says of its input."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasdemo.classifier import load_classifier
from kerasdemo.digits import load_digits
from kerasdemo.inputs import check_images
from kerasdemo.inspections.model_facts import ModelFacts, Shape, look_at

COUNT = 5
GIVE = "Give a batch that it takes: edge_cases(model, samples=...)."


def model_and_samples(model: Any, samples: Any) -> tuple[ModelFacts, Any]:
    """Return the facts of a model and a batch of five right samples.

    Without a model, the kit's own classifier and five test digits. Without samples, random numbers
    of the shape that the model declares.

    Raises
    ------
    TypeError, ValueError
        If `model` is no Keras model, has no weights yet, has several inputs, or says too little of
        its input; if `samples` are not what it takes.
    """
    if model is None:
        model = load_classifier()
        samples = load_digits().test[:COUNT].images if samples is None else samples
    facts = look_at(model)
    if not getattr(model, "built", False):
        raise ValueError(
            "model is not built yet: the first odd input would decide its shape. Call it once on "
            "a right batch: model(x)."
        )
    if len(facts.inputs) > 1:
        raise ValueError(f"model has {len(facts.inputs)} inputs; edge_cases is for one input.")
    if samples is None:
        return facts, _made(facts)
    samples = np.asarray(check_images(model, samples))
    if samples.ndim < 2 or len(samples) < 2:
        raise ValueError(f"samples have shape {samples.shape}; two or more samples are needed.")
    return facts, samples[:COUNT]


def _made(facts: ModelFacts) -> Any:
    if not facts.inputs:
        raise ValueError(f"It is not known what shape this model takes. {GIVE}")
    (wanted,) = facts.inputs
    shape = (COUNT, *_sizes(wanted.shape))
    kind = np.dtype(wanted.dtype or "float32").kind if wanted.dtype != "string" else "U"
    rng = np.random.default_rng(0)
    if kind == "f":
        return rng.random(shape, dtype=np.float32)
    if kind in "iu":
        return rng.integers(0, 2, shape).astype(wanted.dtype)
    raise ValueError(f"The model takes {wanted.dtype} values. {GIVE}")


def _sizes(shape: Shape) -> tuple[int, ...]:
    """Choose a size where the model takes any: 28, but 1 for the channels of an image.

    Examples
    --------
    >>> _sizes((None, None, 3)), _sizes((8, 8, None)), _sizes((None,))
    ((28, 28, 3), (8, 8, 1), (28,))
    """
    free = [28] * len(shape)
    if len(shape) > 2:
        free[-1] = 1
    return tuple(size or other for size, other in zip(shape, free, strict=True))
