"""Measure which branches of kerasdemo the layers `unit` and `widgets` take, and name the others.

Programs that the tests start are measured, too: what runs in a process of its own is code as well.
The floor and all settings are in ``pyproject.toml``, under ``tool.coverage``; below the floor, and
when a test fails, the exit status is 1.

`make coverage` calls this; in parts, where that takes too long in one piece::

    make coverage ARGS="--keep tests/unit/test_digits.py"    adds to what was measured before
    make coverage ARGS="--report"                            measures nothing
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from run_tests import LAYERS, PYTEST, ROOT

MEASURED = ("unit", "widgets")
DATA = ROOT / "build" / "coverage"  # as pyproject.toml has it


def coverage(*arguments: str) -> int:
    """Call coverage.py with the project's settings; return its exit status."""
    environment = {**os.environ, "COVERAGE_RCFILE": str(ROOT / "pyproject.toml")}
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print what is below 100 %."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--keep", action="store_true", help="add to what was measured before")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    options, rest = parser.parse_known_args(argv)
    failed = 0
    if not options.report:
        if not options.keep:
            shutil.rmtree(DATA, ignore_errors=True)
        DATA.mkdir(parents=True, exist_ok=True)
        layers = [command for layer in MEASURED for command in LAYERS[layer]]
        for command in [(*PYTEST, *rest)] if rest else layers:
            failed |= coverage("run", *command)
    if coverage("combine", "--keep", "--quiet"):
        return 1
    return int(bool(coverage("report") or failed))


if __name__ == "__main__":
    sys.exit(main())
