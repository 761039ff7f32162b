"""Put into docs/instructors.md what the lessons say of themselves, between marks.

``python tools/make_instructors.py`` fills the blocks ``<!-- begin: NAME -->`` to ``<!-- end: NAME
-->``: `lessons` is the table of all lessons, `lesson NN` a lesson's times and objectives,
`misconceptions NN` what its questions catch, and the cell that reveals it with what it showed when
the notebook was stored. All of it comes from the notebooks and from ``questions.toml``; what stands
outside the blocks is written by hand and stays as it is. With ``--check`` nothing is written: the
exit status is 1 if a block is old.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from kerasdemo.asking.forms import ChoiceText, QuestionText
from kerasdemo.asking.texts import question_text
from kerasdemo.lesson_files.finding import Lesson, all_lessons, read_notebook, text_of
from kerasdemo.tallying.groups import groups_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "instructors.md"
BLOCK = re.compile(r"(<!-- begin: (.+?) -->\n)(.*?)(<!-- end: \2 -->)", re.DOTALL)
ASKED = re.compile(r'kd\.(?:predict_first|ask|order)\("(\w+)"')
NEEDS = re.compile(r" · needs: (.+?) · previous: ")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
HEADING = re.compile(r"^#+ (?:\d+ · )?(.+)$", re.MULTILINE)
SAW = re.compile(r"^What happened: (.+)$", re.MULTILINE)
KINDS = {"retrieval": "to begin", "exit": "to end", "final": "final quiz"}

# A round's question is revealed by the cell ...-run of its round; here are the exceptions, and all
# other questions: the lesson and the cell.
REVEALED = {
    "02b": "02 keeps",
    "00r": "02 round-1-run", "00x": "00 round-2-why", "00y": "00 round-1-run",
    "00z": "00 widget-code", "01r": "00 round-2-run", "01x": "01 round-2-pick",
    "01y": "01 round-1-images", "01z": "01 round-3-run", "02r": "01 round-2-pick",
    "02x": "02 round-1-run", "02y": "02 curve", "02z": "02 round-4-run",
    "03r": "02 round-3-run", "03x": "03 round-3-run", "03y": "03 round-2-callback",
    "03z": "03 rounding", "04r": "03 rounding", "04x": "04 stack", "04y": "04 widget-code",
    "04z": "04 flatter", "05r": "04 round-2-run", "05x": "05 round-3-run",
    "05y": "05 arrives", "05z": "05 widget-code", "06r": "05 round-1-run",
    "06x": "06 round-3-run", "06y": "06 round-3-xla", "06z": "06 round-1-run",
    "07r": "06 round-1-run", "07x": "07 round-3-out", "07y": "07 round-1-unbatched",
    "07z": "07 round-1-run", "08r": "07 round-1-run", "08x": "08 widget-code",
    "08y": "08 round-2-mended", "08z": "08 round-3-speed", "09r": "08 round-3-run",
    "09x": "09 round-1-log", "09y": "09 round-2-run", "09z": "09 round-3-dropout",
    "10r": "09 round-3-run", "10x": "10 round-1-run", "10y": "10 round-3-more",
    "10z": "10 round-4-text", "11r": "10 round-1-run", "11x": "11 round-2-request-text",
    "11y": "11 post", "11z": "11 round-1-lost", "12r": "11 round-2-run", "12x": "12 round-1-run",
    "12y": "12 round-3-break-even", "12z": "12 round-3-break-even",
    "13r": "10 round-1-run", "13d": "01 round-2-run", "13e": "02 keeps",
    "13f": "03 round-1-run", "13g": "04 round-2-run", "13h": "05 round-2-run",
    "13i": "06 round-2-run", "13j": "07 round-3-run",
    "13x": "09 round-3-run", "13y": "10 round-1-run", "13z": "08 round-1-run",
}  # fmt: skip


@cache
def lessons() -> dict[str, Lesson]:
    """Return the lessons by number."""
    return {lesson.number: lesson for lesson in all_lessons(ROOT / "notebooks")}


@cache
def cells(number: str) -> tuple[dict[str, Any], ...]:
    """Return the cells of a lesson's notebook."""
    return tuple(read_notebook(lessons()[number].path)["cells"])


def asked(number: str) -> list[str]:
    """Return the ids of a lesson's questions, in the order in which they are asked."""
    code = (text_of(cell) for cell in cells(number) if cell["cell_type"] == "code")
    return [id for text in code for id in ASKED.findall(text)]


def heading_of(number: str, id: str) -> str:
    """Return the heading under which a cell stands; `KeyError` if there is no such cell."""
    heading = ""
    for cell in cells(number):
        if cell["cell_type"] == "markdown" and (found := HEADING.search(text_of(cell))):
            heading = found[1]
        if cell["id"] == id:
            return heading
    raise KeyError(f"lesson {number} has no cell {id!r}")


def revealed_by(number: str, question: QuestionText) -> tuple[str, str, str]:
    """Return what reveals a question's misconceptions: the lesson, the cell, and what was seen."""
    round_, saw = "", ""
    for cell in cells(number):
        if f'predict_first("{question.id}")' in text_of(cell):
            round_ = cell["id"].removesuffix("-question")
        if round_ and cell["id"] == f"{round_}-reveal":
            saw = seen_in(cell)
    lesson, id = REVEALED.get(question.id, f"{number} {round_}-run").split()
    return lesson, id, saw


def seen_in(cell: dict[str, Any]) -> str:
    """Return what a reveal's stored output says has happened."""
    for output in cell["outputs"]:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        if found := SAW.search("".join(text)):
            return found[1]
    return ""


def misconceptions(number: str) -> Iterator[str]:
    """Yield the rows of a lesson's table: what was asked, who answers so, what reveals it."""
    yield "| question | who answers so believes that | what reveals it |\n|---|---|---|"
    for id in asked(number):
        question = question_text(id)
        wrong = [group for group in groups_of(question) if group.misconception]
        choice = isinstance(question, ChoiceText)
        who = [words(f"**{g.key if choice else g.label}** {g.misconception}") for g in wrong]
        lesson, cell, saw = revealed_by(number, question)
        place = f"{heading_of(lesson, cell)}, cell `{cell}`"
        place = place if lesson == number else f"lesson {lesson}: {place}"
        when = f" ({KINDS[question.kind]})" if question.kind in KINDS else ""
        row = [f"`{id}`{when}", "<br>".join(who), f"{place}: *{words(saw)}*" if saw else place]
        yield f"| {' | '.join(text.replace('|', chr(92) + '|') for text in row)} |"


def words(text: str) -> str:
    """Return words as Markdown that makes no HTML of them; code is none anyway.

    Examples
    --------
    >>> words("1 < 2, not `<br>`")
    '1 &lt; 2, not `<br>`'
    """
    return re.sub(r"(`[^`]*`)|<", lambda match: match[1] or "&lt;", text)


def about(number: str) -> Iterator[str]:
    """Yield a lesson's times and objectives; the fold that it opens is closed by hand."""
    lesson = lessons()[number]
    texts = {cell["id"]: text_of(cell) for cell in cells(number)}
    needs = NEEDS.search(texts["title"])
    run = f", {lesson.run_seconds} s to run" if lesson.run_seconds else ""
    after = LINK.sub(r"\1", needs[1]) if needs else "nothing"
    times = f"{lesson.minutes} minutes{run}, needs {after}"
    yield f"<details><summary>{times}: objectives, questions, wrong answers</summary>\n"
    yield f"[Open the lesson](../notebooks/{lesson.path.name}). {lesson.shows}\n"
    yield "**They will be able to**\n"
    yield from (line for line in texts["objectives"].splitlines() if line.startswith("- "))


def overview() -> Iterator[str]:
    """Yield the table of all lessons."""
    yield "| | lesson | minutes | to run | shows |\n|---|---|---|---|---|"
    for lesson in lessons().values():
        run = f"{lesson.run_seconds} s" if lesson.run_seconds else "-"
        link = f"[{lesson.title}](#{slug(f'{lesson.number} · {lesson.title}')})"
        yield f"| {lesson.number} | {link} | {lesson.minutes} | {run} | {lesson.shows} |"
    minutes = sum(lesson.minutes for lesson in lessons().values())
    yield f"\n{len(lessons())} lessons, {minutes} minutes for somebody who works alone."


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading.

    Examples
    --------
    >>> slug("03 · Three ways to predict")
    '03--three-ways-to-predict'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def block(name: str) -> Iterable[str]:
    """Return the lines of one block. `ValueError` if nothing of that name is made here."""
    what, _, number = name.partition(" ")
    if name == "lessons":
        return overview()
    if number in lessons() and what in ("lesson", "misconceptions"):
        return about(number) if what == "lesson" else misconceptions(number)
    raise ValueError(f"docs/instructors.md has a block {name!r}, and nothing makes it")


def filled(text: str) -> str:
    """Return the page with every block made anew."""

    def fill(match: re.Match[str]) -> str:
        begin, name, _, end = match.groups()
        return begin + "\n".join(block(name)) + f"\n{end}"

    return BLOCK.sub(fill, text)


def main() -> int:
    """Make the blocks, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a block is old")
    check = parser.parse_args().check
    old = PAGE.read_text(encoding="utf-8")
    new = filled(old)
    if check:
        if new == old:
            return 0
        print("docs/instructors.md is old. To remake it: make instructors", file=sys.stderr)
        return 1
    PAGE.write_text(new, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
