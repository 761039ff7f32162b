"""Where the work of a widget is done: between two cells, as Jupyter did before it had subshells.

JupyterLab hands what a page says to a thread beside that of the cells (subshells, ipykernel 7).
Work that borrows a model's compiled function must not go on beside a cell that may use the model.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any


def between_cells(work: Callable[[], Any]) -> None:
    """Do `work` in the thread that runs the cells, when none is running; at once outside a kernel.

    ``Kernel.io_loop`` is the loop from which ipykernel runs the cells (``ipykernel/kernelbase.py``,
    ``Kernel.start``): what is put on it waits until the cell in hand is done.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    loop = getattr(getattr(shell, "kernel", None), "io_loop", None)
    if loop is None or threading.current_thread() is threading.main_thread():
        work()
    else:
        loop.add_callback(work)
