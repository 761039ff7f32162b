"""Execute the lessons in place, so that each stored output is what its code prints today.

    python tools/make_notebooks.py               every notebook in notebooks/
    python tools/make_notebooks.py --check       changes nothing, names the notebooks that would
    python tools/make_notebooks.py FILE ...      only these
    python tools/make_notebooks.py --times-only  measure the runs, touch nothing but the headers

A second run changes no byte: widget state is dropped, cell ids are words, metadata is trimmed,
and a cell tagged `nbval-ignore-output` keeps its stored output while only numbers differ. The
header's neighbours and seconds are written, too; `lesson_times` says which seconds.
"""

from __future__ import annotations

import argparse
import copy
import os
import re
import sys
from pathlib import Path

import nbformat
from lesson_times import Took, stopwatch, to_store, write_header
from nbformat import NotebookNode

from kerasdemo.lesson_files import running
from kerasdemo.lesson_files.running import LessonError

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
IGNORED = "nbval-ignore-output"
SECONDS_A_CELL = 120
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
# PYTEST_CURRENT_TEST keeps ipykernel from capturing the file descriptors, as under nbval: the
# log lines of TensorFlow's C++ side then stay out of the notebook.
ENVIRONMENT = {
    "PYTEST_CURRENT_TEST": "make notebooks",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


def execute(notebook: NotebookNode, path: Path, *, keep_widgets: bool = False) -> NotebookNode:
    """Run a copy of a notebook from top to bottom, in the notebook's own folder.

    With `keep_widgets`, its metadata hold the state of every widget (`make site` shows them).
    """
    fresh: NotebookNode = running.execute(
        notebook,
        path,
        environment=ENVIRONMENT,
        seconds_a_cell=SECONDS_A_CELL,
        keep_widgets=keep_widgets,
    )
    return fresh


def normalise(notebook: NotebookNode, before: NotebookNode | None = None) -> NotebookNode:
    """Return the notebook with all that changes from run to run taken out.

    `before` is the stored version; its ignored cells keep their outputs while only numbers differ.
    """
    clean = copy.deepcopy(notebook)
    clean.metadata = NotebookNode(kernelspec=KERNELSPEC, language_info=LANGUAGE)
    clean.nbformat, clean.nbformat_minor = 4, 5
    _name_cells(clean)
    stored = {cell.get("id"): cell for cell in before.cells} if before else {}
    for cell in clean.cells:
        kept = {key: cell.metadata[key] for key in ("tags", "nbgrader") if cell.metadata.get(key)}
        cell.metadata = NotebookNode(kept)
        cell.source = cell.source.rstrip()
        if cell.cell_type != "code":
            continue
        if IGNORED in kept.get("tags", []):
            cell.outputs = [output for output in cell.outputs if not _is_passing(output)]
        cell.outputs = [_clean_output(output) for output in _merge_streams(cell.outputs)]
        old = stored.get(cell.id)
        if old and IGNORED in kept.get("tags", []) and _same_but_for_numbers(old, cell):
            cell.outputs = old.outputs
    return clean


def _is_passing(output: NotebookNode) -> bool:
    """Say whether this is a progress bar: a widget without a static form, there on a slow day."""
    return WIDGET_VIEW in output.get("data", {}) and "text/html" not in output.data


def _clean_output(output: NotebookNode) -> NotebookNode:
    output = copy.deepcopy(output)
    for key in ("data", "metadata"):
        if key in output:
            output[key].pop(WIDGET_VIEW, None)
    output.pop("transient", None)
    if "text" in output:
        output.text = re.sub(r"[^\n]*\r(?!\n)", "", _without_places(output.text))  # what a bar left
    for kind, value in output.get("data", {}).items():
        if kind.startswith("text/"):
            output.data[kind] = _without_places(value)
    return output


def _without_places(text: str) -> str:
    """Write the folders of this machine as everybody's: `.venv` and `~`."""
    text = text.replace(sys.prefix, ".venv")
    home = Path.home()
    if home == home.parent:  # the root, as in some containers: every "/" would be a "~"
        return text
    return text.replace(str(home), "~")


def _merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of one stream: where they are cut is a matter of timing."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if (
            last is not None
            and output.output_type == last.output_type == "stream"
            and output.name == last.name
        ):
            last.text += output.text
        else:
            merged.append(output)
    return merged


def _name_cells(notebook: NotebookNode) -> None:
    """Give each cell a readable id; keep those that authors chose."""
    taken: set[str] = set()
    for cell in notebook.cells:
        name = cell.get("id", "")
        if not name or re.fullmatch(r"[0-9a-f]{8}(-?[0-9a-f]{4}){0,3}(-?[0-9a-f]{12})?", name):
            words = re.findall(r"[a-z0-9]+", cell.source.lower())[:5]
            name = "-".join(words)[:48] or cell.cell_type
        unique, number = name, 1
        while unique in taken:
            number += 1
            unique = f"{name}-{number}"
        taken.add(unique)
        cell.id = unique


def _same_but_for_numbers(old: NotebookNode, new: NotebookNode) -> bool:
    return old.source == new.source and _shape(old.outputs) == _shape(new.outputs)


def _shape(outputs: list[NotebookNode]) -> list[str]:
    """Return the outputs' text with each number and each gap replaced by one sign.

    Left out are pictures in HTML, and what its list items say: sentences that depend on the numbers
    ("predict_on_batch is quickest up to 32").
    """
    texts = []
    for output in outputs:
        data = {k: v for k, v in output.get("data", {}).items() if not k.startswith("image/")}
        text = output.get("text") or repr(sorted(data.items()))
        text = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]*|<li>.*?</li>", "", text)
        words = re.sub(r"[\d.,]*\d(e[-+]?\d+)?", "#", text)
        texts.append(output.output_type + re.sub(r"[\s━─-]+", " ", words))
    return texts


def make(path: Path, options: argparse.Namespace) -> tuple[str, str, Took]:
    """Return a notebook's stored text, its text when made anew, and what its run took."""
    stored = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(stored, as_version=4)
    whole = copy.deepcopy(notebook)
    _name_cells(notebook)
    with stopwatch() as took:
        done = execute(notebook, path)
    fresh = whole if options.times_only else normalise(done, notebook)
    keep = options.keep_times or options.check
    seconds = to_store(notebook, took, keep=keep, store=options.store_times)
    write_header(fresh, path, seconds)
    nbformat.validate(fresh)
    return stored, nbformat.writes(fresh) + "\n", took


def main(arguments: list[str] | None = None) -> int:
    """Make or check the notebooks named, or all lessons. Returns the exit status."""
    options = _parse(arguments)
    status = 0
    for path in options.notebooks:
        try:
            stored, text, took = make(path, options)
        except LessonError as error:
            print(error, file=sys.stderr)
            status = 1
            continue
        changed = text != stored
        if changed and not options.check:
            _write(path, text)
        word = "would change" if options.check else "changed"
        print(f"{path.name}: {word if changed else 'unchanged'} ({took})", flush=True)
        status = max(status, int(changed and options.check))
    return status


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if one would")
    parser.add_argument(
        "--times-only", action="store_true", help="measure, and change the headers alone"
    )
    times = parser.add_mutually_exclusive_group()
    times.add_argument("--keep-times", action="store_true", help="leave the stored seconds alone")
    times.add_argument(
        "--store-times", action="store_true", help="store new seconds, be the machine busy or not"
    )
    options = parser.parse_args(arguments)
    options.notebooks = options.notebooks or sorted(FOLDER.glob("*.ipynb"))
    if missing := [str(path) for path in options.notebooks if not path.is_file()]:
        parser.error(f"no such notebook: {', '.join(missing)}")
    return options


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, so that an interrupted run leaves the old one whole."""
    new = path.with_suffix(".ipynb.new")
    new.write_text(text, encoding="utf-8", newline="\n")
    os.replace(new, path)


if __name__ == "__main__":
    sys.exit(main())
