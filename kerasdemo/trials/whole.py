"""The trials of ``classify(images)``: an array goes in, an array of classes comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasdemo.memory import CannotMeasure, measure_memory
from kerasdemo.timing import time_calls
from kerasdemo.trials.material import Material, agreement, described, integers
from kerasdemo.trials.trial import MOST_GRAPHS, Trial, attempt, count_graphs

SIZES = (1, 7, 32, 31, 30)
MANY = 2_048
"""Samples for the trials of memory and of throughput."""
TIMES_AS_LONG = 3

Classify = Callable[[Any], Any]


def trials(classify: Classify, given: Material, *, memory: bool) -> Iterator[Trial]:
    """Try ``classify`` on one facet after the other; graphs first, as later none may be new."""
    name = "classify: {}".format
    yield attempt(
        name("graphs"),
        f"at most {MOST_GRAPHS} for batches of {', '.join(map(str, SIZES))}",
        "Lesson 06: a tf.function of your own traces for each size, unless reduce_retracing=True.",
        lambda: graphs_of(classify, given),
    )
    yield attempt(
        name("values"),
        "the classes that predict names",
        "Return one class for each row, the place of its largest probability: argmax along axis 1.",
        lambda: agreement(classify(given.images), given.classes),
    )
    yield attempt(
        name("type"),
        "a NumPy array of whole numbers, one for each image",
        "Return an array of classes. predict_step hands back a tensor: .numpy() makes an array of "
        "it. A list is no array, and neither is a single number.",
        lambda: type_of(classify(given.images), given),
    )
    yield attempt(
        name("no images"),
        "shape (0,) for images[:0]",
        "No image is a case of its own (lesson 09): predict raises, a batch of none may, and there "
        "is nothing to join. Let np.zeros((0, 10)) stand first among the rows that you join.",
        lambda: type_of(classify(given.images[:0]), given, wanted=0),
    )
    if memory:
        yield attempt(
            name("memory"),
            f"{MANY:,} images take under a third of what one batch of all takes",
            "Lesson 06: the size of the batch decides. Cut the images into batches of 256.",
            lambda: memory_of(classify, given),
        )
    yield attempt(
        name("one image"),
        "at most a third of predict's time",
        "Lesson 06: for one image predict builds a pipeline. Which call builds none?",
        lambda: times_of(classify, given, 1, at_most=1 / 3),
    )
    yield attempt(
        name("many images"),
        f"at most {TIMES_AS_LONG} times predict's time for {MANY:,} images",
        "Lesson 07: what surrounds a call is paid for at each call. Fewer and larger batches.",
        lambda: times_of(classify, given, MANY, at_most=TIMES_AS_LONG),
    )


def type_of(answer: object, given: Material, *, wanted: int | None = None) -> tuple[str, bool]:
    """Look at type and shape of what came back."""
    length = len(given.images) if wanted is None else wanted
    return described(answer), integers(answer) and getattr(answer, "shape", ()) == (length,)


def graphs_of(classify: Classify, given: Material) -> tuple[str, bool]:
    """Count the graphs that batches of several sizes make."""
    return count_graphs(given.model, lambda: [classify(given.images[:size]) for size in SIZES])


def repeated(given: Material, size: int) -> Any:
    """Repeat the digits until there are `size`."""
    return np.resize(given.images, (size, *given.images.shape[1:]))


def memory_of(classify: Classify, given: Material) -> tuple[str, bool | None]:
    """Measure the peaks of ``classify`` and of one batch of all, each in a fresh process."""
    many, few, model = repeated(given, MANY), given.images[:32], given.model
    try:
        own = measure_memory(lambda _: classify(many), prepare=lambda: classify(few))
        whole = measure_memory(
            lambda _: model.predict_on_batch(many), prepare=lambda: model.predict_on_batch(few)
        )
    except (TypeError, CannotMeasure) as error:
        return str(error).split(". ")[0], None
    return f"{own}; one batch of all {whole}", own.megabytes < whole.megabytes / 3


def times_of(classify: Classify, given: Material, size: int, *, at_most: float) -> tuple[str, bool]:
    """Compare the median time with predict's, taking turns."""
    images = repeated(given, size)
    times = time_calls(
        {
            "predict": lambda: given.model.predict(images, batch_size=256, verbose=0),
            "classify": lambda: classify(images),
        },
        rounds=5 if size == 1 else 3,  # many images through a slow function take long
    )
    ratio = times.median["classify"] / times.median["predict"]
    seen = f"{ratio:.0%} of" if ratio < 2 else f"{ratio:.0f} times"
    return f"{seen} predict's time", ratio <= at_most
