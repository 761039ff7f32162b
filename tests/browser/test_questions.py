"""A question in a real JupyterLab: answered by keyboard, without harm to the notebook."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from access import axe_source, run_axe

pytestmark = pytest.mark.browser

FORMS = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "question_forms.py"))["FORMS"]
SETUP = f"""import kerasdemo as kd
from kerasdemo.asking import forms, record, texts
more, shipped = texts.read({FORMS!r}), texts.bank()
both = forms.Bank({{**shipped.questions, **more.questions}}, shipped.exercises)
texts.bank = lambda: both"""
ASKED = ("guess = kd.predict_first('03a')", "kd.ask('03x')")
TYPED = ("guess = kd.predict_first('90n')", "kd.ask('90t')", "kd.order('90o')")


def wait_for_forms(notebook, count):
    """Wait until so many questions are on the page: the kernel is done before they are drawn."""
    notebook.page.wait_for_function(
        """(count) => [...document.querySelectorAll('.kd-answer')]
            .filter((form) => form.querySelector('select, input')).length === count""",
        arg=count,
    )


@pytest.fixture
def ask(show):
    """Return a function that asks questions, one in a cell, in the shared notebook."""

    def ask_them(*cells, theme="light"):
        notebook = show(*cells, theme=theme)
        wait_for_forms(notebook, len(cells))
        return notebook

    return ask_them


def test_typing_a_letter_chooses_and_touches_no_cell(ask):
    notebook = ask(*ASKED)
    menu = notebook.page.get_by_label("Your guess:")
    menu.focus()
    for key in ("x", "d", "d", "Escape", "b"):  # would cut, delete, leave, add below
        menu.press(key)
        notebook.page.wait_for_timeout(1100 if key == "Escape" else 50)  # a new word to type
    notebook.page.get_by_text("Noted: B.").wait_for()
    assert notebook.run("print(guess)") == "<question 03a: B>"
    assert notebook.cell_count == 1 + len(ASKED)


def test_arrows_move_and_enter_answers(ask):
    notebook = ask(*ASKED)
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
    assert notebook.cell_count == 1 + len(ASKED)


def test_arrows_answer_when_the_focus_leaves_and_escape_takes_them_back(ask):
    notebook = ask(*ASKED)
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


def test_an_answer_is_replied_to_at_once(ask):
    notebook = ask(*ASKED, theme="dark")
    notebook.page.get_by_label("Your answer:").select_option("A")
    notebook.page.get_by_text("Not so. It builds a data pipeline").wait_for()
    notebook.page.get_by_label("Your answer:").select_option("B")
    notebook.page.get_by_text("Right. No pipeline").wait_for()


def test_code_moves_the_controls(ask):
    page = ask("guess = kd.predict_first('03a', 'c')", "kd.order('90o', 'DCBA')").page
    assert page.get_by_label("Your guess:").input_value() == "C"
    places = page.get_by_role("group", name="Your order:").get_by_role("combobox")
    assert [place.input_value() for place in places.all()] == ["D", "C", "B", "A"]
    page.get_by_text("Not so.").wait_for()


def test_a_number_is_typed_and_enter_answers(ask):
    notebook = ask(*TYPED, "kd.ask('90f')")
    page = notebook.page
    field = page.get_by_label("Your guess:")
    field.focus()
    page.keyboard.type("bdd many")  # b and dd would add and delete cells
    page.keyboard.press("Enter")
    page.get_by_text("Type a number, such as 1438 or 0.5.").wait_for()
    assert field.input_value() == "bdd many", "what was typed is not lost"
    assert field.get_attribute("aria-invalid") == "true"
    assert notebook.run("print(guess)") == "<question 90n: no guess yet>"
    field.fill("1,797")
    page.keyboard.press("Shift+Enter")  # runs no cell
    page.get_by_text("Noted: 1797 samples. Now run on and see.").wait_for()
    assert field.get_attribute("aria-invalid") == "false"
    assert notebook.wait_for_print("guess", "<question 90n: 1797>") == "<question 90n: 1797>"
    word, final = page.get_by_label("Your answer:").all()
    word.fill("NP.argmax ()")
    page.get_by_role("button", name="Answer").nth(1).click()
    page.get_by_text("Right. The place, not the value.").wait_for()
    final.fill("22")
    final.press("Enter")
    page.get_by_text("Not so. Those are texts.").wait_for()
    kinds = "[(q.id, q.last) for q in kd.score_card().questions if q.id in ('90t', '90f')]"
    wanted = "[('90t', 'NP.argmax ()'), ('90f', '22')]"
    assert notebook.wait_for_print(kinds, wanted) == wanted
    assert notebook.cell_count == 5


def test_lines_are_put_in_order_by_keyboard_alone(ask):
    notebook = ask("kd.order('90o')")
    page = notebook.page
    places = page.get_by_role("group", name="Your order:").get_by_role("combobox").all()
    places[0].focus()
    for number, letter in enumerate("BAD"):
        page.keyboard.press(letter.lower())
        assert places[number].input_value() == letter
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Still empty: fourth line.").wait_for()
    assert [place.get_attribute("aria-invalid") for place in places] == [*["false"] * 3, "true"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("A stands there twice.").wait_for()
    assert [place.input_value() for place in places] == [*"BADA"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the button
    page.get_by_text("Right. Saved at the end.").wait_for()
    assert page.get_by_text("BADC", exact=True).is_visible()
    last = "{q.id: q.last for q in kd.score_card().questions}['90o']"
    assert notebook.wait_for_print(last, "BADC") == "BADC"
    assert notebook.cell_count == 2


def test_a_question_replies_without_a_kernel(open_notebook):
    notebook = open_notebook(SETUP, *ASKED, *TYPED[1:])
    wait_for_forms(notebook, len(ASKED) + len(TYPED[1:]))
    page = notebook.page
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.wait_for_function(
        "() => !window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel"
    )
    choice, word = page.get_by_label("Your answer:").all()
    choice.select_option("B")
    page.get_by_text("Right. No pipeline").wait_for()
    page.get_by_label("Your guess:").select_option("A")
    page.get_by_text("Noted: A.").wait_for()
    word.fill("max")
    word.press("Enter")
    page.get_by_text("Not so. That is the value.").wait_for()
    for place, letter in zip(("First", "Second", "Third", "Fourth"), "CDAB", strict=True):
        page.get_by_label(f"{place} line").select_option(letter)
    page.get_by_label("Fourth line").press("Enter")
    page.get_by_text("Not so. fit needs compile.").wait_for()
    said_by_others = ("Cannot send", "Canceled future")  # ipywidgets; JupyterLab's debugger
    assert all(any(part in error for part in said_by_others) for error in notebook.errors)
    notebook.errors.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_a_form(ask, theme):
    axe_source()
    page = ask(*ASKED, *TYPED, theme=theme).page
    page.get_by_label("Your answer:").first.select_option("A")
    page.get_by_label("Your answer:").last.fill("max")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Answer").last.click()
    page.get_by_text("Still empty: first line").wait_for()
    forms = page.locator(".kd-answer").all()
    assert len(forms) == 5
    assert [finding for form in forms for finding in run_axe(form)] == []
