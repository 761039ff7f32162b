"""Read a softmax: bars, sum, margin, entropy, and how it was made; for one row or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets

from kerasdemo.view.softmax_scene import SoftmaxScene
from kerasdemo.view.softmax_steps import check_temperature, softmax_help
from kerasdemo.widgets._base import KitWidget, page_module, page_style
from kerasdemo.widgets._checks import check_class, check_labels, check_rows, check_top
from kerasdemo.widgets._traits import Checked, Place, Positions

MANY = 30  # classes; of more than that, the most likely are shown
CHOICES = ("index", "rows", "scale", "table", "order", "top", "temperature", "focus")


class SoftmaxView(KitWidget):
    """The probabilities of one sample at a time, or of several, as bars and in words.

    Given logits, it shows how softmax makes them: exp, sum, share, lit together with the formula
    of the class in focus. (Number, formula and picture lit together: the idea is of CNN Explainer,
    Wang et al., IEEE VIS 2020.)

    Introduced in lesson 03.

    Parameters
    ----------
    probabilities : array_like, shape (n, classes), or mapping of str to array_like
        One row for each sample. Several methods by name, ``{"predict": p1, "predict_step": p2}``,
        are drawn side by side, each with its own pattern.
    labels : array_like of int, shape (n,), optional
        The true class of each sample, marked in words.
    logits : array_like or mapping, as `probabilities`
        What goes into softmax, instead of what comes out; any numbers, kept as float32.
    class_names : sequence of str, optional
        What to call the classes; by default their numbers.
    **choices
        Any attribute below, such as ``temperature=2``.

    Attributes
    ----------
    index : int
        Which row is shown. Setting it moves the view.
    rows : list of int
        Several rows side by side instead, of the first method; at most four are drawn.
    scale : {"linear", "log"}
        The axis of the bars.
    table : bool
        Whether the numbers stand alone, with six digits and without bars.
    order : {"class", "probability"}
        The order of the classes: by number, or the most likely first.
    top : int or None
        How many of the most likely classes are shown; None for all.
    temperature : float
        From 0.01 to 100. Divides the logits before softmax; of probabilities the logits are
        ``log(p)``, up to a constant.
    focus : int or None
        The class of the formula; None for the predicted one.

    Raises
    ------
    ValueError
        When these are not probabilities, or the shapes do not fit.
    TypeError
        When not exactly one of `probabilities` and `logits` is given.

    Examples
    --------
    >>> SoftmaxView([[0.1, 0.9], [0.6, 0.4]], labels=[1, 1])
    SoftmaxView(2 rows of 2 classes, showing 0: labelled 1, predicted 1, 90.0 %)
    >>> SoftmaxView(logits=[2.0, 1.0, -1.0], temperature=2)
    SoftmaxView(1 row of 3 classes, from logits, T = 2, showing 0: predicted 0, 54.7 %)
    """

    _esm = page_module("softmax_steps", "softmax_view")
    _css = page_style("softmax_view")

    index = Place("row").tag(sync=True)
    rows = Positions().tag(sync=True)
    scale = traitlets.Enum(("linear", "log"), "linear").tag(sync=True)
    table = traitlets.Bool(False).tag(sync=True)
    order = traitlets.Enum(("class", "probability"), "class").tag(sync=True)
    top = Checked(lambda _, value: check_top(value)).tag(sync=True)
    temperature = Checked(lambda _, value: check_temperature(value), 1.0).tag(sync=True)
    focus = Checked(lambda view, value: check_class(value, len(view._class_names))).tag(sync=True)
    _count = traitlets.Int(0).tag(sync=True)
    _methods = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _class_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _labels = traitlets.List(traitlets.Int()).tag(sync=True)
    _logits = traitlets.Bool(False).tag(sync=True)
    _rows = traitlets.Bytes(b"").tag(sync=True)
    _help = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        probabilities: Any = None,
        labels: Any = None,
        *,
        logits: Any = None,
        class_names: Sequence[str] | None = None,
        **choices: Any,
    ) -> None:
        unknown = sorted(choices.keys() - set(CHOICES))
        if unknown:
            raise TypeError(f"SoftmaxView has no {unknown[0]}; expected {', '.join(CHOICES)}.")
        if (probabilities is None) == (logits is None):
            raise TypeError(
                f"{'neither' if logits is None else 'both'} given; expected one of them: "
                "SoftmaxView(probabilities) or SoftmaxView(logits=...)."
            )
        self._names_given = class_names
        super().__init__(**{**self._take(probabilities, logits, labels), **choices})

    def _take(self, probabilities: Any, logits: Any, labels: Any) -> dict[str, Any]:
        """Keep the numbers, when they are good; return what the page is to be told of them."""
        given = probabilities if logits is None else logits
        named = check_rows(given, logits=logits is not None)
        count, classes = next(iter(named.values())).shape
        if not count:
            raise ValueError("There are no rows to show; expected at least one sample.")
        asked = self._names_given
        names = [str(name) for name in (range(classes) if asked is None else asked)]
        if len(names) != classes:
            raise ValueError(f"{len(names)} class_names given for {classes} classes.")
        state = {
            "_count": count,
            "_methods": list(named),
            "_class_names": names,
            "_labels": check_labels(labels, count, classes),
            "_logits": logits is not None,
            "_help": softmax_help(classes, logits=logits is not None),
            "_rows": np.stack(list(named.values())).astype("<f4").tobytes(),
        }
        if classes != len(self._class_names):
            state["top"] = MANY if classes > MANY else None
        self._given, self._named = given, named
        return state

    def _replace(self, probabilities: Any, logits: Any) -> None:
        """Show other numbers, in one message to the page; what does not fit them goes."""
        given = probabilities if logits is None else logits
        shape = next(iter(check_rows(given, logits=logits is not None).values())).shape
        fit = shape == (self._count, len(self._class_names))
        state = self._take(probabilities, logits, self.labels if fit else None)
        with self.hold_sync():
            self.index = min(self.index, shape[0] - 1)
            self.rows = [at for at in self.rows if at < shape[0]]
            if self.focus is not None and self.focus >= shape[1]:
                self.focus = None
            for name, value in state.items():
                setattr(self, name, value)

    @property
    def probabilities(self) -> Any:
        """The probabilities as they were given; None for logits. Setting them shows others.

        The labels stay when the numbers have the shape they had, and go otherwise.
        """
        return None if self._logits else self._given

    @probabilities.setter
    def probabilities(self, probabilities: Any) -> None:
        self._replace(probabilities, None)

    @property
    def logits(self) -> Any:
        """The logits as they were given; None for probabilities. Setting them shows others."""
        return self._given if self._logits else None

    @logits.setter
    def logits(self, logits: Any) -> None:
        self._replace(None, logits)

    @property
    def labels(self) -> list[int] | None:
        """The true class of each sample. Setting them shows others."""
        return list(self._labels) or None

    @labels.setter
    def labels(self, labels: Any) -> None:
        self._labels = check_labels(labels, self._count, len(self._class_names))

    def __repr__(self) -> str:
        """Say how many rows there are and what the ones that are shown say."""
        scene = self._scene()
        noun = "row" if self._count == 1 else "rows"
        parts = [f"{self._count} {noun} of {len(self._class_names)} classes"]
        if len(self._methods) > 1:
            parts[0] += f" from {len(self._methods)} methods"
        if self._logits:
            parts.append("from logits")
        if self.temperature != 1:
            parts.append(f"T = {self.temperature:g}")
        shown = ", ".join(str(at) for at in scene.samples[: max(1, len(self.rows))])
        if len(self.rows) < 2:
            shown += ": " + scene.sample_words()[0].removeprefix(f"sample {scene.samples[0]}, ")
        return f"SoftmaxView({', '.join(parts)}, showing {shown})"

    def _scene(self) -> SoftmaxScene:
        """Return what is shown now."""
        return SoftmaxScene(
            self._named,
            self._logits,
            self._class_names,
            self._labels,
            index=self.index,
            rows=self.rows,
            order=self.order,
            top=self.top,
            temperature=self.temperature,
            focus=self.focus,
        )

    def _picture(self) -> bytes:
        return self._scene().picture()

    def _words(self) -> str:
        return self._scene().words()

    def _facts(self) -> list[tuple[str, str]]:
        return self._scene().facts()

    def _more_html(self) -> str:
        return self._scene().table_html()
