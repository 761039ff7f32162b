"""Put into README.md, docs/claims.md and docs/digits.md what their commands print.

Each block stands between marks that name its command, ``<!-- begin: COMMAND -->`` and
``<!-- end: COMMAND -->``; ``<!-- begin: COMMAND; as VIEW -->`` makes a table of the JSON that the
command prints. A command is run once, however many blocks show it: the ledger of claims, which
takes most of the time, fills one block of README.md and one of docs/claims.md.

``python tools/make_readme.py`` writes all blocks; ``--keep-claims`` leaves those of the ledger as
they are. With ``--check`` nothing is written: the exit status is 1 if a block differs in anything
but what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from kerasdemo.evidence.seen import VERDICTS  # noqa: E402
from kerasdemo.view.ledger import as_markdown, cell, summary  # noqa: E402

PAGES = ("README.md", "docs/claims.md", "docs/digits.md")
BLOCK = re.compile(
    r"(?P<begin><!-- begin: (?P<command>.+?)(?:; as (?P<view>\w+))? -->\n)"
    r"(?P<body>.*?)(?P<end><!-- end: (?P=command) -->)",
    re.DOTALL,
)
LEDGER = "python -m kerasdemo claims --json"
HEADLINES = (
    "predict-runs-all-at-once",
    "on-batch-runs-all-at-once",
    "step-runs-the-graph",
    "on-batch-quick-for-few",
    "loop-is-as-quick",
    "predict-stores-outputs",
    "on-batch-saves-memory",
    "dataset-type-error",
    "call-is-predict",
    "methods-bit-identical",
)
"""The claims that bear most on the choice of a method, in the order in which README.md has them."""
SEEN = re.compile(r"^(\| .* \| \*\*[a-z ]+\*\*) \| .* \| (\d\d \|)$")
"""A row of a table of claims: what is said, the verdict, what was seen, the lesson."""
SIZES = re.compile(r"(?<=^On this disk: ).*")
"""What `tools/measure_disk.py` found."""


@cache
def output_of(command: str) -> str:
    """Run a ``python ...`` command with this Python, once, and return what it prints.

    Raises
    ------
    ValueError
        It is no Python command.
    subprocess.CalledProcessError
        It ended with another status than 0.
    """
    words = command.split()
    if words[0] != "python":
        raise ValueError(f"the marks name python commands, not {command!r}")
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, *words[1:]],
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
        env=environment,
        cwd=ROOT,
    )
    return done.stdout


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table as Markdown.

    Examples
    --------
    >>> print(table(("a", "b"), [("1", "2")]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = ["| " + " | ".join(row) + " |" for row in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])


def as_lessons(lessons: Sequence[Mapping[str, Any]]) -> str:
    """Write the table of lessons: what each shows, minutes to do it, seconds to run it."""
    rows = [
        (
            lesson["number"],
            f"[{lesson['title']}](notebooks/{Path(lesson['path']).name})",
            cell(lesson["shows"]),
            str(lesson["minutes"]),
            "not measured" if lesson["run_seconds"] is None else f"{lesson['run_seconds']} s",
        )
        for lesson in lessons
    ]
    minutes = sum(lesson["minutes"] for lesson in lessons)
    seconds = sum(lesson["run_seconds"] or 0 for lesson in lessons)
    rows.append(("", "all", "", str(minutes), f"{seconds} s"))
    return table(("", "lesson", "shows", "minutes", "runs in"), rows)


def as_headlines(ledger: Mapping[str, Any]) -> str:
    """Write how many claims of each group came to what, and the rows of `HEADLINES`."""
    claims = {claim["id"]: claim for claim in ledger["claims"]}
    came = [verdict for verdict in VERDICTS if ledger["counts"].get(verdict)]
    groups: dict[str, Counter[str]] = {}
    for claim in claims.values():
        groups.setdefault(claim["title"], Counter())[claim["verdict"]] += 1
    tally = [(title, *(str(found[verdict]) for verdict in came)) for title, found in groups.items()]
    few = [claims[id] for id in HEADLINES]
    rows = [
        (cell(one["says"]), f"**{one['verdict']}**", cell(one["evidence"]), one["lesson"])
        for one in few
    ]
    return "\n\n".join(
        (
            summary(ledger["counts"]),
            table(("it is said", "verdict", "seen here", "lesson"), rows),
            table(("all claims about", *came), tally),
        )
    )


def as_ledger(ledger: Mapping[str, Any]) -> str:
    """Write the whole ledger, a foldable table for each group."""
    versions = ", ".join(f"{name} {version}" for name, version in ledger["versions"].items())
    return f"Measured with {versions}.\n\n{as_markdown(ledger['claims'], ledger['counts'])}"


VIEWS = {"lessons": as_lessons, "headlines": as_headlines, "ledger": as_ledger}


def body_of(command: str, view: str | None) -> str:
    """Return what a block holds: a table made of JSON, or what was printed, fenced."""
    output = output_of(command).strip()
    return VIEWS[view](json.loads(output)) if view else f"```text\n{output}\n```"


def filled(text: str, *, keep: Sequence[str] = ()) -> str:
    """Return a page's text with every block made anew, but for those of the commands in `keep`."""

    def block(match: re.Match[str]) -> str:
        if match["command"] in keep:
            return match.group()
        body = body_of(match["command"], match["view"])
        return f"{match['begin']}{body}\n{match['end']}"

    return BLOCK.sub(block, text)


def settled(text: str) -> str:
    """Return a page without what may differ from run to run.

    That is what was seen of a claim, and the sizes that `tools/measure_disk.py` prints.
    """
    lines = [SEEN.sub(r"\1 | \2", line) for line in text.splitlines()]
    return "\n".join(SIZES.sub("", line) for line in lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Make the blocks, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a block is old")
    parser.add_argument("--keep-claims", action="store_true", help="leave out the minutes it takes")
    options = parser.parse_args(argv)
    keep = (LEDGER,) if options.keep_claims else ()
    paths = [ROOT / page for page in PAGES]
    for path in paths:  # runs the commands; a page may be edited meanwhile
        filled(path.read_text(encoding="utf-8"), keep=keep)
    stale = []
    for path in paths:
        old = path.read_text(encoding="utf-8")
        new = filled(old, keep=keep)
        if not options.check:
            path.write_text(new, encoding="utf-8")
        elif settled(new) != settled(old):
            stale.append(path.name)
    if stale:
        print(f"Old: {', '.join(stale)}. To remake it: make readme", file=sys.stderr)
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
