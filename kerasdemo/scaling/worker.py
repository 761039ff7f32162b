"""What runs in a worker: the model loaded once, ``predict_on_batch`` on what Ray cuts."""

from __future__ import annotations

import itertools
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras
from kerasdemo.error_lines import error_line
from kerasdemo.prediction import Array, flatten

POSITION, ROWS, CALL = "kd_position", "kd_rows", "kd_call"  # columns beside those of the source
OUTPUT = "kd_output/"  # and before the name of each output
CALLS = 1 << 32  # calls that a worker can number
Batch = dict[str, Any]
Prepare = Callable[[Array], Array]


class WorkerError(Exception):
    """What went wrong in a worker, in one line; it crosses the wire as text alone."""


def model_bytes(model: Any) -> bytes:
    """Return a model as the bytes of a ``.keras`` file, which need no disk that nodes share."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def model_from(content: bytes) -> Any:
    """Return the model that `model_bytes` wrote down; it is not compiled for training."""
    keras = import_keras()
    handle, name = tempfile.mkstemp(suffix=".keras")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        return keras.models.load_model(name, compile=False, safe_mode=True)
    finally:
        os.unlink(name)


class Worker:
    """A model that waits for batches. Ray makes one for each worker, and calls it for each batch.

    Parameters
    ----------
    kept : list of ObjectRef
        The model's bytes, put into Ray's object store once.
    column, ids : str, and str or None
        The columns that hold the samples, and that goes along with the results.
    sample : tuple of int or None
        The shape of one sample, where flat rows must be put in form.
    prepare : callable or None
        What is done to a batch before the model sees it.
    """

    def __init__(
        self,
        kept: list[Any],
        column: str,
        ids: str | None,
        sample: tuple[int, ...] | None,
        prepare: Prepare | None,
    ) -> None:
        import ray

        try:
            self._model = model_from(ray.get(kept[0]))
        except Exception as error:
            raise WorkerError(f"could not load the model: {error_line(error)}") from None
        self._column, self._ids, self._sample, self._prepare = column, ids, sample, prepare
        name = secrets.randbits(30) * CALLS
        self._calls = itertools.count(name)

    def __call__(self, batch: Batch) -> Batch:
        """Predict one batch."""
        rows = in_form(batch[self._column], self._sample)
        try:
            rows = rows if self._prepare is None else self._prepare(rows)
            outputs = flatten(self._model.predict_on_batch(rows))
        except Exception as error:
            raise WorkerError(f"could not predict a batch: {error_line(error)}") from None
        found: Batch = {OUTPUT + name: array for name, array in outputs.items()}
        for name, array in outputs.items():
            if array.shape[:1] != (len(rows),):
                raise WorkerError(
                    f"got an output {name!r} of shape {array.shape} for {len(rows)} samples: "
                    "no row for each sample"
                )
        found.update({name: batch[name] for name in (POSITION, self._ids) if name in batch})
        found[CALL] = np.full(len(rows), next(self._calls), dtype=np.int64)
        return found


def in_form(rows: Any, sample: tuple[int, ...] | None) -> Array:
    """Return a column's rows as one array, put in the form of the model's samples if they fit.

    Files know lists of numbers, and grey images without a channel axis.

    Examples
    --------
    >>> in_form(np.zeros((5, 784)), (28, 28, 1)).shape, in_form(np.zeros((5, 3)), (4,)).shape
    ((5, 28, 28, 1), (5, 3))
    """
    array = np.asarray(rows)
    if array.dtype == object and len(array) and np.ndim(array[0]):
        shapes = {np.shape(row) for row in array}
        if len(shapes) > 1:
            told = " and ".join(str(shape) for shape in sorted(shapes)[:2])
            raise WorkerError(f"got samples of different shapes: {told}")
        array = np.stack(list(array))
    size = int(np.prod(array.shape[1:]))
    if sample is None or array.shape[1:] == sample or size != int(np.prod(sample)):
        return array
    flat, grey = array.ndim == 2, (*array.shape[1:], 1) == sample
    return array.reshape(len(array), *sample) if flat or grey else array
