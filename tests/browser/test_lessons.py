"""Each lesson, run from top to bottom in a real JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
FEW = ("03",)  # nbval runs every lesson each time; here the others are long
BROKEN = ("Loading widget", "Error displaying widget", "model not found")


def wrong_outputs(notebook) -> list[str]:
    """Name the outputs that no lesson should have."""
    return [
        f"{output.get('ename', output.get('name'))}: {output.get('evalue', output.get('text'))}"
        for output in notebook.outputs()
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]


def broken_widgets(notebook, looks: int = 50) -> list[str]:
    """Return what the page says of widgets that it could not show, after some time to do so."""
    notebook.scroll_through()
    for _ in range(looks):
        page = notebook.page.locator(".jp-Notebook").inner_text()
        said = [words for words in BROKEN if words in page]
        if not said:
            break
        notebook.page.wait_for_timeout(200)
    return said


@pytest.mark.parametrize(
    "lesson",
    [
        pytest.param(path, id=path.stem, marks=() if path.stem[:2] in FEW else pytest.mark.long)
        for path in LESSONS
    ],
)
def test_a_lesson_runs_in_jupyterlab_without_any_error(open_notebook, lesson):
    notebook = open_notebook(path=lesson, run=False)
    notebook.run_all(timeout=180)
    assert wrong_outputs(notebook) == []
    assert broken_widgets(notebook) == []


def test_an_error_a_warning_and_a_missing_widget_would_be_seen(open_notebook):
    notebook = open_notebook(
        "import sys; print('careful', file=sys.stderr)",
        "from IPython.display import display\n"
        "kind = 'application/vnd.jupyter.widget-view+json'\n"
        "display({kind: {'model_id': 'gone', 'version_major': 2, 'version_minor': 0}}, raw=True)",
        "1 / 0",
    )
    assert wrong_outputs(notebook) == [
        "stderr: careful\n",
        "ZeroDivisionError: division by zero",
    ]
    assert broken_widgets(notebook, looks=5) != []
    for _ in range(50):  # what the page shows at once, the console says when it gives up
        if notebook.errors:
            break
        notebook.page.wait_for_timeout(200)
    assert notebook.errors
    notebook.errors.clear()
