"""What came of one trial, and how a trial that breaks is told."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

from kerasdemo._backend import import_tensorflow
from kerasdemo._hushed import hushed
from kerasdemo.error_lines import error_line
from kerasdemo.spy import restored

MOST_GRAPHS = 2
"""``reduce_retracing`` makes one graph for the first shape and one for all others."""


@dataclass(frozen=True)
class Trial:
    """One thing that was asked of a function, and what was seen.

    Attributes
    ----------
    name : str
        Function and facet, such as ``"classify: type"``.
    asked, seen : str
        What was wanted; what came.
    passed : bool or None
        None if it could not be measured here.
    hint : str
        Where to look if it did not pass.
    """

    name: str
    asked: str
    seen: str
    passed: bool | None
    hint: str


def attempt(name: str, asked: str, hint: str, look: Callable[[], tuple[str, bool | None]]) -> Trial:
    """Run one look at a function; one that raises has not passed, and stops no other.

    What the function prints, and what Keras and TensorFlow remark about it, is held back: it is
    called thousands of times.

    Examples
    --------
    >>> attempt("classify: type", "ints", "argmax", lambda: ("floats", False)).passed
    False
    >>> attempt("classify: type", "ints", "argmax", lambda: (str(1 / 0), True)).seen
    'ZeroDivisionError: division by zero'
    """
    try:
        with hushed(), redirect_stdout(io.StringIO()):
            seen, passed = look()
    except Exception as error:
        seen, passed = error_line(error)[:120], False
    return Trial(name, asked, seen, passed, hint)


@contextmanager
def graphs_made(model: Any) -> Iterator[list[bool]]:
    """Note each time that the model's layers are written down in a graph while the block lasts.

    Whoever compiles, Keras or a ``tf.function`` of the student's, runs the Python of each layer
    once for each graph (``keras/src/layers/layer.py``, ``__call__``, calls ``self.call``). What
    runs eagerly makes none.
    """
    eagerly, found = import_tensorflow().executing_eagerly, list[bool]()
    layers = model._flatten_layers(include_self=False)
    layer = next(layer for layer in layers if layer.weights)
    own, body = vars(layer).get("call"), layer.call

    def call(*args: Any, **kwargs: Any) -> Any:
        if not eagerly():
            found.append(True)
        return body(*args, **kwargs)

    vars(layer)["call"] = call
    try:
        yield found
    finally:
        del vars(layer)["call"]
        if own is not None:
            vars(layer)["call"] = own


def count_graphs(model: Any, use: Callable[[], Any]) -> tuple[str, bool]:
    """Count the graphs that a function makes of a model as new."""
    with hushed(), restored(model), graphs_made(model) as made:
        use()
    return f"{len(made)}", len(made) <= MOST_GRAPHS
