"""Binder, Colab and conda: each file and link leads to something that exists."""

from __future__ import annotations

import importlib
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
HERE = "https://github.com/us/it"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(str(ROOT / "tools"))
    import make_links

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def paths_of(text: str) -> list[str]:
    """Return the part of each link to Binder or Colab that names a file of the repository."""
    binder = re.findall(
        r"https://mybinder\.org/v2/gh/[^/\s]+/[^/\s]+/main\?urlpath=lab/tree/([^)`\s]+)", text
    )
    colab = re.findall(
        r"https://colab\.research\.google\.com/github/[^/\s]+/[^/\s]+/blob/main/([^)`\s]+)", text
    )
    assert len(binder) + len(colab) == len(re.findall(r"https://(?:mybinder|colab)", text))
    return binder + colab


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a checkout with an address, and documents without links."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "notebooks").mkdir()
    for name in ("00_a.ipynb", "01_b.ipynb"):
        (tmp_path / "notebooks" / name).write_text("{}", encoding="utf-8")
    project = f'[project]\n[project.urls]\nRepository = "{HERE}/"\n'
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    block = "x\n<!-- begin: make links -->\n<!-- end: make links -->\ny\n"
    (tmp_path / "docs" / "online.md").write_text(block, encoding="utf-8")
    versions = ("Unreleased]", "1.1.0] - 2026-02-03", "1.0.0] - 2026-01-02")
    log = "# C\n" + "".join(f"\n## [{version}\n" for version in versions)
    (tmp_path / "CHANGELOG.md").write_text(log, encoding="utf-8")
    return tmp_path


# --- links


def test_the_documents_links_are_those_of_the_stated_address(capsys):
    assert make_links.main(["--check"]) == 0, capsys.readouterr().err


def test_each_link_of_the_documents_leads_to_a_file():
    for path in (ROOT / "docs" / "online.md", ROOT / "README.md"):
        text = path.read_text(encoding="utf-8")
        assert all((ROOT / place).is_file() for place in paths_of(text)), path.name
    assert len(paths_of((ROOT / "docs" / "online.md").read_text(encoding="utf-8"))) >= 2


def test_every_lesson_has_a_link_to_both_sites():
    paths = paths_of(make_links.table(ROOT, "us/it"))
    assert sorted(paths) == sorted([f"notebooks/{name}" for name in LESSONS] * 2)
    assert all((ROOT / path).is_file() for path in paths)


def test_the_branch_is_the_one_that_is_published():
    text = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    assert f"branches: [{make_links.BRANCH}]" in text


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/us/it", "us/it"),
        ("https://github.com/us/it.git", "us/it"),
        ("git@github.com:us/it.git", "us/it"),
        ("ssh://git@github.com/us/it.v2", "us/it.v2"),
        ("https://gitlab.com/us/it", None),
        ("https://github.com/us", None),
        ("/srv/git/it", None),
        ("", None),
    ],
)
def test_an_address_on_github(address, name):
    assert make_links.on_github(address) == name


def test_links_are_written_once_and_checked(checkout, capsys):
    assert make_links.main(["--check"], checkout) == 1
    assert "make links" in capsys.readouterr().err
    assert make_links.main([], checkout) == 0
    assert capsys.readouterr().out == ""
    assert make_links.main(["--check"], checkout) == 0
    online = (checkout / "docs" / "online.md").read_text(encoding="utf-8")
    assert online.startswith("x\n<!-- begin")
    assert online.endswith("<!-- end: make links -->\ny\n")
    assert len(paths_of(online)) == 4
    written = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert written.splitlines()[-3:] == [
        f"[Unreleased]: {HERE}/compare/v1.1.0...HEAD",
        f"[1.1.0]: {HERE}/releases/tag/v1.1.0",
        f"[1.0.0]: {HERE}/releases/tag/v1.0.0",
    ]
    assert make_links.main([], checkout) == 0
    assert (checkout / "CHANGELOG.md").read_text(encoding="utf-8") == written


def test_without_an_address_it_says_how_to_state_one(checkout, capsys):
    (checkout / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    assert make_links.main([], checkout) == 0
    assert "[project.urls]" in capsys.readouterr().out
    online = (checkout / "docs" / "online.md").read_text(encoding="utf-8")
    assert "](" not in online, "no link that leads nowhere"
    assert "OWNER/NAME" in online
    subprocess.run(["git", "init", "--quiet", str(checkout)], check=True)
    add = ["git", "-C", str(checkout), "remote", "add", "origin", "git@github.com:us/it.git"]
    subprocess.run(add, check=True)
    assert make_links.main([], checkout) == 0
    assert len(paths_of(capsys.readouterr().out)) == 4, "the links of this clone"
    assert (checkout / "docs" / "online.md").read_text(encoding="utf-8") == online


# --- Binder


def requirements() -> list[str]:
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_binder_installs_this_checkout_and_the_lab_in_its_ranges():
    (editable,) = (line for line in requirements() if line.startswith("--editable"))
    extras = re.fullmatch(r"--editable \.\[([\w,]+)\]", editable)[1].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    lab = {
        Requirement(line).name: Requirement(line)
        for line in PROJECT["optional-dependencies"]["lab"]
    }
    others = [Requirement(line) for line in requirements() if line != editable]
    assert {each.name for each in others} == {"jupyterlab", "ipykernel"}
    assert all(each.specifier == lab[each.name].specifier for each in others)


def test_binders_python_is_one_of_ours():
    runtime = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    version = re.fullmatch(r"python-(3\.\d+)", runtime)[1]
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)


def test_binder_finds_nothing_that_goes_before_these_files():
    """repo2docker takes the first build pack that fits: a Dockerfile or a conda file would win."""
    names = {path.name for path in (ROOT / "binder").iterdir()}
    assert names == {"requirements.txt", "runtime.txt", "postBuild"}


@pytest.mark.skipif(os.name == "nt", reason="Binder runs Linux")
def test_binders_last_step_sets_jupyterlab_up(tmp_path):
    script = ROOT / "binder" / "postBuild"
    assert script.stat().st_mode & stat.S_IXUSR
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env python3\n")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "KERASDEMO"))}
    env = {**kept, "HOME": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, str(script)], env=env, capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All is well" in done.stdout
    folder = tmp_path / ".jupyter"
    server = json.loads((folder / "jupyter_server_config.json").read_text(encoding="utf-8"))
    for place in server["ServerApp"].values():
        module, name = place.rsplit(".", 1)
        assert hasattr(importlib.import_module(module), name)
    (settings,) = (folder / "lab" / "user-settings").rglob("*.jupyterlab-settings")
    assert json.loads(settings.read_text(encoding="utf-8"))["fetchNews"] == "false"


def test_binders_jupyterlab_is_that_of_make_lab(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from bootstrap import lab_command

    script = (ROOT / "binder" / "postBuild").read_text(encoding="utf-8")
    command = lab_command("python", "root")
    for name in ("contents_manager_class", "kernel_websocket_connection_class"):
        (option,) = (word for word in command if word.startswith(f"--ServerApp.{name}="))
        assert f'"{name}": "{option.split("=")[1]}"' in script


# --- conda


def test_condas_file_is_read_as_conda_reads_it():
    yaml = pytest.importorskip("yaml", reason="PyYAML reads it; it comes with JupyterLab")
    read = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert set(read) == {"name", "channels", "dependencies"}
    python, pip, by_pip = read["dependencies"]
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(PROJECT["requires-python"])
    assert pip == "pip"
    (line,) = by_pip["pip"]
    assert re.fullmatch(r"--editable \.\[(\w+)\]", line)[1] in PROJECT["optional-dependencies"]
