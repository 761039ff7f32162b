"""Look at a model and its input before the call: what will fail, and what will be silently wrong.

``preflight(model, x)`` predicts nothing and changes nothing. It can be called by the module's name,
too: ``kerasdemo.preflight`` is this module once it is imported, and the function otherwise.

Introduced in lesson 10.
"""

from __future__ import annotations

import sys
import textwrap
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kerasdemo.inspections import (
    datasets,
    inputs,
    kinds,
    likeness,
    overrides,
    scale,
    shapes,
    training,
    values,
)
from kerasdemo.inspections.case import Case, make_case
from kerasdemo.inspections.finding import ASKED, CALL, Finding, Outcome
from kerasdemo.view.signs import printable
from kerasdemo.view.table import Row, Table, as_html

__all__ = ["Finding", "Outcome", "PreflightError", "Report", "preflight"]

Inspection = Callable[[Case], Iterable[Finding]]
FIRST: tuple[Inspection, ...] = (kinds.inspect, inputs.inspect)  # a finding here makes others moot
THEN: tuple[Inspection, ...] = (
    shapes.inspect,
    datasets.inspect,
    values.inspect,
    scale.inspect,
    likeness.inspect,
)
ALWAYS: tuple[Inspection, ...] = (overrides.inspect, training.inspect)
SIGNS = {"silent": "✗ silent", "error": "✗ error", "warning": "! warning"}
ORDER = tuple(SIGNS)
WIDTH = 100
MEND = "to mend it"


class PreflightError(ValueError):
    """What `Report.raise_for_errors` raises; ``error.report`` holds the findings."""

    def __init__(self, report: Report) -> None:
        super().__init__(repr(report))
        self.report = report


@dataclass(frozen=True, repr=False, eq=False)
class Report:
    """What `preflight` found, the worst first.

    Attributes
    ----------
    findings : tuple of Finding
        ``report["no-batch-axis"]`` picks one by its name. Each has a `.severity`, what was `.seen`,
        what each method `.does` with it, and the line to `.mend` it.
    method : str
        The planned call, which decides how severe a finding is.
    """

    findings: tuple[Finding, ...]
    method: str = "predict"

    @property
    def ok(self) -> bool:
        """Whether the call will work and mean what it says; a warning does not count."""
        return all(finding.severity == "warning" for finding in self.findings)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each finding."""
        return tuple(finding.name for finding in self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Finding:
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(f"{name!r} was not found; there is {', '.join(self.names) or 'nothing'}")

    def raise_for_errors(self) -> Report:
        """Raise if anything but warnings was found; else return the report.

        Raises
        ------
        PreflightError
            A ``ValueError`` that says all that was found.
        """
        if not self.ok:
            raise PreflightError(self)
        return self

    @property
    def summary(self) -> str:
        """One sentence."""
        if not self.findings:
            return f"Nothing found: {self.method} can go ahead."
        counts = {kind: sum(f.severity == kind for f in self.findings) for kind in ORDER}
        words = {"silent": "silently wrong", "error": "an error", "warning": "a warning"}
        told = ", ".join(f"{count} x {words[kind]}" for kind, count in counts.items() if count)
        return f"With {self.method}: {told}."

    def __repr__(self) -> str:
        lines = [self.summary]
        for finding in self.findings:
            lines += ["", f"{SIGNS[finding.severity]}: {finding.name}", *_wrap("", finding.seen)]
            does = _joined({method: str(outcome) for method, outcome in finding.does.items()})
            width = max(map(len, (*does, MEND)))
            for method, words in does.items():
                lines += _wrap(f"{method:<{width}}  ", words)
            lines.append(f"    {MEND:<{width}}  {finding.mend}")
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        if not self.findings:
            return f"<p>{self.summary}</p>"
        rows = tuple(
            Row(
                f"{SIGNS[finding.severity]}: {finding.name}",
                (
                    finding.seen,
                    *(str(finding.does.get(method, "-")) for method in self._columns),
                    finding.mend,
                ),
            )
            for finding in self.findings
        )
        columns = ("what was seen", *self._columns, "what mends it")
        return as_html(Table(columns, rows, "Before the call", (self.summary,)))

    @property
    def _columns(self) -> tuple[str, ...]:
        """The methods that any finding speaks of."""
        return tuple(m for m in (*ASKED, CALL) if any(m in f.does for f in self.findings))


def _joined(does: dict[str, str]) -> dict[str, str]:
    """Put methods that do the same on one line.

    Examples
    --------
    >>> _joined({"predict": "right", "predict_on_batch": "raises ", "predict_step": "right"})
    {'predict, predict_step': 'right', 'predict_on_batch': 'raises '}
    """
    who: dict[str, list[str]] = {}
    for method, words in does.items():
        who.setdefault(words, []).append(method)
    return {
        "each method" if len(who) == 1 else ", ".join(methods): words
        for words, methods in who.items()
    }


def _wrap(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"    {label}",
        subsequent_indent=" " * (4 + len(label)),
        break_long_words=False,
        break_on_hyphens=False,
    )


def preflight(
    model: Any,
    x: Any,
    *,
    method: str = "predict",
    like: Any = None,
    steps: int | None = None,
    peek: bool = False,
) -> Report:
    """Look at a model and an input before the call, and say what will go wrong.

    Nothing is predicted and nothing is changed: arrays are read, of a Dataset only how it was made;
    generators are left alone. Where a shape is wrong, a graph is traced to see which layer will
    stop it, and thrown away (only for models all of whose layers are Keras's own).

    Parameters
    ----------
    model : keras.Model
        Any Keras model.
    x : array, tensor, list, dict, tf.data.Dataset, ...
        What you are about to predict.
    method : str
        What you are about to call: ``"predict"``, ``"predict_on_batch"``, ``"predict_step"`` or
        ``"model(x)"``. It decides how severe a finding is.
    like : array, or list or dict of arrays, optional
        Samples as the model was trained on, 8 or more. With them the range of the values is known,
        and images that lie on their side are seen; without, only what the model itself tells.
    steps : int, optional
        What you are about to give ``predict`` as ``steps``.
    peek : bool
        Read the first batch of a Dataset, too. That runs its functions, and moves on the random
        numbers of a shuffle.

    Returns
    -------
    Report
        Empty if all is well.

    Raises
    ------
    TypeError, ValueError
        If `model` is no Keras model, `method` is none of these, or `like` does not match `x`.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> model, digits = kd.load_classifier(), kd.load_digits()
    >>> kd.preflight(model, digits[:32].images)
    Nothing found: predict can go ahead.
    >>> kd.preflight(model, digits[5].images[0]).names
    ('no-batch-axis',)

    Introduced in lesson 10.
    """
    if method not in (*ASKED, CALL):
        raise ValueError(f"method is {method!r}; it can be {', '.join((*ASKED, CALL))}.")
    case = make_case(model, x, method, like=like, steps=steps, peek=peek)
    findings: list[Finding] = []
    for inspection in FIRST:
        findings += inspection(case) if not findings else ()
    for inspection in (*(() if findings else THEN), *ALWAYS):
        findings += inspection(case)
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    return Report(tuple(findings), method)


class _Module(types.ModuleType):
    """The module, which can be called like the function that it is named after."""

    def __call__(self, *args: Any, **options: Any) -> Report:
        return preflight(*args, **options)


sys.modules[__name__].__class__ = _Module
