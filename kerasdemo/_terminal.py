"""What the terminal can show: how wide a line may be, and whether colour is wanted."""

from __future__ import annotations

import os
import shutil
import sys


def columns() -> int:
    """Return the width to write in: the terminal's, at most 100."""
    return min(100, shutil.get_terminal_size((100, 24)).columns)


def paint(report: str, color: bool) -> str:
    """Colour the words that say how a check went; the symbols beside them say the same."""
    if color:
        for word, code in (("✓ ok", 32), ("! warning", 33), ("✗ problem", 31)):
            report = report.replace(word, f"\x1b[{code}m{word}\x1b[0m")
    return report


def use_color(choice: str) -> bool:
    """Decide on colour: on a terminal, unless NO_COLOR is set (no-color.org) or TERM is dumb."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()
