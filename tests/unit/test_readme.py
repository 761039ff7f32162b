"""The README says what its commands print; every command in it runs; no figure is typed by hand.

What takes minutes is named in `ELSEWHERE`, with the test that runs it.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.util
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasdemo.__main__ import main
from kerasdemo.evidence.known import known_claims

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = ("README.md", "docs/claims.md", "docs/digits.md", "docs/programs.md")
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in WRITTEN}
README = TEXTS["README.md"]
MOST_LINES = 249
ORDER = """
    Start, Four lines, Lessons, Often said, For teachers, For those who run a hub, Accessibility,
    How it is tested, Limits, Licence
"""


def load(name):
    path = ROOT / "tools" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_of_readme", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_readme = load("make_readme")
make_pictures = load("make_pictures")
measure_disk = load("measure_disk")
BLOCKS = [(page, m) for page in make_readme.PAGES for m in make_readme.BLOCK.finditer(TEXTS[page])]
QUICK = [block for _, block in BLOCKS if block["command"] != make_readme.LEDGER]


def block_of(page, view):
    """Return what stands in a page's block of one view."""
    (body,) = (m["body"] for where, m in BLOCKS if where == page and m["view"] == view)
    return body


def rows_of(body):
    """Return the rows of a table of claims: what is said -> (verdict, what was seen, lesson)."""
    lines = [line for line in body.splitlines() if " | **" in line]
    cells = [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in lines]
    return {says: (verdict.strip("*"), seen, lesson) for says, verdict, seen, lesson in cells}


# ---------------------------------------------------------------- the whole


def test_it_is_short_and_in_order():
    assert len(README.splitlines()) <= MOST_LINES
    heads = re.findall(r"^## (.+)$", README, re.M)
    wanted = [" ".join(name.split()) for name in ORDER.split(",")]
    assert [head[: len(name)] for head, name in zip(heads, wanted, strict=True)] == wanted


@pytest.mark.parametrize("page", WRITTEN)
def test_each_link_leads_to_a_place(page):
    targets = re.findall(r"\]\(([^):]+)\)|(?:src|srcset)=\"([^\"]+)\"", TEXTS[page])
    assert targets or page == "docs/digits.md"
    for target in (one or other for one, other in targets):
        file, _, anchor = target.partition("#")
        path = (ROOT / page).parent / file
        assert path.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
            assert anchor in [re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads]


class SameButRounding(doctest.OutputChecker):
    """Takes any rounding in the line that tells of it: it is the processor's."""

    def check_output(self, want, got, optionflags):
        want, got = (re.sub(r"(?m)^(farthest from predict) .*$", r"\1", t) for t in (want, got))
        return super().check_output(want, got, optionflags)


@pytest.mark.parametrize("page", ["README.md", "docs/programs.md"])
def test_the_examples_are_real(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = doctest.DocTestParser().get_doctest(TEXTS[page], {}, page, page, 0)
    failed, tried = doctest.DocTestRunner(checker=SameButRounding()).run(examples)
    assert tried >= 4
    assert failed == 0


def test_an_example_may_differ_in_rounding_and_nothing_else():
    one = "farthest from predict   0  0\nreturns  a\n"
    assert SameButRounding().check_output(one, one.replace("0  0", "0  2e-07"), 0)
    assert not SameButRounding().check_output(one, one.replace("returns  a", "returns  b"), 0)


def test_the_layers_are_those_of_make_test():
    runner = load("run_tests")
    table = README.split("## How it is tested")[1].split("\n## ")[0]
    assert re.findall(r"^\| (\w+) \|", table, re.M)[1:] == list_as_shown(runner.LAYERS)


def list_as_shown(layers):
    """Return the layers in the order of the table: nbval runs beside the browser's."""
    names = [name for name in layers if name != "nbval"]
    names.insert(names.index("browser") + 1, "nbval")
    return names


# ---------------------------------------------------------------- the picture


def picture(theme):
    return make_pictures.FOLDER / f"explorer_{theme}.png"


def pixels(theme):
    from PIL import Image

    return Image.open(io.BytesIO(picture(theme).read_bytes()))


def test_the_picture_is_there_in_both_themes_with_words():
    dark, light = re.findall(r'(?:srcset|src)="(.+?)"', README)
    assert [dark, light] == [f"docs/images/explorer_{theme}.png" for theme in ("dark", "light")]
    (alt,) = re.findall(r'alt="([^"]+)"', README)
    for said in ("bars", "table", *("predict_step", "EagerTensor", "handwritten 1")):
        assert said in alt
    assert pixels("light").size == pixels("dark").size
    width = make_pictures.SCALE * (make_pictures.WIDTH - 2 * make_pictures.EDGE)
    for theme, paper in (("light", 200), ("dark", 80)):
        assert picture(theme).stat().st_size < 150_000
        assert pixels(theme).width == width
        grey = np.median(np.asarray(pixels(theme).convert("L")))  # most of it is paper
        assert (grey > paper) if theme == "light" else (grey < paper)


def test_a_picture_that_is_too_large_is_refused():
    from PIL import Image

    def png(image):
        file = io.BytesIO()
        image.save(file, "PNG")
        return file.getvalue()

    plain = make_pictures.small(png(Image.new("RGB", (900, 900), "white")))
    assert Image.open(io.BytesIO(plain)).size == (900, 900)
    with pytest.raises(ValueError, match="more than 150,000"):
        make_pictures.small(png(Image.effect_noise((900, 900), 100)))


def test_without_a_browser_it_says_what_to_get(tmp_path, monkeypatch, capsys):
    def none():
        raise FileNotFoundError("There is no Chromium. On Debian: apt-get install chromium")

    monkeypatch.setattr(make_pictures, "pictures", none)
    assert make_pictures.main(["--folder", str(tmp_path)]) == 1
    assert "apt-get install chromium" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the blocks


@pytest.mark.parametrize("match", QUICK, ids=lambda match: match["command"])
def test_each_block_is_what_its_command_prints(match):
    assert make_readme.settled(make_readme.filled(match[0])) == make_readme.settled(match[0])


def test_there_are_blocks():
    assert len(QUICK) == 3
    ledger = [(page, m["view"]) for page, m in BLOCKS if m["command"] == make_readme.LEDGER]
    assert ledger == [("README.md", "headlines"), ("docs/claims.md", "ledger")]


def test_both_tables_of_claims_are_of_one_run():
    """Their verdicts are looked at in test_claims.py."""
    short, whole = block_of("README.md", "headlines"), block_of("docs/claims.md", "ledger")
    claims, rows = known_claims(), rows_of(whole)
    few = rows_of(short)
    assert list(few) == [claims[id].says for id in make_readme.HEADLINES]
    assert few.items() <= rows.items()
    heads, _, *tally = short.strip().split("\n\n")[-1].splitlines()
    came = heads.strip("| ").split(" | ")[1:]
    titles = list(dict.fromkeys(claim.title for claim in claims.values()))
    for line, title in zip(tally, titles, strict=True):
        name, *numbers = line.strip("| ").split(" | ")
        found = [rows[claim.says][0] for claim in claims.values() if claim.title == title]
        assert (name, list(map(int, numbers))) == (title, [found.count(one) for one in came])
        assert sum(map(int, numbers)) == len(found)
    assert short.splitlines()[0] in whole, "the sum of all"


def ledger_of(ids, verdict="holds"):
    """Return what ``claims --json`` prints of some claims, with a made-up verdict."""
    from dataclasses import asdict

    claims = [{**asdict(known_claims()[id]), "verdict": verdict, "evidence": "a|b"} for id in ids]
    return {"versions": {"keras": "3"}, "counts": {verdict: len(ids)}, "claims": claims}


def test_the_views_of_a_ledger():
    ids = (*make_readme.HEADLINES, "stacked-shape")
    short = make_readme.as_headlines(ledger_of(ids))
    assert short.startswith("11 claims: 11 hold.\n")
    assert len(rows_of(short)) == len(make_readme.HEADLINES)
    assert "a\\|b" in short
    assert "| all claims about | holds |" in short
    assert "| What may go in | 2 |" in short
    whole = make_readme.as_ledger(ledger_of(ids))
    assert len(rows_of(whole)) == len(ids)
    assert whole.startswith("Measured with keras 3.\n")


def test_a_lesson_that_was_never_measured_has_no_seconds():
    lesson = {"number": "03", "title": "T", "shows": "x|y", "minutes": 20, "path": "a/03_t.ipynb"}
    table = make_readme.as_lessons([{**lesson, "run_seconds": None}, {**lesson, "run_seconds": 7}])
    assert "| 03 | [T](notebooks/03_t.ipynb) | x\\|y | 20 | not measured |" in table
    assert table.splitlines()[-1] == "|  | all |  | 40 | 7 s |"


def test_what_was_measured_may_differ_and_nothing_else():
    one = "| It is so. | **holds** | seen 1 | 03 |\nOn this disk: 2.6 GB\nreturns  EagerTensor"
    assert make_readme.settled(one) == make_readme.settled(one.replace("seen 1", "2 \\| 3"))
    assert make_readme.settled(one) == make_readme.settled(one.replace("2.6", "3.1"))
    for old, new in (("holds", "false"), ("03", "04"), ("Eager", "Ragged"), ("disk", "desk")):
        assert make_readme.settled(one) != make_readme.settled(one.replace(old, new))


def test_a_block_is_fenced_or_a_table_or_kept(monkeypatch):
    monkeypatch.setattr(make_readme, "output_of", lambda command: '{"a": 1}\n')
    monkeypatch.setitem(make_readme.VIEWS, "told", lambda data: f"told {data['a']}")
    plain = "<!-- begin: python x -->\n<!-- end: python x -->"
    assert "\n```text\n{" in make_readme.filled(plain)
    viewed = "<!-- begin: python x; as told -->\nold\n<!-- end: python x -->"
    assert make_readme.filled(viewed) == viewed.replace("\nold", "\ntold 1")
    assert make_readme.filled(viewed, keep=["python x"]) == viewed


def test_the_examples_in_the_tools_hold():
    for tool in (make_readme, make_pictures, measure_disk):
        assert doctest.testmod(tool).failed == 0


def test_only_python_commands_are_run():
    with pytest.raises(ValueError, match="python commands"):
        make_readme.output_of("rm -rf .")


def test_an_old_page_is_told_and_not_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_readme, "ROOT", tmp_path)
    monkeypatch.setattr(make_readme, "PAGES", ("page.md",))
    monkeypatch.setattr(make_readme, "output_of", lambda command: "new")
    page = tmp_path / "page.md"
    old = "<!-- begin: python x -->\nold\n<!-- end: python x -->\n"
    page.write_text(old, encoding="utf-8")
    assert make_readme.main(["--check"]) == 1
    assert "Old: page.md" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == old
    assert make_readme.main([]) == 0
    assert make_readme.main(["--check"]) == 0


def test_disk_is_what_the_packages_list_as_theirs():
    found = measure_disk.needed()
    assert {"kerasdemo", "tensorflow", "keras", "jupyterlab", "numpy"} <= set(found)
    assert "pytest" not in measure_disk.needed("numpy")
    size = measure_disk.bytes_of(found["packaging"])
    folder = Path(importlib.import_module("packaging").__file__).parent
    assert size >= sum(path.stat().st_size for path in folder.glob("*.py"))


# ---------------------------------------------------------------- the commands

PROGRAMS = ("python", "python3", "make", "git", "conda", "pip", "docker", "helm", "npm")
UNIT = "tests/unit/test_"
LAB = UNIT + "bootstrap.py::test_only_a_set_up_from_nothing_leaves_its_seconds"
HAND_OVER = UNIT + "bootstrap.py::test_make_hands_everything_on"
ELSEWHERE = {
    "make lab": LAB,
    "make test": LAB,
    "python3 tools/bootstrap.py lab": LAB,
    "python3 tools/bootstrap.py test": LAB,
    "make lab PORT=8890 BROWSER=none": HAND_OVER,
    "make lab PYTHON=python3.12": UNIT
    + "bootstrap.py::test_a_python_that_was_asked_for_is_not_replaced_silently",
    "make test ARGS=--long": UNIT + "bootstrap.py::test_long_tests_run_when_asked",
    "make pictures": "tests/browser/test_pictures.py::test_the_picture_can_be_made",
    "make notebooks": "tests/lessons/test_make_notebooks.py::test_outputs_and_counts_are_stored",
    "make wheels": UNIT + "wheels.py::test_the_job_makes_an_environment_with_uv_alone",
    "make site": UNIT + "site.py::test_a_site_is_whole",
    "make readme": UNIT + "readme.py::test_an_old_page_is_told_and_not_written",
    "make bench": UNIT + "bench_report.py::test_the_json_has_every_row_with_its_machine",
    "make bench ARGS=peers": UNIT
    + "bench_peers.py::test_each_way_is_measured_at_each_size_and_set_beside_predict",
    "make bench ARGS=--markdown": UNIT + "bench_report.py::test_markdown_measures_nothing",
    "make hub": "tests/hub/test_try_hub.py::test_make_hub_leaves_nothing_running",
    "make bench-hub": UNIT + "bench_hub.py::test_only_the_marked_part_of_a_page_is_written",
    "python -m kerasdemo claims": UNIT + "claims.py::test_each_verdict_is_what_it_was",
    "python -m kerasdemo claims 07": UNIT + "claims.py::test_each_verdict_is_what_it_was",
    "python -m kerasdemo lessons 03 05 --run": UNIT + "lessons.py::test_runs_are_told_one_by_one",
    "python -m kerasdemo serve": UNIT
    + "serving_command.py::test_without_a_folder_it_serves_the_shipped_classifier_until_ctrl_c",
}
"""What takes too long here: the test that runs it, or what is behind it.

`make` itself is tried with `-n`, below, since a real call would install; the test that is named
runs the job up to the point where it hands over, or the work of its script.
"""


def commands(text):
    """Return every command of a page: lines of shell blocks, and code within a sentence."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S)
    shell = "\n".join(body for language, body in fences if language in ("", "sh", "bash"))
    found = [re.sub(r"^\$ |\s+#.*$", "", line).strip() for line in shell.splitlines()]
    prose = re.sub(r"^```.*?^```|<!--.*?-->", "", text, flags=re.M | re.S)
    found += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    found = [command.replace(".venv/bin/python", "python") for command in found if command]
    return [one for one in dict.fromkeys(found) if one.split()[0] in PROGRAMS and one.split()[1:]]


COMMANDS = list(dict.fromkeys(one for text in TEXTS.values() for one in commands(text)))
OF_BLOCKS = [match["command"] for _, match in BLOCKS]
RUN = [one for one in COMMANDS if one not in ELSEWHERE and one not in OF_BLOCKS]


def test_commands_are_found_wherever_they_stand():
    page = (
        "Type `make\nlab` or:\n\n```\n$ git clone x  # once\nmake test\n```\n\n| `conda env x` |\n"
        "```python\nmake = 1\n```\n<!-- begin: python z --> `make`, `made up`,"
        " `.venv/bin/python -m x`"
    )
    assert sorted(commands(page)) == [
        *("conda env x", "git clone x", "make lab", "make test", "python -m x")
    ]
    assert {"make lab", "make test", "python -m kerasdemo doctor"} <= set(commands(README))


def test_what_is_run_elsewhere_is_run_there():
    assert set(ELSEWHERE) <= set(COMMANDS), "a command that no page has any more"
    for command, place in ELSEWHERE.items():
        file, name = place.split("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in names, f"{command}: {place}"


@pytest.mark.parametrize("command", RUN)
def test_a_command_runs(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(command)
    if command == "make help":
        if shutil.which("make") is None:
            pytest.skip("no make; get it with: apt-get install make")
        done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "make pictures" in done.stdout
        return
    assert (program, *words[:2]) == ("python", "-m", "kerasdemo"), "it needs a row in ELSEWHERE"
    try:
        status = main(words[2:])
    except SystemExit as end:  # --help
        status = end.code
    said = capsys.readouterr()
    assert status == 0, said.err
    assert said.out
    if "--json" in words:
        json.loads(said.out)


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("make ")])
def test_make_knows_the_job(command, monkeypatch):
    """`make -n` shows what would be run; the script that it names takes those arguments."""
    if shutil.which("make") is None:
        pytest.skip("no make; get it with: apt-get install make")
    monkeypatch.delenv("MAKEFLAGS", raising=False)
    done = subprocess.run(
        ["make", "-n", *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    if command != "make help":
        line = done.stdout.replace("\\\n", " ").split("tools/bootstrap.py ")[1]
        assert_bootstrap_takes(shlex.split(line), monkeypatch)


@pytest.mark.parametrize("command", [c for c in COMMANDS if "tools/bootstrap.py" in c])
def test_the_script_knows_the_job(command, monkeypatch):
    assert_bootstrap_takes(shlex.split(command)[2:], monkeypatch)


def assert_bootstrap_takes(arguments, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    bootstrap = load("bootstrap")
    options, _ = bootstrap.parse(arguments)
    _, script, _ = bootstrap.JOBS[options.job]
    assert options.job == "lab" or (ROOT / script[0]).is_file()


# ---------------------------------------------------------------- the figures

UNITS = """
    [kMG]?B bytes? ms s seconds? min minutes? hours? % per\\scent px pixels claims? lessons? digits?
    samples? students? parameters tests? lines? rows? layers? times packages cores? widgets?
"""
FIGURE = re.compile(rf"(?<![\w.])\d[\d,.]*[ -]?(?:{'|'.join(UNITS.split())})(?![\w])")
ALLOWED: set[str] = set()
"""Figures that are names and no measurements; none so far."""


def typed_figures(text):
    """Return the figures of a page that no block and no doctest has."""
    text = make_readme.BLOCK.sub("", text)
    text = re.sub(r"^```python\n.*?^```", "", text, flags=re.M | re.S)
    return [found for found in FIGURE.findall(text) if found not in ALLOWED]


def test_no_figure_is_typed_by_hand():
    assert typed_figures(README) == []


@pytest.mark.parametrize(
    "text",
    [
        "a wheel of 570 MB",
        "118 claims",
        "99.2 % right",
        "in 20 seconds",
        "1,797 digits",
        "40 ms",
        "3 s",
    ],
)
def test_a_figure_would_be_found(text):
    assert len(typed_figures(f"It says: {text}.")) == 1
    block = f"<!-- begin: python x -->\n{text}\n<!-- end: python x -->"
    assert typed_figures(block) == []


@pytest.mark.parametrize("text", ["28x28", "Python 3.10 to 3.13", "Keras 3", "`lessons 03 05`"])
def test_what_is_no_figure_is_left_alone(text):
    assert typed_figures(text) == []


@pytest.mark.parametrize(("page", "match"), BLOCKS, ids=lambda one: str(one)[:40])
def test_the_command_of_a_block_is_named_beside_it(page, match):
    before = "\n".join(TEXTS[page][: match.start()].split("\n## ")[-1].splitlines()[-25:])
    after = TEXTS[page][match.end() :][:200]
    near = commands(before + after)
    assert any(match["command"].startswith(one) for one in near), near
