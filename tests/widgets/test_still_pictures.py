"""A saved notebook without a kernel: the picture, its words and the facts are still there."""

import base64
import io
import re
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from conftest import HOSTILE
from pen_strokes import written
from PIL import Image

from kerasdemo.widgets import (
    DigitView,
    DrawingPad,
    LiveTimings,
    PredictionExplorer,
    SampleChooser,
    SoftmaxView,
)

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MAKERS = {
    "chooser": lambda digits, rows: SampleChooser(digits, rows, selected=range(30)),
    "chooser, none": lambda digits, rows: SampleChooser(digits),
    "pad": lambda digits, rows: drawn_eight(rows),
    "pad, empty": lambda digits, rows: DrawingPad(),
    "digit": lambda digits, rows: DigitView(digits),
    "softmax": lambda digits, rows: SoftmaxView(rows, labels=digits.labels),
    "methods": lambda digits, rows: SoftmaxView(
        {"predict": rows, "predict_on_batch": rows, "predict_step": rows}, labels=digits.labels
    ),
    "timings": lambda digits, rows: LiveTimings(),
    "explorer": lambda digits, rows: explorer_of(digits, rows, run=False),
    "explorer, run": lambda digits, rows: explorer_of(digits, rows, run=True),
    "timings, measured": lambda digits, rows: measured_timings(),
}


def drawn_eight(rows):
    """Return a pad with an 8, which a model reads as the first of the rows."""
    model = SimpleNamespace(predict_on_batch=lambda images: rows[:1])
    return DrawingPad(model, strokes=written(8, np.random.default_rng(8)))


def explorer_of(digits, rows, *, run):
    """Return an explorer over a model that names one class for all."""
    import keras

    dense = keras.layers.Dense(10, "softmax", kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), dense])
    explorer = PredictionExplorer(model, digits, rows, selected=range(30))
    if run:
        explorer.run()
    return explorer


def measured_timings():
    """Return a view over calls of known length on a clock of its own."""
    now = [0.0]

    def call(batch):
        now[0] += 0.001 * (5 + len(batch))

    live = LiveTimings(methods=(), calls={str(n): call for n in range(5)}, rounds=3)
    live._sweep.clock = lambda: now[0]
    live.run()
    return live


@pytest.fixture(params=MAKERS)
def make(request, digits, probabilities):
    return lambda: MAKERS[request.param](digits, probabilities)


def test_the_bundle_has_the_live_view_the_page_the_picture_and_the_text(make):
    widget = make()
    data, _ = widget._repr_mimebundle_(include=None, exclude=None)
    assert data["text/plain"] == repr(widget)
    assert len(data["text/plain"]) <= 110
    assert data[WIDGET_VIEW]["model_id"] == widget.model_id
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert min(picture.size) > 50
    assert data["image/png"] in data["text/html"]
    assert re.search(r'alt="[^"]{15,}"', data["text/html"])
    assert "<table>" in data["text/html"]


def test_the_bundle_is_the_same_to_the_byte_but_for_the_model(make):
    one, other = make()._repr_mimebundle_()[0], make()._repr_mimebundle_()[0]
    assert one.pop(WIDGET_VIEW) != other.pop(WIDGET_VIEW)
    assert one == other


def test_the_bundle_is_small(make):
    data = make()._repr_mimebundle_()[0]
    assert len(data["text/html"]) + len(data["image/png"]) < 60_000


def test_the_page_carries_no_script_style_or_id(make):
    page = make()._repr_mimebundle_()[0]["text/html"]
    assert not re.search(r"<script|<style| style=| id=| on\w+=", page)


def test_the_pictures_show_what_is_chosen(digits):
    chooser = SampleChooser(digits, selected=[3])
    before = chooser._repr_mimebundle_()[0]
    chooser.selected = [3, 4]
    after = chooser._repr_mimebundle_()[0]
    assert before["image/png"] != after["image/png"]
    assert "2 chosen: 3, 4" in after["text/html"]


def test_wrong_predictions_are_said_in_the_facts(digits, probabilities):
    chooser = SampleChooser(digits, probabilities, selected=[7])
    percent = f"{probabilities[7].max() * 100:.1f} %"
    assert f"<td>8 ({percent})</td>" in chooser._repr_mimebundle_()[0]["text/html"]


def test_hostile_names_are_text_on_the_page(probabilities):
    soft = SoftmaxView({HOSTILE: probabilities}, class_names=[HOSTILE] * 10)
    view = DigitView(np.zeros((1, 28, 28)), labels=[HOSTILE])
    for widget in (soft, view):
        page = widget._repr_mimebundle_()[0]["text/html"]
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


def without_live_view(bundle):
    return {kind: value for kind, value in bundle.items() if kind != WIDGET_VIEW}


def test_nbconvert_of_a_saved_notebook_shows_picture_words_and_facts(make):
    exporter = pytest.importorskip(
        "nbconvert", reason="no nbconvert; get it with: pip install nbconvert"
    ).HTMLExporter()
    widget = make()
    output = nbformat.v4.new_output(
        "execute_result", without_live_view(widget._repr_mimebundle_()[0]), execution_count=1
    )
    cell = nbformat.v4.new_code_cell("widget", outputs=[output], execution_count=1)
    page, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert 'src="data:image/png;base64,' in page
    assert re.search(r'alt="[^"]{15,}"', page.split('class="kd-static"')[1])
    assert "model not found" not in page
    assert "Loading widget" not in page
