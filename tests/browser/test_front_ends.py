"""The same widgets in Notebook 7 and in Voila: shown, used, heard by the kernel, dark and light."""

from __future__ import annotations

import re
import urllib.request
from urllib.parse import urlsplit

import nbformat
import pytest
from examples import EXAMPLES, SETUP
from lab import NotebookServer, VoilaServer, notebook_of
from lab_page import NOT_OURS, OpenNotebook
from test_lessons import BROKEN

pytestmark = pytest.mark.browser

VIEWPORT = {"width": 1024, "height": 1000}
CELL = "\n".join(
    line
    for example in EXAMPLES.values()
    for line in [
        *example.cell.splitlines()[:-1],
        f"display({example.variable}, told({example.variable}, '{example.variable}'))",
    ]
)
# What Voila cannot load, or loads from elsewhere, whatever the notebook holds.
NOT_OURS_IN_VOILA = (
    *NOT_OURS,
    "@jupyter-notebook/lab-extension",  # made for JupyterLab alone; Voila tries it all the same
    "Failed to load resource: net::",  # icons that Voila's page takes from a network
)


def running(kind, home):
    server = kind(home)
    server.start()
    nbformat.write(notebook_of(SETUP, CELL), server.root / "widgets.ipynb")
    return server


@pytest.fixture(scope="module")
def notebook_server(tmp_path_factory):
    pytest.importorskip("notebook", reason="no Notebook 7; get it with: make test")
    server = running(NotebookServer, tmp_path_factory.mktemp("notebook"))
    yield server
    server.end_kernels()
    server.stop()


@pytest.fixture(scope="module")
def voila_server(tmp_path_factory):
    pytest.importorskip("voila", reason="no Voila; get it with: make test")
    server = running(VoilaServer, tmp_path_factory.mktemp("voila"))
    yield server
    server.stop()


@pytest.fixture
def page(browser):
    """Return a page of its own, that remembers which hosts it asked."""
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.hosts = set()
    page.on("request", lambda asked: page.hosts.add(urlsplit(asked.url).hostname or "127.0.0.1"))
    yield page
    context.close()


def use(page, theme: str) -> None:
    """Click and type in each widget, and read what the kernel heard."""
    for example in EXAMPLES.values():
        root = page.locator(example.selector)
        root.and_(page.locator(f'[data-kd-theme="{theme}"]')).wait_for()
        root.scroll_into_view_if_needed()
        line = page.locator(f".told-{example.variable}")
        for act, trait in [(example.click, example.clicked), (example.key, example.keyed)]:
            act(root)
            line.get_by_text(re.compile(rf"told: .*\b{trait}\b")).wait_for()
        assert root.get_by_text("Error").count() == 0
        assert root.evaluate("(root) => root.getBoundingClientRect().right <= innerWidth")


def test_every_widget_works_in_notebook_7(notebook_server, page):
    notebook = OpenNotebook(notebook_server, page, "widgets.ipynb")
    notebook.errors.clear()  # what Notebook says of itself before there is a widget
    notebook.run_all()
    use(page, "light")
    notebook.use_theme("dark")
    notebook.run_all()
    use(page, "dark")
    for example in EXAMPLES.values():
        example.key(page.locator(example.selector))
        for key in ("x", "d", "d", "b", "z"):  # would cut, delete, add a cell, undo
            page.keyboard.press(key)
    assert notebook.cell_count == 2
    said = page.locator("body").inner_text()
    assert [words for words in BROKEN if words in said] == []
    assert notebook.errors == []
    assert page.hosts == {"127.0.0.1"}


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_every_widget_works_in_voila(voila_server, page, theme):
    errors = []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(voila_server.address("widgets.ipynb", theme), timeout=60_000)
    page.locator(EXAMPLES["SampleChooser"].selector).wait_for(timeout=60_000)
    use(page, theme)
    said = page.locator("body").inner_text()
    assert [words for words in BROKEN if words in said] == []
    assert [e for e in errors if not any(words in e for words in NOT_OURS_IN_VOILA)] == []
    assert page.hosts <= {"127.0.0.1", "cdn.jsdelivr.net"}


def test_jupyterlab_opens_as_before_where_notebook_and_voila_are_installed(lab_server):
    with urllib.request.urlopen(f"{lab_server.url}/?token={lab_server.token}", timeout=20) as page:
        assert urlsplit(page.url).path.startswith("/lab")
