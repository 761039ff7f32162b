"""Choose samples from thumbnails, by mouse, by keyboard, by typing or by code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import traitlets

from kerasdemo.view.images import contact_sheet_png, describe_digits
from kerasdemo.view.softmax import format_percent
from kerasdemo.widgets._base import KitWidget, page_module, page_style
from kerasdemo.widgets._checks import check_positions, check_rows
from kerasdemo.widgets._samples import ORDERS, row_facts, sample_state, shown_positions
from kerasdemo.widgets._traits import Place, Positions, Shares

if TYPE_CHECKING:
    from kerasdemo.digits import Digits

STILL = 24  # digits in the picture of a saved notebook


class SampleChooser(KitWidget):
    """Choose some of many digits; what is chosen is a plain Python value.

    Introduced in lesson 00.

    Parameters
    ----------
    digits : Digits
        What to choose from, such as `load_digits()` or `load_digits().test`.
    probabilities : array_like, shape (n, classes), optional
        What a model predicted for each of them; adds filters by outcome and confidence, and
        sorting. `load_probabilities()` has them for the embedded digits.
    selected : iterable of int
        Positions that are chosen at the start.

    Attributes
    ----------
    selected : list of int
        Positions in `digits`, in the order in which they were chosen. Setting it moves the view.
    current : int
        Position of the sample under the cursor; links to the `index` of the other views.
    digit : int or None
        Only samples with this label are shown.
    outcome : {"all", "right", "wrong"}
        Only samples with this outcome are shown.
    confidence : tuple of float
        Only samples whose largest probability lies between these two are shown; ``(0, 1)`` is all.
    order : {"position", "least sure", "surest", "most undecided", "closest call"}
        How the samples are sorted: by position, by confidence up or down, by entropy (largest
        first), or by margin (smallest first).

    Raises
    ------
    TypeError
        When `digits` are no Digits.
    ValueError
        When the probabilities do not fit, or a position is not there.

    Examples
    --------
    >>> from kerasdemo.digits import load_digits
    >>> chooser = SampleChooser(load_digits(), selected=[5, 38])
    >>> chooser
    SampleChooser(1797 digits, 2 chosen: 5, 38)
    >>> chooser.images.shape, chooser.labels.tolist()
    ((2, 28, 28, 1), [5, 8])
    """

    _esm = page_module("choosing", "thumbnails", "sample_chooser")
    _css = page_style("sample_chooser")

    selected = Positions().tag(sync=True)
    current = Place("sample").tag(sync=True)
    digit = traitlets.Int(None, allow_none=True).tag(sync=True)
    outcome = traitlets.Enum(("all", "right", "wrong"), "all").tag(sync=True)
    confidence = Shares().tag(sync=True)
    order = traitlets.Enum([name for name, *_ in ORDERS], "position").tag(sync=True)
    _count = traitlets.Int(0).tag(sync=True)
    _height = traitlets.Int(28).tag(sync=True)
    _width = traitlets.Int(28).tag(sync=True)
    _pixels = traitlets.Bytes(b"").tag(sync=True)
    _labels = traitlets.Bytes(b"").tag(sync=True)
    _menu = traitlets.List().tag(sync=True)
    _orders = traitlets.List().tag(sync=True)
    _predicted = traitlets.Bytes(b"").tag(sync=True)
    _measures = traitlets.Bytes(b"").tag(sync=True)

    def __init__(
        self,
        digits: Digits,
        probabilities: npt.ArrayLike | None = None,
        selected: Iterable[int] = (),
    ) -> None:
        pixels, labels = getattr(digits, "pixels", None), getattr(digits, "labels", None)
        if not (isinstance(pixels, np.ndarray) and isinstance(labels, np.ndarray)):
            raise TypeError(
                f"digits are of type {type(digits).__name__}; expected Digits. "
                "Try SampleChooser(load_digits())."
            )
        self._all = digits
        self._rows: npt.NDArray[np.float32] | None = None
        if probabilities is not None:
            self._rows = next(iter(check_rows({"probabilities": probabilities}).values()))
            if len(self._rows) != len(labels):
                raise ValueError(
                    f"probabilities have {len(self._rows)} rows for {len(labels)} digits; "
                    "expected one for each. For a part: probabilities[digits.indices]."
                )
        chosen = check_positions(selected, len(labels))
        super().__init__(
            **sample_state(digits, self._rows),
            selected=chosen,
            current=chosen[0] if chosen else 0,
        )

    @traitlets.validate("outcome", "confidence", "order")  # type: ignore[untyped-decorator]
    def _check_filter(self, proposal: dict[str, Any]) -> Any:
        """Refuse a filter that has nothing to look at."""
        if self._rows is None and proposal["value"] != proposal["trait"].default_value:
            raise ValueError(
                f"{proposal['trait'].name} is about predictions, and this chooser has none. "
                "Try SampleChooser(digits, probabilities)."
            )
        return proposal["value"]

    @property
    def shown(self) -> list[int]:
        """Positions that pass the filters, in the order of the page."""
        positions: list[int] = shown_positions(
            self._all.labels,
            self._rows,
            digit=self.digit,
            outcome=self.outcome,
            confidence=self.confidence,
            order=self.order,
        ).tolist()
        return positions

    @property
    def digits(self) -> Digits:
        """The chosen samples, as Digits."""
        return self._all[np.array(self.selected, dtype=np.int64)]

    @property
    def images(self) -> npt.NDArray[np.float32]:
        """The chosen images, float32 (k, 28, 28, 1) in [0, 1]: a batch for a model."""
        return self.digits.images

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The labels of the chosen samples, int64 (k,)."""
        return self.digits.labels

    @property
    def probabilities(self) -> npt.NDArray[np.float32] | None:
        """The probabilities of the chosen samples, float32 (k, classes), where they were given."""
        return None if self._rows is None else self._rows[np.array(self.selected, dtype=np.int64)]

    def __repr__(self) -> str:
        """Say how many digits there are and which are chosen."""
        return f"SampleChooser({self._count} digits, {self._chosen_words()})"

    def _chosen_words(self) -> str:
        """Say which are chosen, in few words."""
        if not self.selected:
            return "none chosen"
        listed = ", ".join(str(position) for position in self.selected[:8])
        rest = ", ..." if len(self.selected) > 8 else ""
        return f"{len(self.selected)} chosen: {listed}{rest}"

    def _filter_words(self) -> str:
        """Say in words which digits are shown, and how they are sorted; "" for all, in place."""
        low, high = self.confidence
        words = [
            f"labelled {self.digit}" if self.digit is not None else "",
            f"predicted {self.outcome}" if self.outcome != "all" else "",
            f"confidence {100 * low:.8g} to {100 * high:.8g} %" if low > 0 or high < 1 else "",
            next(words for name, words, *_ in ORDERS if name == self.order),
        ]
        return ", ".join(word for word in words if word not in ("", "position"))

    def _still(self) -> list[int]:
        """Return the positions in the picture: the chosen ones, or the first that are shown."""
        return self.selected[:STILL] or self.shown[:STILL]

    def _picture(self) -> bytes:
        part = self._all[np.array(self._still(), dtype=np.int64)]
        captions = [self._caption(at) for at in self._still()]
        coarse = part.pixels // 17 * 17  # 16 greys: half the bytes, and no eye sees it
        return contact_sheet_png(coarse, columns=12, scale=2, captions=captions)

    def _caption(self, position: int) -> str:
        """Write a sample's label, and what it was taken for where that is another."""
        label = int(self._all.labels[position])
        if self._rows is None:
            return f"{position}: {label}"
        (taken,), _ = row_facts(self._rows[position : position + 1])
        return f"{position}: {label}" + (f" as {_class(taken)}" if taken != label else "")

    def _words(self) -> str:
        labels = self._all.labels[np.array(self._still(), dtype=np.int64)]
        first = "The first of the digits shown" if self._filter_words() else "The first digits"
        lead = "The chosen digits" if self.selected else f"{first}, none chosen"
        return f"{lead}. {describe_digits(labels)}"

    def _facts(self) -> list[tuple[str, str]]:
        facts = [("digits to choose from", str(self._count)), ("chosen", self._chosen_words())]
        filters = self._filter_words()
        if filters:
            facts.insert(1, ("shown", f"{len(self.shown)} of {self._count}: {filters}"))
        if self.selected:
            labels = ", ".join(str(label) for label in self.labels[:STILL])
            facts.append(("labels", labels + (", ..." if len(self.selected) > STILL else "")))
        rows = self.probabilities
        if rows is not None and len(rows):
            predicted, (sure, *_) = row_facts(rows[:STILL])
            said = [
                f"{_class(taken)} ({format_percent(float(share))})" if taken >= 0 else _class(taken)
                for taken, share in zip(predicted, sure, strict=True)
            ]
            facts.append(("predicted", ", ".join(said) + (", ..." if len(rows) > STILL else "")))
        return facts


def _class(taken: int) -> str:
    """Name a class as the page does: -1 is of a row with NaN."""
    return "NaN" if taken < 0 else str(taken)
