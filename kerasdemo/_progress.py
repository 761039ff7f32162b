"""One progress bar for everything that takes long: shown where somebody looks, silent elsewhere."""

from __future__ import annotations

import sys
from typing import Any


def progress_bar(total: int | None, *, shown: bool = True, **options: Any) -> Any:
    """Return a tqdm bar; in a file, a pipe or a log it writes nothing.

    Parameters
    ----------
    total : int or None
        Steps to the end, if known.
    shown : bool
        ``False`` hides it everywhere.
    **options
        For tqdm. ``TQDM_DISABLE=1`` in the environment hides all bars.
    """
    from tqdm.auto import tqdm

    if not (shown and somebody_looks()):
        options["disable"] = True
    return tqdm(total=total, **options)


def somebody_looks() -> bool:
    """Say whether this is a notebook or a terminal."""
    return "ipykernel" in sys.modules or bool(sys.stderr and sys.stderr.isatty())
