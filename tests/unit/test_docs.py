"""The docstrings say in which lesson a name is introduced, and the notebooks agree."""

import ast
import json
import re
from pathlib import Path

import pytest

import kerasdemo as kd

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb"))
PLACE = re.compile(r"Introduced\s+in\s+lesson\s+(\d\d)\.")


def used_names(code):
    """Return the names of the front door that some code uses, however it imports them."""
    tree = ast.parse(re.sub(r"^\s*[%!].*$", "", code, flags=re.M))
    doors, names = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            doors |= {a.asname or a.name for a in node.names if a.name == "kerasdemo"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kerasdemo"):
            names |= {alias.name for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names |= {node.attr} if node.value.id in doors else set()
    return names & set(kd.__all__)


def code_of(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def first_lessons():
    """Return name -> number of the first lesson whose code uses it."""
    first = {}
    for path in NOTEBOOKS:
        for name in used_names(code_of(path)):
            first.setdefault(name, path.name[:2])
    return first


FIRST = first_lessons()


def test_names_are_found_however_they_are_imported():
    code = "%time 1\nimport kerasdemo as k, os\nfrom kerasdemo.methods import run\nk.ask(os.run)"
    assert used_names(code) == {"ask", "run"}
    assert used_names("import kerasdemo\nkerasdemo.check\nother.reveal") == {"check"}
    assert used_names("# kd.ask\nx = 'kd.ask'") == set()


def test_the_lessons_use_the_front_door():
    assert {"load_digits", "load_classifier", "predict_first"} <= FIRST.keys()


@pytest.mark.parametrize("name", sorted(FIRST))
def test_a_docstring_names_the_first_lesson_that_uses_it(name):
    assert PLACE.findall(getattr(kd, name).__doc__) == [FIRST[name]]
