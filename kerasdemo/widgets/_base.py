"""What the widgets share in Python: their page code, their still picture, their errors."""

from __future__ import annotations

import base64
import html
import re
from importlib import resources
from typing import Any

import anywidget
import traitlets

from kerasdemo.view.images import img_tag

SHARED = ("pure", "common")
IMPORT = re.compile(r"^import \{[^}]*\} from \"\./\w+\.js\";\n", flags=re.MULTILINE)
EXPORT = re.compile(r"^export (?!default )", flags=re.MULTILINE)


def page_module(*names: str) -> str:
    """Join the shared scripts and the named ones into the one module that anywidget takes.

    A module that arrives as text cannot import its neighbours, so the imports go and the files
    follow each other in one scope.

    Parameters
    ----------
    *names : str
        Scripts beside this file, without ``.js``; the last one has the default export.
    """
    parts = [_read(f"{name}.js") for name in (*SHARED, *names)]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", part)) for part in parts)


def page_style(name: str) -> str:
    """Join the shared stylesheet and a widget's own."""
    return _read("common.css") + _read(f"{name}.css")


def _read(name: str) -> str:
    """Return the text of a file beside this one."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


class KitWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """A widget that shows its errors, and that can be read without a kernel.

    The classes below say three things: `_words` (one line), `_picture` (PNG) and `_facts`.
    """

    _error = traitlets.Unicode("").tag(sync=True)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page sends; show and log what a callback of yours raises on it."""
        try:
            super().set_state(sync_data)
        except Exception as error:
            first = str(error).strip().partition("\n")[0]
            self.log.exception("%s: error in a callback", type(self).__name__)
            self._error = f"{type(error).__name__}: {first}" if first else type(error).__name__
        else:
            self._error = ""

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
        picture = self._picture()
        data["text/html"] = self._static_html(picture)
        data["image/png"] = base64.b64encode(picture).decode("ascii")
        return data, metadata
