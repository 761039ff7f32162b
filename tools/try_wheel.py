"""Build the wheel, install it into an empty virtual environment elsewhere, and run it there.

By hand: ``python tools/try_wheel.py``. It shows that the data travel with the package.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHOW = """
import json, pathlib, kerasdemo
package = pathlib.Path(kerasdemo.__file__).parent
print(json.dumps({"package": str(package), "digits": len(kerasdemo.load_digits())}))
"""


def build_wheel(folder: Path) -> Path:
    """Build the wheel from the checkout into a folder; needs no network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(
        [*command, "--directory", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (wheel,) = folder.glob("kerasdemo-*.whl")
    return wheel


def empty_venv(folder: Path) -> Path:
    """Make a virtual environment without any package; return its Python."""
    venv.create(folder, with_pip=False)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def clean_environment(**variables: str) -> dict[str, str]:
    """Copy the environment without what would let the checkout be found."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return {**kept, "PIP_USER": "0", **variables}


def install_alone(wheel: Path, python: Path) -> dict[str, str]:
    """Install the wheel without network; its dependencies are lent by this environment.

    Returns the environment variables that make JupyterLab's extensions of this environment seen.
    """
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    options = ["--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *options], check=True, env=clean_environment())
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    utf8 = [python, "-X", "utf8", "-c", ask]  # a folder's name may hold any letter
    inside = subprocess.run(utf8, check=True, capture_output=True, encoding="utf-8")
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # A .pth file in a folder that is itself named by a .pth file is not read, so the checkout's
    # editable install doesn't come along.
    Path(inside.stdout.strip(), "lent.pth").write_text("\n".join(sorted(lent)), encoding="utf-8")
    return clean_environment(JUPYTER_PATH=str(Path(sys.prefix, "share", "jupyter")))


def install_whole(wheel: Path, python: Path) -> dict[str, str]:
    """Install the wheel with all that it asks for, from the package index."""
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
    if subprocess.run([*uv, str(wheel)], env=clean_environment()).returncode:
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        subprocess.run([*pip, str(wheel)], check=True, env=clean_environment())
    return clean_environment()


def ask_installed(python: Path, folder: Path, env: dict[str, str]) -> dict[str, Any]:
    """Run the installed kit from another folder; return where it lies and what it answers."""
    run = {"cwd": folder, "env": env, "capture_output": True, "encoding": "utf-8"}
    where = subprocess.run([str(python), "-c", SHOW], check=True, **run)
    answer = subprocess.run([str(python), "-m", "kerasdemo", "--json"], **run)
    lessons = [str(python), "-m", "kerasdemo", "lessons"]
    listed = subprocess.run([*lessons, "--json"], check=True, **run)
    subprocess.run([*lessons, "--copy", "lessons to work in"], check=True, **run)
    return {
        **json.loads(where.stdout),
        "lessons": {
            "listed": json.loads(listed.stdout),
            "copied": sorted(path.name for path in (folder / "lessons to work in").iterdir()),
        },
        "status": answer.returncode,
        "answer": json.loads(answer.stdout) if answer.stdout else answer.stderr,
    }


def try_wheel(folder: Path, *, whole: bool, wheel: Path | None = None) -> dict[str, Any]:
    """Install a wheel (built here if none is given; with or without its dependencies), run it."""
    wheel = wheel or build_wheel(folder)
    python = empty_venv(folder / "venv")
    env = install_whole(wheel, python) if whole else install_alone(wheel, python)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return {"wheel": wheel, **ask_installed(python, elsewhere, env)}


def main() -> int:
    """Try the wheel with all its dependencies and say how it went."""
    with tempfile.TemporaryDirectory() as folder:
        tried = try_wheel(Path(folder), whole=True)
        size = tried["wheel"].stat().st_size / 1e6
    lessons = len(tried["lessons"]["copied"])
    print(f"{tried['wheel'].name}, {size:.1f} MB: {tried['digits']} digits and {lessons} lessons;")
    print(f"python -m kerasdemo ended with status {tried['status']}")
    return int(tried["status"])


if __name__ == "__main__":
    sys.exit(main())
