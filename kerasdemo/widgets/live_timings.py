"""What each method costs against batch size, measured while you watch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

import traitlets

from kerasdemo.costs import BatchTimings
from kerasdemo.sweeping import Sweep
from kerasdemo.view.table import Table
from kerasdemo.view.timings_picture import timings_png
from kerasdemo.view.timings_svg import describe, timings_svg
from kerasdemo.view.timings_table import timings_table
from kerasdemo.widgets._base import KitWidget, page_module, page_style
from kerasdemo.widgets._turns import between_cells

SLICE = 0.4
"""Seconds that the kernel measures for before it answers the page, which may then stop."""


class LiveTimings(KitWidget):
    """The cost of each method against batch size, measured as it is drawn.

    One point is one call on one batch. All methods take turns at it: the first call at that size
    is kept apart, then come `rounds` warm calls. The page asks for each next step, so that Stop,
    or closing the page, stops the kernel's work too, and cells can run in between; while a cell
    runs, measuring waits. A saved notebook keeps the picture of the moment when its cell ran;
    ``live.timings`` in a cell of its own keeps the numbers.

    Parameters
    ----------
    model : keras.Model, optional
        By default the classifier that ships with the kit, loaded when measuring starts.
    images : array of shape (n, ...), optional
        Samples; by default the embedded digits. Where a batch needs more, they are repeated.
    methods : sequence of str
        Names from :data:`kerasdemo.methods.METHODS`.
    batch_sizes : sequence of int
        Samples in a call; by default the powers of two up to 256.
    rounds : int
        Warm calls of each method at each size.
    calls : dict of str to function, optional
        Functions of your own, each given the batch, timed beside the methods. With ``methods=()``
        they are timed alone, and no model is needed.

    Attributes
    ----------
    per : {"call", "sample"}
        What the time is of. Setting it changes the view.
    measured : list of int
        The batch sizes measured so far; observe it to hear of each.

    Raises
    ------
    ValueError
        For an unknown method, a batch size below 1, or nothing to time.

    Examples
    --------
    >>> LiveTimings(batch_sizes=[1, 8, 64])
    LiveTimings(predict, predict_on_batch, predict_step; batches of 1 to 64; not measured yet)
    >>> live = LiveTimings(methods=(), calls={"sum": lambda batch: batch.sum()}, rounds=3)
    >>> times = live.run()
    >>> sorted(times[8].median), times[8].median["sum"] > 0
    (['sum'], True)

    Introduced in lesson 06.
    """

    _esm = page_module("live_timings")
    _css = page_style("live_timings")

    per = traitlets.Enum(("call", "sample"), "call").tag(sync=True)
    measured = traitlets.List(traitlets.Int(), read_only=True)
    _pages = traitlets.Dict().tag(sync=True)
    _progress = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        model: Any = None,
        images: Any = None,
        *,
        methods: Sequence[str] = ("predict", "predict_on_batch", "predict_step"),
        batch_sizes: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128, 256),
        rounds: int = 11,
        calls: Mapping[str, Callable[[Any], Any]] | None = None,
    ) -> None:
        self._sweep = Sweep(
            model,
            images,
            methods=methods,
            batch_sizes=batch_sizes,
            rounds=rounds,
            calls=calls,
        )
        self._turn = 0
        super().__init__()
        self._show()
        self.on_msg(self._on_message)

    @property
    def timings(self) -> BatchTimings:
        """The times measured so far; ``live.timings[8].median`` is those of 8 samples a call."""
        return self._sweep.timings

    @property
    def table(self) -> Table:
        """The same as a table."""
        return self.timings.table

    def run(self) -> BatchTimings:
        """Measure the batch sizes that are left, here and now, and return the times.

        A progress bar appears after two seconds. An interrupt keeps the points made so far.
        """
        return self._sweep.run(self._show)

    def clear(self) -> None:
        """Forget what was measured."""
        self._sweep.clear()
        self._show()

    def __repr__(self) -> str:
        """Say what is timed and how far it is."""
        names, sizes = self._sweep.names, self._sweep.sizes
        timed = ", ".join(names) if len(names) < 4 else f"{len(names)} methods"
        return f"LiveTimings({timed}; batches of {sizes[0]} to {sizes[-1]}; {self._how_far()})"

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        """Measure between two cells: a cell may use the model whose compiled function is lent."""
        between_cells(partial(super()._handle_custom_msg, content, buffers))

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        """Do the step that the page asks for; an order that has been overtaken is dropped."""
        again = content.get("again", False)  # a wish that holds, whatever was under way
        if content.get("measure") != self._turn and not again:
            return
        if again or not self._sweep.left:
            self._sweep.clear()
        failed = True
        try:
            if self._sweep.loads:
                self._sweep.prepare()
            else:
                self._sweep.measure(SLICE)
            failed = False
        except KeyboardInterrupt:
            self.log.info("LiveTimings: interrupted")
        finally:
            self._show(failed=failed)

    def _show(self, *, failed: bool = False) -> None:
        """Tell the page how far it is, and what there is to see, in one message."""
        self._turn += 1
        done, left = len(self._sweep.points), self._sweep.left
        with self.hold_sync():
            self._progress = {
                "turn": self._turn,
                "share": (done + self._sweep.share) / len(self._sweep.sizes),
                "doing": self._doing(),
                "said": "\n".join([self._so_far(), *self._notes()]),
                "offer": "Start again" if not left else "Continue" if done else "Start",
                "stop": failed or not left,
            }
            self._pages = {per: self._page(per) for per in ("call", "sample")}
        self.set_trait("measured", list(self._sweep.points))

    def _doing(self) -> str:
        """Say what is measured while the page waits."""
        left, sizes = self._sweep.left, self._sweep.sizes
        if not left:
            return ""
        size = f"{len(sizes) - len(left) + 1} of {len(sizes)}: batches of {left[0]}"
        return f"Loading the model, then {size}" if self._sweep.loads else size

    def _so_far(self) -> str:
        """Say how far it is, and at the start what to do."""
        if self._sweep.points:
            return f"{self._how_far().capitalize()}."
        return "Not measured yet. Start measures one batch size after the other; Stop stops."

    def _page(self, per: str) -> str:
        """Return chart and table as one well-formed piece, every name in it escaped."""
        series = self.timings.series
        table = timings_table(series, per=per) if series else ""
        svg = timings_svg(series, self._sweep.sizes, per=per)
        return f'<div xmlns="http://www.w3.org/1999/xhtml">{svg}{table}</div>'

    def _how_far(self) -> str:
        done, total = len(self._sweep.points), len(self._sweep.sizes)
        if not done:
            return "not measured yet"
        which = f"{done} of {total}" if done < total else "all"
        return f"{which} batch sizes measured"

    def _notes(self) -> list[str]:
        """Say what to look at, and what is not as it seems."""
        there = self._sweep.samples or self._sweep.sizes[-1]
        repeated = f"There are {there} samples; larger batches repeat them."
        return [*self.timings.notes, *([repeated] if there < self._sweep.sizes[-1] else [])]

    def _picture(self) -> bytes:
        return timings_png(self.timings.series, self._sweep.sizes, per=self.per)

    def _words(self) -> str:
        return f"Time per {self.per} by batch size. {describe(self.timings.series, per=self.per)}"

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("timed", ", ".join(self._sweep.names)),
            ("samples a call", ", ".join(map(str, self._sweep.sizes))),
            ("each timed", f"one first call and {self._sweep.rounds} warm calls, all taking turns"),
            ("how far", self._how_far()),
        ]

    def _more_html(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self._notes())
        table = timings_table(self.timings.series, per=self.per) if self._sweep.points else ""
        return f"<ul>{notes}</ul>{table}" if notes or table else ""
