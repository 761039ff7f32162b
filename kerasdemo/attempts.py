"""Try several calls, and say in one line each what came of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasdemo._hushed import hushed
from kerasdemo.error_lines import error_line
from kerasdemo.view.table import Row, Table, as_html, as_text

__all__ = ["TriedCalls", "try_calls"]

Call = Callable[[], Any]
LONGEST = 110  # characters of an error's line in the table


@dataclass(frozen=True, repr=False, eq=False)
class TriedCalls:
    """What came of some calls: what `try_calls` returns.

    Attributes
    ----------
    columns : tuple of str
        What each column of calls is called.
    came : dict of str to tuple of str
        For each row, what came of its calls: what they returned, or the line of the error that
        says what is wrong, or both what they returned and what they warned of.
    messages : dict of str to tuple of str
        The whole message of each error; ``""`` where there was none.
    """

    columns: tuple[str, ...]
    came: dict[str, tuple[str, ...]]
    messages: dict[str, tuple[str, ...]]

    @property
    def failed(self) -> dict[str, str]:
        """The rows with an error, each with the line that says what is wrong."""
        return {
            name: next(
                text for text, message in zip(texts, self.messages[name], strict=True) if message
            )
            for name, texts in self.came.items()
            if any(self.messages[name])
        }

    @property
    def table(self) -> Table:
        """The same as a table."""
        return Table(self.columns, tuple(Row(name, texts) for name, texts in self.came.items()))

    def __repr__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        return as_html(self.table)


def try_calls(
    calls: Mapping[str, Call | Sequence[Call]], *, columns: Sequence[str] = ("what came",)
) -> TriedCalls:
    """Call several functions, also those that raise, and say in one line each what came of it.

    What TensorFlow's C++ code writes about mistakes is held back; a `UserWarning` is told in the
    table. Errors that no table should swallow, such as `KeyboardInterrupt`, are raised.

    Introduced in lesson 08.

    Parameters
    ----------
    calls : dict of str to function, or to a sequence of functions
        What to try, each called without arguments: one for each column.
    columns : sequence of str
        What each column is called.

    Returns
    -------
    TriedCalls

    Raises
    ------
    ValueError
        If a row has more or fewer functions than there are columns.
    TypeError
        If something in `calls` is no function, such as a call that already ran.

    Examples
    --------
    >>> try_calls({"digits": lambda: int("5"), "words": lambda: int("five")})
            what came
    digits  5
    words   ValueError: invalid literal for int() with base 10: 'five'
    """
    rows = {
        name: (call,) if callable(call) or not isinstance(call, Sequence) else tuple(call)
        for name, call in calls.items()
    }
    for name, row in rows.items():
        if len(row) != len(columns):
            raise ValueError(
                f"{name!r} has {len(row)} functions for {len(columns)} columns; expected one for "
                "each: {'name': (lambda: ..., lambda: ...)} with columns=('as found', 'mended')."
            )
        for call in row:
            if not callable(call):
                raise TypeError(
                    f"{name!r} holds a {type(call).__name__}; expected a function. "
                    "Write lambda: in front of the call."
                )
    tried = {name: [_try(call) for call in row] for name, row in rows.items()}
    return TriedCalls(
        tuple(columns),
        {name: tuple(came for came, _ in row) for name, row in tried.items()},
        {name: tuple(message for _, message in row) for name, row in tried.items()},
    )


def _try(call: Call) -> tuple[str, str]:
    """Return what came of a call in one line, and the whole message of its error."""
    with hushed(), warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            came, message = _words(call()), ""
        except Exception as error:
            came, message = _cut(error_line(error)), str(error) or type(error).__name__
    said = [str(each.message) for each in heard if issubclass(each.category, UserWarning)]
    told = [f"warns: {text.partition('. ')[0].rstrip('.')}" for text in dict.fromkeys(said)]
    return "; ".join([came, *told]), message


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rsplit(' ', 1)[0]} ..."


def _words(value: Any) -> str:
    """Say what a call returned: a plain value as it is, the shape of an array, or that it ran.

    Examples
    --------
    >>> _words("36 steps"), _words([1.0, 2.0]), _words(object())
    ('36 steps', '[1.0, 2.0]', 'runs')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float, bytes, tuple, list)):
        return repr(value)
    shape = getattr(value, "shape", None)
    if shape == () and hasattr(value, "item"):  # a NumPy scalar
        return repr(value.item())
    return "runs" if shape is None else f"shape {tuple(shape)}"
