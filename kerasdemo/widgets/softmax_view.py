"""Read a softmax: bars, ranks, sum, margin and entropy, for one method or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from kerasdemo.view.softmax import (
    describe_sample,
    describe_softmax,
    format_probability,
    softmax_facts,
    softmax_table_html,
)
from kerasdemo.view.softmax_picture import softmax_png
from kerasdemo.widgets._base import KitWidget, page_module, page_style
from kerasdemo.widgets._checks import check_labels, check_rows
from kerasdemo.widgets._traits import Place


class SoftmaxView(KitWidget):
    """The probabilities of one sample at a time, as bars and in words.

    Introduced in lesson 03.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes), or mapping of str to array_like
        One row for each sample. Several methods by name, ``{"predict": p1, "predict_step": p2}``,
        are drawn side by side, each with its own pattern.
    labels : array_like of int, shape (n,), optional
        The true class of each sample, marked in words.
    class_names : sequence of str, optional
        What to call the classes; by default their numbers.

    Attributes
    ----------
    index : int
        Which row is shown. Setting it moves the view.
    scale : {"linear", "log"}
        The axis of the bars.
    table : bool
        Whether the probabilities are a table instead of bars.

    Raises
    ------
    ValueError
        When these are not probabilities, or the shapes do not fit.

    Examples
    --------
    >>> SoftmaxView([[0.1, 0.9], [0.6, 0.4]], labels=[1, 1])
    SoftmaxView(2 rows of 2 classes, showing 0: labelled 1, predicted 1, 90.0 %)
    """

    _esm = page_module("softmax_view")
    _css = page_style("softmax_view")

    index = Place("row").tag(sync=True)
    scale = traitlets.Enum(("linear", "log"), "linear").tag(sync=True)
    table = traitlets.Bool(False).tag(sync=True)
    _count = traitlets.Int(0).tag(sync=True)
    _classes = traitlets.Int(0).tag(sync=True)
    _methods = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _class_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _labels = traitlets.List(traitlets.Int()).tag(sync=True)
    _rows = traitlets.Bytes(b"").tag(sync=True)

    def __init__(
        self, probabilities: Any, labels: Any = None, *, class_names: Sequence[str] | None = None
    ) -> None:
        self._given = probabilities
        self._named = check_rows(probabilities)
        rows = np.stack(list(self._named.values()))
        _, count, classes = rows.shape
        if not count:
            raise ValueError("probabilities have no rows; expected at least one sample.")
        names = [str(name) for name in (range(classes) if class_names is None else class_names)]
        if len(names) != classes:
            raise ValueError(f"{len(names)} class_names given for {classes} classes.")
        super().__init__(
            _count=count,
            _classes=classes,
            _methods=list(self._named),
            _class_names=names,
            _labels=check_labels(labels, count, classes),
            _rows=rows.astype("<f4").tobytes(),
        )

    @property
    def probabilities(self) -> Any:
        """The probabilities as they were given."""
        return self._given

    def __repr__(self) -> str:
        """Say how many rows there are and what the one that is shown says."""
        methods = f" from {len(self._named)} methods" if len(self._named) > 1 else ""
        sample = describe_sample(
            self.index, label=self._label_name(), p=self._first(), class_names=self._class_names
        )
        words = sample.removeprefix(f"sample {self.index}, ")
        return (
            f"SoftmaxView({self._count} rows of {self._classes} classes{methods}, "
            f"showing {self.index}: {words})"
        )

    def _here(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return the row that is shown, by method."""
        return {name: rows[self.index] for name, rows in self._named.items()}

    def _first(self) -> npt.NDArray[np.float32]:
        """Return the row of the first method."""
        return next(iter(self._here().values()))

    def _label(self) -> int | None:
        """Return the true class of the row that is shown."""
        return self._labels[self.index] if self._labels else None

    def _label_name(self) -> str | None:
        """Return what the true class is called."""
        label = self._label()
        return None if label is None else str(self._class_names[label])

    def _picture(self) -> bytes:
        return softmax_png(self._here(), label=self._label(), class_names=self._class_names)

    def _words(self) -> str:
        label = self._label_name()
        start = f"Row {self.index}" + ("" if label is None else f", labelled {label}")
        return f"{start}. {describe_softmax(self._first(), class_names=self._class_names)}"

    def _facts(self) -> list[tuple[str, str]]:
        several = len(self._named) > 1
        facts = [("row", f"{self.index} of 0 to {self._count - 1}")]
        for name, row in self._here().items():
            fact = softmax_facts(row)
            said = (
                f"{describe_softmax(row, class_names=self._class_names)} Sum {fact.sum:.3f}, "
                f"margin {format_probability(fact.margin)}, entropy {fact.entropy:.2f} bits"
            )
            facts.append((name if several else "in words", said))
        return facts

    def _more_html(self) -> str:
        return softmax_table_html(self._here(), label=self._label(), class_names=self._class_names)
