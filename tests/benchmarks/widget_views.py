"""A stroke of the pen, a widget that opens, and many thumbnails to scroll through."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from rows import Measured, summary
from widget_session import FRAME, ROUNDS, SETUP, Session, percentile, said


def bench_strokes(session: Session) -> Iterator[Measured]:
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
    data = {"milliseconds": summary(times), "p95": percentile(times, 0.95)}
    met = data["p95"] < 60
    yield Measured("pen to changed softmax", figure, "p95 under 60 ms", met, data)


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


def bench_opening(session: Session) -> Iterator[Measured]:
    """Time a cell that shows a widget: all digits to choose from, or a fresh kernel."""
    notebook = session.open("opening.ipynb", SETUP, "")
    notebook.run_all(timeout=180)
    code = "opened = PredictionExplorer(model, probabilities=rows).add_class('opened'); opened"

    def close() -> None:
        notebook.run("import gc; ipywidgets.Widget.close_all(); opened = None; gc.collect()")
        notebook.page.wait_for_function("() => !document.querySelector('.opened')")

    times = opening_times(notebook, code, 8, close)[1:]
    what = "PredictionExplorer of 1,797 digits, cell to first paint"
    met = statistics.median(times) < 300
    yield Measured(what, said(times), "under 300 ms", met, {"milliseconds": summary(times)})

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
        alone = notebook.run("import sys; print('tensorflow' in sys.modules)") == "False"
        figure = (
            f"{max(times) / 1000:.2f} s at most in {len(times)} kernels, "
            f"{'without' if alone else 'with'} TensorFlow"
        )
        budget, met = "under 2 s, without TensorFlow", max(times) < 2000 and alone
        data = {"milliseconds": summary(times)}
        yield Measured(f"{name} in a fresh kernel", figure, budget, met, data)
    notebook.page.close()


MANY = """
many = digits[np.arange(70_000) % len(digits)]
opened = SampleChooser(many).add_class("opened")
opened
"""


def bench_scroll(session: Session) -> Iterator[Measured]:
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
    what, data = "scroll through 70,000 thumbnails", {"milliseconds_a_frame": summary(frames)}
    yield Measured(what, figure, "p95 within two frames", met, data)
    page.close()
