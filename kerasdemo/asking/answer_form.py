"""The live form below a question of `kerasdemo.quiz`, where a notebook can show one.

Core widgets would do, were it not for the keyboard: who types "b" to choose B in a drop-down adds
a cell to the notebook. And they cannot reply without a kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import anywidget
import traitlets

LONGEST = 1000  # signs that somebody may have typed


def _read(*names: str) -> str:
    folder = resources.files("kerasdemo.asking")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


class AnswerForm(anywidget.AnyWidget):  # type: ignore[misc]
    """Native controls to answer a question with; the page judges and replies by itself.

    Parameters
    ----------
    head : str
        The question, as escaped HTML.
    form : mapping
        What the page needs, as plain values: ``form``, ``label``, ``known`` (what tells one answer
        from another), ``replies`` (escaped HTML for each case; ``any`` for all others), and, by
        form, ``options``, ``places``, ``unit``, ``wish``.
    answer : str
        The answer at the start, as `kerasdemo.asking.answers.read_answer` returns it; ``""`` for
        none.
    hear : function
        Called with each answer that the page tells.
    """

    _esm = _read("judging.js", "answer.js")
    _css = _read("answer.css")
    answer = traitlets.Unicode("").tag(sync=True)
    _typed = traitlets.Unicode("").tag(sync=True)
    _head = traitlets.Unicode("").tag(sync=True)
    _form = traitlets.Dict().tag(sync=True)

    def __init__(
        self, *, head: str, form: Mapping[str, Any], answer: str, hear: Callable[[str], None]
    ) -> None:
        self._hear = hear
        super().__init__(_head=head, _form=dict(form), answer=answer, _typed=answer)
        self.observe(lambda change: self._hear(change["new"]), "answer")

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take what the page tells: an answer, and what is typed. All else is ours alone."""
        told = {name: sync_data.get(name) for name in ("answer", "_typed")}
        words = {n: w for n, w in told.items() if isinstance(w, str) and len(w) <= LONGEST}
        super().set_state(words)
