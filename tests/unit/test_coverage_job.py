"""`make coverage`, tried on one module: what runs elsewhere counts, and the floor holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = """
def which(number):
    if number > 1:
        return "here"
    if number > 0:
        return "there"
    return "nowhere"
"""
TEST = """
import subprocess, sys
from kerasdemo.one import which

def test_here():
    assert which(2) == "here"

def test_there():
    ask = "from kerasdemo.one import which; print(which(1))"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True).stdout
    assert said == "there\\n"
"""


@pytest.fixture
def small(tmp_path):
    """Make a checkout of its own, with the project's tools and settings."""
    for name in ("run_coverage", "run_tests"):
        (tmp_path / "tools").mkdir(exist_ok=True)
        shutil.copy(ROOT / "tools" / f"{name}.py", tmp_path / "tools")
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(settings[settings.index("[tool.coverage.run]") :])
    (tmp_path / "kerasdemo").mkdir()
    (tmp_path / "kerasdemo" / "__init__.py").touch()
    (tmp_path / "kerasdemo" / "one.py").write_text(MODULE)
    (tmp_path / "test_it.py").write_text(TEST)
    return tmp_path


def measure(place, *arguments):
    mine = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "tools/run_coverage.py", *arguments],
        cwd=place, env={**mine, "PYTHONPATH": str(place), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_processes_count_and_the_floor_holds(small):
    pytest.importorskip("coverage", reason="no coverage; get it with: make test")
    status, said = measure(small, "test_it.py", "-k", "here and not there")
    assert status == 1, said
    assert "5-7" in said, "what a program of its own runs was not run yet"
    status, said = measure(small, "--keep", "test_it.py", "-k", "test_there")
    assert " 7 " in said.replace("\n", " "), said
    assert "5-7" not in said, "the other program's branches are counted"
    assert status == 1, "a sixth of the branches is more than the floor allows"
    (small / "kerasdemo" / "one.py").write_text(MODULE.replace('return "nowhere"', "pass"))
    status, said = measure(small, "test_it.py", "--no-such-option")
    assert status == 1, "a test that cannot run is no success"


def test_the_whole_is_the_unit_and_the_widgets_layer(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import run_coverage

    calls = []
    monkeypatch.setattr(run_coverage, "coverage", lambda *words: calls.append(words) or 0)
    monkeypatch.setattr(run_coverage, "DATA", tmp_path / "data")
    assert run_coverage.main([]) == 0
    told = [" ".join(words) for words in calls]
    assert ["tests/unit" in told[0], "--doctest-modules" in told[0], "tests/widgets" in told[1]]
    assert [words.split()[0] for words in told] == ["run", "run", "combine", "report"]
    calls.clear()
    assert run_coverage.main(["--report"]) == 0
    assert [words[0] for words in calls] == ["combine", "report"]
