"""What a view of softmax shows, for a page without a kernel: words, facts, picture, table.

The page chooses and writes the same in `widgets/softmax_view.js`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kerasdemo.view.softmax import (
    describe_sample,
    describe_softmax,
    format_percent,
    format_probability,
    softmax_facts,
    softmax_table_html,
)
from kerasdemo.view.softmax_picture import softmax_png
from kerasdemo.view.softmax_steps import (
    SoftmaxSteps,
    describe_share,
    softmax_steps,
    steps_table_html,
    with_temperature,
)

__all__ = ["MANY", "SoftmaxScene", "choose_series", "shown_classes"]

DRAWN = 4  # rows side by side, each with its own pattern
MANY = 60  # classes in a saved notebook


def choose_series(
    methods: Sequence[str], index: int, rows: Sequence[int]
) -> list[tuple[str, int, int]]:
    """Return what is compared: several samples of one method, or one sample of each method.

    Returns
    -------
    list of (str, int, int)
        Name, place of the method, sample.

    Examples
    --------
    >>> choose_series(["predict", "predict_step"], 7, [])
    [('predict', 0, 7), ('predict_step', 1, 7)]
    >>> choose_series(["predict", "predict_step"], 7, [5, 38])
    [('sample 5', 0, 5), ('sample 38', 0, 38)]
    """
    if len(rows) > 1:
        return [(f"sample {at}", 0, at) for at in rows]
    at = rows[0] if rows else index
    return [(name, place, at) for place, name in enumerate(methods)]


def shown_classes(p: npt.ArrayLike, *, order: str = "class", top: int | None = None) -> list[int]:
    """Return the classes that are shown, in their order.

    Parameters
    ----------
    p : array_like, shape (classes,)
        One row of probabilities. A row with NaN has no order but the classes' own.
    order : {"class", "probability"}
        By number, or the most likely first.
    top : int, optional
        How many of the most likely; by default all.

    Examples
    --------
    >>> shown_classes([0.1, 0.2, 0.7], top=2), shown_classes([0.1, 0.2, 0.7], order="probability")
    ([1, 2], [2, 1, 0])
    """
    row = np.asarray(p, dtype=np.float64)
    ranked = np.arange(row.size) if np.isnan(row).any() else np.argsort(-row, kind="stable")
    places = [int(place) for place in ranked[:top]]
    return sorted(places) if order == "class" else places


@dataclass(frozen=True)
class SoftmaxScene:
    """The rows that a view shows, and how.

    Parameters
    ----------
    named : mapping of str to ndarray, shape (n, classes)
        What was given, by method.
    logits : bool
        Whether these are logits, not probabilities.
    names : sequence of str
        What the classes are called.
    labels : sequence of int
        The true class of each row; empty when unknown.
    index, rows, order, top, temperature, focus
        As in `SoftmaxView`.
    """

    named: Mapping[str, npt.NDArray[np.float32]]
    logits: bool
    names: Sequence[str]
    labels: Sequence[int] = ()
    index: int = 0
    rows: Sequence[int] = ()
    order: str = "class"
    top: int | None = None
    temperature: float = 1.0
    focus: int | None = None
    samples: list[int] = field(init=False)
    shares: dict[str, npt.NDArray[np.float64]] = field(init=False)
    left_out: list[str] = field(init=False)

    def __post_init__(self) -> None:
        methods = list(self.named)
        series = choose_series(methods, self.index, self.rows)
        shares = {
            name: self._share(self.named[methods[method]][at])
            for name, method, at in series[:DRAWN]
        }
        object.__setattr__(self, "shares", shares)
        object.__setattr__(self, "samples", [at for *_, at in series[:DRAWN]])
        object.__setattr__(self, "left_out", [name for name, *_ in series[DRAWN:]])

    def _share(self, row: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return a row as probabilities."""
        if self.logits:
            return softmax_steps(row, temperature=self.temperature).shares
        return with_temperature(row, self.temperature)

    @property
    def label(self) -> int | None:
        """The true class, when all that is shown is one sample."""
        return self.labels[self.samples[0]] if self.labels and len(self.rows) < 2 else None

    @property
    def places(self) -> list[int]:
        """The classes that are shown; of very many, the most likely."""
        first = next(iter(self.shares.values()))
        return shown_classes(first, order=self.order, top=min(self.top or MANY, MANY))

    def sample_words(self) -> list[str]:
        """Say of each row which sample it is, and what was predicted."""
        words = []
        for at, p in zip(self.samples, self.shares.values(), strict=True):
            label = self.names[self.labels[at]] if self.labels else None
            words.append(describe_sample(at, label=label, p=p, class_names=self.names))
        return words

    def words(self) -> str:
        """Say all in one line."""
        if len(self.rows) > 1:
            words = "; ".join(self.sample_words())
            return f"{words[0].upper()}{words[1:]}."
        label = "" if self.label is None else f", labelled {self.names[self.label]}"
        first = next(iter(self.shares.values()))
        return f"Row {self.samples[0]}{label}. {describe_softmax(first, class_names=self.names)}"

    def steps(self) -> tuple[SoftmaxSteps, int] | None:
        """Return the steps of the one row that is shown, and the class in focus."""
        if not self.logits or len(self.shares) > 1:
            return None
        row = next(iter(self.named.values()))[self.samples[0]]
        steps = softmax_steps(row, temperature=self.temperature)
        predicted = softmax_facts(steps.shares, top=1).predicted
        return steps, predicted if self.focus is None else self.focus

    def facts(self) -> list[tuple[str, str]]:
        """Name the facts of each row, and what was chosen."""
        count = len(next(iter(self.named.values())))
        facts = [("row", f"{self.samples[0]} of 0 to {count - 1}")] * (len(self.rows) < 2)
        for name, p in self.shares.items():
            fact = softmax_facts(p)
            said = (
                f"{describe_softmax(p, class_names=self.names)} Sum {fact.sum:.3f}, "
                f"margin {format_probability(fact.margin)}, entropy {fact.entropy:.2f} bits"
            )
            facts.append((name if len(self.shares) > 1 else "in words", said))
        if self.left_out:
            facts.append(("left out", ", ".join(self.left_out)))
        if self.temperature != 1:
            facts.append(("temperature", f"{self.temperature:g}"))
        others = len(self.names) - len(self.places)
        if others:
            first = next(iter(self.shares.values()))
            rest = format_percent(float(np.delete(first, self.places).sum()))
            facts.append((f"the other {others} classes", f"{rest} together"))
        steps = self.steps()
        if steps is not None:
            facts.append(("formula", describe_share(*steps, name=self.names[steps[1]])))
        return facts

    def picture(self) -> bytes:
        """Draw the bars, as PNG."""
        return softmax_png(
            self.shares, label=self.label, class_names=self.names, places=self.places
        )

    def table_html(self) -> str:
        """Return the steps of the one row, or the probabilities of all that are shown."""
        steps = self.steps()
        if steps is not None:
            return steps_table_html(
                steps[0], self.names, places=self.places, label=self.label, focus=steps[1]
            )
        return softmax_table_html(
            self.shares, label=self.label, class_names=self.names, places=self.places
        )
