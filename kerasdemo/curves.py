"""How training went, epoch by epoch: of a run of your own, or of the 25 epochs that are stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from kerasdemo.view.curve_plot import FINE, curve_png, curve_words, plot_curve
from kerasdemo.view.images import img_tag
from kerasdemo.view.table import Row, Table, as_html, as_text

__all__ = ["TrainingCurve", "training_curve"]

FILE = "training_curve.json"
MOST_COLUMNS = 7  # epochs in the table; the picture has them all


@dataclass(frozen=True, eq=False, repr=False)
class TrainingCurve:
    """What ``fit`` measured after each epoch: what `training_curve` returns.

    Introduced in lesson 02.

    Attributes
    ----------
    history : mapping of str to numpy.ndarray, shape (epochs,), float64
        From the name of a measure, as Keras calls it, to its values: ``"loss"``, and with
        validation data ``"val_loss"``.

    Examples
    --------
    >>> curve = training_curve({"loss": [2.2, 1.1], "val_loss": [1.5, 0.9]})
    >>> curve.epochs, list(curve.measures)
    (2, ['loss'])
    """

    history: Mapping[str, npt.NDArray[np.float64]]

    @property
    def epochs(self) -> int:
        """How many epochs there were."""
        return len(next(iter(self.history.values())))

    @property
    def measures(self) -> dict[str, dict[str, list[float]]]:
        """Each measure's lines, ``"training"`` and where it was taken ``"validation"``."""
        found: dict[str, dict[str, list[float]]] = {}
        for name, values in self.history.items():
            measure = name.removeprefix("val_")
            line = "training" if measure == name else "validation"
            found.setdefault(measure, {})[line] = values.tolist()
        return found

    @property
    def table(self) -> Table:
        """The measures in a few epochs, the first and the last among them."""
        shown = np.unique(np.linspace(1, self.epochs, MOST_COLUMNS).round().astype(int))
        rows = tuple(
            Row(f"{measure}, {line}", tuple(f"{values[epoch - 1]:.2f}" for epoch in shown))
            for measure, lines in self.measures.items()
            for line, values in lines.items()
        )
        return Table(tuple(f"epoch {epoch}" for epoch in shown), rows)

    def plot(self, measure: str = "accuracy", *, ax: Any = None) -> Any:
        """Draw one measure against the epochs; return the Axes.

        Parameters
        ----------
        measure : str
            One of `measures`.
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new, transparent figure.

        Raises
        ------
        ValueError
            When there is no such measure.
        """
        if measure not in self.measures:
            raise ValueError(f"No measure {measure!r} here; there is {', '.join(self.measures)}.")
        return plot_curve(self.measures[measure], label=measure, ax=ax)

    def __repr__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        picture = img_tag(curve_png(self.measures), curve_words(self.measures), fine=FINE)
        return f"<div>{picture}</div>{as_html(self.table)}"


def training_curve(history: Any = None) -> TrainingCurve:
    """Show how training went, as charts and as a table. Introduced in lesson 02.

    Parameters
    ----------
    history : keras.callbacks.History or mapping, optional
        What ``fit`` returned, or its ``.history``. By default the 25 epochs of the network of
        lesson 02 that ``tools/make_training_curve.py`` trained and stored.

    Returns
    -------
    TrainingCurve

    Raises
    ------
    TypeError
        When `history` is something else.
    ValueError
        When it holds no epoch, or its lists differ in length.

    Examples
    --------
    >>> training_curve().epochs
    25
    """
    numbers = stored()["history"] if history is None else getattr(history, "history", history)
    if not isinstance(numbers, Mapping):
        raise TypeError(
            f"history is a {type(history).__name__}; expected what model.fit returned: "
            "history = model.fit(...), then kd.training_curve(history)."
        )
    series = {name: np.asarray(values, np.float64) for name, values in numbers.items()}
    lengths = {len(values) if values.ndim == 1 else 0 for values in series.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(f"history has lists of {sorted(lengths)} epochs; expected one, above 0.")
    return TrainingCurve(series)


def stored() -> dict[str, Any]:
    """Read the stored run: its recipe, what it was made with, and its history.

    Raises
    ------
    ValueError
        The file is damaged.
    """
    file = resources.files("kerasdemo") / "data" / FILE
    return read_run(file.read_text(encoding="utf-8"))


def read_run(text: str) -> dict[str, Any]:
    """Read the text of a stored run; ValueError when it is none."""
    try:
        found: dict[str, Any] = json.loads(text)
        lines = list(found["history"].values())
        if all(isinstance(v, int | float) for line in lines for v in [*line, len(line)]) and lines:
            return found
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    raise ValueError(f"{FILE} is damaged: it holds no training run. Install kerasdemo again.")
