"""python -m kerasdemo lessons: the list, fresh copies, exercise sheets, runs."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
import types
from collections import Counter
from pathlib import Path

import pytest

from kerasdemo import lessons
from kerasdemo.__main__ import main
from kerasdemo.asking import checking
from kerasdemo.asking.texts import exercise_text
from kerasdemo.lesson_files import copying, finding, running
from kerasdemo.lesson_files.finding import all_lessons, pick, read_notebook, text_of
from kerasdemo.lesson_files.stripping import checks, strip

ALL = all_lessons()
NAMES = [lesson.path.name for lesson in ALL]
TITLE = (
    "# {0} · Lesson {0}\n\nIt shows `x`.\n\n**20 minutes** to read and do · **3 s** to run · "
    "needs: [90](90_a.ipynb) · previous: none | [index](90_a.ipynb#The-lessons) | next: none"
)


def markdown(text):
    return {"cell_type": "markdown", "id": named(text), "metadata": {}, "source": text}


def code(text):
    counts = {"execution_count": 1, "outputs": []}
    return {"cell_type": "code", "id": named(text), "metadata": {}, "source": text, **counts}


def named(text):
    return "-".join(re.findall(r"[a-z0-9]+", text)[:3])


@pytest.fixture
def series(tmp_path):
    """Write a small series into a folder: two lessons and a picture."""

    def write(*cells, number="90", name="a"):
        folder = tmp_path / "series"
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        (folder / "pictures" / "a b.png").write_bytes(b"PNG")
        book = {
            "cells": [markdown(TITLE.format(number)), *cells],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (folder / f"{number}_{name}.ipynb").write_text(json.dumps(book), encoding="utf-8")
        return all_lessons(folder)

    return write


def outputs_of(path):
    cells = read_notebook(path)["cells"]
    return [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]


# ---------------------------------------------------------------- the list


def test_the_list_has_every_lesson_and_keeps_to_the_width(capsys, monkeypatch):
    for columns in (60, 80, 100, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert main(["lessons"]) == 0
        said = capsys.readouterr().out
        for lesson in ALL:
            assert re.search(rf"^{lesson.number}  {lesson.title} +{lesson.minutes}", said, re.M)
            start = lesson.shows.replace("`", "").split()[0]
            assert start in said
        assert max(map(len, said.splitlines())) <= min(columns, 100)


def test_columns_of_the_list_stand_below_their_heads():
    head, *rows = lessons.listing(ALL).splitlines()
    rows = [row for row in rows if re.match(r"\d\d  ", row)]
    assert len(rows) == len(ALL)
    for row, lesson in zip(rows, ALL, strict=True):
        assert row[head.index("lesson") :].startswith(lesson.title)
        assert row[: head.index("minutes") + len("minutes")].endswith(f" {lesson.minutes}")
        run = f"{lesson.run_seconds} s" if lesson.run_seconds else "-"
        assert row[: head.index("run") + len("run")].endswith(f" {run}")
        assert lesson.shows.replace("`", "").startswith(row[head.index("shows") :].split()[0])


def test_a_lesson_that_was_never_measured_gets_a_dash():
    lesson = finding.Lesson("90", "A", "It shows.", 20, None, Path("90_a.ipynb"))
    assert " 20      -  It shows." in lessons.listing([lesson])


def test_the_list_as_json(capsys):
    assert main(["lessons", "3", "--json"]) == 0
    (lesson,) = json.loads(capsys.readouterr().out)
    assert lesson["number"] == "03"
    assert lesson["title"] == "Three ways to predict"
    assert 1 <= lesson["minutes"] <= 25
    assert lesson["path"].endswith("03_three_ways_to_predict.ipynb")
    assert set(lesson) == {"number", "title", "shows", "minutes", "run_seconds", "path"}


@pytest.mark.parametrize("heavy", ["tensorflow", "keras", "nbformat", "nbclient", "IPython"])
def test_the_command_starts_without(heavy, tmp_path):
    script = (
        "import sys\nfrom kerasdemo.__main__ import main\nmain(['lessons'])\n"
        "main(['lessons', '--strip', sys.argv[1]])\nprint('loaded', *sys.modules)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "sheets")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    assert heavy not in done.stdout.split("loaded", 1)[1].split()


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["3"], ["03"]),
        (["05", "03_three_ways_to_predict"], ["03", "05"]),
        (["notebooks/00_start_here.ipynb", "0"], ["00"]),
        ([], [lesson.number for lesson in ALL]),
    ],
)
def test_lessons_are_picked_by_number_or_file(names, numbers):
    assert [lesson.number for lesson in pick(names, ALL)] == numbers


@pytest.mark.parametrize("name", ["99", "three_ways", ""])
def test_a_lesson_that_is_not_there_is_named(name, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["lessons", name])
    assert stopped.value.code == 2
    assert f"no lesson {name!r}; there are 00, 01" in capsys.readouterr().err


def test_two_jobs_at_once_are_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["lessons", "--copy", "a", "--strip", "b"])
    assert stopped.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_folder_without_lessons_says_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(finding, "PACKAGE", tmp_path)
    assert main(["lessons"]) == 1
    assert "install it again" in capsys.readouterr().err


def test_a_notebook_that_is_no_lesson_is_named(series, tmp_path):
    series()
    (tmp_path / "series" / "91_no.ipynb").write_text(json.dumps({"cells": [markdown("# Hi")]}))
    with pytest.raises(ValueError, match=r"91_no\.ipynb"):
        all_lessons(tmp_path / "series")


# ---------------------------------------------------------------- copies


def test_copies_are_fresh_and_say_what_to_type(tmp_path, capsys):
    folder = tmp_path / "my lessons"
    assert main(["lessons", "--copy", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"{len(ALL)} lessons written" in said
    assert f'jupyter lab "{folder / NAMES[0]}"' in said
    assert sorted(path.name for path in folder.glob("*.ipynb")) == NAMES
    for lesson in ALL:
        assert outputs_of(lesson.path), "the stored one has outputs"
        assert not outputs_of(folder / lesson.path.name), "they would give the answers away"
        texts = [text_of(cell) for cell in read_notebook(folder / lesson.path.name)["cells"]]
        assert texts == [text_of(cell) for cell in read_notebook(lesson.path)["cells"]]


def test_copies_are_laid_out_as_jupyter_does(tmp_path):
    import nbformat

    copying.write_copies(ALL[:1], tmp_path)
    path = tmp_path / NAMES[0]
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert nbformat.writes(notebook) + "\n" == path.read_text(encoding="utf-8")


def test_no_file_is_written_over(tmp_path, capsys):
    (tmp_path / NAMES[1]).write_text("my own work")
    assert main(["lessons", "00", "01", "--copy", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert (tmp_path / NAMES[1]).read_text() == "my own work"
    assert (tmp_path / NAMES[0]).exists(), "the others are written"
    assert f"left as they were:\n  {NAMES[1]}" in said
    assert f"lessons 01 --copy {tmp_path}-2" in said
    (tmp_path.parent / f"{tmp_path.name}-2").mkdir()
    assert main(["lessons", "00", "--strip", str(tmp_path)]) == 1
    assert f"lessons 00 --strip {tmp_path}-3" in capsys.readouterr().out


def test_what_is_suggested_works_and_no_lesson_is_left_out(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["lessons", "--copy", "work"]) == 0
    assert main(["lessons", "--copy", "work"]) == 1
    said = capsys.readouterr().out
    command = re.search(r"For fresh ones: python -m kerasdemo (.*)", said)[1].split()
    assert main(command) == 0
    assert len(list((tmp_path / "work-2").glob("*.ipynb"))) == len(ALL)


def test_links_lead_somewhere_also_when_lessons_are_left_out(tmp_path):
    copying.write_copies(pick(["03"], ALL), tmp_path)
    text = (tmp_path / "03_three_ways_to_predict.ipynb").read_text(encoding="utf-8")
    assert ".ipynb" not in text, "none of the others is there"
    assert "https://keras.io" in text
    copying.write_copies(pick(["05"], ALL), tmp_path)
    text = (tmp_path / "05_inside_predict.ipynb").read_text(encoding="utf-8")
    assert "(03_three_ways_to_predict.ipynb)" in text, "that one is there"
    assert "00_start_here" not in text


def test_pictures_come_along(series, tmp_path):
    chosen = series(
        markdown("![words](pictures/a%20b.png) [far](https://keras.io/a.png)"),
        markdown('<img alt="it" src="pictures/a b.png"> [out](../secret.txt)'),
    )
    (tmp_path / "secret.txt").write_text("not ours")
    done = copying.write_copies(chosen, tmp_path / "copy")
    assert done.written == ("90_a.ipynb", "pictures/a b.png")
    assert (tmp_path / "copy" / "pictures" / "a b.png").read_bytes() == b"PNG"
    assert not done.there_already
    (tmp_path / "copy" / "90_a.ipynb").unlink()
    assert copying.write_copies(chosen, tmp_path / "copy").written == ("90_a.ipynb",)
    (tmp_path / "copy" / "90_a.ipynb").unlink()
    (tmp_path / "copy" / "pictures" / "a b.png").write_bytes(b"mine")
    assert copying.write_copies(chosen, tmp_path / "copy").there_already == ("pictures/a b.png",)
    said = lessons.said_of(done, sheets=False, chosen=[])
    assert said.startswith("1 lesson written to")
    assert "and 1 file that they show." in said


def test_a_file_in_the_way_of_the_folder_is_an_error_in_words(tmp_path, capsys):
    (tmp_path / "work").write_text("")
    assert main(["lessons", "--copy", str(tmp_path / "work")]) == 1
    assert "work" in capsys.readouterr().err


def test_half_a_file_is_taken_away(tmp_path, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, content):
            raise OSError("no space left on device")

    path = tmp_path / "a.ipynb"

    def open_then_fail(self, mode):
        path.touch()
        return Full()

    monkeypatch.setattr(Path, "open", open_then_fail)
    with pytest.raises(OSError, match="no space"):
        copying._write_new(path, b"x")
    assert not path.exists()


def test_a_copy_takes_the_glossary_along_and_no_link_of_it_is_dead(tmp_path):
    lessons = finding.all_lessons()
    first = copying.write_copies(lessons[:2], tmp_path)
    assert "glossary.md" in first.written
    text = (tmp_path / "glossary.md").read_text(encoding="utf-8")
    assert f"Lesson [01]({NAMES[1]})" in text
    assert "Lesson 02" in text
    assert set(re.findall(r"\]\(([\w.]+)[)#]", text)) == {*NAMES[:2]}
    again = copying.write_copies(lessons[2:3], tmp_path)
    assert (again.written, again.there_already) == ((NAMES[2],), ())
    assert (tmp_path / "glossary.md").read_text(encoding="utf-8") == text


def test_a_copy_as_json(tmp_path, capsys):
    assert main(["lessons", "00", "--copy", str(tmp_path / "a"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] == [NAMES[0], "glossary.md"]


# ---------------------------------------------------------------- exercise sheets


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.number)
def test_a_sheet_gives_nothing_away(lesson):
    sheet = strip(read_notebook(lesson.path))
    text = "\n".join(text_of(cell) for cell in sheet["cells"])
    whole = "\n".join(text_of(cell) for cell in read_notebook(lesson.path)["cells"])
    assert "For the teacher" in whole
    for gone in ("For the teacher", "SOLUTION", "<details>", "</details>", "Solution</summary>"):
        assert gone not in text
    answer = whole.split("```python\n", 1)[1] if "```python\n" in whole else ""
    last = whole.split("### BEGIN SOLUTION")[1].split("### END")[0].split("```")[1]
    assert answer
    assert last.strip().splitlines()[-1] not in text
    assert re.search(r"^\w+ = \.\.\.", text, re.M), "the dots are still there"
    assert not [cell for cell in sheet["cells"] if cell.get("outputs")]
    assert all(text_of(cell).strip() for cell in sheet["cells"])


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.number)
def test_a_sheet_is_sound_for_nbgrader(lesson):
    """What `nbgrader/nbgraderformat/v3.py` asks of a test cell, and `utils.py` of its output."""
    import nbformat

    sheet = strip(read_notebook(lesson.path))
    nbformat.validate(nbformat.from_dict(sheet))
    marked = [cell for cell in sheet["cells"] if "nbgrader" in cell["metadata"]]
    assert marked, "a cell that is graded"
    names = [cell["metadata"]["nbgrader"]["grade_id"] for cell in marked]
    assert len(set(names)) == len(names)
    for cell, name in zip(marked, names, strict=True):
        about = cell["metadata"]["nbgrader"]
        assert re.fullmatch(r"[\w-]+", name)
        assert (about["grade"], about["solution"], about["task"]) == (True, False, False)
        assert (about["locked"], about["points"], about["schema_version"]) == (True, 1, 3)
        assert about["cell_type"] == cell["cell_type"] == "code"
        before = sheet["cells"][sheet["cells"].index(cell) - 1]
        check = re.search(r"kd\.check\((.*)\)", text_of(before))[1]
        assert f"judge({check})" in text_of(cell)


def test_the_graded_cell_shows_a_point_or_none(capsys):
    lesson = pick(["01"], ALL)[0]
    (cell,) = [
        cell
        for cell in strip(read_notebook(lesson.path))["cells"]
        if "nbgrader" in cell["metadata"]
    ]
    *body, shown = text_of(cell).splitlines()
    import numpy as np

    images = np.zeros((60, 28, 28, 1), "float32")
    for batch, points in ((images[38:39], 1), (images[38], 0), (..., 0)):
        names = {"images": images, "batch": batch}
        exec("\n".join(body), names)
        assert repr(eval(shown, names)) == str(points), "for nbgrader, True is no number"
    assert capsys.readouterr().out == "", "no hint is spent"


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.number)
def test_after_the_last_hint_nothing_is_promised_that_a_sheet_lacks(lesson, monkeypatch, capsys):
    """In the lesson, a fold called Solution comes next; in the sheet there is none."""
    monkeypatch.setattr(checking, "_tries", Counter())
    cells = read_notebook(lesson.path)["cells"]
    sheet = "\n".join(text_of(cell) for cell in strip(read_notebook(lesson.path))["cells"])
    code_cells = [(n, text_of(c)) for n, c in enumerate(cells) if c["cell_type"] == "code"]
    ((place, id),) = [(n, id) for n, text in code_cells for id, _ in checks(text)]
    for _ in exercise_text(id).hints:
        assert capsys.readouterr().out.count("last hint") == 0
        checking.check(id, "surely not this")
    _, last, rest = capsys.readouterr().out.partition("That was the last hint.")
    assert last
    assert "Solution</summary>" in text_of(cells[place + 1])
    assert "Solution</summary>" not in sheet
    assert not re.search("solution|below", rest, re.IGNORECASE)


def test_parts_marked_as_solutions_go_from_code_too():
    notebook = {
        "cells": [
            code("def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\nf(1)"),
            markdown("Before\n<!-- ### BEGIN SOLUTION -->\nx\n<!-- ### END SOLUTION -->\nafter"),
            markdown("<details><summary>More</summary>stays</details>"),
        ]
    }
    notebook["cells"][1]["metadata"] = {"nbgrader": {"grade": True, "solution": True}}
    assert "nbgrader" not in strip(notebook)["cells"][1]["metadata"], "ClearSolutions empties it"
    texts = [text_of(cell) for cell in strip(notebook)["cells"]]
    assert texts == [
        "def f(x):\n    ...\nf(1)",
        "Before\nafter",
        "<details><summary>More</summary>stays</details>",
    ]


def test_a_solution_without_end_is_refused():
    with pytest.raises(ValueError, match="not in pairs"):
        strip({"cells": [code("### BEGIN SOLUTION\nx = 1")]})


def test_a_lesson_that_cannot_be_stripped_is_named_in_a_line(tmp_path, capsys, monkeypatch):
    path = tmp_path / NAMES[0]
    notebook = read_notebook(ALL[0].path)
    notebook["cells"].append(code("### BEGIN SOLUTION\nx = 1"))
    path.write_text(json.dumps(notebook), encoding="utf-8")
    broken = dataclasses.replace(ALL[0], path=path)
    monkeypatch.setattr("kerasdemo.lesson_files.finding.all_lessons", lambda: (broken,))
    assert main(["lessons", "--strip", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(rf"{path.name}: Cell '.*': .* are not in pairs\.\n", said.err)
    assert not (tmp_path / "out").exists()


def test_stripping_changes_no_lesson():
    before = read_notebook(ALL[0].path)
    strip(before)
    assert before == read_notebook(ALL[0].path)


# ---------------------------------------------------------------- runs

NEEDS = [name for name in running.NEEDED if importlib.util.find_spec(name) is None]
with_kernel = pytest.mark.skipif(bool(NEEDS), reason="needs JupyterLab: make test")


@with_kernel
def test_runs_are_told_one_by_one(series, capsys):
    series(code("print('fine')"))
    chosen = series(code("a = 0"), code("b = 1\n1 / a"), code("print('never')"), number="91")
    assert lessons.tell_runs(chosen) is False
    said = capsys.readouterr().out
    assert re.search(r"^90  Lesson 90  ok      +\d+ s$", said, re.M)
    assert re.search(r"^91  Lesson 91  FAILED  +\d+ s$", said, re.M)
    assert "    cell 3 (b-1-1): ZeroDivisionError: division by zero" in said
    assert "    line 2: 1 / a" in said
    assert "1 of 2 ran to the end" in said
    assert "\x1b" not in said


@with_kernel
def test_runs_as_json_and_the_exit_status(series, capsys, monkeypatch, tmp_path):
    chosen = series(code("import os\nopen('made.txt', 'w').close()\nos.listdir()"))
    monkeypatch.setattr(finding, "lessons_folder", lambda: tmp_path / "series")
    assert main(["lessons", "--run", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert (run["number"], run["ok"], run["error"]) == ("90", True, "")
    assert run["seconds"] > 0
    assert not (tmp_path / "series" / "made.txt").exists(), "it ran in a copy"
    assert read_notebook(chosen[0].path)["cells"][1]["execution_count"] == 1, "left as it was"
    series(code("raise KeyError('x')"))
    assert main(["lessons", "90", "--run"]) == 1
    assert "KeyError: 'x'" in capsys.readouterr().out


@with_kernel
@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT; Windows has no such signal")
@pytest.mark.parametrize("moment", ["a cell runs", "the kernel starts"])
def test_ctrl_c_stops_the_whole_run(series, tmp_path, moment):
    sleep = code("import os, time\nopen(os.environ['SIGN'], 'w').close()\ntime.sleep(60)")
    series(sleep)
    series(sleep, number="91")
    script = (
        "import pathlib, sys\nfrom kerasdemo import __main__\n"
        "from kerasdemo.lesson_files import finding\n"
        "folder = pathlib.Path(sys.argv[1])\nfinding.lessons_folder = lambda: folder\n"
        "from jupyter_client.provisioning import LocalProvisioner\n"
        "launch = LocalProvisioner.launch_kernel\n"
        "async def noted(self, *given, **options):\n"
        "    came = await launch(self, *given, **options)\n"
        "    print('begins', flush=True)\n"
        "    return came\n"
        "LocalProvisioner.launch_kernel = noted\n"
        "sys.argv[1:] = ['lessons', '--run']\n"
        "sys.exit(__main__.run())"
    )
    sign = tmp_path / "sign"
    running_now = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "series")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SIGN": str(sign)},
    )
    running_now.stdout.readline()
    deadline = time.monotonic() + 60
    while moment == "a cell runs" and not sign.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.7 if moment == "a cell runs" else 0)
    running_now.send_signal(signal.SIGINT)
    _, said = running_now.communicate(timeout=60)
    assert running_now.returncode == 130, said
    assert said.splitlines()[-1:] == ["Stopped."]


@pytest.mark.parametrize("looked_at", [True, False])
def test_closings_that_were_in_each_others_way_print_nothing(caplog, looked_at):
    """nbclient closes the kernel for the signal, and once more at its end: one finds nothing."""
    gc.collect()  # what earlier runs left speaks now
    caplog.clear()
    loop = asyncio.new_event_loop()
    client = types.SimpleNamespace(_async_cleanup_kernel_future=loop.create_future())
    client._async_cleanup_kernel_future.set_exception(AttributeError("cleanup_resources"))
    if looked_at:
        assert running._was_stopped(client)
    del client
    gc.collect()
    loop.close()
    assert ("never retrieved" in caplog.text) is not looked_at


def test_what_runs_need_is_named(monkeypatch, capsys):
    monkeypatch.setattr(running, "NEEDED", ("nbclient", "no_such_module"))
    assert main(["lessons", "00", "--run"]) == 1
    said = capsys.readouterr().err
    assert "needs no_such_module" in said
    assert "-m pip install jupyterlab" in said


def test_a_failure_is_coloured_when_asked():
    run = lessons.Run("03", "T", ok=False, seconds=1.0, error="cell 2 (x): E: e")
    assert "\x1b[31mFAILED\x1b[0m" in lessons.run_text(run, color=True)
    assert "\x1b" not in lessons.run_text(run)
