"""DrawingPad in the kernel: what is drawn, what is read, what is told, what goes wrong."""

import json
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pen_strokes import written

from kerasdemo.digits import load_digits
from kerasdemo.handwriting import pen
from kerasdemo.handwriting.pen import Sheet, check_strokes, draw_strokes
from kerasdemo.handwriting.strokes import stroke_maps
from kerasdemo.preprocess import frame_digit
from kerasdemo.spy import as_new
from kerasdemo.widgets import DrawingPad
from kerasdemo.widgets._reading import LOADING, read_image, shipped_classifier
from kerasdemo.widgets.drawing_pad import EMPTY, WIDTH

BAR = {"width": 34, "points": [[140, 40], [140, 240]]}
FLAG = {"width": 34, "points": [[90, 90], [140, 40]]}


class Model:
    """Answers with the rows that it was given, one after the other, or raises them."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def predict_on_batch(self, images):
        self.asked.append(images)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def row(place, share=0.9, classes=10):
    """A batch of one row that is surest of one class."""
    probabilities = np.full((1, classes), (1 - share) / (classes - 1), dtype="float32")
    probabilities[0, place] = share
    return probabilities


def from_page(pad, **state):
    """Let the page set something; the same as JSON, as it comes."""
    pad.set_state(json.loads(json.dumps(state)))


# ---- ink ----------------------------------------------------------------------------------


def test_strokes_set_by_code_are_drawn_and_framed():
    pad = DrawingPad(model=False)
    pad.strokes = [BAR]
    assert pad.image.shape == (28, 28, 1)
    assert pad.image.dtype == np.float32
    assert np.array_equal(pad.image[..., 0], frame_digit(draw_strokes([BAR])))
    assert np.array_equal(pad.images, pad.image[None])
    assert np.flatnonzero(pad.image.max(axis=(1, 2))).tolist() == list(range(4, 24))


def test_strokes_are_plain_values_whatever_they_were():
    pad = DrawingPad(model=False, strokes=({"points": np.array([[1, 2]]), "width": np.int64(5)},))
    assert json.dumps(pad.strokes) == '[{"width": 5.0, "points": [[1.0, 2.0]]}]'
    assert DrawingPad(model=False, strokes=pad.strokes).strokes == pad.strokes


def test_an_empty_sheet_is_paper():
    pad = DrawingPad()
    assert pad.strokes == []
    assert not pad.image.any()
    assert pad.probabilities is None
    assert pad.get_state()["_said"] == EMPTY


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        ("8", "strokes are of type str"),
        (BAR, "strokes are of type dict"),
        (5, "strokes are of type int"),
        ([[[1, 2], [3, 4]]], "Stroke 0 is .*Expected a list such as"),
        ([BAR, {"points": [[1, 2]]}], "Stroke 1 is"),
        ([{"width": "thick", "points": [[1, 2]]}], "something else than numbers"),
        ([{"width": 5, "points": [[1, 2], [3]]}], "something else than numbers"),
        ([{"width": 5, "points": []}], r"shape \(0,\); expected \(n, 2\)"),
        ([{"width": 5, "points": [1, 2]}], r"shape \(2,\)"),
        ([{"width": 5, "points": [[1, float("nan")]]}], "far from the sheet, which goes from 0 to"),
        ([{"width": 5, "points": [[1, 1e9]]}], "far from the sheet"),
        ([{"width": 0, "points": [[1, 2]]}], "0 wide; expected 1 to 100"),
        ([{"width": float("nan"), "points": [[1, 2]]}], "nan wide"),
    ],
)
def test_what_is_no_stroke_is_refused_and_nothing_is_lost(strokes, words):
    pad = DrawingPad(model=False, strokes=[BAR])
    with pytest.raises(ValueError, match=words):
        pad.strokes = strokes
    assert pad.strokes == check_strokes([BAR])
    from_page(pad, strokes=strokes if strokes != 5 else [5])
    assert pad.get_state()["_error"].startswith("ValueError: ")
    assert pad.strokes == check_strokes([BAR])


def test_the_width_of_the_pen_has_bounds():
    pad = DrawingPad(model=False, width=12)
    assert pad.width == 12
    for wrong in (3, 61, "wide"):
        with pytest.raises(Exception, match="width"):
            pad.width = wrong
    assert DrawingPad(model=False).width == WIDTH


def test_ink_is_full_within_the_line_and_cut_off_at_the_edge_of_the_sheet():
    ink = draw_strokes([{"width": 10, "points": [[0, 140], [1000, 140]]}])
    assert ink[136:145].min() == 1
    assert ink[:134].max() == ink[147:].max() == 0
    dot = draw_strokes([{"width": 40, "points": [[140, 140]]}])
    assert dot.sum() == pytest.approx(np.pi * 20**2, rel=0.01)
    assert np.array_equal(dot, dot.T)


def test_a_crossing_is_not_darker_and_the_order_does_not_matter():
    cross = [BAR, FLAG, {"width": 8, "points": [[40, 140], [240, 140]]}]
    ink = draw_strokes(cross)
    assert ink.max() == 1
    assert np.array_equal(ink, draw_strokes(cross[::-1]))
    assert np.array_equal(ink, np.max([draw_strokes([stroke]) for stroke in cross], axis=0))


points = st.lists(st.tuples(*[st.integers(-20, 300)] * 2).map(list), min_size=1, max_size=4)
strokes_of_any_kind = st.lists(
    st.fixed_dictionaries({"width": st.integers(1, 60), "points": points}), max_size=3
)


@given(st.lists(strokes_of_any_kind, max_size=4), strokes_of_any_kind)
def test_a_sheet_that_is_drawn_on_shows_what_a_new_one_would(others, growing):
    """Whatever was on it before, and while a drawing grows point by point."""
    sheet = Sheet()
    for strokes in others:
        assert np.array_equal(sheet.draw(strokes), draw_strokes(strokes))
    for count, stroke in enumerate(growing):
        for end in range(1, len(stroke["points"]) + 1):
            so_far = [*growing[:count], {**stroke, "points": stroke["points"][:end]}]
            assert np.array_equal(sheet.draw(so_far), draw_strokes(so_far))


def test_of_a_stroke_that_grows_only_the_new_line_is_drawn(monkeypatch):
    drawn, ink_line = [], pen._ink_line
    monkeypatch.setattr(
        pen, "_ink_line", lambda ink, *line: drawn.append(line) or ink_line(ink, *line)
    )
    sheet = Sheet()
    sheet.draw([{"width": 9, "points": [[10, 10], [20, 20], [30, 10]]}])
    del drawn[:]
    sheet.draw([{"width": 9, "points": [[10, 10], [20, 20], [30, 10], [40, 20]]}])
    assert drawn == [([30, 10], [40, 20], 5)]
    sheet.draw([{"width": 9, "points": [[10, 10]]}])[:] = 1
    assert sheet.draw([{"width": 9, "points": [[10, 10]]}]).min() == 0, "a copy was handed out"


# ---- reading ------------------------------------------------------------------------------


def test_what_is_drawn_is_read_and_told_in_one_message(sent):
    model = Model(row(1), row(7, 0.75))
    pad = DrawingPad(model)
    sent.clear()
    from_page(pad, strokes=[BAR], _drawing=True)
    (state,) = [state for _, state in sent if state and "_answered" in state]
    assert (state["_answered"], state["_names"]) == (1, list("0123456789"))
    assert np.array_equal(np.frombuffer(pad.get_state()["_row"], "<f4"), row(1)[0])
    assert np.array_equal(pad.probabilities, row(1)[0])
    assert pad.probabilities.dtype == np.float32
    assert np.array_equal(model.asked[0], pad.images)
    sent.clear()
    from_page(pad, strokes=[BAR, FLAG], _drawing=True)
    echo, answer = [state for _, state in sent]
    assert set(echo) == {"strokes", "_drawing"}
    assert answer == {"_answered": 2}  # and the row, which goes beside it as bytes
    assert np.array_equal(np.frombuffer(pad.get_state()["_row"], "<f4"), row(7, 0.75)[0])


def test_the_result_is_said_when_the_stroke_is_done(sent):
    pad = DrawingPad(Model(row(1), row(7)))
    from_page(pad, strokes=[BAR], _drawing=True)
    assert pad.get_state()["_said"] == ""
    from_page(pad, _drawing=False)
    words = "Most likely 1 (90.0 %), then 0 (1.1 %) and 2 (1.1 %)."
    assert pad.get_state()["_said"] == words
    sent.clear()
    from_page(pad, strokes=[BAR, FLAG], _drawing=False)
    said = [state["_said"] for _, state in sent if state and "_said" in state]
    assert [words.split(",")[0] for words in said] == ["Most likely 7 (90.0 %)"]


def test_code_may_watch_what_is_read():
    pad = DrawingPad(Model(row(1), row(7)), strokes=[BAR])
    seen = []
    pad.observe(lambda change: seen.append(int(change["new"].argmax())), "probabilities")
    pad.observe(lambda change: seen.append((pad.image.sum() > 0, len(change["new"]))), "strokes")
    pad.strokes = [BAR, FLAG]
    assert seen == [7, (True, 2)]


def test_an_empty_sheet_is_not_read():
    pad = DrawingPad(Model(row(1)), strokes=[BAR])
    from_page(pad, strokes=[])
    assert pad.probabilities is None
    assert (pad.get_state()["_row"], pad.get_state()["_answered"]) == (b"", 0)
    assert pad.get_state()["_said"] == EMPTY


def test_image_and_probabilities_are_only_read():
    pad = DrawingPad(model=False)
    for name in ("image", "probabilities"):
        with pytest.raises(Exception, match="read-only"):
            setattr(pad, name, np.zeros(10))


def test_a_pad_without_a_model_frames_and_reads_nothing():
    pad = DrawingPad(model=False, strokes=[BAR])
    assert pad.model is None
    assert pad.probabilities is None
    assert pad.image.any()
    assert repr(pad) == "DrawingPad(1 stroke, no model)"


def test_an_error_outlives_the_pens_lifting():
    trouble = ValueError("no such drawing")
    pad = DrawingPad(Model(trouble, trouble, np.full((1, 10), 0.1, "float32")))
    from_page(pad, strokes=[BAR], _drawing=True)
    assert pad._error == "ValueError: no such drawing"
    from_page(pad, _drawing=False)
    assert pad._error == "ValueError: no such drawing"
    from_page(pad, strokes=[BAR, BAR])
    assert pad._error == ""
    assert pad.probabilities is not None


def test_classes_may_be_fewer_more_and_named():
    pad = DrawingPad(Model(row(1, classes=3)), class_names=["x", "y", "z"], strokes=[BAR])
    assert pad.get_state()["_names"] == ["x", "y", "z"]
    assert pad.get_state()["_said"].startswith("Most likely y (90.0 %), then x")
    assert repr(pad) == "DrawingPad(1 stroke, read as y, 90.0 %)"
    assert len(DrawingPad(Model(row(40, classes=47)), strokes=[BAR]).get_state()["_names"]) == 47


def test_a_row_of_nan_is_shown_as_such():
    pad = DrawingPad(Model(np.full((1, 10), np.nan, "float32")), strokes=[BAR])
    assert repr(pad) == "DrawingPad(1 stroke, read as NaN)"
    assert "NaN" in pad.get_state()["_said"]


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="type str; expected a Keras model, None for the shipped"):
        DrawingPad("classifier.keras")


# ---- undo ---------------------------------------------------------------------------------


def test_what_code_replaces_can_be_had_back():
    pad = DrawingPad(model=False, strokes=[BAR])
    assert pad._past == []
    pad.strokes = []
    assert (pad._past, pad._future) == ([check_strokes([BAR])], [])
    from_page(pad, strokes=[BAR], _past=[])
    assert pad._past == []
    for _ in range(30):
        pad.strokes = [FLAG]
        pad.strokes = [BAR]
    assert len(pad._past) == 20


# ---- errors -------------------------------------------------------------------------------

WRONG = [
    (RuntimeError("out of order\nsecond line"), "RuntimeError: out of order"),
    ({"digit": row(1), "slant": row(2)}, "ValueError: The model returned a dict of numpy.ndarray"),
    ([row(1)], "ValueError: The model returned a list of numpy.ndarray"),
    (row(1) * 30 - 10, "ValueError: What the model returned goes from"),
    (np.zeros((10,)), "ValueError: The model returned shape (10,); the pad needs a row"),
    (np.zeros((2, 10)), "ValueError: The model returned shape (2, 10)"),
    (np.zeros((1, 1)), "ValueError: The model returned shape (1, 1)"),
    (np.zeros((1, 7, 7, 3)), "ValueError: The model returned shape (1, 7, 7, 3)"),
]


@pytest.mark.parametrize(("answer", "words"), WRONG, ids=lambda value: str(value)[:30])
def test_an_error_is_shown_answered_and_over_with_the_next_success(answer, words):
    pad = DrawingPad(Model(row(1), answer, row(7)))
    from_page(pad, strokes=[BAR])
    from_page(pad, strokes=[BAR, FLAG])
    state = pad.get_state()
    assert state["_error"].startswith(words)
    assert (state["_row"], state["_answered"], state["_said"]) == (b"", 2, "")
    assert pad.probabilities is None
    assert pad.image.any()
    assert "not read" in repr(pad)
    from_page(pad, strokes=[FLAG])
    assert pad.get_state()["_error"] == ""
    assert pad.probabilities.argmax() == 7


def test_an_error_on_what_code_draws_is_raised_there():
    pad = DrawingPad(Model(RuntimeError("out of order")))
    with pytest.raises(RuntimeError, match="out of order"):
        pad.strokes = [BAR]
    assert pad.image.any()


def test_an_interrupted_call_is_answered_too():
    pad = DrawingPad(Model(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        from_page(pad, strokes=[BAR])
    assert pad.get_state()["_answered"] == 1


def test_an_error_in_what_watches_comes_after_the_answer(sent):
    pad = DrawingPad(Model(row(1), row(7)))
    pad.observe(lambda _: 1 / 0, "probabilities")
    from_page(pad, strokes=[BAR])
    state = pad.get_state()
    assert state["_error"] == "ZeroDivisionError: division by zero"
    assert (state["_answered"], len(state["_row"])) == (1, 40)


def test_class_names_must_be_as_many_as_classes():
    pad = DrawingPad(Model(row(1)), class_names=["a", "b"])
    from_page(pad, strokes=[BAR])
    assert pad.get_state()["_error"] == "ValueError: 2 class_names given for 10 classes."


# ---- without a kernel ---------------------------------------------------------------------


def test_a_still_pad_shows_drawing_image_and_words():
    pad = DrawingPad(Model(row(1), row(7)), strokes=[BAR])
    one = pad._repr_mimebundle_()[0]
    assert "A drawing of 1 stroke and its framed image; read as 1, 90.0 %." in one["text/html"]
    assert "Most likely 1 (90.0 %)" in one["text/html"]
    pad.strokes = [BAR, FLAG]
    assert pad._repr_mimebundle_()[0]["image/png"] != one["image/png"]
    empty = DrawingPad()._repr_mimebundle_()[0]
    assert "An empty drawing pad: nothing is drawn yet." in empty["text/html"]


# ---- Keras --------------------------------------------------------------------------------


def test_an_open_pad_has_not_loaded_tensorflow_and_a_stroke_loads_it(in_fresh_python):
    code = """
import sys
from kerasdemo.widgets import DrawingPad
pad = DrawingPad(); pad._repr_mimebundle_(); DrawingPad(model=False, strokes=[{STROKE}])
print("tensorflow" in sys.modules, end=" ")
said = []
pad.observe(lambda change: said.append(change["new"]), "_said")
pad.set_state({"strokes": [{STROKE}], "_drawing": False})
print("tensorflow" in sys.modules, pad.probabilities.argmax(), pad._error == "", *said, sep="|")
"""
    done = in_fresh_python(code.replace("{STROKE}", str(BAR)))
    assert done.startswith(f"False True|1|True|{LOADING}|Most likely 1 (")


def test_pads_share_the_shipped_classifier():
    one, other = DrawingPad(), DrawingPad(strokes=[BAR])
    assert one.model is other.model is shipped_classifier()
    assert other.probabilities.argmax() == 1


def keras_model(*shape, classes=10, activation="softmax"):
    from kerasdemo._backend import import_keras

    keras = import_keras()
    layers = keras.layers
    return keras.Sequential(
        [keras.Input(shape), layers.Flatten(), layers.Dense(classes, activation=activation)]
    )


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ((32, 32, 1), "Resizing(32, 32)"),
        ((784,), "Reshape((784,))"),
        ((28, 28), "Reshape((28, 28))"),
    ],
)
def test_a_model_for_other_images_is_told_the_layer_that_mends_it(shape, layer):
    model = keras_model(*shape)
    pad = DrawingPad(model)
    from_page(pad, strokes=[BAR])
    sides = ", ".join(map(str, shape))
    error = pad.get_state()["_error"]
    assert error.startswith(f"ValueError: The model takes (n, {sides}); the pad gives (1, 28, 28,")
    assert f"keras.layers.{layer}, model])" in error
    from kerasdemo._backend import import_keras

    keras = import_keras()
    mended = eval(error.split("in front: ")[1].rstrip("."), {"keras": keras, "model": model})
    assert DrawingPad(mended, strokes=[BAR]).probabilities.shape == (10,)


@pytest.mark.parametrize("shape", [(28, 28, 3), (None, None, 3), (10,), (None,)])
def test_a_model_for_something_else_is_named(shape):
    class Odd(Model):
        inputs = (np.zeros((1,)),)

    Odd.inputs = [type("Input", (), {"shape": (None, *shape)})]
    with pytest.raises(
        ValueError, match=r"The model takes \(n, .*the pad gives \(1, 28, 28, 1\)\.$"
    ):
        read_image(Odd(), np.zeros((28, 28, 1), "float32"))


def test_the_model_is_not_asked_while_a_cell_has_taken_its_compiled_function():
    asked = []
    model = Model()
    model.predict_function = "compiled"
    model.predict_on_batch = lambda image: asked.append(model.predict_function) or row(3)
    reading = threading.Thread(target=read_image, args=(model, np.zeros((28, 28, 1), "float32")))
    with as_new(model):
        reading.start()
        reading.join(0.2)
        assert asked == []
    reading.join()
    assert asked == ["compiled"]


def test_models_of_any_size_and_without_a_stated_input_are_asked():
    class Any(Model):
        inputs = (type("Input", (), {"shape": (None, None, None, 1)}),)

    assert read_image(Any(row(3)), np.zeros((28, 28, 1), "float32")).argmax() == 3
    assert read_image(Model(row(3)), np.zeros((28, 28, 1), "float32")).argmax() == 3
    Any.inputs = Any.inputs * 2
    with pytest.raises(ValueError, match="2 inputs; the pad has one image"):
        read_image(Any(row(3)), np.zeros((28, 28, 1), "float32"))


def test_logits_and_a_raising_predict_step_of_keras_are_shown():
    model = keras_model(28, 28, 1, activation=None)
    model.layers[-1].bias.assign(np.arange(10.0))
    pad = DrawingPad(model)
    from_page(pad, strokes=[BAR])
    assert "Are these logits?" in pad.get_state()["_error"]
    model.predict_step = lambda data: 1 / 0
    model.predict_function = None
    from_page(pad, strokes=[FLAG])
    assert "division by zero" in pad.get_state()["_error"]


def stroke_width(images):
    """Twice the distance to the outline along the middle of the strokes, in pixels, on average."""
    outline, middle = stroke_maps(images)[:, :2].astype(np.float32).swapaxes(0, 1)
    return 2 * -outline[(middle == 0) & (outline < 0)].mean()


def test_the_pen_is_as_wide_as_those_that_the_classifier_learned_from():
    rng = np.random.default_rng(6)
    drawn = [written(label, rng, width=WIDTH) for label in range(10) for _ in range(10)]
    framed = np.stack([frame_digit(draw_strokes(strokes)) for strokes in drawn])
    learned = stroke_width(load_digits().train[:300].images)
    assert stroke_width(framed) == pytest.approx(learned, rel=0.06)


# A 1 with a foot to stand on is taken for a 2, and one with a long flag for a 7.
POOR = {1: 0.5}


def test_the_shipped_classifier_reads_what_hands_draw():
    rng = np.random.default_rng(4)
    labels = np.repeat(np.arange(10), 20)
    drawn = [frame_digit(draw_strokes(written(label, rng, width=WIDTH))) for label in labels]
    guessed = shipped_classifier().predict_on_batch(np.stack(drawn)[..., None]).argmax(axis=1)
    for label in range(10):
        assert (guessed[labels == label] == label).mean() >= POOR.get(label, 0.9), label
