"""What a run of several methods takes, and what of its answers can be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kerasdemo.calls import Call, watch_call
from kerasdemo.error_lines import error_line
from kerasdemo.methods import METHODS, check_method
from kerasdemo.prediction import Prediction
from kerasdemo.view.signs import xml_signs
from kerasdemo.view.softmax_steps import softmax_help
from kerasdemo.view.table import Table, as_html
from kerasdemo.widgets._checks import check_rows
from kerasdemo.widgets.digit_view import rounding

if TYPE_CHECKING:
    from kerasdemo.digits import Digits

LARGEST_BATCH = 256
MOST = 10_000  # samples in one run: 30 MB of float32
NOTHING = "Nothing was run yet: choose some digits, then run."
LISTED = 6  # samples that a title names


@dataclass
class Run:
    """Several methods on the same samples, one call after another.

    Parameters
    ----------
    model : keras.Model
        The model that is called.
    samples : list of int
        Positions of the samples.
    images : ndarray of float32, shape (n, 28, 28, 1)
        The samples.
    methods : list of str
        The methods, in this order.
    batch_size : int
        Samples to a batch.
    first : dict of str to Call
        Gets the first call of each method that has none in it.
    log : logging.Logger
        Gets what the model raises.
    """

    model: Any
    samples: list[int]
    images: npt.NDArray[np.float32]
    methods: list[str]
    batch_size: int
    first: dict[str, Call]
    log: Any
    calls: dict[str, Call] = field(default_factory=dict)

    def step(self, at: int) -> int:
        """Call the method at this place, and return the next place; -1 is the end.

        An error is kept, and only an interrupt goes on.
        """
        method = self.methods[at]
        try:
            call = watch_call(self.model, self.images, method, batch_size=self.batch_size)
            self.calls[method] = call
            self.first.setdefault(method, call)
        except (Exception, KeyboardInterrupt) as error:
            self.calls[method] = Call(method, error=error_line(error))
            if isinstance(error, KeyboardInterrupt):
                raise
            self.log.exception("PredictionExplorer: %s raised", method)
        return at + 1 if at + 1 < len(self.methods) else -1


def run_title(samples: Sequence[int], batch_size: int) -> str:
    """Say which samples were run, and in which batches.

    Examples
    --------
    >>> run_title([5, 38], 32)
    '2 samples: 5, 38, as one batch'
    """
    listed = ", ".join(str(position) for position in samples[:LISTED])
    named = f"Sample {listed}" if len(samples) == 1 else f"{len(samples):,} samples: {listed}"
    rest = ", ..." if len(samples) > LISTED else ""
    if not samples:
        return "Nothing was run yet."
    if len(samples) <= batch_size:
        return f"{named}{rest}, as one batch"
    return (
        f"{named}{rest}, in batches of {batch_size}: predict cuts them itself, "
        "for the others they are cut here"
    )


def bars(
    predictions: Mapping[str, Prediction],
) -> tuple[dict[str, npt.NDArray[np.float32]], str]:
    """Return the rows that can be drawn as bars, by method, and why there are none.

    Where the methods gave other numbers of classes, only those like the first are drawn.
    """
    rows: dict[str, npt.NDArray[np.float32]] = {}
    why = "No method has an answer to draw."
    for name, prediction in predictions.items():
        main = prediction.probabilities
        if main.ndim != 2 or main.shape[-1] < 2:
            why = f"No bars: {name} returned shape {main.shape}, which is not (samples, classes)."
            continue
        try:
            rows |= check_rows({name: main}, logits=True)
        except ValueError as error:
            why = f"No bars: {error}"
    shape = next((array.shape for array in rows.values()), None)
    alike = {name: array for name, array in rows.items() if array.shape == shape}
    return alike, "" if alike else why


def are_logits(rows: Mapping[str, npt.NDArray[np.float32]]) -> bool:
    """Say whether some row cannot be probabilities."""
    try:
        check_rows(dict(rows)) if rows else None
    except ValueError:
        return True
    return False


def bar_state(
    predictions: Mapping[str, Prediction], samples: list[int], labels: npt.NDArray[np.int64]
) -> dict[str, Any]:
    """Return what the bars are drawn from; without bars, why, and the old ones stay, unseen."""
    rows, why = bars(predictions) if samples else ({}, NOTHING)
    if not rows:
        return {"_why": why}
    stacked = np.stack(list(rows.values())).astype("<f4")
    classes = stacked.shape[-1]
    return {
        "_why": "",
        "_methods": list(rows),
        "_samples": samples,
        "_count": len(samples),
        "_labels": labels.tolist(),
        "_logits": are_logits(rows),
        "_help": softmax_help(classes, logits=are_logits(rows)),
        "_class_names": [str(place) for place in range(classes)],
        "_rows": stacked.tobytes(),
    }


def digit_state(digits: Digits) -> dict[str, Any]:
    """Return what the view of the image needs beside the pixels: they are there already."""
    shape = (*np.shape(getattr(digits, "pixels", ())), 1)
    return {
        **{"_stored": "uint8/255", "_low": 0, "_high": 1, "_labels": []},
        **{"_dtype": "float32", "_shape": str(shape), "_batch_shape": str((1, *shape[1:]))},
        "_rounding": rounding("float32"),
    }


def steps_of(methods: Sequence[str]) -> list[str]:
    """Say for each method that it runs, and how far that is.

    Examples
    --------
    >>> steps_of(["predict", "predict_step"])
    ['1 of 2: predict ...', '2 of 2: predict_step ...']
    """
    return [f"{at} of {len(methods)}: {name} ..." for at, name in enumerate(methods, 1)]


def page_of(table: Table | None) -> str:
    """Return a table as the page takes it: HTML in the strict spelling of XML."""
    inside = "" if table is None else xml_signs(as_html(table, aligned=False))
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'


def why_not(selected: Sequence[int], *, live: bool = False) -> str:
    """Say why these samples cannot be run; ``""`` where they can.

    Examples
    --------
    >>> why_not([])
    'Nothing is chosen. Click some digits, or type explorer.selected = [5, 38].'
    """
    if not selected:
        return "Nothing is chosen. Click some digits, or type explorer.selected = [5, 38]."
    if len(selected) > MOST:
        return f"{len(selected):,} samples are chosen; a run takes at most {MOST:,}."
    if live and len(selected) > LARGEST_BATCH:
        return f"At each choice, at most {LARGEST_BATCH} samples are run. Press Run for more."
    return ""


def check_model(model: Any) -> Any:
    """Return a model that has the three methods, or say what is expected."""
    if all(callable(getattr(model, name, None)) for name in METHODS[:3]):
        return model
    raise TypeError(
        f"model is of type {type(model).__name__}; expected a Keras model. "
        "Try PredictionExplorer(load_classifier(), digits): the model comes first."
    )


def check_methods(methods: Sequence[str]) -> list[str]:
    """Return the names of the methods, each once."""
    names = list(dict.fromkeys((methods,) if isinstance(methods, str) else methods))
    if not names:
        raise ValueError('There is no method to run. Try methods=("predict", "predict_step").')
    for name in names:
        check_method(name)
    return names


def check_batch_size(size: int) -> int:
    """Return the batch size, if it is kind to a shared machine."""
    if isinstance(size, int) and 1 <= size <= LARGEST_BATCH:
        return size
    raise ValueError(f"batch_size is {size!r}; expected a whole number from 1 to {LARGEST_BATCH}.")
