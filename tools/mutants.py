"""Count how many small faults, put into the modules that decide, the tests notice.

``python tools/mutants.py [MODULE ...] [--sample N] [--seed S] [--survivors] [--list]``

Each module of `MODULES` is altered in one place at a time, by the operators of cosmic-ray, and the
tests that belong to it run on a copy of the checkout until one fails: the mutant is killed. One
that passes all of them survived: a line that no test holds, or a change that changes nothing.
Those that were looked at and may survive are in ``tests/mutants_allowed.toml``, with the reason.
They count as survivors all the same.

The result of every mutant is kept in ``build/reports/mutants.json``; ``--survivors`` tries again
those that survived there, and keeps what comes of it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import mutant_making
import mutant_trials
from mutant_forks import preload
from mutant_making import Mutant
from mutant_trials import Work

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "build" / "reports" / "mutants.json"
ALLOWED = ROOT / "tests" / "mutants_allowed.toml"
# Module: the tests that belong to it, besides its own doctests. Left out are tests that start
# processes by the dozen: minutes for each survivor, and the others hold the same lines.
MODULES = {
    "digits": ("test_digits",),
    "methods": ("test_methods",),
    "comparison": ("test_comparison",),
    "timing": ("test_timing",),
    "streaming": ("test_streaming", "test_streaming_store"),
    "quiz": ("test_quiz", "test_quiz_forms"),
    "asking": ("test_quiz_answers", "test_quiz_forms", "test_quiz_schema", "test_quiz"),
}
ALIVE = ("survived", "late")
LEFT_OUT = (
    "test_a_process_that_is_killed",
    "test_quiz_needs_no_heavy_package",
    "test_no_plain_value_makes_the_judge_raise",
    "test_page_and_python_agree_on_whatever_is_typed",
)


def work_for(name: str) -> Work:
    """Return the files of a module and its tests."""
    path = ROOT / "kerasdemo" / name
    files = sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    names = tuple(file.relative_to(ROOT).as_posix() for file in files)
    tests = tuple(f"tests/unit/{test}.py" for test in MODULES[name])
    return Work(names, (*names, *tests), LEFT_OUT)


def interval(hits: int, number: int) -> tuple[float, float]:
    """Return the limits of Wilson's 95 % interval of a share, in per cent.

    Examples
    --------
    >>> [round(limit) for limit in interval(80, 100)]
    [71, 87]
    """
    z, share = 1.96, hits / number
    centre = share + z * z / (2 * number)
    width = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    return tuple(100 * (centre + side * width) / (1 + z * z / number) for side in (-1, 1))  # type: ignore[return-value]


def table(report: dict[str, Any], allowed: set[tuple[str, str, str]]) -> list[str]:
    """Return the report's lines: one for each module, then the survivors that nobody looked at."""
    titles = ("mutants", "run", "killed", "timeout", "survived", "allowed", "per cent")
    lines = [f"{'module':<12}" + "".join(f"{title:>10}" for title in titles)]
    survivors = []
    for name, entry in report.items():
        results = entry["results"]
        counts = Counter(one["result"] for one in results)
        left = [one for one in results if one["result"] in ALIVE]
        excused = [one for one in left if (one["file"], one["before"], one["after"]) in allowed]
        survivors += [one for one in left if one not in excused]
        caught = counts["killed"] + counts["timeout"]
        numbers = (entry["mutants"], len(results), counts["killed"], counts["timeout"], len(left))
        row = f"{name:<12}" + "".join(f"{number:>10}" for number in (*numbers, len(excused)))
        if results:
            row += f"{100 * caught / len(results):>10.1f}"
        if 0 < len(results) < entry["mutants"]:
            low, high = interval(caught, len(results))
            row += f"  a sample: {low:.0f} to {high:.0f} with 95 % confidence"
        lines.append(row)
    for one in survivors:
        lines.append(f"\n{one['file']}:{one['line']}  {one['operator']}")
        lines += [f"  - {line}" for line in one["before"].splitlines()]
        lines += [f"  + {line}" for line in one["after"].splitlines()]
    return lines


def allowed_ones(path: Path = ALLOWED) -> set[tuple[str, str, str]]:
    """Return the mutants that may survive; each has a reason."""
    if not path.exists():
        return set()
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    for entry in entries:
        if not entry.get("reason", "").strip():
            raise ValueError(f"{path.name}: no reason for {entry['after']!r}")
    return {(entry["file"], entry["before"], entry["after"]) for entry in entries}


def chosen(mutants: list[Mutant], name: str, options: argparse.Namespace) -> list[Mutant]:
    """Return the mutants to try; a larger sample of the same seed holds the smaller."""
    if options.survivors:
        entry = read_report().get(name, {"results": []})
        if entry["results"] and entry.get("source") != fingerprint(mutants):
            raise ValueError(f"{name} has changed since its mutants were tried: try it whole")
        left = {key_of(one) for one in entry["results"] if one["result"] in ALIVE}
        return [mutant for mutant in mutants if mutant.key in left]
    if options.sample is None or options.sample >= len(mutants):
        return mutants
    shuffled = random.Random(options.seed).sample(mutants, len(mutants))
    return shuffled[: options.sample]  # in this order: what a stopped run has tried is a sample


def key_of(one: dict[str, Any]) -> tuple[str, int, str, str]:
    """Return what names a mutant, from its entry in the report."""
    return one["file"], one["line"], one["before"], one["after"]


def fingerprint(mutants: list[Mutant]) -> str:
    """Return a short text that is another one when the mutants are others."""
    return hashlib.sha256(repr([mutant.key for mutant in mutants]).encode()).hexdigest()[:16]


def read_report() -> dict[str, Any]:
    """Return what earlier runs left."""
    return json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}


def keep(name: str, every: list[Mutant], tried: list[tuple[Mutant, str]], again: bool) -> None:
    """Write a module's results into the report; `again` keeps those of other mutants."""
    report = read_report()
    new = {
        mutant.key: {
            "file": mutant.file,
            "line": mutant.line,
            "operator": mutant.operator,
            "before": mutant.before,
            "after": mutant.after,
            "result": result,
        }
        for mutant, result in tried
    }
    if again:
        old = report[name]["results"]
        new = {key_of(one): one for one in old} | new
    entry = {"mutants": len(every), "source": fingerprint(every), "results": list(new.values())}
    report[name] = entry
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1), encoding="utf-8")


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


def try_module(name: str, options: argparse.Namespace) -> None:
    """Try one module's mutants and keep the results."""
    work = work_for(name)
    every = [mutant for file in work.files for mutant in mutant_making.mutants_of(ROOT, file)]
    mutants = chosen(every, name, options)
    say(f"{name}: {len(mutants)} of {len(every)} mutants")
    if not mutants:
        return
    start = time.monotonic()
    folder = ROOT / "build" / "mutants"
    slots, known = mutant_trials.prepare(ROOT, folder, max(1, options.jobs), work)
    say(f"  {len(known.seconds)} tests pass, in {known.cpu:.0f} processor seconds")
    tried = []
    for mutant, result in mutant_trials.try_all(mutants, work, slots, known):
        tried.append((mutant, result))
        if result != "killed":
            say(f"  {result}: {mutant.file}:{mutant.line} {mutant.after!r}")
        if len(tried) % 25 == 0:
            say(f"  {len(tried)} tried, {time.monotonic() - start:.0f} s")
            keep(name, every, tried, options.survivors)
    keep(name, every, tried, options.survivors)


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="mutants.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(MODULES))
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants of each module")
    parser.add_argument("--seed", type=int, default=0, help="which sample (default: 0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--survivors", action="store_true", help="only what survived last time")
    parser.add_argument("--list", action="store_true", help="show the last report; run nothing")
    options = parser.parse_args(argv)
    for name in options.modules:
        if name not in MODULES:
            parser.error(f"no module {name!r}; there are {', '.join(MODULES)}")
    return options


def main(argv: list[str]) -> int:
    """Try the modules that are named, all by default, and print the table."""
    options = parse(argv)
    if not options.list:
        if not hasattr(os, "fork"):
            print("Mutants are tried in forked processes: this needs Linux or macOS.")
            return 1
        os.nice(19)
        try:
            mutant_making.operators()
        except ImportError as error:
            print(error)
            return 1
        preload()
        try:
            for name in options.modules or MODULES:
                try_module(name, options)
        except (ValueError, RuntimeError) as error:
            print(error)
            return 1
    print("\n".join(table(read_report(), allowed_ones())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
