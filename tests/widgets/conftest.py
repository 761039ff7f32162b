"""Digits and probabilities for the widgets: small, made here, with known right and wrong ones."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from kerasdemo.digits import Digits

HOSTILE = '<img src=x onerror="window.hacked = true">'


@pytest.fixture
def digits():
    rng = np.random.default_rng(11)
    count = 40
    return Digits(
        pixels=rng.integers(0, 256, (count, 28, 28)).astype("uint8"),
        labels=np.arange(count) % 10,
        indices=np.arange(count) + 100,
        is_test=np.arange(count) % 4 == 0,
    )


@pytest.fixture
def probabilities(digits):
    """Rows whose largest class is the label, but for samples 7 and 19."""
    rows = np.random.default_rng(12).dirichlet(np.full(10, 0.3), len(digits)).astype("float32")
    for place, row in enumerate(rows):
        wanted = (digits.labels[place] + (place in (7, 19))) % 10
        row[[row.argmax(), wanted]] = row[[wanted, row.argmax()]]
    return rows


@pytest.fixture
def sent(monkeypatch):
    """Messages that widgets send to the page, as (widget, state), after it has its first state."""
    messages = []
    from ipywidgets import Widget

    original = Widget._send

    def listen(self, msg, buffers=None):
        if self.comm is not None:  # before that, there is nobody to send it to
            messages.append((self, msg.get("state")))
        return original(self, msg, buffers)

    monkeypatch.setattr(Widget, "_send", listen)
    return messages


@pytest.fixture
def in_fresh_python(tmp_path):
    """Return a function that runs code in a Python of its own and returns what it printed."""
    import subprocess

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
