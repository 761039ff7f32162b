import gc
import weakref

import keras
import numpy as np
import pytest
import small_models as models
from hypothesis import given
from hypothesis import strategies as st

from kerasdemo.methods import (
    METHODS,
    batches,
    caller,
    compiled,
    compiled_anew,
    count,
    new_compiled,
    run,
)
from kerasdemo.prediction import flatten, gap, gather, largest_difference, type_name

SINGLE = [models.functional, models.sequential, models.Subclassed]


@pytest.mark.parametrize("build", SINGLE)
def test_every_method_gives_what_the_layers_give(build):
    """The oracle is the model's own layers, one by one, outside every method."""
    model, images = build(), models.images()
    expected = images
    model(images)
    layers = model.layers
    for layer in layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        expected = layer(expected, training=False)
    for method in METHODS:
        prediction = run(model, images, method)
        np.testing.assert_allclose(prediction.probabilities, expected, atol=1e-6)
        assert prediction.classes.tolist() == np.argmax(expected, axis=-1).tolist()


def test_what_was_returned_is_kept_as_it_came():
    import tensorflow as tf

    model, images = models.functional(), models.images()
    for method in METHODS:
        (returned,) = run(model, images, method).returned
        is_array = method in ("predict", "predict_on_batch")
        assert isinstance(returned, np.ndarray) == is_array
        assert tf.is_tensor(returned) != is_array


def test_predict_is_called_once_and_the_others_once_a_batch():
    model, images = models.functional(), models.images(7)
    for method in METHODS:
        prediction = run(model, images, method, batch_size=3)
        assert len(prediction.returned) == (1 if method == "predict" else 3)
        assert prediction.probabilities.shape == (7, 4)


class TrainsUnlessTold(keras.Model):
    """Answers 1 in training, 0 otherwise, and takes it for training unless told."""

    def call(self, x, training=True):
        return keras.ops.full((keras.ops.shape(x)[0], 2), 1.0 if training else 0.0)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_tells_the_model_that_this_is_no_training(method):
    model, images = TrainsUnlessTold(), models.images(3)
    assert np.all(model(images) == 1), "without being told, this model trains"
    assert np.all(run(model, images, method).outputs["output"] == 0)


def test_the_compiled_function_is_not_traced_anew_for_each_batch_size():
    model = models.functional()
    function = new_compiled(model)  # it does not keep the model alive itself
    for size in range(1, 13):
        assert function(models.images(size)).shape == (size, 4)
    assert function.experimental_get_tracing_count() <= 3


def test_the_compiled_function_is_kept_and_keeps_no_model_alive():
    model = models.functional()
    assert compiled(model) is compiled(model)
    assert compiled(model) is not new_compiled(model)
    run(model, models.images(), "compiled")
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


class TellsWhereItRuns(keras.Model):
    """Notes for each run of its Python code whether that was eager."""

    def __init__(self):
        super().__init__()
        self.eager = []

    def call(self, x):
        import tensorflow as tf

        self.eager.append(tf.executing_eagerly())
        return x


def test_call_runs_the_model_anew_each_time_and_compiled_its_graph():
    model, images = TellsWhereItRuns(), models.images(4)
    model(images)
    for method, runs in [("call", [True] * 2), ("compiled", [False])]:
        model.eager.clear()
        run(model, images, method, batch_size=2)
        assert model.eager == runs


def test_the_kept_function_is_called_unless_a_fresh_one_is_asked_for():
    model, images = models.functional(), models.images()
    caller(model, "compiled", fresh=True)(images)
    assert compiled(model).experimental_get_tracing_count() == 0
    caller(model, "compiled")(images)
    assert compiled(model).experimental_get_tracing_count() == 1


def test_the_kept_function_can_be_set_aside():
    model = models.functional()
    with compiled_anew(model):
        inside = compiled(model)
    kept = compiled(model)
    assert callable(kept), "nothing was kept before, and nothing is after"
    assert kept is not inside

    def fail():
        with compiled_anew(model):
            assert compiled(model) is not kept
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert compiled(model) is kept


class NotesItsOptions(models.Subclassed):
    def predict(self, x, **options):
        self.options = options
        return super().predict(x, **options)


def test_predict_gets_what_was_asked_for_and_else_no_progress_bar():
    model, images = NotesItsOptions(), models.images()
    run(model, images)
    assert model.options == {"batch_size": None, "verbose": 0, "callbacks": None}
    caller(model, "predict")(images)
    assert model.options == {"batch_size": None, "verbose": 0, "callbacks": None}
    run(model, images, batch_size=4, verbose=2)
    assert model.options == {"batch_size": 4, "verbose": 2, "callbacks": None}


@pytest.mark.parametrize("method", METHODS)
def test_dict_and_list_outputs_keep_their_names(method):
    by_name = run(models.dict_output(), models.images(5), method, batch_size=2)
    assert {k: v.shape for k, v in by_name.outputs.items()} == {"digit": (5, 4), "slant": (5, 1)}
    assert by_name.probabilities is by_name.outputs["digit"]
    by_place = run(models.list_output(), models.images(5), method)
    assert {k: v.shape for k, v in by_place.outputs.items()} == {"0": (5, 4), "1": (5, 2)}


@pytest.mark.parametrize("method", METHODS)
def test_two_inputs_both_count(method):
    """``predict_step([a, b])`` would take b for labels; run() must not."""
    a, b = np.ones((4, 3), "float32"), np.full((4, 3), 10.0, "float32")
    prediction = run(models.two_inputs(), [a, b], method, batch_size=3)
    assert prediction.outputs["output"].tolist() == [[11.0] * 3] * 4


def test_an_overridden_predict_step_is_honoured_by_the_three_and_not_by_call():
    model, images = models.Overridden(), models.images(5)
    for method in METHODS:
        prediction = run(model, images, method)
        overridden = "classes" in prediction.outputs
        assert overridden == method.startswith("predict")
        assert prediction.probabilities.shape == (5, 4)
        assert prediction.classes.shape == (5,)


def test_the_main_output_is_the_first_with_a_row_of_floats_a_sample():
    outputs = {
        "length": np.zeros(3, "float32"),
        "place": np.zeros((3, 2), "int64"),
        "probabilities": np.eye(3, 4, dtype="float32"),
        "more": np.zeros((3, 9), "float32"),
    }
    prediction = gather("predict", (outputs,))
    assert prediction.probabilities is outputs["probabilities"]
    assert prediction.classes.tolist() == [0, 1, 2]
    assert prediction.confidence.tolist() == [1.0, 1.0, 1.0]


def test_a_sigmoid_output_has_two_classes():
    p = gather("predict", (np.array([[0.2], [0.7]], "float32"),))
    assert p.classes.tolist() == [0, 1]


def sure_of(shares):
    """Return classes and confidence of these probabilities of class 1, each a row by itself."""
    found = gather("predict", (np.array(shares, "float32")[:, None],))
    return found.classes, found.confidence


shares = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=9)


@given(shares)
def test_confidence_is_the_probability_of_the_class_that_is_named(shares):
    """The oracle is the same answer with a column for each of the two classes."""
    classes, confidence = sure_of(shares)
    both = np.stack([1 - np.float32(shares), np.float32(shares)], axis=1)
    assert confidence.tolist() == [both[n, named] for n, named in enumerate(classes)]
    two = gather("predict", (both,))
    assert confidence.tolist() == two.confidence.tolist()
    assert confidence.dtype == "float32"
    assert confidence.min() >= 0.5


def test_a_sigmoid_model_is_as_sure_of_class_0_as_of_class_1():
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((1,)), layers.Dense(1, "sigmoid", kernel_initializer="ones")]
    )
    for method in METHODS:
        found = run(model, np.array([[-3.0], [3.0]], "float32"), method)
        assert found.classes.tolist() == [0, 1]
        assert found.confidence == pytest.approx([0.953, 0.953], abs=0.001)


def test_confidence_of_nothing_known_is_nan():
    assert np.isnan(sure_of([np.nan, 0.25])[1]).tolist() == [True, False]


@pytest.mark.parametrize("name", ["classes", "confidence"])
def test_an_output_without_classes_says_so(name):
    p = gather("predict", (np.zeros(3, "float32"),))
    with pytest.raises(ValueError, match=rf"no axis of classes.*instead of \.{name}\.$"):
        getattr(p, name)
    assert p.outputs["output"].tolist() == [0, 0, 0]


def test_repr_says_method_calls_type_and_shape():
    text = repr(run(models.functional(), models.images(), "predict_step", batch_size=4))
    for part in ("predict_step", "2 calls", "EagerTensor", "(7, 4)", "float32"):
        assert part in text


@pytest.mark.parametrize(
    ("name", "hint"), [("predictstep", "predict_step"), ("on_batch", ""), ("", ""), (None, "")]
)
def test_a_misspelt_method_gets_a_hint(name, hint):
    with pytest.raises(ValueError, match="There is no method") as error:
        run(models.sequential(), models.images(), name)
    assert "The methods: predict" in str(error.value)
    assert f"Did you mean {hint!r}" in str(error.value) if hint else True


def test_a_batch_size_below_one_is_refused():
    with pytest.raises(ValueError, match="1 or more"):
        run(models.sequential(), models.images(), batch_size=0)
    assert len(run(models.sequential(), models.images(3), "call", batch_size=1).returned) == 3


def test_verbose_reaches_predict(capsys):
    model, images = models.sequential(), models.images()
    run(model, images, "predict", verbose=0)
    assert capsys.readouterr().out == ""
    run(model, images, "predict", verbose=1)
    assert "1/1" in capsys.readouterr().out


def test_calling_twice_gives_the_same_caller_result():
    model, images = models.sequential(), models.images()
    call = caller(model, "call", batch_size=2)
    assert all(np.array_equal(a, b) for a, b in zip(call(images), call(images), strict=True))


@given(st.integers(1, 200), st.integers(1, 64))
def test_batches_lose_and_double_nothing(n, size):
    numbers = np.arange(n)
    parts = batches(numbers, size)
    assert np.concatenate(parts).tolist() == numbers.tolist()
    assert all(len(p) == size for p in parts[:-1])
    assert 1 <= len(parts[-1]) <= size


@given(st.integers(1, 30), st.integers(1, 9))
def test_nested_inputs_are_cut_alike(n, size):
    nested = {"a": np.arange(n), "b": [np.arange(n) * 2, (np.arange(n) * 3,)]}
    assert count(nested) == n
    parts = batches(nested, size)
    assert np.concatenate([p["a"] for p in parts]).tolist() == nested["a"].tolist()
    assert np.concatenate([p["b"][1][0] for p in parts]).tolist() == (np.arange(n) * 3).tolist()


def test_flatten_names_nested_outputs():
    nested = {"a": np.zeros(2), "b": [np.zeros(3), {"c": np.zeros(4)}]}
    assert list(flatten(nested)) == ["a", "b/0", "b/1/c"]


def test_scalars_per_batch_become_one_number_a_batch():
    assert gather("call", (np.float32(1), np.float32(2))).outputs["output"].tolist() == [1.0, 2.0]


def test_type_names():
    assert type_name([np.zeros(1), 3]) == "list of int and numpy.ndarray"
    assert type_name(()) == "tuple of nothing"


floats = st.floats(-10, 10, width=32) | st.just(float("nan"))


@given(st.lists(floats, min_size=1, max_size=20))
def test_gap_is_zero_to_itself_and_symmetric(values):
    a = np.array(values, "float32")
    assert gap(a, a) == 0
    b = a[::-1].copy()
    assert gap(a, b) == gap(b, a)


def test_gap_sees_a_nan_on_one_side_only_and_other_kinds():
    assert gap(np.array([1.0, np.nan]), np.array([1.0, 2.0])) == np.inf
    assert gap(np.array([np.inf]), np.array([np.inf])) == 0
    assert gap(np.array(["a"]), np.array(["a"])) == 0
    assert gap(np.array(["a"]), np.array(["b"])) == np.inf
    assert gap(np.zeros((0, 3)), np.zeros((0, 3))) == 0


def test_outputs_of_other_names_never_match():
    one = gather("predict", ({"a": np.zeros(2)},))
    other = gather("predict", ({"b": np.zeros(2)},))
    assert largest_difference(one, other) == np.inf
