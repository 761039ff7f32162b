"""Strict nbval notices: the lessons are compared, not merely run."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from places import LESSONS, ROOT

POLICY = (
    *("--nbval", "--nbval-current-env", "--nbval-cell-timeout", "120"),
    *("--nbval-sanitize-with", str(ROOT / "tests" / "nbval_sanitize.cfg")),
)
DIGITS = next(path for path in LESSONS if path.name.startswith("01_"))


def nbval(path):
    """Run strict nbval over one notebook in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *POLICY, str(path)]
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True)


def beginning(notebook, last):
    """Cut a lesson after the cell with this id, to keep the test short."""
    ids = [cell.id for cell in notebook.cells]
    notebook.cells = notebook.cells[: ids.index(last) + 1]
    return notebook.cells[-1]


@pytest.fixture
def copied(read_lesson, tmp_path):
    """Return lesson 01 up to its first experiment, that cell, and where the copy goes."""
    notebook = read_lesson(DIGITS)
    return notebook, beginning(notebook, "round-1-run"), tmp_path / DIGITS.name


def test_an_untouched_copy_passes(copied):
    notebook, _, path = copied
    nbformat.write(notebook, path)
    done = nbval(path)
    assert done.returncode == 0, done.stdout


def test_one_altered_digit_fails(copied):
    notebook, cell, path = copied
    stream = next(output for output in cell.outputs if output.output_type == "stream")
    place = next(i for i, sign in enumerate(stream.text) if sign.isdigit())
    new = str((int(stream.text[place]) + 1) % 10)
    stream.text = stream.text[:place] + new + stream.text[place + 1 :]
    nbformat.write(notebook, path)
    done = nbval(path)
    assert done.returncode == 1
    assert done.stdout.count("FAILED") == 1, done.stdout
    assert f"Cell {cell.execution_count - 1} " in done.stdout, "nbval counts code cells from 0"


def test_an_altered_word_in_a_question_fails(copied):
    notebook, _, path = copied
    question = next(cell for cell in notebook.cells if cell.id == "round-1-question")
    data = question.outputs[0].data
    assert "<strong>A.</strong>" in data["text/html"]
    data["text/html"] = data["text/html"].replace("<strong>A.</strong>", "<strong>D.</strong>")
    nbformat.write(notebook, path)
    done = nbval(path)
    assert done.returncode == 1
    assert done.stdout.count("FAILED") == 1, done.stdout


def test_style_sheets_and_picture_bytes_are_not_compared(copied):
    notebook, _, path = copied
    changed = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html")
            if page:
                new = page.replace("max-width: 46rem", "max-width: 1rem").replace("iVBOR", "AAAA")
                changed += new != page
                output.data["text/html"] = new
    assert changed >= 3
    nbformat.write(notebook, path)
    done = nbval(path)
    assert done.returncode == 0, done.stdout


def test_the_policy_is_the_one_that_make_test_runs():
    source = (ROOT / "tools" / "run_tests.py").read_text(encoding="utf-8")
    for option in POLICY[:4]:
        assert f'"{option}"' in source
    assert "nbval-lax" not in source
