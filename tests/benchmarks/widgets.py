"""Measure the widgets in one JupyterLab, from what a hand does to the frame that shows it.

Everything is measured inside the page. The clock starts at the event's own time stamp, which the
browser sets when the key or the mouse reaches it (Playwright presses real keys through the
browser's own input). In each frame, once it is laid out and painted, a task looks at what the
widget shows; the first frame that shows something else stops the clock. What is looked at is the
widget's markup without its attributes for screen readers, and the address of a picture once it
is decoded. So the same clock judges a canvas, a bar and a matplotlib figure.

``interact`` with matplotlib, the digit and its bars as the usual teaching notebook has them, is
beside the widgets in the same notebook and takes turns with them.
"""

from __future__ import annotations

import contextlib
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

FRAME = 17  # milliseconds at 60 frames a second
ROUNDS = 40
Row = tuple[str, str, str, "bool | None"]  # as in bench.Measured
# What `make lab` gives its server that bears on speed.
AS_MAKE_LAB = {
    "contents_manager_class": "kerasdemo.notebook_files.NotebookFiles",
    "kernel_websocket_connection_class": "kerasdemo.prompt_messages.PromptConnection",
}

CLOCK = Path(__file__).with_name("clock.js").read_text(encoding="utf-8")

SETUP = """
import ipywidgets, numpy as np
from IPython.display import display
from kerasdemo.classifier import load_classifier, load_probabilities
from kerasdemo.digits import load_digits
from kerasdemo.widgets import *
digits, rows = load_digits(), load_probabilities()
logits = np.log(rows)
model = load_classifier()
model.predict_on_batch(digits.images[:1]);
"""
SIDE_BY_SIDE = """
import matplotlib.pyplot as plt
def draw(index):
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    left.imshow(digits.images[index, ..., 0], cmap="gray_r")
    left.set(title=f"{index}, labelled {digits.labels[index]}")
    right.bar(range(10), rows[index])
    right.set(ylim=(0, 1), xticks=range(10))
    plt.show()
slider = ipywidgets.IntSlider(0, 0, 1796)
usual = ipywidgets.interactive(draw, index=slider).add_class("usual")
soft = SoftmaxView(rows, labels=digits.labels).add_class("soft")
warm = SoftmaxView(logits=logits[14:15]).add_class("warm")
view = DigitView(digits).add_class("view")
chooser = SampleChooser(digits, rows).add_class("chooser")
display(usual, soft, warm, view, chooser)
"""
# What is moved: where the focus goes, the key there and back.
SUBJECTS = {
    "interact and matplotlib": (".usual .noUi-handle", "ArrowRight", "ArrowLeft"),
    "SoftmaxView, row": (".soft input[type=number]", "ArrowUp", "ArrowDown"),
    "SoftmaxView, temperature": (".warm input[type=range]", "ArrowRight", "ArrowLeft"),
    "DigitView, pixel": (".view [role=application]", "ArrowRight", "ArrowLeft"),
    "DigitView, image": (".view [role=application]", "PageDown", "PageUp"),
    "SampleChooser": (".chooser [role=listbox]", "ArrowRight", "ArrowLeft"),
}
USUAL = next(iter(SUBJECTS))


def percentile(times: list[float], share: float) -> float:
    """Return the smallest time that `share` of them do not exceed."""
    return sorted(times)[math.ceil(share * len(times)) - 1]


def said(times: list[float]) -> str:
    """Write median and 95th percentile."""
    return f"median {statistics.median(times):.1f} ms, p95 {percentile(times, 0.95):.1f} ms"


def root_of(selector: str) -> str:
    """Write the function that finds the widget around a control."""
    return f"() => document.querySelector('{selector.split()[0]}')"


class Session:
    """One JupyterLab and one browser for all the measurements."""

    def __init__(self, folder: Path) -> None:
        from lab import CHROMIUM_ARGS, LabServer, find_chromium
        from playwright.sync_api import sync_playwright

        self._closing = contextlib.ExitStack()
        self.server = LabServer(folder)
        config = self.server.home / "config" / "jupyter_server_config.json"
        config.parent.mkdir()
        config.write_text(json.dumps({"ServerApp": AS_MAKE_LAB}))
        self._closing.callback(self.server.stop)
        self.server.start()
        self._closing.callback(self.server.end_kernels)
        driver = self._closing.enter_context(sync_playwright())
        path = find_chromium()
        browser = driver.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        self._closing.callback(browser.close)
        self._context = browser.new_context(viewport={"width": 1024, "height": 1000})
        self._context.set_default_timeout(60_000)

    def open(self, name: str, *cells: str) -> Any:
        """Open a notebook, and run its first cell."""
        import nbformat
        from lab import notebook_of
        from lab_page import OpenNotebook

        nbformat.write(notebook_of(*cells), self.server.root / name)
        notebook = OpenNotebook(self.server, self._context.new_page(), name)
        notebook.page.evaluate(CLOCK)
        return notebook

    def close(self) -> None:
        """End what was started here."""
        self._closing.close()


def press(page: Any, selector: str, key: str) -> float | None:
    """Press a key there; return the milliseconds to the frame that shows it."""
    page.locator(selector).first.focus()
    page.wait_for_timeout(100)  # scrolled there, and at rest
    page.evaluate(f"() => {{ window.waits = kdClock.latency({root_of(selector)}, 'keydown'); }}")
    page.keyboard.press(key)
    milliseconds = page.evaluate("() => window.waits")
    return None if milliseconds is None else float(milliseconds)


def key_latencies(page: Any, rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Press keys in all the subjects, taking turns; return their latencies in ms."""
    times: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    for turn in range(-2, rounds):  # two turns to warm up
        for name, (selector, there, back) in SUBJECTS.items():
            found = press(page, selector, back if turn % 2 else there)
            page.wait_for_timeout(150)  # the kernel is told, and done
            if turn >= 0 and found is not None:
                times[name].append(found)
    return times


def bench_keys(session: Session) -> Iterator[Row]:
    """Compare an arrow key in our widgets with one in ``interact`` and matplotlib."""
    notebook = session.open("keys.ipynb", SETUP, SIDE_BY_SIDE)
    notebook.run_all(timeout=180)
    times = key_latencies(notebook.page)
    usual = statistics.median(times[USUAL])
    for name, ours in times.items():
        if name == USUAL:
            continue
        if not ours:
            yield f"key to changed pixels, {name}", "nothing seen to change", "", False
            continue
        ratio = usual / statistics.median(ours)
        figure = f"{said(ours)}; {ratio:.0f} times faster than {USUAL} ({said(times[USUAL])})"
        enough = percentile(ours, 0.95) < 2 * FRAME and statistics.median(ours) < FRAME
        budget = "15 times, median under 17 ms, p95 under 34 ms"
        yield f"key to changed pixels, {name}", figure, budget, enough and ratio >= 15
    yield from bench_drag(notebook.page)
    notebook.page.close()


def drag(page: Any, selector: str, root: str, seconds: float = 3) -> float:
    """Drag a slider to and fro; return how many states are shown in a second."""
    box = page.locator(selector).first.bounding_box()
    if selector.endswith("handle"):
        box = page.locator(selector).locator("xpath=../../..").bounding_box()
    page.evaluate(f"() => {{ window.waits = kdClock.states({root}, {seconds * 1000}); }}")
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10, middle)
    page.mouse.down()
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:  # in one call: each step waits for its frame, not for Python
        turn += 1
        page.mouse.move(box["x"] + 10 + turn % 2 * (box["width"] - 20), middle, steps=60)
    page.mouse.up()
    return float(page.evaluate("() => window.waits"))


def bench_drag(page: Any) -> Iterator[Row]:
    """Count what is shown while a slider is dragged."""
    shown: dict[str, list[float]] = {USUAL: [], "SoftmaxView, temperature": []}
    for _ in range(3):
        for name, rates in shown.items():
            selector = SUBJECTS[name][0]
            page.locator(selector).first.scroll_into_view_if_needed()
            rates.append(drag(page, selector, root_of(selector)))
            page.wait_for_timeout(1500)
    usual, ours = (statistics.median(rates) for rates in shown.values())
    figure = f"{ours:.0f} states a second shown, {usual:.1f} by {USUAL}"
    yield "drag of a slider", figure, "50 a second", ours >= 50


def bench_strokes(session: Session) -> Iterator[Row]:
    """Time the move of the pen to the softmax that the kernel makes of it."""
    notebook = session.open("strokes.ipynb", SETUP, "pad = DrawingPad(model).add_class('pad')\npad")
    notebook.run_all(timeout=180)
    page = notebook.page
    sheet = page.locator(".pad [role=application]")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    bars = "() => document.querySelector('.pad .kd-answer')"
    times = []
    for turn in range(-3, ROUNDS):
        page.get_by_role("button", name="Clear").click()
        page.mouse.move(box["x"] + 60 + turn * 3 % 100, box["y"] + 50)
        page.mouse.down()
        for step in range(1, 9):  # a line, then a hook: the softmax changes on the way
            page.evaluate(f"() => {{ window.waits = kdClock.latency({bars}, 'pointermove'); }}")
            across = 20 * step if step > 4 else 4 * step
            page.mouse.move(box["x"] + 60 + across, box["y"] + 50 + min(step, 5) * 30)
            found = page.evaluate(
                "() => Promise.race([window.waits, new Promise((go) => setTimeout(go, 400))])"
            )
            if turn >= 0 and found is not None:
                times.append(float(found))
        page.mouse.up()
        page.wait_for_timeout(60)
    page.close()
    figure = f"{said(times)} in {len(times)} moves of the pen"
    yield "pen to changed softmax", figure, "p95 under 60 ms", percentile(times, 0.95) < 60


def opening_times(notebook: Any, code: str, rounds: int, before: Callable[[], None]) -> list[float]:
    """Run a cell that shows a widget, several times; return ms to its first frame."""
    times = []
    for _ in range(rounds):
        before()
        notebook.page.evaluate(
            "(source) => window.jupyterapp.shell.currentWidget.content.widgets[1]"
            ".model.sharedModel.setSource(source)",
            code,
        )
        times.append(
            float(notebook.page.evaluate("() => kdClock.opening(1, '.opened > .kd-root')"))
        )
        notebook.wait_done()
    return times


def bench_opening(session: Session) -> Iterator[Row]:
    """Time a cell that shows a widget: all digits to choose from, or a fresh kernel."""
    notebook = session.open("opening.ipynb", SETUP, "")
    notebook.run_all(timeout=180)
    code = "opened = PredictionExplorer(model, probabilities=rows).add_class('opened'); opened"

    def close() -> None:
        notebook.run("import gc; ipywidgets.Widget.close_all(); opened = None; gc.collect()")
        notebook.page.wait_for_function("() => !document.querySelector('.opened')")

    times = opening_times(notebook, code, 8, close)[1:]
    what = "PredictionExplorer of 1,797 digits, cell to first paint"
    yield what, said(times), "under 300 ms", statistics.median(times) < 300

    def restart() -> None:
        close()
        notebook.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
        )
        notebook.wait_done()
        notebook.run("import ipywidgets")  # as its shell does before the first cell

    start = "import kerasdemo as kd\nopened = "
    for name, made in {
        "SampleChooser": "kd.SampleChooser(kd.load_digits(), kd.load_probabilities())",
        "DigitView": "kd.DigitView(kd.load_digits())",
        "SoftmaxView": "kd.SoftmaxView(kd.load_probabilities())",
    }.items():
        cell = f"{start}{made}.add_class('opened'); opened"
        times = opening_times(notebook, cell, 3, restart)
        figure = f"{max(times) / 1000:.2f} s at most in {len(times)} kernels"
        yield f"{name} in a fresh kernel", figure, "under 2 s", max(times) < 2000
    notebook.page.close()


TEN = """
for number in range(1, 10):
    made = [SoftmaxView(rows), DigitView(digits), SampleChooser(digits, rows)][number % 3]
    display(made)
"""


def bench_ten(session: Session) -> Iterator[Row]:
    """Compare a key in a notebook with one widget with the same key in one with ten."""
    one = "soft = SoftmaxView(rows, labels=digits.labels).add_class('soft')\ndisplay(soft)"
    pages = [
        session.open("one.ipynb", SETUP, one),
        session.open("ten.ipynb", SETUP, one + TEN),
    ]
    for notebook in pages:
        notebook.run_all(timeout=180)
    times: list[list[float]] = [[], []]
    selector, there, back = SUBJECTS["SoftmaxView, row"]
    for turn in range(-2, ROUNDS):
        for notebook, found in zip(pages, times, strict=True):
            notebook.page.bring_to_front()
            milliseconds = press(notebook.page, selector, back if turn % 2 else there)
            notebook.page.wait_for_timeout(150)
            if turn >= 0 and milliseconds is not None:
                found.append(milliseconds)
    alone, crowded = (statistics.median(found) for found in times)
    figure = f"{crowded / alone:.2f} times as long ({crowded:.1f} and {alone:.1f} ms)"
    yield "key with ten widgets and with one", figure, "under 1.5", crowded / alone < 1.5
    for notebook in pages:
        notebook.page.close()


MANY = """
many = digits[np.arange(70_000) % len(digits)]
opened = SampleChooser(many).add_class("opened")
opened
"""


def bench_scroll(session: Session) -> Iterator[Row]:
    """Scroll through 70,000 thumbnails and time the frames."""
    notebook = session.open("many.ipynb", SETUP, MANY)
    page = notebook.page
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0; }")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    notebook.run("pass")
    opening = page.evaluate("() => kdClock.opening(1, '.opened > .kd-root')")
    grid = page.locator(".opened [role=listbox]")
    grid.scroll_into_view_if_needed()
    grid.hover()
    page.evaluate("() => { window.waits = kdClock.frames(4000); }")
    end = time.monotonic() + 4
    while time.monotonic() < end:
        page.mouse.wheel(0, 240)
        time.sleep(0.012)
    frames = page.evaluate("() => window.waits")
    scrolled = grid.evaluate("(grid) => grid.scrollTop")
    figure = (
        f"{said(frames)} between frames over {scrolled:,.0f} pixels; "
        f"opened in {opening / 1000:.1f} s"
    )
    met = percentile(frames, 0.95) < 2 * FRAME + 1 and scrolled > 10_000
    yield "scroll through 70,000 thumbnails", figure, "p95 within two frames", met
    page.close()


def bench_bytes() -> Iterator[Row]:
    """Add up the JavaScript."""
    scripts = (ROOT / "kerasdemo" / "widgets").glob("*.js")
    total = sum(script.stat().st_size for script in scripts)
    yield "JavaScript in all", f"{total:,} bytes", "under 60,000", total < 60_000


def measure_widgets() -> Iterator[Row]:
    """Measure them all, one after the other."""
    yield from bench_bytes()
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder))
        try:
            for bench in (bench_keys, bench_strokes, bench_opening, bench_ten, bench_scroll):
                yield from bench(session)
        finally:
            session.close()
