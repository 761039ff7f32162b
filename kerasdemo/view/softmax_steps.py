"""How a softmax is made: exp, sum, share, at a temperature; and which classes are shown.

Pure functions over arrays. The page computes the same in `widgets/softmax_steps.js`.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "SoftmaxSteps",
    "check_temperature",
    "describe_share",
    "softmax_help",
    "softmax_steps",
    "steps_table_html",
    "with_temperature",
]

LOWEST, HIGHEST = 0.01, 100.0  # temperatures


@dataclass(frozen=True)
class SoftmaxSteps:
    """The steps from logits to shares, for one row.

    Parameters
    ----------
    logits : ndarray of float64, shape (classes,)
        As they were given.
    scaled : ndarray of float64, shape (classes,)
        ``z / T``.
    powers : ndarray of float64, shape (classes,)
        ``exp(z / T - largest)``: 1 for the largest, less for the others.
    sum : float
        Sum of the powers.
    shares : ndarray of float64, shape (classes,)
        Powers divided by their sum: the softmax.
    """

    logits: npt.NDArray[np.float64]
    scaled: npt.NDArray[np.float64]
    powers: npt.NDArray[np.float64]
    sum: float
    shares: npt.NDArray[np.float64]


def softmax_steps(logits: npt.ArrayLike, *, temperature: float = 1.0) -> SoftmaxSteps:
    """Return softmax of ``logits / temperature``, with each step kept.

    The largest logit goes off first: no power is then above 1, so nothing overflows, and numerator
    and denominator shrink by the same factor.

    Parameters
    ----------
    logits : array_like, shape (classes,)
        One row. With NaN or +inf in it, or nothing but -inf, the shares are NaN, as with any
        softmax.
    temperature : float
        Above 0. Below 1 makes the row sharper, above 1 flatter; the order stays.

    Returns
    -------
    SoftmaxSteps
        In float64.

    Examples
    --------
    >>> steps = softmax_steps([2.0, 1.0, -np.inf])
    >>> print(f"{steps.powers[1]:.3f} / {steps.sum:.3f} = {steps.shares[1]:.3f}")
    0.368 / 1.368 = 0.269
    >>> softmax_steps([1e38, 0.0]).shares
    array([1., 0.])
    """
    row = np.asarray(logits, dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        powers = np.exp((row - row.max()) / temperature)
        total = float(powers.sum())
        return SoftmaxSteps(row, row / temperature, powers, total, powers / total)


def with_temperature(p: npt.ArrayLike, temperature: float) -> npt.NDArray[np.float64]:
    """Return probabilities as they would be at another temperature.

    Their logits are ``log(p)`` up to a constant, which softmax does not see.

    Parameters
    ----------
    p : array_like, shape (classes,)
        One row of probabilities, made at temperature 1.
    temperature : float
        Above 0; at 1 the row comes back as it is.

    Examples
    --------
    >>> with_temperature([0.8, 0.2], 2).round(3)
    array([0.667, 0.333])
    """
    row = np.asarray(p, dtype=np.float64)
    if temperature == 1:
        return row
    with np.errstate(divide="ignore"):
        return softmax_steps(np.log(np.maximum(row, 0)), temperature=temperature).shares


_WISH = (
    "Type a number from 0.01 to 100. Logits are divided by it, and nothing can be divided by 0; "
    "below 0 the order would turn round, and the least likely class would win."
)
_WHY = (
    "The largest z/T is subtracted first. Then no exp can overflow, and the shares stay the same: "
    "top and bottom of the fraction shrink alike."
)
_HEAT = "T divides the logits before exp: below 1 the row gets sharper, above 1 flatter."
_UNKNOWN = (
    "Of probabilities the logits are known up to a constant, which cancels: log p stands for them."
)


def check_temperature(value: Any) -> float:
    """Return a temperature, or say why it is none.

    Raises
    ------
    ValueError
        When it is no number from 0.01 to 100.

    Examples
    --------
    >>> check_temperature(2)
    2.0
    """
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or not LOWEST <= value <= HIGHEST:
        raise ValueError(f"temperature is {value!r}. {_WISH}")
    return float(value)


def softmax_help(classes: int, *, logits: bool) -> dict[str, str]:
    """Return what the facts and the controls mean, a short sentence each.

    Parameters
    ----------
    classes : int
        How many there are.
    logits : bool
        Whether logits are known, not only probabilities.
    """
    return {
        "Sum": "all shares together; softmax makes it 1",
        "Margin": "first minus second; near 0 it was a close call",
        "Entropy": f"doubt in bits: 0 none, {np.log2(classes):.2f} all alike",
        "Difference": "largest difference from the first column",
        "top": "Type how many classes to show: a whole number from 1 on. An empty field shows all.",
        "temperature": _WISH,
        "why": _WHY,
        "hint": _HEAT if logits else f"{_HEAT} {_UNKNOWN}",
    }


def describe_share(steps: SoftmaxSteps, place: int, *, name: str) -> str:
    """Say the share of one class as a fraction.

    Examples
    --------
    >>> describe_share(softmax_steps([2.0, 1.0]), 1, name="b")
    'share of b = exp(1.00000 - 2.00000) / sum of all exp = 0.367879 / 1.36788 = 0.268941'
    """
    top, total = precise(steps.powers[place]), precise(steps.sum)
    inner = f"{precise(steps.scaled[place])} - {precise(steps.scaled.max())}"
    result = precise(steps.shares[place])
    return f"share of {name} = exp({inner}) / sum of all exp = {top} / {total} = {result}"


def steps_table_html(
    steps: SoftmaxSteps,
    names: Sequence[str],
    *,
    places: Sequence[int],
    label: int | None = None,
    focus: int | None = None,
) -> str:
    """Return a table of the steps: logit, z/T, exp, share, for each of the classes.

    Examples
    --------
    >>> page = steps_table_html(softmax_steps([2.0, 1.0]), ["a", "b"], places=[1], focus=1)
    >>> "<td>0.367879</td><td>0.268941</td><td>in focus</td>" in page
    True
    """
    marks = [("true label", label), ("in focus", focus)]
    heads = ("class", "logit z", "z/T", "exp(z/T - largest)", "share", "")
    head = "".join(f"<th>{text}</th>" for text in heads)
    columns = (steps.logits, steps.scaled, steps.powers, steps.shares)
    lines = "".join(
        f"<tr><th>{html.escape(names[place])}</th>"
        + "".join(f"<td>{precise(column[place])}</td>" for column in columns)
        + f"<td>{', '.join(words for words, at in marks if at == place)}</td></tr>"
        for place in places
    )
    total = (
        f"<tr><th>sum</th><td></td><td></td><td>{precise(steps.sum)}</td><td></td><td></td></tr>"
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}{total}</tbody></table>"


def precise(value: float) -> str:
    """Write six digits, as the page does.

    Examples
    --------
    >>> [precise(value) for value in (12.5, 0.25, 8.2e-6, -np.inf, 0)]
    ['12.5000', '0.250000', '8.20000e-6', '-inf', '0.00000']
    """
    if not np.isfinite(value):
        return str(float(value))
    if value == 0:
        return "0.00000"
    large_or_small = abs(value) >= 1e6 or abs(value) < 1e-3
    if not large_or_small:
        return f"{value:#.6g}"
    digits, power = f"{value:.5e}".split("e")
    return f"{digits}e{int(power):+d}" if abs(value) >= 1e6 else f"{digits}e{int(power)}"
