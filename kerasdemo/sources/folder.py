"""Where downloaded digits are kept. It needs no NumPy, so that the doctor can ask without it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Return the folder for downloaded sets; each has a folder of its own in it.

    ``KERASDEMO_DATA`` if that is set, which may be shared and read-only; otherwise the user's cache
    folder as Windows, macOS and the XDG Base Directory Specification have it.
    """
    environ = os.environ if environ is None else environ
    if environ.get("KERASDEMO_DATA"):
        return Path(environ["KERASDEMO_DATA"]).expanduser().absolute()
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "kerasdemo" / "Cache"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "kerasdemo"
    xdg = environ.get("XDG_CACHE_HOME", "")
    base = Path(xdg) if xdg.startswith("/") else Path.home() / ".cache"
    return base / "kerasdemo"
