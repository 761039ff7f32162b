"""What one check of the set-up found. The checks and `doctor` share it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kerasdemo._installing import checkout, pip

WINDOWS = os.name == "nt"  # the commands there are for cmd, the Command Prompt
Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One check: its name, how it came out, what was seen, and the command that mends it."""

    name: str
    status: Status
    seen: str
    mend: str = ""

    @property
    def ok(self) -> bool:
        """Whether the lessons run with it; True also for a warning."""
        return self.status != "problem"


def reinstall() -> str:
    """Write the command that installs the kit again, from its checkout where there is one."""
    if folder := checkout():
        return pip(f'install --editable "{folder}"')
    return pip("install --force-reinstall kerasdemo")


def set_variable(name: str, value: str) -> str:
    """Write the command that sets an environment variable, or that unsets it for ''."""
    if WINDOWS:
        return f"set {name}={value}"
    return f"export {name}={value}" if value else f"unset {name}"


def home_variable() -> str:
    """Name the environment variable that says where the user's folder is."""
    return "USERPROFILE" if WINDOWS else "HOME"


def home_is_known() -> bool:
    """Say whether this system names a folder of the user's: a container may not."""
    return os.path.isabs(os.path.expanduser("~"))


def set_to_new_folder(name: str) -> str:
    """Write the command that sets an environment variable to a folder that can be written to."""
    return set_variable(name, r"%TEMP%\kerasdemo" if WINDOWS else '"$(mktemp -d)"')


def rename(old: str | Path, new: str | Path) -> str:
    """Write the command that renames a file."""
    return f'{"move" if WINDOWS else "mv"} "{old}" "{new}"'
