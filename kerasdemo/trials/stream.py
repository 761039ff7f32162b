"""The trials of ``classify_stream(dataset)``: batches go in, each batch's classes come out."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from kerasdemo._backend import import_tensorflow
from kerasdemo._hushed import hushed
from kerasdemo.trials.material import Material, agreement, described, integers
from kerasdemo.trials.trial import MOST_GRAPHS, Trial, attempt, count_graphs

BATCH = 64
ENOUGH = 100
"""Batches of the Dataset that stands for one without end; what is ready ahead is a few."""
LOOKS = (40, 140)
"""Batches after which what the stream holds is measured."""

ClassifyStream = Callable[[Any], Iterable[Any]]


def trials(classify_stream: ClassifyStream, given: Material) -> Iterator[Trial]:
    """Try ``classify_stream`` on one facet after the other; graphs first, as for ``classify``."""
    name = "classify_stream: {}".format
    yield attempt(
        name("graphs"),
        f"at most {MOST_GRAPHS}, the shorter last batch included",
        "Lesson 06: the model's own compiled step makes one graph, and one more for other sizes.",
        lambda: graphs_of(classify_stream, given),
    )
    yield attempt(
        name("values"),
        "batch by batch the classes that predict names",
        "Go through the Dataset with for, and yield the classes of each batch, not its rows.",
        lambda: values_of(classify_stream, given),
    )
    yield attempt(
        name("type"),
        f"arrays of whole numbers, {BATCH} at a time, the last one shorter",
        "yield a NumPy array for each batch: no tensor, no list, no number for each image.",
        lambda: types_of(classify_stream, given),
    )
    yield attempt(
        name("no end"),
        "the first answer comes before the Dataset is at its end",
        "A list or np.concatenate waits for the end. yield hands over at once.",
        lambda: endless(classify_stream, given),
    )
    yield attempt(
        name("memory"),
        f"from batch {LOOKS[0]} to batch {LOOKS[1]} it keeps less than half of its answers",
        "Something collects what was handed over: a list, a dictionary, an array that grows.",
        lambda: memory_of(classify_stream, given),
    )


def batches(given: Material, *, number: int | None = None) -> Any:
    """Return the digits as a Dataset of batches; with `number`, that many full ones."""
    tf = import_tensorflow()
    if number is None:
        return tf.data.Dataset.from_tensor_slices(given.images).batch(BATCH)
    return tf.data.Dataset.from_tensors(given.images[:BATCH]).repeat(number)


def values_of(classify_stream: ClassifyStream, given: Material) -> tuple[str, bool]:
    """Compare all that comes with predict's classes."""
    answers = [np.atleast_1d(answer) for answer in classify_stream(batches(given))]
    return agreement(np.concatenate(answers), given.classes)


def types_of(classify_stream: ClassifyStream, given: Material) -> tuple[str, bool]:
    """Look at type and length of each answer."""
    answers = list(classify_stream(batches(given)))
    cuts = range(0, len(given.images), BATCH)
    wanted = [(len(given.images[start : start + BATCH]),) for start in cuts]
    good = all(map(integers, answers)) and [np.shape(answer) for answer in answers] == wanted
    return f"{len(answers)} answers; the first: {described(answers[0])}", good


def endless(classify_stream: ClassifyStream, given: Material) -> tuple[str, bool]:
    """Ask for one answer from a Dataset that is far longer than one answer needs."""
    tf, taken = import_tensorflow(), 0

    def many() -> Iterator[Any]:
        nonlocal taken
        for taken in range(1, ENOUGH + 1):  # noqa: B007 - the function around it reads it
            yield given.images[:BATCH]

    shape = tf.TensorSpec((None, *given.images.shape[1:]), "float32")
    dataset = tf.data.Dataset.from_generator(many, output_signature=shape)
    with hushed():
        next(iter(classify_stream(dataset)))
    if taken == ENOUGH:
        return f"no answer before batch {taken}, the last", False
    return f"after {'one batch' if taken == 1 else f'{taken} batches'}", True


def memory_of(classify_stream: ClassifyStream, given: Material) -> tuple[str, bool | None]:
    """Measure what Python and NumPy hold on to between two batches (``tracemalloc``)."""
    first, last = LOOKS
    held, size, traced = {}, 0, tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        for number, answer in enumerate(classify_stream(batches(given, number=last + 1))):
            size = np.asarray(answer).nbytes
            if np.shape(answer)[:1] != (BATCH,):
                return "an answer is not that of a batch: type comes first", None
            if number in LOOKS:
                gc.collect()
                held[number] = tracemalloc.get_traced_memory()[0]
    finally:
        if not traced:
            tracemalloc.stop()
    more, answers = held[last] - held[first], (last - first) * size
    return (
        f"{max(more, 0) / 1e3:.0f} kB more; the answers: {answers / 1e3:.0f} kB",
        more < answers / 2,
    )


def graphs_of(classify_stream: ClassifyStream, given: Material) -> tuple[str, bool]:
    """Count the graphs that one pass makes."""
    return count_graphs(given.model, lambda: list(classify_stream(batches(given))))
