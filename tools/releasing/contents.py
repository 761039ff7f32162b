"""What is in a wheel or an sdist, and what should not be there."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import urllib.parse
import zipfile
from collections.abc import Mapping
from pathlib import Path

WHEEL_LIMIT = 5_000_000  # bytes: PyPI takes 100 MB, and a student's network is slow
SDIST_LIMIT = 10_000_000
NEVER = ("__pycache__", ".ipynb_checkpoints", ".DS_Store", ".venv", "node_modules")
NEEDED = (  # to build it, to test it, to know what it is
    *("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md"),
    *("Makefile", "tools/bootstrap.py", "tools/run_tests.py", ".ci/constraints.txt"),
    *("tests/conftest.py", "docs/upgrading.md", "notebooks/00_start_here.ipynb"),
)
METADATA = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
# A folder of somebody's own machine, and something in it.
LOCAL = re.compile(rb"(?<![\w.:/~-])(?:/home|/root|/tmp|/Users)/[\w.-]+|[A-Z]:\\+Users\\+\w+")
HOSTS = {"files.pythonhosted.org", "test.pypi.org"}  # and the one that is set up here


def files_in(archive: Path) -> dict[str, bytes]:
    """Read every file of a wheel, or of an sdist without its outermost folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist() if name[-1] != "/"}
    found = {}
    with tarfile.open(archive) as sdist:
        for member in sdist.getmembers():
            opened = sdist.extractfile(member)
            if opened is not None:
                found[member.name.split("/", 1)[1]] = opened.read()
    return found


def files_below(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def differences(
    one: Mapping[str, bytes], other: Mapping[str, bytes], *, names: tuple[str, str]
) -> list[str]:
    """List the files that only one of the two has, or that are not the same.

    >>> differences({"a": b"1", "b": b"2"}, {"b": b"3"}, names=("wheel", "commit"))
    ['only the wheel has a', 'b: the wheel and the commit differ']
    """
    left, right = names
    found = [f"only the {left} has {name}" for name in one if name not in other]
    found += [f"only the {right} has {name}" for name in other if name not in one]
    same = (name for name in one if name in other)
    return found + [
        f"{name}: the {left} and the {right} differ" for name in same if one[name] != other[name]
    ]


def in_wheel(files: Mapping[str, bytes], commit: Mapping[str, bytes]) -> list[str]:
    """List what is wrong with the files of a wheel: it holds the package, the lessons, no more."""
    wanted = {name: data for name, data in commit.items() if name.startswith("kerasdemo/")}
    for name, data in commit.items():
        if name.startswith("notebooks/"):
            wanted[f"kerasdemo/{name}"] = data
    inside = {name: data for name, data in files.items() if ".dist-info/" not in name}
    about = {name.split(".dist-info/")[1] for name in files if ".dist-info/" in name}
    found = differences(inside, wanted, names=("wheel", "commit"))
    found += [f"in the wheel's dist-info: {name}?" for name in sorted(about ^ METADATA)]
    return found + never(files)


def in_sdist(files: Mapping[str, bytes], commit: Mapping[str, bytes]) -> list[str]:
    """List what is wrong with the files of an sdist: it is the commit, and PKG-INFO."""
    inside = {name: data for name, data in files.items() if name != "PKG-INFO"}
    found = differences(inside, commit, names=("sdist", "commit"))
    found += [f"the sdist lacks {name}" for name in ("PKG-INFO", *NEEDED) if name not in files]
    return found + never(files)


def never(files: Mapping[str, bytes]) -> list[str]:
    """List files that no archive should hold."""
    return [
        f"{name} should not be there"
        for name in files
        if name.endswith(".pyc") or set(NEVER) & set(name.split("/"))
    ]


def betrayals(files: Mapping[str, bytes], hosts: set[str]) -> list[str]:
    """List the files that name a folder of somebody's machine, or a host that serves packages.

    Archives within (a saved model, arrays) are looked into.
    """
    found = []
    for name, data in files.items():
        within = {name: data}
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                within |= {f"{name}/{part}": archive.read(part) for part in archive.namelist()}
        for place, content in within.items():
            seen = {match.decode("ascii", "replace") for match in LOCAL.findall(content)}
            seen |= {host for host in hosts if host.encode() in content}
            found += [f"{place} names {what}" for what in sorted(seen)]
    return found


def registry_hosts() -> set[str]:
    """Return the hosts that packages come from here, as pip and uv are set up, but for PyPI."""
    places = [value for name, value in os.environ.items() if re.match(r"(PIP|UV)_.*", name)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, encoding="utf-8"
    )
    places += re.findall(r"='(.*)'", done.stdout)
    urls = (word for place in places for word in place.split() if "://" in word)
    hosts = {urllib.parse.urlsplit(url).hostname or "" for url in urls}
    return (HOSTS | hosts) - {"", "pypi.org", "localhost", "127.0.0.1"}
