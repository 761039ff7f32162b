"""Look at the set-up; say in plain words what is wrong and give the command that mends it.

`check_setup()` takes about a second: it reads versions, files and limits, and leaves TensorFlow
alone unless asked to go deeper. ``python -m kerasdemo doctor`` prints the same report.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kerasdemo.checks import machine, packages
from kerasdemo.checks.finding import (
    Finding,
    home_is_known,
    home_variable,
    reinstall,
    set_to_new_folder,
)
from kerasdemo.view.signs import printable
from kerasdemo.view.table import Row, Table, as_html

__all__ = ["Finding", "Report", "check_setup"]

STATUS = {"ok": "✓ ok", "warning": "! warning", "problem": "✗ problem"}
CHECKS: dict[str, Callable[[], Finding]] = {
    "Python": machine.check_python,
    "packages": packages.check_packages,
    "one Keras": packages.check_one_keras,
    "imports": packages.check_imports,
    "Keras settings": machine.check_keras_settings,
    "widgets": packages.check_widgets,
    "folders": machine.check_folders,
    "memory": machine.check_memory,
    "processor": machine.check_processor,
}


@dataclass(frozen=True)
class Report:
    """What `check_setup` found, in the order in which to mend it.

    Attributes
    ----------
    findings : tuple of Finding
        One for each check; `report["memory"]` picks one by its name.

    Introduced in lesson 00.
    """

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the lessons will run; a warning doesn't stop them."""
        return all(finding.ok for finding in self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, name: str) -> Finding:
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(f"No check is called {name!r}; there are {[f.name for f in self.findings]}")

    def verdict(self) -> str:
        """Say in one line how it stands."""
        statuses = [finding.status for finding in self.findings]
        found = [
            f"{statuses.count(kind)} {word}{'s' if statuses.count(kind) > 1 else ''}"
            for kind, word in (("problem", "problem"), ("warning", "warning"))
            if kind in statuses
        ]
        if not found:
            return "All is well: the lessons can start."
        end = "the lessons can start." if self.ok else "mend from the top, then check again."
        return f"{' and '.join(found)}: {end}"

    def as_text(self, *, width: int = 100) -> str:
        """Write the report so that each command stands on a line of its own, ready to copy.

        Parameters
        ----------
        width : int
            Columns available; a command is never cut to fit.

        Returns
        -------
        str
        """
        lines = []
        for finding in self.findings:
            label = f"{STATUS[finding.status]:<11}{finding.name:<16}"
            lines += textwrap.wrap(
                finding.seen,
                width,
                initial_indent=label,
                subsequent_indent=" " * 27,
                break_on_hyphens=False,
            )
            if finding.mend:
                lines += [
                    " " * 27 + "to mend it:",
                    *(" " * 29 + m for m in finding.mend.split("\n")),
                ]
        return printable("\n".join([*lines, *textwrap.wrap(self.verdict(), width)]))

    def __repr__(self) -> str:
        return self.as_text()

    def _repr_html_(self) -> str:
        """Write the report as a table for a notebook."""
        rows = tuple(
            Row(finding.name, (STATUS[finding.status], finding.seen, finding.mend or "nothing"))
            for finding in self.findings
        )
        columns = ("status", "what was seen", "what mends it")
        return as_html(Table(columns, rows, "Set-up", (self.verdict(),)))


def check_setup(*, deep: bool = False) -> Report:
    """Check that the lessons can run here, and say what to type where they cannot.

    Nothing is changed and TensorFlow is not loaded.

    Parameters
    ----------
    deep : bool
        Also import TensorFlow, in a process of its own. Takes some seconds, and finds a processor
        or a system library that TensorFlow cannot work with.

    Returns
    -------
    Report
        One finding per check: `.name`, `.status` ("ok", "warning", "problem"), `.seen`, `.mend`.

    Examples
    --------
    >>> report = check_setup()
    >>> [finding.name for finding in report][:3]
    ['Python', 'packages', 'one Keras']

    Introduced in lesson 00.
    """
    checks = {**CHECKS, "TensorFlow": packages.check_tensorflow} if deep else CHECKS
    return Report(tuple(_outcome(name, check) for name, check in checks.items()))


def _outcome(name: str, check: Callable[[], Finding]) -> Finding:
    """Run one check; if it breaks, that is what was found, and the others still run."""
    try:
        return check()
    except Exception as error:  # a damaged set-up can break a check in any way
        first = (str(error).strip().splitlines() or ["no message"])[0]
        seen = f"this check itself failed: {type(error).__name__}: {first}"
        mend = reinstall() if home_is_known() else set_to_new_folder(home_variable())
        return Finding(name, "problem", seen, mend)
