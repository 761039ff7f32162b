"""The tool that counts mutants: a good test kills what a bad one lets live."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = '''"""A module."""

from __future__ import annotations


def total(numbers: list[int] | None) -> int:
    """Add up."""
    at = 0
    while numbers:
        at = at + numbers.pop()
    return at
'''
CHANGES = {
    "sign": ("at + numbers", "at - numbers"),
    "start": ("at = 0", "at = 1"),
    "round for ever": ("numbers.pop()", "len(numbers)"),
    "no import": ("from __future__ import annotations", "import nothing_of_this_name"),
    "the end": ("return at", "raise MemoryError"),
    "annotation": ("list[int] | None", "list[int]"),
    "docstring": ("Add up", "Add down"),
    "no Python": ("return at", "return at at"),
    "once more": ("at + numbers", "at  -  numbers"),
}
GOOD = """
from package import sums

def test_something_else():
    assert sums.__doc__

def test_total():
    assert sums.total([1, 2]) == 3
"""
BAD = """
from package import sums

def test_total():
    assert isinstance(sums.total([1, 2]), int)

def test_left_out():
    raise SystemExit(4)
"""
PROGRAM = """
import json, sys
from pathlib import Path

root, folder, test, sources = sys.argv[1:]
import mutant_forks, mutant_making, mutant_trials

file = "package/sums.py"
made = mutant_making.different(file, (Path(root) / file).read_text(), json.loads(sources))
work = mutant_trials.Work((file,), (test,), ("test_left_out",))
mutant_forks.preload(("json",))
slots, known = mutant_trials.prepare(Path(root), Path(folder), 2, work)
results = mutant_trials.try_all(list(made), work, slots, known, spare=0.5)
print(json.dumps([{m.operator: result for m, result in results}, known.lines]))
"""
needs_fork = pytest.mark.skipif(
    sys.platform == "win32", reason="mutants are tried in forked processes: Linux and macOS"
)


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("mutant_making")


@pytest.fixture
def tool(making: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    module = importlib.import_module("mutants")
    monkeypatch.setattr(module, "REPORT", tmp_path / "reports" / "mutants.json")
    monkeypatch.setattr(module, "ALLOWED", tmp_path / "allowed.toml")
    return module


def made() -> list[tuple[str, str]]:
    return [(name, SOURCE.replace(*change)) for name, change in CHANGES.items()]


def run_program(words):
    """Run what tries the mutants, in a process that has imported nothing else."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=ROOT / "tools",
        capture_output=True,
        text=True,
        timeout=300,
    )


@needs_fork
@pytest.mark.parametrize(("tests", "survive"), [(GOOD, set()), (BAD, {"sign", "start"})])
def test_a_good_test_kills_what_a_bad_one_lets_live(tmp_path, tests, survive):
    root = tmp_path / "checkout"
    (root / "package").mkdir(parents=True)
    (root / "package" / "sums.py").write_text(SOURCE, encoding="utf-8")
    (root / "test_sums.py").write_text(tests, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    words = [str(root), str(tmp_path / "copies"), "test_sums.py", json.dumps(made())]
    done = run_program(words)
    assert done.returncode == 0, done.stderr
    results, lines = json.loads(done.stdout)
    assert {name for name, result in results.items() if result == "survived"} == survive
    assert results["round for ever"] == "timeout"
    assert results["no import"] == results["the end"] == "killed"
    assert results.keys() == CHANGES.keys() - {"annotation", "docstring", "no Python", "once more"}
    assert lines["package/sums.py"]["test_sums.py::test_total"] == [6, 8, 9, 10, 11]
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert after == before, "the checkout is left as it was"


@needs_fork
def test_tests_that_fail_without_a_fault_are_told(tmp_path):
    root = tmp_path / "checkout"
    (root / "package").mkdir(parents=True)
    (root / "package" / "sums.py").write_text(SOURCE, encoding="utf-8")
    (root / "test_sums.py").write_text(GOOD.replace("== 3", "== 4"), encoding="utf-8")
    words = [str(root), str(tmp_path / "copies"), "test_sums.py", "[]"]
    done = run_program(words)
    assert "The tests fail without a mutant" in done.stderr
    assert "assert 3 == 4" in done.stderr


def test_mutants_that_mean_the_same_are_not_made(making):
    names = [mutant.operator for mutant in making.different("sums.py", SOURCE, made())]
    assert names == list(CHANGES)[:5]
    (sign, *_) = making.different("sums.py", SOURCE, made())
    assert (sign.line, sign.before, sign.after) == (
        10,
        "at = at + numbers.pop()",
        "at = at - numbers.pop()",
    )


def test_a_line_that_is_gone_is_shown_with_the_next(making):
    old = "class A:\n    @property\n    def a(self):\n        return 1\n"
    new = old.replace("    @property\n", "")
    assert making.change(old, new) == (2, "@property\ndef a(self):", "def a(self):")
    assert making.change("a = 1", "a = 2") == (1, "a = 1", "a = 2")
    assert making.change("a\na\nb", "a\nb") == (2, "a\nb", "b")


def test_of_many_replacements_the_near_ones_are_used(making, monkeypatch):
    names = [
        *("ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Add_Pow", "NumberReplacer"),
        *("ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_Lt_Is"),
        *("VariableReplacer", "ReplaceBreakWithContinue"),
    ]
    provider = SimpleNamespace(OperatorProvider=lambda: dict.fromkeys(names, object))
    monkeypatch.setattr(making.importlib, "import_module", lambda name: provider)
    assert list(making.operators()) == [names[0], names[2], names[3], names[6]]


def test_without_cosmic_ray_one_is_told_how_to_get_it(tool, making, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(making, "FOLDER", tmp_path)
    monkeypatch.setitem(sys.modules, "cosmic_ray.operators.provider", None)
    monkeypatch.setattr(tool.os, "nice", lambda by: by)
    assert tool.main(["digits"]) == 1
    assert "`make mutants` fetches it" in capsys.readouterr().out


def result(after: str, became: str) -> dict[str, object]:
    names = {"file": "kerasdemo/digits.py", "line": 7, "operator": "Number", "before": "a = 1"}
    return {**names, "after": after, "result": became}


def test_the_table_counts_and_shows_who_survived(tool, capsys):
    results = [
        *(result(f"a = {n}", "killed") for n in range(2, 8)),
        *(result("a = 0", "timeout"), result("a = 8", "survived"), result("a = 9", "survived")),
    ]
    tool.REPORT.parent.mkdir()
    tool.REPORT.write_text(json.dumps({"digits": {"mutants": 50, "results": results}}))
    tool.ALLOWED.write_text(
        '[[mutant]]\nfile = "kerasdemo/digits.py"\nbefore = "a = 1"\nafter = "a = 8"\n'
        'reason = "Eight is one."\n'
    )
    monkeypatched = tool.allowed_ones(tool.ALLOWED)
    lines = tool.table(tool.read_report(), monkeypatched)
    assert lines[1].split()[:8] == ["digits", "50", "9", "6", "1", "2", "1", "77.8"]
    assert "a sample: 45 to 94 with 95 % confidence" in lines[1]
    assert lines[2:] == ["\nkerasdemo/digits.py:7  Number", "  - a = 1", "  + a = 9"]


def test_a_mutant_is_allowed_with_a_reason_only(tool):
    tool.ALLOWED.write_text('[[mutant]]\nfile = "a.py"\nbefore = "1"\nafter = "2"\nreason = " "\n')
    with pytest.raises(ValueError, match="no reason for '2'"):
        tool.allowed_ones(tool.ALLOWED)


def test_a_larger_sample_holds_the_smaller_and_survivors_are_tried_again(tool, making):
    every = [
        making.Mutant("kerasdemo/digits.py", n, "Number", "a = 1", f"a = {n}", "")
        for n in range(2, 40)
    ]
    small = tool.chosen(every, "digits", tool.parse(["--sample", "5", "--seed", "3"]))
    large = tool.chosen(every, "digits", tool.parse(["--sample", "9", "--seed", "3"]))
    assert len(set(small)) == 5
    assert set(small) < set(large)
    assert set(small) != set(tool.chosen(every, "digits", tool.parse(["--sample", "5"])))
    assert tool.chosen(every, "digits", tool.parse([])) == every
    tool.keep("digits", every, [(every[0], "killed"), (every[1], "survived")], again=False)
    left = tool.chosen(every, "digits", tool.parse(["--survivors"]))
    assert left == [every[1]]
    tool.keep("digits", every, [(every[1], "killed")], again=True)
    results = tool.read_report()["digits"]["results"]
    assert Counter(one["result"] for one in results) == {"killed": 2}
    with pytest.raises(ValueError, match="digits has changed"):
        tool.chosen(every[1:], "digits", tool.parse(["--survivors"]))


def test_the_allowed_are_lines_that_are_there():
    """An entry about a line that was changed since is of no use any more."""
    tool = importlib.import_module("mutants")
    allowed = tool.allowed_ones()
    assert allowed
    for file, before, _ in allowed:
        lines = [line.strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
        assert set(before.splitlines()) <= set(lines), (file, before)


def test_every_module_has_its_tests(tool):
    for name in tool.MODULES:
        work = tool.work_for(name)
        assert all((ROOT / path).is_file() for path in (*work.files, *work.tests))
    unit = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/unit").glob("*.py"))
    assert all(f"def {test}(" in unit for test in tool.LEFT_OUT)
