"""Strict nbval notices: the lessons are compared, not merely run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from places import LESSONS, ROOT

POLICY = (
    *("--nbval", "--nbval-current-env", "--nbval-cell-timeout", "120"),
    *("--nbval-sanitize-with", str(ROOT / "tests" / "nbval_sanitize.cfg")),
)
DIGITS = next(path for path in LESSONS if path.name.startswith("01_"))


def beginning(notebook, last):
    """Cut a lesson after the cell with this id, to keep the tests short."""
    ids = [cell.id for cell in notebook.cells]
    notebook.cells = notebook.cells[: ids.index(last) + 1]
    return notebook.cells[-1]


def leave(notebook):
    """Alter nothing."""


def alter_a_digit(notebook):
    """Print another digit in the last cell."""
    stream = next(o for o in notebook.cells[-1].outputs if o.output_type == "stream")
    place = next(i for i, sign in enumerate(stream.text) if sign.isdigit())
    new = str((int(stream.text[place]) + 1) % 10)
    stream.text = stream.text[:place] + new + stream.text[place + 1 :]


def alter_a_question(notebook):
    """Ask with another letter."""
    question = next(cell for cell in notebook.cells if cell.id == "round-1-question")
    data = question.outputs[0].data
    assert "<strong>A.</strong>" in data["text/html"]
    data["text/html"] = data["text/html"].replace("<strong>A.</strong>", "<strong>D.</strong>")


def alter_styles_and_pictures(notebook):
    """Change what comes with the outputs and says nothing."""
    changed = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html")
            if page:
                new = page.replace("max-width: 46rem", "max-width: 1rem").replace("iVBOR", "AAAA")
                changed += new != page
                output.data["text/html"] = new
    assert changed >= 3


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """Run strict nbval over four copies of lesson 01, up to its first experiment.

    Returns, for each alteration, the names of the cells that failed, and the number of the last.
    """
    folder, failed = tmp_path_factory.mktemp("copies"), {}
    for alter in (leave, alter_a_digit, alter_a_question, alter_styles_and_pictures):
        notebook = nbformat.read(DIGITS, as_version=4)
        last = beginning(notebook, "round-1-run").execution_count - 1  # nbval counts from 0
        alter(notebook)
        nbformat.write(notebook, folder / f"{alter.__name__}.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", *POLICY, "--rootdir", str(folder), str(folder)]
    cache = ["-o", f"cache_dir={folder / 'cache'}"]
    subprocess.run([*command, *cache], cwd=folder, capture_output=True, check=False)
    told = json.loads((folder / "cache" / "v" / "cache" / "lastfailed").read_text("utf-8"))
    for name in told:
        file, _, cell = name.partition("::")
        failed.setdefault(Path(file).stem, []).append(cell)
    ran = json.loads((folder / "cache" / "v" / "cache" / "nodeids").read_text("utf-8"))
    assert len({name.partition("::")[0] for name in ran}) == 4
    return failed, last


def test_an_untouched_copy_passes(failures):
    assert "leave" not in failures[0]


def test_one_altered_digit_fails(failures):
    failed, last = failures
    assert failed["alter_a_digit"] == [f"Cell {last}"]


def test_an_altered_word_in_a_question_fails(failures):
    assert len(failures[0]["alter_a_question"]) == 1


def test_style_sheets_and_picture_bytes_are_not_compared(failures):
    assert "alter_styles_and_pictures" not in failures[0]


def test_the_policy_is_the_one_that_make_test_runs():
    source = (ROOT / "tools" / "run_tests.py").read_text(encoding="utf-8")
    for option in POLICY[:4]:
        assert f'"{option}"' in source
    assert "nbval-lax" not in source
