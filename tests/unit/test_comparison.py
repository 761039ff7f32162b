import dataclasses
import json

import matplotlib as mpl
import numpy as np
import pytest
import small_models as models

from kerasdemo.comparison import COLD, Comparison, compare
from kerasdemo.methods import METHODS, run
from kerasdemo.prediction import gather

mpl.use("Agg")
IMAGES = models.images(7)


@pytest.fixture(scope="module")
def model():
    return models.functional()


@pytest.fixture(scope="module")
def everything(model):
    return compare(model, IMAGES, methods=METHODS, batch_size=3, rounds=3)


def test_three_methods_by_default(model):
    assert compare(model, IMAGES, rounds=0).methods == (
        "predict",
        "predict_on_batch",
        "predict_step",
    )


def test_each_prediction_is_that_of_the_method(model, everything):
    for method in METHODS:
        expected = run(model, IMAGES, method, batch_size=3).probabilities
        np.testing.assert_allclose(everything[method].probabilities, expected, atol=1e-6)


def test_facets(everything):
    facets = everything.facets
    assert list(facets["returns"].values()) == ["numpy.ndarray"] * 2 + ["EagerTensor"] * 3
    assert facets["loop over batches"]["predict"] == "in the method"
    assert facets["loop over batches"]["predict_on_batch"] == "in your code"
    assert set(facets["batches"].values()) == {3}
    assert facets["predict_step runs, warm call"] == {
        "predict": 0,
        "predict_on_batch": 0,
        "predict_step": 3,
        "call": 0,
        "compiled": 0,
    }
    assert facets["progress bar"]["predict"] == "yes"
    assert set(facets["shape"].values()) == {(7, 4)}


def test_agreement(everything):
    assert everything.classes_agree
    assert everything.largest_difference < 1e-5
    assert "same class for all 7 samples" in repr(everything)


def test_disagreement_is_seen():
    """A step that treats its batch differently outside a graph must not pass for agreement."""
    import tensorflow as tf

    class Moody(models.Subclassed):
        def predict_step(self, data):
            p = super().predict_step(data)
            return p[:, ::-1] if tf.executing_eagerly() else p

    moody = Moody()
    moody(IMAGES)
    result = compare(moody, IMAGES, rounds=0)
    assert not result.classes_agree
    assert result.largest_difference > 1e-3
    assert result.differences["predict_on_batch"] < 1e-5
    assert "do NOT" in repr(result)
    assert "≠ NO" in repr(result)


def test_times_are_kept_for_each(everything):
    for method in METHODS:
        low, high = everything.timings.quartiles[method]
        assert 0 < low <= everything.timings.median[method] <= high
        assert everything.timings.warm[method].shape == (3,)


def test_first_call_is_first_also_on_a_used_model(model):
    """The trace is made anew for each method, so the first call is the slow one."""
    for _ in range(3):
        model.predict_on_batch(IMAGES)
    times = compare(model, IMAGES, methods=("predict_on_batch", "compiled"), rounds=5).timings
    for method in ("predict_on_batch", "compiled"):
        assert times.first[method] > 2 * times.median[method]


def test_nothing_is_watched_while_the_clock_runs(model, monkeypatch):
    import kerasdemo.costs as module

    seen = []

    def stopwatch(calls, *, rounds, before):
        for name, call in calls.items():
            before[name]()
            seen.append(("predict_step" in vars(model), type(model).predict_step.__qualname__))
            call()

    monkeypatch.setattr(module, "time_calls", stopwatch)
    compare(model, IMAGES, rounds=1)
    assert seen == [(False, "TensorFlowTrainer.predict_step")] * 3


def test_each_method_is_timed_with_a_compiled_function_of_its_own(model, monkeypatch):
    import kerasdemo.costs as module

    functions = {"predict": [], "predict_on_batch": []}

    def stopwatch(calls, *, rounds, before):
        for name in (*calls, *calls):
            before[name]()
            functions[name].append(model.predict_function)
            calls[name]()
            functions[name].append(model.predict_function)

    monkeypatch.setattr(module, "time_calls", stopwatch)
    compare(model, IMAGES, methods=tuple(functions), rounds=1)
    for name, (at_first, after, later, last) in functions.items():
        assert at_first is None, name
        assert after is later is last is not None, name
    assert functions["predict"][1] is not functions["predict_on_batch"][1]


def test_the_model_keeps_its_compiled_function(model):
    model.predict(IMAGES, verbose=0)
    before = model.predict_function
    compare(model, IMAGES, rounds=1)
    assert model.predict_function is before


def test_repr_fits_a_hundred_columns(everything):
    assert max(map(len, repr(everything).splitlines())) <= 100
    assert "warm call, median" in repr(everything)


def test_without_timings_two_runs_print_the_same(model):
    def text():
        return str(compare(model, IMAGES, rounds=1, batch_size=4).table(timings=False))

    first = text()
    assert text() == first
    assert "ms" not in first


def test_html_marks_what_differs(everything):
    html = everything._repr_html_()
    assert "<strong>≠ EagerTensor</strong>" in html
    assert '<td style="text-align:left">numpy.ndarray</td>' in html


def test_plot_or_a_word_on_how_to_get_one(model, everything):
    axes = everything.plot()
    assert len(axes.patches) == len(METHODS)
    with pytest.raises(ValueError, match="rounds=11"):
        compare(model, IMAGES, rounds=0).plot()


def test_as_dict_is_json(everything):
    data = json.loads(json.dumps(everything.as_dict()))
    assert data["facets"]["returns"]["predict_step"] == "EagerTensor"
    assert data["seconds"]["predict"]["warm_median"] > 0
    assert data["classes_agree"] is True
    assert data["largest_difference"] == everything.largest_difference


@pytest.mark.parametrize("build", [models.dict_output, models.list_output, models.Overridden])
def test_structured_outputs_compare(build):
    result = compare(build(), IMAGES, rounds=0)
    assert result.classes_agree
    assert result.largest_difference < 1e-5
    assert result.facets["returns"]["predict"].endswith("of numpy.ndarray")


def test_two_inputs_compare():
    a = np.ones((4, 3), "float32")
    result = compare(models.two_inputs(), [a, 10 * a], methods=METHODS, rounds=0)
    assert result.largest_difference < 1e-5
    assert result["predict_step"].outputs["output"][0].tolist() == [11.0] * 3


def seen(**outputs):
    """Return a comparison of what methods gave, with nothing else about them."""
    observations = {
        name: type("Seen", (), {"prediction": gather(name, (np.float32(given),))})()
        for name, given in outputs.items()
    }
    return Comparison(observations, 3, 3, None)


def test_outputs_without_classes_still_compare():
    comparison = seen(predict=[0, 0, 0], call=[0, 0, 0])
    assert comparison.summary == "The outputs agree."
    assert not comparison.have_classes


@pytest.mark.parametrize("shape", [(3, 4), (3, 2, 4)])
def test_an_axis_after_the_batch_s_is_one_of_classes(shape):
    assert seen(call=np.zeros(shape)).have_classes


def test_the_first_method_is_the_reference():
    assert seen(call=[[1, 2]]).differences == {"call": 0.0}
    three = seen(predict=[[0, 0]], call=[[0, 1]], compiled=[[0, 3]])
    assert three.differences == {"predict": 0.0, "call": 1.0, "compiled": 3.0}
    assert three.largest_difference == 3.0


def test_the_notes_speak_of_times_where_there_are_some(model, everything):
    assert COLD in everything.table().notes
    assert COLD not in everything.table(timings=False).notes
    untimed = compare(model, IMAGES, methods="call", rounds=0)
    assert COLD not in untimed.table().notes
    assert untimed.as_dict()["seconds"] == {}


def test_a_comparison_stays_as_it_is_and_equals_itself_alone(everything):
    with pytest.raises(dataclasses.FrozenInstanceError):
        everything.samples = 8
    assert (everything == dataclasses.replace(everything)) is False


def test_batches_of_32_and_eleven_rounds_by_default(model, monkeypatch):
    import kerasdemo.comparison as module

    asked = []
    monkeypatch.setattr(module, "observe", lambda model, images, *how: asked.append(how))
    monkeypatch.setattr(module, "time_methods_once", lambda model, images, *how: asked.append(how))
    compare(model, IMAGES, methods="call")
    assert asked == [("call", 32), (("call",), 32, 11)]


def test_a_misspelt_method_is_found_before_any_is_called(model, monkeypatch):
    monkeypatch.setattr(model, "predict", lambda *given, **options: pytest.fail("was called"))
    with pytest.raises(ValueError, match="Did you mean 'predict_step'"):
        compare(model, IMAGES, methods=["predict", "predictstep"])


def test_a_method_named_twice_is_compared_once(model):
    assert compare(model, IMAGES, methods=("call", "call"), rounds=0).methods == ("call",)
    assert compare(model, IMAGES, methods="call", rounds=0).methods == ("call",)


def test_mistakes_are_named(model, everything):
    with pytest.raises(ValueError, match="Did you mean 'predict_step'"):
        compare(model, IMAGES, methods=["predictstep"])
    with pytest.raises(ValueError, match="no method to compare"):
        compare(model, IMAGES, methods=[])
    with pytest.raises(KeyError, match="was not compared"):
        compare(model, IMAGES, methods=["call"], rounds=0)["predict"]
    with pytest.raises(ValueError, match="For one image"):
        compare(model, IMAGES[0])
