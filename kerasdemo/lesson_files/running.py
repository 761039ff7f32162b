"""Run a notebook from top to bottom in a kernel of its own. The only module here with Jupyter."""

from __future__ import annotations

import copy
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SECONDS_A_CELL = 300
NEEDED = ("nbclient", "ipykernel")
ANSI = re.compile(r"\x1b\[[0-9;]*m")
ARROW = re.compile(r"^-+> *(\d+) (.*)$", re.MULTILINE)


class LessonError(Exception):
    """A cell failed; the message names the notebook, the cell and the exception.

    Attributes
    ----------
    line : str
        The line of the cell that failed, such as ``"line 3: x / 0"``; ``""`` where none did.
    """

    def __init__(self, message: str, line: str = "") -> None:
        super().__init__(message)
        self.line = line


def execute(
    notebook: Any,
    path: Path,
    *,
    environment: Mapping[str, str] | None = None,
    seconds_a_cell: int = SECONDS_A_CELL,
    on_cell: Callable[[], object] | None = None,
    quiet: bool = False,
    keep_widgets: bool = False,
) -> Any:
    """Run a copy of a notebook in its own folder, and return it with its outputs.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        It stays as it is.
    path : pathlib.Path
        Its file: errors bear its name, and the kernel starts in its folder.
    environment : mapping, optional
        Environment variables for the kernel, besides those of this process.
    seconds_a_cell : int
        A cell that runs longer is stopped.
    on_cell : function, optional
        Called when a cell begins.
    quiet : bool
        Drop what the kernel's process itself writes to the terminal.
    keep_widgets : bool
        Keep the state of every widget in the notebook's metadata.

    Raises
    ------
    LessonError
        A cell raised, ran too long, or the kernel died.
    KeyboardInterrupt
        It was stopped; the kernel is closed.
    """
    from nbclient import NotebookClient

    fresh = copy.deepcopy(notebook)
    where = f"{path.name}, before the first cell"

    def begin(cell: Any, cell_index: int) -> None:
        nonlocal where
        where = f"{path.name}, cell {cell_index + 1} ({cell.get('id', 'no id')})"
        if on_cell is not None:
            on_cell()

    client = NotebookClient(
        fresh,
        timeout=seconds_a_cell,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=keep_widgets,
        record_timing=False,
        on_cell_start=begin,
    )
    process: dict[str, Any] = {"stderr": subprocess.DEVNULL} if quiet else {}
    try:
        client.execute(env={**os.environ, **(environment or {})}, **process)
    except BaseException as error:
        if _was_stopped(client):
            raise KeyboardInterrupt from None
        if failure := _lesson_error(error, where, seconds_a_cell):
            raise failure from error
        raise
    return fresh


def _was_stopped(client: Any) -> bool:
    """Say whether a signal, such as Ctrl+C, came: nbclient then closes the kernel and goes on.

    What comes of that (a dead kernel, a cancelled task) depends on the moment;
    ``NotebookClient.async_setup_kernel`` keeps the closing as this attribute.
    """
    closing = getattr(client, "_async_cleanup_kernel_future", None)
    if closing is not None and closing.done() and not closing.cancelled():
        closing.exception()  # two closings got into each other's way; unread, asyncio prints it
    return closing is not None


def _lesson_error(error: BaseException, where: str, seconds_a_cell: int) -> LessonError | None:
    """Put what nbclient raised into words; None when it is no failure of a cell's."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    if isinstance(error, CellExecutionError):
        line = failing_line(error.traceback)
        return LessonError(f"{where}: {error.ename}: {error.evalue}", line)
    if isinstance(error, CellTimeoutError):
        return LessonError(f"{where}: ran for more than {seconds_a_cell} s")
    if isinstance(error, DeadKernelError):
        return LessonError(f"{where}: the kernel died")
    return None


def failing_line(traceback: str) -> str:
    r"""Return the line of the cell that IPython's traceback points at first.

    Examples
    --------
    >>> failing_line("Cell In[2], line 1\n----> 1 x / 0\n\nZeroDivisionError: division by zero")
    'line 1: x / 0'
    """
    arrow = ARROW.search(ANSI.sub("", traceback))
    return f"line {arrow[1]}: {arrow[2].strip()}" if arrow else ""
