"""The teachers' page: its blocks are what the tool makes, its plans add up, its links hold."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys

import make_instructors
import nbformat
import pytest
import reading_time
from nbformat import NotebookNode
from places import ROOT

from kerasdemo._arguments import parse
from kerasdemo.asking.record import Answered
from kerasdemo.asking.texts import bank
from kerasdemo.scores import ScoreCard

PATH = ROOT / "docs" / "instructors.md"
PAGE = PATH.read_text(encoding="utf-8")
LESSONS = make_instructors.lessons()
PLANS = {"50 minutes": [50], "3 hours": [180], "Two days": [420, 420]}
PART = re.compile(r"\*\*(\d\d)\*\* (.+)")


def section(title: str, text: str = PAGE) -> str:
    """Return what stands under a heading, up to the next of its level or a higher one."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,3}} |\Z)", text, re.M | re.S)
    assert found, f"there is no heading {title!r}"
    return found[2]


def tables(title: str) -> list[list[list[str]]]:
    """Return a plan's tables: rows of clock, minutes, part, students, words of the teacher."""
    found: list[list[list[str]]] = []
    for line in section(title).splitlines():
        if line.startswith("| clock"):
            found.append([])
        elif re.match(r"\| \d", line):
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
    return found


ROWS = [
    pytest.param(row, id=f"{plan}, {row[0]}, {place + 1}")
    for plan in PLANS
    for place, table in enumerate(tables(plan))
    for row in table
]


def clock(text: str) -> int:
    hours, minutes = text.split(":")
    return 60 * int(hours) + int(minutes)


# ------------------------------------------------------------------------- the blocks


def test_the_stored_page_is_what_the_tool_makes():
    assert make_instructors.filled(PAGE) == PAGE, "to remake it: make instructors"


def test_the_tool_mends_a_block_and_leaves_what_is_written_by_hand():
    mine = PAGE.replace("## Plans", "## My plans")
    assert make_instructors.filled(mine.replace("**They will be able to**", "They will")) == mine
    with pytest.raises(ValueError, match="nothing makes it"):
        make_instructors.filled("<!-- begin: lesson 99 -->\n<!-- end: lesson 99 -->")


@pytest.mark.parametrize("number", LESSONS)
def test_each_lesson_has_its_notes(number):
    lesson = LESSONS[number]
    notes = section(f"{number} · {lesson.title}")
    for name in (f"lesson {number}", f"misconceptions {number}"):
        assert f"<!-- begin: {name} -->" in notes
    by_hand = make_instructors.BLOCK.sub("", notes)
    asked, goes_wrong = by_hand.split("**What goes wrong**")
    assert asked.count("?") >= 3, "questions to ask aloud"
    assert goes_wrong.count("\n- ") >= 2
    assert f"<summary>{lesson.minutes} minutes" in notes
    objectives = make_instructors.cells(number)[1]["source"]
    for line in "".join(objectives).splitlines():
        assert not line.startswith("- ") or line in notes


def test_no_misconception_is_left_out():
    for question in bank().questions.values():
        for group in make_instructors.groups_of(question):
            assert group.misconception in PAGE, f"{question.id}: {group.misconception}"


def test_every_question_has_a_cell_that_reveals_it():
    asked = {id for number in LESSONS for id in make_instructors.asked(number)}
    assert asked == bank().questions.keys()
    for id in asked:
        question = bank().questions[id]
        lesson, cell, saw = make_instructors.revealed_by(id[:2], question)
        assert make_instructors.heading_of(lesson, cell)
        said = f"{id}: {saw!r}; is the notebook executed? make notebooks"
        assert bool(saw) == (question.kind == "predict"), said
    assert make_instructors.REVEALED.keys() <= asked
    with pytest.raises(KeyError, match="no cell 'nowhere'"):
        make_instructors.heading_of("03", "nowhere")


def asked_about(number: str) -> str:
    """Return the lesson that a lesson's first question is about; ``""`` for the first lesson."""
    found = re.match(r"(?:From|In) lesson (\d\d)", bank().questions[f"{number}r"].prompt)
    return found[1] if found else ""


@pytest.mark.parametrize("id", make_instructors.REVEALED)
def test_a_cell_is_in_the_lesson_that_the_question_is_about(id):
    question, lesson = bank().questions[id], make_instructors.REVEALED[id][:2]
    if question.kind == "final":
        assert lesson == question.lesson
    elif question.kind == "retrieval" and id != "00r":
        assert lesson == asked_about(id[:2])
    elif question.kind != "retrieval":
        assert lesson == id[:2]


# ------------------------------------------------------------------------- the plans


@pytest.mark.parametrize(("plan", "lengths"), PLANS.items(), ids=PLANS)
def test_a_plan_adds_up(plan, lengths):
    found = tables(plan)
    assert [sum(int(row[1]) for row in table) for table in found] == lengths
    for table in found:
        now = clock(table[0][0])
        for at, minutes, *_ in table:
            assert clock(at) == now, f"{plan}: {at}"
            now += int(minutes)


def parts_of(number: str, names: str) -> float:
    """Estimate the minutes of the named parts of a lesson; every part must be there."""
    notebook = nbformat.read(LESSONS[number].path, as_version=4)
    parts: dict[str, list[NotebookNode]] = {}
    for cell in notebook.cells:
        marked = cell.source if cell.cell_type == "markdown" else ""
        if heading := re.search(r"^#+ (.+)$", marked, re.M):
            key = re.sub(r"^(\d) · .*", r"round \1", heading[1])
        parts.setdefault(key, []).append(cell)
    chosen: list[NotebookNode] = []
    for name in names.split(", "):
        if name == "start":
            chosen += [cell for key in list(parts)[:3] for cell in parts[key]]
        else:
            chosen += parts[name]
    return reading_time.minutes(NotebookNode(cells=chosen))


@pytest.mark.parametrize("row", ROWS)
def test_a_row_fits_its_lesson(row):
    _, minutes, part, students, said = row
    if found := PART.search(part):
        number, names = found.groups()
        if names == "whole":
            assert int(minutes) == LESSONS[number].minutes
        else:
            assert int(minutes) >= parts_of(number, names)
    for id in re.findall(r"\b\d\d[a-z]\b", " ".join(row)):
        assert id in bank().questions
    assert part in ("break", "lunch") or (students and said)


@pytest.mark.parametrize("plan", PLANS)
def test_a_first_question_about_a_lesson_that_was_left_out_is_skipped(plan):
    seen = {""}
    for _, _, part, students, _ in (row for table in tables(plan) for row in table):
        if (found := PART.search(part)) and found[2] in ("whole", "start"):
            skipped = "skip the first question" in students
            assert skipped == (asked_about(found[1]) not in seen), part
            seen.add(found[1])


def test_the_long_plan_has_every_lesson_once():
    rows = [row for table in tables("Two days") for row in table]
    whole = [found[1] for row in rows if (found := re.search(r"\*\*(\d\d)\*\* whole", row[2]))]
    assert whole == list(LESSONS)


# ------------------------------------------------------------------------- the page


def test_what_to_do_tomorrow_is_ten_lines_on_the_first_screen():
    steps = re.findall(r"^(\d+)\. ", section("Tomorrow"), re.M)
    assert steps == [str(number) for number in range(1, 11)]
    assert PAGE.index("\n10. ") < 2500, "characters before the last step"


def test_each_fold_is_closed():
    depth = 0
    for tag in re.findall(r"</?details>", PAGE):
        depth += 1 if tag == "<details>" else -1
        assert depth in (0, 1)
    assert depth == 0
    assert PAGE.count("<details>") == len(LESSONS)


def test_each_link_leads_somewhere():
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", PAGE, flags=re.S), re.M)
    anchors = {make_instructors.slug(heading) for heading in headings}
    links = re.findall(r"\]\(([^)\s]+)\)", PAGE)
    assert len(links) > 30
    for link in links:
        file, _, anchor = link.partition("#")
        if link.startswith("https://"):
            continue
        assert not file or (PATH.parent / file).is_file(), link
        if not file:
            assert anchor in anchors, link
        elif anchor:
            other = (PATH.parent / file).read_text(encoding="utf-8")
            known = {make_instructors.slug(h) for h in re.findall(r"^#+ (.+)$", other, re.M)}
            assert anchor in known, link


def test_the_contents_name_every_part():
    contents = PAGE[: PAGE.index("## Tomorrow")]
    for part in [*re.findall(r"^## (.+)$", PAGE, re.M), *PLANS]:
        assert f"](#{make_instructors.slug(part)})" in contents


def test_each_command_is_one():
    """The kit's own commands are taken by its parser; the jobs of make exist."""
    commands = re.findall(r"python -m kerasdemo ([^`\n]+)", PAGE)
    assert len(commands) >= 6
    for command in commands:
        assert parse(command.replace("...", "a-folder").split()).command == "lessons"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for job in re.findall(r"`make ([a-z]+)", PAGE):
        assert re.search(rf"^JOBS :=.*\b{job}\b", makefile, re.M), job


def test_the_printed_questions_give_no_answer():
    code = re.search(r'`python -c "([^`]+)"`', PAGE)[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("[Predict first · 03") == 3
    assert "The rule" not in done.stdout


def card(last: str) -> ScoreCard:
    question = Answered(
        "03b", "predict", "choice", "", "03", "", "C", "B", last, False, last == "C", 2
    )
    return ScoreCard((question,), ())


def test_the_examples_are_real(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "form.csv").write_text(
        "Timestamp,before,after\n09:01,B,C\n09:01,B,C\n09:02,A,B\n09:02,D,C\n", encoding="utf-8"
    )
    (tmp_path / "cards").mkdir()
    for name, last in (("ann", "C"), ("ben", "B")):
        card(last).save(tmp_path / "cards" / f"{name}.csv")
    failed, tried = doctest.testfile(str(PATH), module_relative=False, encoding="utf-8")
    assert tried >= 8
    assert failed == 0
