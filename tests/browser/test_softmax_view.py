"""SoftmaxView in a real JupyterLab: steps, temperature, order, several samples, in little room."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from access import CUT_OFF

pytestmark = pytest.mark.browser

SETUP = """
import ipywidgets
import numpy as np
from kerasdemo.digits import load_digits
from kerasdemo.widgets import *
labels = load_digits().labels[:40]
logits = np.random.default_rng(3).normal(0, 3, (40, 10)).astype("float32")
powers = np.exp(logits.astype(float))
rows = (powers**0.5 / (powers**0.5).sum(1, keepdims=True)).astype("float32")
"""
LOGITS = "soft = SoftmaxView(logits=logits, labels=labels)\nsoft"
PLAIN = "soft = SoftmaxView(rows, labels=labels)\nsoft"
METHODS = (
    'soft = SoftmaxView({"predict": rows, "predict_on_batch": rows[:, ::-1], "predict_step": rows},'
    " labels=labels)\nsoft"
)
LENGTHS = """(root) => [...root.querySelectorAll("tbody td:nth-child(2) span")]
    .map((bar) => bar.offsetWidth / bar.parentElement.clientWidth)"""


class Soft:
    """A softmax view on the page, used as a person would."""

    def __init__(self, notebook, nth=0):
        self.notebook = notebook
        self.page = notebook.page
        self.root = self.page.locator(".kd-softmax-view").nth(nth)
        self.root.wait_for()
        self.root.scroll_into_view_if_needed()
        self.title = self.root.locator(".kd-title")
        self.temperature = self.root.get_by_role("spinbutton", name="Temperature T")
        self.top = self.root.get_by_role("spinbutton", name="Show the top")
        self.slider = self.root.get_by_role("slider", name="Temperature")

    def more(self):
        """Open what a beginner can leave closed."""
        self.root.locator("summary").click()
        self.temperature.wait_for()

    def lines(self):
        """Return the texts of the lines of the classes, as they stand."""
        found = self.root.locator("tbody tr").all_inner_texts()
        return [" ".join(line.split()) for line in found]

    def lengths(self):
        """Return the lengths of the bars."""
        self.page.wait_for_timeout(100)
        return self.root.evaluate(LENGTHS)

    def type(self, field, text):
        field.fill(text)
        field.press("Enter")

    def ask(self, expression):
        """Return what the kernel says once it has heard of the last choice."""
        self.page.wait_for_timeout(150)
        return self.notebook.run(f"print({expression})")

    def formula(self):
        return " ".join(self.root.locator(".kd-formula").inner_text().split())


@pytest.fixture
def soft(show):
    return Soft(show(LOGITS))


def softmax(row, temperature=1.0):
    powers = [math.exp((z - max(row)) / temperature) for z in row]
    return [power / sum(powers) for power in powers]


def numbers_of(soft, expression):
    return [float(number) for number in soft.ask(f"*({expression})").split()]


# ---- the plain view -----------------------------------------------------------------------


def test_bars_table_and_axis(show):
    soft = Soft(show("soft = SoftmaxView([[0.9, 0.0999, 1e-4, 0]], labels=[1])\nsoft"))
    assert soft.lines() == ["0 0.900 predicted", "1 0.100 true label", "2 < 0.001", "3 0"]
    words = " ".join(soft.root.inner_text().split())
    assert "Most likely 0 (90.0 %), then 1 (10.0 %) and 2 (< 0.1 %)." in words
    assert "Sum all shares together; softmax makes it 1 1.000" in words
    assert "Margin first minus second; near 0 it was a close call 0.800" in words
    assert "Entropy doubt in bits: 0 none, 2.00 all alike 0.47" in words
    linear = soft.lengths()
    assert linear[1] / linear[0] == pytest.approx(0.111, abs=0.01)
    assert linear[2:] == pytest.approx([0, 0], abs=0.01)
    soft.root.get_by_role("button", name="Log axis").click()
    log = soft.lengths()
    assert [log[1] / log[0], log[2] / log[0], log[3]] == pytest.approx([0.88, 0.503, 0], abs=0.01)
    assert soft.lines()[2] == "2 1.00000e-4"
    assert soft.root.get_by_text("≤ 1e-8").is_visible()
    soft.root.get_by_role("button", name="Table").click()
    row = soft.root.get_by_role("row").filter(has_text="true label")
    row.get_by_text("0.0999000").wait_for()
    soft.root.locator("tbody td:nth-child(2)").first.wait_for(state="hidden")
    assert soft.ask("soft.scale, soft.table") == "log True"


def test_the_plain_view_shows_few_controls_and_keeps_the_others_under_more(show):
    soft = Soft(show(PLAIN))
    controls = soft.root.locator("button, input, summary").filter(visible=True)
    assert controls.count() <= 6
    assert soft.root.locator(".kd-formula").count() == 0
    soft.more()
    assert controls.count() == 11


def test_methods_side_by_side_with_what_differs(show):
    soft = Soft(show(METHODS))
    soft.title.get_by_text("sample 0, labelled 0, the methods disagree").wait_for()
    heads = soft.root.locator("thead th").all_inner_texts()
    assert heads == ["class", "bar", "predict", "predict_on_batch", "predict_step", "mark"]
    gaps = (
        soft.root.get_by_role("row").filter(has_text="Difference").locator("td").all_inner_texts()
    )
    wanted = soft.ask("abs(rows[0] - rows[0, ::-1]).max()")
    assert gaps[1] == "–"
    assert float(gaps[2]) == pytest.approx(float(wanted), rel=1e-4)
    assert float(gaps[3]) == 0
    fills = soft.root.evaluate(
        "(root) => [...root.querySelector('tbody td:nth-child(2)').children]"
        ".map((bar) => getComputedStyle(bar).backgroundImage)"
    )
    assert len(set(fills)) == 3, "told apart by their patterns"


# ---- exp, sum, share ----------------------------------------------------------------------


def test_the_steps_are_lit_together_for_the_predicted_class(soft):
    z = numbers_of(soft, "logits[0]")
    at = z.index(max(z))
    line = soft.root.locator("tbody tr").nth(at)
    assert line.locator(":checked").count() == 1
    cells = [float(text) for text in line.locator("td").all_inner_texts()[1:5]]
    share = softmax(z)[at]
    assert cells == pytest.approx([z[at], z[at], 1, share], rel=1e-5)
    total = sum(math.exp(value - max(z)) for value in z)
    foot = soft.root.get_by_role("row").filter(has_text="Sum").locator("td").all_inner_texts()
    assert float(foot[3]) == pytest.approx(total, rel=1e-5)
    formula = soft.formula()
    assert formula.startswith(f"share of {at} =")
    assert formula.endswith(f"= {line.locator('td').nth(4).inner_text()}")
    for term, cell in (
        (".kd-lit-1", line.locator("td").nth(2)),
        (".kd-lit-2", line.locator("td").nth(3)),
        (".kd-lit-3", line.locator("td").nth(4)),
        (".kd-lit-sum", soft.root.locator("tfoot tr").nth(1).locator("td").nth(3)),
    ):
        lit = soft.root.locator(term)
        assert lit.inner_text() == cell.inner_text()
        style = "(node) => { const s = getComputedStyle(node);"
        style += " return [s.outlineStyle, s.outlineColor, s.outlineWidth] }"
        assert lit.evaluate(style) == cell.evaluate(style)
    styles = {
        soft.root.locator(f".kd-lit-{name}").evaluate("(b) => getComputedStyle(b).outlineStyle")
        for name in ("1", "2", "3", "sum")
    }
    assert len(styles) == 4, "told apart without colour"
    places = [
        soft.root.locator(f".kd-lit-{name}").bounding_box() for name in ("1", "2", "sum", "3")
    ]
    assert places[1]["y"] < places[2]["y"], "the class above the sum of all"
    left = [place["x"] + place["width"] / 2 for place in places]
    assert left[0] < left[1] == pytest.approx(left[2], abs=2)
    assert left[2] < left[3]
    assert "The largest z/T is subtracted first" in soft.root.inner_text()


def test_a_click_on_a_line_chooses_the_class_and_until_then_it_follows(soft):
    follows = [soft.ask("logits[0].argmax()"), soft.ask("logits[1].argmax()")]
    assert soft.formula().startswith(f"share of {follows[0]} =")
    soft.root.get_by_role("button", name="Next").click()
    soft.root.locator(".kd-formula").get_by_text(f"share of {follows[1]} =").wait_for()
    soft.root.locator("tbody tr").nth(4).locator("td").nth(0).click()
    soft.root.locator(".kd-formula").get_by_text("share of 4 =").wait_for()
    assert soft.ask("soft.focus") == "4"
    soft.root.get_by_role("button", name="Previous").click()
    soft.title.get_by_text("sample 0").wait_for()
    assert soft.formula().startswith("share of 4 =")
    soft.notebook.run("soft.focus = None")
    soft.root.locator(".kd-formula").get_by_text(f"share of {follows[0]} =").wait_for()
    soft.notebook.run("soft.focus = 8")
    soft.root.locator(".kd-formula").get_by_text("share of 8 =").wait_for()
    assert soft.root.locator("tbody tr").nth(8).locator(":checked").count() == 1


def test_arrow_keys_move_the_focus_and_it_is_said(soft):
    soft.notebook.run("soft.focus = 3")
    soft.root.locator(".kd-formula").get_by_text("share of 3 =").wait_for()
    soft.root.get_by_role("radio", name="3").focus()
    soft.page.keyboard.press("ArrowDown")
    soft.root.locator(".kd-formula").get_by_text("share of 4 =").wait_for()
    soft.page.keyboard.press("ArrowDown")
    soft.root.locator(".kd-formula").get_by_text("share of 5 =").wait_for()
    assert soft.page.evaluate("() => document.activeElement.labels[0].innerText") == "5"
    soft.page.keyboard.press("ArrowUp")
    soft.root.locator(".kd-formula").get_by_text("share of 4 =").wait_for()
    share = softmax(numbers_of(soft, "logits[0]"))[4]
    said = soft.root.get_by_role("status")
    said.get_by_text(re.compile(r"Share of 4: ")).wait_for()
    told = re.search(r"Share of 4: (?:< )?([\d.]+) %", said.inner_text())
    assert float(told[1]) == pytest.approx(100 * share, abs=0.1)
    assert soft.ask("soft.focus") == "4"


def test_several_methods_of_logits_are_compared_without_the_steps(show):
    soft = Soft(show("soft = SoftmaxView(logits={'one': logits, 'two': logits * 2})\nsoft"))
    assert soft.root.locator(".kd-formula").count() == 0
    assert soft.root.get_by_role("radio").count() == 0
    z = numbers_of(soft, "logits[0]")
    shown = soft.root.locator("tbody tr").first.locator("td").all_inner_texts()[1:3]
    wanted = [softmax(z)[0], softmax([2 * value for value in z])[0]]
    assert [float(text.strip("< >")) for text in shown] == pytest.approx(wanted, abs=1e-3)


# ---- temperature --------------------------------------------------------------------------


def test_the_temperature_changes_bars_words_and_facts_at_once(soft):
    z = numbers_of(soft, "logits[0]")
    at = z.index(max(z))
    for t in (4, 2.5):
        soft.type(soft.temperature, str(t))
        soft.title.get_by_text(f"at T = {t}").wait_for()
        shares = softmax(z, t)
        shown = [float(line.split()[4]) for line in soft.lines()]
        assert shown == pytest.approx(shares, rel=1e-4)
        assert f"({100 * max(shares):.1f} %)" in soft.root.inner_text()
        lengths = soft.lengths()
        assert lengths[1] / lengths[at] == pytest.approx(shares[1] / shares[at], abs=0.01)
    assert soft.ask("soft.temperature") == "2.5"
    soft.root.get_by_role("button", name="Reset to 1").click()
    soft.title.get_by_text("at T").wait_for(state="detached")
    assert soft.temperature.input_value() == "1"
    assert soft.ask("soft.temperature") == "1.0"


def test_the_slider_and_the_number_are_one(soft):
    soft.slider.focus()
    for _ in range(30):
        soft.page.keyboard.press("ArrowRight")
    soft.title.get_by_text("at T = 2").wait_for()
    assert soft.temperature.input_value() == "2"
    assert soft.ask("soft.temperature") == "2.0"
    soft.type(soft.temperature, "0.1")
    soft.title.get_by_text("at T = 0.1").wait_for()
    assert float(soft.slider.input_value()) == -1
    assert soft.ask("soft.temperature") == "0.1"
    soft.notebook.run("soft.temperature = 10")
    soft.title.get_by_text("at T = 10").wait_for()
    assert float(soft.slider.input_value()) == 1


def test_a_drag_of_the_slider_is_drawn_as_it_goes_and_said_when_it_rests(soft):
    soft.slider.scroll_into_view_if_needed()
    said = soft.root.get_by_role("status").locator(".kd-unseen")
    said.get_by_text("sample 0").wait_for(state="attached")
    soft.root.evaluate(
        "(root) => { window.said = []; const line = root.querySelector('[role=status]');"
        " new MutationObserver(() => window.said.push(line.textContent))"
        ".observe(line, { childList: true, subtree: true, characterData: true }) }"
    )
    box = soft.slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    soft.page.mouse.move(box["x"] + box["width"] / 2, middle)
    soft.page.mouse.down()
    titles = set()
    for step in range(12):
        soft.page.mouse.move(box["x"] + box["width"] * (0.5 + step / 40), middle)
        soft.page.wait_for_timeout(40)
        titles.add(soft.title.inner_text())
    soft.page.mouse.up()
    assert len(titles) > 6, "drawn while it is dragged"
    soft.page.wait_for_timeout(700)
    heard = soft.page.evaluate("() => window.said.filter((text) => text.includes('T ='))")
    assert 1 <= len(set(heard)) <= 2, heard
    assert heard[-1].lower().startswith(soft.title.inner_text().lower())


@pytest.mark.parametrize(
    ("text", "words"), [("0", "nothing can be divided by 0"), ("-2", "below 0 the order"), ("", "")]
)
def test_a_bad_temperature_is_explained_and_nothing_is_lost(soft, text, words):
    soft.type(soft.temperature, "2")
    soft.title.get_by_text("at T = 2").wait_for()
    soft.type(soft.temperature, text)
    soft.root.get_by_text(re.compile("Type a number from 0.01 to 100.*" + words)).wait_for()
    assert soft.temperature.get_attribute("aria-invalid") == "true"
    assert soft.temperature.input_value() == text
    assert "at T = 2" in soft.title.inner_text()
    assert soft.ask("soft.temperature") == "2.0"
    soft.type(soft.temperature, "3")
    soft.title.get_by_text("at T = 3").wait_for()
    assert soft.temperature.get_attribute("aria-invalid") != "true"
    assert soft.root.get_by_text("Type a number").count() == 0


def test_probabilities_take_a_temperature_too_and_the_view_says_what_is_assumed(show):
    soft = Soft(show(PLAIN))
    soft.more()
    assert "log p stands for them" in soft.root.inner_text()
    soft.type(soft.temperature, "2")
    soft.title.get_by_text("at T = 2").wait_for()
    z = numbers_of(soft, "logits[0] / 2")
    shown = [float(re.search(r"[\d.]+", line[2:])[0]) for line in soft.lines()]
    assert shown == pytest.approx(softmax(z, 2), abs=1e-3)


# ---- order, top, several samples ----------------------------------------------------------


def test_sorted_and_only_the_most_likely_with_what_the_others_hold(show):
    soft = Soft(show(PLAIN))
    soft.more()
    soft.root.get_by_role("button", name="Most likely first").click()
    ranked = soft.ask("*rows[0].argsort()[::-1]").split()
    assert [line.split()[0] for line in soft.lines()] == ranked
    soft.type(soft.top, "3")
    soft.root.get_by_text(re.compile("The other 7 classes hold ")).wait_for()
    assert [line.split()[0] for line in soft.lines()] == ranked[:3]
    rest = 100 * float(soft.ask("np.sort(rows[0])[:7].sum()"))
    assert rest > 0.1
    assert f"classes hold {rest:.1f} %." in soft.root.inner_text()
    soft.root.get_by_role("button", name="Most likely first").click()
    soft.page.wait_for_timeout(100)
    assert [line.split()[0] for line in soft.lines()] == sorted(ranked[:3])
    soft.type(soft.top, "0")
    soft.root.get_by_text("Type how many classes to show").wait_for()
    assert len(soft.lines()) == 3
    soft.type(soft.top, "")
    soft.root.get_by_text("The other").wait_for(state="detached")
    assert len(soft.lines()) == 10
    assert soft.ask("soft.order, soft.top") == "class None"


def test_several_samples_side_by_side_and_who_is_left_out(show):
    soft = Soft(show(PLAIN))
    soft.notebook.run("soft.rows = [3, 1]")
    soft.title.get_by_text("sample 3, labelled 3, predicted").wait_for()
    heads = soft.root.locator("thead th").all_inner_texts()
    assert heads[2:4] == ["sample 3", "sample 1"]
    assert not soft.root.get_by_role("spinbutton", name="Row").is_visible()
    soft.notebook.run("soft.rows = [3, 1, 4, 15, 9, 26]")
    soft.root.get_by_text("Left out, as four fit: sample 9, sample 26.").wait_for()
    assert soft.root.locator("tbody tr").first.locator("td:nth-child(2) span").count() == 4
    soft.notebook.run("soft.rows = []")
    soft.root.get_by_role("spinbutton", name="Row").wait_for()
    soft.title.get_by_text("sample 0, labelled 0, predicted").wait_for()


CHOSEN = """
chooser = SampleChooser(load_digits()[:40])
soft = SoftmaxView(rows, labels=labels)
ipywidgets.{link}((chooser, "selected"), (soft, "rows"))
ipywidgets.VBox([chooser, soft])
"""


@pytest.mark.parametrize("link", ["link", "jslink"])
def test_what_is_chosen_is_compared(show, link):
    soft = Soft(show(CHOSEN.format(link=link)))
    field = soft.page.locator(".kd-chooser").get_by_label("Chosen")
    field.fill("7, 12, 30")
    field.press("Enter")
    soft.title.get_by_text("sample 12, labelled").wait_for()
    assert soft.root.locator("thead th").all_inner_texts()[2:5] == [
        "sample 7",
        "sample 12",
        "sample 30",
    ]
    assert soft.ask("list(soft.rows)") == "[7, 12, 30]"


def test_a_chosen_sample_that_is_not_here_is_left_out_and_told(show):
    cell = CHOSEN.format(link="jslink").replace("()[:40]", "()[:60]")
    soft = Soft(show(cell))
    field = soft.page.locator(".kd-chooser").get_by_label("Chosen")
    field.fill("7, 50, 12")
    field.press("Enter")
    soft.title.get_by_text("sample 12, labelled").wait_for()
    assert soft.root.locator("thead th").all_inner_texts()[2:-1] == ["sample 7", "sample 12"]
    soft.root.get_by_text("rows holds 50. Expected positions from 0 to 39").wait_for()


def test_two_views_of_one_model_stay_in_step(show):
    notebook = show(LOGITS, "soft")
    one, other = Soft(notebook, 0), Soft(notebook, 1)
    one.type(one.temperature, "5")
    other.title.get_by_text("at T = 5").wait_for()
    other.root.locator("tbody tr").nth(2).click()
    one.root.locator(".kd-formula").get_by_text("share of 2 =").wait_for()


# ---- other numbers ------------------------------------------------------------------------


def test_new_numbers_are_drawn_and_what_has_the_focus_keeps_it(show):
    soft = Soft(show(PLAIN))
    soft.root.get_by_role("spinbutton", name="Row").fill("39")
    soft.root.get_by_role("spinbutton", name="Row").press("Enter")
    soft.title.get_by_text("sample 39").wait_for()
    assert soft.ask("soft.index") == "39"
    soft.root.get_by_role("button", name="Previous").focus()
    soft.notebook.run("soft.probabilities = {'a': rows[:5], 'b': rows[5:10]}")
    soft.title.get_by_text("sample 4").wait_for()
    soft.root.get_by_text("0 to 4").wait_for()
    assert soft.root.locator("thead th").all_inner_texts()[2:4] == ["a", "b"]
    assert soft.page.evaluate("() => document.activeElement.innerText") == "‹ Previous"
    soft.page.keyboard.press("Enter")
    soft.title.get_by_text("sample 3").wait_for()
    assert soft.ask("soft.index") == "3"
    soft.notebook.run("soft.logits = logits[:3, :6]")
    soft.root.locator(".kd-formula").wait_for()
    assert len(soft.lines()) == 6
    soft.notebook.run("soft.probabilities = [[0.5, 0.5]]")
    soft.root.locator(".kd-formula").wait_for(state="detached")
    assert soft.lines() == ["0 0.500 predicted", "1 0.500"]


def test_numbers_that_are_none_are_shown_as_such(show):
    soft = Soft(show("soft = SoftmaxView(logits=[[np.nan, 1], [-np.inf, 0], [3e38, -3e38]])\nsoft"))
    soft.title.get_by_text("predicted NaN").wait_for()
    assert soft.lines()[0].split()[:5] == ["0", "NaN", "NaN", "NaN", "NaN"]
    soft.notebook.run("soft.index = 1")
    soft.title.get_by_text("predicted 1, 100 %").wait_for()
    assert soft.lines()[0].split() == ["0", "-Infinity", "-Infinity", "0.00000", "0.00000"]
    soft.notebook.run("soft.index = 2")
    soft.title.get_by_text("predicted 0, 100 %").wait_for()


# ---- little room --------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1024, 640, 512, 400])
@pytest.mark.parametrize("cell", [PLAIN, LOGITS, METHODS])
def test_bars_and_ticks_have_room(show, cell, width):
    soft = Soft(show(cell))
    try:
        soft.page.set_viewport_size({"width": width, "height": 1000})
        soft.page.wait_for_timeout(300)
        bars = soft.root.evaluate(
            "(root) => [...root.querySelectorAll('tbody td:nth-child(2)')]"
            ".map((track) => track.getBoundingClientRect().width)"
        )
        assert min(bars) >= 160
        soft.root.get_by_role("button", name="Log axis").click()
        soft.page.wait_for_timeout(100)
        ticks = soft.root.evaluate(
            "(root) => [...root.querySelectorAll('tfoot tr:first-child span')]"
            ".filter((tick) => tick.checkVisibility())"
            ".map((tick) => { const { left, right } = tick.getBoundingClientRect();"
            " return [left, right] })"
        )
        assert len(ticks) >= 3
        assert all(one[1] < other[0] for one, other in itertools.pairwise(ticks))
        assert soft.root.evaluate(CUT_OFF) == []
    finally:
        soft.page.set_viewport_size({"width": 1024, "height": 1000})


PATTERNS = """(root) => {
  const names = [...root.querySelectorAll("thead th span")];
  const bars = [...root.querySelectorAll("tbody tr:first-child td:nth-child(2) span")];
  const drawn = (element, part) => {
    const { backgroundColor, backgroundImage, boxShadow } = getComputedStyle(element, part);
    return `${backgroundColor} ${backgroundImage} ${boxShadow}`;
  };
  return names.map((name, at) =>
    [name.textContent, drawn(name, "::before"), drawn(bars[at], null)]);
}"""
THREE = 'p = [[0.9, 0.1]]\nSoftmaxView({name: p for name in ["predict_step", "mine", "predict"]})'


def test_a_method_has_its_own_pattern_whatever_stands_beside_it(show):
    one, other = (Soft(show(cell)).root.evaluate(PATTERNS) for cell in (METHODS, THREE))
    assert [name for name, *_ in one] == ["predict", "predict_on_batch", "predict_step"]
    assert [name for name, *_ in other] == ["predict_step", "mine", "predict"]
    patterns = {name: drawn for name, _, drawn in one}
    assert len(set(patterns.values())) == 3
    for name, key, drawn in [*one, *other]:
        assert key == drawn, "the name's key is drawn as its bars are"
        assert drawn == patterns.get(name, patterns["predict_on_batch"]), "the free one for mine"


FOUR = """p = [[0.9, 0.1], [0.2, 0.8]]
SoftmaxView({"predict": p, "predict_on_batch": p, "predict_step": p, "model(x)": p},
            labels=[0, 1])"""
LONG = """p = [[0.9, 0.1], [0.2, 0.8]]
SoftmaxView({"predict_before_the_training": p, "predict_on_batch_of_others": p, "x" * 40: p},
            labels=[0, 1], class_names=["a class with a long name", "another one, as long"])"""
OVERRUN = """(root) => {
  const widths = [];
  for (let width = 320; width <= 1200; width += 10) {
    root.style.width = `${width}px`;
    const chart = root.querySelector(".kd-chart");
    const cut = chart.scrollHeight > chart.clientHeight;
    if (root.scrollWidth > root.clientWidth || cut) widths.push(width);
  }
  root.style.width = "";
  return widths;
}"""


@pytest.mark.parametrize("cell", [PLAIN, LOGITS, METHODS, FOUR, LONG])
def test_the_chart_keeps_within_its_frame_at_any_width(show, cell):
    assert Soft(show(cell)).root.evaluate(OVERRUN) == []


def test_the_sentence_on_temperature_is_of_what_is_shown_now(show):
    soft = Soft(show("soft = SoftmaxView([[0.9, 0.1], [0.2, 0.8]])\nsoft"))
    soft.root.locator("summary").click()
    said = soft.root.locator("details > .kd-muted")
    before = said.inner_text()
    assert "log" in before
    soft.notebook.run("soft.logits = [[1.0, 2.0]]")
    soft.page.wait_for_function(
        "(before) => document.querySelector('details > .kd-muted').innerText !== before", arg=before
    )
    assert said.inner_text().startswith("T divides the logits")


def test_with_logits_the_largest_share_is_bold_and_no_logit(show):
    soft = Soft(show(LOGITS))
    bold = soft.root.locator("td.kd-largest")
    assert bold.count() == 1
    assert bold.evaluate("(cell) => [...cell.parentElement.children].indexOf(cell)") == 5
