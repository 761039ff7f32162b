"""A Ray of our own: its folder and its token, the Python of its processes and what they import."""

from __future__ import annotations

import importlib
import os
import secrets
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kerasdemo.scaling.hushing import environment

GRAMMAR = "rfc3987_syntax"  # what `without_grammar` keeps out
SOCKETS = 21  # characters of a temporary folder; with 82 of ours and Ray's a socket's path has 103


def private_folder() -> Path:
    """Make a folder that is this user's alone: what Ray's processes import lies in it.

    Its sockets have paths short enough, in letters that Ray can read, which are ASCII.
    """
    usual = tempfile.gettempdir()
    fits = len(usual) <= SOCKETS and usual.isascii()
    short = usual if fits or sys.platform == "win32" else "/tmp"
    return Path(tempfile.mkdtemp(prefix="kd-ray-", dir=short))


def python_for_bash() -> dict[str, str] | None:
    """Return a runtime environment with Python's path quoted, where bash would not read it whole.

    A worker with variables of its own is started by bash, and Ray quotes all but the path of Python
    (``ray/_private/runtime_env/context.py``, ``exec_worker``): from a folder with a blank in its
    name none would ever start. What an actor asks for is added to this one.
    """
    quoted = shlex.quote(sys.executable)
    if sys.platform == "win32" or quoted == sys.executable:
        return None
    return {"py_executable": quoted}


@contextmanager
def own_token(folder: Path) -> Iterator[None]:
    """Let Ray ask for a token that lies in our folder, where nobody else can read.

    By itself it writes one into the home, which may be read-only
    (``ray/_private/authentication/authentication_token_setup.py``); what it has read it keeps.
    """
    loader = importlib.import_module("ray._raylet").AuthenticationTokenLoader.instance()
    file = folder / "token"
    file.write_text(secrets.token_hex(32), encoding="ascii")
    with environment({"RAY_AUTH_TOKEN_PATH": str(file)}):
        loader.reset_cache()
        try:
            yield
        finally:
            loader.reset_cache()


def without_grammar(folder: Path) -> dict[str, str]:
    """Return settings by which Ray's processes do not import a grammar that none of them needs.

    ``import ray`` imports jsonschema, which builds a grammar for international addresses if
    JupyterLab has installed it: more than half of the processor time of ``import ray``, in a dozen
    processes. They find a file of that name first, which says that it is not there.
    """
    lean = folder / "lean"
    lean.mkdir()
    text = 'raise ImportError("left out in the processes of Ray")\n'
    (lean / f"{GRAMMAR}.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(lean), os.environ.get("PYTHONPATH"))))}
