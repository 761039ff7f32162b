"""Resolve every dependency into the two files of exact versions below `.ci/`.

``constraints.txt`` holds the newest versions that `pyproject.toml` allows, and
``constraints-oldest.txt`` the oldest of each direct dependency, with the newest of what these bring
along. Both hold for all supported Pythons, by markers, and neither names a registry.

`make constraints` calls this; it needs uv, which that job's virtual environment has.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from pip_or_uv import index_settings
from pythons import clean_environment, dotted, supported

ROOT = Path(__file__).resolve().parent.parent
NEWEST = Path(".ci") / "constraints.txt"
OLDEST = Path(".ci") / "constraints-oldest.txt"
# No dependencies of ours: the installer, what hatchling needs for an editable install, and the
# package that the digits are remade from.
BESIDE = ("uv", "editables", "scikit-learn")


def compile_versions(into: Path, *options: str, beside: tuple[str, ...] = ()) -> None:
    """Let uv resolve `pyproject.toml` and the packages `beside` for all Pythons, by `options`.

    Raises
    ------
    subprocess.CalledProcessError
        When uv finds no versions that go together; it has said why.
    """
    low, _ = supported(str(ROOT))
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "-"]
    command += ["--extra", "test", "--universal", "--python-version", dotted(low), "--upgrade"]
    command += ["--no-emit-index-url", "--no-header", "--no-annotate", "--quiet", *options]
    command += ["--output-file", into.as_posix()]
    env = index_settings(sys.executable, clean_environment(sys.prefix))
    text = "".join(f"{name}\n" for name in beside)
    subprocess.run(command, input=text.encode(), env=env, cwd=ROOT, check=True)


def name_of(line: str) -> str:
    """Read the package's name from one line of a file of versions.

    >>> name_of("numpy==2.2.6 ; python_full_version < '3.11'")
    'numpy'
    """
    return re.split(r"[=\s]", line, maxsplit=1)[0]


def main() -> int:
    """Remake both files; the status is that of uv."""
    try:
        compile_versions(NEWEST, beside=BESIDE)
        # A version that would have to be compiled is none that a student can install: wheels only.
        compile_versions(OLDEST, "--resolution", "lowest-direct", "--only-binary", ":all:")
    except subprocess.CalledProcessError as error:
        return error.returncode
    lines = (ROOT / NEWEST).read_text(encoding="utf-8").splitlines()
    taken = [line for line in lines if name_of(line) in BESIDE]
    lines = [*(ROOT / OLDEST).read_text(encoding="utf-8").splitlines(), *taken]
    text = "\n".join(sorted(lines, key=name_of)) + "\n"  # stable: markers stay in their order
    (ROOT / OLDEST).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
