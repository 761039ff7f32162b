"""What happens to open widgets: a restart, a reload, a second notebook, a second tab, a theme."""

from __future__ import annotations

import ast
import re

import examples
import pytest
from examples import EXAMPLES
from lab_page import OpenNotebook
from test_lessons import BROKEN

pytestmark = pytest.mark.browser

SETUP = examples.SETUP + "\n".join({each.before for each in EXAMPLES.values()})
ALL = "\n".join(
    [
        *(line for example in EXAMPLES.values() for line in example.cell.splitlines()[:-1]),
        *(f"display({example.variable})" for example in EXAMPLES.values()),
    ]
)
CLICKED = ", ".join(f"{each.variable}.{each.clicked}" for each in EXAMPLES.values())
KEYED = ", ".join(f"{each.variable}.{each.keyed}" for each in EXAMPLES.values())


# All that a widget says, but for what it says of the last thing done in this view.
SHOWN = """(root) => {
  const copy = root.cloneNode(true);
  for (const status of copy.querySelectorAll("[role='status']")) status.remove();
  return copy.textContent;
}"""


def roots_of(page) -> dict:
    """Wait for every widget and return its root by name."""
    roots = {name: page.locator(example.selector) for name, example in EXAMPLES.items()}
    for root in roots.values():
        root.wait_for()
    return roots


def click_all(page) -> None:
    """Use every widget with the mouse."""
    for name, root in roots_of(page).items():
        EXAMPLES[name].click(root)


def press_all(page) -> None:
    """Use every widget by keyboard."""
    for name, root in roots_of(page).items():
        EXAMPLES[name].key(root)


def told(notebook, before: str, traits: str = CLICKED) -> str:
    """Wait until the clicks have changed each trait in the kernel and all is quiet; return them."""
    now = last = before
    for _ in range(60):
        last, now = now, notebook.run(f"print([{traits}])")
        pairs = zip(ast.literal_eval(before), ast.literal_eval(now), strict=True)
        if now == last and all(old != new for old, new in pairs):
            return now
        notebook.page.wait_for_timeout(150)
    raise AssertionError(f"the kernel still has {now}, before the clicks {before}")


def restart(notebook) -> None:
    """Restart the kernel, as the menu does, without its question."""
    notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
    )
    notebook.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
        " === 'idle'"
    )


def test_after_a_restart_the_widgets_stay_and_run_again_makes_new_ones(show):
    notebook = show(ALL)
    page = notebook.page
    roots = roots_of(page)
    restart(notebook)
    page.wait_for_timeout(500)
    for name, root in roots.items():
        assert root.is_visible(), name
        EXAMPLES[name].click(root)  # nobody listens, and nothing breaks
        root.get_by_text(re.compile("run the cell again", re.IGNORECASE)).wait_for()
    assert notebook.errors == []
    notebook.run_all()
    before = notebook.run(f"print([{CLICKED}])")
    click_all(page)
    told(notebook, before)
    assert page.get_by_text(re.compile("run the cell again", re.IGNORECASE)).count() == 0


def test_a_change_of_theme_and_a_reload_change_nothing_else(show):
    notebook = show(ALL)
    before = notebook.run(f"print([{CLICKED}])")
    click_all(notebook.page)
    left = told(notebook, before)
    for theme in ("dark", "light"):
        notebook.use_theme(theme)
        for root in roots_of(notebook.page).values():
            root.and_(notebook.page.locator(f'[data-kd-theme="{theme}"]')).wait_for()
        notebook.page.wait_for_timeout(500)  # JupyterLab trips over two changes at once
    assert notebook.run(f"print([{CLICKED}])") == left
    notebook.save()
    notebook.page.wait_for_timeout(500)
    notebook.open()
    assert notebook.run(f"print([{CLICKED}])") == left
    before = notebook.run(f"print([{KEYED}])")
    press_all(notebook.page)
    told(notebook, before, KEYED)
    said = notebook.page.locator(".jp-Notebook").inner_text()
    assert [words for words in BROKEN if words in said] == []


def test_two_notebooks_do_not_hear_each_other(show, open_notebook):
    one, other = show(ALL), open_notebook(SETUP, ALL)
    before = other.run(f"print([{CLICKED}])")
    click_all(one.page)
    told(one, before)
    other.page.wait_for_timeout(300)
    assert other.run(f"print([{CLICKED}])") == before
    click_all(other.page)
    told(other, before)


def test_two_tabs_of_one_notebook_show_the_same_state(show, lab_server):
    notebook = show(ALL)
    roots_of(notebook.page)
    notebook.save()
    notebook.page.wait_for_timeout(500)
    second = OpenNotebook(lab_server, notebook.page.context.new_page(), notebook.path)
    before = notebook.run(f"print([{CLICKED}])")
    click_all(second.page)
    told(notebook, before)
    for name, root in roots_of(notebook.page).items():
        there = second.page.locator(EXAMPLES[name].selector)
        for _ in range(50):
            if root.evaluate(SHOWN) == there.evaluate(SHOWN):
                break
            notebook.page.wait_for_timeout(50)
        assert root.evaluate(SHOWN) == there.evaluate(SHOWN), name
    assert second.errors == []
