"""Whatever words get into a picture, a table or a page, they stay words.

The lists below are held to be whole: a class that gets a `_repr_html_`, or a function of
`kerasdemo.view` that begins to write markup, has to be tried here.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import HOSTILE, IMAGE, fill, read_page
from question_forms import FORMS

from kerasdemo import costs, curves, tallying, timing
from kerasdemo.asking import texts
from kerasdemo.asking.replying import page_form, reply_lines, show_lines
from kerasdemo.asking.showing import show
from kerasdemo.digits import Digits
from kerasdemo.prediction import Prediction
from kerasdemo.scores import ScoreCard
from kerasdemo.spy.observing import Observation
from kerasdemo.view import edge_table, ledger
from kerasdemo.view.drawing import Words, write_svg
from kerasdemo.view.images import digit_png, img_tag
from kerasdemo.view.plots import plot_spans
from kerasdemo.view.quiz_box import quiz_box
from kerasdemo.view.softmax import softmax_table_html
from kerasdemo.view.softmax_steps import softmax_steps, steps_table_html
from kerasdemo.view.table import Row, Table, as_html
from kerasdemo.view.tally_bars import bars_html
from kerasdemo.view.timeline import timeline_svg
from kerasdemo.view.timings_svg import timings_svg
from kerasdemo.view.timings_table import timings_table
from kerasdemo.view.timings_words import Point
from kerasdemo.widgets import DigitView, DrawingPad, LiveTimings, SampleChooser, SoftmaxView, _runs

ROOT = Path(__file__).resolve().parents[2]
TWO = np.array([0.25, 0.75])
TINY = Digits(
    np.zeros((2, 28, 28), np.uint8), np.arange(2), np.arange(2), np.zeros(2, bool), HOSTILE
)


def squeezed(words: str) -> str:
    return " ".join(words.split())


NEEDLE = IMAGE.partition("document")[0]  # quotes after this are other ones in a repr


def assert_shown(page: str, words: str = NEEDLE) -> None:
    """Assert that a page shows the words, and that they made no element and no attribute."""
    said, odd = read_page(page)
    assert odd == []
    assert words in squeezed(said)


def test_the_reader_sees_what_a_browser_would_make_of_words():
    for page in (f"<p>{HOSTILE}</p>", f'<p title="{HOSTILE}">', "<a href='javascript:x'>a</a>"):
        assert read_page(page)[1]


# --- results, as a notebook shows them ------------------------------------------------------------


def classes() -> list[str]:
    """Find every class of the package that says itself how a notebook shows it."""
    found = []
    for path in sorted((ROOT / "kerasdemo").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            if any(getattr(each, "name", "") == "_repr_html_" for each in node.body):
                found.append(f"{module}.{node.name}")
    return found


ANSWER = Prediction("predict", (TWO,), {HOSTILE: np.tile(TWO, (2, 1))})
GIVEN: dict[str, dict[str, Any]] = {  # what cannot be made up of a field's type
    "CallTrace": {"prediction": ANSWER, "batches": (HOSTILE,)},
    "Comparison": {
        "observations": {HOSTILE: fill(Observation, prediction=ANSWER)},
        "timings": None,
    },
    "Digits": {field.name: getattr(TINY, field.name) for field in dataclasses.fields(Digits)},
}
NO_WORDS = {"BreakEven": (), "FlowDiagram": ("method",)}  # that takes a known method's name alone


@pytest.mark.parametrize("name", classes())
def test_a_result_shows_words_as_words(name):
    module, _, kind = name.rpartition(".")
    cls = getattr(importlib.import_module(module), kind)
    if kind in NO_WORDS:
        words = [f.name for f in dataclasses.fields(cls) if "str" in str(f.type)]
        assert tuple(words) == NO_WORDS[kind], "it takes words now: try them"
        return
    page = fill(cls, **GIVEN.get(kind, {}))._repr_html_()
    assert_shown(page)


def test_sums_and_summaries_are_words_too(monkeypatch):
    report = importlib.import_module("kerasdemo.inspections.report").Report
    assert_shown(report((), method=HOSTILE)._repr_html_())
    monkeypatch.setattr("kerasdemo.scores.KINDS", {HOSTILE: IMAGE})
    assert_shown(fill(ScoreCard)._repr_html_().rpartition("</table>")[2])


# --- the functions that write markup --------------------------------------------------------------

POINTS = {HOSTILE: [Point(1, 0.2, 0.004, 0.003, 0.005), Point(8, 0.2, 0.004, 0.003, 0.005)]}
CAME = dict.fromkeys(("brief", "words", "warm_words", "afterwards"), HOSTILE)
ENTRIES = {HOSTILE: {"given": HOSTILE, "methods": {HOSTILE: CAME | {"reasons": [(HOSTILE,) * 2]}}}}
CLAIM = dict.fromkeys(("id", "says", "verdict", "evidence", "lesson", "title"), HOSTILE)
NAMES = [HOSTILE, "b"]
VIEWS = {
    "drawing.write_svg": lambda: write_svg(
        [Words(1, 1, HOSTILE)], width=9, height=9, title=HOSTILE, words=HOSTILE
    ),
    "edge_table.edge_html": lambda: edge_table.edge_html([HOSTILE], ENTRIES, (HOSTILE,)),
    "images.img_tag": lambda: img_tag(digit_png(np.zeros((28, 28))), HOSTILE),
    "quiz_box.quiz_box": lambda: quiz_box([HOSTILE, f"`{HOSTILE}`"], HOSTILE, code={"A": HOSTILE}),
    "softmax.softmax_table_html": lambda: softmax_table_html(
        {HOSTILE: TWO}, label=1, class_names=NAMES
    ),
    "softmax_steps.steps_table_html": lambda: steps_table_html(
        softmax_steps([2.0, 1.0]), NAMES, places=[0, 1]
    ),
    "table.as_html": lambda: as_html(
        Table((HOSTILE,), (Row(HOSTILE, (HOSTILE,)),), HOSTILE, (HOSTILE,))
    ),
    "tally_bars.bars_html": lambda: bars_html([HOSTILE], {HOSTILE: [1]}, title=HOSTILE),
    "timeline.timeline_svg": lambda: timeline_svg([(HOSTILE, 0.0, 0.1)], title=HOSTILE),
    "timings_svg.timings_svg": lambda: timings_svg(POINTS, [1, 8]),
    "timings_table.timings_table": lambda: timings_table(POINTS),
}
MARKDOWN = {
    "ledger.as_markdown": lambda: ledger.as_markdown([CLAIM], {"holds": 1}),
    "edge_table.edge_markdown": lambda: edge_table.edge_markdown([HOSTILE], ENTRIES, "Sum."),
}
MARKUP = re.compile(
    r"</?(p|div|span|img|svg|table|tr|td|th|li|ul|pre|text|code|strong|details|summary|style)\b"
)
BY_NAME = re.compile(r"html|svg|markdown|page", re.IGNORECASE)


def writers() -> set[str]:
    """Find the public functions of the views that write markup, or whose name says so."""
    found = set()
    for path in (ROOT / "kerasdemo" / "view").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            words = ast.get_docstring(node, clean=False)
            texts_ = [c.value for c in ast.walk(node) if isinstance(c, ast.Constant)]
            marked = any(isinstance(t, str) and t != words and MARKUP.search(t) for t in texts_)
            if marked or BY_NAME.search(node.name):
                found.add(f"{path.stem}.{node.name}")
    return found


def test_every_writer_of_markup_is_tried():
    assert writers() == VIEWS.keys() | MARKDOWN.keys()


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_shows_words_as_words(name):
    assert_shown(VIEWS[name]())


@pytest.mark.parametrize("name", MARKDOWN)
def test_markdown_makes_no_html_of_words(name):
    mistune = pytest.importorskip("mistune", reason="no mistune; get it with: make test")
    text = MARKDOWN[name]()
    page = mistune.create_markdown(escape=False, plugins=["table"])(text)
    assert_shown(page)
    assert all(line.count("<") <= 4 for line in text.splitlines()), "one line a row"


def test_a_line_break_ends_no_row_of_a_markdown_table():
    assert ledger.cell("a\n<b>\n|") == "a &lt;b> \\|"


def test_what_a_widget_reads_as_xml_is_xml():
    words = f"{HOSTILE}\x00\x1b[31m\ufffe\ud800"
    table = Table((words,), (Row(words, (words,)),), words, (words,))
    for page in (_runs.page_of(table), timings_svg({words: POINTS[HOSTILE]}, [1, 8])):
        root = ElementTree.fromstring(page)
        assert IMAGE in "".join(root.itertext())
        assert not [e for e in root.iter() if e.tag.rpartition("}")[2] in ("img", "script")]


# --- widgets, questions, the site -----------------------------------------------------------------


class Hostile:
    """A model whose class names nothing: for widgets that only keep it."""

    predict = predict_on_batch = predict_step = staticmethod(lambda images: np.tile(TWO, (1, 1)))


def timed() -> LiveTimings:
    live = LiveTimings(methods=(), calls={HOSTILE: len}, batch_sizes=[1], rounds=3)
    live.run()
    return live


STROKES = [{"width": 36, "points": [[140, 40], [140, 240]]}]
WIDGETS = {
    "DigitView": lambda: DigitView(np.zeros((1, 28, 28)), labels=[HOSTILE]),
    "SoftmaxView": lambda: SoftmaxView({HOSTILE: TWO}, class_names=NAMES),
    "DrawingPad": lambda: DrawingPad(Hostile(), class_names=[HOSTILE] * 2, strokes=STROKES),
    "LiveTimings": timed,
}


@pytest.mark.parametrize("kind", WIDGETS)
def test_a_saved_widget_shows_words_as_words(kind):
    widget = WIDGETS[kind]()
    assert_shown(widget._repr_mimebundle_()[0]["text/html"])
    for page in getattr(widget, "_pages", {}).values():
        assert_shown(page)


def test_a_chooser_has_no_words_but_its_own():
    page = SampleChooser(TINY)._repr_mimebundle_()[0]["text/html"]
    assert read_page(page)[1] == []


HOSTILE_FORMS = re.sub(  # each with a number of its own, for no two choices may be alike
    r'^(prompt|text|reply|rule|otherwise|misconception|unit) = ".*"$',
    lambda match: f"{match[1]} = '''{HOSTILE} {match.start()}'''",
    FORMS,
    flags=re.MULTILINE,
)


@pytest.mark.parametrize("id", ["90a", "90n", "90t", "90o"])
def test_a_question_shows_words_as_words(id, monkeypatch):
    text = texts.read(HOSTILE_FORMS).questions[id]
    given = {"90a": "A", "90n": "1797", "90t": IMAGE, "90o": "ABCD"}[id]
    lines, answers = show_lines(text, given, reply_lines)
    told = []
    monkeypatch.setattr("IPython.get_ipython", lambda: object())
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: told.append(bundle))
    show(lines, tag=HOSTILE, code={"A": HOSTILE}, after=answers)
    assert_shown(told[0]["text/html"])
    for page in page_form(text, HOSTILE, reply=False)["replies"].values():
        assert read_page(page)[1] == []
    for page in page_form(text, HOSTILE, reply=True)["replies"].values():
        assert_shown(page)


@functools.cache
def site():
    """Load what makes the site."""
    pytest.importorskip("nbconvert", reason="no nbconvert; get it with: make test")
    sys.path.insert(0, str(ROOT / "tools"))
    return importlib.import_module("website.pages"), importlib.import_module("website.cells")


def test_the_site_shows_words_as_words():
    import nbformat

    pages, cells = site()
    lessons = importlib.import_module("website.lessons")
    book = nbformat.v4.new_notebook()
    name = Path('03_"><img src=x onerror=1>.ipynb')
    lesson = lessons.Lesson(name, book, "03", HOSTILE, HOSTILE, HOSTILE)
    plain = lessons.Lesson(Path("03_a.ipynb"), book, "03", "a", "b", "c")
    said, odd = read_page(pages.index_page([lesson]))
    assert NEEDLE in said
    assert odd == read_page(pages.index_page([plain]))[1]  # the page's own style and script
    link = pages._link(lesson, "prev", "before", "Previous lesson")
    assert_shown(link)
    for output in (
        nbformat.v4.new_output("stream", text=HOSTILE),
        nbformat.v4.new_output("error", traceback=[HOSTILE]),
        nbformat.v4.new_output("display_data", {"text/plain": HOSTILE}),
        nbformat.v4.new_output("display_data", {"text/plain": HOSTILE, "image/png": "iVBOR"}),
    ):
        assert_shown(cells.output_html(output, HOSTILE))
    assert_shown(cells.cell_html(nbformat.v4.new_code_cell(f"# {HOSTILE}"), lambda _: None))


def test_the_instructors_page_makes_no_html_of_words():
    sys.path.insert(0, str(ROOT / "tools"))
    words = importlib.import_module("make_instructors").words
    assert words(IMAGE).startswith("&lt;img")


# --- formulas -------------------------------------------------------------------------------------

SERIES = {HOSTILE: [Point(1, 0.2, 0.004, 0.003, 0.005)]}


@pytest.mark.parametrize(
    "draw",
    [
        lambda: fill(timing.Timings).plot(),
        lambda: fill(costs.BatchTimings).plot(),
        lambda: curves.training_curve({HOSTILE: [1.0, 2.0]}).plot(HOSTILE),
        lambda: fill(tallying.Tally).plot(),
        lambda: plot_spans([(HOSTILE, 0.0, 1.0)], title=HOSTILE),
        lambda: TINY.plot(titles=[HOSTILE] * 2) if hasattr(TINY, "plot") else None,
    ],
)
def test_a_name_with_dollar_signs_is_drawn_as_it_is(draw):
    plt = pytest.importorskip("matplotlib.pyplot")
    ax = draw()
    ax.figure.set_size_inches(40, 20)
    ax.figure.canvas.draw()  # a formula would be read here, and refused
    drawn = [text.get_text() for text in ax.figure.findobj(plt.Text)]
    assert any("$" in words for words in drawn)
    plt.close(ax.figure)
