"""One progress bar for everything that takes long: shown where somebody looks, silent elsewhere."""

from __future__ import annotations

import os
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
    """Say whether this is a notebook or a terminal.

    A notebook that a test runs has no reader, and a bar in it is there on a slow day only. pytest
    says so in the environment, which a kernel inherits; ipykernel looks there too. Voila runs the
    cells before it shows their page, and says so as well (``voila/handler.py``); a bar that has
    gone by then would leave "Error displaying widget" there.
    """
    if "ipykernel" in sys.modules:
        in_voila = os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
        return not in_voila and "PYTEST_CURRENT_TEST" not in os.environ
    return bool(sys.stderr and sys.stderr.isatty())
