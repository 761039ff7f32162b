"""The widgets' scripts and stylesheets: joined into one module, small, and true to the Python."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import kerasdemo.widgets
from kerasdemo.view.palette import places
from kerasdemo.view.softmax import (
    describe_sample,
    describe_softmax,
    format_probability,
    softmax_facts,
)
from kerasdemo.widgets import (
    DigitView,
    DrawingPad,
    LiveTimings,
    PredictionExplorer,
    SampleChooser,
    SoftmaxView,
)
from kerasdemo.widgets._samples import sample_state, shown_positions

WIDGETS = [
    SampleChooser,
    DigitView,
    DrawingPad,
    LiveTimings,
    PredictionExplorer,
    SoftmaxView,
]
FOLDER = Path(kerasdemo.widgets.__file__).parent


@pytest.fixture(scope="session")
def node():
    """Return the path of Node; Playwright brings one along."""
    driver = pytest.importorskip("playwright._impl._driver", reason="get Playwright: make test")
    return shutil.which("node") or driver.compute_driver_executable()[0]


@pytest.fixture
def scripts(tmp_path):
    """Return a folder with the scripts, as modules that Node can import."""
    for script in FOLDER.glob("*.js"):
        shutil.copy(script, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    return tmp_path


def run(*command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, **options
    )


def test_the_plain_functions_do_what_they_say(node, scripts):
    shutil.copy(Path(__file__).with_name("pure.test.mjs"), scripts)
    done = run(node, "--test", "--test-reporter=tap", "pure.test.mjs", cwd=scripts)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"^# pass (\d+)", done.stdout, flags=re.MULTILINE)[1]) >= 15


@pytest.mark.parametrize("script", sorted(path.name for path in FOLDER.glob("*.js")))
def test_each_script_can_be_imported_as_it_is(node, scripts, script):
    done = run(node, "--input-type=module", "-e", f"import './{script}'", cwd=scripts)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("widget", WIDGETS)
def test_each_module_is_whole_and_offers_a_view(node, tmp_path, widget):
    """Joined in one scope, a name that two scripts share would be a syntax error here."""
    (tmp_path / "module.mjs").write_text(str(widget._esm), encoding="utf-8")
    code = (
        "import('./module.mjs').then((m) => console.log(typeof m.default.render, Object.keys(m)))"
    )
    done = run(node, "-e", code, cwd=tmp_path)
    assert done.stdout.strip() == "function [ 'default' ]", done.stderr


@pytest.mark.parametrize("widget", WIDGETS)
def test_no_module_asks_for_a_neighbour_or_the_network(widget):
    assert not re.search(r"^\s*import\b|\bimport\(|\bfetch\(|https?://", str(widget._esm), re.M)


@pytest.mark.parametrize("widget", WIDGETS)
def test_text_from_outside_is_never_parsed_as_markup(widget):
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", str(widget._esm)
    )


def test_the_scripts_are_small():
    assert sum(len(path.read_bytes()) for path in FOLDER.glob("*.js")) < 62_000


def without_brackets(selector):
    """Drop what stands in brackets, however deep: the commas there part no selectors."""
    shorter = re.sub(r"\([^()]*\)", "", selector)
    return shorter if shorter == selector else without_brackets(shorter)


@pytest.mark.parametrize("widget", WIDGETS)
def test_no_style_reaches_beyond_the_widgets(widget):
    style = re.sub(r"/\*.*?\*/", "", str(widget._css), flags=re.DOTALL)
    selectors = re.findall(r"([^{}@;]+)\{", re.sub(r"@(media|container)[^{]+\{", "", style))
    assert len(selectors) > 20
    for selector in (each for group in selectors for each in without_brackets(group).split(",")):
        assert re.match(
            r"\s*\.kd-(root|chooser|digit-view|drawing-pad|explorer|live-timings|softmax-view)\b",
            selector,
        ), selector


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.css")), ids=lambda path: path.stem)
def test_a_widgets_own_style_is_stronger_than_the_shared_one(path):
    """On one page the shared rules of another widget come later, and must not win by that."""
    own = {"sample_chooser": "chooser"}.get(path.stem, path.stem.replace("_", "-"))
    style = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = re.findall(r"([^{}@;]+)\{", re.sub(r"@(media|container)[^{]+\{", "", style))
    start = r"\.kd-root" if path.stem == "common" else rf"\.kd-root(\.kd-{own}| \.kd-chart)"
    for selector in (each for group in selectors for each in without_brackets(group).split(",")):
        assert re.match(rf"\s*{start}(?![\w-])", selector), selector


@pytest.mark.parametrize("widget", WIDGETS)
def test_motion_is_only_for_those_who_want_it(widget):
    still = re.sub(
        r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}\n",
        "",
        str(widget._css),
        flags=re.DOTALL,
    )
    assert not re.search(r"transition|animation|scroll-behavior", still)


PARITY = """
import { describeAgreement, describeSoftmax, formatProbability, softmaxFacts } from "./pure.js";
const rows = JSON.parse(await new Response(process.stdin).text());
const names = [...rows[0].keys()].map(String);
console.log(JSON.stringify(rows.map((row, at) => {
  const { order, sum, margin, entropy } = softmaxFacts(row);
  return { order, sum, margin, entropy, words: describeSoftmax(row, names),
    sample: describeAgreement(at, at % 10, [row], names), numbers: row.map(formatProbability) };
})));
"""


def test_the_page_and_python_say_the_same_about_a_softmax(node, scripts):
    rng = np.random.default_rng(5)
    rows = [row for width in (0.01, 0.1, 1, 10) for row in rng.dirichlet([width] * 10, 60)]
    rows += [np.full(10, 0.1), np.eye(10)[3], np.array([0.5, 0.5] + [0.0] * 8)]
    rows = np.array(rows, dtype=np.float32).astype(np.float64)
    (scripts / "parity.mjs").write_text(PARITY, encoding="utf-8")
    done = run(node, "parity.mjs", cwd=scripts, input=json.dumps(rows.tolist()))
    assert done.returncode == 0, done.stderr
    for at, (row, page) in enumerate(zip(rows, json.loads(done.stdout), strict=True)):
        facts = softmax_facts(row, top=10)
        assert page["order"] == [place for place, _ in facts.top]
        assert page["sum"] == pytest.approx(facts.sum, abs=1e-12)
        assert page["margin"] == facts.margin
        assert page["entropy"] == pytest.approx(facts.entropy, abs=1e-12)
        assert page["words"] == describe_softmax(row)
        assert page["sample"] == describe_sample(at, label=at % 10, p=row)
        assert page["numbers"] == [format_probability(p) for p in row]


NAMES = ["predict", "predict_on_batch", "predict_step", "call", "compiled", "mine", "", "model(x)"]


def test_a_method_has_the_hue_that_it_has_in_every_chart(node, scripts):
    several = [list(some) for n in range(5) for some in itertools.permutations(NAMES, n)]
    several.append([*NAMES, *"abcdef"])
    code = (
        "import { huesOf } from './pure.js';"
        "const several = JSON.parse(await new Response(process.stdin).text());"
        "console.log(JSON.stringify(several.map(huesOf)));"
    )
    done = run(node, "--input-type=module", "-e", code, cwd=scripts, input=json.dumps(several))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [places(names) for names in several]


SHOWN = """
import { shownPositions } from "./choosing.js";
import { readSamples } from "./thumbnails.js";
const { state, filters } = JSON.parse(await new Response(process.stdin).text());
const bytes = (name) => new DataView(Uint8Array.from(state[name]).buffer);
const model = { get: (name) => (Array.isArray(state[name]) ? bytes(name) : state[name]) };
const samples = readSamples(model);
console.log(JSON.stringify(filters.map((filter) => shownPositions(samples, filter))));
"""


def test_the_page_and_python_show_the_same_samples(node, scripts, digits):
    rng = np.random.default_rng(8)
    rows = rng.dirichlet(np.full(10, 0.3), len(digits)).astype("float32")
    rows[5] = rows[25]
    rows[11, 3] = np.nan
    state = sample_state(digits, rows)
    measures = {name: (measure, sign) for name, _, measure, sign in state.pop("_orders")}
    ranges = [(0.0, 1.0), (0.25, 0.75), (0.5, 1.0), (0.0, round(float(rows[7].max()), 3))]
    filters = [
        {"digit": digit, "outcome": outcome, "confidence": confidence, "order": order}
        for digit in (None, 3, 11)
        for outcome in ("all", "right", "wrong")
        for confidence in ranges
        for order in measures
    ]
    (scripts / "shown.mjs").write_text(SHOWN, encoding="utf-8")
    asked = [
        {**f, "measure": measures[f["order"]][0], "sign": measures[f["order"]][1]} for f in filters
    ]
    packed = {
        name: list(value) if isinstance(value, bytes) else value for name, value in state.items()
    }
    done = run(
        node, "shown.mjs", cwd=scripts, input=json.dumps({"state": packed, "filters": asked})
    )
    assert done.returncode == 0, done.stderr
    pages = json.loads(done.stdout)
    for page, chosen in zip(pages, filters, strict=True):
        assert page == shown_positions(digits.labels, rows, **chosen).tolist(), chosen
    assert len({tuple(page) for page in pages}) > 30, "the filters differ"
