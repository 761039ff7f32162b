"""What the answers of several methods have in common, and where they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasdemo.prediction import Prediction, largest_difference
from kerasdemo.view.table import Row

SAME = 1e-5
"""Two probabilities count as the same when they differ by less than this."""

RUNS = "predict_step runs: how often Python itself went through the body of that method."

FACETS: dict[str, Callable[[Prediction], Any]] = {
    "returns": lambda prediction: prediction.type,
    "dtype": lambda prediction: prediction.dtype,
    "shape": lambda prediction: prediction.shape,
}
"""What to say of an answer, whoever asked for it: facet -> how to read it."""


def agreement(predictions: Sequence[Prediction], *, who: str = "All methods") -> str:
    """Say in one sentence whether several methods, called `who`, agree on the same samples.

    Examples
    --------
    >>> from kerasdemo.prediction import gather
    >>> rows = np.float32([[0.25, 0.75], [0.5, 0.5]])
    >>> agreement([gather("predict", (rows,)), gather("predict_step", (rows,))])
    'All methods name the same class for all 2 samples.'
    """
    first, *others = predictions
    mains = [each.probabilities for each in predictions]
    if any(main.dtype.kind == "f" and np.isnan(main).any() for main in mains):
        return "Outputs hold NaN (not a number): the classes named for them mean nothing."
    if any(main.ndim < 2 for main in mains):
        same = max((largest_difference(first, each) for each in others), default=0.0) < SAME
        return "The outputs agree." if same else "The outputs do NOT agree."
    if all(np.array_equal(first.classes, each.classes) for each in others):
        count = len(first.classes)
        samples = "the sample" if count == 1 else f"all {count} samples"
        return f"{who} name the same class for {samples}."
    return "The methods do NOT name the same classes."


def difference_rows(answers: Mapping[str, Prediction | None], *, exact: bool) -> list[Row]:
    """Return how far each method's answer is from the first one, as rows of a table.

    Parameters
    ----------
    answers : dict of str to Prediction or None
        None for a method that gave none; its cells are empty.
    exact : bool
        Also the difference itself, which is not the same on every machine.
    """
    given = {name: answer for name, answer in answers.items() if answer is not None}
    if not given:
        return []
    first, reference = next(iter(given.items()))
    gaps = {name: largest_difference(reference, answer) for name, answer in given.items()}
    near = {name: "yes" if gap < SAME else "NO" for name, gap in gaps.items()}
    far = {name: f"{gap:.1g}" for name, gap in gaps.items()}
    marked = next(iter(answers)) == first
    rows = [Row(f"within 1e-5 of {first}", tuple(near.get(n, "") for n in answers), mark=marked)]
    if exact:
        rows.append(Row(f"farthest from {first}", tuple(far.get(n, "") for n in answers)))
    return rows
