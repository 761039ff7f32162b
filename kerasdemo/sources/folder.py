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

    Raises
    ------
    RuntimeError
        If nothing says where the user's folder is.
    """
    environ = os.environ if environ is None else environ
    if environ.get("KERASDEMO_DATA"):
        return Path(environ["KERASDEMO_DATA"]).expanduser().absolute()
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (Path(local) if local else _home() / "AppData" / "Local") / "kerasdemo" / "Cache"
    if platform == "darwin":
        return _home() / "Library" / "Caches" / "kerasdemo"
    xdg = environ.get("XDG_CACHE_HOME", "")
    base = Path(xdg) if xdg.startswith("/") else _home() / ".cache"
    return base / "kerasdemo"


def _home() -> Path:
    """Return the user's folder; one whom the system does not know, as in a container, has none."""
    try:
        return Path.home()
    except RuntimeError:
        raise RuntimeError(
            "Where downloads are to be kept is not known: this system names no home folder of "
            "yours. Set the environment variable KERASDEMO_DATA to a folder, or HOME "
            "(USERPROFILE on Windows), and start Python again."
        ) from None
