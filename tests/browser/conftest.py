"""Fixtures for tests in a real JupyterLab; `open_notebook` is the one to ask for.

The server and the browser are started once for all the tests, and one JupyterLab in a page shows
their notebooks one after the other.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from lab import CHROMIUM_ARGS, LabServer, find_chromium, notebook_of
from lab_page import OpenNotebook, Pages

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


@pytest.fixture(scope="session")
def pages(browser):
    """Return the pages that the tests use one after the other."""
    pages = Pages(browser)
    yield pages
    pages.close()


@pytest.fixture
def open_notebook(request, pages, lab_server):
    """Return a function that opens a notebook in JupyterLab and runs it.

    ``open_notebook("code of a cell", ..., theme="dark")`` or ``open_notebook(path=file)``, which
    opens a copy. At the end the test fails when the browser's console held an error.
    """
    opened: list[OpenNotebook] = []
    failed = request.session.testsfailed

    def open_one(*cells: str, path: Path | None = None, theme: str = "light", run: bool = True):
        name = f"{len(list(lab_server.root.iterdir()))}_{path.name if path else 'test.ipynb'}"
        if path is not None:
            shutil.copy(path, lab_server.root / name)
        else:
            nbformat.write(notebook_of(*cells), lab_server.root / name)
        notebook = pages.open(lab_server, name, theme)
        opened.append(notebook)
        if run:
            notebook.run_all()
        return notebook

    yield open_one
    errors = [error for notebook in opened for error in notebook.errors]
    for notebook in opened:
        pages.put_away(notebook, spoiled=request.session.testsfailed > failed)
    assert errors == []


@pytest.fixture(scope="session")
def warm_notebooks(pages):
    """Return the notebooks whose kernels several modules use in turn, by name."""
    opened: dict[str, OpenNotebook] = {}
    yield opened
    for notebook in opened.values():
        pages.put_away(notebook)


@pytest.fixture(scope="module")
def shared_notebook(request, pages, lab_server, warm_notebooks):
    """Return a notebook that the tests of a module share: its first cell is the module's SETUP.

    Modules that name the same KERNEL share one, too: TensorFlow takes seconds to be imported. What
    the module before had in it is forgotten, but for changes of what it imported.
    """
    failed, module = request.session.testsfailed, request.module
    kernel = getattr(module, "KERNEL", None)
    if kernel in warm_notebooks:
        notebook = warm_notebooks.pop(kernel)
        notebook.begin_anew(module.SETUP)
    else:
        name = f"{module.__name__}.ipynb"
        nbformat.write(notebook_of(module.SETUP), lab_server.root / name)
        notebook = pages.open(lab_server, name)
        notebook.run_all()
    yield notebook
    spoiled = request.session.testsfailed > failed
    if kernel is None or spoiled:
        pages.put_away(notebook, spoiled=spoiled)
    else:
        warm_notebooks[kernel] = notebook


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
