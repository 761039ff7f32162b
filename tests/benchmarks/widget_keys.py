"""A key or a drag to changed pixels: our widgets beside ``interact`` and matplotlib."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

from rows import Measured, summaries
from widget_session import FRAME, ROUNDS, SETUP, Session, percentile, press, root_of, said

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


def bench_keys(session: Session) -> Iterator[Measured]:
    """Compare an arrow key in our widgets with one in ``interact`` and matplotlib."""
    notebook = session.open("keys.ipynb", SETUP, SIDE_BY_SIDE)
    notebook.run_all(timeout=180)
    times = key_latencies(notebook.page)
    usual = statistics.median(times[USUAL])
    for name, ours in times.items():
        if name == USUAL:
            continue
        if not ours:
            yield Measured(f"key to changed pixels, {name}", "nothing seen to change", "", False)
            continue
        ratio = usual / statistics.median(ours)
        figure = f"{said(ours)}; {ratio:.1f} times faster than {USUAL} ({said(times[USUAL])})"
        enough = percentile(ours, 0.95) < 2 * FRAME and statistics.median(ours) < FRAME
        budget = "15 times, median under 17 ms, p95 under 34 ms"
        met = enough and ratio >= 15
        data = {"milliseconds": summaries({"ours": ours, "usual": times[USUAL]}), "ratio": ratio}
        yield Measured(f"key to changed pixels, {name}", figure, budget, met, data)
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


def bench_drag(page: Any) -> Iterator[Measured]:
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
    data = {"states_a_second": summaries(shown)}
    yield Measured("drag of a slider", figure, "50 a second", ours >= 50, data)


TEN = """
for number in range(1, 10):
    made = [SoftmaxView(rows), DigitView(digits), SampleChooser(digits, rows)][number % 3]
    display(made)
"""


def bench_ten(session: Session) -> Iterator[Measured]:
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
    data = {"milliseconds": summaries(dict(zip(("one", "ten"), times, strict=True)))}
    what, met = "key with ten widgets and with one", crowded / alone < 1.5
    yield Measured(what, figure, "under 1.5", met, data)
    for notebook in pages:
        notebook.page.close()
