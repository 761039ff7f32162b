"""Which processes run, for tests that must leave none behind."""

from __future__ import annotations

import time

import pytest

psutil = pytest.importorskip(
    "psutil", reason='make test installs it: pip install "kerasdemo[test]"'
)


def answers_of(processes, ask):
    """Ask each process; one that ends meanwhile or waits to be reaped says nothing."""
    answers = {}
    for process in processes:
        try:
            if process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                answers[process] = ask(process)
        except psutil.NoSuchProcess:  # it ended while it was asked
            continue
    return answers


def living(processes):
    """Return those that run; one that its parent never asked after is a name in a list only."""
    return [
        process
        for process, runs in answers_of(processes, psutil.Process.is_running).items()
        if runs
    ]


def runs(pid):
    """Say whether the process of this number runs."""
    try:
        return bool(living([psutil.Process(pid)]))
    except psutil.NoSuchProcess:
        return False


def named(processes, part):
    """Return those that have this in their name."""
    return [
        process
        for process, name in answers_of(processes, psutil.Process.name).items()
        if part in name
    ]


def listening(processes):
    """Return the addresses at which any of them listens, an IPv4 in IPv6's dress without it."""
    places = answers_of(processes, lambda process: process.net_connections("inet")).values()
    return {
        place.laddr.ip.removeprefix("::ffff:")
        for each in places
        for place in each
        if place.status == psutil.CONN_LISTEN
    }


def gone(processes, seconds=120):
    end = time.monotonic() + seconds
    while living(processes) and time.monotonic() < end:
        time.sleep(0.1)
    return not living(processes)
