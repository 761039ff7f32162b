"""How long a lesson runs: measured by `make_notebooks`, and written into the lesson's header.

The stored figure stays while a new one is within 30 % of it (or two seconds), so that a second run
changes nothing. A new one is stored only from a machine at rest: when others keep more than 15 % of
its cores busy during the run, the time is theirs, too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from nbformat import NotebookNode

from kerasdemo.lesson_files import header

MARGIN, SLACK = 0.3, 2.0  # of the stored seconds; seconds
BUSY = 0.15  # of all cores, in use by others


@dataclass
class Took:
    """What a run took, and what others took of the machine meanwhile, as a share of its cores."""

    seconds: float = 0.0
    others: float = 0.0
    said: str = ""

    @property
    def busy(self) -> bool:
        """Say whether the time is no measure of the lesson."""
        return self.others > BUSY

    def __str__(self) -> str:
        """Write the seconds, and what became of them."""
        return f"{self.seconds:.0f} s{self.said}"


@contextmanager
def stopwatch() -> Iterator[Took]:
    """Time what runs inside, kernel start included, and watch what others do meanwhile."""
    took, start, before, own = Took(), time.monotonic(), _all_seconds(), _own_seconds()
    if os.name == "nt":  # it doesn't tell what children used: look before they start
        took.others = psutil.cpu_percent(interval=1.0) / 100
        start = time.monotonic()
    yield took
    took.seconds = time.monotonic() - start
    if os.name != "nt":
        cores = (psutil.cpu_count() or 1) * max(took.seconds, 1e-9)
        used = (_all_seconds() - before) - (_own_seconds() - own)
        took.others = max(0.0, used / cores)


def _all_seconds() -> float:
    """Return the seconds that all cores have worked since the start."""
    spent = psutil.cpu_times()
    idle = ("idle", "iowait", "guest", "guest_nice")  # guests are counted in user already
    return sum(value for name, value in spent._asdict().items() if name not in idle)


def _own_seconds() -> float:
    """Return the seconds that this process and its children that ended have worked."""
    return sum(os.times()[:4])


def stored_seconds(notebook: NotebookNode) -> int | None:
    """Return the seconds that a notebook's metadata hold; None if it was never measured."""
    value = notebook.metadata.get("kerasdemo", {}).get("run_seconds")
    return value if isinstance(value, int) else None


def near(seconds: float, stored: int) -> bool:
    """Say whether a new figure confirms the stored one.

    Examples
    --------
    >>> near(19.0, 15), near(21.0, 15), near(3.4, 2)
    (True, False, True)
    """
    return abs(seconds - stored) <= max(MARGIN * stored, SLACK)


def to_store(
    notebook: NotebookNode, took: Took, *, keep: bool = False, store: bool = False
) -> int | None:
    """Choose the seconds to store, and note in `took` what there is to say about it.

    Parameters
    ----------
    notebook
        As it is stored.
    took
        What the run took.
    keep
        Leave the stored figure alone.
    store
        Believe the new figure on a busy machine, too.
    """
    old, new = stored_seconds(notebook), max(1, round(took.seconds))
    if keep or (old is not None and near(took.seconds, old)):
        return old
    if took.busy and not store:
        took.said = (
            f"; stored: {f'{old} s' if old else 'nothing'}. Others kept {took.others:.0%} of the "
            "machine busy, so this is not stored: run it again at rest, or with --store-times"
        )
        return old
    took.said = f"; stored before: {old} s" if old else "; stored for the first time"
    return new


def write_header(notebook: NotebookNode, path: Path, seconds: int | None) -> None:
    """Write a run's seconds and the lesson's neighbours into a notebook; no lesson, no change."""
    cell = notebook.cells[0] if notebook.cells else None
    if cell is None or header.read_header(cell.source) is None:
        return
    files = [file.name for file in sorted(path.parent.glob("[0-9][0-9]_*.ipynb"))]
    place = files.index(path.name)
    before = files[place - 1] if place else None
    after = files[place + 1] if place + 1 < len(files) else None
    cell.source = header.with_neighbours(cell.source, before, after)
    cell.source = header.with_run_seconds(cell.source, seconds)
    if seconds is not None:
        notebook.metadata["kerasdemo"] = NotebookNode(run_seconds=seconds)
