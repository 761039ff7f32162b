#!/usr/bin/env python3
"""Print what the kit and all that it needs take of the disk, in the Python that runs this.

    python tools/measure_disk.py

It adds up the files that the installed packages list as theirs: `kerasdemo[lab]`, what that asks
for, what that asks for in turn, as `make lab` installs it.
"""

from __future__ import annotations

import sys
from collections import deque
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

START = "kerasdemo[lab]"
LARGEST = 3


def needed(start: str = START) -> dict[str, metadata.Distribution]:
    """Return the installed packages that a requirement leads to, by name."""
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    todo = deque([Requirement(start)])
    while todo:
        wanted = todo.popleft()
        name = canonicalize_name(wanted.name)
        for extra in {"", *wanted.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                found[name] = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                continue
            asks = (Requirement(line) for line in found[name].requires or ())
            todo += [ask for ask in asks if not ask.marker or ask.marker.evaluate({"extra": extra})]
    return found


def bytes_of(package: metadata.Distribution) -> int:
    """Return how many bytes the files of a package have."""
    paths = (Path(str(package.locate_file(file))) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())


def said(sizes: dict[str, int]) -> str:
    """Write the sum, and the packages that take most of it.

    Examples
    --------
    >>> said({"a": 2_000_000_000, "b": 300_000_000, "c": 1_000_000, "d": 400_000})
    'On this disk: 2.3 GB in 4 packages; the largest: a 2000 MB, b 300 MB, c 1 MB.'
    """
    first = sorted(sizes, key=lambda name: -sizes[name])[:LARGEST]
    largest = ", ".join(f"{name} {sizes[name] / 1e6:.0f} MB" for name in first)
    total = sum(sizes.values()) / 1e9
    return f"On this disk: {total:.1f} GB in {len(sizes)} packages; the largest: {largest}."


def main() -> int:
    """Print one line; 1 if the kit is not installed."""
    found = needed()
    if "kerasdemo" not in found:
        print(f"kerasdemo is not installed for {sys.executable}: make install", file=sys.stderr)
        return 1
    print(said({name: bytes_of(package) for name, package in found.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
