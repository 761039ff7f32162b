"""What was found before a call, the worst first: as text, as a table, as an error."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from kerasdemo.inspections.finding import ASKED, CALL, Finding
from kerasdemo.view.signs import printable
from kerasdemo.view.table import Row, Table, as_html

SIGNS = {"silent": "✗ silent", "error": "✗ error", "warning": "! warning"}
ORDER = tuple(SIGNS)
WIDTH = 100
MEND = "to mend it"


class PreflightError(ValueError):
    """What `Report.raise_for_errors` raises; ``error.report`` holds the findings."""

    def __init__(self, report: Report) -> None:
        super().__init__(repr(report))
        self.report = report


@dataclass(frozen=True, repr=False, eq=False)
class Report:
    """What `preflight` found, the worst first.

    Attributes
    ----------
    findings : tuple of Finding
        ``report["no-batch-axis"]`` picks one by its name. Each has a `.severity`, what was `.seen`,
        what each method `.does` with it, and the line to `.mend` it.
    method : str
        The planned call, which decides how severe a finding is.
    """

    findings: tuple[Finding, ...]
    method: str = "predict"

    @property
    def ok(self) -> bool:
        """Whether the call will work and mean what it says; a warning does not count."""
        return all(finding.severity == "warning" for finding in self.findings)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each finding."""
        return tuple(finding.name for finding in self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Finding:
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(f"{name!r} was not found; there is {', '.join(self.names) or 'nothing'}")

    def raise_for_errors(self) -> Report:
        """Raise if anything but warnings was found; else return the report.

        Raises
        ------
        PreflightError
            A ``ValueError`` that says all that was found.
        """
        if not self.ok:
            raise PreflightError(self)
        return self

    @property
    def summary(self) -> str:
        """One sentence."""
        if not self.findings:
            return f"Nothing found: {self.method} can go ahead."
        counts = {kind: sum(f.severity == kind for f in self.findings) for kind in ORDER}
        words = {"silent": "silently wrong", "error": "an error", "warning": "a warning"}
        told = ", ".join(f"{count} x {words[kind]}" for kind, count in counts.items() if count)
        return f"With {self.method}: {told}."

    def __repr__(self) -> str:
        lines = [self.summary]
        for finding in self.findings:
            lines += ["", f"{SIGNS[finding.severity]}: {finding.name}", *_wrap("", finding.seen)]
            does = _joined({method: str(outcome) for method, outcome in finding.does.items()})
            width = max(map(len, (*does, MEND)))
            for method, words in does.items():
                lines += _wrap(f"{method:<{width}}  ", words)
            lines.append(f"    {MEND:<{width}}  {finding.mend}")
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        if not self.findings:
            return f"<p>{escape(self.summary)}</p>"
        rows = tuple(
            Row(
                f"{SIGNS[finding.severity]}: {finding.name}",
                (
                    finding.seen,
                    *(str(finding.does.get(method, "-")) for method in self._columns),
                    finding.mend,
                ),
            )
            for finding in self.findings
        )
        columns = ("what was seen", *self._columns, "what mends it")
        return as_html(Table(columns, rows, "Before the call", (self.summary,)))

    @property
    def _columns(self) -> tuple[str, ...]:
        """The methods that any finding speaks of."""
        return tuple(m for m in (*ASKED, CALL) if any(m in f.does for f in self.findings))


def _joined(does: dict[str, str]) -> dict[str, str]:
    """Put methods that do the same on one line.

    Examples
    --------
    >>> _joined({"predict": "right", "predict_on_batch": "raises ", "predict_step": "right"})
    {'predict, predict_step': 'right', 'predict_on_batch': 'raises '}
    """
    who: dict[str, list[str]] = {}
    for method, words in does.items():
        who.setdefault(words, []).append(method)
    return {
        "each method" if len(who) == 1 else ", ".join(methods): words
        for words, methods in who.items()
    }


def _wrap(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"    {label}",
        subsequent_indent=" " * (4 + len(label)),
        break_long_words=False,
        break_on_hyphens=False,
    )
