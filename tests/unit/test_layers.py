"""The house: what may import what, what import costs, and how long a module may be."""

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import kerasdemo

PACKAGE = Path(kerasdemo.__file__).parent
ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(PACKAGE.rglob("*.py"))

# Each row may import from the rows above it, and from its own.
LAYERS = [
    {"view"},
    {
        "_backend",
        "_callable_module",
        "_hushed",
        "_installing",
        "_progress",
        "error_lines",
        "preprocess",
        "saving",
    },
    {"sources", "handwriting", "notebook_files", "prompt_messages", "memory", "fruit", "attempts"},
    {"digits", "inputs", "prediction", "curves"},
    {"augment", "methods", "agreement"},
    {"classifier", "spy", "streaming", "scaling"},
    {"inspections", "timing", "retracing", "serving"},
    {"costs", "payback", "scale", "own_ray"},
    {"sweeping"},
    {"comparison", "calls", "preflight", "trials"},
    {"asking", "checks", "evidence", "lesson_files", "odd_inputs"},
    {"quiz", "scores", "tallying", "doctor", "claims", "edge_cases", "lessons", "capstone"},
    {"worker"},
    {"widgets"},
    {"__init__", "_arguments", "_terminal", "__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
HEAVY = {"tensorflow", "keras", "matplotlib", "ipywidgets", "anywidget", "tqdm", "PIL"}
HEAVY |= {"grpc", "tensorflow_serving", "ray", "pyarrow", "pandas"}


def part(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(tree):
    """Yield the parts of kerasdemo that a module imports, at its top or within its functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "kerasdemo":
            below = (node.module or "").split(".")[1:]
            yield from [below[0]] if below else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("kerasdemo."))


def upward(path, source):
    level = LEVEL[part(path)]
    return {name for name in imports(ast.parse(source)) if LEVEL.get(name, -1) > level}


def test_every_module_has_its_place():
    assert {part(path) for path in MODULES} <= set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_runs_back_up(path):
    assert upward(path, path.read_text(encoding="utf-8")) == set()


def test_an_import_that_runs_back_up_is_seen():
    source = "def f():\n    from kerasdemo.comparison import compare\n"
    assert upward(PACKAGE / "digits.py", source) == {"comparison"}
    assert upward(PACKAGE / "view" / "table.py", "import kerasdemo.digits") == {"digits"}


def wanted(tree, known):
    """Name the modules that one imports, at its top or within its functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            names = [alias.name for alias in node.names if alias.name != "__version__"]
            inner = (f"{node.module}.{name}" for name in names)
            yield from (name if name in known else node.module for name in inner)


def circle(sources):
    """Find modules that import each other in a circle; `sources` has the text of each."""
    graph = {name: {*wanted(ast.parse(text), sources)} - {name} for name, text in sources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_modules_import_each_other_in_a_circle():
    sources = {}
    for path in MODULES:
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        sources[name.removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    assert len(sources) > 200
    assert circle(sources) == []


def test_a_circle_is_seen():
    ring = {"k.a": "import k.b", "k.b": "def f():\n    from k import c", "k.c": "from k.a import x"}
    assert set(circle({"k": "", **ring})) == {"k.a", "k.b", "k.c"}
    assert circle({"k": "", **ring, "k.c": "import os"}) == []


ALL = [p for folder in ("kerasdemo", "hub", "tools") for p in sorted((ROOT / folder).rglob("*.py"))]


def test_no_two_scripts_have_one_name():
    """They import each other by name, and one process may see both folders."""
    names = [path.stem for folder in ("hub", "tools") for path in (ROOT / folder).glob("*.py")]
    assert sorted(names) == sorted(set(names))


def too_long(text):
    """Say whether a module is longer than a few screens, and its docstring gives no reason."""
    docstring = ast.get_docstring(ast.parse(text)) or ""
    return len(text.splitlines()) > 250 and not re.search(r"\b[Ii]n one file\b", docstring)


@pytest.mark.parametrize("path", ALL, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_module_fits_on_a_few_screens(path):
    assert not too_long(path.read_text(encoding="utf-8"))


def test_a_long_module_needs_a_reason():
    assert too_long('"""Doc."""\n' * 251)
    assert not too_long('"""Doc."""\n' * 250)
    assert not too_long('"""All in one file, because it is copied alone."""\n' * 251)


DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
ROWS = DESIGN.split("## The house")[1].split("###")[0]


def test_the_design_gives_each_module_one_place():
    cells = [line.split("|")[2] for line in ROWS.splitlines() if line.startswith("|")]
    named = re.findall(r"`(\w+)/?`", "".join(cells))
    assert sorted(named) == sorted(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_keras_comes_through_the_quiet_door(path):
    """Only ``_backend`` imports Keras or TensorFlow: anywhere else the start-up noise comes too."""
    if part(path) == "_backend":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name) or ""
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert {name.split(".")[0] for name in named}.isdisjoint({"keras", "tensorflow"})


OTHERS = ("-W", "ignore:Deprecated in traitlets 4.1")  # anywidget 0.9.18 with ipywidgets 8.1


def loaded_after(code):
    script = f"import sys\n{code}\nprint(*sorted(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", *OTHERS, "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_front_door_is_light():
    loaded = loaded_after("import kerasdemo; dir(kerasdemo)")
    assert "kerasdemo" in loaded
    assert loaded.isdisjoint(HEAVY | {"numpy"})


def test_the_digits_need_no_tensorflow():
    loaded = loaded_after("import kerasdemo as kd; kd.load_digits()[[5, 38]].images.shape")
    assert loaded.isdisjoint(HEAVY)


def test_the_shipped_probabilities_need_no_tensorflow():
    loaded = loaded_after("import kerasdemo as kd; kd.load_probabilities()")
    assert loaded.isdisjoint({"tensorflow", "keras", "matplotlib"})


def test_the_widgets_need_no_tensorflow():
    code = "import kerasdemo as kd; kd.SampleChooser(kd.load_digits(), kd.load_probabilities())"
    loaded = loaded_after(code)
    assert loaded.isdisjoint({"tensorflow", "keras", "matplotlib"})


@pytest.mark.parametrize("name", kerasdemo.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(kerasdemo, name)
    if name not in ("__version__", "METHODS"):
        assert (value.__doc__ or "").strip()
    assert name in dir(kerasdemo)


def test_editors_are_told_the_same_names_as_python():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    told = {
        alias.name: node.module.removeprefix("kerasdemo.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kerasdemo.")
        for alias in node.names
    }
    assert told == kerasdemo._HOME


def test_a_name_that_is_not_there_lists_those_that_are():
    with pytest.raises(AttributeError, match="load_digits"):
        _ = kerasdemo.load_digit
