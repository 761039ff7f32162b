"""The menu below a question of `kerasdemo.quiz`, where a notebook can show one.

A menu of ipywidgets would do, were it not for the keyboard: who types "b" to choose B in it adds
a cell to the notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import anywidget
import traitlets


class Menu(anywidget.AnyWidget):  # type: ignore[misc]
    """A labelled menu of lettered choices below a question.

    Parameters
    ----------
    head : str
        The question, as escaped HTML.
    label : str
        What the menu is called.
    choices : mapping of str to str
        Letter to text.
    choice : str
        The letter chosen at the start; ``""`` for none.
    respond : function
        Called with the letter, or ``""``, now and at each choice; returns what to say to it, as
        escaped HTML.
    """

    _esm = resources.files("kerasdemo.asking").joinpath("menu.js").read_text(encoding="utf-8")
    _css = resources.files("kerasdemo.asking").joinpath("menu.css").read_text(encoding="utf-8")
    choice = traitlets.Unicode("").tag(sync=True)
    _head = traitlets.Unicode("").tag(sync=True)
    _label = traitlets.Unicode("").tag(sync=True)
    _options = traitlets.List().tag(sync=True)
    _said = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        *,
        head: str,
        label: str,
        choices: Mapping[str, str],
        choice: str,
        respond: Callable[[str], str],
    ) -> None:
        self._letters = {"", *choices}
        self._respond = respond
        options = [["", "choose"], *([k, f"{k}. {text}"] for k, text in choices.items())]
        super().__init__(
            _head=head, _label=label, _options=options, choice=choice, _said=respond(choice)
        )

    @traitlets.validate("choice")  # type: ignore[untyped-decorator]
    def _check(self, proposal: dict[str, Any]) -> str:
        letter = str(proposal["value"])
        if letter not in self._letters:
            raise traitlets.TraitError(f"the choices are {sorted(self._letters - {''})}")
        return letter

    @traitlets.observe("choice")  # type: ignore[untyped-decorator]
    def _choose(self, change: dict[str, Any]) -> None:
        self._said = self._respond(change["new"])
