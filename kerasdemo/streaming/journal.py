"""A journal: one JSON object a line, added as things happen, readable after a sudden end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

Line = dict[str, Any]


def append(path: Path, line: Line) -> None:
    """Add a line, and hand it to the operating system before returning."""
    with path.open("ab", buffering=0) as file:
        file.write(_written(line))


def rewrite(path: Path, lines: list[Line]) -> None:
    """Replace the journal in one step by these lines."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(b"".join(map(_written, lines)))
    os.replace(new, path)


def read(path: Path) -> list[Line]:
    """Return the lines that are whole; a sudden end may have cut the last one."""
    lines: list[Line] = []
    for text in path.read_bytes().splitlines():
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            break
        if not isinstance(line, dict):
            break
        lines.append(line)
    return lines


def _written(line: Line) -> bytes:
    return json.dumps(line).encode() + b"\n"
