"""What processes take of memory and processor, as Linux counts it: /proc of proc(5)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

MB = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Use:
    """Memory of some processes together, in MB.

    `private` (USS) is shared with no other process; `shared_out` (PSS) counts of shared memory each
    process's part; `bound` is what no limit can do without: private memory that is not a file's,
    and the tables of its pages.
    """

    private: float = 0.0
    shared_out: float = 0.0
    bound: float = 0.0

    def __add__(self, other: Use) -> Use:
        return Use(
            self.private + other.private,
            self.shared_out + other.shared_out,
            self.bound + other.bound,
        )


def lines_of(path: str) -> dict[str, float]:
    """Read the lines `name: number kB` of a file of /proc, in MB."""
    found = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB":
            found[name] = int(words[0]) * 1024 / MB
    return found


def use_of(pid: int) -> Use:
    """Return the memory of a process; nothing when it has ended."""
    try:
        rolled = lines_of(f"/proc/{pid}/smaps_rollup")
        tables = lines_of(f"/proc/{pid}/status").get("VmPTE", 0.0)
    except OSError:
        return Use()
    if "Pss" not in rolled:
        return Use()
    dirty = rolled["Private_Dirty"]
    return Use(dirty + rolled["Private_Clean"], rolled["Pss"], dirty + tables)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process started, and theirs."""
    direct: list[int] = []
    with suppress(OSError):  # it has ended
        for folder in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # one of its threads has
                direct += map(int, (folder / "children").read_text().split())
    return direct + [below for child in direct for below in children_of(child)]


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process and of its children that have ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return sum(map(int, text.rpartition(")")[2].split()[11:15])) / TICKS


def available() -> float:
    """Return the MB that the machine could still give (MemAvailable)."""
    return lines_of("/proc/meminfo")["MemAvailable"]


@dataclass
class Peak:
    """The highest that was seen of a student, each for itself."""

    use: Use = field(default_factory=Use)
    looks: int = 0

    def see(self, now: Use) -> None:
        """Take another look in."""
        self.looks += 1
        self.use = Use(
            max(self.use.private, now.private),
            max(self.use.shared_out, now.shared_out),
            max(self.use.bound, now.bound),
        )


class Watch:
    """Looks at groups of processes, and at the machine, until it is told to stop.

    `before` is what was available before anything of the class was there.
    """

    def __init__(
        self,
        groups: dict[str, Callable[[], Iterable[int]]],
        every: float,
        before: float | None = None,
    ) -> None:
        self.peaks = {name: Peak() for name in groups}
        self.together = Peak()
        self.before = available() if before is None else before
        self.lowest = self.before
        self._groups = groups
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    @property
    def machine(self) -> float:
        """The MB that the whole machine took above what it took before."""
        return self.before - self.lowest

    def _look(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            self.lowest = min(self.lowest, available())
            whole = Use()
            for name, group in self._groups.items():
                now = sum((use_of(pid) for pid in group()), Use())
                self.peaks[name].see(now)
                whole += now
            self.together.see(whole)
            self._over.wait(max(self._every - (time.monotonic() - began), 0.01))
