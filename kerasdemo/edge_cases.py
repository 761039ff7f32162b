"""Odd inputs through each method: what came back or was raised, on this machine, and why.

Nothing here is a table of known answers: each input is given to each method when you ask, and each
sentence is chosen by what was seen. It can be called by the module's name, too:
``kerasdemo.edge_cases`` is this module once it is imported, and the function otherwise.

Introduced in lesson 09.
"""

from __future__ import annotations

import difflib
import time
import types
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kerasdemo._callable_module import callable_module
from kerasdemo._hushed import hushed
from kerasdemo._progress import progress_bar
from kerasdemo.inspections.model_facts import ModelFacts
from kerasdemo.methods import METHODS, check_method
from kerasdemo.odd_inputs.calling import Bench, Raw
from kerasdemo.odd_inputs.came import Came
from kerasdemo.odd_inputs.cases import Odd, odd_inputs
from kerasdemo.odd_inputs.given import given
from kerasdemo.odd_inputs.keeping import unchanged
from kerasdemo.odd_inputs.results import EdgeCase, EdgeCases
from kerasdemo.odd_inputs.samples import model_and_samples
from kerasdemo.odd_inputs.why_answers import Scene, why_answer
from kerasdemo.odd_inputs.why_errors import why_error

__all__ = ["Came", "EdgeCase", "EdgeCases", "edge_cases"]

PATIENCE = 2  # seconds before a progress bar appears


def edge_cases(
    model: Any = None,
    *,
    cases: str | Sequence[str] | Mapping[str, Any] | None = None,
    methods: str | Sequence[str] = METHODS,
    samples: Any = None,
    progress: bool = True,
) -> EdgeCases:
    """Give odd inputs to each method, and say what came of it and why.

    Each call is made on a compiled function that nothing has traced, and, where that can matter,
    again on one that has predicted a right batch before. An input without end is stopped after a
    few batches. The model is as it was afterwards. Interrupted (in a notebook: the stop button),
    it hands back what it has.

    Parameters
    ----------
    model : keras.Model, optional
        A built model with one input. Without one, the kit's own classifier of digits.
    cases : str, sequence of str, or dict, optional
        Names of odd inputs; or a dict of inputs of your own, by name. Without it, all that the kit
        has for such a model: about thirty, in less than a minute.
    methods : str or sequence of str
        Names from :data:`kerasdemo.methods.METHODS`.
    samples : array of shape (n, ...), optional
        Right samples, two or more; five are used. Without them random numbers of the shape that
        the model declares.
    progress : bool
        Show a progress bar once it has taken two seconds.

    Returns
    -------
    EdgeCases

    Raises
    ------
    TypeError, ValueError
        For an unknown case or method; for a model that is not built, has several inputs, or does
        not say what it takes.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> cases = kd.edge_cases(cases="0 rows", methods="predict")
    >>> cases["0 rows"]["predict"].raised
    'UnboundLocalError'

    Introduced in lesson 09.
    """
    methods = (methods,) if isinstance(methods, str) else tuple(dict.fromkeys(methods))
    if not methods:
        raise ValueError('There is no method to try. Give methods=("predict", "predict_step").')
    for method in methods:
        check_method(method)
    facts, samples = model_and_samples(model, samples)
    chosen = _chosen(odd_inputs(facts, samples), cases)
    bench, start = Bench(facts.model, samples), time.perf_counter()
    done: dict[str, EdgeCase] = {}
    options = {"desc": "edge cases", "unit": "input", "delay": PATIENCE, "leave": False}
    with progress_bar(len(chosen), shown=progress, **options) as bar, unchanged(facts.model):
        try:
            for odd in chosen:
                bar.set_postfix_str(odd.name, refresh=time.perf_counter() - start > PATIENCE)
                with hushed():
                    tried = {method: bench.try_out(odd, method) for method in methods}
                done[odd.name] = _explained(odd, tried, facts, samples.shape[1:])
                bar.update()
        except KeyboardInterrupt:
            return EdgeCases(done, methods, complete=False)
    return EdgeCases(done, methods)


def _chosen(known: dict[str, Odd], cases: Any) -> list[Odd]:
    if cases is None:
        return list(known.values())
    if isinstance(cases, Mapping):
        return [Odd(str(name), _maker(x), None) for name, x in cases.items()]
    names = [cases] if isinstance(cases, str) else list(cases)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"There is no case {name!r}.{hint} The cases: {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(names)]


def _maker(x: Any) -> Any:
    """Return a function that gives an input of the user's; it may be one that makes it anew."""
    return x if isinstance(x, types.FunctionType) else lambda: x


def _explained(
    odd: Odd, tried: dict[str, tuple[Came, dict[str, Raw]]], facts: ModelFacts, sample: Any
) -> EdgeCase:
    """Add the reasons, once it is known what all methods made of an input."""
    all_came = [came for came, _ in tried.values()]
    came = {}
    for method, (fresh, calls) in tried.items():
        others = [c for c in all_came if c is not fresh]
        warm = fresh.warm
        if warm is not None:
            scene = Scene(facts, warm, others, True, sample)
            warm = _with_reason(warm, calls["warm"], scene)
        scene = Scene(facts, fresh, others, False, sample)
        came[method] = replace(_with_reason(fresh, calls["fresh"], scene), warm=warm)
    return EdgeCase(odd.name, given(odd.make()), came)


def _with_reason(came: Came, raw: Raw, scene: Scene) -> Came:
    if raw.error is not None:
        why, where = why_error(came, str(raw.error), raw.raised_in, warm=scene.warm)
    else:
        why, where = why_answer(scene)
    return replace(came, why=why, decided_by=where)


callable_module(__name__, edge_cases)
