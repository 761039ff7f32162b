"""The README's picture can be taken again, of the widget as it is now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_the_picture_can_be_made(tmp_path, browser):
    from PIL import Image

    command = [sys.executable, str(ROOT / "tools" / "make_pictures.py"), "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for theme in ("light", "dark"):
        name = f"explorer_{theme}.png"
        new, stored = Image.open(tmp_path / name), Image.open(ROOT / "docs" / "images" / name)
        assert new.size == stored.size, "the widget has changed: make pictures"
