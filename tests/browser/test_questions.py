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


def test_arrows_move_and_enter_answers(open_notebook):
    notebook = open_notebook(*ASKED)
    page = notebook.page
    menu = page.get_by_label("Your answer:")
    hint = page.get_by_text("Arrows move, Enter answers.")
    assert [each.is_visible() for each in hint.all()] == [False, False]
    menu.focus()
    reply = menu.locator("xpath=../following-sibling::*[@role='status']")
    for letter in "ABC":
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(200)
        assert menu.input_value() == letter
        assert reply.inner_text() == "", "nothing is said to a choice on the way"
    assert hint.nth(1).is_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    reply.get_by_text("Right. No pipeline").wait_for()
    page.keyboard.press("ArrowUp")
    page.wait_for_timeout(200)
    assert "Right. No pipeline" in reply.inner_text()
    page.keyboard.press("Space")
    reply.get_by_text("Not so. It builds a data pipeline").wait_for()
    assert notebook.cell_count == len(ASKED)


def test_arrows_answer_when_the_focus_leaves_and_escape_takes_them_back(open_notebook):
    notebook = open_notebook(*ASKED)
    menu = notebook.page.get_by_label("Your guess:")
    menu.focus()
    menu.press("ArrowDown")
    menu.press("ArrowDown")
    menu.press("Escape")
    assert menu.input_value() == ""
    menu.press("ArrowDown")
    notebook.page.get_by_label("Your answer:").focus()
    notebook.page.get_by_text("Noted: A.").wait_for()
    assert notebook.run("print(guess)") == "<question 03a: A>"


def test_an_answer_is_replied_to_at_once(open_notebook):
    notebook = open_notebook(*ASKED, theme="dark")
    notebook.page.get_by_label("Your answer:").select_option("A")
    notebook.page.get_by_text("Not so. It builds a data pipeline").wait_for()
    notebook.page.get_by_label("Your answer:").select_option("B")
    notebook.page.get_by_text("Right. No pipeline").wait_for()


def test_code_moves_the_menu(open_notebook):
    notebook = open_notebook("import kerasdemo as kd\nguess = kd.predict_first('03a', 'c')")
    assert notebook.page.get_by_label("Your guess:").input_value() == "C"
