"""Which processes run, for tests that must leave none behind."""

from __future__ import annotations

import time

import pytest

psutil = pytest.importorskip(
    "psutil", reason='make test installs it: pip install "kerasdemo[test]"'
)


def living(processes):
    """Return those that run; one that its parent never asked after is a name in a list only."""
    dead = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    return [p for p in processes if p.is_running() and p.status() not in dead]


def gone(processes, seconds=30):
    end = time.monotonic() + seconds
    while living(processes) and time.monotonic() < end:
        time.sleep(0.1)
    return not living(processes)
