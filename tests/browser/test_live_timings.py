"""LiveTimings in a real JupyterLab: start, stop, go on, errors, two views, a reload."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

SETUP = """
import time
import numpy as np
import ipywidgets
from kerasdemo.widgets import LiveTimings

pace = {"seconds": 0.01}
ran = []

def slow(batch):
    ran.append(len(batch))
    time.sleep(pace["seconds"])

def quick(batch):
    time.sleep(pace["seconds"] / 20 * len(batch))

def timings(**options):
    how = {"methods": (), "calls": {"slow": slow, "quick": quick}, "rounds": 3,
           "batch_sizes": [1, 2, 4, 8, 16, 32]}
    return LiveTimings(images=np.zeros((8, 2)), **how | options)
"""
CELL = "live = timings()\nlive"


class View:
    """A view on the page, used as a person would."""

    def __init__(self, notebook, nth=0):
        self.notebook, self.page = notebook, notebook.page
        self.root = self.page.locator(".kd-live-timings").nth(nth)
        self.root.wait_for()
        self.bar = self.root.get_by_role("progressbar")
        self.status = self.root.get_by_role("status")
        self.points = self.root.locator(".kd-series-0 .kd-point")
        self.rows = self.root.locator("tbody tr")

    def button(self, name):
        return self.root.get_by_role("button", name=re.compile(f"^(✓ )?{name}$"))

    def wait_points(self, count, timeout=60_000):
        """Wait until so many points are drawn."""
        self.points.nth(count - 1).wait_for(state="attached", timeout=timeout)

    def wait_done(self):
        self.button("Start again").wait_for()

    def measured(self):
        return self.notebook.run("print(live.measured)")


@pytest.fixture
def view(show):
    return View(show("pace['seconds'] = 0.01; ran.clear()", CELL))


def test_points_appear_one_by_one_with_a_progress_bar(view):
    assert view.points.count() == 0
    assert not view.bar.is_visible()
    assert "Not measured yet" in view.status.inner_text()
    view.root.evaluate(
        """(root) => {
            window.seen = [];
            const note = () => {
                const count = root.querySelectorAll('.kd-series-0 .kd-point').length;
                if (count && count !== window.seen.at(-1)) window.seen.push(count);
            };
            new MutationObserver(note).observe(root, { childList: true, subtree: true });
        }"""
    )
    view.button("Start").click()
    view.wait_done()
    assert view.page.evaluate("() => window.seen") == [1, 2, 3, 4, 5, 6]
    assert view.rows.count() == 6
    assert not view.bar.is_visible()
    assert view.measured() == "[1, 2, 4, 8, 16, 32]"
    said = view.status.inner_text()
    assert "All batch sizes measured." in said
    assert "Quickest by samples a call: quick up to" in said
    assert "There are 8 samples; larger batches repeat them." in said


def test_while_it_measures_it_says_where_it_is_and_is_quiet(view):
    view.notebook.run("pace['seconds'] = 0.4")
    view.button("Start").click()
    view.root.get_by_text("2 of 6: batches of 2").wait_for()
    assert (
        view.bar.get_attribute("value") is not None or view.bar.evaluate("(bar) => bar.value") > 0
    )
    assert view.bar.evaluate("(bar) => bar.labels[0].innerText") == "2 of 6: batches of 2"
    assert view.status.inner_text() == ""
    assert 1 / 6 <= view.bar.evaluate("(bar) => bar.value") < 1
    view.button("Stop").click()


def test_stop_stops_and_continue_goes_on(view):
    view.notebook.run("pace['seconds'] = 0.4")
    view.button("Start").click()
    view.wait_points(2)
    view.button("Stop").click()
    view.button("Continue").wait_for()
    made = view.points.count()
    assert 2 <= made < 5
    assert f"{made} of 6 batch sizes measured." in view.status.inner_text()
    view.page.wait_for_timeout(2500)  # the step under way ends
    calls = view.notebook.run("print(len(ran))")
    view.page.wait_for_timeout(2500)
    assert view.notebook.run("print(len(ran))") == calls, "the kernel rests"
    assert view.points.count() in (made, made + 1)
    view.notebook.run("pace['seconds'] = 0.005")
    view.button("Continue").click()
    view.wait_done()
    assert view.measured() == "[1, 2, 4, 8, 16, 32]"


def test_cells_run_between_the_steps(view):
    view.notebook.run("pace['seconds'] = 0.1")
    view.button("Start").click()
    view.wait_points(1)
    assert view.notebook.run("print(6 * 7)") == "42"
    assert view.button("Stop").is_visible(), "and it still measures"
    before = view.points.count()
    view.wait_points(before + 1)
    view.button("Stop").click()


def test_a_cell_may_finish_what_the_page_began(view):
    view.notebook.run("pace['seconds'] = 0.05")
    view.button("Start").click()
    view.wait_points(1)
    assert view.notebook.run("print(sorted(live.run().points))") == "[1, 2, 4, 8, 16, 32]"
    view.wait_done()
    per_size = view.notebook.run("print({size: ran.count(size) for size in sorted(set(ran))})")
    assert per_size == str(dict.fromkeys([1, 2, 4, 8, 16, 32], 6)), "each call made once"


def test_no_step_is_made_beside_a_cell(view):
    view.notebook.run("pace['seconds'] = 0.02")
    view.button("Start").click()
    view.wait_points(1)
    beside = view.notebook.run("before = len(ran); time.sleep(1.5); print(len(ran) - before)")
    assert beside == "0"
    view.wait_done()


def test_start_again_begins_anew(view):
    view.button("Start").click()
    view.wait_done()
    view.notebook.run("pace['seconds'] = 0.4")
    view.button("Start again").click()
    view.root.get_by_text("2 of 6: batches of 2").wait_for()
    assert view.points.count() == 1
    view.button("Stop").click()
    view.button("Start again").click()
    assert view.button("Stop").evaluate("(button) => button === document.activeElement")
    view.root.get_by_text("1 of 6: batches of 1").wait_for()
    view.button("Stop").click()


def test_stop_and_go_in_a_hurry_asks_once_only(view):
    view.notebook.run("pace['seconds'] = 0.3")
    view.button("Start").click()
    for _ in range(4):
        view.button("Stop").click()
        view.root.get_by_role("button", name=re.compile("^(Start|Continue)$")).click()
    view.notebook.run("pace['seconds'] = 0.01")
    view.wait_done()
    per_size = view.notebook.run("print({size: ran.count(size) for size in sorted(set(ran))})")
    assert per_size == str(dict.fromkeys([1, 2, 4, 8, 16, 32], 6))


def test_per_sample_and_back_without_the_kernel(view):
    view.button("Start").click()
    view.wait_done()
    view.notebook.page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({ code: 'time.sleep(2)' }); }"
    )
    view.button("Time per sample").click()
    assert "Milliseconds per sample" in view.root.locator("caption").inner_text()
    assert view.root.locator("svg > title").text_content() == "Time per sample by batch size"
    assert view.button("Time per sample").get_attribute("aria-pressed") == "true"
    view.button("Time per sample").click()
    assert "Milliseconds per call" in view.root.locator("caption").inner_text()
    view.button("Time per sample").click()
    assert view.notebook.wait_for_print("live.per", "sample") == "sample"
    view.notebook.run("live.per = 'call'")
    view.root.get_by_text("Milliseconds per call").wait_for()


def test_everything_by_keyboard(view):
    keyboard = view.page.keyboard
    view.notebook.run("pace['seconds'] = 0.1")
    view.button("Start").focus()
    keyboard.press("Enter")
    view.wait_points(1)
    keyboard.press("Space")  # the same button is Stop now
    view.button("Continue").wait_for()
    keyboard.press("Tab")
    assert view.button("Start again").evaluate("(button) => button === document.activeElement")
    keyboard.press("Tab")
    keyboard.press("Enter")
    view.root.get_by_text("Milliseconds per sample").wait_for()
    keyboard.press("Tab")
    name = view.page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    assert name == "Chart, table"
    cells = view.notebook.cell_count
    for key in ("x", "d", "d", "b", "a"):
        keyboard.press(key)
    assert view.notebook.cell_count == cells


def test_an_error_is_shown_and_the_points_stay(view):
    view.notebook.run(
        "def breaks(batch):\n    if len(batch) == 8: raise MemoryError('too <b>large</b>\\nhere')\n"
        "live._sweep.own_calls['slow'] = breaks"
    )
    view.button("Start").click()
    view.status.get_by_text("MemoryError: too <b>large</b>").wait_for()
    assert view.points.count() == 3
    assert view.button("Continue").is_visible()
    view.notebook.run("live._sweep.own_calls['slow'] = slow")
    view.button("Start again").click()
    view.wait_done()
    assert "MemoryError" not in view.status.inner_text()


def test_two_views_show_the_same_and_one_asks(show):
    notebook = show("pace['seconds'] = 0.05; ran.clear()", CELL, "live")
    one, other = View(notebook), View(notebook, nth=1)
    one.button("Start").click()
    other.button("Stop").wait_for()
    other.wait_points(2)
    other.button("Stop").click()
    one.button("Continue").wait_for()
    other.button("Continue").click()
    one.button("Stop").wait_for()
    one.wait_done()
    other.wait_done()
    assert one.points.count() == other.points.count() == 6
    per_size = notebook.run("print({size: ran.count(size) for size in sorted(set(ran))})")
    assert per_size == str(dict.fromkeys([1, 2, 4, 8, 16, 32], 6))


def test_a_view_that_is_closed_stops(view):
    view.notebook.run("pace['seconds'] = 0.1")
    view.button("Start").click()
    view.wait_points(1)
    view.page.evaluate(
        "() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')"
    )
    view.root.wait_for(state="detached")
    view.page.wait_for_timeout(700)
    calls = view.notebook.run("print(len(ran))")
    view.page.wait_for_timeout(1500)
    assert view.notebook.run("print(len(ran))") == calls


def test_python_measures_and_the_view_follows(view):
    view.notebook.run("times = live.run()")
    view.wait_done()
    assert view.points.count() == 6
    assert view.notebook.run("print(sorted(times[8].median))") == "['quick', 'slow']"


def test_names_from_outside_stay_text(show):
    bad = '<img src=x onerror="window.hacked = true">'
    view = View(show(f"live = timings(calls={{'''{bad}''': quick}}, batch_sizes=[1, 2])\nlive"))
    view.button("Start").click()
    view.wait_done()
    assert view.root.locator("img").count() == 0
    assert bad in view.root.locator("thead").inner_text()
    assert view.page.evaluate("() => window.hacked") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_and_names_can_be_told_apart_in_both_themes(show, theme):
    names = "{name: quick for name in 'abcd'}"
    view = View(show(f"live = timings(calls={names}, batch_sizes=[1, 2])\nlive", theme=theme))
    view.button("Start").click()
    view.wait_done()
    view.root.and_(view.page.locator(f'[data-kd-theme="{theme}"]')).wait_for()
    looks = view.root.locator(".kd-median").evaluate_all(
        "(all) => all.map((e) => [getComputedStyle(e).stroke, e.getAttribute('stroke-dasharray')])"
    )
    assert len({colour for colour, _ in looks}) == 4
    assert len({dash for _, dash in looks}) == 4
    ratios = view.root.evaluate(CONTRAST)
    assert len(ratios) > 10
    assert [each for each in ratios if each[1] < 4.5] == []


CONTRAST = """(root) => {
  const parse = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (rgb) => rgb.map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = light(parse(getComputedStyle(root).backgroundColor));
  return [...root.querySelectorAll("svg text")].map((text) => {
    const ink = light(parse(getComputedStyle(text).fill));
    const [low, high] = [ink, ground].sort((a, b) => a - b);
    return [text.textContent, (high + 0.05) / (low + 0.05)];
  });
}"""


@pytest.mark.long
def test_a_reload_in_the_middle_shows_what_was_measured(open_notebook):
    notebook = open_notebook(SETUP, CELL)
    view = View(notebook)
    notebook.run("pace['seconds'] = 0.1")
    notebook.save()
    view.page.wait_for_timeout(500)
    view.button("Start").click()
    view.wait_points(2)
    notebook.open()
    again = View(notebook)
    again.wait_points(2)
    made = again.points.count()
    calls = notebook.run("print(len(ran))")
    again.page.wait_for_timeout(1500)
    assert notebook.run("print(len(ran))") == calls, "a page that is gone asks no more"
    notebook.run("pace['seconds'] = 0.005")
    again.button("Continue").click()
    again.wait_done()
    assert again.points.count() == 6 > made


def test_a_restart_in_the_middle_is_said_and_breaks_nothing(open_notebook):
    view = View(open_notebook(SETUP, CELL))
    view.notebook.run("pace['seconds'] = 0.1")
    view.button("Start").click()
    view.wait_points(1)
    view.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    view.status.get_by_text("Run the cell again").wait_for()
    view.button("Stop").click()
    view.button("Continue").click()
    view.button("Continue").wait_for()
    assert "Run the cell again" in view.status.inner_text()
    view.notebook.run_all()
    View(view.notebook).button("Start").wait_for()
