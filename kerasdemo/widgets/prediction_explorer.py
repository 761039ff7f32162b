"""Choose samples, run the methods on them, and read what each made of them, in one place."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import traitlets

from kerasdemo.calls import Call, call_summary, call_table
from kerasdemo.digits import load_digits
from kerasdemo.view.table import Table, as_html
from kerasdemo.widgets import _run_still, _runs
from kerasdemo.widgets._base import page_module, page_style
from kerasdemo.widgets._checks import check_positions
from kerasdemo.widgets.sample_chooser import SampleChooser

if TYPE_CHECKING:
    from kerasdemo.digits import Digits
    from kerasdemo.prediction import Prediction


class PredictionExplorer(SampleChooser):
    """Choose samples, run several methods on them, and see how the answers differ.

    A `SampleChooser` with image, softmax and a table below. Nothing is predicted until you press
    Run, or type ``explorer.run()``. The model is called as it is, traced or not.

    Parameters
    ----------
    model : keras.Model
        Any built Keras model that takes the images of `digits`.
    digits : Digits, optional
        What to choose from; by default ``load_digits()``.
    probabilities : array_like, shape (n, classes), optional
        What was predicted for each, such as ``load_probabilities()``; for the filters alone.
    selected : iterable of int
        Positions that are chosen at the start.
    methods : sequence of str
        Names from `METHODS`, one column of the table each; differences are from the first.
    batch_size : int
        Samples to a batch, at most 256; see `compare`.
    live : bool
        Whether each choice is run at once.

    Attributes
    ----------
    ran : list of int
        Positions of the samples that were run.
    runs : int
        How many runs are done; observe it to hear of each.
    calls : dict of str to Call
        What each method did in the last run: prediction or error, seconds, what ran.

    Raises
    ------
    TypeError
        When `model` is no model, or `digits` are no Digits.
    ValueError
        For an unknown method, or a batch size out of range.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> explorer = PredictionExplorer(kd.load_classifier(), selected=[5, 38])
    >>> explorer
    PredictionExplorer(1797 digits, 2 chosen: 5, 38; nothing run)
    >>> explorer.run()["predict_on_batch"].classes
    array([5, 8])
    >>> explorer
    PredictionExplorer(1797 digits, 2 chosen: 5, 38; 2 run by 3 of 3 methods)

    Introduced in lesson 05.
    """

    _esm = page_module(
        *("choosing", "thumbnails", "sample_chooser", "digit_view"),
        *("softmax_steps", "softmax_view", "explorer"),
    )
    _css = page_style("sample_chooser", "digit_view", "softmax_view", "explorer")
    live = traitlets.Bool(False).tag(sync=True)
    ran = traitlets.List(traitlets.Int()).tag(sync=True, page=False)
    runs = traitlets.Int(0).tag(sync=True, page=False)
    numbers = traitlets.Bool(False).tag(sync=True)
    _steps = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _doing = traitlets.List([0, -1, False]).tag(sync=True)
    _agreed = traitlets.Unicode("").tag(sync=True)
    _wrong = traitlets.Unicode("").tag(sync=True)
    _page = traitlets.Unicode(_runs.page_of(None)).tag(sync=True)
    _digit = traitlets.Dict().tag(sync=True)
    _bars = traitlets.Dict({"_why": _runs.NOTHING, "_count": 0}).tag(sync=True)

    def __init__(
        self,
        model: Any,
        digits: Digits | None = None,
        probabilities: npt.ArrayLike | None = None,
        *,
        selected: Iterable[int] = (),
        methods: Sequence[str] = ("predict", "predict_on_batch", "predict_step"),
        batch_size: int = 32,
        live: bool = False,
    ) -> None:
        self.methods = _runs.check_methods(methods)
        self._batch_size = _runs.check_batch_size(batch_size)
        self._model = _runs.check_model(model)
        self.calls: dict[str, Call] = {}
        self._first: dict[str, Call] = {}
        self._run: _runs.Run | None = None
        self._lock = threading.RLock()  # cells and the page may ask from threads of their own
        digits = load_digits() if digits is None else digits
        self._steps, self._digit = _runs.steps_of(self.methods), _runs.digit_state(digits)
        self.live = live
        super().__init__(digits, probabilities, selected)
        self.on_msg(self._on_message)

    @property
    def model(self) -> Any:
        """The model that is run. Another one may be set; what the old one said is then gone."""
        return self._model

    @model.setter
    def model(self, model: Any) -> None:
        with self._lock:
            self._model, self._run, self._first = _runs.check_model(model), None, {}
            self._show([], {})
        self._run_choice()

    @property
    def predictions(self) -> dict[str, Prediction]:
        """What the methods made of the samples in `ran`; one that raised is not in it."""
        return {c.method: c.prediction for c in self.calls.values() if c.prediction is not None}

    def table(self, *, timings: bool = True) -> Table:
        """Return what the methods did in the last run, side by side.

        Without `timings`, only what is the same on every run, as `Comparison.table` has it.
        """
        title = _runs.run_title(self.ran, self._batch_size)
        return call_table(
            self.calls, self._first, methods=self.methods, title=title, timings=timings
        )

    def run(self) -> dict[str, Prediction]:
        """Run each method on the chosen samples, and return what they made of them.

        What the model raises is shown and kept in `calls`; the other methods run all the same.

        Raises
        ------
        ValueError
            When nothing is chosen, or more than 10,000 samples.
        """
        if wrong := _runs.why_not(self.selected):
            raise ValueError(wrong)
        with self._lock:
            at, run = 0, self._begin(self.selected)
            try:
                while at >= 0:
                    self._tell(at, told=True)
                    at = run.step(at)
            finally:
                self._tell(-1, told=True)
                self._publish()
            return self.predictions

    def _tell(self, at: int, *, told: bool = False) -> None:
        """Tell the page which method runs now, or that it may ask for; -1 is none."""
        self._doing = [self._doing[0] + 1, at, told]  # counted: no two messages are the same

    def _begin(self, samples: list[int]) -> _runs.Run:
        """Take samples for a run."""
        given = (list(samples), self._all[samples].images, self.methods, self._batch_size)
        self._run = _runs.Run(self.model, *given, self._first, self.log)
        return self._run

    def _publish(self) -> None:
        """End the run that is under way, and show what there is."""
        if self._run is not None:
            run, self._run = self._run, None
            self._show(run.samples, run.calls)

    def _show(self, samples: list[int], calls: dict[str, Call]) -> None:
        """Show what the methods did, in one message to the page."""
        self.calls = calls
        labels = self._all.labels[np.array(samples, dtype=np.int64)]
        with self.hold_sync():
            self._bars = {**self._bars, **_runs.bar_state(self.predictions, samples, labels)}
            self.ran = samples
            if calls and not self.live and self.current not in samples:
                self.current = samples[0]
            self._page = _runs.page_of(self.table() if calls else None)
            self._agreed, self._wrong = call_summary(calls, self.methods)
            self.runs += bool(calls)

    def _on_message(self, _: Any, content: dict[str, Any], __: Any) -> None:
        """Run the method at the place that the page asks for, and name the next; -1 is the end."""
        at, then = content["at"], -1
        with self._lock, self.hold_sync():
            try:
                if at == 0:
                    samples = check_positions(content["samples"], self._count)
                    self._wrong = _runs.why_not(samples)
                    self._run = None if self._wrong else self._begin(samples)
                if self._run is not None and at >= 0:
                    then = self._run.step(at)
                if then < 0:
                    self._publish()
            except KeyboardInterrupt:
                self._publish()
            finally:
                self._tell(then)

    @traitlets.observe("selected", "live")  # type: ignore[untyped-decorator]
    def _run_choice(self, _: Any = None) -> None:
        """Run each choice, where that is asked for; but nothing while the widget is made."""
        wrong = call_summary(self.calls, self.methods)[1]  # what was refused before is past
        if self.live and self.comm is not None and self.selected not in ([], self.ran):
            wrong = _runs.why_not(self.selected, live=True)
            if not wrong:
                self.run()
                return
        self._wrong = wrong

    def __repr__(self) -> str:
        """Say how many digits there are, which are chosen, and what was run."""
        by = f"{len(self.ran)} run by {len(self.predictions)} of {len(self.methods)} methods"
        done = f"{self._chosen_words()}; {by if self.ran else 'nothing run'}"
        return f"PredictionExplorer({self._count} digits, {done})"

    def _still(self) -> list[int]:
        return super()._still()[:12]  # one row: there is a softmax below it

    def _shown(self) -> _run_still.Shown:
        return _run_still.on_show(self.predictions, self.ran, self.current)

    def _picture(self) -> bytes:
        return _run_still.picture(super()._picture(), self._shown(), self._all.labels)

    def _words(self) -> str:
        return _run_still.words(super()._words(), self._shown())

    def _facts(self) -> list[tuple[str, str]]:
        return [*super()._facts(), ("run", f"{self._agreed} {self._wrong}".strip() or "nothing")]

    def _more_html(self) -> str:
        return as_html(self.table(timings=False), aligned=False) if self.ran else ""
