"""Traits that know how many samples their widget has.

They check at once, not when a burst of changes ends: traitlets would keep the bad value then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from kerasdemo.widgets._checks import check_index, check_positions, check_shares

__all__ = ["Checked", "Place", "Positions", "Shares"]


class Checked(traitlets.TraitType):  # type: ignore[misc]
    """A value that a function checks.

    Parameters
    ----------
    check : callable
        ``check(widget, value)`` returns the value as it is kept, or raises.
    default : object
        The value at the start.
    """

    def __init__(self, check: Callable[[Any, Any], Any], default: Any = None) -> None:
        super().__init__(default)
        self.check = check

    def validate(self, widget: Any, value: Any) -> Any:
        """Return the value, or say what is wrong with it."""
        return self.check(widget, value)


class Positions(traitlets.TraitType):  # type: ignore[misc]
    """A list of positions, each once, among the `_count` samples of a widget."""

    default_value = ()
    info_text = "a list of positions"

    def validate(self, widget: Any, value: Any) -> list[int]:
        """Return the positions, or say what is wrong with them."""
        return check_positions(value, widget._count, self.name)


class Shares(traitlets.TraitType):  # type: ignore[misc]
    """Two numbers from 0 to 1, the smaller first."""

    default_value = (0.0, 1.0)
    info_text = "two numbers from 0 to 1"

    def validate(self, widget: Any, value: Any) -> tuple[float, float]:
        """Return the two numbers, or say what is wrong with them."""
        return check_shares(value, self.name)


class Place(traitlets.Int):  # type: ignore[misc]
    """One of the `_count` samples of a widget.

    Parameters
    ----------
    name : str
        What to call a sample in an error.
    """

    def __init__(self, name: str) -> None:
        super().__init__(0)
        self.sample = name

    def validate(self, widget: Any, value: Any) -> int:
        """Return the place, or say that there is none."""
        return check_index(super().validate(widget, value), widget._count, self.sample)
