"""Which calls of a series trace: set beside TensorFlow's own count and the runs of Python."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import small_models as models
import tensorflow as tf

import kerasdemo as kd
from kerasdemo.methods import compiled
from kerasdemo.retracing.batches import batch_of
from kerasdemo.retracing.series import xla_compiled


class Counting(keras.Model):
    """Notes the shape each time that Python runs the step."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)
        self.seen = []

    def call(self, x):
        self.seen.append(tuple(x.shape))
        return self.dense(x)


@pytest.fixture
def counting():
    model = Counting()
    model(np.zeros((1, 3), np.float32))
    model.seen.clear()
    return model


@pytest.mark.parametrize("method", ["predict", "predict_on_batch", "compiled"])
def test_the_traces_are_the_runs_of_python(counting, method):
    """The oracle: each trace runs the model's own ``call`` once, and a graph never does."""
    shapes = [(n, 3) for n in (4, 4, 5, 6, 4, 1)]
    seen = kd.retraces(counting, shapes, methods=[method])
    assert len(counting.seen) == seen.total[method] == 2
    assert seen.traces[method] == (1, 0, 1, 0, 0, 0)
    assert counting.seen == [(4, 3), (None, 3)]


def test_each_method_begins_as_new_and_another_dtype_is_another_graph():
    methods = ["predict_on_batch", "compiled"]
    calls = [3, (3, "uint8"), (2, "uint8"), (7, 6, 6, 1)]
    seen = kd.retraces(models.functional(), calls, methods=methods)
    for method in methods:
        assert seen.traces[method] == (1, 1, 1, 1)
    assert seen.calls == (
        "(3, 6, 6, 1) float32",
        "(3, 6, 6, 1) uint8",
        "(2, 6, 6, 1) uint8",
        "(7, 6, 6, 1) float32",
    )


def test_the_first_shape_alone_is_one_graph():
    assert kd.retraces(models.functional(), [3, 3, 3]).total == {
        "predict": 1,
        "predict_on_batch": 1,
        "compiled": 1,
    }


def test_predict_gets_each_batch_whole():
    """100 samples cut into batches of 32 would trace twice, for 32 and for 4."""
    assert kd.retraces(models.functional(), [100], methods="predict").total == {"predict": 1}


def test_a_model_that_runs_eagerly_traces_nothing():
    model = models.functional()
    model.run_eagerly = True
    seen = kd.retraces(model, [3, 2], methods=["predict", "predict_on_batch"])
    assert set(seen.total.values()) == {0}


def used(model):
    """Use a model by all methods, and return what must stay as it is."""
    model.predict(models.images(5), verbose=0)
    compiled(model)(models.images(5))
    return state(model)


def state(model):
    kept = compiled(model)
    return (
        model.predict_function,
        kept,
        kept.experimental_get_tracing_count(),
        model.predict_function.experimental_get_tracing_count(),
        vars(model).get("_jit_compile"),
        model.run_eagerly,
    )


@pytest.mark.parametrize("jit", [False, True])
def test_the_model_is_as_it_was(jit):
    model = models.functional()
    model.compile(jit_compile=jit)
    before, weights = used(model), model.get_weights()
    kd.retraces(model, [3] if jit else [3, 2])
    assert state(model) == before
    assert all(map(np.array_equal, model.get_weights(), weights))
    assert not {"make_predict_function", "predict_step", "call"} & vars(model).keys()


def test_the_model_is_as_it_was_when_a_call_raises():
    model = models.functional()
    before = used(model)
    with pytest.raises(ValueError, match="a batch needs"):
        kd.retraces(model, [3, (3, 7, 7, 1)])
    assert state(model) == before


def test_no_function_is_left_behind_where_there_was_none():
    model = models.functional()
    kd.retraces(model, [3], methods=["compiled"])
    assert compiled(model).experimental_get_tracing_count() == 0


@pytest.mark.parametrize(
    ("first", "again", "judged"),
    [(0.1, 0.001, True), (0.1, 0.03, False), (0.009, 0.0001, False), (0.011, 0.0001, True)],
)
def test_xla_is_told_by_a_ratio_and_a_least_difference(first, again, judged):
    assert xla_compiled(first, again) is judged


def test_xla_compiles_for_each_shape_below_the_trace():
    model = models.functional()
    model.compile(jit_compile=True)
    if not model.jit_compile:
        pytest.skip("Keras does not use XLA here")
    seen = kd.retraces(model, [4, 3, 2, 4, 3])
    assert seen.traces["predict_on_batch"] == (1, 1, 0, 0, 0)
    assert seen.recompiled["predict_on_batch"] == (True, True, True, False, False)
    assert seen.recompiled["predict"] == (True, True, True, False, False)
    assert "compiled" not in seen.recompiled
    assert [row.cells for row in seen.table.rows][2] == ("XLA compiled", "XLA compiled", "-")
    assert seen.table.rows[-1].cells == ("3", "3", "-")
    assert "told by processor time" in repr(seen)


def test_xla_starts_without_a_word():
    program = (
        "import kerasdemo as kd; model = kd.load_classifier(); model.compile(jit_compile=True);"
        " print(kd.retraces(model, [3, 2], methods=['predict_on_batch']).recompiled)"
    )
    settings = {k: v for k, v in os.environ.items() if not k.startswith("TF_CPP")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=True)
    assert done.stdout == "{'predict_on_batch': (True, True)}\n"
    assert done.stderr == ""


def test_without_xla_it_says_that_it_is_off():
    seen = kd.retraces(models.functional(), [3])
    assert (seen.slower, seen.recompiled) == ({}, {})
    assert "XLA is off" in repr(seen)
    assert "<caption>which calls traced" in seen._repr_html_()
    assert json.loads(json.dumps(seen.as_dict()))["total"]["predict"] == 1


# ---- what the calls are given -----------------------------------------------------------------


def named_inputs():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    return keras.Model({"a": a, "b": b}, keras.layers.Add()([a, b]))


@pytest.mark.parametrize(
    ("make", "wish", "shapes"),
    [
        (models.functional, 5, (5, 6, 6, 1)),
        (models.sequential, np.int64(5), (5, 6, 6, 1)),
        (models.functional, (5, 6, 6, 1), (5, 6, 6, 1)),
        (models.two_inputs, 5, [(5, 3), (5, 3)]),
        (named_inputs, 5, {"a": (5, 3), "b": (5, 3)}),
    ],
)
def test_a_size_becomes_a_batch_in_the_models_own_structure(make, wish, shapes):
    batch = batch_of(make(), wish)
    assert keras.tree.map_structure(lambda part: part.shape, batch) == shapes
    assert {part.dtype for part in keras.tree.flatten(batch)} == {np.dtype("float32")}


@pytest.mark.parametrize("make", [models.two_inputs, named_inputs])
def test_several_inputs_are_traced_too(make):
    assert kd.retraces(make(), [3, 2, 1], methods=["predict_on_batch"]).traces == {
        "predict_on_batch": (1, 1, 0)
    }


def test_arrays_and_tensors_are_taken_as_they_are():
    array, tensor = models.images(3), tf.zeros((2, 6, 6, 1))
    model = models.functional()
    assert batch_of(model, array) is array
    assert batch_of(model, tensor) is tensor
    assert batch_of(model, (4, "float64")).dtype == np.float64
    seen = kd.retraces(model, [array, tensor], methods=["predict_on_batch"])
    assert seen.calls == ("(3, 6, 6, 1) float32", "(2, 6, 6, 1) float32")


@pytest.mark.parametrize(
    "wish", [0, -1, 1.5, True, (3, 0), "32", (), None, (32, 28.0), (32, "uint7")]
)
def test_what_is_no_shape_is_named(wish):
    with pytest.raises(ValueError, match="shapes holds"):
        kd.retraces(models.functional(), [wish])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"methods": ["predict_step"]}, "predict_step runs eagerly"),
        ({"methods": ["predct"]}, "Did you mean 'predict'"),
        ({"methods": []}, "nothing to call"),
        ({"shapes": []}, "nothing to call"),
        ({"shapes": 32}, "nothing to call"),
    ],
)
def test_other_mistakes_are_named(options, says):
    with pytest.raises(ValueError, match=says):
        kd.retraces(models.functional(), **{"shapes": [3]} | options)


def test_a_model_without_a_known_shape_asks_for_one():
    with pytest.raises(ValueError, match="does not say what shape"):
        kd.retraces(Counting(), [3])
    open_ended = keras.Sequential([keras.Input((None, 3)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="leaves sizes open"):
        kd.retraces(open_ended, [3])
