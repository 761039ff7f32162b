"""The exact versions in `.ci/`, the ranges of pyproject.toml and the Pythons tell one story."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GROUPS = (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
DIRECT = [Requirement(line) for group in GROUPS for line in group if "kerasdemo[" not in line]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
FILES = ("constraints.txt", "constraints-oldest.txt")
WORKFLOW = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")


def lines_of(file: str) -> list[str]:
    return (ROOT / ".ci" / file).read_text(encoding="utf-8").splitlines()


def holds(requirement: Requirement, python: str) -> bool:
    """Tell whether a requirement's marker holds on Linux with one Python."""
    place = {"python_version": python, "python_full_version": f"{python}.9"}
    place |= {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"}
    return requirement.marker is None or requirement.marker.evaluate(place)


def exact_versions(file: str, python: str) -> dict[str, Version]:
    """Read name -> version from the lines of a file that hold on one Python."""
    versions = {}
    for line in lines_of(file):
        pin = Requirement(line)
        (exact,) = pin.specifier
        assert exact.operator == "==", line
        if holds(pin, python):
            assert pin.name not in versions, f"{pin.name} has two versions on Python {python}"
            versions[pin.name] = Version(exact.version)
    return versions


def stated_bound(requirement: Requirement) -> Version:
    """Return the one lower bound that a requirement states."""
    (bound,) = [part.version for part in requirement.specifier if part.operator == ">="]
    return Version(bound)


@pytest.mark.parametrize("file", FILES)
def test_no_file_names_a_registry_or_an_option(file):
    assert not [line for line in lines_of(file) if "://" in line or line.startswith("-")]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("file", FILES)
def test_each_direct_dependency_has_a_version_in_its_range(file, python):
    """If not: make constraints."""
    versions = exact_versions(file, python)
    for want in DIRECT:
        if not holds(want, python):
            continue
        assert want.name in versions, f"{want.name} has no exact version on Python {python}"
        assert want.specifier.contains(versions[want.name]), f"{want}: {versions[want.name]}"


@pytest.mark.parametrize("python", PYTHONS)
def test_the_oldest_versions_are_the_stated_lower_bounds(python):
    """A bound below what is resolved is one that nobody has tried: raise it."""
    versions = exact_versions("constraints-oldest.txt", python)
    wrong = {
        str(want): str(versions[want.name])
        for want in DIRECT
        if holds(want, python) and versions[want.name] != stated_bound(want)
    }
    assert wrong == {}


@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_no_dependency_of_ours_is_alike_in_both_files(python):
    """The installer, what an editable install needs, and what the digits are remade from."""
    newest, oldest = (exact_versions(file, python) for file in FILES)
    for name in ("uv", "editables", "scikit-learn"):
        assert newest[name] == oldest[name]


def test_workflow_and_metadata_name_the_same_pythons():
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    assert tuple(f"3.{minor}" for minor in range(int(low), int(high))) == PYTHONS
    (matrix,) = re.findall(r"^ +python: \[(.+)\]$", WORKFLOW, re.M)
    assert re.findall(r'"(3\.\d+)"', matrix) == list(PYTHONS)
    told = [line.rsplit(" ", 1)[1] for line in PROJECT["classifiers"] if ":: Python :: 3." in line]
    assert told == list(PYTHONS)
    assert "contents: read" in WORKFLOW


def test_the_workflow_runs_both_files():
    """The newest with each Python, the oldest with the oldest."""
    matrix = WORKFLOW.split("matrix:", 1)[1].split("steps:", 1)[0]
    assert re.search(r"^ +constraints: \[\.ci/constraints\.txt\]$", matrix, re.M)
    include = matrix.split("include:", 1)[1].split()
    assert include == ["-", "python:", '"3.10"', "constraints:", ".ci/constraints-oldest.txt"]
    assert re.search(r"CONSTRAINTS: \$\{\{.*matrix\.constraints", WORKFLOW)


# ---------------------------------------------------------------- make constraints, make audit


@pytest.fixture
def tool(monkeypatch):
    """Import a script of tools/ by name, afresh, as `make` runs it."""

    def load(name: str) -> ModuleType:
        monkeypatch.syspath_prepend(str(ROOT / "tools"))
        for other in ("audit", "make_constraints", "pip_or_uv", "pythons"):
            monkeypatch.delitem(sys.modules, other, raising=False)
        return importlib.import_module(name)

    return load


def test_the_oldest_file_takes_the_installer_from_the_newest(tool, monkeypatch, tmp_path):
    make = tool("make_constraints")
    monkeypatch.setattr(make, "ROOT", tmp_path)
    (tmp_path / ".ci").mkdir()
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    asked = []
    taken = ["scikit-learn==1 ; python_version < '3.11'", "scikit-learn==2 ; x", "uv==9"]

    def resolve(command, *, input, cwd, check, env):
        asked.append((command, input))
        found = [*taken, "zipp==2"] if input else ["keras==2", "zipp==1"]
        (cwd / command[-1]).write_text("\n".join(found) + "\n", encoding="utf-8")

    monkeypatch.setattr(make, "index_settings", lambda python, env: env)
    monkeypatch.setattr(make.subprocess, "run", resolve)
    assert make.main() == 0
    newest, oldest = asked
    assert newest[1] == b"uv\neditables\nscikit-learn\n"
    assert oldest[1] == b""
    assert "lowest-direct" in oldest[0]
    assert "lowest-direct" not in newest[0]
    text = (tmp_path / ".ci" / "constraints-oldest.txt").read_text(encoding="utf-8")
    assert text.splitlines() == ["keras==2", *taken, "zipp==1"]


def test_a_resolution_that_fails_leaves_its_status(tool, monkeypatch):
    make = tool("make_constraints")

    def fail(command, **options):
        raise subprocess.CalledProcessError(2, command)

    monkeypatch.setattr(make, "index_settings", lambda python, env: env)
    monkeypatch.setattr(make.subprocess, "run", fail)
    before = lines_of("constraints-oldest.txt")
    assert make.main() == 2
    assert lines_of("constraints-oldest.txt") == before


@pytest.fixture
def audit(tool, monkeypatch, tmp_path):
    """Load the audit over two small files; a stand-in for pip-audit answers from `vulnerable`."""
    module = tool("audit")
    (tmp_path / ".ci").mkdir()
    (tmp_path / module.NEWEST).write_text("keras==3 ; a\nkeras==4 ; b\nuv==1\n", encoding="utf-8")
    (tmp_path / module.OLDEST).write_text("keras==2\nuv==1\n", encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "index_settings", lambda python, env: env)
    vulnerable: dict[str, str] = {}

    def answer(command, **options):
        assert "--strict" in command  # without it, pip-audit passes what it could not ask about
        lines = Path(command[command.index("--requirement") + 1]).read_text(encoding="utf-8")
        packages = []
        for line in lines.split():
            name, version = line.split("==")
            known = [{"id": vulnerable[line], "fix_versions": ["9"]}] if line in vulnerable else []
            packages.append({"name": name, "version": version, "vulns": known})
        text = json.dumps({"dependencies": packages})
        return subprocess.CompletedProcess(command, 0, text, "")

    monkeypatch.setattr(module.subprocess, "run", answer)
    module.vulnerable = vulnerable
    return module


def test_a_clean_audit_passes(audit, capsys):
    assert audit.main() == 0
    said = capsys.readouterr().out
    assert "constraints.txt: 3 versions, 0 known vulnerabilities" in said
    assert "constraints-oldest.txt: 2 versions, 0 known vulnerabilities" in said


def test_old_versions_are_told_and_new_ones_fail(audit, capsys):
    audit.vulnerable["keras==2"] = "PYSEC-1"
    assert audit.main() == 0
    assert "keras 2: PYSEC-1, mended in 9" in capsys.readouterr().out
    audit.vulnerable["keras==4"] = "PYSEC-2"  # on its second sheet
    assert audit.main() == 1
    assert "keras 4: PYSEC-2, mended in 9" in capsys.readouterr().out


def test_silence_is_never_taken_for_clean(audit, monkeypatch, capsys):
    def unknown(command, **options):
        return subprocess.CompletedProcess(command, 1, "", "ERROR: keras: not found on PyPI")

    monkeypatch.setattr(audit.subprocess, "run", unknown)
    assert audit.main() == 1
    assert capsys.readouterr().out.count("not audited. ERROR: keras: not found on PyPI") == 2

    def forgetful(command, **options):
        return subprocess.CompletedProcess(command, 0, json.dumps({"dependencies": []}), "")

    monkeypatch.setattr(audit.subprocess, "run", forgetful)
    assert audit.main() == 1
    assert "no answer about keras==3, uv==1" in capsys.readouterr().out
