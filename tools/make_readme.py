"""Put into README.md what its commands print, between the marks that name them.

``python tools/make_readme.py`` runs each command named in a mark ``<!-- begin: COMMAND -->`` and
writes its output before ``<!-- end: COMMAND -->``, as it is if it is Markdown. With ``--check``
nothing is written: the exit status is 1 if a block differs in anything but a time.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- begin: (.+?) -->\n)(.*?)(<!-- end: \2 -->)", re.DOTALL)
VARIES = ("Python 3.", "first call ", "warm call, median", "quartiles ", "farthest from")
"""Lines that begin so hold times or versions, which differ from run to run."""
SEEN = re.compile(r"^(\| .* \| \*\*[a-z ]+\*\*) \| .* \| (\d\d \|)$")
"""A row of the table of claims: what is said, the verdict, what was seen, the lesson."""


def output_of(command: str) -> str:
    """Run a ``python -m ...`` command with this Python and return what it prints."""
    words = command.split()
    if words[0] != "python":
        raise ValueError(f"README marks name python commands, not {command!r}")
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, *words[1:]],
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
        env=environment,
    )
    return done.stdout


def filled(text: str) -> str:
    """Return the README's text with every block made anew."""

    def block(match: re.Match[str]) -> str:
        begin, command, _, end = match.groups()
        output = output_of(command).strip()
        if command.endswith("--markdown"):
            return f"{begin}{output}\n{end}"
        return f"{begin}```text\n{output}\n```\n{end}"

    return BLOCK.sub(block, text)


def settled(text: str) -> list[str]:
    """Return the lines that are the same on every run of the same versions.

    In the table of claims, what was seen holds figures of this run.
    """
    lines = [SEEN.sub(r"\1 | \2", line) for line in text.splitlines()]
    return [line for line in lines if not line.startswith(VARIES)]


def main() -> int:
    """Make the blocks, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a block is old")
    check = parser.parse_args().check
    old = README.read_text(encoding="utf-8")
    new = filled(old)
    if check:
        if settled(new) == settled(old):
            return 0
        print("README.md is old. To remake it: make readme", file=sys.stderr)
        return 1
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
