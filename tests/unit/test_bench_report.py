"""What `make bench` makes of its measurements: rows, verdicts, JSON, Markdown."""

from __future__ import annotations

import doctest
import importlib
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import bench  # noqa: E402
import importing  # noqa: E402
import ledger  # noqa: E402
import lessons  # noqa: E402
import machine  # noqa: E402
import peers  # noqa: E402
import peers_table  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402
import serving  # noqa: E402
import stopwatch  # noqa: E402
from rows import Measured  # noqa: E402


@pytest.fixture(autouse=True)
def reports(monkeypatch, tmp_path):
    """Keep what is read and written in a folder of the test."""
    monkeypatch.setattr(report, "REPORTS", tmp_path / "reports")
    importlib.import_module("tqdm.auto")  # it heeds the environment of its first import for ever
    monkeypatch.setenv("TQDM_DISABLE", "1")  # bench sets it; here it is put back
    monkeypatch.setattr(bench, "busy_with_others", lambda: 3.0)
    return report.REPORTS


def leave(name, content):
    """Write a report of an earlier run."""
    report.REPORTS.mkdir(exist_ok=True)
    (report.REPORTS / name).write_text(json.dumps(content), encoding="utf-8")


def words(text):
    """Take the line ends and the columns out of a printed table."""
    return " ".join(text.split())


@pytest.fixture
def benches(monkeypatch):
    """Replace the benchmarks: name -> what each yields, or the exception that it raises."""

    def put(**found):
        def measured(name):
            for row in found[name]:
                if isinstance(row, Exception):
                    raise row
                yield row

        monkeypatch.setattr(bench, "BENCHES", {name: (name, f"about {name}") for name in found})
        for name in found:
            module = type(sys)(name)
            setattr(module, f"bench_{name}", lambda name=name: measured(name))
            monkeypatch.setitem(sys.modules, name, module)

    return put


GOOD = Measured("a call", "1.0 ms", "under 2 ms", True, {"seconds": 0.001})
BAD = Measured("another", "3.0 ms", "under 2 ms", False)
UNKNOWN = Measured("a third", "not measured: type this", "under 2 ms", None)


@pytest.mark.parametrize("module", [rows, peers, peers_table])
def test_the_examples_hold(module):
    done = doctest.testmod(module)
    assert done.attempted
    assert not done.failed


def test_every_bench_is_a_function_of_its_module():
    for name, (module, _) in bench.BENCHES.items():
        path = ROOT / "tests" / "benchmarks" / f"{module}.py"
        assert f"\ndef bench_{name}(" in path.read_text(encoding="utf-8")


def test_a_row_is_four_columns_and_long_cells_go_on_below():
    lines = str(BAD._replace(figure="word " * 20)).splitlines()
    assert lines[0].startswith("MISSED  another  ")
    assert lines[0].endswith("under 2 ms")
    assert len(lines) == 3
    assert all(line.startswith(" " * 46 + "word") for line in lines[1:])


@pytest.mark.parametrize(("rows_", "status"), [((GOOD, UNKNOWN), 0), ((GOOD, BAD), 1)])
def test_only_what_is_missed_fails(benches, capsys, rows_, status):
    benches(one=rows_)
    assert bench.main([]) == status
    printed = capsys.readouterr().out
    assert ("Missed: another" in printed) is bool(status)
    assert ("1 undecided" in printed) is (status == 0)


def test_the_json_has_every_row_with_its_machine(benches, reports):
    benches(one=(GOOD, "a table", BAD))
    bench.main([])
    left = json.loads((reports / "bench.json").read_text(encoding="utf-8"))
    assert left["machine"]["cores"] >= 1
    assert left["machine"]["versions"]["tensorflow"]
    one = left["benches"]["one"]
    assert [row["what"] for row in one["rows"]] == ["a call", "another"]
    assert one["rows"][0]["data"] == {"seconds": 0.001}
    assert one["busy_before"] == 3.0
    assert len(one["load_before"]) == len(one["load_after"]) == 3
    assert one["date"].startswith("20")


def test_a_broken_benchmark_is_told_and_the_next_one_runs(benches, capsys):
    benches(one=(GOOD, OSError("no such thing")), two=(GOOD,))
    assert bench.main([]) == 1
    printed = words(capsys.readouterr().out)
    assert "broke: OSError: no such thing" in printed
    assert printed.count("a call") == 2


def test_a_part_measured_again_leaves_the_rest(benches, reports):
    benches(one=(GOOD,), two=(GOOD,))
    bench.main([])
    benches(one=(BAD,), two=(BAD,))
    bench.main(["two"])
    left = report.read_report()["benches"]
    assert [left[name]["rows"][0]["met"] for name in ("one", "two")] == [True, False]


def test_a_whole_run_keeps_nothing_of_the_last(benches):
    benches(one=(GOOD,), old=(GOOD,))
    bench.main([])
    benches(one=(GOOD,))
    bench.main([])
    assert list(report.read_report()["benches"]) == ["one"]


def test_another_machine_begins_a_new_report(benches, monkeypatch):
    benches(one=(GOOD,), two=(GOOD,))
    bench.main([])
    monkeypatch.setattr(bench, "machine", lambda: {**machine.machine(), "cores": 999})
    bench.main(["two"])
    assert list(report.read_report()["benches"]) == ["two"]


def test_a_busy_machine_is_told(benches, capsys, monkeypatch):
    benches(one=(GOOD,), two=(GOOD,))
    bench.main([])
    assert "machine was busy" not in capsys.readouterr().out
    loads = iter([5.0, 80.0])
    monkeypatch.setattr(bench, "busy_with_others", lambda: next(loads))
    bench.main([])
    assert "busy with something else before two (80 %): measure" in capsys.readouterr().out


def test_an_unknown_benchmark_is_an_error_that_names_the_known(capsys):
    with pytest.raises(SystemExit) as ended:
        bench.main(["imports"])
    assert ended.value.code == 2
    assert "there are import, stopwatch" in words(capsys.readouterr().err)


def test_markdown_measures_nothing(benches, capsys, monkeypatch):
    assert bench.main(["--markdown"]) == 0
    assert "make bench first" in capsys.readouterr().out
    benches(one=(GOOD, BAD._replace(figure="a | b")))
    bench.main([])
    capsys.readouterr()
    monkeypatch.setattr(bench, "run_bench", pytest.fail)
    assert bench.main(["--markdown"]) == 0
    printed = capsys.readouterr().out
    assert "| a call | 1.0 ms | under 2 ms | met |" in printed
    assert "| another | a \\| b | under 2 ms | MISSED |" in printed
    assert machine.processor() in printed


# --- the budget of make test


@pytest.mark.parametrize(
    ("setup", "tests", "line", "status"),
    [
        (200.0, 694.0, "met make test 14.9 min, 3.3 of them for the set-up", 0),
        (240.0, 666.0, "MISSED make test 15.1 min, 4.0 of them for the set-up", 1),
    ],
)
def test_the_budget_of_make_test_counts_the_set_up(capsys, setup, tests, line, status):
    leave("setup.json", {"extra": "test", "seconds": setup})
    leave("summary.json", {"seconds": tests, "skipped": []})
    assert bench.main(["suite"]) == status
    printed = words(capsys.readouterr().out.replace("under 15 min with the", ""))
    assert line in printed


@pytest.mark.parametrize(
    ("setup", "tests", "reason"),
    [
        (None, None, "not measured: run make test first"),
        ("test", None, "not measured: run make test first"),
        ("test", ["browser"], "not measured: its last run skipped browser"),
        (None, [], "1.0 min without the set-up, which was not measured: run make clean"),
        ("lab", [], "1.0 min without the set-up, which was not measured: run make clean"),
    ],
)
def test_what_is_not_measured_is_neither_met_nor_missed(setup, tests, reason):
    if setup is not None:
        leave("setup.json", {"extra": setup, "seconds": 9.0})
    if tests is not None:
        leave("summary.json", {"seconds": 60.0, "skipped": tests})
    (row,) = bench.measured("suite")
    assert row.met is None
    assert row.figure.startswith(reason)


# --- the other rows


@pytest.mark.parametrize(
    ("seconds", "status", "met"), [(299.0, 0, True), (301.0, 0, False), (60.0, 1, False)]
)
def test_the_ledger_has_five_minutes_and_no_broken_claim(seconds, status, met):
    claims = [{"id": "one", "seconds": 2.0}, {"id": "two", "seconds": 7.0}]
    printed = json.dumps({"counts": {"holds": 1, "false": 1}, "claims": claims})
    row = ledger.judged(seconds, status, printed)
    assert row.met is met
    assert "2 claims (1 holds, 1 false); the slowest: two, 7 s" in row.figure
    assert row.data["claims"] == {"one": 2.0, "two": 7.0}


def test_a_ledger_that_prints_no_json_is_missed():
    assert ledger.judged(1.0, 2, "Traceback").met is False


@pytest.mark.parametrize(
    ("ratios", "met"), [([1.04], True), ([0.96, 0.97], True), ([1.06], False), ([0.94], False)]
)
def test_medians_agree_within_five_per_cent(ratios, met):
    assert stopwatch.close("x", ratios).met is met


@pytest.mark.parametrize("spread", [0.01, 0.2])
@pytest.mark.parametrize("middle", [1.0, 1.04, 0.92])
def test_nothing_is_settled_while_the_turns_differ_by_more_than_is_judged(middle, spread):
    turns = [middle + spread * step for step in (-1, -0.5, 0, 0.5, 1)]
    row = stopwatch.close("x", turns)
    if spread == 0.2:
        assert row.met is None
        assert row.figure.startswith("not settled")
    else:
        assert row.met is (middle != 0.92)


def test_agreement_divides_ours_by_the_judges():
    assert stopwatch.agreement(lambda: [2.0, 3.0, 9.0], lambda: [1.5], 2) == [2.0, 2.0]


def test_the_sweep_is_asked_for_the_rounds_and_the_size_of_the_judge():
    from small_models import functional, images

    timings = stopwatch.by_size(functional(), images(3), "predict_step", 5)
    assert len(timings.warm["predict_step"]) == 5


def test_what_an_import_brings_is_seen():
    assert importing.brings("decimal", "_decimal")
    assert not importing.brings("json", "colorsys")
    assert not importing.brings("kerasdemo", "tensorflow")


@pytest.mark.parametrize(
    ("seconds", "kernel", "met"), [(59, 400, True), (61, 400, False), (59, 501, False)]
)
def test_a_lesson_is_judged_by_its_time_and_the_memory_with_the_server(seconds, kernel, met):
    assert lessons.judged("05", seconds, kernel, 100).met is met


@pytest.mark.parametrize(("above", "met"), [(1.0, True), (2.9, True), (3.5, False)])
def test_what_grpc_costs_is_judged_by_the_median_above_the_models_own_time(above, met):
    times = {"request": [above + 1] * 9, "model": [1.0] * 9, "above": [above] * 9, "here": [2] * 9}
    row = serving.judged({1: times, 32: {**times, "above": [50.0] * 9}})
    assert row.met is met
    assert f"{above:.2f} ms" in row.figure
    assert "batch of 32: 50.0 ms above 1.0" in row.figure
