"""Every solution passes its own check; every other answer gets a hint, and one more each time."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import solutions
from places import LESSONS

from kerasdemo import quiz
from kerasdemo.asking import checking, texts

EXERCISES = texts.bank().exercises


def run(programs):
    """Run programs in one fresh process."""
    done = subprocess.run(
        [sys.executable, str(Path(solutions.__file__))],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def outcomes(read_lesson):
    return run({path.name: solutions.program(read_lesson(path)) for path in LESSONS})


def test_the_solution_passes_its_check(lesson, outcomes):
    outcome = outcomes[lesson.name]
    assert not outcome["error"], outcome["error"]
    assert "\nYes: " in outcome["said"], outcome["said"]
    assert "Not yet" not in outcome["said"]


def test_a_wrong_solution_and_a_broken_one_are_seen(read_lesson):
    digits = next(path for path in LESSONS if path.name.startswith("01_"))
    good = solutions.program(read_lesson(digits))
    assert good.count("image[None]") == 1
    wrong = good.replace("image[None]", "image")
    broken = good.replace("image[None]", "no_such_name")
    found = run({"wrong": wrong, "broken": broken})
    assert "Not yet" in found["wrong"]["said"]
    assert "Yes: " not in found["wrong"]["said"]
    assert "NameError" in found["broken"]["error"]


def test_only_what_an_exercise_needs_is_run(read_lesson):
    costs = next(path for path in LESSONS if path.name.startswith("06_"))
    code = solutions.program(read_lesson(costs))
    assert "load_digits" in code
    assert "measure_memory" not in code, "processes of their own, for nothing"


def test_names_that_code_changes_bring_the_change_along():
    body = ast.parse("a = [1]\nb = a\nif True:\n    b.append(2)\nb[0] = 3\nprint(a)").body
    chosen = [ast.unparse(node) for node in solutions.needed(body, "sum(b)")]
    assert chosen == ["a = [1]", "b = a", "if True:\n    b.append(2)", "b[0] = 3"]


@pytest.mark.parametrize("id", EXERCISES)
def test_each_wrong_try_brings_one_more_hint(id, capsys, monkeypatch):
    monkeypatch.setattr(checking, "_tries", Counter())
    hints = EXERCISES[id].hints
    assert len(hints) >= 3

    def said(answer):
        quiz.check(id, answer, like=np.zeros(1))
        return capsys.readouterr().out

    assert "Not answered yet" in said(...)
    for number in range(1, len(hints) + 1):
        text = said("surely not this")
        assert text.count("Hint ") == 1
        assert f"Hint {number} of {len(hints)}: {hints[number - 1][:20]}" in text
        assert ("last hint" in text) == (number == len(hints))
    assert f"Hint {len(hints)} of" in said("nor this")
    assert "Not answered yet" in said(...), "an empty answer costs no hint"
