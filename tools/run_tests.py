"""Run every layer of tests in order and end with one line for each.

Cheap layers come first; on a machine with two cores or more, the browser's and then the notebooks'
run beside them, and say at the end what they have to say. A layer that fails hides no other. One
whose tool is missing is skipped and says how to get it; with ``CI=true`` that is a failure. Tests
marked ``long`` are left out, and counted in the summary, unless ``--long`` asks for them.
``--shuffle 7`` runs them in another order, the seventh: no test may lean on the one before.

What fails in the browser is tried once more when nothing runs beside it, and so is a lesson whose
outputs differ: a page that was late on a busy machine, or a time that came out otherwise, is then
told from one that is wrong, and the summary counts it as unsteady.

`make test` calls this in the virtual environment; by hand:
``python tools/run_tests.py [--only LAYER] [--in-turn] [--long] [--shuffle N] [pytest arguments]``.
Arguments of pytest go to it, and the layers are left out.

It is in one file, so that it runs in any virtual environment without a path being set.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "reports"
PYTEST = ("-m", "pytest", "-ra")
NBVAL = (
    *("--nbval", "--nbval-current-env", "--nbval-cell-timeout", "120"),
    *("--nbval-sanitize-with", "tests/nbval_sanitize.cfg"),
)
STATIC = "tests/lessons/test_static.py"

# Layer: the commands that make it up, each run by this Python.
LAYERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "lint": (
        ("-m", "ruff", "check", "."),
        ("-m", "ruff", "format", "--check", "."),
        ("-m", "mypy"),
    ),
    "unit": (
        (*PYTEST, "--doctest-modules", "tests/unit", "kerasdemo"),
    ),  # kerasdemo: the examples in its docstrings
    "widgets": ((*PYTEST, "tests/widgets"),),
    "lessons": ((*PYTEST, "tests/lessons", f"--ignore={STATIC}"),),
    "nbval": (
        (*PYTEST, "-o", "cache_dir=build/nbval-cache", "--cache-clear", *NBVAL, "notebooks"),
    ),  # a cache of its own: it knows what failed
    "static": ((*PYTEST, STATIC),),
    "browser": (
        (*PYTEST, "-o", "cache_dir=build/browser-cache", "--cache-clear", "tests/browser"),
    ),
    "hub": ((*PYTEST, "tests/hub"),),
}
# Layer: the modules without which none of it can run.
TOOLS = {
    "lint": ("ruff", "mypy"),
    "unit": ("pytest", "hypothesis"),
    "widgets": ("pytest", "hypothesis"),
    "lessons": ("pytest", "nbclient", "nbval"),
    "nbval": ("pytest", "nbval"),
    "static": ("pytest", "nbconvert"),
    "browser": ("pytest", "playwright"),
    "hub": ("pytest", "websocket", "yaml"),
}
BESIDE = ("browser", "nbval")  # the layers that run, one after the other, while the others do
LONG = ("-m", "not newest_keras")  # the marks of pyproject.toml, but for `long`
IN_ORDER = ("nbval",)  # the layers that are never shuffled: a lesson's cells follow each other
AGAIN = ("browser", "nbval")  # the layers whose failures are tried once more at rest
LEFT_OUT = "left out"  # the property of a report in which tests/conftest.py counts them
FEW = 3  # failures in more files than these are no accident; one late page may fail all its tests
# What the browser tests take from npm, and where it is put; `make clean` removes it.
PACKAGE = ROOT / "tests" / "browser" / "package.json"
NPM_FOLDER = ROOT / "build" / "npm"
NPM = ("install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")


@dataclass(frozen=True)
class Outcome:
    """What one layer came to."""

    layer: str
    verdict: str  # "ok", "FAILED" or "skipped"
    counts: dict[str, int]
    seconds: float
    needs: tuple[str, ...] = ()  # the tools that are missing

    def __str__(self) -> str:
        """Write one row of the closing summary."""
        counts = ", ".join(f"{n} {what}" for what, n in self.counts.items() if n)
        if self.needs:
            counts = f"needs {' and '.join(self.needs)}"
        return f"{self.layer:<10}{self.verdict:<8}{self.seconds:6.0f} s   {counts}"


def missing_tools(layer: str) -> list[str]:
    """List the tools of a layer that this Python cannot import."""
    return [name for name in TOOLS[layer] if importlib.util.find_spec(name) is None]


def how_to_get(missing: list[str]) -> str:
    """Say what is missing and what to type."""
    command = f'{sys.executable} -m pip install -e ".[test]"'
    return f"needs {' and '.join(missing)}; to get it: make test, or {command}"


def fetch_from_npm(out: TextIO | None = None) -> None:
    """Fetch axe-core for the browser tests, once; what is missing, the tests themselves say."""
    copy, wanted = NPM_FOLDER / "package.json", PACKAGE.read_text(encoding="utf-8")
    there = (NPM_FOLDER / "node_modules" / "axe-core" / "axe.min.js").exists()
    if there and copy.exists() and copy.read_text(encoding="utf-8") == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        print(
            "npm is missing: the tests with axe-core are skipped. Get Node.js with npm.", file=out
        )
        return
    print(
        "Fetching axe-core from npm into build/npm (once; the tests of accessibility need it).",
        file=out,
    )
    try:
        NPM_FOLDER.mkdir(parents=True, exist_ok=True)
        copy.write_text(wanted, encoding="utf-8")
        done = subprocess.run(
            [npm, *NPM], cwd=NPM_FOLDER, capture_output=True, encoding="utf-8", errors="replace"
        )
        trouble = done.stderr if done.returncode else ""
    except OSError as error:
        trouble = str(error)
    if trouble:
        copy.unlink(missing_ok=True)  # so that the next run tries again
        print(f"  It could not be fetched: {trouble.strip().splitlines()[-1]}", file=out)


def counts_of(report: Path) -> dict[str, int]:
    """Count tests by what became of them in a JUnit report; no report, no counts."""
    if not report.exists():
        return {}
    root = ElementTree.parse(report).getroot()
    total = {"tests": 0, "skipped": 0, "failures": 0, "errors": 0}
    for suite in root.iter("testsuite"):
        for key in total:
            total[key] += int(suite.get(key, 0))
    failed = total["failures"] + total["errors"]
    passed = total["tests"] - total["skipped"] - failed
    told = (each for each in root.iter("property") if each.get("name") == LEFT_OUT)
    left_out = sum(int(each.get("value", 0)) for each in told)
    counts = {"passed": passed, "skipped": total["skipped"], "failed": failed}
    return {**counts, LEFT_OUT: left_out}


def run_layer(layer: str, out: TextIO | None = None, more: Sequence[str] = ()) -> Outcome:
    """Run all commands of one layer, also after a failure; `out` gets what they say.

    Pytest gets `more` options.
    """
    print(f"\n=== {layer} ===", file=out, flush=True)
    if missing := missing_tools(layer):
        print(f"skipped: {how_to_get(missing)}", file=out, flush=True)
        verdict = "FAILED" if os.environ.get("CI") == "true" else "skipped"
        return Outcome(layer, verdict, {}, 0, tuple(missing))
    if layer == "browser":
        fetch_from_npm(out)
    report = REPORTS / f"{layer}.xml"
    report.unlink(missing_ok=True)
    start, codes = time.monotonic(), []
    for command in LAYERS[layer]:
        given = [o for o in more if layer not in IN_ORDER or not o.startswith("--random-order")]
        options = [f"--junitxml={report}", *given] if "pytest" in command else []
        if out is not None:
            out.flush()
        done = subprocess.run(
            [sys.executable, *command, *options], cwd=ROOT, stdout=out, stderr=out
        )
        codes.append(done.returncode)
    counts = counts_of(report) or {
        "passed": codes.count(0),
        "failed": len(codes) - codes.count(0),
    }
    return Outcome(layer, "FAILED" if any(codes) else "ok", counts, time.monotonic() - start)


def failed_files(layer: str) -> list[str]:
    """List the files in which a layer's last run saw failures, as its cache knows them."""
    caches = [part for part in LAYERS[layer][0] if part.startswith("cache_dir=")]
    known = [ROOT / c.partition("=")[2] / "v" / "cache" / "lastfailed" for c in caches]
    names = [json.loads(file.read_text("utf-8")) for file in known if file.exists()]
    return sorted({name.split("::")[0] for each in names for name in each})


def once_more(layer: str, files: list[str]) -> list[str]:
    """Say which command runs again what failed in a layer: its tests, or its lessons as a whole."""
    (command,) = LAYERS[layer]
    again = [part for part in command if part != "--cache-clear"]
    if layer in IN_ORDER:
        return [*again[:-1], *files]
    return [*again, "--last-failed", "--last-failed-no-failures=none"]


def try_again(first: Outcome) -> Outcome:
    """Run what failed in a layer once more; it passed if all of that passes now."""
    failed = first.counts.get("failed", 0)
    if first.layer not in AGAIN or first.verdict == "ok" or not failed:
        return first
    files = failed_files(first.layer)
    if not 1 <= len(files) <= FEW:
        return first
    print(f"\n=== {first.layer}, what failed once more, with nothing beside it ===", flush=True)
    start = time.monotonic()
    command = once_more(first.layer, files)
    code = subprocess.run([sys.executable, *command, *LONG], cwd=ROOT).returncode
    seconds = first.seconds + time.monotonic() - start
    if code:
        return replace(first, seconds=seconds)
    counts = {**first.counts, "passed": first.counts["passed"] + failed, "failed": 0}
    return replace(first, verdict="ok", counts={**counts, "unsteady": failed}, seconds=seconds)


@contextmanager
def running_beside(layers: Sequence[str], more: Sequence[str]) -> Iterator[list[Outcome]]:
    """Run layers in turn while the block runs; then print what they said, and list outcomes."""
    outcomes: list[Outcome] = []
    names = " and ".join(layers)
    print(f"Beside the others runs what says its word last: {names}.", flush=True)
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said,
        ThreadPoolExecutor(1) as pool,
    ):
        future = pool.submit(lambda: [run_layer(layer, said, more) for layer in layers])
        yield outcomes
        print(f"\nWaiting for what runs beside: {names} ...", flush=True)
        outcomes += future.result()
        said.seek(0)
        shutil.copyfileobj(said, sys.stdout)


def run_layers(layers: Sequence[str], *, in_turn: bool, more: Sequence[str]) -> list[Outcome]:
    """Run these layers, some of them beside the others unless all go `in_turn`."""
    beside = [layer for layer in BESIDE if layer in layers]
    others = [layer for layer in layers if layer not in beside]
    if in_turn or not (beside and others):
        return [run_layer(layer, more=more) for layer in layers]
    with running_beside(beside, more) as after:
        outcomes = [run_layer(layer, more=more) for layer in others]
    return sorted(outcomes + after, key=lambda outcome: layers.index(outcome.layer))


def exit_status(outcomes: list[Outcome]) -> int:
    """Return 1 when a layer failed, and when nothing was tested (lint alone is no test)."""
    if any(outcome.verdict == "FAILED" for outcome in outcomes):
        return 1
    tests = [outcome for outcome in outcomes if outcome.layer != "lint"] or outcomes
    if all(outcome.verdict == "skipped" for outcome in tests):
        print("Nothing was tested: see above for what is missing.", file=sys.stderr)
        return 1
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run the layers, print the summary, and return 1 when any of them failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", choices=list(LAYERS), action="append", help="this layer alone")
    parser.add_argument(
        "--in-turn",
        action="store_true",
        default=(os.cpu_count() or 1) < 2,
        help="one layer after the other, none beside others",
    )
    parser.add_argument("--long", action="store_true", help="also the tests marked `long`")
    parser.add_argument(
        "--shuffle", type=int, metavar="N", help="in an order of its own for each N"
    )
    options, rest = parser.parse_known_args(argv)
    more = LONG if options.long else ()
    if options.shuffle is not None:
        more += ("--random-order-bucket=module", f"--random-order-seed={options.shuffle}")
    if rest:
        if importlib.util.find_spec("pytest") is None:
            print(how_to_get(["pytest"]), file=sys.stderr)
            return 1
        if any("browser" in argument for argument in rest):
            fetch_from_npm()
        return subprocess.run([sys.executable, *PYTEST, *more, *rest], cwd=ROOT).returncode
    REPORTS.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    layers = options.only or list(LAYERS)
    outcomes = run_layers(layers, in_turn=options.in_turn, more=more)
    outcomes = [try_again(outcome) for outcome in outcomes]
    print("\n=== summary ===", *outcomes, sep="\n", flush=True)
    if left_out := sum(outcome.counts.get(LEFT_OUT, 0) for outcome in outcomes):
        print(f"Left out: {left_out} long tests. To run them too: make test ARGS=--long")
    if not options.only:  # make bench reads it
        total = {
            "seconds": time.monotonic() - start,
            "skipped": [outcome.layer for outcome in outcomes if outcome.needs],
        }
        (REPORTS / "summary.json").write_text(json.dumps(total), encoding="utf-8")
    return exit_status(outcomes)


if __name__ == "__main__":
    sys.exit(main())
