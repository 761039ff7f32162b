"""What all layers share: where CI is set, nothing may be skipped, and what is left out is told.

One skip is none of CI's making: a test whose reason begins with "needs root" where it is not root.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has what it starts with & ignore Ctrl+C, and so would each program that a test starts
    # and stops by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

with pytest.MonkeyPatch.context() as _alone, suppress(ImportError):
    # NumPy's library reads this once. Its threads wait for each other in a loop: beside other
    # layers a small product takes many times as long in two. No process of ours inherits it.
    _alone.setenv("OPENBLAS_NUM_THREADS", "1")
    import numpy  # noqa: F401

try:
    from hypothesis import settings
except ImportError:  # the layers that need it say so
    pass
else:  # how long an example takes is the machine's affair
    settings.register_profile("unhurried", settings.default, deadline=None)
    settings.load_profile("unhurried")

NO_SKIP = "CI runs everything, and this was skipped: "


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure under CI; an expected failure (xfail) stays one."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        if str(reason).removeprefix("Skipped: ").startswith("needs root") and not _root():
            return
        report.outcome = "failed"
        report.longrepr = f"{NO_SKIP}{reason}"


def _root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


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


left_out: set[str] = set()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the long tests that this run leaves out."""
    left_out.update(item.nodeid for item in items if item.get_closest_marker("long"))


@pytest.fixture(scope="session", autouse=True)
def _tell_what_is_left_out(record_testsuite_property: Callable[[str, object], None]) -> None:
    """Write the count into the report, where ``tools/run_tests.py`` reads it."""
    record_testsuite_property("left out", len(left_out))


@pytest.fixture(scope="module", autouse=True)
def _let_old_objects_be() -> Iterator[None]:
    """Keep what a module leaves out of the collector's later rounds.

    TensorFlow's graphs are millions of objects after a while, and each full collection, of which
    Keras and the tests ask for many, would look at all of them again.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let progress bars be shown, as in a notebook that somebody reads."""
    monkeypatch.setattr("kerasdemo._progress.somebody_looks", lambda: True)
