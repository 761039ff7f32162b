"""What all layers share: where CI is set, nothing may be skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

NO_SKIP = "CI runs everything, and this was skipped: "


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure under CI; an expected failure (xfail) stays one."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{NO_SKIP}{reason}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Watch single tests."""
    outcome = yield
    _fail_if_skipped(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Watch whole files that skip themselves (``importorskip``)."""
    outcome = yield
    _fail_if_skipped(outcome.get_result())


@pytest.fixture
def a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let progress bars be shown, as in a notebook that somebody reads."""
    monkeypatch.setattr("kerasdemo._progress.somebody_looks", lambda: True)
