"""The spy sees what ran, names where the time went, and leaves no trace of itself."""

import itertools
import sys
import time

import keras
import numpy as np
import pytest
import small_models as models
import tensorflow as tf

from kerasdemo.methods import METHODS, run
from kerasdemo.spy import PHASES, trace_call
from kerasdemo.spy.bodies import named_layers
from kerasdemo.spy.points import TRAINER, replaced
from kerasdemo.spy.timeline import Timeline, merged

IMAGES = models.images(7)
BUILDS = {
    "functional": models.functional,
    "sequential": models.sequential,
    "subclassed": models.Subclassed,
    "overridden": models.Overridden,
}


def builds(*everyday):
    """Hand a test each kind of model; those that are not named are left for long runs."""
    return [
        pytest.param(build, id=name, marks=() if name in everyday else pytest.mark.long)
        for name, build in BUILDS.items()
    ]


def built(build):
    model = build()
    model(IMAGES)
    return model


def counts(trace):
    return (len(trace.step_runs), trace.traces, len(trace.batches), trace.executions)


# ---- what ran


@pytest.mark.parametrize("build", builds("functional", "overridden"))
def test_the_three_depths(build):
    """Batches 3, 3, 1. One trace for full batches, one that fits any size, then none."""
    model = built(build)
    assert counts(trace_call(model, IMAGES, batch_size=3)) == (2, 2, 3, 3)
    assert counts(trace_call(model, IMAGES, call="warm", batch_size=3)) == (0, 0, 3, 3)
    on_batch = trace_call(model, IMAGES, "predict_on_batch", batch_size=3)
    assert counts(on_batch) == (2, 2, 3, 3)
    warm = trace_call(model, IMAGES, "predict_on_batch", batch_size=3, call="warm")
    assert counts(warm) == (0, 0, 3, 3)
    step = trace_call(model, IMAGES, "predict_step", batch_size=3, call="warm")
    assert counts(step) == (3, 0, 3, 3)
    assert step.step_runs == (True, True, True)
    assert counts(trace_call(model, IMAGES, "call")) == (0, 0, 1, 1)
    assert counts(trace_call(model, IMAGES, "compiled", batch_size=3)) == (0, 2, 3, 3)
    assert counts(trace_call(model, IMAGES, "compiled", call="warm")) == (0, 0, 1, 1)


@pytest.mark.parametrize("build", builds("functional", "subclassed"))
@pytest.mark.parametrize("method", METHODS)
def test_each_layer_is_counted_in_every_kind_of_model(build, method):
    model = built(build)
    first = trace_call(model, IMAGES, method)
    assert {"flatten", "dense"} <= {name.partition("_")[0] for name in first.layer_runs}
    assert next(iter(first.layer_runs)) == model.name
    eager = method in ("predict_step", "call")
    assert set(first.layer_runs.values()) == {(eager,)}
    warm = trace_call(model, IMAGES, method, call="warm")
    assert set(warm.layer_runs.values()) == {(True,) if eager else ()}


def test_what_arrives_in_predict_step():
    model = built(models.Subclassed)
    shape = "(7, 6, 6, 1)"
    seen = {m: trace_call(model, IMAGES, m).received for m in METHODS}
    assert seen["predict"] == (f"tensor {shape}",)
    assert seen["predict_on_batch"] == (f"(tensor {shape},)",)
    assert seen["predict_step"] == (f"array {shape}",)
    assert seen["call"] == seen["compiled"] == ()
    labels = np.zeros(7)
    pairs = tf.data.Dataset.from_tensor_slices((IMAGES, labels)).batch(7)
    (given,) = trace_call(model, pairs).received
    assert given == f"(tensor {shape}, tensor (7,))"


def test_batches_are_seen_with_their_shapes():
    trace = trace_call(built(models.functional), models.images(70))
    assert trace.batches == ((32, 6, 6, 1), (32, 6, 6, 1), (6, 6, 6, 1))
    assert trace.counts["batches"] == "3: 2 of (32, 6, 6, 1), 1 of (6, 6, 6, 1)"
    pair = [np.ones((5, 3), "float32"), np.ones((5, 3), "float32")]
    for method in ("predict", "predict_on_batch", "predict_step", "call"):
        (batch,) = trace_call(models.two_inputs(), pair, method).batches
        assert batch == [(5, 3), (5, 3)]


def test_a_dataset_is_traced_with_its_own_batches():
    data = tf.data.Dataset.from_tensor_slices(IMAGES).batch(4)
    trace = trace_call(built(models.functional), data)
    assert [shape[0] for shape in trace.batches] == [4, 3]
    with pytest.raises(TypeError, match="Dataset"):
        trace_call(built(models.functional), data, "predict_on_batch")


def test_eager_models():
    model = built(models.functional)
    model.compile(run_eagerly=True)
    trace = trace_call(model, IMAGES, batch_size=3, call="warm")
    assert counts(trace) == (3, 0, 3, 3)
    assert trace.step_runs == (True, True, True)
    assert "tracing" not in trace.phases


def test_several_batches_in_one_execution():
    """Python writes the step down once for each batch of an execution: more runs than traces."""
    model = built(models.functional)
    model.compile(steps_per_execution=2)
    trace = trace_call(model, IMAGES, batch_size=3)
    assert (len(trace.batches), trace.executions) == (3, 2)
    assert len(trace.step_runs) == 3
    assert trace.events["on_predict_batch_end"] == 2


def test_models_compiled_by_xla():
    model = built(models.sequential)
    model.compile(jit_compile=True)
    trace = trace_call(model, IMAGES)
    assert counts(trace) == (1, 1, 1, 1)
    assert trace.step_runs == (False,)
    np.testing.assert_allclose(
        trace.prediction.probabilities, model.predict(IMAGES, verbose=0), atol=1e-6
    )


def test_callbacks_and_what_they_are_handed():
    heard = []

    class Listener(keras.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            heard.append(type(logs["outputs"]))

    model = built(models.functional)
    trace = trace_call(model, IMAGES, batch_size=3, callbacks=[Listener()])
    assert heard == [np.ndarray] * 3
    assert trace.events == {
        "on_predict_begin": 1,
        "on_predict_batch_begin": 3,
        "on_predict_batch_end": 3,
        "on_predict_end": 1,
    }
    assert (trace.conversions, trace.callback_conversions) == (1, 3)
    assert trace_call(model, IMAGES, "predict_on_batch").conversions == 1
    assert trace_call(model, IMAGES, "predict_step").conversions == 0
    assert trace_call(models.list_output(), IMAGES).conversions == 2


def test_watching_adds_no_callback():
    lists = []

    class Peeks(models.Subclassed):
        def predict_step(self, data):
            frame = sys._getframe()
            while frame.f_code.co_name != "predict":
                frame = frame.f_back
            lists.append(frame.f_locals["callbacks"])
            return super().predict_step(data)

    trace_call(built(Peeks), IMAGES)
    assert lists[0].callbacks == []


def test_what_a_callback_predicts_is_not_counted():
    model = built(models.functional)

    class Predicts(keras.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            self.model.predict_on_batch(IMAGES)
            self.model.predict(IMAGES, batch_size=2, verbose=0)

    trace = trace_call(model, IMAGES, batch_size=3, callbacks=[Predicts()])
    assert (len(trace.batches), trace.conversions, trace.callback_conversions) == (3, 1, 3)
    assert sum(trace.events.values()) == 8


def test_what_the_step_predicts_by_another_model_is_not_counted():
    other = built(models.functional)

    class Asks(models.Subclassed):
        def predict_step(self, data):
            other.predict(IMAGES, batch_size=2, verbose=0)
            return super().predict_step(data)

    trace = trace_call(built(Asks), IMAGES, "predict_step", call="warm")
    assert (len(trace.batches), trace.conversions, trace.callback_conversions) == (1, 0, 0)
    assert trace.events == {}
    assert set(trace.phases) <= {"waiting", "computing"}


def test_the_answer_is_the_methods_own():
    model = built(models.Overridden)
    for method in ("predict", "predict_on_batch", "predict_step"):
        own = getattr(model, method)(IMAGES)
        answer = trace_call(model, IMAGES, method).prediction.returned[0]
        assert own.keys() == answer.keys()
        for name in own:
            assert type(own[name]) is type(answer[name])
            np.testing.assert_allclose(own[name], answer[name], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_watching_rewrites_no_python(method):
    """A Python `if` on a tensor fails in a graph; within a watched call it fails alike."""

    class Branches(models.Subclassed):
        def call(self, x):
            if tf.reduce_sum(x) > 0:
                return super().call(x)
            return super().call(-x)

    model = built(Branches)

    def outcome(call):
        try:
            call()
        except Exception as error:
            return type(error)
        return None

    plain = outcome(lambda: run(model, IMAGES, method))
    assert (plain is None) is (method in ("predict_step", "call"))
    assert outcome(lambda: trace_call(model, IMAGES, method)) is plain


# ---- where the time went


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("call", ["first", "warm"])
def test_the_timeline_has_no_gap_and_adds_up(method, call):
    trace = trace_call(built(models.functional), models.images(64), method, call=call)
    assert trace.spans[0].start == 0
    assert trace.spans[-1].end == trace.seconds
    for one, other in zip(trace.spans, trace.spans[1:], strict=False):
        assert one.end == other.start
    assert sum(trace.phases.values()) == pytest.approx(trace.seconds)
    assert set(trace.phases) <= set(PHASES)


def test_it_adds_up_to_what_another_clock_says():
    seconds = []

    class Clocked(models.Subclassed):
        def predict(self, *args, **kwargs):
            start = time.perf_counter()
            try:
                return super().predict(*args, **kwargs)
            finally:
                seconds.append(time.perf_counter() - start)

    model = built(Clocked)
    trace_call(model, models.images(64), call="next")  # warms it up, once for all
    ratios = []
    for _ in range(7):
        trace = trace_call(model, models.images(64), call="next")
        ratios.append(sum(trace.phases.values()) / seconds[-1])
    assert abs(float(np.median(ratios)) - 1) < 0.05


def test_hardly_anything_of_predict_is_without_a_name():
    model = built(models.functional)
    trace_call(model, models.images(256), call="next")  # warms it up, once for all
    shares = []
    for _ in range(5):
        trace = trace_call(model, models.images(256), call="next")
        shares.append(trace.phases["the rest"] / trace.seconds)
    assert float(np.median(shares)) < 0.05


class Clock:
    """A clock that moves only when somebody naps: then it is known where each second belongs."""

    now = 0.0

    def __call__(self):
        return self.now

    def nap(self):
        self.now += 1.0

    def tensor(self):
        """Nap while a graph runs."""

        def nap():
            self.nap()
            return np.float32(0)

        return tf.ensure_shape(tf.numpy_function(nap, [], tf.float32), ())


@pytest.fixture
def clock():
    return Clock()


def test_slow_data_is_waiting(clock):
    data = tf.data.Dataset.range(3).map(lambda i: tf.fill((2, *models.SHAPE), clock.tensor()))
    options = tf.data.Options()  # nothing runs ahead
    options.autotune.enabled = False
    options.experimental_optimization.inject_prefetch = False
    data = data.with_options(options)
    trace = trace_call(built(models.functional), data, call="warm", clock=clock)
    assert trace.phases == {"waiting": 3}


def test_slow_callbacks_are_callbacks(clock):
    class Slow(keras.callbacks.Callback):
        def on_predict_begin(self, logs=None):
            clock.nap()

        def on_predict_batch_begin(self, batch, logs=None):
            clock.nap()

        def on_predict_batch_end(self, batch, logs=None):
            clock.nap()

        def on_predict_end(self, logs=None):
            clock.nap()

    model = built(models.functional)
    trace = trace_call(model, IMAGES, batch_size=3, callbacks=[Slow()], clock=clock)
    assert trace.phases == {"callbacks": 8}


@pytest.mark.parametrize("method", ["predict", "predict_on_batch", "predict_step"])
def test_slow_python_in_predict_step_is_tracing(method, clock):
    class Slow(models.Subclassed):
        def predict_step(self, data):
            clock.nap()
            return super().predict_step(data)

    model = built(Slow)
    first = trace_call(model, IMAGES, method, batch_size=3, clock=clock)
    warm = trace_call(model, IMAGES, method, batch_size=3, call="warm", clock=clock)
    if method == "predict_step":
        assert first.phases == warm.phases == {"computing": 3}
    else:
        assert (first.phases, warm.phases) == ({"tracing": 2}, {})


def test_slow_python_in_a_layer_is_tracing_in_a_function_of_ones_own(clock):
    class Slow(models.Subclassed):
        def call(self, x):
            clock.nap()
            return super().call(x)

    model = built(Slow)
    assert trace_call(model, IMAGES, "compiled", clock=clock).phases == {"tracing": 1}
    assert trace_call(model, IMAGES, "call", clock=clock).phases == {"computing": 1}


@pytest.mark.parametrize("method", METHODS)
def test_slow_layers_are_computing(method, clock):
    class Slow(keras.layers.Layer):
        def call(self, x):
            return x + clock.tensor()

    inputs = keras.Input((4,))
    model = keras.Model(inputs, Slow()(inputs))
    x = np.zeros((5, 4), "float32")
    warm = trace_call(model, x, method, batch_size=2, call="warm", clock=clock)
    first = trace_call(model, x, method, batch_size=2, clock=clock)
    assert warm.phases == {"computing": 3}
    if method in ("predict_step", "call"):
        assert first.phases == {"computing": 3}
    else:  # batches of 2, 2, 1: the first and the last are traced
        assert first.phases == {"first run": 2, "computing": 1}


@pytest.mark.parametrize(
    ("function", "phase"),
    [
        ("TFEpochIterator", "set-up"),
        ("potentially_ragged_concat", "joining"),
        ("convert_to_np_if_not_ragged", "converting"),
    ],
)
def test_what_keras_does_around_the_batches(function, phase, monkeypatch, clock):
    trainer = sys.modules[TRAINER]
    original = getattr(trainer, function)

    def slow(*args, **kwargs):
        clock.nap()
        return original(*args, **kwargs)

    monkeypatch.setattr(trainer, function, slow)
    trace = trace_call(built(models.functional), IMAGES, batch_size=3, clock=clock)
    assert trace.phases == {phase: 1}


def test_letting_go_of_the_pipeline_is_winding_up(monkeypatch, clock):
    trainer = sys.modules[TRAINER]

    class Slow(trainer.TFEpochIterator):
        def __del__(self):
            clock.nap()

    monkeypatch.setattr(trainer, "TFEpochIterator", Slow)
    trace = trace_call(built(models.functional), IMAGES, batch_size=3, clock=clock)
    assert trace.phases == {"winding up": 1}


def test_a_slow_step_from_batch_to_batch(monkeypatch, clock):
    trainer = sys.modules[TRAINER]

    class Slow(trainer.TFEpochIterator):
        def _enumerate_iterator(self):
            clock.nap()
            for step in super()._enumerate_iterator():
                yield step
                clock.nap()

    monkeypatch.setattr(trainer, "TFEpochIterator", Slow)
    trace = trace_call(built(models.functional), IMAGES, batch_size=3, clock=clock)
    assert len(trace.batches) == 3
    assert trace.phases == {"set-up": 1, "waiting": 2, "winding up": 1}


def test_batches_that_follow_at_once_stay_apart():
    marks = [("computing", 1.0), ("computing", 3.0), ("waiting", 4.0), ("waiting", 5.0), ("", 7.0)]
    spans = [("computing", 0.0, 2.0), ("computing", 2.0, 3.0), ("waiting", 3.0, 6.0)]
    assert list(merged(marks)) == spans


def test_a_timeline_of_phases_within_phases():
    ticks = iter([10.0, 11.0, 13.0, 16.0, 16.5, 20.0])
    line = Timeline(lambda: next(ticks))
    line.start("set-up")
    line.enter("computing")
    line.was("tracing", "first run")
    line.leave()
    line.base("waiting")
    line.stop()
    assert [(span.phase, span.seconds) for span in line.spans] == [
        ("set-up", 1.0),
        ("tracing", 2.0),
        ("first run", 3.0),
        ("set-up", 0.5),
        ("waiting", 3.5),
    ]
    assert list(merged([])) == []


# ---- the model, and Keras, as they were


def everything(model):
    """Return what watching touches: attributes by identity, Keras's own functions, seeds."""
    trainer, lists = sys.modules[TRAINER], keras.callbacks.CallbackList
    seeds = [s.state.numpy().tolist() for x in model._flatten_layers() for s in x._seed_generators]
    return (
        {name: id(value) for name, value in vars(model).items()},
        [set(vars(layer)) for layer in named_layers(model).values()],
        {name: id(value) for name, value in vars(trainer).items()},
        {name: id(value) for name, value in vars(lists).items()},
        id(keras.src.backend.convert_to_numpy),
        [w.tolist() for w in model.get_weights()],
        seeds,
    )


AS_IT_WAS = [("functional", True), ("subclassed", False), ("overridden", True)]


@pytest.mark.parametrize(
    ("name", "used"),
    [
        pytest.param(*both, marks=() if both in AS_IT_WAS else pytest.mark.long)
        for both in itertools.product(BUILDS, (False, True))
    ],
)
def test_everything_is_as_it_was(name, used):
    model = built(BUILDS[name])
    if used:
        model.predict(IMAGES, verbose=0)
    before = everything(model)
    for method in METHODS:
        for call in ("first", "warm"):
            trace_call(model, IMAGES, method, call=call)
            assert everything(model) == before, (method, call)


@pytest.mark.parametrize("where", ["predict_step", "call"])
@pytest.mark.parametrize("method", METHODS)
def test_everything_is_as_it_was_when_a_call_raises(method, where):
    class Breaks(models.Subclassed):
        broken = False

        def predict_step(self, data):
            if self.broken and where == "predict_step":
                raise RuntimeError("broken here")
            return super().predict_step(data)

        def call(self, x):
            if self.broken and where == "call":
                raise RuntimeError("broken here")
            return super().call(x)

    model = built(Breaks)
    model.broken = True
    before = everything(model)
    for call in ("first", "warm", "next"):
        if where == "call" or method.startswith("predict"):
            with pytest.raises(RuntimeError, match="broken here"):
                trace_call(model, IMAGES, method, call=call)
        else:
            trace_call(model, IMAGES, method, call=call)
        if call != "next":
            assert everything(model) == before, call
    assert "predict_step" not in vars(model)
    assert "call" not in vars(model)
    assert "make_predict_function" not in vars(model)
    assert everything(model)[2:] == before[2:]


def test_the_random_state_is_put_back():
    class Random(models.Subclassed):
        def __init__(self):
            super().__init__()
            self.noise = keras.layers.Dropout(0.5, seed=1)

        def call(self, x):
            return super().call(self.noise(x, training=True))

    model = built(Random)
    before = everything(model)
    for method in METHODS:
        trace_call(model, IMAGES, method, call="warm")
        assert everything(model) == before
    model(IMAGES)
    assert everything(model)[-1] != before[-1]


def test_what_the_user_put_on_the_instance_stays():
    model = built(models.functional)
    step, make = model.predict_step, model.make_predict_function
    model.predict_step = mine = lambda data: step(data)
    model.__dict__["make_predict_function"] = makes = lambda force=False: make(force)
    trace = trace_call(model, IMAGES)
    assert len(trace.step_runs) == 1
    assert model.predict_step is mine
    assert vars(model)["make_predict_function"] is makes


def test_the_next_call_is_the_models_own():
    model = built(models.functional)
    first = trace_call(model, IMAGES, call="next")
    function = model.predict_function
    assert first.traces == 1
    assert type(function) is type(tf.function(lambda: 0))
    assert trace_call(model, IMAGES, call="next").traces == 0
    assert model.predict_function is function
    assert trace_call(model, IMAGES, "compiled", call="next").traces == 1
    assert trace_call(model, IMAGES, "compiled", call="next").traces == 0


def test_a_function_of_keras_that_is_not_there_is_left_out():
    class Owner:
        there = staticmethod(len)

    with replaced(Owner, "missing", lambda original: None), replaced(None, "x", lambda o: o):
        assert not hasattr(Owner, "missing")


def test_other_threads_are_not_watched():
    import threading

    model, other = built(models.functional), built(models.functional)
    other.predict(IMAGES, verbose=0)
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            other.predict(IMAGES, verbose=0, batch_size=1)

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for _ in range(3):
            trace = trace_call(model, IMAGES, batch_size=3)
            assert (len(trace.batches), trace.conversions) == (3, 1)
            assert (sum(trace.events.values()), trace.callback_conversions) == (8, 3)
    finally:
        stop.set()
        thread.join()


# ---- errors, and how it is shown


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"method": "predict_stp"}, ValueError, "Did you mean 'predict_step'"),
        ({"call": "second"}, ValueError, "'first', 'warm', 'next'"),
        ({"method": "call", "callbacks": [1]}, ValueError, "takes no callbacks"),
        ({"batch_size": 0}, ValueError, "1 or more"),
        ({"method": "call", "batch_size": 0}, ValueError, "1 or more"),
    ],
)
def test_wrong_arguments(options, error, says):
    with pytest.raises(error, match=says):
        trace_call(built(models.functional), IMAGES, **options)


def test_what_is_shown():
    model = built(models.functional)
    first = trace_call(model, IMAGES, batch_size=3)
    warm = trace_call(model, IMAGES, batch_size=3, call="warm")
    text = repr(first.table(warm, timings=False))
    assert "2 times (tracing)" in text
    assert "≠ never" in text
    assert " ms" not in text
    assert "whole call" in repr(first)
    assert "predict, first call" in text
    assert "predict, warm call" in text
    page = first._repr_html_()
    assert f'alt="{first.alt}"' in page
    assert 'role="img"' in first.svg
    assert first.png[1:4] == b"PNG"
    for phase in first.phases:
        assert phase in first.alt
        assert f">{phase}</text>" in first.svg
    assert first.as_dict()["layer_runs"][model.name] == 2
    axes = first.plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == list(
        dict.fromkeys(span.phase for span in first.spans)
    )
