"""One JupyterLab and one browser for the measurements of the widgets."""

from __future__ import annotations

import contextlib
import json
import math
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

FRAME = 17  # milliseconds at 60 frames a second
ROUNDS = 40
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
