"""How often Python runs the body of ``predict_step``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kerasdemo._backend import import_tensorflow
from kerasdemo.spy.fresh import COUNTING


@dataclass
class Runs:
    """How often Python ran the body of ``predict_step``, and how.

    Attributes
    ----------
    eager : list of bool
        One entry a run: ``True`` if TensorFlow was executing eagerly, ``False`` if it was tracing
        a graph.
    """

    eager: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.eager)


@contextmanager
def count_runs(model: Any) -> Iterator[Runs]:
    """Count how often Python runs the body of ``model.predict_step``.

    A compiled graph does not run Python: what is counted is each trace, and each eager call. The
    counter sits on the instance while the block lasts, and is taken away after it, also when the
    call raises. Threads take turns: two counters on one model would not both go away.
    """
    tf = import_tensorflow()
    runs = Runs()
    with COUNTING:
        own = model.__dict__.get("predict_step")
        body = model.predict_step

        def counted(data: Any) -> Any:
            runs.eager.append(bool(tf.executing_eagerly()))
            return body(data)

        model.__dict__["predict_step"] = counted
        try:
            yield runs
        finally:
            if own is None:
                del model.__dict__["predict_step"]
            else:
                model.__dict__["predict_step"] = own


def runs_as(runs: Sequence[bool]) -> str:
    """Say how Python ran ``predict_step``: ``"eager"``, ``"graph"`` while tracing, ``"-"`` never.

    Examples
    --------
    >>> runs_as([False]), runs_as([True, True]), runs_as([])
    ('graph', 'eager', '-')
    """
    return ("eager" if all(runs) else "graph") if runs else "-"
