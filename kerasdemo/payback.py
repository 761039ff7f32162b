"""From how many images on a cluster is quicker than one process: its start, by what it saves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kerasdemo.view.break_even_plot import (
    FINE,
    ONE,
    break_even_png,
    break_even_words,
    count,
    plot_break_even,
)
from kerasdemo.view.durations import milliseconds
from kerasdemo.view.images import img_tag
from kerasdemo.view.table import Row, Table, as_html, as_text

__all__ = ["BreakEven", "break_even"]


@dataclass(frozen=True, repr=False)
class BreakEven:
    """What one process needs for each image, and what a cluster needs before and for each.

    What `break_even` returns.

    Attributes
    ----------
    start : float
        Seconds from nothing to workers that are ready.
    alone, shared : float
        Seconds for an image: in one process; with all workers of one machine at work.
    machines : tuple of int
        Sizes of the cluster to calculate. Only one machine was measured: of a further one it is
        assumed that it does as much as the first.
    """

    start: float
    alone: float
    shared: float
    machines: tuple[int, ...]

    def images(self, machines: int = 1) -> float | None:
        """Return from how many images on `machines` are quicker than one process; None if never.

        Examples
        --------
        >>> many = break_even(start=10.0, alone=0.002, shared=0.002)
        >>> many.images(1) is None, many.images(2)
        (True, 10000.0)
        """
        saved = self.alone - self.shared / machines
        return self.start / saved if saved > 0 else None

    @property
    def lines(self) -> dict[str, tuple[float, float]]:
        """For each line of the picture: seconds before the first image, and for each image."""
        return {ONE: (0.0, self.alone)} | {
            named(number): (self.start, self.shared / number) for number in self.machines
        }

    @property
    def table(self) -> Table:
        """One row for one process and for each size of the cluster."""
        rows = [
            Row(
                name,
                (
                    f"{start:.1f} s" if start else "-",
                    milliseconds(each),
                    "-" if name == ONE else "never" if at is None else f"{count(at)} images",
                ),
            )
            for name, (start, each) in self.lines.items()
            for at in [self._meet.get(name)]
        ]
        more = [number for number in self.machines if number > 1]
        notes = ("Calculated, not measured: more than one machine, each as quick as this one.",)
        return Table(
            ("to start", "an image", "pays from"), tuple(rows), notes=notes if more else ()
        )

    @property
    def _meet(self) -> dict[str, float | None]:
        return {named(number): self.images(number) for number in self.machines}

    def plot(self, *, ax: Any = None) -> Any:
        """Draw seconds against the number of images, into `ax` if given; return the Axes."""
        return plot_break_even(self.lines, self._meet, ax=ax)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {**asdict(self), "images": {str(n): self.images(n) for n in self.machines}}

    def __repr__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        png = break_even_png(self.lines, self._meet)
        picture = img_tag(png, break_even_words(self._meet), fine=FINE)
        return f"<div>{picture}</div>{as_html(self.table)}"


def named(machines: int) -> str:
    """Name a cluster by its size.

    Examples
    --------
    >>> named(1), named(10)
    ('1 machine', '10 machines')
    """
    return f"{machines} machine{'s' * (machines != 1)}"


def break_even(
    *, start: float, alone: float, shared: float, machines: Sequence[int] = (1, 2, 10)
) -> BreakEven:
    """Work out from how many images on a cluster is quicker than one process.

    Parameters
    ----------
    start
        Seconds that the cluster needs before its first image: its own start, and its workers'.
    alone
        Seconds for an image in one process.
    shared
        Seconds for an image with all workers of one machine at work, the handing over included.
    machines
        Sizes of the cluster to calculate.

    Returns
    -------
    BreakEven

    Raises
    ------
    ValueError
        A time is not finite, negative, or 0 for an image; or a size is below 1.

    Examples
    --------
    >>> print(break_even(start=8.0, alone=0.001, shared=0.0012, machines=[1, 4]))
                 to start  an image  pays from
    one process  -         1.00 ms   -
    1 machine    8.0 s     1.20 ms   never
    4 machines   8.0 s     0.300 ms  11,000 images
    Calculated, not measured: more than one machine, each as quick as this one.

    Introduced in lesson 12.
    """
    given = {"start": start, "alone": alone, "shared": shared}
    for name, seconds in given.items():
        if not math.isfinite(seconds) or seconds < 0 or (seconds == 0 and name != "start"):
            raise ValueError(f"{name} is {seconds!r}; expected seconds, above 0.")
    if not machines or any(number < 1 for number in machines):
        raise ValueError(f"machines is {list(machines)!r}; expected sizes from 1 on, as in [1, 4].")
    return BreakEven(float(start), float(alone), float(shared), tuple(map(int, machines)))
