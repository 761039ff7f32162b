"""The capstone of the lessons: two functions of the student's, tried on all that was learnt.

``classify(images)`` turns an array of images into an array of classes; ``classify_stream(dataset)``
does so batch by batch, for a Dataset of any length. They are held to values, types, graphs, memory
and the order of times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerasdemo._progress import progress_bar
from kerasdemo.digits import load_digits
from kerasdemo.trials import stream, whole
from kerasdemo.trials.material import material
from kerasdemo.trials.trial import Trial
from kerasdemo.view.signs import printable
from kerasdemo.view.table import Row, Table, as_html, as_text

PATIENCE = 2  # seconds before a progress bar appears
SIGNS = {True: "✓ yes", False: "✗ not yet", None: "? not measured"}


@dataclass(frozen=True, repr=False)
class Capstone:
    """What the two functions were asked, and what was seen. True when nothing is missing.

    Attributes
    ----------
    trials : tuple of Trial
    """

    trials: tuple[Trial, ...]

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    def __len__(self) -> int:
        return len(self.trials)

    def __bool__(self) -> bool:
        return not self.missing

    @property
    def missing(self) -> tuple[Trial, ...]:
        """The trials that were not passed."""
        return tuple(trial for trial in self if trial.passed is False)

    @property
    def table(self) -> Table:
        """One row for each trial; a hint for each that was not passed."""
        rows = tuple(Row(t.name, (SIGNS[t.passed], t.asked, t.seen)) for t in self)
        notes = tuple(f"{trial.name}. {trial.hint}" for trial in self.missing)
        return Table(("passed", "asked", "seen"), rows, notes=notes)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {"passed": bool(self), "trials": [asdict(trial) for trial in self]}

    def __repr__(self) -> str:
        return printable(as_text(self.table))

    def _repr_html_(self) -> str:
        return as_html(self.table)


def try_capstone(
    classify: Callable[[Any], Any] | EllipsisType,
    classify_stream: Callable[[Any], Iterable[Any]] | EllipsisType,
    model: Any,
    *,
    images: NDArray[np.float32] | None = None,
    memory: bool = True,
) -> Capstone | None:
    """Try two functions on values, types, graphs, memory and the order of times.

    Parameters
    ----------
    classify
        Takes an array of images, returns the class of each as an array of whole numbers.
    classify_stream
        Takes a ``tf.data.Dataset`` of batches, yields an array of classes for each batch.
    model : keras.Model
        The model that both use. It is as it was afterwards.
    images : ndarray of float32, shape (n, 28, 28, 1), optional
        Samples to try them on; the held-out embedded digits unless given.
    memory : bool
        Measure the memory of ``classify`` too, in two fresh processes (some 15 seconds).

    Returns
    -------
    Capstone or None
        None while both are still three dots.

    Raises
    ------
    TypeError
        One of them is no function.

    Examples
    --------
    >>> try_capstone(..., ..., model=None) is None
    True

    Introduced in lesson 13.
    """
    if classify is ... and classify_stream is ...:
        return None
    for name, given in (("classify", classify), ("classify_stream", classify_stream)):
        if not callable(given) and given is not ...:
            raise TypeError(
                f"{name} is {given!r:.60}; a function is needed. Write: def {name}(...):, "
                "and give the name without parentheses."
            )
    held = material(model, load_digits().test.images if images is None else images)
    trials: list[Iterator[Trial]] = [
        iter([unwritten("classify")])
        if classify is ...
        else whole.trials(classify, held, memory=memory),
        iter([unwritten("classify_stream")])
        if classify_stream is ...
        else stream.trials(classify_stream, held),
    ]
    found, start = [], time.perf_counter()
    options: dict[str, Any] = {
        "desc": "capstone",
        "unit": "trial",
        "delay": PATIENCE,
        "leave": False,
    }
    with progress_bar(None, **options) as bar:
        for trial in chain.from_iterable(trials):
            found.append(trial)
            bar.set_postfix_str(trial.name, refresh=time.perf_counter() - start > PATIENCE)
            bar.update()
    return Capstone(tuple(found))


def unwritten(name: str) -> Trial:
    """Stand for all trials of a function that is still three dots."""
    return Trial(name, "a function", "three dots", False, f"Write {name} next.")
