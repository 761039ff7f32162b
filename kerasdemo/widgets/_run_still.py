"""What a saved notebook keeps of a run: its softmax as a picture, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from kerasdemo.prediction import Prediction
from kerasdemo.view.images import stack_png
from kerasdemo.view.softmax import describe_softmax
from kerasdemo.view.softmax_picture import softmax_png
from kerasdemo.view.softmax_steps import softmax_steps
from kerasdemo.widgets._runs import are_logits, bars

Shown = tuple[int, dict[str, npt.NDArray[Any]]]


def on_show(predictions: Mapping[str, Prediction], ran: Sequence[int], current: int) -> Shown:
    """Return the current sample, or else the first that was run, and its softmax by each method."""
    rows = bars(predictions)[0] if ran else {}
    position = current if current in ran else next(iter(ran), current)
    here = {name: each[ran.index(position)] for name, each in rows.items()}
    if are_logits(rows):
        here = {name: softmax_steps(row).shares for name, row in here.items()}
    return position, here


def picture(above: bytes, shown: Shown, labels: npt.NDArray[Any]) -> bytes:
    """Return a picture with the softmax of what is on show below it, if there is one."""
    position, rows = shown
    return stack_png(above, softmax_png(rows, label=int(labels[position]))) if rows else above


def words(above: str, shown: Shown) -> str:
    """Return a description with the first method's softmax added, if there is one."""
    position, rows = shown
    said = [f"Sample {position}: {describe_softmax(row)}" for row in rows.values()]
    return " ".join([above, *said[:1]])
