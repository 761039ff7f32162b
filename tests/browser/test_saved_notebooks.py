"""A notebook that was saved, and is opened again: tomorrow, after a reload, after a restart."""

from __future__ import annotations

import json

import nbformat
import pytest
from lab import LabServer, notebook_of
from lab_page import OpenNotebook

pytestmark = pytest.mark.browser

SETUP = """
import numpy as np
from kerasdemo.widgets import SoftmaxView
"""
CELL = "soft = SoftmaxView([[0.9, 0.1], [0.2, 0.8]], labels=[0, 1])\nsoft"
ERROR = "Error displaying widget"
WAYS = {
    "make lab": {"ServerApp": {"contents_manager_class": "kerasdemo.notebook_files.NotebookFiles"}},
    "a hub's hook": {"FileContentsManager": {"pre_save_hook": "kerasdemo.saving.keep_pictures"}},
    "as Jupyter comes": {},
}


@pytest.fixture(
    scope="module",
    params=[
        "make lab",
        pytest.param("a hub's hook", marks=pytest.mark.long),
        pytest.param("as Jupyter comes", marks=pytest.mark.long),
    ],
)
def way(request):
    return request.param


@pytest.fixture(scope="module")
def server(way, tmp_path_factory):
    """Return a JupyterLab that is set up in its configuration file, as a teacher would."""
    pytest.importorskip("jupyterlab", reason="no JupyterLab; get it with: pip install jupyterlab")
    server = LabServer(tmp_path_factory.mktemp("saving"))
    folder = server.home / "config"
    folder.mkdir()
    (folder / "jupyter_server_config.json").write_text(json.dumps(WAYS[way]))
    server.start()
    yield server
    server.end_kernels()
    server.stop()


@pytest.fixture
def saved(browser, server):
    """Return a notebook that was run, used and saved."""
    name = f"{len(list(server.root.iterdir()))}.ipynb"
    nbformat.write(notebook_of(SETUP, CELL), server.root / name)
    context = browser.new_context(viewport={"width": 1024, "height": 1000})
    context.set_default_timeout(60_000)
    notebook = OpenNotebook(server, context.new_page(), name)
    notebook.run_all()
    live(notebook).get_by_role("button", name="Next").click()
    live(notebook).get_by_text("Sample 1, labelled 1").wait_for()
    notebook.save()
    notebook.page.wait_for_function(
        "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
    )
    yield notebook
    context.close()
    server.end_kernels()


def live(notebook):
    return notebook.page.locator(".kd-softmax-view")


def picture(notebook):
    return notebook.page.locator(".jp-OutputArea-output img")


def text(notebook):
    return notebook.page.locator(".jp-Notebook").inner_text()


def written(server, notebook):
    name = notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
    (output,) = nbformat.read(server.root / name, 4).cells[1].outputs
    return sorted(output.data)


def test_the_open_page_keeps_its_view(saved):
    live(saved).get_by_role("button", name="Previous").click()
    live(saved).get_by_text("Sample 0, labelled 0").wait_for()
    assert saved.wait_for_print("soft.index", "0") == "0"


def test_the_file_can_be_read_without_a_kernel(saved, server, way):
    kinds = ["image/png", "text/html", "text/plain"]
    view = ["application/vnd.jupyter.widget-view+json"]
    assert written(server, saved) == (view if way == "as Jupyter comes" else []) + kinds


def test_after_a_reload_while_the_kernel_lives(saved, way):
    saved.open()
    if way == "a hub's hook":
        picture(saved).wait_for()
        assert ERROR not in text(saved)
        return
    live(saved).get_by_text("Sample 1, labelled 1").wait_for()
    live(saved).get_by_role("button", name="Previous").click()
    assert saved.wait_for_print("soft.index", "0") == "0"


def test_opened_tomorrow(saved, server, way):
    server.end_kernels()
    saved.open()
    if way == "as Jupyter comes":  # so that this test can fail
        saved.page.get_by_text(ERROR).wait_for()
        return
    picture(saved).wait_for()
    assert picture(saved).evaluate("(img) => img.complete && img.naturalWidth") > 100
    assert "Most likely 0 (90.0 %)" in text(saved), "the facts beside the picture"
    assert ERROR not in text(saved)
    assert "model not found" not in text(saved)
    saved.run_all()
    live(saved).wait_for()


def test_after_a_restart_and_a_reload(saved, way):
    saved.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    saved.open()
    if way == "as Jupyter comes":
        saved.page.get_by_text(ERROR).wait_for()
        return
    picture(saved).wait_for()
    assert ERROR not in text(saved)


def test_after_a_save_of_the_reloaded_page(saved, server, way):
    saved.open()
    saved.page.wait_for_timeout(500)
    saved.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.model.sharedModel.insertCell(2,"
        " { cell_type: 'markdown', source: 'a thought at midnight' })"
    )
    saved.save()
    saved.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    server.end_kernels()
    saved.open()
    saved.page.get_by_role("paragraph").get_by_text("a thought at midnight").wait_for()
    if way != "as Jupyter comes":
        picture(saved).wait_for()
        assert ERROR not in text(saved)
