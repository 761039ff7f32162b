"""Look at samples before a model does, and say in a student's words why they cannot work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras
from kerasdemo.prediction import flatten


def check_images(model: Any, images: Any) -> Any:
    """Return `images` ready for `model`, or raise an error that says what to type instead.

    Only what a single-input model states about its input is checked; anything else is left to
    Keras. Nothing is predicted.

    Raises
    ------
    ValueError, TypeError
        If the samples cannot work: no batch axis, no channel axis, a wrong size, a list of images,
        no samples, text or objects instead of numbers.
    """
    import_keras()
    inputs = getattr(model, "inputs", None)
    if hasattr(images, "element_spec"):
        x = "[0]" if isinstance(images.element_spec, tuple) else ""  # of (x, y): no labels
        raise TypeError(
            "images is a tf.data.Dataset; the methods are compared on an array. Type "
            f"next(iter(dataset)){x} for its first batch. (model.predict(dataset) itself works.)"
        )
    if isinstance(images, (list, tuple, Mapping)):
        if inputs is None or len(inputs) > 1 or isinstance(images, Mapping):
            _check_several(images)
            return images
        if not images:
            raise ValueError(
                f"images is an empty {type(images).__name__}; there is nothing to predict. For the "
                "digits of the kit: digits.images."
            )
        raise ValueError(
            f"images is a {type(images).__name__} of {len(images)}; Keras takes that for several "
            f"inputs, not for several samples. {_one_array(images, len(inputs[0].shape))}"
        )
    if not hasattr(images, "shape") or not hasattr(images, "dtype"):
        raise TypeError(
            f"images is a {type(images).__name__}; a method needs an array of shape (n, ...). "
            "For the digits of the kit: digits.images."
        )
    takes_text = [tensor.dtype for tensor in inputs or ()] == ["string"]
    if not (takes_text and getattr(images.dtype, "kind", "") == "O"):  # Keras reads such text
        _check_numbers(images)
    shapes = [tuple(tensor.shape) for tensor in inputs or ()]
    if len(shapes) == 1:
        _check_shape(tuple(images.shape), shapes[0])
    elif len(shapes) > 1:
        raise ValueError(f"The model has {len(shapes)} inputs; give a list with an array for each.")
    if images.shape[0] == 0:
        raise ValueError("images holds no samples (0 rows); there is nothing to predict.")
    return images


def _one_array(images: Any, rank: int) -> str:
    """Say how to make one batch of a list of samples, of batches, or of images and labels."""
    shapes = [_shape(part) for part in images]
    if len(shapes[0]) != rank:
        return "Stack it: np.stack(images)."
    if len(shapes) > 1 and len({shape[1:] for shape in shapes}) == 1:
        return "Join the batches: np.concatenate(images)."
    return "Take the batch out of it: images[0]."


def _shape(part: Any) -> tuple[int, ...]:
    try:
        return tuple(np.shape(part))
    except ValueError:  # lists of different lengths
        return ()


def _check_several(images: Any) -> None:
    """Check that the arrays for several inputs have samples, and equally many."""
    counts = {name: np.shape(array)[:1] for name, array in flatten(images).items()}
    if not counts:
        raise ValueError(f"images is an empty {type(images).__name__}; give an array per input.")
    if () in counts.values():
        raise ValueError("Each input needs an array of shape (n, ...); one is a single number.")
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name}: {n}" for name, (n,) in counts.items())
        raise ValueError(f"The inputs hold different numbers of samples: {told}. Make them equal.")
    if (0,) in counts.values():
        raise ValueError("The inputs hold no samples (0 rows); there is nothing to predict.")


def _check_numbers(images: Any) -> None:
    kind = getattr(images.dtype, "kind", "f")
    if kind not in "fiub":
        raise TypeError(
            f"images has dtype {images.dtype}; a model needs numbers. "
            'Type images.astype("float32"); if that fails, the images differ in shape.'
        )
    if len(images.shape) == 0:
        raise ValueError("images is a single number; a batch has shape (n, ...).")


def _check_shape(got: tuple[int, ...], wanted: tuple[int | None, ...]) -> None:
    if len(got) == len(wanted) and all(w in (None, g) for g, w in zip(got, wanted, strict=True)):
        return
    need = "(n, " + ", ".join("any" if w is None else str(w) for w in wanted[1:]) + ")"
    said = f"images have shape {got}; a batch needs {need}."
    sample = wanted[1:]
    if got == sample:
        mend = "For one image: image[None]."
    elif sample[-1:] == (1,) and got == sample[:-1]:
        mend = "For one image: image[None, ..., None]."
    elif sample[-1:] == (1,) and got[1:] == sample[:-1]:
        mend = "The channel axis is missing: images[..., None]."
    elif len(got) == len(wanted):
        mend = "The images have another size than the model was built for: resize them."
    else:
        mend = "Reshape them, batch axis first."
    raise ValueError(f"{said} {mend}")
