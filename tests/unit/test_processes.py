"""What is asked of processes that come and go is asked without a race."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from processes import answers_of, gone, listening, living, named, psutil, runs


@pytest.fixture
def child():
    """Start a process that waits; end it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield started
        started.kill()


def test_one_that_runs_answers(child):
    process = psutil.Process(child.pid)
    assert answers_of([process], lambda one: one.pid) == {process: child.pid}
    assert living([process]) == [process]
    assert runs(child.pid)
    assert not gone([process], seconds=0.2)
    assert named([process], "ython") == [process]
    assert named([process], "MapWorker") == []


def test_one_that_ends_while_it_is_asked_says_nothing(child):
    me, process = psutil.Process(), psutil.Process(child.pid)

    def ask(one):
        if one == process:
            child.kill()
            child.wait()
        return one.cmdline()

    assert list(answers_of([process, me], ask)) == [me]
    assert living([process]) == named([process], "") == []
    assert listening([process]) == set()
    assert not runs(child.pid)
    assert gone([process])


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps none that waits to be reaped")
def test_one_that_waits_to_be_reaped_does_not_run(child):
    process = psutil.Process(child.pid)
    process.kill()  # and nobody waits for it
    assert gone([process])
    assert process.status() == psutil.STATUS_ZOMBIE
    assert not runs(child.pid)


def test_where_a_process_listens_is_told():
    with socket.create_server(("127.0.0.1", 0)):
        assert "127.0.0.1" in listening([psutil.Process()])
    if socket.has_dualstack_ipv6():  # what Java and gRPC open, and ss calls ::ffff:127.0.0.1
        with socket.socket(socket.AF_INET6) as both:
            both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            both.bind(("::ffff:127.0.0.1", 0))
            both.listen()
            assert "::ffff:127.0.0.1" not in listening([psutil.Process()])
