"""Look at a model and its input before the call: what will fail, and what will be silently wrong.

``preflight(model, x)`` predicts nothing and changes nothing. It can be called by the module's name,
too: ``kerasdemo.preflight`` is this module once it is imported, and the function otherwise.

Introduced in lesson 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from kerasdemo._callable_module import callable_module
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
from kerasdemo.inspections.report import ORDER, PreflightError, Report

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
    if isinstance(case.x, tuple):
        findings = [_in_a_list(finding) for finding in findings]
    findings.sort(key=lambda finding: ORDER.index(finding.severity))
    return Report(tuple(findings), method)


def _in_a_list(finding: Finding) -> Finding:
    """Let the mend put a new array into a list: a tuple takes none."""
    if not finding.mend.startswith("x["):
        return finding
    return replace(finding, mend=f"x = list(x); {finding.mend}")


callable_module(__name__, preflight)
