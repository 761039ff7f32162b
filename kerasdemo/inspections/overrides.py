"""A ``predict_step`` of the user's own: whether it unpacks its data and says training=False."""

from __future__ import annotations

import ast
import inspect as python_inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from kerasdemo.inspections.case import Case
from kerasdemo.inspections.finding import Finding, Kind, Outcome, each, found
from kerasdemo.inspections.model_facts import is_keras
from kerasdemo.inspections.training import trains_by_default

UNPACK = "x, _, _ = keras.utils.unpack_x_y_sample_weight(data)"


def inspect(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with an override of ``predict_step``, as far as its source tells."""
    tree = override(case.facts.model)
    if tree is None:
        return
    if takes_data_bare(tree):
        yield _bare(case)
    calls = list(own_calls(tree))
    told = [_training_of(call) for call in calls]
    names = trains_by_default(case.facts)
    if names and None in told:
        yield _untold(case, names)
    if True in told and _moves(case):
        yield _trains(case)


def override(model: Any) -> ast.FunctionDef | None:
    """Return the source of a model's own ``predict_step``; None if it has none, or no source."""
    step = vars(model).get("predict_step", type(model).predict_step)
    step = getattr(step, "__func__", step)
    if (getattr(step, "__module__", "") or "").split(".")[0] == "keras":
        return None
    try:
        source = textwrap.dedent(python_inspect.getsource(step))
        body = ast.parse(source).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return None
    return body if isinstance(body, ast.FunctionDef) and body.args.args else None


def takes_data_bare(tree: ast.FunctionDef) -> bool:
    r"""Say whether a step hands its argument on as if it were always x itself.

    Examples
    --------
    >>> def read(code): return takes_data_bare(ast.parse(code).body[0])
    >>> read("def predict_step(self, data):\n    return self(data)")
    True
    >>> read("def predict_step(self, data):\n    x, _, _ = unpack(data)\n    return self(x)")
    False
    """
    data = tree.args.args[-1].arg
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == data]
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    bare = False
    for name in used:
        parent = parents[name]
        if isinstance(parent, ast.Assign) and parent.value is name:
            if not isinstance(parent.targets[0], ast.Name):
                return False
            bare = True
        elif isinstance(parent, ast.Call) and name in parent.args:
            if not (isinstance(parent.func, ast.Name) and parent.func.id == "self"):
                return False
            bare = True
        else:
            return False
    return bare


def own_calls(tree: ast.FunctionDef) -> Iterator[ast.Call]:
    """Yield each ``self(...)`` in a step."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "self":
            yield node


def _training_of(call: ast.Call) -> Any:
    """Return what a call says about training: True, False, None for nothing, else ``"?"``."""
    for keyword in call.keywords:
        if keyword.arg == "training":
            return keyword.value.value if isinstance(keyword.value, ast.Constant) else "?"
        if keyword.arg is None:
            return "?"
    return None if len(call.args) < 2 else "?"


def _bare(case: Case) -> Finding:
    """Find a step that works for `predict` with an array and nothing else."""
    tuples = case.is_dataset and isinstance(case.x.element_spec, (tuple, list))
    several = case.given == "several" or case.given == "stream"
    broken: Kind = "wrong or raises"
    words = "data is a tuple there: an error, or one axis too many"
    predict = Outcome(broken, words) if tuples or several else Outcome("right", "data is x itself")
    batch = (
        Outcome("raises", "an error: it is no tensor")
        if case.is_dataset
        else Outcome(broken, words)
    )
    step = batch if case.is_dataset else Outcome("right", "data is x itself")
    return found(
        "step-does-not-unpack",
        case.method,
        f"{_who(case)} takes its argument for x. It is x for predict(array) alone; "
        "predict_on_batch sends (x,), a Dataset its own tuples.",
        each(step, predict=predict, predict_on_batch=batch),
        UNPACK,
    )


def _untold(case: Case, names: list[str]) -> Finding:
    return found(
        "step-without-training-false",
        case.method,
        f"{_who(case)} calls self(x) and does not say training=False; the layer {names[0]!r} then "
        "acts as in training.",
        each(Outcome("wrong", "random: another answer each time")),
        "y = self(x, training=False)",
    )


def _moves(case: Case) -> bool:
    return any("BatchNormalization" in type(layer).__name__ for layer in case.facts.layers)


def _trains(case: Case) -> Finding:
    return found(
        "step-trains",
        case.method,
        f"{_who(case)} calls self(x, training=True); the model has batch normalisation.",
        each(Outcome("wrong", "each call moves the model's statistics, and its later answers")),
        "y = self(x, training=False)",
    )


def _who(case: Case) -> str:
    model = case.facts.model
    return f"{type(model).__name__}.predict_step" if not is_keras(type(model)) else "predict_step"
