"""Draw a digit, see what a model is given of it, and what the model makes of it, as you draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from kerasdemo.handwriting.pen import Sheet, Stroke, check_strokes, draw_strokes
from kerasdemo.preprocess import frame_digit
from kerasdemo.view.images import contact_sheet_png
from kerasdemo.view.softmax import describe_softmax, format_percent, softmax_facts
from kerasdemo.widgets import _reading
from kerasdemo.widgets._base import KitWidget, page_module, page_style

WIDTH = 36  # framed, the strokes are as wide as those of the training digits: 3.5 pixels
UNDO = 20  # drawings that are kept
EMPTY = "The sheet is empty. Draw a digit on it: mouse, finger, pen, or keyboard."
KEYS = "Sheet. Arrow keys move the pen, with Shift further; Space lowers and lifts it."
FRAMING = "cropped, longer side 20 pixels, centred by mass in 28 x 28"


class Strokes(traitlets.TraitType):  # type: ignore[misc]
    """A list of strokes, in plain JSON values."""

    info_text = "a list of strokes"

    def default(self, pad: Any = None) -> list[Stroke]:
        """Return an empty sheet."""
        return []

    def validate(self, pad: Any, value: Any) -> list[Stroke]:
        """Return the strokes, or say what is wrong with them."""
        return check_strokes(value)


class Width(traitlets.CFloat):  # type: ignore[misc]
    """A number within its limits; NaN, which is neither below nor above them, is none."""

    def validate(self, pad: Any, value: Any) -> float:
        """Return the number, or say what is wrong with it."""
        number: float = super().validate(pad, value)
        return number if number == number else self.error(pad, value)


class DrawingPad(KitWidget):
    """A sheet to draw a digit on; a model reads it while it is drawn.

    The drawing is framed as the training digits were: cropped, longer side 20 pixels, centred by
    mass in 28 by 28 (:func:`kerasdemo.preprocess.frame_digit`).

    Introduced in lesson 04.

    Parameters
    ----------
    model : keras.Model or False, optional
        Takes (1, 28, 28, 1), gives (1, classes). By default the shipped classifier, which is
        loaded when the first stroke begins; False for a pad without a model.
    strokes : iterable of dict, optional
        What is drawn at the start; see below.
    width : float
        Of the pen, 4 to 60 pixels of the sheet, which is 280 by 280.
    class_names : sequence of str, optional
        What to call the classes; by default their numbers.

    Attributes
    ----------
    strokes : list of dict
        The drawing: ``{"width": 36, "points": [[x, y], ...]}`` for each stroke, in pixels of the
        sheet. Setting it draws, with or without a page.
    width : float
        Width of the pen, for the strokes to come.
    image : numpy.ndarray, shape (28, 28, 1), float32
        The framed drawing, 0 paper to 1 ink.
    probabilities : numpy.ndarray, shape (classes,), float32, or None
        What the model made of the image; None for an empty sheet or without a model.

    Raises
    ------
    TypeError
        If `model` is no model.
    ValueError
        If `strokes` are no strokes. Also, when something is drawn from code, if the model cannot
        read the image; what is drawn on the page shows this in the status line.

    Examples
    --------
    >>> pad = DrawingPad(model=False)
    >>> pad.strokes = [{"width": 36, "points": [[140, 40], [140, 240]]}]
    >>> pad
    DrawingPad(1 stroke, no model)
    >>> pad.image.shape, pad.images.shape, float(pad.image[13, 13, 0])
    ((28, 28, 1), (1, 28, 28, 1), 1.0)
    """

    _esm = page_module("softmax_steps", "softmax_view", "framing", "drawing_pad")
    _css = page_style("softmax_view", "drawing_pad")

    strokes = Strokes().tag(sync=True)
    width = Width(WIDTH, min=4, max=60).tag(sync=True)
    image = traitlets.Instance(np.ndarray, (), read_only=True)
    probabilities = traitlets.Instance(np.ndarray, allow_none=True, read_only=True)
    _drawing = traitlets.Bool(False).tag(sync=True, page=True)  # the last stroke is not done
    _past = traitlets.List(Strokes()).tag(sync=True, page=True)  # drawings to go back to
    _future = traitlets.List(Strokes()).tag(sync=True, page=True)  # and forward again
    _row = traitlets.Bytes(b"").tag(sync=True)
    _answered = traitlets.Int(0).tag(sync=True)  # number of strokes that the row is about
    _names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _said = traitlets.Unicode(EMPTY).tag(sync=True)
    _keys = traitlets.Unicode(KEYS).tag(sync=True)
    _framing = traitlets.Unicode(FRAMING).tag(sync=True)

    def __init__(
        self,
        model: Any = None,
        *,
        strokes: Iterable[Stroke] = (),
        width: float = WIDTH,
        class_names: Sequence[str] | None = None,
    ) -> None:
        if model is not None and model is not False and not hasattr(model, "predict_on_batch"):
            raise TypeError(
                f"model is of type {type(model).__name__}; expected a Keras model, None for the "
                "shipped classifier, or False for a pad without a model."
            )
        self._model = model
        self._class_names = None if class_names is None else [str(name) for name in class_names]
        super().__init__(width=width)
        self._sheet = Sheet()
        self.set_trait("image", _framed(self._sheet.draw([])))
        self.strokes = strokes

    @property
    def images(self) -> npt.NDArray[np.float32]:
        """The image as a batch of one, float32 (1, 28, 28, 1): `model.predict(pad.images)`."""
        batch: npt.NDArray[np.float32] = self.image[None]
        return batch

    @property
    def model(self) -> Any:
        """The model that reads the drawing, or None; loads the shipped classifier if need be."""
        if self._model is None:
            self._model = _reading.shipped_classifier()
        return None if self._model is False else self._model

    def __repr__(self) -> str:
        """Say what is drawn and what it is taken for."""
        if not self.strokes:
            return "DrawingPad(empty)"
        return f"DrawingPad({self._count_words()}, {self._reading_words()})"

    @traitlets.observe("strokes")  # type: ignore[untyped-decorator]
    def _on_strokes(self, change: Any) -> None:
        """Frame the drawing and have it read; every change is answered, also by an error."""
        if "strokes" not in self._property_lock and change["old"]:  # drawn by code
            self._past, self._future = [*self._past, change["old"]][-UNDO:], []
        self.set_trait("image", _framed(self._sheet.draw(self.strokes)))
        self._ask()

    def _ask(self) -> None:
        """Have the drawing read, and tell; what the model raises is raised after that."""
        row = None
        try:
            row = self._read()
        finally:
            self._answer(row)

    def _read(self) -> npt.NDArray[np.float32] | None:
        """Return what the model makes of the image; None for nothing to read, or nobody to."""
        if not self.strokes or self._model is False:
            return None
        if self._model is None:
            self._said = _reading.LOADING
        row = _reading.read_image(self.model, self.image)
        if self._class_names is not None and len(self._class_names) != len(row):
            raise ValueError(f"{len(self._class_names)} class_names given for {len(row)} classes.")
        return row

    def _answer(self, row: npt.NDArray[np.float32] | None) -> None:
        """Tell the page in one message, then whoever observes."""
        with self.hold_sync():
            if row is not None:
                self._names = self._class_names or [str(place) for place in range(len(row))]
            self._row = b"" if row is None else row.astype("<f4").tobytes()
            self._answered = len(self.strokes)
            self._said = self._result(row)
        self.set_trait("probabilities", row)

    @traitlets.observe("_drawing")  # type: ignore[untyped-decorator]
    def _on_drawing(self, _: Any) -> None:
        """Say the result when a stroke is done, or once more why there is none."""
        if self.probabilities is None and not self._drawing:
            self._ask()
        else:
            self._said = self._result(self.probabilities)

    def _result(self, row: npt.NDArray[np.float32] | None) -> str:
        """Put the result into words; not while a stroke grows."""
        if not self.strokes:
            return EMPTY
        if self._drawing or row is None:
            return ""
        return describe_softmax(row, class_names=self._class_names)

    def _count_words(self) -> str:
        count = len(self.strokes)
        return f"{count} stroke" + "s" * (count != 1)

    def _reading_words(self) -> str:
        """Say in few words what the drawing is taken for."""
        if self._model is False:
            return "no model"
        if self.probabilities is None:
            return "not read"
        facts = softmax_facts(self.probabilities)
        if np.isnan(facts.sum):
            return "read as NaN"
        return f"read as {self._names[facts.predicted]}, {format_percent(facts.confidence)}"

    def _picture(self) -> bytes:
        seen = self.image[..., 0].repeat(10, axis=0).repeat(10, axis=1)
        both = np.stack([draw_strokes(self.strokes), seen])
        coarse = np.rint(both * 15) / 15  # 16 greys: fewer bytes, and no eye sees it
        captions = ["drawn", "what the model sees"]
        return contact_sheet_png(coarse, columns=2, scale=1, captions=captions)

    def _words(self) -> str:
        if not self.strokes:
            return "An empty drawing pad: nothing is drawn yet."
        return f"A drawing of {self._count_words()} and its framed image; {self._reading_words()}."

    def _facts(self) -> list[tuple[str, str]]:
        facts = [("drawn", self._count_words() if self.strokes else "nothing yet")]
        if self.strokes:
            low, high = self.image.min(), self.image.max()
            facts.append(("image", f"{self.image.shape} float32, {low:.3g} to {high:.3g}"))
        if self.probabilities is not None:
            said = describe_softmax(self.probabilities, class_names=self._class_names)
            facts.append(("probabilities", said))
        return facts


def _framed(ink: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return a drawing as a model is given it, (28, 28, 1)."""
    return frame_digit(ink)[..., None]
