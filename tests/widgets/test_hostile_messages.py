"""Messages that no page of ours sends: each widget answers in its status line, or not at all.

They go the way of a real one: through the function that the comm calls. After each, the widget must
stand as it stood, or as a page may set it, and a good message must still be understood.
"""

from __future__ import annotations

import json
import math
import runpy
import time
from pathlib import Path

import numpy as np
import pytest

from kerasdemo import quiz
from kerasdemo.asking import forms, texts
from kerasdemo.asking.answer_form import AnswerForm
from kerasdemo.asking.answers import read_answer
from kerasdemo.widgets import (
    DigitView,
    DrawingPad,
    LiveTimings,
    PredictionExplorer,
    SampleChooser,
    SoftmaxView,
)

UNIT = Path(__file__).parents[1] / "unit"
FORMS = runpy.run_path(str(UNIT / "question_forms.py"))["FORMS"]
IMAGE = "<img src=x onerror=\"document.title='owned'\">"
ROWS = np.full((6, 10), 0.1, dtype="float32")
STROKE = {"width": 36, "points": [[140, 40], [140, 240]]}


class Model:
    """Says the same of every image; the explorer needs no more of a model."""

    def predict(self, images, **_):
        return np.full((len(images), 10), 0.1, dtype="float32")

    predict_on_batch = predict_step = predict
    optimizer = train_function = predict_function = None


def answer_form():
    heard = []
    form = AnswerForm(head="<p>?</p>", form={"form": "number"}, answer="", hear=heard.append)
    form.heard = heard
    return form


MAKE = {
    "DigitView": lambda digits, rows: DigitView(digits),
    "SampleChooser": lambda digits, rows: SampleChooser(digits, rows, selected=[3]),
    "SoftmaxView": lambda digits, rows: SoftmaxView({"a": rows, "b": rows}, labels=digits.labels),
    "SoftmaxView of logits": lambda digits, rows: SoftmaxView(logits=[[2.0, 1.0], [0.0, 1.0]]),
    "DrawingPad": lambda digits, rows: DrawingPad(model=False, strokes=[STROKE]),
    "PredictionExplorer": lambda digits, rows: PredictionExplorer(
        Model(), digits, rows, selected=[3], methods=["predict_on_batch"]
    ),
    "LiveTimings": lambda digits, rows: LiveTimings(
        methods=(), calls={"len": len}, images=np.zeros((4, 2)), batch_sizes=[1, 2], rounds=3
    ),
    "AnswerForm": lambda digits, rows: answer_form(),
}
ODD = [
    *(None, True, -1, 0, 1, 10**9, -(10**30), 10**400, 0.5, math.nan, math.inf, -math.inf),
    *("", "x", IMAGE, "7", "\0\ud800", "x" * 100_000, "9" * 5000, b"", b"\0" * 7, [], {}),
    *([None], [-1], [10**9], [[0]], [0, 0], [math.nan], ["0"], [IMAGE], [True], {"a": 1}, [{}]),
    *(list(range(20_000)), [0] * 50_000, [STROKE], [{"width": "x", "points": 1}]),
    *([{"width": 10**400, "points": [[1, 1]]}], [{"width": 36, "points": [[10**400, math.nan]]}]),
    *([{"width": 36, "points": []}], [0.9, 0.1], [0.1, 0.9], [0, math.nan], "log", "wrong"),
]


@pytest.fixture(params=MAKE)
def widget(request, digits, probabilities):
    widget = MAKE[request.param](digits, probabilities)
    yield widget
    widget.close()


def from_page(widget, method, **data):
    """Hand a widget a message as the comm does."""
    widget._handle_msg({"content": {"data": {"method": method, **data}}, "buffers": []})


def custom(widget, content):
    from_page(widget, "custom", content=content)


def update(widget, **state):
    from_page(widget, "update", state=state, buffer_paths=[])


def assert_sound(widget):
    """Show it, save it, write it: nothing may raise, and JSON must be able to hold it."""
    assert repr(widget)
    json.dumps(widget.get_state(), allow_nan=False, default=lambda found: type(found).__name__)
    if hasattr(widget, "_static_html"):
        page = widget._repr_mimebundle_()[0]["text/html"]
        assert "<img src=x" not in page
        assert len(widget._error) < 600


def kernels_own(widget):
    """Return the state that a page never sets."""
    state = widget.get_state()
    own = {"_past", "_future", "_drawing", "_said", "_answered", "_row", "_error", "_typed"}
    own |= {"_progress", "_pages", "_doing", "_page", "_bars", "_agreed", "_wrong", "_names"}
    return {
        name: value for name, value in state.items() if name.startswith("_") and name not in own
    }


def keys_of(widget):
    ours = [name for name in widget.keys if not name.startswith(("_model", "_view"))]
    return [name for name in ours if name not in ("layout", "comm", "tabbable", "tooltip")]


def test_no_value_of_a_trait_breaks_a_widget(widget):
    before = kernels_own(widget)
    for name in keys_of(widget):
        for value in ODD:
            update(widget, **{name: value})
        assert_sound(widget)
    assert kernels_own(widget) == before


def test_several_at_once_and_names_that_are_none(widget):
    before = kernels_own(widget)
    for value in ODD:
        update(widget, **dict.fromkeys(keys_of(widget), value))
        update(widget, no_such_trait=value, __class__=value, _esm=value, comm=value)
    assert_sound(widget)
    assert kernels_own(widget) == before


CUSTOM = [
    *ODD,
    *({"at": value} for value in ODD),
    *({"at": 0, "samples": value} for value in ODD),
    *({"measure": value} for value in ODD),
    *({"command": "eval", "code": "1/0"}, {"at": 0}, {"event": "click"}),
]


def test_no_message_breaks_a_widget(widget):
    before, start = kernels_own(widget), time.process_time()
    for content in CUSTOM:
        custom(widget, content)
    assert_sound(widget)
    assert kernels_own(widget) == before
    assert time.process_time() - start < 60, "a message of 100 kB may not keep the kernel busy"


@pytest.mark.parametrize(
    "data",
    [
        {"method": "update"},
        {"method": "update", "state": None, "buffer_paths": []},
        {"method": "update", "state": [], "buffer_paths": []},
        {"method": "update", "state": {}, "buffer_paths": [["a"], ["b"]]},
        {"method": "update", "state": {"a": 1}, "buffer_paths": [["a", "b", 3]]},
        {"method": "custom"},
        {"method": "no such method"},
        {"method": 7},
        {},
    ],
)
def test_a_message_out_of_shape_is_told_or_dropped(data, digits):
    view = DigitView(digits)
    view._handle_msg({"content": {"data": data}, "buffers": [b"abc"]})
    assert_sound(view)
    update(view, index=2)
    assert (view.index, view._error) == (2, "")


def test_an_error_is_told_in_a_line_that_has_an_end(digits):
    view = DigitView(digits)
    update(view, index="x" * 100_000)
    assert view._error
    assert len(view._error) < 600
    update(view, index=1)
    assert view._error == ""


def test_what_only_the_kernel_sets_stays(digits, probabilities):
    explorer = MAKE["PredictionExplorer"](digits, probabilities)
    update(explorer, ran=[1, 2], runs=9, _count=10**6, _labels=b"", _esm="alert(1)", _error=IMAGE)
    assert (explorer.ran, explorer.runs, explorer._count) == ([], 0, 40)
    assert "alert(1)" not in str(explorer._esm)
    assert explorer._error == ""
    update(explorer, selected=[4], current=4)
    assert (explorer.selected, explorer.current) == ([4], 4)


def test_the_explorer_goes_on_after_nonsense(digits, probabilities):
    explorer = MAKE["PredictionExplorer"](digits, probabilities)
    custom(explorer, {"at": 0, "samples": [1, 2]})
    for at in (7, -3, "x", None, math.nan):
        custom(explorer, {"at": at})
    custom(explorer, {"at": 0, "samples": [10**6]})
    assert "10" in explorer._error
    assert explorer._doing[1] == -1
    custom(explorer, {"at": 0, "samples": [5, 6]})
    assert (explorer.ran, explorer._error) == ([5, 6], "")
    assert list(explorer.predictions) == ["predict_on_batch"]


def test_many_positions_twice_are_refused_at_once(digits, probabilities):
    chooser = SampleChooser(digits, probabilities)
    start = time.process_time()
    update(chooser, selected=[*range(39), *[39] * 500_000])
    assert chooser.selected == []
    assert "39 more than once" in chooser._error
    assert time.process_time() - start < 30


def test_a_drawing_keeps_drawings_alone(digits):
    pad = DrawingPad(model=False)
    update(pad, _past=[[STROKE]], _future=[])
    assert len(pad._past) == 1
    for bad in ([[{"width": 1}]], [IMAGE], [[[1]]], "x", [[STROKE], None]):
        update(pad, _past=bad)
        assert pad._error
        assert len(pad._past) == 1
    update(pad, width=math.nan)
    assert pad.width == 36


def test_an_answer_is_words_of_some_length(digits):
    form = answer_form()
    for odd in ODD:
        update(form, answer=odd, _head=odd, _form=odd)
    words = {each for each in ODD if isinstance(each, str) and 0 < len(each) < 1000}
    assert set(form.heard) == words
    assert form._head == "<p>?</p>"
    assert form._form == {"form": "number"}


@pytest.mark.parametrize("id", ["03x", "90n", "90t", "90o"])
def test_a_question_takes_no_answer_that_is_none(id, monkeypatch):
    known = texts.bank()
    more = texts.read(FORMS).questions
    both = forms.Bank({**known.questions, **more}, known.exercises)
    monkeypatch.setattr(texts, "bank", lambda: both)
    question = quiz.Question(id, None)
    form = quiz._form(question, "Your answer", True, "")
    for odd in [*ODD, "1e" + "9" * 900, "9" * 900, "ABCDEFGH", "-", "٣", "1\0"]:
        update(form, answer=odd)
        if question.guess is not None:
            assert read_answer(question.text, question.guess) == question.guess
            assert len(question.guess) < 1000
    good = {"03x": "B", "90n": "1438", "90t": "argmax", "90o": "ABCD"}[id]
    update(form, answer=good)
    assert question.guess == good
