"""Fetch all that `make lab` installs into the folder `wheels`, for machines without a network.

By default for this system and this Python. A room is seldom like the teacher's machine::

    make wheels ARGS="--python 3.11,3.12 --system windows,macos"

fetches for each of the two systems with each of the two Pythons, beside what is there already. The
versions are those of .ci/constraints.txt, or of CONSTRAINTS=. `make lab` uses the folder when it is
there. It holds no Python: that comes from python.org or the system.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from pip_or_uv import OFFLINE, explain, index_settings, stream
from pythons import Stop, clean_environment, dotted, probe, say, supported
from wheel_folder import FOLDER, described, list_name, served, system_of

ROOT = Path(__file__).resolve().parent.parent
# The installer, and what an editable install of the kit is built with.
BESIDE = ("uv", "hatchling", "editables")
AT_ONCE = 10  # packages between two lines about progress


def manylinux(machine: str) -> list[str]:
    """List the tags of wheels that run from glibc 2.28 on (Debian 10, Ubuntu 18.10)."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(28, 4, -1)]
    return [*tags, f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}"]


# What uv calls each system, and which wheels pip may take for it.
SYSTEMS = {
    "linux": ("x86_64-manylinux_2_28", manylinux("x86_64")),
    "linux-arm": ("aarch64-manylinux_2_28", manylinux("aarch64")),
    "macos": ("aarch64-apple-darwin", ["macosx_13_0_arm64"]),
    "windows": ("x86_64-pc-windows-msvc", ["win_amd64"]),
}


def resolve(system: str, python: str, constraints: Path) -> list[str]:
    """Let uv choose exact versions, as `name==version`, that have wheels for a system and Python.

    Raises
    ------
    Stop
        When it cannot; the text says why.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "-"]
    command += ["--extra", "lab", "--constraint", str(constraints), "--only-binary", ":all:"]
    command += ["--python-platform", SYSTEMS[system][0], "--python-version", f"{python}.0"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--strip-extras", "--quiet"]
    env = index_settings(sys.executable, clean_environment(sys.prefix))
    text = "".join(f"{name}\n" for name in BESIDE)
    done = subprocess.run(command, input=text.encode(), env=env, cwd=ROOT, capture_output=True)
    if done.returncode == 0:
        return done.stdout.decode().split()
    output = done.stderr.decode("utf-8", "replace")
    what = f"What {described([(system, python)])} needs could not be found out."
    if OFFLINE.search(output):
        raise Stop(explain(what, output))
    tail = "\n".join("  | " + line[:160] for line in output.splitlines()[-12:])
    raise Stop(
        f"{tail}\n{what} The lines above name what has no wheel for it, or does not go together. "
        "Another Python may have all of them; or give other versions: make wheels CONSTRAINTS=..."
    )


def download(system: str, python: str, versions: list[str], folder: Path) -> None:
    """Let pip fetch the wheels of a list, and leave the list when all of them are there."""
    place = folder / list_name(system, python)
    place.unlink(missing_ok=True)  # until the end, the folder does not serve them
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--python-version", python, "--dest", str(folder)]
    command += [word for tag in SYSTEMS[system][1] for word in ("--platform", tag)]
    env = clean_environment(sys.prefix)
    for start in range(0, len(versions), AT_ONCE):
        some = versions[start : start + AT_ONCE]
        code, output = stream([*command, *some], env, show=False)
        if code:
            what = f"The packages for {described([(system, python)])} could not be fetched."
            raise Stop(explain(what, output))
        say(f"  {start + len(some)} of {len(versions)} packages, {megabytes(folder)}")
    place.write_text("\n".join(versions) + "\n", encoding="utf-8")


def megabytes(folder: Path) -> str:
    """Say how large the files of a folder are together."""
    return f"{sum(path.stat().st_size for path in folder.iterdir()) / 1e6:,.0f} MB"


def parse(words: list[str]) -> argparse.Namespace:
    """Read the arguments; what is asked for is checked before anything is fetched."""
    here = probe(sys.executable)
    parser = argparse.ArgumentParser(
        prog="make wheels", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--python", action="append", help="as 3.12; several: 3.11,3.12")
    parser.add_argument("--system", action="append", help=", ".join(SYSTEMS))
    parser.add_argument("--constraints", type=Path, default=ROOT / ".ci" / "constraints.txt")
    asked = parser.parse_args(words)
    asked.python = ",".join(asked.python or [dotted(here["version"][:2])]).split(",")
    asked.system = ",".join(asked.system or [system_of(here)]).split(",")
    low, high = supported(str(ROOT))
    pythons = [f"3.{minor}" for minor in range(low[1], high[1])]
    for name, known in (("python", pythons), ("system", list(SYSTEMS))):
        for given in getattr(asked, name):
            if given not in known:
                raise Stop(f"--{name} {given} is none of {', '.join(known)}.")
    return asked


def main(words: list[str]) -> int:
    """Fetch what is asked for; return the exit status."""
    folder, start = ROOT / FOLDER, time.monotonic()
    try:
        asked = parse(words)
        for system in asked.system:
            for python in asked.python:
                say(f"Looking up what {described([(system, python)])} needs.")
                versions = resolve(system, python, asked.constraints)
                folder.mkdir(exist_ok=True)
                download(system, python, versions, folder)
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
        return 1
    say(
        f"The folder {FOLDER} has {megabytes(folder)} ({time.monotonic() - start:.0f} s). "
        f"It serves {described(served(str(folder)))}.\n"
        f"Copy this checkout with it, without .venv; there, make lab needs no network."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
