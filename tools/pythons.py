"""Find a Python that kerasdemo runs on; say in plain words when there is none.

Standard library only, and readable by Python 3.6: see bootstrap.py.
"""

import json
import os
import re
import subprocess
import sys

WINDOWS = os.name == "nt"
PROBE = """
import json, platform, sys
missing = []
for name in ("ssl", "venv", "ensurepip"):
    try:
        __import__(name)
    except Exception:
        missing.append(name)
print(json.dumps({"version": list(sys.version_info[:3]), "path": sys.executable,
                  "missing": missing, "system": sys.platform,
                  "machine": platform.machine().lower()}))
"""


class Stop(Exception):
    """The set-up cannot go on; the text says why and what to type."""


def say(text):
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


def supported(root):
    """Read the range of Pythons from pyproject.toml, the one place that states it."""
    with open(os.path.join(root, "pyproject.toml"), encoding="utf-8") as file:
        found = re.search(r'requires-python\s*=\s*">=3\.(\d+),\s*<3\.(\d+)"', file.read())
    return (3, int(found.group(1))), (3, int(found.group(2)))


def probe(command):
    """Ask a Python for its version, or get None when it doesn't run (as a pyenv shim may not)."""
    try:
        done = subprocess.run(
            [command, "-c", PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env=clean_environment(),
            timeout=60,
        )
        return json.loads(done.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return None


def dotted(version):
    """Write (3, 11, 7) as 3.11.7."""
    return ".".join(str(part) for part in version)


def in_range(found, root):
    """Tell whether a probed Python is one that the kit runs on."""
    low, high = supported(root)
    return low <= tuple(found["version"][:2]) < high


def find_python(root, asked=None):
    """Find a Python in the range that can make virtual environments."""
    low, high = supported(root)
    names = [f"python3.{minor}" for minor in range(high[1] - 1, low[1] - 1, -1)]
    unfit = None
    for name in [asked] if asked else [sys.executable, *names]:
        found = probe(name)
        if found is None or not in_range(found, root):
            continue
        if not found["missing"]:
            return found
        unfit = unfit or found
    if unfit:
        raise Stop(lacks_modules(unfit))
    span = f"Python {dotted(low)} to 3.{high[1] - 1}"
    if asked:
        seen = probe(asked)
        what = f"is Python {dotted(seen['version'])}" if seen else "doesn't run"
        raise Stop(
            f"PYTHON={asked} {what}; kerasdemo needs {span}. "
            "Leave PYTHON= out to let it look for one."
        )
    raise Stop(
        f"kerasdemo needs {span}. This is Python {dotted(sys.version_info[:3])} "
        f"({sys.executable}), and none of {', '.join(names)} runs here. Install one:\n"
        "    Debian, Ubuntu   sudo apt install python3 python3-venv\n"
        "    macOS            brew install python@3.12\n"
        "    Windows          winget install Python.Python.3.12\n"
        "    with conda       conda env create -f environment.yml\n"
        "If you have one elsewhere: make lab PYTHON=/path/to/python3.12"
    )


def lacks_tensorflow(found):
    """Say why there is no TensorFlow for a probed Python; "" where nothing speaks against it."""
    system, machine = found.get("system"), found.get("machine")
    if system == "darwin" and machine == "x86_64":
        return (
            "is built for Intel processors, and TensorFlow 2.20 and later have no package for "
            "those. "
            "On a Mac with an M processor, take a Python that is built for it (arm64): "
            "brew install python@3.12, then make lab PYTHON=python3.12"
        )
    if system == "win32" and machine in ("arm64", "x86"):
        return (
            "is built for " + machine + ", and TensorFlow on Windows has packages for 64-bit "
            'Intel and AMD alone. Take such a Python ("Windows installer (64-bit)").'
        )
    return ""


def lacks_modules(found):
    """Say what to install for a Python that cannot make virtual environments."""
    return (
        f"{found['path']} (Python {dotted(found['version'])}) lacks "
        f"{' and '.join(found['missing'])}, which it takes to make a virtual environment.\n"
        "On Debian or Ubuntu, type\n"
        f"    sudo apt install python3-venv        (or python{dotted(found['version'][:2])}-venv)\n"
        "and then the same command again."
    )


def python_of(venv):
    """Name the interpreter inside a virtual environment."""
    return os.path.join(venv, "Scripts", "python.exe") if WINDOWS else venv + "/bin/python"


def clean_environment(venv=None):
    """Copy our environment without what would leak another Python's packages into the venv."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    env["PIP_USER"] = "0"
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    if venv:
        env["VIRTUAL_ENV"] = venv
        env["PATH"] = os.path.dirname(python_of(venv)) + os.pathsep + env.get("PATH", "")
    return env
