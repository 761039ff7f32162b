"""What a row of softmax says, in numbers, in words and as a table.

Pure functions over arrays; `kerasdemo.view.softmax_picture` draws the same row.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "SoftmaxFacts",
    "describe_sample",
    "describe_softmax",
    "format_percent",
    "format_probability",
    "softmax_facts",
    "softmax_table_html",
]


@dataclass(frozen=True)
class SoftmaxFacts:
    """The facts of one row of probabilities.

    Parameters
    ----------
    top : tuple of (int, float)
        The classes with the largest probabilities, largest first; of equals, the lower class.
    sum : float
        Sum of the row; 1 for a softmax, up to rounding.
    margin : float
        Largest minus second largest probability; 0 is a tie, 1 is certain.
    entropy : float
        In bits: 0 when one class has everything, log2(classes) when all are equal.
    largest_entropy : float
        log2(classes), in bits: 3.32 for ten classes.
    """

    top: tuple[tuple[int, float], ...]
    sum: float
    margin: float
    entropy: float
    largest_entropy: float

    @property
    def predicted(self) -> int:
        """The class with the largest probability."""
        return self.top[0][0]

    @property
    def confidence(self) -> float:
        """The largest probability."""
        return self.top[0][1]


def softmax_facts(p: npt.ArrayLike, *, top: int = 3) -> SoftmaxFacts:
    """Return the facts of one row of probabilities.

    Parameters
    ----------
    p : array_like, shape (classes,)
        The probabilities of one sample. A row with NaN has NaN facts.
    top : int
        How many classes to rank.

    Returns
    -------
    SoftmaxFacts
        The most likely classes, sum, margin, and entropy in bits.

    Raises
    ------
    ValueError
        When `p` is not one row.

    Examples
    --------
    >>> facts = softmax_facts([0.7, 0.2, 0.1])
    >>> facts.predicted, facts.confidence, round(facts.margin, 3)
    (0, 0.7, 0.5)
    >>> print(f"{facts.entropy:.2f} of at most {facts.largest_entropy:.2f} bits")
    1.16 of at most 1.58 bits
    """
    row = np.asarray(p, dtype=np.float64)
    if row.ndim != 1 or not row.size:
        raise ValueError(
            f"p has shape {row.shape}; expected one row (classes,). "
            "For the first sample of a batch: probabilities[0]."
        )
    if row.size == 1:
        ranked = np.zeros(1, dtype=np.int64)
        margin = float(row[0])
    else:
        ranked = np.argsort(-row, kind="stable")
        margin = float(row[ranked[0]] - row[ranked[1]])
    share = row[row > 0]
    entropy = float(-(share * np.log2(share)).sum()) + 0.0
    if np.isnan(row).any():
        margin = entropy = math.nan
    return SoftmaxFacts(
        top=tuple((int(place), float(row[place])) for place in ranked[:top]),
        sum=float(row.sum()),
        margin=margin,
        entropy=entropy,
        largest_entropy=math.log2(row.size),
    )


def format_probability(p: float) -> str:
    """Write a probability with three decimals, and never round it to certainty.

    Examples
    --------
    >>> [format_probability(p) for p in (0, 0.00002, 0.1235, 0.99999, 1)]
    ['0', '< 0.001', '0.124', '> 0.999', '1']
    """
    return _format(p, digits=3, unit=1, end="")


def format_percent(p: float) -> str:
    """Write a probability as per cent with one decimal, and never round it to certainty.

    Examples
    --------
    >>> [format_percent(p) for p in (0, 0.00002, 0.1235, 0.99999, 1)]
    ['0 %', '< 0.1 %', '12.4 %', '> 99.9 %', '100 %']
    """
    return _format(p, digits=1, unit=100, end=" %")


def _format(p: float, *, digits: int, unit: int, end: str) -> str:
    """Round half up on ``p * unit``, with the ends 0 and `unit` kept for themselves."""
    if math.isnan(p):
        return "NaN"
    if p in (0, 1):
        return f"{int(p) * unit}{end}"
    steps = math.floor(p * unit * 10**digits + 0.5) if math.isfinite(p) else p
    if 0 < p < 1 and steps == 0:
        return f"< {10**-digits:.{digits}f}{end}"
    if 0 < p < 1 and steps == unit * 10**digits:
        return f"> {unit - 10**-digits:.{digits}f}{end}"
    return f"{steps / 10**digits:.{digits}f}{end}"


def describe_softmax(p: npt.ArrayLike, *, class_names: Sequence[str] | None = None) -> str:
    """Say one row of probabilities in a sentence.

    Examples
    --------
    >>> describe_softmax([0.1, 0.7, 0.2])
    'Most likely 1 (70.0 %), then 2 (20.0 %) and 0 (10.0 %).'
    """
    facts = softmax_facts(p)
    if math.isnan(facts.sum):
        return "The row holds NaN (not a number), so it has no most likely class."
    words = [f"{_name(c, class_names)} ({format_percent(share)})" for c, share in facts.top]
    rest = f", then {' and '.join(words[1:])}" if words[1:] else ""
    return f"Most likely {words[0]}{rest}."


def describe_sample(
    index: int,
    *,
    label: object = None,
    p: npt.ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
) -> str:
    """Say which sample this is, what it is labelled and what was predicted.

    Examples
    --------
    >>> describe_sample(38, label=8, p=[0, 0, 0, 0, 0, 0, 0, 0, 0.999, 0.001])
    'sample 38, labelled 8, predicted 8, 99.9 %'
    """
    parts = [f"sample {index}"]
    if label is not None:
        parts.append(f"labelled {label}")
    if p is not None:
        facts = softmax_facts(p, top=1)
        if math.isnan(facts.sum):
            parts.append("predicted NaN")
        else:
            predicted = _name(facts.predicted, class_names)
            parts += [f"predicted {predicted}", format_percent(facts.confidence)]
    return ", ".join(parts)


def softmax_table_html(
    rows: Mapping[str, npt.ArrayLike],
    *,
    label: int | None = None,
    class_names: Sequence[str] | None = None,
    places: Sequence[int] | None = None,
) -> str:
    """Return a small table: each class and its probability, one column for each named row.

    Parameters
    ----------
    rows : mapping of str to array_like, shape (classes,)
        One sample's probabilities, under the name of the method that gave them; escaped.
    label : int, optional
        The true class, marked in words.
    class_names : sequence of str, optional
        What to call the classes; by default their numbers. Escaped.
    places : sequence of int, optional
        Which classes, in their order; by default all.

    Examples
    --------
    >>> table = softmax_table_html({"predict": [0.25, 0.75]}, label=1)
    >>> "<td>0.750</td><td>true label, predicted</td>" in table
    True
    """
    arrays = {name: np.asarray(p, dtype=np.float64) for name, p in rows.items()}
    largest = {softmax_facts(p).predicted for p in arrays.values() if not np.isnan(p).any()}
    head = "".join(f"<th>{html.escape(name)}</th>" for name in arrays)
    lines = [f"<table><thead><tr><th>class</th>{head}<th></th></tr></thead><tbody>"]
    for place in range(min(map(len, arrays.values()))) if places is None else places:
        marks = ["true label"] * (place == label) + ["predicted"] * (place in largest)
        cells = "".join(f"<td>{format_probability(p[place])}</td>" for p in arrays.values())
        name = html.escape(_name(place, class_names))
        lines.append(f"<tr><th>{name}</th>{cells}<td>{', '.join(marks)}</td></tr>")
    return "".join(lines) + "</tbody></table>"


def _name(place: int, class_names: Sequence[str] | None) -> str:
    """Return what a class is called."""
    return str(place) if class_names is None else str(class_names[place])
