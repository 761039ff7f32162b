"""How a question and what is said to it are put before the student."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from kerasdemo.view.quiz_box import quiz_box
from kerasdemo.view.signs import printable

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def show(
    lines: list[str],
    *,
    tag: str,
    code: Mapping[str, str] | None = None,
    after: Sequence[str] = (),
    mark: str = "",
    widget: Any = None,
) -> None:
    """Show lines as text and as HTML, in front of a live widget where there is one."""
    lettered = [f"{letter}. {line}" for letter, line in (code or {}).items()]
    plain = "\n".join([f"[{tag}]", *lines, *lettered, *after])
    if "IPython" not in sys.modules or sys.modules["IPython"].get_ipython() is None:
        print(printable(plain))
        return
    from IPython.display import display

    page = quiz_box(lines, tag, mark="" if after else mark, code=code)
    bundle: dict[str, Any] = {"text/plain": plain, "text/html": page}
    if after:
        bundle["text/html"] += quiz_box(after, mark=mark)
    if widget is not None:
        view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        bundle[WIDGET_VIEW] = view
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def in_notebook() -> bool:
    """Say whether the code runs in a kernel, where a widget can be shown."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
