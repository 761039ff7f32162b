"""The capstone passes what is right, and names each thing that is not."""

from __future__ import annotations

import itertools
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasdemo as kd
from kerasdemo.trials import stream, whole
from kerasdemo.trials.material import material
from kerasdemo.trials.report import TrialReport
from kerasdemo.trials.trial import graphs_made


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(4, 5, strides=4, activation="relu")(inputs)
    outputs = keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(x))
    return keras.Model(inputs, outputs)


@pytest.fixture(scope="module")
def images():
    return kd.load_digits().test.images[:150]


@pytest.fixture(scope="module")
def given(model, images):
    return material(model, images)


def good_classify(model):
    def classify(images):
        rows = [model.predict_on_batch(images[s : s + 256]) for s in range(0, len(images), 256)]
        return np.concatenate([np.zeros((0, 10)), *rows]).argmax(axis=1)

    return classify


def good_stream(model):
    def classify_stream(dataset):
        for batch in dataset:
            yield model.predict_on_batch(batch).argmax(axis=1)

    return classify_stream


def failed(trials):
    return [trial.name.split(": ")[1] for trial in trials if trial.passed is False]


def the_one(facet, trials):
    """Return the trial of one facet; those after it, some of them long, are not made."""
    return next(trial for trial in trials if trial.name.endswith(f": {facet}"))


@pytest.fixture(scope="module")
def half(model, images):
    return kd.try_capstone(..., good_stream(model), model, images=images)


def test_right_functions_pass(model, images):
    model.predict(images, verbose=0)
    before = model.predict_function
    report = kd.try_capstone(
        good_classify(model), good_stream(model), model, images=images, memory=False
    )
    assert bool(report)
    assert failed(report) == []
    assert len(report) == 11
    assert model.predict_function is before
    assert "✓ yes" in repr(report)
    assert "not yet" not in repr(report)
    assert report.as_dict()["passed"] is True


def test_three_dots_are_no_answer_and_one_function_is_half_of_one(model, half):
    assert kd.try_capstone(..., ..., model) is None
    assert not half
    assert [t.name for t in half.missing] == ["classify"]
    assert "Write classify next" in half._repr_html_()


def test_what_is_no_function_is_told(model):
    with pytest.raises(TypeError, match="classify is 3; a function is needed"):
        kd.try_capstone(3, ..., model)


def in_a_loop(model, x):
    """Call predict for each 32: a full machine slows both sides of that ratio alike."""
    for start in range(0, len(x), 32):
        yield model.predict(x[start : start + 32], verbose=0).argmax(axis=1)


def wrong_classifies(model):
    good = good_classify(model)
    loose = tf.function(lambda x: model(x, training=False))
    return {
        "values": lambda x: (good(x) + 1) % 10,
        "type": lambda x: list(good(x)),
        "no images": lambda x: good(x) if len(x) else np.zeros(0),
        "graphs": lambda x: loose(x).numpy().argmax(axis=1),
        "one image": lambda x: model.predict(x, verbose=0).argmax(axis=1) if len(x) else good(x),
        "many images": lambda x: np.concatenate([good(x[:0]), *in_a_loop(model, x)]),
    }


@pytest.mark.parametrize(
    "facet", ["values", "type", "no images", "graphs", "one image", "many images"]
)
def test_each_trial_of_classify_bites(facet, model, given, monkeypatch):
    monkeypatch.setattr(whole, "MANY", 1_024)  # predict in a loop takes ten times as long and more
    trials = whole.trials(wrong_classifies(model)[facet], given, memory=False)
    assert the_one(facet, trials).passed is False


def test_memory_is_that_of_the_largest_batch(images):
    """In fresh processes; that slices of 256 pass, the check of lesson 13's solution shows."""
    shipped = kd.load_classifier()
    given = material(shipped, images)
    seen, passed = whole.memory_of(lambda x: shipped.predict_on_batch(x).argmax(1), given)
    assert passed is False, seen


def test_memory_that_cannot_be_measured_is_said_and_no_fault(given, model):
    step = tf.function(lambda x: model(x))
    step(given.images)  # it now holds a graph, which no other process can be given
    seen, passed = whole.memory_of(lambda x: step(x).numpy().argmax(1), given)
    assert passed is None
    assert "cannot be given" in seen


def wrong_streams(model):
    kept = []

    def collects(dataset):
        for batch in dataset:
            kept.append(model.predict_on_batch(batch))
            yield kept[-1].argmax(axis=1)

    def one_by_one(dataset):
        return itertools.chain.from_iterable(good_stream(model)(dataset))

    loose = tf.function(lambda x: model(x, training=False))

    def retraces(dataset):
        for number, batch in enumerate(dataset):
            size = len(batch) - number  # another size each time
            yield loose(batch[:size]).numpy().argmax(axis=1)

    return {
        "values": lambda dataset: (a[::-1] for a in good_stream(model)(dataset)),
        "type": one_by_one,
        "no end": lambda dataset: list(good_stream(model)(dataset)),
        "memory": collects,
        "graphs": retraces,
    }


@pytest.mark.parametrize("facet", ["values", "type", "no end", "memory", "graphs"])
def test_each_trial_of_the_stream_bites(facet, model, given):
    trials = stream.trials(wrong_streams(model)[facet], given)
    assert the_one(facet, trials).passed is False


def test_the_memory_of_a_stream_of_single_numbers_is_not_judged(model, given):
    """What counts its answers image by image has another fault, which has a trial of its own."""
    seen, passed = stream.memory_of(wrong_streams(model)["type"], given)
    assert passed is None
    assert "type comes first" in seen


def test_what_a_function_prints_and_warns_of_is_held_back(capsys, recwarn, given, model):
    def chatty(images):
        print("here I am")
        warnings.warn("a remark of Keras's", stacklevel=1)
        return good_classify(model)(images)

    assert failed(whole.trials(chatty, given, memory=False)) == []
    assert capsys.readouterr().out == ""
    assert [each for each in recwarn if "remark" in str(each.message)] == []


@pytest.mark.parametrize(
    ("facet", "answer", "seen"),
    [("type", np.argmax, "a single int64"), ("type", lambda rows: None, "no return")],
)
def test_what_came_is_named_as_a_student_would(facet, answer, seen, given):
    trials = whole.trials(lambda x: answer(np.zeros((len(x), 10))), given, memory=False)
    trial = the_one(facet, trials)
    assert seen in trial.seen
    assert "array of classes" in trial.hint


def test_a_trial_that_raises_stops_no_other(model, images):
    report = kd.try_capstone(lambda x: 1 / 0, good_stream(model), model, images=images)
    assert {t.seen for t in report.missing} == {"ZeroDivisionError: division by zero"} | {
        t.seen for t in report.missing if "Division" not in t.seen
    }
    assert all(t.passed for t in report if t.name.startswith("classify_stream"))


def test_graphs_are_those_of_whoever_compiles(model, images):
    own = vars(model.layers[1]).get("call")
    with graphs_made(model) as made:
        model(images[:2])
        assert made == []
        tf.function(lambda x: model(x))(images[:2])
        assert len(made) == 1
    assert vars(model.layers[1]).get("call") is own


def test_check_takes_the_report(capsys, half):
    kd.check("13-capstone", half)
    assert "Not yet: 1 of 6 trials not passed" in capsys.readouterr().out
    kd.check("13-capstone", None)
    assert "Not answered yet" in capsys.readouterr().out
    kd.check("13-capstone", TrialReport(tuple(t for t in half if t.passed)))
    assert "Yes:" in capsys.readouterr().out
