import logging
import threading

import numpy as np
import pytest
import small_models as models

from kerasdemo.methods import METHODS
from kerasdemo.spy import as_new, count_runs, observe

IMAGES = models.images(7)


def facts(model, method, batch_size=3):
    o = observe(model, IMAGES, method, batch_size)
    return (o.first_runs, o.warm_runs, o.runs_as, o.batches, o.callback_events, o.progress_bar)


@pytest.mark.parametrize("build", [models.functional, models.sequential, models.Subclassed])
def test_the_picture_of_the_three_depths(build):
    """Batches 3, 3, 1: predict_on_batch and predict trace, predict_step runs each time, eagerly."""
    model = build()
    model(IMAGES)
    first, warm, runs_as, batches, events, bar = facts(model, "predict")
    assert 1 <= first <= 2  # one trace for full batches, one more for the smaller last batch
    assert (warm, runs_as, batches, events, bar) == (0, "graph", 3, 2 + 2 * 3, True)
    first, warm, runs_as, batches, events, bar = facts(model, "predict_on_batch")
    assert 1 <= first <= 2
    assert (warm, runs_as, batches, events, bar) == (0, "graph", 3, 0, False)
    assert facts(model, "predict_step") == (3, 3, "eager", 3, 0, False)
    assert facts(model, "call") == (0, 0, "-", 3, 0, False)
    assert facts(model, "compiled") == (0, 0, "-", 3, 0, False)


def test_who_owns_the_loop():
    model = models.functional()
    assert [observe(model, IMAGES, m, 3).loops for m in METHODS] == [True] + [False] * 4


def test_eager_models_run_python_every_time():
    model = models.functional()
    model.compile(run_eagerly=True)
    assert facts(model, "predict")[:4] == (3, 3, "eager", 3)


def test_several_steps_in_one_execution_are_still_counted_as_batches():
    model = models.functional()
    model.compile(steps_per_execution=2)
    *_, batches, events, _ = facts(model, "predict")
    assert (batches, events) == (3, 2 + 2 * 2)


def test_the_bar_is_not_taken_for_what_the_student_prints():
    class Talks(models.Subclassed):
        def predict_step(self, data):
            print("in predict_step")
            return super().predict_step(data)

    model = Talks()
    model(IMAGES)
    assert not observe(model, IMAGES, "predict_on_batch", 7).progress_bar
    assert not observe(model, IMAGES, "predict_step", 7).progress_bar


def test_a_silent_predict_has_no_bar():
    import keras

    keras.config.disable_interactive_logging()
    try:
        assert not observe(models.functional(), IMAGES, "predict", 7).progress_bar
    finally:
        keras.config.enable_interactive_logging()


def test_the_model_is_as_it_was():
    model = models.functional()
    model.predict(IMAGES, verbose=0)
    before, attributes = model.predict_function, set(vars(model))
    for method in METHODS:
        observe(model, IMAGES, method, 3)
    assert model.predict_function is before
    assert set(vars(model)) == attributes


def test_the_model_is_as_it_was_when_a_call_raises():
    class Breaks(models.Subclassed):
        def predict_step(self, data):
            raise RuntimeError("broken")

    model = Breaks()
    model(IMAGES)
    function = model.predict_function
    for method in ("predict", "predict_on_batch", "predict_step"):
        with pytest.raises(RuntimeError, match="broken"):
            observe(model, IMAGES, method, 3)
    assert "predict_step" not in vars(model)
    assert model.predict_function is function


def test_a_replaced_predict_step_is_counted_and_kept():
    model = models.functional()
    calls = []
    original = model.predict_step

    def mine(data):
        calls.append(1)
        return original(data)

    model.predict_step = mine
    with count_runs(model) as runs:
        model.predict_step(IMAGES)
    assert len(runs) == len(calls) == 1
    assert model.predict_step is mine


def test_as_new_traces_again_and_as_before_does_not():
    model = models.functional()
    model.predict_on_batch(IMAGES)
    with count_runs(model) as runs:
        model.predict_on_batch(IMAGES)
    assert len(runs) == 0
    with as_new(model), count_runs(model) as runs:
        model.predict_on_batch(IMAGES)
    assert len(runs) == 1


def test_as_new_makes_another_thread_wait_for_the_functions_return():
    model = models.functional()
    model.predict_on_batch(IMAGES)
    before = model.predict_function
    found = []

    def use():
        with as_new(model):
            found.append("other")

    with as_new(model):
        other = threading.Thread(target=use)
        other.start()
        other.join(0.2)
        found.append("first")
    other.join()
    assert found == ["first", "other"]
    assert model.predict_function is before


def test_retracing_warnings_are_held_back_only_meanwhile(caplog):
    log = logging.getLogger("tensorflow")
    log.addHandler(caplog.handler)
    message = "5 out of the last 5 calls to %s triggered tf.function retracing."
    try:
        with as_new(models.functional()):
            log.warning(message, "f")
            log.warning("something real")
        log.warning(message, "g")
    finally:
        log.removeHandler(caplog.handler)
    assert "something real" in caplog.text
    assert "calls to f" not in caplog.text
    assert "calls to g" in caplog.text


def test_what_is_observed_is_what_the_method_gives():
    model = models.functional()
    observed = observe(model, IMAGES, "predict", 3).prediction
    np.testing.assert_array_equal(
        observed.probabilities, model.predict(IMAGES, batch_size=3, verbose=0)
    )
