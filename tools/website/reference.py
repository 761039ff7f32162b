"""The reference: every public name of the kit on one page, made from its docstring."""

from __future__ import annotations

import ast
import html
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import kerasdemo as kd
from website.cells import code_html
from website.docstrings import docstring_html, inline
from website.lessons import Lesson

# By purpose; a test holds this to the front door.
GROUPS: dict[str, tuple[str, ...]] = {
    "The digits": ("load_digits", "Digits", "is_cached", "write_fruit"),
    "The classifier": (
        *("load_classifier", "build_classifier", "train_classifier", "load_probabilities"),
        *("training_curve", "TrainingCurve"),
    ),
    "Call": ("METHODS", "run", "Prediction", "compare", "Comparison", "predict_stream"),
    "Look inside": (
        *("trace_call", "CallTrace", "flow_diagram", "FlowDiagram", "retraces", "Retraces"),
    ),
    "Measure": (
        *("time_calls", "Timings", "time_methods", "BatchTimings"),
        *("measure_memory", "MemoryUse"),
    ),
    "Check": (
        *("check_setup", "preflight", "edge_cases", "try_calls", "TriedCalls", "check_claims"),
    ),
    "Widgets": (
        *("SampleChooser", "DigitView", "SoftmaxView", "PredictionExplorer"),
        *("DrawingPad", "LiveTimings"),
    ),
    "Questions and exercises": (
        *("predict_first", "reveal", "ask", "order", "check", "score_card", "ScoreCard"),
        *("tally", "Tally", "try_capstone", "try_client", "try_worker"),
    ),
    "Serve": ("export_model", "ClassroomServer", "RemoteModel", "RemoteError"),
    "Scale": (
        *("predict_dataset", "DatasetPrediction", "start_ray", "OwnRay"),
        *("break_even", "BreakEven"),
    ),
}
LEAD = (
    "<p>Every name of <code>import kerasdemo as kd</code>, by what it is for. The text is that of "
    "the docstrings: <code>kd.compare?</code> shows it in a cell. Their examples are run by the "
    "tests.</p>"
)


class _Words:
    """An annotation that shows itself as it was written."""

    def __init__(self, words: object) -> None:
        self.words = words if isinstance(words, str) else inspect.formatannotation(words)

    def __repr__(self) -> str:
        return self.words


def signature(name: str, called: Any) -> str:
    """Return a call with its types as one would read it; long ones with a line for each option.

    Examples
    --------
    >>> print(signature("break_even", kd.is_cached))
    break_even(name: str) -> bool
    """
    found = inspect.signature(called)
    plain = []
    for one in found.parameters.values():
        if one.annotation is not one.empty:
            one = one.replace(annotation=_Words(one.annotation))
        if inspect.isroutine(one.default):  # as one would type it
            one = one.replace(default=_Words(f"{one.default.__module__}.{one.default.__name__}"))
        if one.name not in ("self", "cls"):
            plain.append(one)
    empty = inspect.isclass(called) or found.return_annotation is inspect.Signature.empty
    result = "" if empty else f" -> {_Words(found.return_annotation)!r}"
    whole = f"{name}{inspect.Signature(plain)}{result}"
    if len(whole) <= 84:
        return whole
    # The parts as Signature itself writes them, with the bare marks "*" and "/" between.
    lines, last = [], None
    for one in plain:
        if one.kind is one.KEYWORD_ONLY and last not in (one.KEYWORD_ONLY, one.VAR_POSITIONAL):
            lines.append("    *,")
        lines.append(f"    {one},")
        last = one.kind
    return "\n".join([f"{name}(", *lines, f"){result}"])


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield a class's public methods and properties that are the kit's own, no library's."""
    theirs = {name for base in kind.__mro__ if not _ours(base) for name in vars(base)}
    for name in sorted(dir(kind)):
        value = inspect.getattr_static(kind, name)
        function = getattr(value, "fget", None) or getattr(value, "__func__", value)
        if not name.startswith("_") and name not in theirs and inspect.isfunction(function):
            yield name, value


def _ours(value: Any) -> bool:
    return str(value.__module__).startswith("kerasdemo.")


def _constant_doc(name: str) -> str:
    """Return the string that stands below a constant in its module."""
    module = sys.modules[f"kerasdemo.{kd._HOME[name]}"]
    body = ast.parse(inspect.getsource(module)).body
    for one, below in pairwise(body):
        named = isinstance(one, ast.Assign) and any(ast.unparse(t) == name for t in one.targets)
        if named and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            return str(below.value.value)
    raise LookupError(f"{name} has no docstring below it.")


def reference_body(lessons: Sequence[Lesson]) -> str:
    """Return the reference as HTML: groups as h2, names as h3, methods as h4."""
    pages = {lesson.number: lesson.page for lesson in lessons}

    def link(kind: str, words: str) -> str:
        if kind == "lesson":
            return pages.get(words, "")
        name = re.sub(r"^(?:kd|kerasdemo)\.|\(.*\)$", "", words).rpartition("kerasdemo.")[2]
        name = name.rpartition(".")[2] if name not in anchors else name
        return f"#{name}" if name in anchors else ""

    anchors = {name for names in GROUPS.values() for name in names}
    parts = [f'<section class="words reference"><h1>Reference</h1>{LEAD}']
    for group, names in GROUPS.items():
        parts.append(f'<h2 id="{group.replace(" ", "-")}">{html.escape(group)}</h2>')
        parts += [_entry(name, link) for name in names]
    return "\n".join([*parts, "</section>"])


def _entry(name: str, link: Any) -> str:
    value = getattr(kd, name)
    head = f'<h3 id="{name}"><code>{name}</code></h3>'
    if not callable(value):
        code, doc = f"{name} = {value!r}", _constant_doc(name)
        return f"{head}{_code(code)}{docstring_html(doc, link, 4)}"
    below = [_member(name, *one, link) for one in members(value)] if inspect.isclass(value) else []
    doc = docstring_html(inspect.getdoc(value) or "", link, 4)
    return "\n".join([head, _code(signature(name, value)), doc, *below])


def _member(owner: str, name: str, value: Any, link: Any) -> str:
    place = f"{owner}.{name}"
    if isinstance(value, property):
        kind = inspect.signature(value.fget).return_annotation if value.fget else ""
        code = f"{place}: {_Words(kind)!r}"
    else:
        code = signature(place, getattr(value, "__func__", value))
    doc = docstring_html(inspect.getdoc(value) or "", link, 5)
    return (
        f'<div class="member"><h4 id="{place}"><code>{inline(place, lambda *_: "")}</code></h4>'
        f"{_code(code)}{doc}</div>"
    )


def _code(text: str) -> str:
    return (
        '<pre class="highlight call" tabindex="0" role="region" aria-label="Call">'
        f"<code>{code_html(text)}</code></pre>"
    )
