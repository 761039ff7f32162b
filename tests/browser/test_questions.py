"""A question in a real JupyterLab: answered by keyboard, without harm to the notebook."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

ASKED = ("import kerasdemo as kd\nguess = kd.predict_first('03a')", "kd.ask('03x')")


def test_typing_a_letter_chooses_and_touches_no_cell(open_notebook):
    notebook = open_notebook(*ASKED)
    menu = notebook.page.get_by_label("Your guess:")
    menu.focus()
    for key in ("x", "d", "d", "Escape", "b"):  # would cut, delete, leave, add below
        menu.press(key)
        notebook.page.wait_for_timeout(1100 if key == "Escape" else 50)  # a new word to type
    notebook.page.get_by_text("Noted: B.").wait_for()
    assert notebook.run("print(guess)") == "<question 03a: B>"
    assert notebook.cell_count == len(ASKED)


def test_an_answer_is_replied_to_at_once(open_notebook):
    notebook = open_notebook(*ASKED, theme="dark")
    notebook.page.get_by_label("Your answer:").select_option("A")
    notebook.page.get_by_text("Not so. It builds a data pipeline").wait_for()
    notebook.page.get_by_label("Your answer:").select_option("B")
    notebook.page.get_by_text("Right. No pipeline").wait_for()


def test_code_moves_the_menu(open_notebook):
    notebook = open_notebook("import kerasdemo as kd\nguess = kd.predict_first('03a', 'c')")
    assert notebook.page.get_by_label("Your guess:").input_value() == "C"
