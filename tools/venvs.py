"""Make a virtual environment, install the kit into it, and remember what it holds.

A stamp inside it says who made it and what was installed completely. So a second call does
nothing, an interrupted one is noticed, and a folder that somebody else made is never deleted.

Standard library only, and readable by Python 3.6: see bootstrap.py.
"""

import hashlib
import json
import os
import shutil
import time

from pip_or_uv import FULL, NEEDED_GB, explain, pip_install, stream
from pythons import (
    Stop,
    clean_environment,
    dotted,
    find_python,
    in_range,
    lacks_tensorflow,
    probe,
    python_of,
    say,
)
from wheel_folder import explain_folder, folder_for

STAMP = "kerasdemo-setup.json"
# The `test` extra contains `lab`; "uv" is no extra: uv alone, and nothing of the kit.
INCLUDED = {"lab": ("lab", "test"), "test": ("test",), "uv": ("uv", "lab", "test")}


def read_stamp(venv):
    """Read what was recorded about a virtual environment; {} when nothing was."""
    try:
        with open(os.path.join(venv, STAMP), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def write_stamp(venv, stamp):
    """Record it in one step, so that no half-written stamp is ever read."""
    path = os.path.join(venv, STAMP)
    try:
        os.makedirs(venv, exist_ok=True)
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(stamp, file, indent=1, sort_keys=True)
        os.replace(path + ".part", path)
    except OSError as error:
        if FULL.search(str(error)):
            raise Stop(explain(f"{venv} could not be written.", str(error))) from error
        raise Stop(
            f"{os.path.basename(venv)} cannot be written here ({error.strerror}: {venv}). "
            "Choose a folder that you may write to:\n"
            "    make lab VENV=~/kerasdemo-venv\n"
            "or, without make:\n"
            "    python3 tools/bootstrap.py lab --venv ~/kerasdemo-venv"
        ) from error


def fingerprint(path):
    """Hash a file's content; '' for no file."""
    if not path:
        return ""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def installed_already(stamp, extra, root, constraints):
    """Tell whether the stamp covers what is asked for."""
    have = stamp.get("installed") or {}
    return (
        have.get("extra") in INCLUDED[extra]
        and have.get("pyproject") == fingerprint(os.path.join(root, "pyproject.toml"))
        and (not constraints or have.get("constraints") == fingerprint(constraints))
    )


def trouble_with(venv, stamp, root, asked=None):
    """Say why an existing virtual environment cannot be used; '' when it can."""
    inside = probe(python_of(venv))
    if inside is None:
        return "its Python does not run"
    minor = dotted(inside["version"][:2])
    if not in_range(inside, root):
        return "it holds Python " + minor
    if stamp.get("ours"):
        if not stamp.get("installed"):
            return "its set-up was not finished"
        if stamp["root"] != root:
            return "the project has moved here from " + stamp["root"]
        if stamp["python"] != minor:
            return f"it was made for Python {stamp['python']} and now finds {minor}"
    if asked:
        wanted = dotted(find_python(root, asked)["version"][:2])
        if wanted != minor:
            return f"it holds Python {minor}, and {wanted} was asked for"
    return ""


def existing(path):
    """Find the nearest folder, the path itself or one above it, that exists."""
    while not os.path.isdir(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path


def settle_venv(venv, root, asked=None):
    """Leave a virtual environment that runs; remake it when ours is broken. Return its stamp."""
    stamp = read_stamp(venv)
    empty = os.path.isdir(venv) and not os.path.islink(venv) and not os.listdir(venv)
    if os.path.lexists(venv) and not empty:
        trouble = trouble_with(venv, stamp, root, asked)
        if not trouble:
            return stamp
        if not stamp.get("ours") or os.path.islink(venv):
            raise Stop(
                f"{venv} cannot be used: {trouble}. "
                "It was not made by this project, so it stays as it is. Rename it, or choose "
                "another folder: make lab VENV=.venv-kerasdemo"
            )
        say(f"Making {os.path.basename(venv)} anew: {trouble}.")
        try:
            shutil.rmtree(venv)
        except OSError as error:
            what = f"{venv} cannot be removed ({error}). Close what uses it, then try again."
            raise Stop(what) from error
    base = find_python(root, asked)
    if lacks_tensorflow(base):
        why = lacks_tensorflow(base)
        raise Stop(f"{base['path']} {why} Without either: docs/online.md.")
    place = existing(venv)
    free = shutil.disk_usage(place).free / 1e9
    if free < NEEDED_GB:
        raise Stop(
            f"The disk of {place} has {free:.1f} GB free; TensorFlow and JupyterLab need about "
            f"{NEEDED_GB} GB. Make room, then type the same command again."
        )
    version = dotted(base["version"])
    say(f"Making {os.path.basename(venv)} with Python {version} ({base['path']}).")
    stamp = {"ours": True, "root": root, "python": dotted(base["version"][:2])}
    stamp["made"] = time.time()
    write_stamp(venv, stamp)
    code, output = stream([base["path"], "-m", "venv", venv], clean_environment(), show=False)
    if code:
        raise Stop(explain("The virtual environment could not be made.", output))
    return stamp


def install(venv, extra, root, constraints):
    """Install the kit, editable, with one extra, and stamp it when it is complete.

    The folder that `make wheels` fills has what the extra `lab` needs, and for no other is it used.
    """
    found = probe(python_of(venv))
    folder, versions = folder_for(root, found) if extra == "lab" else (None, None)
    stamp = read_stamp(venv) or {"ours": False}
    stamp.pop("installed", None)
    write_stamp(venv, stamp)  # until the end of this function, the set-up is not finished
    what = ["uv"] if extra == "uv" else ["--editable", f"{root}[{extra}]"]
    if folder:
        say(f"Installing kerasdemo[{extra}] from the folder wheels: no network is needed.")
    elif extra != "uv":
        say(f"Installing kerasdemo[{extra}] and what it needs (once; 500 MB to 1 GB).")
    code, output = pip_install(venv, what, constraints or versions, folder)
    if code and folder and not FULL.search(output):
        raise Stop(explain_folder(found, output))
    if code:
        raise Stop(explain("The packages could not be installed.", output))
    stamp["installed"] = {
        "extra": extra,
        "pyproject": fingerprint(os.path.join(root, "pyproject.toml")),
        "constraints": fingerprint(constraints),
    }
    write_stamp(venv, stamp)


def hold(root):
    """Wait until no other set-up of this checkout runs; where the system can tell (not Windows)."""
    try:
        import fcntl
    except ImportError:
        return None
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another set-up is running here; waiting for it to end.")
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        pass
    return handle


def prepare(venv, extra, root, asked=None, constraints=None):
    """Make sure that the virtual environment is there and complete; return its Python."""
    handle = hold(root)
    try:
        stamp = settle_venv(venv, root, asked)
        if not installed_already(stamp, extra, root, constraints):
            install(venv, extra, root, constraints)
    finally:
        if handle is not None:
            os.close(handle)
    return python_of(venv)
