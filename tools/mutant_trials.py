"""Try mutants: fork a process for each, which imports the mutated file and runs its tests.

TensorFlow takes seconds to import. Here one process imports it, runs nothing with it (so that no
thread is started that a fork would lose), and forks. The forked process imports the package and the
tests from a copy of the checkout, in which one file is the mutant, and stops at the first test that
fails. Only those run that pass through the mutated line without the fault, the quickest first; all
of them where none was seen to do so (a graph is made of a function without running its lines), or
where the line is run by the import. A limit of processor seconds, not of the clock's, ends what
goes round for ever, so a busy machine ends nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from mutant_forks import in_fork
from mutant_making import Mutant
from mutant_watch import Watch, file_of

LEFT_BEHIND = (".git", ".venv*", "build", "dist", "node_modules", "__pycache__", ".*_cache")


@dataclass(frozen=True)
class Work:
    """Tests to run, as pytest is given them, and the names of those to leave out."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Baseline:
    """The tests without a fault: processor seconds, and the lines that each test passes through.

    `lines` names the file, then the test, then the lines. What the setup of a test passes through
    stands under its file, because another test may use the same fixture, and "" is the import.
    """

    cpu: float
    seconds: dict[str, float]
    lines: dict[str, dict[str, list[int]]]


@dataclass
class Trial:
    """A forked process at work on a mutant."""

    slot: Path
    mutant: Mutant
    ends: float
    late: bool = False


def prepare(root: Path, folder: Path, number: int, work: Work) -> tuple[list[Path], Baseline]:
    """Copy the checkout, once for each process that runs at a time, and run the tests in one.

    The other copies are made after that, with the bytecode that it left.
    """
    shutil.rmtree(folder, ignore_errors=True)
    slots = [folder / str(at) for at in range(number)]
    shutil.copytree(root, slots[0], ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    known = baseline(slots[0], work)
    for slot in slots[1:]:
        shutil.copytree(slots[0], slot)
    return slots, known


def run_pytest(slot: Path, work: Work, watch: Watch) -> int:
    """Run the tests, to the first that fails."""
    options = ["-x", "-p", "no:cacheprovider", "--doctest-modules", "--tb=short"]
    basetemp = f"--basetemp={slot.with_name(slot.name + '-tmp')}"
    return int(pytest.main([*options, basetemp, *work.tests], plugins=[watch]))


def baseline(slot: Path, work: Work) -> Baseline:
    """Run the tests without a fault, and watch them.

    Raises
    ------
    RuntimeError
        If a test fails.
    """

    def act() -> int:
        watch = Watch((), work.left_out, work.files)
        threading.settrace(watch.trace)
        sys.settrace(watch.trace)
        code = run_pytest(slot, work, watch)
        sys.settrace(None)
        lines = {f: {t: sorted(n) for t, n in seen.items()} for f, seen in watch.lines.items()}
        (slot / "watched.json").write_text(json.dumps([watch.seconds, lines]), encoding="utf-8")
        return code

    _, status, usage = os.wait4(in_fork(slot, act, None), 0)
    if status:
        output = (slot / "output.txt").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"The tests fail without a mutant:\n{output[-3000:]}")
    seconds, lines = json.loads((slot / "watched.json").read_text(encoding="utf-8"))
    return Baseline(usage.ru_utime + usage.ru_stime, seconds, lines)


def tests_for(mutant: Mutant, known: Baseline) -> list[str]:
    """Return the tests that could notice a mutant, the quickest first."""
    length = mutant.before.count("\n") + 1
    changed = set(range(mutant.line, mutant.line + length))
    lines = known.lines[mutant.file]
    meet = {name for name, passed in lines.items() if not changed.isdisjoint(passed)}
    through = [test for test in known.seconds if test in meet or file_of(test) in meet]
    every = "" in meet or not through
    return sorted(known.seconds if every else through, key=known.seconds.__getitem__)


def try_all(
    mutants: Sequence[Mutant],
    work: Work,
    slots: Sequence[Path],
    known: Baseline,
    *,
    spare: float = 5.0,
) -> Iterator[tuple[Mutant, str]]:
    """Yield each mutant with what became of it: "killed", "timeout", "survived" or "late".

    A test that fails, an import that fails and a crash all kill; so does the limit of processor
    seconds ("timeout"), `spare` more than what the tests take without a fault. A process that has
    not ended long after is "late": it waits for ever, or for the machine, and nobody can tell.
    """
    cpu = 1.5 * known.cpu + spare
    waiting, free = list(reversed(mutants)), list(slots)
    running: dict[int, Trial] = {}
    with ended(running):
        while waiting or running:
            while waiting and free:
                slot, mutant = free.pop(), waiting.pop()
                running[start(slot, mutant, work, known, cpu)] = Trial(
                    slot, mutant, time.monotonic() + 10 * cpu + 300
                )
            for pid, trial in list(running.items()):
                done, status = os.waitpid(pid, os.WNOHANG)
                if not done:
                    if time.monotonic() > trial.ends:
                        trial.late = True
                        os.killpg(pid, signal.SIGKILL)
                    continue
                del running[pid]
                clear(pid, trial, slots[0].parent)
                free.append(trial.slot)
                yield trial.mutant, verdict(status, trial.late)
            time.sleep(0.02)


def start(slot: Path, mutant: Mutant, work: Work, known: Baseline, cpu: float) -> int:
    """Put a mutant into a copy of the checkout and fork; return the process id."""
    file = slot / mutant.file
    shutil.copy2(file, slot / "original")
    file.write_text(mutant.text, encoding="utf-8")
    os.utime(file, (1, 1))  # Python takes bytecode for stale by time and size: never these
    chosen = tests_for(mutant, known)
    return in_fork(slot, lambda: run_pytest(slot, work, Watch(chosen, work.left_out, ())), cpu)


def verdict(status: int, late: bool) -> str:
    """Read what a process that has ended says of its mutant."""
    code = os.waitstatus_to_exitcode(status)
    if late:
        return "late"
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "timeout"
    return "killed" if code else "survived"


def clear(pid: int, trial: Trial, folder: Path) -> None:
    """Put the original back, and end what the tests have left running."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    shutil.copy2(trial.slot / "original", trial.slot / trial.mutant.file)
    shutil.rmtree(folder / f"{trial.slot.name}-tmp", ignore_errors=True)


@contextmanager
def ended(running: dict[int, Trial]) -> Iterator[None]:
    """End what still runs when the caller stops."""
    try:
        yield
    finally:
        for pid in running:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
