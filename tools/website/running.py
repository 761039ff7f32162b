"""Run a lesson and keep its widgets: what the page shows is what a kernel would have sent.

The words of a page are those of the committed notebook; the run adds the widgets' state alone. It
is kept in ``build/site-cache`` under a hash of the lesson and of the kit, so it is done once.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import make_notebooks
import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / "build" / "site-cache"
STATE = "application/vnd.jupyter.widget-state+json"
LAST = "kerasdemo-site-pads"
# Whose model each drawing pad asks: only the shipped classifier has its weights on the site.
PADS = """
def _pads():
    import gc
    import sys
    drawing = sys.modules.get("kerasdemo.widgets.drawing_pad")
    pads = [it for it in gc.get_objects() if drawing and isinstance(it, drawing.DrawingPad)]
    pads = [pad for pad in pads if pad.comm is not None]
    if not pads:
        return {}
    import numpy as np
    import kerasdemo
    shipped = kerasdemo.load_classifier().get_weights()
    def like(model):
        own = model.get_weights()
        return [w.shape for w in own] == [w.shape for w in shipped] and all(
            map(np.array_equal, own, shipped))
    return {pad.model_id: "none" if pad.model is None else
            "shipped" if like(pad.model) else "other" for pad in pads}

import json as _json
print(_json.dumps(_pads()))
"""


class Run:
    """A lesson that was run: its cells, the state of its widgets, whom its drawing pads ask.

    Parameters
    ----------
    notebook : NotebookNode
        As `run_with_widgets` returns it.
    """

    def __init__(self, notebook: NotebookNode) -> None:
        cells = {cell.id: cell for cell in notebook.cells}
        last = cells.pop(LAST, None)
        self.cells: dict[str, NotebookNode] = cells
        held = notebook.metadata.get("widgets", {}).get(STATE, {})
        self.state: dict[str, Any] = held.get("state", {})
        streams = last.outputs if last else []
        said = "".join(it.text for it in streams if it.get("name") == "stdout") or "{}"
        self.pads: dict[str, str] = json.loads(said)


def source_hash(root: Path = ROOT) -> str:
    """Return one hash of all that a widget's state depends on besides the lesson."""
    total = hashlib.sha256()
    files = [path for path in (root / "kerasdemo").rglob("*") if path.is_file()]
    for path in sorted([*files, Path(__file__), Path(make_notebooks.__file__)]):
        if "__pycache__" not in path.parts:
            total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


def run_with_widgets(path: Path) -> NotebookNode:
    """Run a lesson in a kernel and return it with the state of its widgets.

    Raises
    ------
    make_notebooks.LessonError
        When a cell fails; it names the lesson and the cell.
    """
    notebook = copy.deepcopy(nbformat.read(path, as_version=4))
    notebook.cells.append(nbformat.v4.new_code_cell(PADS, id=LAST))
    return make_notebooks.execute(notebook, path, keep_widgets=True)


def run(path: Path, sources: str, cache: Path = CACHE) -> tuple[Run, bool]:
    """Return a lesson's run, and whether it was made just now.

    Parameters
    ----------
    path : Path
        The notebook.
    sources : str
        What `source_hash` says.
    cache : Path
        Where runs are kept; of one lesson, the last alone.
    """
    kept = _place(path, sources, cache)
    if kept.exists():
        return Run(nbformat.read(kept, as_version=4)), False
    notebook = run_with_widgets(path)
    keep(notebook, path, sources, cache)
    return Run(notebook), True


def keep(notebook: NotebookNode, path: Path, sources: str, cache: Path = CACHE) -> None:
    """Keep what `run_with_widgets` returned, so that `run` need not run that lesson again."""
    kept = _place(path, sources, cache)
    cache.mkdir(parents=True, exist_ok=True)
    for old in cache.glob(f"{path.stem}.*"):
        old.unlink()
    new = kept.with_suffix(".new")
    nbformat.write(notebook, new)
    os.replace(new, kept)


def _place(path: Path, sources: str, cache: Path) -> Path:
    """Return where a lesson's run is kept: its name changes with the lesson and the sources."""
    key = hashlib.sha256(sources.encode() + path.read_bytes()).hexdigest()[:16]
    return cache / f"{path.stem}.{key}.ipynb"
