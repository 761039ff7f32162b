"""What tests/conftest.py holds all tests to, tried on three tests and a copy of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
TESTS = """
import os
import pytest

os.geteuid = lambda: 1000 if os.environ.get("NOT_ROOT") else 0

@pytest.mark.skip(reason="needs root: makes users")
def test_users(): pass

@pytest.mark.skip(reason="needs npm: sudo apt install npm")
def test_npm(): pass

@pytest.mark.xfail(reason="not yet")
def test_later(): assert False
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no root on Windows")
@pytest.mark.parametrize(
    ("variables", "counts"),
    [
        ({}, "2 skipped, 1 xfailed"),
        ({"CI": "true", "NOT_ROOT": "1"}, "1 skipped, 1 xfailed, 1 error"),
        ({"CI": "true"}, "1 xfailed, 2 errors"),
    ],
)
def test_ci_forgives_one_kind_of_skip_and_to_no_root(tmp_path, variables, counts):
    (tmp_path / "conftest.py").write_bytes(CONFTEST.read_bytes())
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # it starts sooner
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        env=environment | variables, cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert counts in done.stdout, done.stdout + done.stderr


LISTENING = """
import signal

def test_it():
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
"""


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX starts it")
def test_what_runs_in_the_background_hears_ctrl_c(tmp_path):
    """A script's `make test &` ignores it, and would wait for programs that are stopped by it."""
    (tmp_path / "conftest.py").write_bytes(CONFTEST.read_bytes())
    (tmp_path / "test_it.py").write_text(LISTENING, encoding="utf-8")
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "pytest", "-q",
         "-p", "no:cacheprovider", tmp_path],
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, cwd=tmp_path,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "1 passed" in done.stdout, done.stdout + done.stderr
