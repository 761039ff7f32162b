"""How long something took, in words of three figures."""

from __future__ import annotations

import math


def milliseconds(seconds: float) -> str:
    """Write a time in milliseconds with three significant figures.

    Examples
    --------
    >>> milliseconds(0.0123456), milliseconds(1.5), milliseconds(0.00001234)
    ('12.3 ms', '1500 ms', '0.0123 ms')
    """
    value = seconds * 1000
    if value == 0:
        return "0 ms"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f} ms"


def span(quartiles: tuple[float, float]) -> str:
    """Write two times as a range in milliseconds.

    Examples
    --------
    >>> span((0.0011, 0.0123))
    '1.10-12.3 ms'
    """
    low, high = (milliseconds(q).removesuffix(" ms") for q in quartiles)
    return f"{low}-{high} ms"
