"""PredictionExplorer in a real JupyterLab: choose, run, read; live, errors, Stop, first paint."""

from __future__ import annotations

import time

import pytest
from test_softmax_view import OVERRUN

pytestmark = pytest.mark.browser

SETUP = """
import time
import keras
import numpy as np
from IPython.display import display
from kerasdemo.classifier import load_classifier, load_probabilities
from kerasdemo.digits import Digits, load_digits
from kerasdemo.view.softmax import format_probability
from kerasdemo.widgets.prediction_explorer import PredictionExplorer
keras.utils.set_random_seed(1)
digits, model = load_digits(), load_classifier()
model.predict(digits[:2].images, verbose=0)

class Slow(keras.Model):
    '''Takes its time, or raises, in predict_on_batch.'''
    seconds, trouble = 0.0, None
    def predict_on_batch(self, x):
        time.sleep(self.seconds)
        if self.trouble: raise self.trouble
        return super().predict_on_batch(x)

slow = Slow(model.input, model.output)
"""
EXPLORER = "ran = 0\nexplorer = PredictionExplorer(model, digits, load_probabilities())\nexplorer"
SLOW = "slow.seconds, slow.trouble = {}, {}\nexplorer = PredictionExplorer(slow, digits)\nexplorer"


class Explorer:
    """An explorer on the page, used as a person would."""

    def __init__(self, notebook, nth=0):
        self.notebook = notebook
        self.root = notebook.page.locator(".kd-explorer").nth(nth)
        self.root.wait_for()
        self.root.scroll_into_view_if_needed()
        self.grid = self.root.get_by_role("listbox", name="Digits")
        self.start = self.root.get_by_role("button", name="Run all methods")
        self.stop = self.root.get_by_role("button", name="Stop")
        self.status = self.root.locator("> .kd-status")
        self.table = self.root.locator(".kd-page table")
        self.softmax = self.root.get_by_role("group", name="Softmax view")
        self.keyboard = notebook.page.keyboard

    def click(self, *positions):
        for position in positions:
            self.grid.locator(f'[data-kd-position="{position}"]').click()

    def says(self, words):
        self.status.get_by_text(words).wait_for()

    def bars_say(self, words):
        self.softmax.locator(".kd-title", has_text=words).wait_for()

    def cells(self, label):
        row = self.table.get_by_role("row").filter(
            has=self.notebook.page.get_by_role("rowheader", name=label, exact=True)
        )
        return row.get_by_role("cell").all_inner_texts()

    def kernel(self, expression, wanted):
        return self.notebook.wait_for_print(expression, wanted)


@pytest.fixture
def explorer(show):
    return Explorer(show(EXPLORER))


# ---- choose, run, read --------------------------------------------------------------------


def test_choose_run_and_read(explorer):
    explorer.root.get_by_text("Nothing was run yet: choose some digits, then run.").wait_for()
    assert not explorer.softmax.is_visible()
    explorer.click(5, 8)
    explorer.start.click()
    explorer.says("All methods name the same class for all 2 samples.")
    assert explorer.table.get_by_role("columnheader").all_inner_texts() == [
        "predict",
        "predict_on_batch",
        "predict_step",
    ]
    assert explorer.cells("returns") == ["numpy.ndarray", "numpy.ndarray", "≠ EagerTensor"]
    assert explorer.cells("shape") == ["(2, 10)"] * 3
    assert explorer.cells("classes named") == ["5, 8"] * 3
    assert all(cell.endswith(" ms") for cell in explorer.cells("time of this call"))
    assert explorer.kernel("explorer.ran, explorer.runs", "[5, 8] 1") == "[5, 8] 1"
    explorer.bars_say("Sample 8, labelled 8, all methods predict 8")
    wanted = explorer.notebook.run(
        "step = explorer.predictions['predict_step']\n"
        "print(format_probability(step.probabilities[1, 8]))"
    )
    line = explorer.softmax.get_by_role("row").filter(has_text="true label")
    assert line.get_by_role("cell").all_inner_texts()[-2] == wanted


def test_the_image_and_the_softmax_follow_the_cursor(explorer):
    explorer.click(5, 8)
    explorer.start.click()
    explorer.bars_say("Sample 8, labelled 8")
    place = explorer.root.get_by_role("application")
    picture = explorer.root.locator(".kd-frame canvas")
    eight = picture.evaluate("(canvas) => canvas.toDataURL()")
    explorer.grid.focus()
    explorer.keyboard.press("ArrowLeft")
    explorer.root.get_by_text("Not run yet: choose it, then run.").wait_for()
    assert not explorer.softmax.is_visible()
    assert explorer.root.get_by_text("Image 7", exact=True).is_visible()
    assert picture.evaluate("(canvas) => canvas.toDataURL()") != eight
    for _ in range(2):
        explorer.keyboard.press("ArrowLeft")
    explorer.bars_say("Sample 5, labelled 5, all methods predict 5")
    place.focus()
    explorer.keyboard.press("PageDown")
    assert explorer.kernel("explorer.current", 6) == "6"
    explorer.root.get_by_text("Not run yet").wait_for()


def test_nothing_chosen_is_said_and_nothing_is_asked_of_the_model(explorer):
    explorer.start.click()
    explorer.says("Nothing is chosen. Click some digits")
    assert explorer.start.get_attribute("aria-disabled") == "false"
    explorer.click(3)
    explorer.start.click()
    explorer.says("All methods name the same class for the sample.")
    assert "Nothing is chosen" not in explorer.status.inner_text()


def test_control_enter_runs_from_anywhere_and_never_the_cell(explorer):
    count = "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.executionCount"
    before = explorer.notebook.page.evaluate(count)
    explorer.click(5)
    explorer.grid.focus()
    places = [
        explorer.grid,
        explorer.root.get_by_label("Chosen"),
        explorer.start,
        explorer.root.get_by_role("application"),
        explorer.root.get_by_role("combobox", name="Digit"),
        explorer.root.get_by_role("button", name="Show the numbers"),
    ]
    for runs, place in enumerate(places, 1):
        place.focus()
        explorer.keyboard.press("ControlOrMeta+Enter")
        assert explorer.kernel("explorer.runs", runs) == str(runs)
        assert place.evaluate("(place) => place === document.activeElement")
    explorer.softmax.get_by_role("button", name="Log axis").focus()
    explorer.keyboard.press("ControlOrMeta+Enter")
    assert explorer.kernel("explorer.runs", runs + 1) == str(runs + 1)
    assert explorer.kernel("explorer.selected", [5]) == "[5]"
    assert explorer.notebook.page.evaluate(count) == before
    assert explorer.notebook.cell_count == 2


def test_everything_by_keyboard_in_the_order_of_the_work(explorer):
    explorer.grid.focus()
    for key in ("ArrowRight", "Space", "ArrowRight", "Space"):
        explorer.keyboard.press(key)
    for _ in range(8):
        explorer.keyboard.press("Tab")
        if explorer.start.evaluate("(start) => start === document.activeElement"):
            break
    explorer.keyboard.press("Enter")
    explorer.says("All methods name the same class for all 2 samples.")
    assert explorer.kernel("explorer.ran", [1, 2]) == "[1, 2]"
    order = []
    for _ in range(30):
        explorer.keyboard.press("Tab")
        order.append(
            explorer.notebook.page.evaluate(
                "() => document.activeElement.closest('.kd-explorer') &&"
                " (document.activeElement.ariaLabel || document.activeElement.innerText)"
                ".slice(0, 18)"
            )
        )
        if order[-1] is None:
            break
    wanted = ["Run at each choice", "Stop", "Pixels. Arrow keys", "Show the numbers", "Log axis"]
    assert [name for name in order if name in wanted] == wanted


def test_code_moves_the_page(explorer):
    explorer.notebook.run("explorer.selected = [12, 15]; explorer.current = 12; explorer.run();")
    explorer.bars_say("Sample 12, labelled 2")
    explorer.says("All methods name the same class for all 2 samples.")
    assert explorer.start.get_attribute("aria-disabled") == "false"


def test_a_cell_that_runs_the_methods_is_seen_at_work(show):
    explorer = Explorer(show(SLOW.format(1.0, None)))
    explorer.notebook.run("explorer.selected = [1]; explorer.run();")
    explorer.says("All methods name the same class for the sample.")
    explorer.notebook.page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
            .requestExecute({ code: 'explorer.run();', store_history: false })"""
    )
    explorer.root.get_by_text("2 of 3: predict_on_batch ...").wait_for()
    assert explorer.start.get_attribute("aria-disabled") == "true"
    assert explorer.kernel("explorer.runs", 2) == "2"
    assert explorer.start.get_attribute("aria-disabled") == "false"


# ---- live ---------------------------------------------------------------------------------


def test_live_runs_each_choice_by_keyboard(explorer):
    explorer.root.get_by_role("button", name="Run at each choice").click()
    explorer.grid.focus()
    explorer.keyboard.press("Space")
    assert explorer.kernel("explorer.ran", [0]) == "[0]"
    explorer.bars_say("Sample 0, labelled 0")
    explorer.keyboard.press("ArrowRight")
    explorer.keyboard.press("Space")
    assert explorer.kernel("explorer.ran", [0, 1]) == "[0, 1]"
    explorer.bars_say("Sample 1, labelled 1")
    assert explorer.cells("classes named") == ["0, 1"] * 3


def test_of_many_quick_choices_the_newest_wins_and_none_is_lost(show):
    """The kernel is slow, and what it echoes of an old choice arrives amid new ones."""
    explorer = Explorer(show(SLOW.format(0.8, None)))
    explorer.root.get_by_role("button", name="Run at each choice").click()
    explorer.grid.focus()
    explorer.keyboard.press("Space")
    start = time.monotonic()
    for pause in [200, 200, *[25] * 60]:
        explorer.notebook.page.wait_for_timeout(pause)
        explorer.keyboard.press("Shift+ArrowRight")
    pressed = time.monotonic() - start
    explorer.says("All methods name the same class for all 63 samples.")
    explorer.notebook.run("slow.seconds = 0.0")
    wanted = list(range(63))
    assert explorer.kernel("explorer.ran", wanted) == str(wanted)
    assert explorer.kernel("explorer.current", 62) == "62"
    most = 3 + pressed / 0.8  # one in each of the call's 0.8 s, those under way and the last
    assert int(explorer.notebook.run("print(explorer.runs)")) <= most
    explorer.table.get_by_text("63 samples: 0, 1, 2, 3, 4, 5, ..., in batches of 32").wait_for()


# ---- busy, Stop, errors -------------------------------------------------------------------


def test_busy_is_seen_at_once_and_a_second_click_asks_for_nothing(show):
    explorer = Explorer(show(SLOW.format(1.0, None)))
    explorer.notebook.run("explorer.selected = [4]; heard = []")
    explorer.notebook.run("explorer.on_msg(lambda widget, content, buffers: heard.append(content))")
    busy = """(start) => {
        start.click();
        start.click();
        const root = start.closest('.kd-explorer');
        return [root.querySelector('progress').hidden, start.ariaDisabled, root.innerText];
    }"""
    hidden, disabled, words = explorer.start.evaluate(busy)
    assert not hidden
    assert disabled == "true"
    assert "1 of 3: predict ..." in words
    explorer.says("All methods name the same class for the sample.")
    explorer.root.locator("progress").wait_for(state="hidden")
    assert explorer.notebook.run("print([each['at'] for each in heard])") == "[0, 1, 2]"
    assert explorer.kernel("explorer.runs", 1) == "1"


def test_stop_stops_between_methods_and_shows_what_there_is(show):
    explorer = Explorer(show(SLOW.format(1.5, None)))
    explorer.click(4)
    explorer.start.click()
    explorer.root.get_by_text("2 of 3: predict_on_batch ...").wait_for()
    explorer.stop.click()
    explorer.says("Not run: predict_step.")
    assert explorer.cells("returns") == ["numpy.ndarray", "numpy.ndarray", "≠ not run"]
    assert explorer.stop.evaluate("(stop) => stop === document.activeElement")
    assert explorer.kernel(
        "explorer.runs, list(explorer.predictions)", "1 ['predict', 'predict_on_batch']"
    )
    explorer.notebook.run("slow.seconds = 0.0")
    explorer.start.click()
    explorer.says("All methods name the same class for the sample.")


def test_other_cells_run_between_the_methods(show):
    explorer = Explorer(show(SLOW.format(0.7, None)))
    explorer.click(4)
    explorer.start.click()
    explorer.root.get_by_text("2 of 3: predict_on_batch ...").wait_for()
    assert explorer.notebook.run("print(explorer.runs)") == "0"
    explorer.says("All methods name the same class for the sample.")


def test_an_error_of_the_model_is_shown_and_another_model_mends_it(show):
    explorer = Explorer(show(SLOW.format(0, "ValueError('too <b>odd</b>')")))
    explorer.click(4, 5)
    explorer.start.click()
    explorer.says("predict_on_batch raised ValueError: too <b>odd</b>.")
    assert explorer.cells("returns") == [
        "numpy.ndarray",
        "≠ ValueError: too <b>odd</b>",
        "≠ EagerTensor",
    ]
    explorer.bars_say("Sample 5, labelled 5")
    assert explorer.notebook.run("print(6 * 7)") == "42"
    explorer.notebook.run("explorer.model = model")
    explorer.root.get_by_text("Nothing was run yet").wait_for()
    explorer.start.click()
    explorer.says("All methods name the same class for all 2 samples.")
    assert "raised" not in explorer.status.inner_text()


def test_a_model_without_answers_shows_its_error_and_no_bars(show):
    code = """
small = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
explorer = PredictionExplorer(small, digits, selected=[5])
explorer"""
    explorer = Explorer(show(code))
    explorer.start.click()
    explorer.says("All methods raised ValueError: images have shape (1, 28, 28, 1)")
    assert not explorer.softmax.is_visible()
    assert explorer.root.get_by_text("No method has an answer to draw.").is_visible()


def test_an_interrupt_leaves_the_widget_usable(show):
    """Where the page's messages have a thread of their own, an interrupt does not reach them."""
    explorer = Explorer(show(SLOW.format(2, None)))
    explorer.click(4)
    explorer.start.click()
    explorer.root.get_by_text("2 of 3: predict_on_batch ...").wait_for()
    explorer.notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
    )
    explorer.root.locator("progress").wait_for(state="hidden")
    assert explorer.kernel("explorer.runs", 1) == "1"
    explorer.notebook.run("slow.seconds = 0.0")
    explorer.start.click()
    explorer.says("All methods name the same class for the sample.")
    assert explorer.kernel("explorer.runs", 2) == "2"


def test_a_cell_and_the_page_take_turns(show):
    explorer = Explorer(show(SLOW.format(0.5, None)))
    explorer.click(4)
    explorer.start.click()
    explorer.root.get_by_text("2 of 3: predict_on_batch ...").wait_for()
    explorer.notebook.run("explorer.selected = [1, 2]; explorer.run(); mine = explorer.ran")
    assert explorer.notebook.run("print(mine, 'predict_step' in vars(slow))") == "[1, 2] False"
    explorer.root.locator("progress").wait_for(state="hidden")
    explorer.bars_say("Sample 1, labelled 1")


def test_logits_show_their_softmax(show):
    code = """
logits = keras.Model(model.input, model.layers[-2].output)
explorer = PredictionExplorer(logits, digits, selected=[5])
explorer.run()
explorer"""
    explorer = Explorer(show(code))
    explorer.bars_say("Sample 5, labelled 5")


# ---- views, size, first paint -------------------------------------------------------------


def test_two_views_stay_in_step(show):
    notebook = show(EXPLORER, "explorer")
    one, other = Explorer(notebook, 0), Explorer(notebook, 1)
    one.root.scroll_into_view_if_needed()
    one.click(5, 7)
    one.start.click()
    for view in (one, other):
        view.says("All methods name the same class for all 2 samples.")
        view.bars_say("Sample 7, labelled 7")
    assert one.kernel("explorer.runs", 1) == "1"


@pytest.mark.parametrize("width", [1024, 640])
def test_nothing_is_wider_than_the_page(explorer, width):
    explorer.notebook.run("explorer.selected = [5, 7, 38]; explorer.run();")
    explorer.says("All methods name the same class for all 3 samples.")
    explorer.notebook.page.set_viewport_size({"width": width, "height": 1000})
    try:
        explorer.softmax.wait_for()
        explorer.notebook.page.wait_for_timeout(300)
        wide, inside = explorer.root.evaluate("(root) => [root.scrollWidth, root.clientWidth]")
        assert wide <= inside
        image = explorer.root.get_by_role("application").bounding_box()
        bars = explorer.softmax.bounding_box()
        assert (bars["y"] > image["y"] + image["height"]) == (width == 640)
    finally:
        explorer.notebook.page.set_viewport_size({"width": 1024, "height": 1000})


def test_at_any_width_it_keeps_within_its_frame(explorer):
    explorer.notebook.run("explorer.selected = [5, 7, 38]; explorer.run();")
    explorer.says("All methods name the same class for all 3 samples.")
    assert explorer.root.evaluate(OVERRUN) == []


PAINTED = """(code) => new Promise((painted) => {
    const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
    const seen = new MutationObserver(() => {
        const tile = document.querySelector('.kd-explorer .kd-tile img');
        if (!tile) return;
        seen.disconnect();
        const next = (then) => requestAnimationFrame(then);
        next(() => next(() => painted(performance.now() - start)));
    });
    seen.observe(document.body, { childList: true, subtree: true });
    const start = performance.now();
    window.jupyterapp.commands.execute('notebook:run-cell');
})"""


@pytest.mark.parametrize("many", [1797, pytest.param(70_000, marks=pytest.mark.long)])
def test_the_first_paint(show, many):
    """Print how long it takes from running the cell to digits on the screen."""
    notebook = show(f"many = digits[np.arange({many}) % 1797]", "PredictionExplorer(model, many)")
    Explorer(notebook)
    times = []
    for _ in range(5):
        notebook.page.evaluate(
            "() => { const { content } = window.jupyterapp.shell.currentWidget;"
            " content.activeCellIndex = 2; content.activeCell.outputArea.model.clear(); }"
        )
        notebook.page.locator(".kd-explorer").wait_for(state="detached")
        times.append(notebook.page.evaluate(PAINTED, ""))
        notebook.wait_done()
    print(f"first paint over {many:,} digits, ms: {sorted(round(time) for time in times)}")
    assert notebook.page.locator(".kd-explorer .kd-tile").count() >= 20


def test_a_reload_in_the_middle_leaves_an_explorer_that_runs(open_notebook):
    notebook = open_notebook(SETUP, SLOW.format(2, None))
    explorer = Explorer(notebook)
    notebook.save()
    notebook.page.wait_for_timeout(500)
    explorer.click(5)
    explorer.start.click()
    explorer.root.get_by_text("2 of 3: predict_on_batch ...").wait_for()
    notebook.open()
    again = Explorer(notebook)
    again.root.get_by_text("Ctrl+Enter runs, too.").wait_for()
    again.start.click()
    again.bars_say("Sample 5, labelled 5, all methods predict 5")


def test_what_a_page_before_asked_for_holds_nobody_up(explorer):
    explorer.click(5)
    explorer.kernel("explorer._tell(2) or explorer.selected", "[5]")  # too late: its page is gone
    explorer.notebook.page.wait_for_timeout(200)
    explorer.root.get_by_text("Ctrl+Enter runs, too.").wait_for()
    explorer.start.click()
    explorer.bars_say("Sample 5, labelled 5, all methods predict 5")
