"""Ask the package registry which of the exact versions below `.ci/` have known vulnerabilities.

`make audit` calls this. It needs the network: uv fetches pip-audit into a place of its own, and
pip-audit asks the registry about each version. One in ``constraints.txt``, the newest versions
allowed, fails the job; those in ``constraints-oldest.txt`` are listed, to tell which lower bound
should be raised. What could not be asked fails too, and is never taken for clean.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from make_constraints import NEWEST, OLDEST, ROOT, name_of
from pip_or_uv import index_settings
from pythons import clean_environment

AUDIT = ("uv", "tool", "run", "--quiet", "--from", "pip-audit>=2.9,<3", "pip-audit")
# Each line is exact; `--strict`: what the registry does not know is an error.
OPTIONS = ("--no-deps", "--disable-pip", "--strict", "--progress-spinner=off", "--format=json")


class NotAudited(Exception):
    """Some version could not be asked about; the text is what pip-audit said."""


def sheets(lines: Iterable[str]) -> list[list[str]]:
    """Deal lines out so that no sheet has a package twice, which pip-audit would refuse.

    The markers go: each version is asked about, whichever Python takes it.

    >>> sheets(["a==1 ; python_full_version < '3.11'", "a==2", "b==3"])
    [['a==1', 'b==3'], ['a==2']]
    """
    seen: Counter[str] = Counter()
    dealt: list[list[str]] = []
    for line in lines:
        name = name_of(line)
        if seen[name] == len(dealt):
            dealt.append([])
        dealt[seen[name]].append(line.split(" ;")[0].strip())
        seen[name] += 1
    return dealt


def audit(sheet: list[str]) -> list[str]:
    """Ask about one sheet; return a line for each known vulnerability.

    Raises
    ------
    NotAudited
        When the registry knows nothing of a version, or cannot be reached.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("\n".join(sheet) + "\n", encoding="utf-8")
        env = index_settings(sys.executable, clean_environment(sys.prefix))
        command = [sys.executable, "-m", *AUDIT, "--requirement", str(file), *OPTIONS]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", env=env)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise NotAudited(said[-1]) from None
    asked = {f"{package['name']}=={package['version']}" for package in packages}
    if missing := set(sheet) - asked:
        raise NotAudited(f"no answer about {', '.join(sorted(missing))}")
    return [
        f"{package['name']} {package['version']}: {found['id']}, "
        f"mended in {', '.join(found['fix_versions']) or 'no version yet'}"
        for package in packages
        for found in package["vulns"]
    ]


def main() -> int:
    """Audit both files; 1 when a newest version is vulnerable, or when anything was not asked."""
    status = 0
    for path in (NEWEST, OLDEST):
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        try:
            found = [line for sheet in sheets(lines) for line in audit(sheet)]
        except NotAudited as error:
            print(f"{path}: not audited. {error}")
            status = 1
            continue
        counts = f"{len(lines)} versions, {len(found)} known vulnerabilities"
        print(f"{path}: {counts}", *found, sep="\n")
        if found and path == NEWEST:
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
