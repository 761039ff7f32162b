"""The seconds in a lesson's header are measured, kept while they hold, and refused when busy."""

from __future__ import annotations

import itertools
import time
from contextlib import contextmanager

import lesson_times
import nbformat
import pytest
from lesson_times import Took, near, stopwatch, to_store
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_make_notebooks import tool

TITLE = (
    "# {number} · A title\n\nOne sentence.\n\n**20 minutes** · needs: nothing · "
    "previous: none | [index](00_start_here.ipynb#The-lessons) | next: 99 is coming"
)


@pytest.fixture
def lessons(tmp_path):
    """Write three small lessons side by side; their headers have the old form."""
    paths = []
    for number in ("90", "91", "93"):
        path = tmp_path / f"{number}_small.ipynb"
        cells = [new_markdown_cell(TITLE.format(number=number)), new_code_cell("print(1)")]
        nbformat.write(new_notebook(cells=cells), path)
        paths.append(path)
    return paths


@pytest.fixture
def at_rest(monkeypatch):
    """Let nobody else use the machine, and let each run take a little more than the one before."""
    seconds = itertools.count(12)

    @contextmanager
    def steady():
        yield Took(float(next(seconds)) / 2, 0.0)

    monkeypatch.setattr(tool, "stopwatch", steady)


def head(path):
    notebook = nbformat.read(path, as_version=4)
    return notebook.cells[0].source.splitlines()[-1], notebook.metadata.get("kerasdemo")


def test_a_header_is_written_and_stays(lessons, at_rest, capsys):
    assert tool.main([str(path) for path in lessons]) == 0
    line, stored = head(lessons[1])
    assert stored == {"run_seconds": 6}
    assert line == (
        "**20 minutes** to read and do · **6 s** to run · needs: nothing · "
        "previous: [90](90_small.ipynb) | [index](00_start_here.ipynb#The-lessons) | "
        "next: [93](93_small.ipynb)"
    )
    assert "previous: none" in head(lessons[0])[0]
    assert head(lessons[2])[0].endswith("next: none")
    texts = [path.read_bytes() for path in lessons]
    capsys.readouterr()
    assert tool.main([str(path) for path in lessons]) == 0
    assert [path.read_bytes() for path in lessons] == texts
    assert capsys.readouterr().out.count("unchanged") == 3


def test_the_old_outputs_stay_when_only_times_are_measured(lessons, at_rest):
    notebook = nbformat.read(lessons[0], as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="stored\n")]
    notebook.cells[1].execution_count = 7
    nbformat.write(notebook, lessons[0])
    assert tool.main(["--times-only", str(lessons[0])]) == 0
    after = nbformat.read(lessons[0], as_version=4)
    assert "**6 s** to run" in after.cells[0].source
    assert after.cells[1] == notebook.cells[1]
    assert after.metadata.kerasdemo.run_seconds == 6


def test_a_busy_machine_stores_nothing_unless_told(lessons, monkeypatch, capsys):
    clock = iter(range(0, 10**9, 10**6))
    monkeypatch.setattr(lesson_times, "_all_seconds", lambda: float(next(clock)))
    assert tool.main([str(lessons[0])]) == 0
    line, stored = head(lessons[0])
    assert stored is None
    assert line.startswith("**20 minutes** to read and do · needs")
    assert "at rest" in capsys.readouterr().out
    assert tool.main(["--store-times", str(lessons[0])]) == 0
    assert head(lessons[0])[1]["run_seconds"] >= 1


def test_keeping_times_and_checking_leave_them_alone(lessons, at_rest):
    assert tool.main(["--keep-times", str(lessons[0])]) == 0
    assert head(lessons[0])[1] is None
    before = lessons[0].read_bytes()
    assert tool.main(["--check", str(lessons[0])]) == 0
    assert lessons[0].read_bytes() == before


def with_seconds(seconds):
    metadata = {"kerasdemo": {"run_seconds": seconds}} if seconds else {}
    return new_notebook(metadata=metadata)


@pytest.mark.parametrize(
    ("stored", "took", "others", "comes"),
    [
        (None, 14.6, 0.0, 15),
        (None, 14.6, 0.5, None),
        (None, 0.2, 0.0, 1),
        (15, 19.0, 0.0, 15),
        (15, 11.0, 0.5, 15),
        (15, 25.0, 0.0, 25),
        (15, 25.0, 0.5, 15),
        (15, 8.0, 0.0, 8),
        (2, 3.6, 0.0, 2),
    ],
)
def test_which_seconds_are_stored(stored, took, others, comes):
    assert to_store(with_seconds(stored), Took(took, others)) == comes


def test_what_is_asked_for_goes_first():
    took = Took(25.0, 0.5)
    assert to_store(with_seconds(15), took, keep=True) == 15
    assert to_store(with_seconds(15), took, store=True) == 25
    assert near(25.0, 20)
    assert not near(27.0, 20)


def test_the_work_of_others_is_told_from_one_s_own(monkeypatch):
    work = iter([100.0, 100.0 + 3.0])  # all cores, three seconds more
    own = iter([10.0, 10.0 + 2.5])  # of them two and a half are ours
    ticks = iter([0.0, 5.0])
    monkeypatch.setattr(lesson_times, "_all_seconds", lambda: next(work))
    monkeypatch.setattr(lesson_times, "_own_seconds", lambda: next(own))
    monkeypatch.setattr(lesson_times.time, "monotonic", lambda: next(ticks))
    monkeypatch.setattr(lesson_times.psutil, "cpu_count", lambda: 2)
    monkeypatch.setattr(lesson_times.os, "name", "posix")
    with stopwatch() as took:
        pass
    assert took.seconds == 5.0
    assert took.others == pytest.approx(0.05)
    assert not took.busy


def test_a_clock_runs():
    before = lesson_times._all_seconds()
    with stopwatch() as took:
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass
    assert took.seconds >= 0.3
    assert lesson_times._all_seconds() > before
