"""The ledger: one test for each claim holds its verdict on the pinned versions."""

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

import kerasdemo as kd
from kerasdemo.claims import SLOW, Ledger, Verdict, check, check_claims, known_claims, select
from kerasdemo.evidence import memory_calls
from kerasdemo.evidence.known import Claim
from kerasdemo.evidence.memory import extra_memory
from kerasdemo.evidence.ratios import Ratio, ratio, settle
from kerasdemo.evidence.seen import VERDICTS, NotMeasuredHere, Seen, attempt, judge
from kerasdemo.memory import CannotMeasure, measuring
from kerasdemo.timing import Timings

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path(importlib.util.find_spec("keras").origin).parents[1]
NOISY, ABSENT = "not settled here", "not measured here"

HOLD = """
    dataset-accepted batch-axis stacked-shape shuffle-mixes autotune-exists
    dataset-keeps-memory-flat predict-stores-outputs conversion-needs-memory
    on-batch-runs-all-at-once on-batch-quick-for-few prefetch-overlaps
    predict-offers-three-things override-is-used override-returns-dict
    fit-needs-batches batches-steady-gradients skip-drops-header saving-keeps-the-model
    rows-sum-to-one softmax-is-no-class argmax-gives-classes
"""
DEPEND = """
    channel-axis wrong-structure-raises wrong-size-raises nothing-to-predict on-batch-saves-memory
    loop-saves-memory step-receives-batch step-can-be-called argmax-axis-one
    attribute-change-is-seen
    call-is-predict export-is-predict dropout-stays-on load-compiles h5-always-loads
    loaded-model-trains-on file-brings-its-classes
    confidence-is-trust scale-shows-in-accuracy dtype-must-match ignore-errors-drops-one-line
    signature-checks-its-shape loaded-in-one-line
    ran-out-of-data-stops-fit
"""
WITH_RAY = {"false" if importlib.util.find_spec("ray") else ABSENT}
ELSEWHERE = {  # what this machine has decides: the verdicts that are right somewhere
    "autotune-buffer": {ABSENT},
    "versions-differ": {ABSENT},
    "dataset-spares-transfers": {ABSENT},
    "emnist-samples": {ABSENT, "holds"},
    "serving-sample-works": {ABSENT, "false"},
    "server-sees-scale": {ABSENT, "false"},
    "request-any-size": {ABSENT, "false"},
    "server-slower-than-predict": {ABSENT, NOISY, "false"},
    "worker-loads-each-time": WITH_RAY,
    "cluster-keeps-order": WITH_RAY,
    "dead-worker-loses-batches": WITH_RAY,
    "worker-may-write-batches": WITH_RAY,
    "cores-limit-threads": {ABSENT, "false"},  # counted on Linux only, with two cores or more
    "cluster-is-quicker": WITH_RAY,
    "nan-comes-out": {"depends", "holds"},  # without oneDNN a NaN comes out everywhere
    "methods-bit-identical": {"false", "holds"},
}
TIMED = """
    loop-is-as-quick on-batch-quick-for-few call-quickest-for-one prefetch-overlaps
    prefetch-speeds-predict prefetch-speeds-fit csv-line-by-line-is-quick
    predict-for-much-data
"""


# Where the same stands in the oldest versions allowed; the ledger names the newest.
BEFORE = {
    "numpy/_core": "numpy/core",  # NumPy 1
    "keras/src/export/saved_model_export_archive.py": "keras/src/export/saved_model.py",  # 3.12
}


def expected(id):
    """Return the verdicts that are right for a claim on the pinned versions."""
    if id in ELSEWHERE:
        return ELSEWHERE[id]
    verdict = "holds" if id in HOLD.split() else "depends" if id in DEPEND.split() else "false"
    return {verdict, NOISY} if id in TIMED.split() else {verdict}


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "kerasdemo", "claims", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )


@pytest.fixture(scope="module")
def measured(request):
    """Measure, once and in a process of their own, the claims that this run of pytest asks for."""
    ids = [
        item.callspec.params["id"]
        for item in request.session.items
        if getattr(item, "originalname", "") == test_each_verdict_is_what_it_was.__name__
    ]
    done = run("--json", *ids)
    assert done.returncode in (0, 1), done.stderr
    return {entry["id"]: entry for entry in json.loads(done.stdout)["claims"]}


@pytest.mark.parametrize(
    "id",
    [
        pytest.param(id, marks=pytest.mark.long if claim.theme in SLOW else ())
        for id, claim in known_claims().items()
    ],
)
def test_each_verdict_is_what_it_was(id, measured):
    found = measured[id]
    assert found["verdict"] in expected(id), found["evidence"]
    assert found["evidence"].strip()


def test_the_expected_verdicts_name_claims_that_are_there():
    named = {*HOLD.split(), *DEPEND.split(), *ELSEWHERE, *TIMED.split()}
    assert named <= set(known_claims())
    assert not set(HOLD.split()) & set(DEPEND.split())


@pytest.mark.newest_keras
def test_all_claims_on_the_newest_keras(tmp_path):
    """Fetch the newest Keras that pyproject.toml allows, put it in front, measure everything."""
    lines = importlib.metadata.requires("kerasdemo")
    (keras,) = [line for line in lines if Requirement(line).name == "keras"]
    install = ["install", "--quiet", "--upgrade", "--no-deps", "--target", str(tmp_path), keras]
    pip = ["uv", "pip"] if importlib.util.find_spec("uv") else ["pip"]
    subprocess.run([sys.executable, "-m", *pip, *install], check=True)
    done = run("--json", PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT))))
    result = json.loads(done.stdout)
    print("Keras", result["versions"]["keras"], result["counts"])
    changed = {
        entry["id"]: (entry["verdict"], entry["evidence"])
        for entry in result["claims"]
        if entry["verdict"] not in expected(entry["id"])
    }
    assert changed == {}
    assert len(result["claims"]) == len(known_claims())


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize("claim", known_claims().values(), ids=lambda claim: claim.id)
def test_each_claim_is_whole(claim):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", claim.id)
    assert re.fullmatch(r"0[0-9]|1[0-3]", claim.lesson)
    assert claim.says.endswith(".")
    assert claim.measure.__doc__.strip()
    assert len(claim.source.splitlines()) <= 45


def defined_in(path):
    """Return the names that a file defines, those within classes and functions after a dot."""

    def walk(node, prefix=""):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                yield prefix + child.name
                yield from walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.Assign):
                yield from (prefix + t.id for t in child.targets if isinstance(t, ast.Name))
            elif isinstance(child, (ast.If, ast.Try)):
                yield from walk(child, prefix)

    return set(walk(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("claim", known_claims().values(), ids=lambda claim: claim.id)
def test_what_decides_a_claim_is_there(claim):
    file, _, name = claim.decided_by.partition(": ")
    for new, old in BEFORE.items():
        if (PACKAGES / old).exists() and not (PACKAGES / new).exists():
            file, name = file.replace(new, old), name.replace("SavedModelExport", "Export")
    path = next((p for p in (PACKAGES / file, ROOT / file) if p.exists()), None)
    if path is None:
        package = file.split("/")[0]
        assert not (PACKAGES / package).exists(), f"{package} is here, and has no {file}"
        return
    assert not name or path.suffix == ".h" or name in defined_in(path)


def test_every_measuring_function_has_its_claim():
    """A public function that returns `Seen` and takes nothing is one; a helper takes arguments."""
    functions = set()
    for theme in {claim.theme for claim in known_claims().values()}:
        path = ROOT / "kerasdemo" / "evidence" / f"{theme}.py"
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and getattr(node.returns, "id", "") == "Seen":
                functions |= {(theme, node.name)} if not node.args.args else set()
    claimed = {(c.theme, c.id.replace("-", "_")) for c in known_claims().values()}
    assert functions == claimed


# ---------------------------------------------------------------- the parts


def a_claim(measure):
    class Made(Claim):
        pass

    Made.measure = property(lambda self: measure)
    return Made("a-claim", "It is so.", "03", "a.py: f", "inputs", "Title")


def test_a_measurement_that_breaks_is_told_and_stops_nothing():
    def broken():
        raise RuntimeError("no such luck\nmore")

    found = check(a_claim(broken))
    assert (found.verdict, found.evidence) == ("measuring failed", "RuntimeError: no such luck")
    assert Ledger((found,)).failed == (found,)


def test_what_is_missing_is_told():
    def missing():
        raise NotMeasuredHere("no such machine")

    found = check(a_claim(missing))
    assert (found.verdict, found.evidence) == (ABSENT, "no such machine")
    assert Ledger((found,)).failed == ()


def test_what_tensorflow_says_meanwhile_is_held_back_and_no_more(capfd):
    def noisy():
        warnings.warn("a warning", stacklevel=1)
        os.write(2, b"W0000 00:00:1 2 op_kernel.cc:1858] OP_REQUIRES failed\n")
        os.write(2, b"something else\n")
        return judge(True, "done")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(a_claim(noisy)).verdict == "holds"
    assert capfd.readouterr().err == "something else\n"


def test_a_ratio_is_settled_only_outside_its_noise():
    assert settle(Ratio(3.0, 4.0, 5.0), 3, "x").verdict == "holds"
    assert settle(Ratio(2.9, 4.0, 5.0), 3, "x").verdict == NOISY
    assert settle(Ratio(1.0, 2.0, 2.9), 3, "x").verdict == "false"
    assert settle(Ratio(3.0, 4.0, 5.0), 3, "x", refutes=True).verdict == "false"
    assert settle(Ratio(1.0, 2.0, 2.9), 3, "x", refutes=True).verdict == "holds"
    assert settle(Ratio(1.0, 2.0, 3.0), 3, "x", refutes=True).verdict == NOISY


def test_a_ratio_sets_quartile_against_quartile():
    times = Timings({}, {"slow": np.array([8.0, 10, 12]), "quick": np.array([1.0, 2, 3])})
    seen = ratio(times, "slow", "quick")
    assert (seen.low, seen.middle, seen.high) == (9 / 2.5, 5.0, 11 / 1.5)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n first\nsecond", "ValueError: first"),
        ("Exception encountered when calling A.call().\n\n\x1b[1mBold\x1b[0m", "ValueError: Bold"),
        ("{{function_node f}} Cast fails", "ValueError: Cast fails"),
        ("Not supported [Op:Cast] name: ", "ValueError: Not supported"),
        ("", "ValueError: "),
    ],
)
def test_an_error_is_told_by_the_line_that_says_something(text, line):
    def call():
        raise ValueError(text)

    assert str(attempt(call)) == line


def test_memory_is_measured_where_it_is_used():
    """A call that keeps 60 MB, in a process of its own, set beside one that keeps none."""
    kept = extra_memory("predict_outputs", 60)
    none = extra_memory("on_batch_outputs_reduced", 60)
    assert kept.data == none.data
    assert kept.extra > kept.data > 2 * none.extra


def test_memory_that_no_system_tells_is_not_measured(monkeypatch):
    def unknown():
        raise CannotMeasure("This system does not tell a process's peak memory.")

    monkeypatch.setattr(measuring, "read_peak", unknown)
    with pytest.raises(NotMeasuredHere, match="peak memory"):
        extra_memory("predict_array", 61)


def test_a_measuring_process_that_ends_early_is_told(monkeypatch):
    monkeypatch.setattr(memory_calls, "rows_for", lambda megabytes: 32)
    with pytest.raises(NotMeasuredHere, match="`prepare` raised TypeError"):
        extra_memory("rows", "many")  # raises before it would want Keras


@pytest.mark.parametrize(("third", "verdict"), [(0, "holds"), (1, "false")])
def test_emnist_is_looked_up_where_it_is_kept(third, verdict, tmp_path, monkeypatch):
    monkeypatch.setenv("KERASDEMO_DATA", str(tmp_path))
    claim = known_claims()["emnist-samples"]
    assert check(claim).verdict == ABSENT
    assert list(tmp_path.iterdir()) == []
    labels = np.zeros(30_000, np.uint8)
    labels[[5, 38, 3939, 27389]] = 6, 8, third, 6
    (tmp_path / "emnist").mkdir()
    is_test = np.arange(30_000) >= 28_000
    np.savez(tmp_path / "emnist" / "emnist-digits-labels.npz", labels=labels, is_test=is_test)
    assert check(claim).verdict == verdict


# ---------------------------------------------------------------- choosing and showing


def test_a_lesson_number_chooses_its_claims():
    chosen = select("07", "stacked-shape", "stacked-shape")
    assert [c.id for c in chosen].count("stacked-shape") == 1
    assert {c.lesson for c in chosen} == {"01", "07"}
    assert len(select()) == len(known_claims())


def test_a_wrong_name_gets_the_nearest(capsys):
    with pytest.raises(ValueError, match="Did you mean 'stacked-shape'"):
        check_claims("stacked-shapes")
    with pytest.raises(ValueError, match=r"no claim '99'\. All of them"):
        select("99")
    from kerasdemo.__main__ import main

    with pytest.raises(SystemExit) as stop:
        main(["claims", "stacked-shapes"])
    assert stop.value.code == 2
    assert "Did you mean 'stacked-shape'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def ledger():
    made = [
        Verdict(claim, VERDICTS[number % len(VERDICTS)], f"seen {number} | <b>", 0.5)
        for number, claim in enumerate(list(known_claims().values())[:12])
    ]
    return Ledger(tuple(made))


def test_a_ledger_is_a_table_of_verdicts(ledger):
    assert ledger["numpy-only"].verdict == "holds"
    assert len(ledger) == 12
    assert sum(ledger.counts.values()) == 12
    text = repr(ledger)
    assert max(map(len, text.splitlines())) <= 100
    assert "12 claims: 2 hold, 2 false, 2 depend, " in text
    assert "<b>" not in ledger._repr_html_().replace("&lt;b&gt;", "")
    with pytest.raises(KeyError, match="was not measured"):
        ledger["no-such-claim"]


def test_a_few_claims_are_told_in_full(ledger):
    few = Ledger(ledger.verdicts[:2])
    assert few["numpy-only"].claim.decided_by in repr(few)
    assert ledger["numpy-only"].claim.decided_by not in repr(ledger)


def test_markdown_has_a_row_for_each_claim_and_escapes_what_it_must(ledger):
    text = ledger.as_markdown()
    rows = [line for line in text.splitlines() if line.startswith("| ") and "**" in line]
    assert len(rows) == len(ledger)
    assert rows[0] == (
        "| predict takes NumPy arrays and nothing else. | **holds** | seen 0 \\| &lt;b> | 07 |"
    )
    assert text.count("<details>") == text.count("</details>") == 2


@pytest.mark.parametrize("option", ["--json", "--markdown", "--color=always"])
def test_the_command_prints_what_it_measured(option, capsys):
    from kerasdemo.__main__ import main

    assert main(["claims", option, "stacked-shape"]) == 0
    said = capsys.readouterr()
    assert "(4, 28, 28, 1)" in said.out
    assert said.err == ""
    if option == "--json":
        data = json.loads(said.out)
        assert data["claims"][0]["verdict"] == "holds"
        assert set(data["versions"]) == {"tensorflow", "keras", "numpy"}


def test_a_broken_measurement_ends_the_command_with_status_1(monkeypatch, capsys):
    from kerasdemo.__main__ import main

    found = Verdict(select("stacked-shape")[0], "measuring failed", "RuntimeError: x", 0.0)
    monkeypatch.setattr("kerasdemo.claims.check", lambda claim: found)
    assert main(["claims", "stacked-shape"]) == 1
    assert "RuntimeError" in capsys.readouterr().out


def stopping_at(number, monkeypatch):
    """Let the measuring of one claim be interrupted."""
    done = []

    def check(claim):
        done.append(claim)
        if len(done) == number:
            raise KeyboardInterrupt
        return Verdict(claim, "holds", "seen", 0.0)

    monkeypatch.setattr("kerasdemo.claims.check", check)


def test_what_was_measured_before_a_stop_is_kept(monkeypatch):
    stopping_at(3, monkeypatch)
    ledger = check_claims("01", "04", progress=False)
    ids = [claim.id for claim in select("01", "04")]
    assert [verdict.claim.id for verdict in ledger] == ids[:2]
    assert list(ledger.left) == ids[2:] == ledger.as_dict()["left"]
    for text in (repr(ledger), ledger.as_markdown(), ledger.table.notes[0]):
        assert f"2 claims: 2 hold. Stopped: {len(ids) - 2} not reached." in text


def test_the_quick_ones_need_neither_stopwatch_nor_fresh_process(monkeypatch, capsys):
    stopping_at(1_000, monkeypatch)
    from kerasdemo.__main__ import main

    quick = {verdict.claim.id for verdict in check_claims("07", quick=True, progress=False)}
    left_out = {claim.id for claim in select("07")} - quick
    assert {claim.theme for claim in select(*left_out)} == {"speed", "memory_use"}
    assert main(["claims", "07", "--quick", "--json"]) == 0
    assert {entry["id"] for entry in json.loads(capsys.readouterr().out)["claims"]} == quick


def test_a_stopped_command_prints_what_it_has_and_says_so_by_its_status(monkeypatch, capsys):
    from kerasdemo.__main__ import main

    stopping_at(2, monkeypatch)
    assert main(["claims", "04"]) == 130
    assert "Stopped: " in capsys.readouterr().out


def test_a_stop_anywhere_else_shows_no_traceback(monkeypatch, capsys):
    from kerasdemo import __main__ as program

    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "main", stopped)
    assert program.run() == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_a_narrow_window_breaks_no_name(ledger):
    text = ledger.as_text(width=60)
    assert max(map(len, text.splitlines())) <= 60
    for verdict in ledger:
        assert f"{verdict.claim.id}: {verdict.verdict}" in text
    assert text.split("\n\n")[-1].startswith("12 claims: 2 hold")


def test_naming_the_claims_needs_no_tensorflow():
    code = "import sys; from kerasdemo.claims import select; select('07'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"tensorflow", "keras", "matplotlib"}.isdisjoint(done.stdout.split())


# ---------------------------------------------------------------- the page


def page_rows():
    text = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    block = text.split("<!-- begin: python -m kerasdemo claims --json; as ledger -->")[1]
    lines = block.split("<!-- end:")[0].splitlines()
    cells = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in lines if " | **" in line]
    return {says: (verdict.strip("*"), lesson) for says, verdict, _, lesson in cells}


def test_the_page_has_each_claim_with_its_verdict():
    """README.md has some of these rows: test_readme.py."""
    rows = page_rows()
    for claim in known_claims().values():
        verdict, lesson = rows.pop(claim.says)
        assert verdict in expected(claim.id), claim.id
        assert lesson == claim.lesson
    assert rows == {}


def test_the_ledger_is_behind_the_front_door():
    assert kd.check_claims is check_claims
    assert Seen("holds", "x").verdict in VERDICTS
