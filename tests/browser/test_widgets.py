"""The widgets in a real JupyterLab: mouse, keyboard, links, themes, errors, a reload."""

from __future__ import annotations

import io
import re

import pytest
from lab import notebook_of

pytestmark = pytest.mark.browser

SETUP = """
import numpy as np
import ipywidgets
from kerasdemo.digits import load_digits
from kerasdemo.widgets import DigitView, SampleChooser, SoftmaxView
digits = load_digits()
rng = np.random.default_rng(0)
rows = rng.dirichlet(np.full(10, 0.1), len(digits)).astype("float32")
for place, row in enumerate(rows):
    wanted = (digits.labels[place] + (place % 50 == 14)) % 10
    row[[row.argmax(), wanted]] = row[[wanted, row.argmax()]]
"""
CHOOSER = "chooser = SampleChooser(digits, rows)\nchooser"
TILE = {"width": 72, "height": 82}


class Chooser:
    """A chooser on the page, used as a person would."""

    def __init__(self, notebook, nth=0):
        self.notebook = notebook
        self.root = notebook.page.locator(".kd-chooser").nth(nth)
        self.grid = self.root.get_by_role("listbox")
        self.field = self.root.get_by_label("Chosen")
        self.status = self.root.get_by_role("status")
        self.root.wait_for()
        self.root.scroll_into_view_if_needed()

    def click(self, place, **options):
        """Click on a thumbnail of the first rows in sight."""
        width = self.grid.evaluate("(grid) => grid.clientWidth")
        columns = width // TILE["width"]
        left = (width - columns * TILE["width"]) // 2
        spot = {
            "x": left + place % columns * TILE["width"] + 36,
            "y": place // columns * TILE["height"] + 41,
        }
        self.grid.click(position=spot, **options)

    def option(self, position):
        """Return the thumbnail under the cursor, as a screen reader finds it."""
        self.notebook.page.wait_for_function(
            "([grid, position]) => document.getElementById("
            "grid.getAttribute('aria-activedescendant'))?.dataset.kdPosition === position",
            arg=[self.grid.element_handle(), str(position)],
        )
        return self.root.locator(f'[data-kd-position="{position}"]')

    def selected(self, wanted):
        """Wait for what the kernel holds, and return it."""
        return self.notebook.wait_for_print("chooser.selected", wanted)

    def picture(self):
        """Return what is drawn, once it stands still."""
        self.notebook.page.wait_for_timeout(100)
        return self.root.locator(".kd-sheet").evaluate(
            "(sheet) => sheet.innerHTML.replace(/ id=.*?>/g, '>')"
        )


def greys(element):
    """Return how much of what the screen shows is of each of the 256 greys, black first."""
    from PIL import Image

    picture = Image.open(io.BytesIO(element.screenshot())).convert("L")
    return [count / (picture.width * picture.height) for count in picture.histogram()]


def brightness(element):
    """Return the mean grey of what the screen shows."""
    return sum(grey * share for grey, share in enumerate(greys(element)))


@pytest.fixture
def chooser(show):
    return Chooser(show(CHOOSER))


# ---- mouse --------------------------------------------------------------------------------


def test_a_click_chooses_and_a_second_one_drops(chooser):
    chooser.click(5)
    assert chooser.selected([5]) == "[5]"
    chooser.click(14)
    assert chooser.selected([5, 14]) == "[5, 14]"
    assert "2 chosen" in chooser.root.inner_text()
    assert chooser.field.input_value() == "5, 14"
    assert re.search(
        r"Chosen: sample 14, labelled 4, predicted 5, \d+\.\d %", chooser.status.inner_text()
    )
    chooser.click(5)
    assert chooser.selected([14]) == "[14]"


def test_shift_click_chooses_a_run_and_control_click_adds(chooser):
    chooser.click(3)
    chooser.click(6, modifiers=["Shift"])
    assert chooser.selected([3, 4, 5, 6]) == "[3, 4, 5, 6]"
    chooser.click(9, modifiers=["ControlOrMeta"])
    assert chooser.selected([3, 4, 5, 6, 9]) == "[3, 4, 5, 6, 9]"


def test_what_is_chosen_is_drawn_and_clear_undraws_it(chooser):
    chooser.click(20)
    chooser.root.get_by_role("button", name="Clear").click()
    assert chooser.selected([]) == "[]"
    before = chooser.picture()
    chooser.click(21)
    chosen = chooser.picture()
    assert chosen != before
    chooser.notebook.run("chooser.selected = []; chooser.current = 20")
    assert chooser.picture() == before


def test_filters_sort_and_say_when_nothing_is_left(chooser):
    root = chooser.root
    root.get_by_role("combobox", name="Predicted").select_option("wrong")
    root.get_by_text("36 of 1,797 shown").wait_for()
    root.get_by_label("Order").select_option("least sure")
    wrong = chooser.notebook.run(
        "wrong = np.flatnonzero(rows.argmax(1) != digits.labels)\n"
        "print(wrong[rows[wrong].max(1).argsort(kind='stable')][:2].tolist())"
    )
    chooser.click(0)
    chooser.click(1)
    assert chooser.selected(wrong) == wrong
    root.get_by_role("button", name="Choose all shown").click()
    root.get_by_text("36 chosen", exact=True).wait_for()
    chooser.notebook.run("chooser.digit = 11")
    root.get_by_text("0 of 1,797 shown: labelled 11, predicted wrong").wait_for()
    assert root.get_by_text("No digit passes all the filters.").is_visible()
    root.get_by_text("36 chosen, 36 of them hidden by the filters").wait_for()
    root.get_by_role("button", name="Show all digits").click()
    root.get_by_text("All 1,797 digits shown").wait_for()
    assert (
        chooser.notebook.wait_for_print("chooser.digit, chooser.outcome", "None all") == "None all"
    )


def test_a_range_of_confidence_is_typed_and_mistakes_are_explained_and_kept(chooser):
    root, notebook = chooser.root, chooser.notebook
    low, high = (root.get_by_label(f"Confidence {end}, per cent") for end in ("from", "to"))
    low.fill("90")
    low.press("Enter")
    count = notebook.run("print(int((rows.max(1) >= np.float32(0.9)).sum()))")
    words = root.get_by_text(f"{count} of 1,797 shown: confidence 90 to 100 %")
    words.wait_for()
    assert notebook.wait_for_print("chooser.confidence", "(0.9, 1.0)") == "(0.9, 1.0)"
    for field, typed, complaint in (
        (high, "much", "“much” is not a confidence. Type per cent, 0 to 100."),
        (high, "50", "Nothing lies from 90 to 50 %. Type the smaller first."),
    ):
        field.fill(typed)
        field.press("Enter")
        root.locator(".kd-trouble").get_by_text(complaint).wait_for()
        assert field.input_value() == typed
        assert field.get_attribute("aria-invalid") == "true"
        assert words.is_visible()
    low.fill("20,5")
    low.press("Enter")
    root.get_by_text(re.compile(r"shown: confidence 20\.5 to 50 %$")).wait_for()
    assert "Nothing lies" not in root.inner_text()
    assert root.locator('[aria-invalid="true"]').count() == 0
    root.get_by_role("button", name="Show all digits").click()
    root.get_by_text("All 1,797 digits shown").wait_for()
    assert (low.input_value(), high.input_value()) == ("0", "100")
    for field, typed in ((high, "much"), (low, "x"), (low, "0"), (high, "100 %")):
        field.fill(typed)
        field.press("Enter")
    assert root.locator('[aria-invalid="true"]').count() == 0
    assert (low.input_value(), high.input_value()) == ("0", "100")
    assert notebook.wait_for_print("chooser.confidence", "(0.0, 1.0)") == "(0.0, 1.0)"


ORDERS = {
    "least sure": "rows.max(1)",
    "surest": "-rows.max(1)",
    "most undecided": "(rows * np.log2(rows, where=rows > 0, out=np.zeros_like(rows))).sum(1)",
    "closest call": "np.sort(rows)[:, -1] - np.sort(rows)[:, -2]",
}


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_is_what_numpy_makes_of_it(chooser, order):
    chooser.grid.evaluate("(grid) => { grid.scrollTop = 5000; }")
    chooser.root.get_by_role("combobox", name="Order").select_option(order)
    wanted = chooser.notebook.run(f"print(np.argsort({ORDERS[order]}, kind='stable')[:5].tolist())")
    chooser.notebook.page.wait_for_function(
        "(wanted) => JSON.stringify([...document.querySelectorAll('.kd-tile')].slice(0, 5)"
        ".map((tile) => Number(tile.dataset.kdPosition))) === wanted",
        arg=wanted.replace(" ", ""),
    )
    assert chooser.notebook.wait_for_print("chooser.order", order) == order


def test_filters_set_in_python_are_seen_in_their_controls(chooser):
    chooser.notebook.run(
        "chooser.digit, chooser.outcome, chooser.confidence, chooser.order ="
        " 3, 'right', (0.25, 0.995), 'closest call'"
    )
    root = chooser.root
    root.get_by_text(
        re.compile("shown: labelled 3, predicted right, confidence 25 to 99.5 %$")
    ).wait_for()
    assert root.get_by_label("Confidence from, per cent").input_value() == "25"
    assert root.get_by_label("Confidence to, per cent").input_value() == "99.5"
    assert root.get_by_role("combobox", name="Digit").input_value() == "3"
    assert root.get_by_role("combobox", name="Predicted").input_value() == "right"
    assert root.get_by_role("combobox", name="Order").input_value() == "closest call"


def test_only_the_rows_in_sight_are_drawn(chooser):
    tiles = chooser.root.locator(".kd-tile")
    assert 36 <= tiles.count() <= 90
    first = chooser.picture()
    chooser.grid.evaluate("(grid) => (grid.scrollTop = 5000)")
    assert chooser.picture() != first
    assert tiles.count() <= 90


# ---- keyboard -----------------------------------------------------------------------------


def test_everything_by_keyboard(chooser):
    page = chooser.notebook.page
    chooser.root.get_by_role("combobox", name="Digit").focus()
    for _ in range(5):
        page.keyboard.press("Tab")
    assert chooser.grid.evaluate("(grid) => grid === document.activeElement")
    for key in ["ArrowRight", "ArrowRight", "Space", "ArrowDown", "Enter"]:
        page.keyboard.press(key)
    columns = chooser.grid.evaluate("(grid) => Math.floor(grid.clientWidth / 72)")
    wanted = [2, 2 + columns]
    assert chooser.selected(wanted) == str(wanted)
    page.keyboard.press("End")
    page.keyboard.press("Space")
    wanted.append(1796)
    assert chooser.selected(wanted) == str(wanted)
    assert chooser.grid.evaluate("(grid) => grid.scrollTop") > 1000
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    wanted += [0, 1]
    assert chooser.selected(wanted) == str(wanted)
    page.keyboard.press("PageDown")
    page.keyboard.press("Tab")
    assert chooser.field.evaluate("(field) => field === document.activeElement")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert chooser.selected([]) == "[]"


def test_the_focused_digit_has_a_name_a_place_and_a_state(chooser):
    chooser.grid.focus()
    chooser.notebook.page.keyboard.press("ArrowRight")
    chooser.root.get_by_text(re.compile("^Sample 1, labelled 1")).wait_for()
    option = chooser.option(1)
    assert option.get_attribute("role") == "option"
    assert option.get_attribute("aria-label").startswith("sample 1, labelled 1, predicted 1, ")
    assert option.get_attribute("aria-posinset") == "2"
    assert option.get_attribute("aria-setsize") == "1797"
    assert option.get_attribute("aria-selected") == "false"
    chooser.notebook.page.keyboard.press("Space")
    chooser.root.get_by_text("1 chosen", exact=True).wait_for()
    chooser.picture()
    assert chooser.option(1).get_attribute("aria-selected") == "true"
    chooser.notebook.page.keyboard.press("End")
    assert chooser.option(1796).get_attribute("aria-posinset") == "1797"


def test_positions_can_be_typed_and_mistakes_are_named(chooser):
    chooser.field.fill("5, 38, 120-123")
    chooser.field.press("Enter")
    wanted = [5, 38, 120, 121, 122, 123]
    assert chooser.selected(wanted) == str(wanted)
    chooser.field.fill("5, 1797")
    chooser.field.press("Enter")
    assert "There is no position 1797" in chooser.status.inner_text()
    assert chooser.field.get_attribute("aria-invalid") == "true"
    assert chooser.selected(wanted) == str(wanted)


KEYS_THAT_JUPYTERLAB_TAKES = ["x", "d", "d", "a", "b", "z", "Enter", "ArrowDown", "ArrowUp", "m"]
COMMANDS = ["Control+Enter", "ControlOrMeta+b"]


@pytest.mark.parametrize("name", ["listbox", "field", "select", "button"])
def test_keys_stay_in_the_widget_and_leave_the_notebook_alone(chooser, name):
    notebook = chooser.notebook
    target = {
        "listbox": chooser.grid,
        "field": chooser.field,
        "select": chooser.root.get_by_role("combobox", name="Digit"),
        "button": chooser.root.get_by_role("button", name="Clear"),
    }[name]
    source = (
        "() => window.jupyterapp.shell.currentWidget.model.toJSON()"
        ".cells.map((cell) => [cell.cell_type, cell.source])"
        ".concat(window.jupyterapp.shell.leftCollapsed)"
    )
    before = notebook.page.evaluate(source)
    target.focus()
    for key in KEYS_THAT_JUPYTERLAB_TAKES + COMMANDS:
        notebook.page.keyboard.press(key)
    assert notebook.page.evaluate(source) == before
    assert target.evaluate("(element) => element === document.activeElement")


@pytest.mark.parametrize("name", ["listbox", "field"])
def test_the_notebook_can_be_saved_from_inside_a_widget(chooser, name):
    notebook = chooser.notebook
    model = "window.jupyterapp.shell.currentWidget.context.model"
    notebook.page.evaluate(f"() => {{ {model}.dirty = true; }}")
    target = {"listbox": chooser.grid, "field": chooser.field}[name]
    target.focus()
    notebook.page.keyboard.press("s")
    notebook.page.wait_for_timeout(500)
    assert notebook.page.evaluate(f"() => {model}.dirty"), "a plain letter saves nothing"
    notebook.page.keyboard.press("ControlOrMeta+s")
    notebook.page.wait_for_function(f"() => !{model}.dirty")
    assert target.evaluate("(element) => element === document.activeElement")


def test_the_same_keys_do_reach_the_notebook_from_a_plain_button(show):
    """So that the test above can fail: JupyterLab does take keys from other widgets."""
    notebook = show("ipywidgets.Button(description='plain')")
    count = notebook.cell_count
    notebook.page.get_by_role("button", name="plain").focus()
    notebook.page.keyboard.press("b")
    notebook.page.wait_for_function(
        f"() => window.jupyterapp.shell.currentWidget.content.widgets.length === {count + 1}"
    )


def test_all_that_takes_the_focus_asks_the_notebook_not_to_listen(show):
    """Notebook versions differ in when they listen; the attribute is what they all look at."""
    page = show(LINKED).page
    page.locator(".kd-softmax-view").wait_for()
    focusable = page.locator(".kd-root").locator("button, input, select, [tabindex]")
    assert focusable.count() > 15
    assert (
        focusable.evaluate_all(
            "(all) => all.filter((each) => !each.hasAttribute('data-lm-suppress-shortcuts'))"
            ".map((each) => each.outerHTML)"
        )
        == []
    )


# ---- code, links, several views -----------------------------------------------------------


def test_setting_selected_in_python_moves_the_view(chooser):
    chooser.notebook.run("chooser.selected = [700, 701, 702, 5]; chooser.current = 700")
    chooser.root.get_by_text("4 chosen", exact=True).wait_for()
    assert chooser.field.input_value() == "700-702, 5"
    chooser.root.get_by_text(re.compile("^Sample 700, ")).wait_for()
    assert chooser.grid.evaluate("(grid) => grid.scrollTop") > 1000


def test_what_code_chooses_is_scrolled_to_and_what_the_page_chooses_is_not(chooser):
    chooser.notebook.run("chooser.digit = 3")
    chooser.root.get_by_text("183 of 1,797 shown").wait_for()
    chooser.notebook.run("late = np.flatnonzero(digits.labels == 3)[150]")
    chooser.notebook.run("chooser.selected = [0, int(late), 3]")
    chooser.root.get_by_text("3 chosen, 1 of them hidden by the filters").wait_for()
    scrolled = chooser.grid.evaluate("(grid) => grid.scrollTop")
    assert scrolled > 500, "the first of the chosen that is shown is far below"
    chooser.click(14)
    chooser.root.get_by_text("4 chosen, 1 of them hidden by the filters").wait_for()
    chooser.grid.evaluate("(grid) => { grid.scrollTop = 0; }")
    chooser.root.get_by_role("button", name="Choose all shown").click()
    chooser.root.get_by_text("184 chosen, 1 of them hidden by the filters").wait_for()
    assert chooser.grid.evaluate("(grid) => grid.scrollTop") == 0


def test_the_words_describe_a_digit_that_is_shown(chooser):
    chooser.root.get_by_text(re.compile("^Sample 0, labelled 0")).wait_for()
    chooser.root.get_by_role("combobox", name="Digit").select_option("3")
    chooser.root.get_by_text(re.compile("^Sample 3, labelled 3")).wait_for()
    assert chooser.notebook.wait_for_print("chooser.current", "3") == "3"


LINKED = """
chooser = SampleChooser(digits, rows)
view = DigitView(digits)
soft = SoftmaxView({"predict": rows, "predict_step": rows[:, ::-1]}, labels=digits.labels)
ipywidgets.link((chooser, "current"), (view, "index"))
ipywidgets.jslink((chooser, "current"), (soft, "index"))
ipywidgets.VBox([chooser, view, soft])
"""


def test_views_follow_the_chooser_and_the_other_way_round(show):
    chooser = Chooser(show(LINKED))
    page = chooser.notebook.page
    chooser.click(7)
    page.locator(".kd-digit-view .kd-title").get_by_text("Image 7, labelled 7").wait_for()
    softmax = page.locator(".kd-softmax-view")
    softmax.locator(".kd-title").get_by_text(
        "sample 7, labelled 7, the methods disagree"
    ).wait_for()
    page.locator(".kd-digit-view").get_by_role("button", name="Next").click()
    chooser.root.get_by_text(re.compile("^Sample 8, labelled 8")).wait_for()
    softmax.get_by_role("spinbutton", name="Row").fill("17")
    softmax.get_by_role("spinbutton", name="Row").press("Enter")
    chooser.root.get_by_text(re.compile("^Sample 17, labelled 7")).wait_for()
    page.locator(".kd-digit-view .kd-title").get_by_text("Image 17, labelled 7").wait_for()


def test_linked_views_move_while_the_kernel_is_busy(show):
    chooser = Chooser(
        show(
            "chooser, view = SampleChooser(digits, rows), DigitView(digits)\n"
            "ipywidgets.jslink((chooser, 'current'), (view, 'index'))\n"
            "ipywidgets.VBox([chooser, view])"
        )
    )
    page = chooser.notebook.page
    kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    page.evaluate(f"() => {{ {kernel}.requestExecute({{ code: 'import time; time.sleep(6)' }}); }}")
    page.wait_for_function(f"() => {kernel}.status === 'busy'")
    title = page.locator(".kd-digit-view .kd-title")
    chooser.grid.focus()
    for place in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        title.get_by_text(f"Image {place}, labelled {place}").wait_for()
    page.locator(".kd-digit-view").get_by_role("button", name="Previous").click()
    chooser.root.get_by_text(re.compile("^Sample 2, labelled 2")).wait_for()
    assert page.evaluate(f"() => {kernel}.status") == "busy"
    said = "chooser.current, view.index"
    assert chooser.notebook.wait_for_print(said, "2 2") == "2 2"


def test_two_views_of_one_chooser_stay_in_step(show):
    notebook = show(CHOOSER, "chooser")
    other, one = Chooser(notebook, nth=1), Chooser(notebook)
    one.click(4)
    other.root.get_by_text("1 chosen", exact=True).wait_for()
    other.root.get_by_role("combobox", name="Predicted").select_option("wrong")
    one.root.get_by_text("36 of 1,797 shown").wait_for()


def test_an_error_in_a_callback_is_shown_in_the_widget(chooser):
    chooser.notebook.run(
        "def fails(change):\n    raise LookupError('no model <b>here</b>')\n"
        "chooser.observe(fails, 'selected')"
    )
    chooser.click(2)
    chooser.status.get_by_text("LookupError: no model <b>here</b>").wait_for()
    chooser.notebook.run("chooser.unobserve(fails, 'selected')")
    chooser.click(3)
    chooser.status.get_by_text("LookupError").wait_for(state="detached")


def test_an_error_on_a_message_is_shown_in_the_widget(chooser):
    chooser.notebook.run(
        "def fails(*_):\n    raise LookupError('no answer')\n"
        "chooser.on_msg(fails)\nchooser._handle_custom_msg({}, [])"
    )
    chooser.status.get_by_text("Error in the kernel: LookupError: no answer").wait_for()
    chooser.field.fill("x")
    chooser.field.press("Enter")
    chooser.status.get_by_text("“x” is not a position").wait_for()
    chooser.field.fill("5")
    chooser.field.press("Enter")
    assert chooser.selected([5]) == "[5]"
    assert "LookupError" not in chooser.status.inner_text(), "the kernel was right since"


# ---- the other two ------------------------------------------------------------------------


def test_the_value_under_mouse_and_keyboard_and_all_the_numbers(show):
    notebook = show(
        "image = np.zeros((2, 28, 28, 1)); image[0, 3, 4] = 0.25; image[0, 4, 4] = 1\n"
        "view = DigitView(image); view",
    )
    page = notebook.page
    root = page.locator(".kd-digit-view")
    canvas = root.get_by_role("application")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 4.5 / 28, box["y"] + box["height"] * 3.5 / 28)
    root.get_by_text("Row 3, column 4: 0.25").first.wait_for()
    canvas.focus()
    page.keyboard.press("ArrowDown")
    assert root.locator(".kd-readout").inner_text() == "Row 4, column 4: 1"
    assert root.get_by_role("status").inner_text() == "Row 4, column 4: 1"
    assert "(2, 28, 28, 1)" in root.inner_text()
    assert "float64" in root.inner_text()
    assert not root.locator("pre").is_visible()
    root.get_by_role("button", name="Show the numbers").click()
    lines = root.locator("pre").text_content().split("\n")
    assert len(lines) == 28
    assert lines[3].split()[4] == ".25"
    canvas.focus()
    page.keyboard.press("PageDown")
    root.locator(".kd-title").get_by_text("Image 1").wait_for()
    assert set(root.locator("pre").text_content().split()) == {"0"}
    assert notebook.wait_for_print("view.index, view.numbers", "1 True") == "1 True"


def test_a_number_that_no_image_has_is_explained_and_kept(show):
    root = show("view = DigitView(digits)\nview").page.locator(".kd-digit-view")
    number, status = root.get_by_role("spinbutton", name="Image"), root.get_by_role("status")
    for typed, complaint in (
        ("9999", "There is no image 9999; type 0 to 1796."),
        ("1.5", "There is no image 1.5; type 0 to 1796."),
        ("", "Type 0 to 1796."),
    ):
        number.fill(typed)
        number.press("Enter")
        status.get_by_text(complaint).wait_for()
        assert number.input_value() == typed
        assert number.get_attribute("aria-invalid") == "true"
        assert root.locator(".kd-title").inner_text() == "Image 0, labelled 0"
    number.fill("17")
    number.press("Enter")
    root.locator(".kd-title").get_by_text("Image 17, labelled 7").wait_for()
    assert number.get_attribute("aria-invalid") == "false"
    assert "There is no" not in status.inner_text()
    number.fill("-1")
    number.press("Enter")
    root.get_by_role("button", name="Next").click()
    root.locator(".kd-title").get_by_text("Image 18, labelled 8").wait_for()
    assert number.input_value() == "18"
    assert status.inner_text().strip() == ""


def test_a_link_to_an_image_that_is_not_there_says_so(show):
    notebook = show(
        "one, other = DigitView(digits), DigitView(digits[:5])\n"
        "ipywidgets.jslink((one, 'index'), (other, 'index'))\nipywidgets.VBox([one, other])"
    )
    one, other = (notebook.page.locator(".kd-digit-view").nth(at) for at in (0, 1))
    one.get_by_role("spinbutton", name="Image").fill("7")
    one.get_by_role("spinbutton", name="Image").press("Enter")
    other.get_by_role("status").get_by_text("There is no image 7; type 0 to 4.").wait_for()
    one.get_by_role("button", name="Previous").click()
    one.get_by_role("spinbutton", name="Image").fill("4")
    one.get_by_role("spinbutton", name="Image").press("Enter")
    other.locator(".kd-title").get_by_text("Image 4, labelled 4").wait_for()
    other.get_by_role("status").get_by_text("There is no").wait_for(state="detached")


def test_a_view_inside_another_has_no_frame_of_its_own(show):
    page = show(LINKED, theme="dark").page
    page.locator(".kd-softmax-view").wait_for()
    inner = page.locator(".kd-digit-view")
    inner.evaluate("(inner) => document.querySelector('.kd-chooser').append(inner)")
    style = "(root) => [getComputedStyle(root).borderTopWidth, getComputedStyle(root).paddingTop]"
    assert inner.evaluate(style) == ["0px", "0px"]
    assert page.locator(".kd-chooser").evaluate(style) != ["0px", "0px"]
    assert inner.get_attribute("data-kd-theme") == "dark"


def test_names_from_outside_stay_text(show):
    notebook = show(
        "bad = '<img src=x onerror=\"window.hacked = true\">'\n"
        "ipywidgets.VBox([SoftmaxView({bad: rows[:2]}, labels=[0, 1], class_names=[bad] * 10),\n"
        "    SoftmaxView({bad: rows[:2], 'b': rows[:2]}),\n"
        "    DigitView(digits.pixels[:2], [bad, bad])])",
    )
    page = notebook.page
    page.locator(".kd-digit-view").wait_for()
    for button in page.get_by_role("button", name="Table").all():
        button.click()
    assert page.locator(".kd-root img").count() == 0
    assert "<img src=x" in page.locator(".kd-digit-view .kd-title").inner_text()
    assert page.evaluate("() => window.hacked") is None


# ---- themes -------------------------------------------------------------------------------

CONTRASTS = """(root) => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if ((colour[3] ?? 1) === 1) return colour;
    }
  };
  const texts = [...root.querySelectorAll("*")].filter((node) =>
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())
    && node.checkVisibility());
  return texts.map((node) => {
    const [one, other] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    return [node.textContent.slice(0, 40), ratio];
  });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read_in_both_themes(show, theme):
    notebook = show(LINKED, theme=theme)
    page = notebook.page
    page.locator(".kd-softmax-view").wait_for()
    page.locator(".kd-chooser").get_by_label("Chosen").fill("nonsense")
    page.locator(".kd-chooser").get_by_label("Chosen").press("Enter")
    page.locator('[data-kd-position="14"]').click()
    page.locator('[data-kd-position="14"][aria-selected="true"] .kd-wrong').wait_for()
    page.locator(".kd-chooser").get_by_label("Chosen").fill("nonsense")
    page.locator(".kd-chooser").get_by_label("Chosen").press("Enter")
    page.wait_for_timeout(500)
    for root in page.locator(".kd-root").all():
        root.and_(page.locator(f'[data-kd-theme="{theme}"]')).wait_for()
        texts = root.evaluate(CONTRASTS)
        assert len(texts) > 10
        assert [text for text in texts if text[1] < 4.5] == []
        assert root.evaluate("(root) => root.scrollWidth <= root.clientWidth + 1")


def test_nothing_is_cut_off_in_a_narrow_window_or_at_200_percent(show):
    page = show(LINKED).page
    page.locator(".kd-softmax-view").wait_for()
    try:
        page.set_viewport_size({"width": 640, "height": 900})
        page.wait_for_timeout(300)
        for root in page.locator(".kd-root").all():
            widths = root.evaluate("(root) => [root.scrollWidth, root.clientWidth]")
            assert widths[0] <= widths[1] + 1 < 600
    finally:
        page.set_viewport_size({"width": 1024, "height": 1000})


def test_a_change_of_theme_is_followed(chooser):
    chooser.notebook.page.locator('.kd-chooser[data-kd-theme="light"]').wait_for()
    tile = chooser.root.locator(".kd-tile img").first
    assert brightness(tile) > 160
    chooser.notebook.use_theme("dark")
    chooser.notebook.page.locator('.kd-chooser[data-kd-theme="dark"]').wait_for()
    chooser.notebook.page.wait_for_timeout(300)
    assert brightness(tile) < 96


# ---- a saved notebook ---------------------------------------------------------------------


def test_a_reloaded_page_with_its_kernel_shows_the_widget_as_it_was_left(open_notebook):
    chooser = Chooser(open_notebook(SETUP, CHOOSER))
    chooser.click(5)
    assert chooser.selected([5]) == "[5]"
    chooser.notebook.save()
    chooser.notebook.page.wait_for_timeout(500)
    chooser.notebook.open()
    again = Chooser(chooser.notebook)
    again.root.get_by_text("1 chosen", exact=True).wait_for()
    again.click(6)
    assert again.selected([5, 6]) == "[5, 6]"


# A busy page may draw a frame between the building of a widget and its coming onto the page.
EARLY_FRAMES = """
const later = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => {
  if (!new Error().stack.includes("blob:")) return later(draw); // not asked for by a widget
  queueMicrotask(() => draw(performance.now()));
  return 1;
};"""


@pytest.mark.parametrize("early", [pytest.param(False, marks=pytest.mark.long), True])
def test_an_image_is_drawn_in_its_colours_after_a_reload(open_notebook, early):
    notebook = open_notebook(SETUP, "DigitView(digits)")
    canvas = notebook.page.locator(".kd-digit-view canvas")
    canvas.wait_for()
    notebook.save()
    notebook.page.wait_for_timeout(500)
    if early:
        notebook.page.add_init_script(EARLY_FRAMES)
    notebook.open()
    canvas.wait_for()
    notebook.page.wait_for_timeout(500)
    shares = greys(canvas)
    assert sum(shares[200:]) > 0.3, "paper is light and fills most of the picture"
    assert sum(shares[:60]) > 0.02, "ink is dark"


def test_a_saved_notebook_without_live_view_shows_the_picture(open_notebook, tmp_path):
    import nbformat

    notebook = open_notebook(SETUP, "SampleChooser(digits, rows, selected=[5, 38])")
    notebook.page.locator(".kd-chooser").wait_for()
    (output,) = [
        nbformat.from_dict(output)
        for output in notebook.outputs()
        if output["output_type"] == "execute_result"
    ]
    saved = notebook_of("SampleChooser(digits, rows, selected=[5, 38])")
    saved.cells[0].outputs = [output]
    del output.data["application/vnd.jupyter.widget-view+json"]
    nbformat.write(saved, tmp_path / "saved.ipynb")
    reader = open_notebook(path=tmp_path / "saved.ipynb", run=False)
    picture = reader.page.locator(".jp-OutputArea-output img")
    picture.wait_for()
    assert picture.evaluate("(img) => img.complete && img.naturalWidth") > 100
    words = reader.page.locator(".jp-OutputArea").inner_text()
    assert "Error displaying widget" not in words
    assert "model not found" not in words
