"""DrawingPad in a real JupyterLab: drawn on with mouse, finger and keys, read while it is drawn."""

from __future__ import annotations

import json
import re
import time

import numpy as np
import pytest

from kerasdemo.preprocess import frame_digit

pytestmark = pytest.mark.browser

SETUP = """
import json, time
import ipywidgets, numpy as np
from kerasdemo.widgets import DrawingPad
from kerasdemo.widgets._reading import shipped_classifier
model = shipped_classifier()

class Slow:
    "Answers late, with the share of ink as the probability of the first of two classes."
    asked = 0
    seconds = 0.3

    def predict_on_batch(self, images):
        self.asked += 1
        time.sleep(self.seconds)
        ink = images.mean()
        return np.array([[ink, 1 - ink]], dtype="float32")
"""
PAD = "pad = DrawingPad(model)\npad"
ONE = [[[150, 40], [146, 110], [140, 180], [136, 240]]]
SEVEN = [[[70, 60], [130, 56], [200, 58], [170, 120], [140, 190], [125, 245]]]
EIGHT = [
    [
        *([170, 90], [140, 55], [105, 70], [110, 110], [145, 140], [180, 180], [170, 225]),
        *([135, 240], [100, 220], [105, 175], [150, 135], [180, 105], [170, 80]),
    ]
]


class Pad:
    """A pad on the page, used as a person would."""

    def __init__(self, notebook, nth=0):
        self.notebook = notebook
        self.page = notebook.page
        self.root = self.page.locator(".kd-drawing-pad").nth(nth)
        self.sheet = self.root.get_by_role("application")
        self.status = self.root.get_by_role("status")
        self.root.wait_for()
        self.root.scroll_into_view_if_needed()

    def at(self, point):
        """Return where a point of the sheet is in the window."""
        box = self.sheet.bounding_box()
        return [box["x"] + point[0], box["y"] + point[1]]

    def draw(self, strokes, steps=6):
        """Draw with the mouse."""
        for stroke in strokes:
            self.page.mouse.move(*self.at(stroke[0]))
            self.page.mouse.down()
            for point in stroke[1:]:
                self.page.mouse.move(*self.at(point), steps=steps)
            self.page.mouse.up()

    def says(self, words):
        """Wait for words in the status line."""
        self.status.get_by_text(re.compile(words)).wait_for()

    def pen_stands_at(self, across, down):
        """Wait until the pen is drawn there, to a pixel: it moves with the page's next frame."""
        self.page.wait_for_function(
            """([sheet, across, down]) => {
                const [page, pen] = [sheet, sheet.querySelector("span")]
                    .map((element) => element.getBoundingClientRect());
                return Math.abs(pen.x + pen.width / 2 - page.x - across) <= 1
                    && Math.abs(pen.y + pen.height / 2 - page.y - down) <= 1;
            }""",
            arg=[self.sheet.element_handle(), across, down],
        )

    def greys(self, nth):
        """Return the ink of the sheet (0) or of the framed image (1), 0 to 255."""
        self.page.wait_for_timeout(100)
        return np.array(
            self.root.locator("canvas")
            .nth(nth)
            .evaluate(
                "(canvas) => { const { width, height } = canvas; const { data } = "
                "canvas.getContext('2d').getImageData(0, 0, width, height);"
                " return Array.from({ length: height }, (_, row) => Array.from({ length: width },"
                " (_, column) => data[(row * width + column) * 4 + 3])); }"
            )
        )

    def kernel(self, expression):
        """Return a value of the kernel."""
        return json.loads(self.notebook.run(f"print(json.dumps({expression}))"))

    def strokes(self, count):
        """Wait until the kernel has so many strokes, and no new points come; return them."""
        self.notebook.wait_for_print("len(pad.strokes)", count)
        strokes, before = self.kernel("pad.strokes"), None
        while strokes != before:
            self.page.wait_for_timeout(100)
            strokes, before = self.kernel("pad.strokes"), strokes
        assert len(strokes) == count
        return strokes


@pytest.fixture
def pad(show):
    return Pad(show(PAD))


# ---- mouse --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digit", "strokes"), [(1, ONE), pytest.param(7, SEVEN, marks=pytest.mark.long), (8, EIGHT)]
)
def test_a_digit_drawn_with_the_mouse_is_read(pad, digit, strokes):
    pad.draw(strokes)
    pad.says(rf"^Most likely {digit} \(.* %\), then ")
    (stroke,) = pad.strokes(1)
    assert stroke["width"] == 36
    assert stroke["points"][0] == strokes[0][0]
    assert stroke["points"][-1] == strokes[0][-1]
    assert len(stroke["points"]) > 3 * len(strokes[0])
    assert pad.kernel("int(pad.probabilities.argmax())") == digit
    chart = pad.root.get_by_role("table", name="Probabilities")
    assert chart.get_by_role("row").filter(has_text="predicted").inner_text().split()[0] == str(
        digit
    )


def test_the_page_shows_what_the_model_is_given(pad):
    pad.draw(SEVEN)
    pad.draw([[[100, 150], [190, 145]]])
    pad.says("Most likely 7")
    sheet, seen = pad.greys(0), pad.greys(1)
    assert sheet.shape == (280, 280)
    given = np.array(pad.kernel("pad.image[..., 0].tolist()"))
    assert np.abs(seen - 255 * given).max() <= 0.51, "rounded to a grey"
    assert np.abs(seen - 255 * frame_digit(sheet / 255)).max() < 1.5, (
        "the sheet's ink is rounded too"
    )
    moved = frame_digit(np.roll(sheet[::-1], 9, axis=1) / 255)
    assert np.abs(seen - 255 * moved).max() > 100


def test_the_softmax_follows_while_the_pen_is_down(pad):
    pad.page.mouse.move(*pad.at([80, 60]))
    pad.page.mouse.down()
    pad.page.mouse.move(*pad.at([200, 60]), steps=5)
    rows = pad.root.get_by_role("table").get_by_role("row")
    rows.filter(has_text="predicted").wait_for()
    assert "Most likely" not in pad.status.inner_text()
    before = rows.all_inner_texts()
    pad.page.mouse.move(*pad.at([140, 240]), steps=5)
    pad.page.wait_for_function(
        "(before) => document.querySelector('.kd-drawing-pad table').innerText !== before",
        arg=pad.root.get_by_role("table").inner_text() if not before else before[0],
    )
    pad.page.mouse.up()
    pad.says("Most likely 7")


def test_a_click_makes_a_dot_and_other_buttons_none(pad):
    pad.page.mouse.click(*pad.at([50, 60]))
    assert [stroke["points"] for stroke in pad.strokes(1)] == [[[50, 60]]]
    pad.page.mouse.move(*pad.at([100, 60]))
    pad.page.mouse.down(button="middle")
    pad.page.mouse.move(*pad.at([150, 60]))
    pad.page.mouse.up(button="middle")
    pad.page.mouse.move(*pad.at([180, 60]), steps=4)
    assert len(pad.strokes(1)) == 1


def test_the_pen_is_followed_beyond_the_edge_and_back(pad):
    pad.draw([[[250, 100], [330, 120], [250, 140]]])
    (stroke,) = pad.strokes(1)
    assert max(x for x, _ in stroke["points"]) == 330
    assert pad.greys(0)[120, 270] > 0


# ---- touch --------------------------------------------------------------------------------


def test_a_finger_draws_and_does_not_scroll_and_a_second_one_is_ignored(pad):
    touch = pad.page.context.new_cdp_session(pad.page)

    def send(kind, *points):
        fingers = [
            {"x": x, "y": y, "id": place} for place, (x, y) in enumerate(map(pad.at, points))
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    before = pad.sheet.bounding_box()
    send("touchStart", ONE[0][0])
    for point in ONE[0][1:3]:
        send("touchMove", point)
    send("touchStart", ONE[0][2], [30, 30])
    send("touchMove", ONE[0][2], [60, 60])
    send("touchMove", ONE[0][2])  # the second one is gone
    send("touchMove", ONE[0][3])
    send("touchEnd")
    assert [stroke["points"][-1] for stroke in pad.strokes(1)] == [ONE[0][3]]
    pad.says("Most likely 1")
    assert pad.sheet.bounding_box() == before
    assert pad.sheet.evaluate("(sheet) => getComputedStyle(sheet).touchAction") == "none"


# ---- keyboard -----------------------------------------------------------------------------


def test_a_digit_drawn_by_keys_is_read(pad):
    keys = pad.page.keyboard
    pad.page.locator(".kd-drawing-pad").evaluate("(root) => { root.tabIndex = -1; root.focus(); }")
    keys.press("Tab")
    assert pad.sheet.evaluate("(sheet) => sheet === document.activeElement")
    pen = pad.sheet.locator("span")
    assert pen.is_visible()
    for _ in range(4):
        keys.press("Shift+ArrowUp")
    pad.says("^Pen up, 140 across, 60 down$")
    assert pad.kernel("pad.strokes") == []
    keys.press("Space")
    pad.says("^Pen down, 140 across, 60 down$")
    for _ in range(8):
        keys.press("Shift+ArrowDown")
    keys.press("ArrowDown")
    pad.pen_stands_at(140, 225)
    keys.press("d")
    pad.says("^Most likely 1 ")
    assert [stroke["points"][-1] for stroke in pad.strokes(1)] == [[140, 225]]
    keys.press("ArrowLeft")
    assert len(pad.strokes(1)[0]["points"]) == 10


@pytest.mark.parametrize("key", ["Escape", "Enter", "Space", "d", "Tab"])
def test_these_keys_lift_the_pen(pad, key):
    pad.sheet.focus()
    pad.page.keyboard.press("d")
    pad.page.keyboard.press("Shift+ArrowRight")
    pad.page.keyboard.press(key)
    pad.says("Most likely")
    pad.sheet.focus()
    pad.page.keyboard.press("ArrowDown")
    assert [stroke["points"] for stroke in pad.strokes(1)] == [[[140, 140], [160, 140]]]


def test_the_pen_stays_on_the_sheet(pad):
    pad.sheet.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        for _ in range(15):
            pad.page.keyboard.press(f"Shift+{key}")
        pad.page.keyboard.press(key)
        across = {"ArrowRight": 280, "ArrowDown": 280, "ArrowLeft": 0, "ArrowUp": 0}[key]
        down = {"ArrowRight": 140, "ArrowDown": 280, "ArrowLeft": 280, "ArrowUp": 0}[key]
        pad.says(f"^Pen up, {across} across, {down} down$")


def test_keys_stay_in_the_pad(pad):
    cells = pad.notebook.cell_count
    pad.sheet.focus()
    for key in ["x", "d", "d", "a", "b", "z", "m", "Enter"]:
        pad.page.keyboard.press(key)
    assert pad.notebook.cell_count == cells
    assert pad.sheet.evaluate("(sheet) => sheet === document.activeElement")


# ---- undo, redo, clear, width -------------------------------------------------------------


def test_undo_redo_and_clear_lose_nothing(pad):
    button = {name: pad.root.get_by_role("button", name=name) for name in ("Undo", "Redo", "Clear")}
    button["Undo"].click()  # nothing to undo
    pad.draw(SEVEN)
    pad.draw([[[100, 150], [190, 145]]])
    both = pad.strokes(2)
    button["Undo"].click()
    assert pad.strokes(1) == both[:1]
    button["Redo"].click()
    assert pad.strokes(2) == both
    button["Clear"].click()
    assert pad.strokes(0) == []
    pad.says("^The sheet is empty")
    assert pad.root.get_by_role("table").is_hidden()
    assert pad.greys(0).max() == pad.greys(1).max() == 0
    button["Undo"].click()
    assert pad.strokes(2) == both
    pad.says("Most likely 7")
    pad.root.get_by_role("table").wait_for()
    button["Redo"].click()
    assert pad.strokes(0) == []
    pad.draw(SEVEN)
    pad.strokes(1)
    button["Undo"].click()
    pad.strokes(0)
    pad.draw(ONE)
    one = pad.strokes(1)
    button["Redo"].click()  # what was drawn since counts
    assert pad.strokes(1) == one
    for left in ([], both, both[:1], []):
        button["Undo"].click()
        assert pad.strokes(len(left)) == left


def test_undo_and_redo_by_keys_wherever_the_focus_is(pad):
    pad.draw(ONE)
    pad.strokes(1)
    keys = pad.page.keyboard
    pad.sheet.focus()
    keys.press("ControlOrMeta+z")
    pad.strokes(0)
    keys.press("ControlOrMeta+Shift+z")
    pad.strokes(1)
    pad.root.get_by_role("button", name="Clear").click()
    pad.strokes(0)
    keys.press("ControlOrMeta+z")
    pad.strokes(1)
    keys.press("ControlOrMeta+y")
    pad.strokes(0)


def test_the_pen_has_a_width(pad):
    slider, number = pad.root.get_by_role("slider"), pad.root.get_by_role("spinbutton")
    number.fill("8")
    number.press("Enter")
    assert pad.notebook.wait_for_print("pad.width", "8.0") == "8.0"
    assert slider.input_value() == "8"
    pad.draw(ONE)
    slider.focus()
    pad.page.keyboard.press("End")
    assert pad.notebook.wait_for_print("pad.width", "60.0") == "60.0"
    assert number.input_value() == "60"
    pad.draw([[[60, 60], [60, 200]]])
    assert [stroke["width"] for stroke in pad.strokes(2)] == [8, 60]
    for wrong in ("70", ""):
        number.fill(wrong)
        number.press("Enter")
        assert number.evaluate("(field) => field.matches(':invalid') && field.validationMessage")
    assert pad.kernel("pad.width") == 60
    assert "Error" not in pad.status.inner_text(), "the page has not even asked the kernel"
    pad.notebook.run("pad.width = 20")
    pad.page.wait_for_function(
        "() => document.querySelector('.kd-drawing-pad [type=number]').value === '20'"
    )


# ---- the kernel ---------------------------------------------------------------------------


def test_strokes_set_by_code_are_drawn_and_read(pad):
    before = pad.greys(0)
    pad.notebook.run(f"pad.strokes = [dict(width=34, points={ONE[0]})]")
    pad.says("Most likely 1")
    assert before.max() == 0
    assert pad.greys(0)[100, 140] == 255
    pad.root.get_by_role("button", name="Undo").click()
    pad.notebook.run(f"pad.strokes = [dict(width=34, points={SEVEN[0]})]")
    pad.notebook.run(f"pad.strokes = [dict(width=34, points={EIGHT[0]})]")
    pad.says("Most likely 8")
    pad.root.get_by_role("button", name="Undo").click()
    pad.says("Most likely 7")


def test_two_views_are_in_step(show):
    notebook = show(PAD, "pad")
    one, other = Pad(notebook), Pad(notebook, 1)
    one.root.scroll_into_view_if_needed()
    one.draw(ONE)
    other.says("Most likely 1")
    assert np.array_equal(one.greys(0), other.greys(0))
    assert np.array_equal(one.greys(1), other.greys(1))
    other.root.scroll_into_view_if_needed()
    other.root.get_by_role("button", name="Clear").click()
    one.says("The sheet is empty")
    assert one.greys(0).max() == 0
    one.root.scroll_into_view_if_needed()
    one.root.get_by_role("button", name="Undo").click()
    other.says("Most likely 1")


def test_the_ink_does_not_wait_for_the_kernel_and_only_the_last_drawing_is_asked(show):
    pad = Pad(show("slow = Slow()\npad = DrawingPad(slow)\npad"))
    start = time.monotonic()
    pad.draw(SEVEN, steps=12)
    drawn = time.monotonic() - start
    assert pad.greys(1).max() == 255, "while the first answer is not there"
    pad.says("^Most likely")
    asked = pad.kernel("slow.asked")
    most = 2 + drawn / 0.3  # one in each of the model's 0.3 s, the one under way and the last
    assert 2 <= asked <= most, "of more than 60 moves"
    given = np.array(pad.kernel("pad.image[..., 0].tolist()"))
    assert np.abs(pad.greys(1) - 255 * given).max() <= 0.51
    last = "describe_softmax(pad.probabilities)"
    pad.notebook.run("from kerasdemo.view.softmax import describe_softmax")
    assert pad.status.inner_text() == pad.kernel(last)


def test_an_answer_to_another_drawing_is_dropped(show):
    pad = Pad(show("slow = Slow()\npad = DrawingPad(slow)\npad"))
    pad.draw(ONE)
    pad.says("Most likely")
    pad.notebook.run("slow.seconds = 4")
    table = pad.root.get_by_role("table")
    shown = table.inner_text()
    pad.page.evaluate(
        """() => {
            window.shown = [];
            const bars = document.querySelector('.kd-drawing-pad .kd-answer');
            new MutationObserver(() => window.shown.push(bars.hidden ? '' : bars.innerText))
                .observe(bars, { childList: true, attributes: true });
        }"""
    )
    pad.draw([[[60, 60], [60, 200]]])
    pad.root.get_by_role("button", name="Undo").click()
    pad.notebook.run("slow.seconds = 0")
    pad.strokes(1)
    pad.page.wait_for_timeout(200)
    assert set(pad.page.evaluate("() => window.shown")) <= {shown}
    assert table.inner_text() == shown
    pad.notebook.run("slow.seconds = 4")
    pad.draw([[[60, 60], [60, 200]]])
    pad.root.get_by_role("button", name="Clear").click()
    table.wait_for(state="hidden", timeout=3_000)
    pad.strokes(0)
    pad.page.wait_for_timeout(200)
    assert table.is_hidden()


def test_an_error_is_shown_and_the_pad_goes_on(show):
    pad = Pad(show("slow = Slow()\npad = DrawingPad(slow)\npad"))
    pad.notebook.run("Slow.predict_on_batch = lambda self, images: 1 / 0")
    pad.draw(ONE)
    pad.says("Error in the kernel: ZeroDivisionError: division by zero")
    assert pad.root.get_by_role("table").is_hidden()
    pad.notebook.run("Slow.predict_on_batch = lambda self, images: np.array([[0.25, 0.75]])")
    pad.draw([[[60, 60], [60, 200]]])
    pad.says(r"^Most likely 1 \(75.0 %\), then 0 \(25.0 %\)\.$")
    assert len(pad.strokes(2)) == 2


def test_a_pad_without_a_model_has_no_bars(show):
    pad = Pad(show("pad = DrawingPad(model=False)\npad"))
    pad.draw(ONE)
    assert len(pad.strokes(1)) == 1
    assert pad.greys(1).max() == 255
    assert pad.root.get_by_role("table").is_hidden()


def test_the_first_stroke_loads_the_classifier_and_a_reload_keeps_the_drawing(open_notebook):
    pad = Pad(open_notebook("from kerasdemo.widgets import DrawingPad\npad = DrawingPad()\npad"))
    pad.says("The sheet is empty. Draw a digit on it")
    assert pad.notebook.run("import sys; print('tensorflow' in sys.modules)") == "False"
    pad.draw(EIGHT)
    pad.says("Loading the classifier; the first time takes some seconds")
    assert pad.greys(1).max() == 255
    pad.status.get_by_text("Most likely 8").wait_for(timeout=60_000)
    pad.draw([[[60, 60], [60, 200]]])
    pad.root.get_by_role("button", name="Undo").click()
    pad.says("Most likely 8")
    before = pad.greys(0)
    pad.notebook.save()
    pad.page.wait_for_timeout(500)
    pad.notebook.open()
    again = Pad(pad.notebook)
    again.says("Most likely 8")
    assert np.array_equal(again.greys(0), before)
    again.root.get_by_role("table").wait_for()
    again.root.get_by_role("button", name="Redo").click()
    again.notebook.wait_for_print("len(pad.strokes)", 2)
    again.root.get_by_role("button", name="Undo").click()
    again.root.get_by_role("button", name="Undo").click()
    again.says("The sheet is empty")


def test_in_little_room_the_parts_stand_below_each_other(show):
    pad = Pad(show(PAD))
    pad.draw(EIGHT)
    pad.says("Most likely 8")
    try:
        pad.page.set_viewport_size({"width": 512, "height": 900})
        pad.page.wait_for_timeout(300)
        assert pad.root.evaluate("(root) => root.scrollWidth <= root.clientWidth + 1")
        sheet, seen = (pad.root.locator("canvas").nth(nth).bounding_box() for nth in (0, 1))
        assert seen["y"] > sheet["y"] + sheet["height"]
        assert sheet["width"] == 280
        pad.root.scroll_into_view_if_needed()
        pad.root.get_by_role("button", name="Clear").click()
        pad.root.scroll_into_view_if_needed()
        pad.draw(ONE)
        pad.says("Most likely 1")
    finally:
        pad.page.set_viewport_size({"width": 1024, "height": 1000})
