"""The commands that install something, as an error or a check tells them."""

from __future__ import annotations

import sys
from pathlib import Path


def pip(arguments: str) -> str:
    """Write a call of the pip that belongs to this Python, whatever `pip` means on the PATH."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m pip {arguments}"


def checkout() -> Path | None:
    """Find the folder that the kit runs from, if it is a checkout and no installed package."""
    folder = Path(__file__).resolve().parents[1]
    return folder if (folder / "pyproject.toml").is_file() else None


def kit_with(extra: str) -> str:
    """Write the command that installs what an extra names, from the checkout where there is one."""
    folder = checkout()
    kit = f'"kerasdemo[{extra}]"' if folder is None else f'--editable "{folder}[{extra}]"'
    return pip(f"install {kit}")
