"""What the widgets share in Python: their page code, their still picture, their errors."""

from __future__ import annotations

import base64
import contextlib
import html
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import anywidget
import traitlets

from kerasdemo.view.card import card_png
from kerasdemo.view.images import img_tag

SHARED = ("pure", "common")
LONGEST = 400  # signs of an error in the status line
IMPORT = re.compile(r"^import \{[^}]*\} from \"\./\w+\.js\";\n", flags=re.MULTILINE)
EXPORT = re.compile(r"^export (?!default )", flags=re.MULTILINE)
DEFAULT = re.compile(r"^export default \{[^}]*\};?\n?", flags=re.MULTILINE)


def page_module(*names: str) -> str:
    """Join the shared scripts and the named ones into the one module that anywidget takes.

    A module that arrives as text cannot import its neighbours, so the imports go and the files
    follow each other in one scope. Each view may be joined to others: of the default exports only
    the last file's stays, and the others are called by their names (`renderChooser`).

    Parameters
    ----------
    *names : str
        Scripts beside this file, without ``.js``; the last one has the default export.

    Examples
    --------
    >>> page_module("thumbnails", "choosing", "sample_chooser", "digit_view").count("export")
    1
    """
    parts = [_read(f"{name}.js") for name in (*SHARED, *names)]
    parts[:-1] = [DEFAULT.sub("", part) for part in parts[:-1]]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", part)) for part in parts)


def page_style(*names: str) -> str:
    """Join the shared stylesheet and those of the widgets that the page shows."""
    return "".join(_read(f"{name}.css") for name in ("common", *names))


def _read(name: str) -> str:
    """Return the text of a file beside this one."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


class KitWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """A widget that shows its errors, and that can be read without a kernel.

    The classes below say three things: `_words` (one line), `_picture` (PNG) and `_facts`.

    What a callback raises is shown in the status line and logged, and the next success clears it.
    That holds for what the page sets (`observe`) and for the messages that it sends (`on_msg`),
    without a word of yours. Around other work, such as a timer's or a thread's, put
    ``with self._told():``.
    """

    _error = traitlets.Unicode("").tag(sync=True)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Show and log what is raised inside, and go on; without an error, clear the last one."""
        try:
            yield
        except Exception as error:
            first = str(error).strip().partition("\n")[0][:LONGEST]
            self.log.exception("%s: error in a callback", type(self).__name__)
            self._error = f"{type(error).__name__}: {first}" if first else type(error).__name__
        else:
            self._error = ""

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        """Take any message of the page; show and log what even ipywidgets cannot read."""
        try:
            super()._handle_msg(msg)
        except Exception as error:
            with self._told():
                raise error

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page sets; show and log what a callback of yours raises on it.

        What only the kernel sets is left as it is: traits whose name begins with ``_``, but for
        those with the tag ``page=True``, and those with ``page=False``.
        """
        with self._told():
            super().set_state({n: v for n, v in sync_data.items() if self._page_sets(n)})

    def _page_sets(self, name: str) -> bool:
        told = self.trait_metadata(name, "page") if self.has_trait(name) else None
        return not name.startswith("_") if told is None else bool(told)

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        """Hand a message of the page to each callback; ipywidgets would drop what they raise."""
        errors = []
        for callback in tuple(self._msg_callbacks.callbacks):
            with self._told():
                callback(self, content, buffers)
            errors.append(self._error)
        self._error = next(filter(None, errors), "")

    def _words(self) -> str:
        """Say in one line what the widget shows."""
        raise NotImplementedError

    def _picture(self) -> bytes:
        """Draw what the widget shows, as PNG."""
        raise NotImplementedError

    def _facts(self) -> list[tuple[str, str]]:
        """Name the facts that the widget shows."""
        raise NotImplementedError

    def _more_html(self) -> str:
        """Return what else belongs into a saved notebook."""
        return ""

    def _static_html(self, picture: bytes) -> str:
        """Return the picture, its words and the facts for a page without a kernel."""
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
            for name, value in self._facts()
        )
        return (
            f'<div class="kd-static"><p>{img_tag(picture, self._words())}</p>'
            f"<table><tbody>{rows}</tbody></table>{self._more_html()}</div>"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Add a still picture to what anywidget sends, for readers without a kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        picture = card_png(self._picture())
        data["text/html"] = self._static_html(picture)
        data["image/png"] = base64.b64encode(picture).decode("ascii")
        return data, metadata
