"""From the state of a lesson's widgets to what its page needs of them, each thing once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kerasdemo.saving import VIEW
from kerasdemo.widgets.drawing_pad import EMPTY
from website.running import Run

REFERENCE = "IPY_MODEL_"
BOXES = {"BoxModel": "", "HBoxModel": "row", "VBoxModel": "column"}
LINKS = {"LinkModel": True, "DirectionalLinkModel": False}
DRAWING_PAD = "kerasdemo.widgets.drawing_pad.DrawingPad"
# What the front end alone reads, or what lies in a file of its own.
LEFT_OUT = re.compile(r"_esm|_css|_anywidget_id|_(model|view)_(module|name|module_version|count)")


@dataclass
class Module:
    """The page code of one kind of widget: an ES module and its style sheet."""

    name: str
    script: str
    style: str


@dataclass
class Views:
    """What a page needs to show its widgets.

    `models` maps an id to its kind and state; a value of bytes stands in `buffers` as base64, where
    alike ones are one. `modules` are those of the models, by name.
    """

    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    buffers: list[str] = field(default_factory=list)
    modules: dict[str, Module] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return models and buffers as JSON that may stand in a script element."""
        text = json.dumps({"models": self.models, "buffers": self.buffers}, separators=(",", ":"))
        return text.replace("<", "\\u003c")


def collect(run: Run, wanted: list[str]) -> tuple[Views, dict[str, str]]:
    """Return what these models and all that hangs on them need; and what cannot be shown, and why.

    Parameters
    ----------
    run : Run
        The lesson.
    wanted : list of str
        Ids of the models that have a view on the page.
    """
    views, refused = Views(), {}
    for model_id in wanted:
        family = list(_family(run.state, model_id))
        odd = [name for one in family if (name := _not_ours(run.state.get(one)))]
        if odd:
            refused[model_id] = ", ".join(sorted(set(odd)))
            continue
        for one in family:
            _add(views, run, one)
    for model_id, record in run.state.items():
        ends = [record["state"].get(end) for end in ("source", "target")]
        if record["model_name"] in LINKS and all(
            end and end[0].removeprefix(REFERENCE) in views.models for end in ends
        ):
            _add(views, run, model_id)
    return views, refused


def view_of(output: Any) -> str | None:
    """Return the id of the model that an output shows."""
    view = output.get("data", {}).get(VIEW)
    return view["model_id"] if view else None


def _family(state: dict[str, Any], model_id: str) -> Iterator[str]:
    """Yield a model and what lies in it, if it is a box."""
    yield model_id
    record = state.get(model_id, {})
    if record.get("model_name") in BOXES:
        for child in record["state"].get("children", []):
            yield from _family(state, child.removeprefix(REFERENCE))


def _not_ours(record: Any) -> str:
    """Name a widget that the site's player does not know; "" for one that it knows."""
    if record is None:
        return "a closed widget"
    name = str(record["model_name"])
    return "" if name == "AnyModel" or name in BOXES else name


def _add(views: Views, run: Run, model_id: str) -> None:
    if model_id in views.models:
        return
    record = run.state[model_id]
    name = record["model_name"]
    state = {k: v for k, v in record["state"].items() if not LEFT_OUT.fullmatch(k)}
    for buffer in record.get("buffers", []):
        _put_buffer(views, state, buffer)
    entry: dict[str, Any] = {"state": state}
    if name == "AnyModel":
        entry["module"] = _add_module(views, record["state"])
        if record["state"].get("_anywidget_id") == DRAWING_PAD:
            entry |= {"reads": run.pads.get(model_id, "other"), "empty": EMPTY}
    elif name in LINKS:
        entry["link"] = LINKS[name]
    else:
        entry["box"] = BOXES[name]
    layout = state.pop("layout", "").removeprefix(REFERENCE)
    wishes = run.state.get(layout, {}).get("state", {}).items()
    if layout := {k: v for k, v in wishes if not k.startswith("_") and v is not None}:
        entry["layout"] = layout
    views.models[model_id] = entry


def _put_buffer(views: Views, state: dict[str, Any], buffer: dict[str, Any]) -> None:
    if buffer["data"] not in views.buffers:
        views.buffers.append(buffer["data"])
    *way, last = buffer["path"]
    place: Any = state
    for step in way:
        place = place[step]
    place[last] = {"$bytes": views.buffers.index(buffer["data"])}


def _add_module(views: Views, state: dict[str, Any]) -> str:
    """Keep the widget's page code under a name that changes with it."""
    script, style = str(state["_esm"]), str(state.get("_css") or "")
    kind = str(state.get("_anywidget_id", "widget")).rpartition(".")[2].lower()
    name = f"{kind}-{hashlib.sha256((script + style).encode()).hexdigest()[:8]}"
    views.modules.setdefault(name, Module(name, script, style))
    return name
