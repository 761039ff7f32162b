"""What the head of a lesson says, and how it is written: its times and its neighbours.

The first cell of a lesson has its title, one sentence that says what it shows, and one line with
the minutes that it takes a reader, the seconds that it takes to run, what it needs, and the lessons
before and after it. ``make notebooks`` writes seconds and neighbours; an author writes the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TITLE = re.compile(r"^# (?P<number>\d\d) · (?P<title>.+)\n\n(?P<shows>.+)\n\n")
TIMES = re.compile(
    r"^\*\*(?P<minutes>\d+) minutes\*\*(?: to read and do)?"
    r"(?: · \*\*(?P<seconds>\d+) s\*\* to run)?(?= · needs: )",
    re.MULTILINE,
)
NEIGHBOURS = re.compile(
    r"(?<= · )previous: .+? \| (?P<index>\[index\]\([^)]*\)) \| next: .+$", re.MULTILINE
)


@dataclass(frozen=True)
class Header:
    """What a lesson's first cell says. `run_seconds` is None as long as nobody measured."""

    number: str
    title: str
    shows: str
    minutes: int
    run_seconds: int | None


def read_header(source: str) -> Header | None:
    r"""Read the text of a lesson's first cell; None when it is no lesson's.

    Examples
    --------
    >>> read_header("# 01 · Digits\n\nThey are arrays.\n\n**20 minutes** · needs: nothing")
    Header(number='01', title='Digits', shows='They are arrays.', minutes=20, run_seconds=None)
    """
    title, times = TITLE.search(source), TIMES.search(source)
    if title is None or times is None:
        return None
    seconds = times["seconds"]
    return Header(
        title["number"],
        title["title"].strip(),
        title["shows"].strip(),
        int(times["minutes"]),
        int(seconds) if seconds else None,
    )


def with_run_seconds(source: str, seconds: int | None) -> str:
    """Write the seconds of a run into a lesson's first cell; None takes them out.

    Examples
    --------
    >>> with_run_seconds("**20 minutes** · needs: nothing", 15)
    '**20 minutes** to read and do · **15 s** to run · needs: nothing'
    """

    def times(match: re.Match[str]) -> str:
        run = "" if seconds is None else f" · **{seconds} s** to run"
        return f"**{match['minutes']} minutes** to read and do{run}"

    return TIMES.sub(times, source, count=1)


def with_neighbours(source: str, before: str | None, after: str | None) -> str:
    """Write the files of the lessons before and after into a lesson's first cell.

    Examples
    --------
    >>> line = "x · previous: none | [index](#The-lessons) | next: 01 is coming"
    >>> with_neighbours(line, None, "01_meet_the_digits.ipynb")
    'x · previous: none | [index](#The-lessons) | next: [01](01_meet_the_digits.ipynb)'
    """

    def line(match: re.Match[str]) -> str:
        return f"previous: {_link(before)} | {match['index']} | next: {_link(after)}"

    return NEIGHBOURS.sub(line, source, count=1)


def _link(file: str | None) -> str:
    return f"[{file[:2]}]({file})" if file else "none"
