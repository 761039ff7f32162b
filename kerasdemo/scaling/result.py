"""What came back from the workers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerasdemo.prediction import Array, Prediction
from kerasdemo.view.table import Row, Table, as_html


@dataclass(frozen=True, repr=False, eq=False)
class DatasetPrediction:
    """What the workers made of a source, in its order: what `predict_dataset` returns.

    Attributes
    ----------
    outputs : dict of str to ndarray
        Each output of the model over all samples; a model with a single output has one entry,
        ``"output"``. Empty if the results went to files.
    ids : ndarray
        What each row is called, (n,): its position in the source, or what ``ids=`` said. Empty if
        the results went to files.
    files : tuple of Path
        The files that ``out=`` was for.
    samples, batches : int
        Rows, and calls of ``predict_on_batch``.
    workers, threads : int
        Workers that there were, and the threads of each.
    shares : tuple of int
        The samples that each worker did, largest first; a worker that came too late has none.
    seconds, waiting : float
        From the call to the last row; and of these until the first row was there: Ray and
        TensorFlow start in that time.
    """

    outputs: dict[str, Array]
    ids: Array
    files: tuple[Path, ...]
    samples: int
    batches: int
    workers: int
    threads: int
    shares: tuple[int, ...]
    seconds: float
    waiting: float

    @property
    def probabilities(self) -> Array:
        """The main output, shape (n, classes).

        Raises
        ------
        ValueError
            If the results went to files.
        """
        return self._prediction.probabilities

    @property
    def classes(self) -> NDArray[np.int64]:
        """The most probable class of each sample, int64 (n,); 0 or 1 for a single sigmoid output.

        Raises
        ------
        ValueError
            If the results went to files, or the main output has no axis of classes.
        """
        return self._prediction.classes

    @property
    def _prediction(self) -> Prediction:
        if not self.outputs:
            raise ValueError(
                f"The results are in {len(self.files)} files, and not in memory. Read them: "
                + self._reading()
            )
        return Prediction("predict_on_batch", (), self.outputs)

    def _reading(self) -> str:
        if self.files and self.files[0].suffix == ".npy":
            return "np.load(result.files[0])."
        return "pyarrow.parquet.read_table(result.files[0].parent)."

    def __repr__(self) -> str:
        return f"<DatasetPrediction: {self._told()}>"

    def _repr_html_(self) -> str:
        shown = [
            ("samples", f"{self.samples:,}"),
            ("batches", f"{self.batches:,}"),
            ("workers", f"{self.workers}, of {_count(self.threads, 'thread')} each"),
            ("samples of each worker", ", ".join(f"{share:,}" for share in self.shares)),
            ("seconds", f"{self.seconds:.1f}, of them {self.waiting:.1f} until the first row"),
            *([("files", f"{len(self.files)}")] if self.files else ()),
            *((name, f"{array.shape}, {array.dtype}") for name, array in self.outputs.items()),
        ]
        rows = tuple(Row(label, (text,)) for label, text in shown)
        return as_html(Table(("predict_dataset",), rows))

    def _told(self) -> str:
        where = f"; {_count(len(self.files), 'file')}" if self.files else ""
        return (
            f"{_count(self.samples, 'sample')} in {_count(self.batches, 'batch', 'es')} by "
            f"{_count(self.workers, 'worker')} of {_count(self.threads, 'thread')}{where}"
        )


def _count(number: int, name: str, ending: str = "s") -> str:
    return f"{number:,} {name}{'' if number == 1 else ending}"
