"""Know the folder of packages that `make wheels` fills, so that a set-up needs no network.

For each system and Python that it serves, the folder has a list of exact versions, which is written
when all of them are there. Its name says for whom it is: windows-python3.12.txt.

Standard library only, and readable by Python 3.6: see bootstrap.py.
"""

import os
import re

from pythons import Stop, dotted

FOLDER = "wheels"
NAMES = {"linux": "linux", "darwin": "macos", "win32": "windows"}
LIST = re.compile(r"([a-z0-9-]+)-python(3\.\d+)\.txt")
# What pip, which is tried last, names: a package that is not there, or not in that version.
MISSING = re.compile(r"(?:distribution found for|requested \(constraint\)) ([^\s;(]+)")


def system_of(found):
    """Name the system of a probed Python as `make wheels` does."""
    name = NAMES.get(found["system"], found["system"])
    return name + "-arm" if name == "linux" and found["machine"] in ("aarch64", "arm64") else name


def list_name(system, python):
    """Name the list of exact versions for one system and one Python, as "3.12"."""
    return "{}-python{}.txt".format(system, python)


def served(folder):
    """Find for which systems and Pythons a folder has all packages."""
    return sorted(match.groups() for match in map(LIST.fullmatch, os.listdir(folder)) if match)


def described(pairs):
    """Say it in words."""
    return ", ".join("Python {} on {}".format(python, system) for system, python in pairs)


def folder_for(root, found):
    """Find the folder and its list for a probed Python; (None, None) where there is no folder.

    A folder that does not serve this Python ends the set-up. To turn to the network in silence
    would mean minutes of waiting where there is none.
    """
    folder = os.path.join(root, FOLDER)
    if not os.path.isdir(folder):
        return None, None
    system, python = system_of(found), dotted(found["version"][:2])
    pairs = served(folder)
    if (system, python) in pairs:
        return folder, os.path.join(folder, list_name(system, python))
    has = "serves " + described(pairs) if pairs else "is not complete: its download did not end"
    form = "py -{} tools/bootstrap.py lab" if system == "windows" else "make lab PYTHON=python{}"
    lines = [f"The folder {FOLDER} {has}. This is {described([(system, python)])}."]
    lines += ["If Python {0} is here, too: {1}".format(each, form.format(each))
              for name, each in pairs if name == system]  # fmt: skip
    raise Stop("\n".join([*lines, what_to_type(system, python)]))


def what_to_type(system, python):
    """Say how a folder comes to serve a system and a Python, and how to do without it."""
    words = "--python {} --system {}".format(python, system)
    return (
        "On the machine that filled it, with a network, type\n"
        f'    make wheels ARGS="{words}"\n'
        "or, without make,\n"
        f"    python3 tools/bootstrap.py wheels -- {words}\n"
        "and copy the folder here again. To install over the network: rename the folder here."
    )


def explain_folder(found, output):
    """Say what an installation from the folder lacked, from the output of uv and pip."""
    names = sorted(set(MISSING.findall(output)))
    lacks = "lacks " + ", ".join(names) if names else "could not be installed from"
    tail = "\n".join("  | " + line[:160] for line in output.splitlines()[-12:])
    return (
        f"{tail}\nThe folder {FOLDER} {lacks}: it may be older than this copy of the kit, or "
        "CONSTRAINTS= may ask for other versions.\n"
        + what_to_type(system_of(found), dotted(found["version"][:2]))
    )
