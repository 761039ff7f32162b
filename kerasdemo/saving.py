"""What a notebook's file keeps of a widget: the picture, not the view that ends with the kernel.

A file that holds both shows "Error displaying widget: model not found" when it is opened without
its kernel: JupyterLab prefers the live view, also where there is none any more. So the view is left
out of the file wherever a picture is beside it. The open page keeps its view: only what is written
changes.

``make lab`` saves through :class:`kerasdemo.notebook_files.NotebookFiles`. Another Jupyter server,
or a hub, needs one line in ``jupyter_server_config.py``, with the kit installed beside the server::

    c.ServerApp.contents_manager_class = "kerasdemo.notebook_files.NotebookFiles"

or, where the server must keep a contents manager of its own that writes files::

    c.FileContentsManager.pre_save_hook = "kerasdemo.saving.keep_pictures"

This module runs in the server, so it imports the standard library alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

__all__ = ["VIEW", "keep_pictures", "outputs", "page_of", "take_views"]

VIEW = "application/vnd.jupyter.widget-view+json"
PAGE = "text/html"

Place = tuple[Any, int]


def keep_pictures(model: Any, path: str = "", contents_manager: Any = None, **kwargs: Any) -> None:
    """Leave live views out of a notebook that is about to be written: a `pre_save_hook`.

    Parameters
    ----------
    model : dict
        What the server is asked to save; changed in place. Anything but a notebook stays as it is.
    path : str
        Where it will be saved.
    contents_manager : ContentsManager
        Who saves it.
    **kwargs
        What later servers may add.

    Examples
    --------
    >>> data = {"text/html": "<p>picture</p>", VIEW: {"model_id": "1"}}
    >>> cell = {"cell_type": "code", "outputs": [{"output_type": "display_data", "data": data}]}
    >>> keep_pictures({"type": "notebook", "content": {"cells": [cell]}})
    >>> data
    {'text/html': '<p>picture</p>'}
    """
    take_views(model)


def take_views(model: Any) -> dict[Place, Any]:
    """Take the live views out that have a page beside them; return them by their place.

    It never raises: whatever is odd about a notebook, it must be saved.
    """
    taken: dict[Place, Any] = {}
    try:
        for place, data in outputs(model):
            if VIEW in data and page_of(data):
                taken[place] = data.pop(VIEW)
    except Exception:
        logging.getLogger(__name__).warning("live views stay in the file", exc_info=True)
    return taken


def outputs(model: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield place and data of each output of a notebook; the place is cell and number.

    Parameters
    ----------
    model : dict
        A contents model of a Jupyter server.
    """
    if not isinstance(model, dict) or model.get("type") != "notebook":
        return
    content = model.get("content")
    cells = content.get("cells") if isinstance(content, dict) else None
    for at, cell in enumerate(cells if isinstance(cells, list) else ()):
        held = cell.get("outputs") if isinstance(cell, dict) else None
        for number, output in enumerate(held if isinstance(held, list) else ()):
            data = output.get("data") if isinstance(output, dict) else None
            if isinstance(data, dict):
                yield (str(cell.get("id", at)), number), data


def page_of(data: dict[str, Any]) -> str:
    """Return the page of an output as one text; files keep long texts as a list of lines."""
    page = data.get(PAGE) or ""
    return "".join(page) if isinstance(page, list) else str(page)
