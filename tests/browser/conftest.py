"""Fixtures for tests in a real JupyterLab; `open_notebook` is the one to ask for.

The server and the browser are started once for all the tests, and a page for each notebook.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from lab import CHROMIUM_ARGS, LabServer, find_chromium, notebook_of
from lab_page import OpenNotebook

VIEWPORT = {"width": 1024, "height": 1000}
PATIENCE = 60_000  # milliseconds that an action may take on a machine that is busy with others
REMARKS: list[str] = []


@pytest.fixture(scope="session")
def remark():
    """Return a function that notes what is worth reading at the end, and is no failure."""
    return REMARKS.append


def pytest_terminal_summary(terminalreporter):
    """Print what the tests remarked."""
    if REMARKS:
        terminalreporter.section("remarks")
        for line in dict.fromkeys(REMARKS):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def browser():
    """Return the system's Chromium, driven by Playwright."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no Playwright; get it with: pip install playwright"
    )
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium; get it with: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory):
    """Return a running JupyterLab over a temporary folder."""
    pytest.importorskip("jupyterlab", reason="no JupyterLab; get it with: pip install jupyterlab")
    server = LabServer(tmp_path_factory.mktemp("lab"))
    server.start()
    yield server
    server.end_kernels()
    server.stop()


@pytest.fixture
def open_notebook(browser, lab_server):
    """Return a function that opens a notebook in JupyterLab and runs it.

    ``open_notebook("code of a cell", ..., theme="dark")`` or ``open_notebook(path=file)``, which
    opens a copy. At the end the test fails when the browser's console held an error.
    """
    opened: list[OpenNotebook] = []
    contexts = []

    def open_one(*cells: str, path: Path | None = None, theme: str = "light", run: bool = True):
        name = f"{len(list(lab_server.root.iterdir()))}_{path.name if path else 'test.ipynb'}"
        if path is not None:
            shutil.copy(path, lab_server.root / name)
        else:
            nbformat.write(notebook_of(*cells), lab_server.root / name)
        lab_server.set_theme(theme)
        context = browser.new_context(viewport=VIEWPORT)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        notebook = OpenNotebook(lab_server, context.new_page(), name)
        opened.append(notebook)
        if run:
            notebook.run_all()
        return notebook

    yield open_one
    for context in contexts:
        context.close()
    for notebook in opened:
        lab_server.end_kernels(notebook.path)
    assert [error for notebook in opened for error in notebook.errors] == []


@pytest.fixture(scope="module")
def shared_notebook(request, browser, lab_server):
    """Return a notebook that the tests of a module share: its first cell is the module's SETUP."""
    name = f"{request.module.__name__}.ipynb"
    nbformat.write(notebook_of(request.module.SETUP), lab_server.root / name)
    lab_server.set_theme("light")
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(PATIENCE)
    notebook = OpenNotebook(lab_server, context.new_page(), name)
    notebook.run_all()
    yield notebook
    context.close()
    lab_server.end_kernels(name)


@pytest.fixture
def show(shared_notebook):
    """Return a function that shows other cells in the shared notebook: quicker than a new one.

    At the end the test fails when the browser's console held an error.
    """

    def show_cells(*cells: str, theme: str = "light"):
        shared_notebook.use_theme(theme)
        shared_notebook.show(*cells)
        return shared_notebook

    shared_notebook.errors.clear()
    yield show_cells
    assert shared_notebook.errors == []
