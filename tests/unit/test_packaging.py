"""What is installed is what was written: the wheel, the extras, the files beside them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """Build the wheel and run it elsewhere, its dependencies lent by this environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tools"))
        from try_wheel import try_wheel
    folder = tmp_path_factory.mktemp("a wheel")
    return {"folder": folder, **try_wheel(folder, whole=False)}


def test_the_installed_kit_answers_from_another_folder(tried):
    assert Path(tried["package"]).is_relative_to(tried["folder"] / "venv")
    assert tried["status"] == 0, tried["answer"]
    assert tried["answer"]["setup"]["ok"] is True
    assert tried["answer"]["comparison"]["samples"] == 32
    assert tried["digits"] == 1797


def test_every_file_of_the_package_travels(tried):
    package = ROOT / "kerasdemo"
    ours = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"kerasdemo/data/digits.npz", "kerasdemo/py.typed"} <= set(ours)
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert len(lessons) >= 8
    for path in (ROOT / "notebooks").rglob("*"):  # the lessons, and what they show
        if path.is_file() and ".ipynb_checkpoints" not in path.parts:
            below = path.relative_to(ROOT).as_posix()
            ours[f"kerasdemo/{below}"] = path.read_bytes()
    with zipfile.ZipFile(tried["wheel"]) as wheel:
        names = [n for n in wheel.namelist() if ".dist-info/" not in n]
        assert {name: wheel.read(name) for name in names} == ours
        assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())


def test_the_installed_kit_has_the_lessons(tried):
    lessons = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    listed = tried["lessons"]["listed"]
    assert [Path(lesson["path"]).name for lesson in listed] == lessons
    for lesson in listed:
        assert Path(lesson["path"]).is_relative_to(tried["package"]), "and not the checkout's"
    assert tried["lessons"]["copied"] == sorted([*lessons, "glossary.md"])


def test_an_editable_install_leaves_the_lessons_where_they_are(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel:editable"]
    subprocess.run(
        [*command, "--directory", str(tmp_path)], cwd=ROOT, check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = [name for name in opened.namelist() if ".dist-info/" not in name]
        assert len(names) == 1
        assert opened.read(names[0]).decode().strip() == str(ROOT)


def test_importing_pulls_in_nothing_beyond_what_is_declared():
    """Every third-party import is a dependency of ours, by name; two folders have an extra each."""
    declared = {Requirement(r).name.lower() for r in PROJECT["dependencies"]}
    for extra in ("serving", "scale"):
        declared |= {Requirement(r).name.lower() for r in EXTRAS[extra]}
    imported = set()
    for path in (ROOT / "kerasdemo").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    outside = imported - set(sys.stdlib_module_names) - {"kerasdemo", "tomllib"}
    owners = metadata.packages_distributions()
    # ipywidgets stands on the first two; the others come with JupyterLab, and are asked for only
    # where it runs (notebook_files is loaded by the server itself; lessons --run says what to get)
    brought_along = {"IPython", "traitlets", "jupyter_core", "jupyter_server"}
    brought_along |= {"nbclient", "nbformat"}
    for name in outside - brought_along:
        names = {owner.lower() for owner in owners.get(name, [name])}
        assert names & declared, f"{name} is imported and not declared"


def test_science_packages_stay_out():
    """Keras imports them when they are merely there, and each kernel pays for it."""
    science = {"scipy", "pandas", "scikit-learn"}
    extras = {
        extra: {Requirement(r).name.lower() for r in required} & science
        for extra, required in EXTRAS.items()
    }
    assert extras.pop("scale") == {"pandas"}  # ray.data imports it
    assert not any(extras.values())
    assert not science & {Requirement(r).name.lower() for r in PROJECT["dependencies"]}


def test_the_test_extra_contains_the_lab():
    assert "kerasdemo[lab]" in EXTRAS["test"]


def test_conda_takes_its_packages_from_pyproject():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    items = re.findall(r"^\s*- (.+)$", text.split("dependencies:", 1)[1], re.M)
    python, pip, nested, editable = items
    assert python == "python" + PROJECT["requires-python"]
    assert (pip, nested) == ("pip", "pip:")
    (extra,) = re.fullmatch(r"--editable \.\[(\w+)\]", editable).groups()
    assert extra in EXTRAS


def test_citation_and_licence_agree_with_the_metadata():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert f"license: {PROJECT['license']}" in citation
    assert licence.startswith(f"{PROJECT['license']} License")
    for author in PROJECT["authors"]:
        assert author["name"] in citation
        assert author["name"] in licence
