"""Results of a stream: the same as predict's, batch by batch, and the model as it was."""

import functools
import gc
import itertools
import weakref

import keras
import numpy as np
import pytest
import small_models
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kerasdemo as kd
from kerasdemo import streaming
from kerasdemo.spy import count_runs
from kerasdemo.streaming import checks, execution

MODELS = {
    "functional": small_models.functional,
    "sequential": small_models.sequential,
    "subclassed": small_models.Subclassed,
    "dict": small_models.dict_output,
    "list": small_models.list_output,
    "overridden": small_models.Overridden,
}
NAMES = list(MODELS)


def dataset(images, batch=3):
    return tf.data.Dataset.from_tensor_slices(images).batch(batch)


def joined(results):
    """Join what a stream gave, output by output."""
    return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *results)


def assert_same(one, other):
    tf.nest.assert_same_structure(one, other)
    for a, b in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
        assert type(a) is np.ndarray
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, atol=1e-6)


class Sum(keras.Model):
    """Counts how often Python runs its step; its output is easy to know."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor, self.runs = factor, []

    def call(self, x):
        return tf.reduce_sum(x, axis=-1, keepdims=True) * self.factor

    def predict_step(self, data):
        self.runs.append(None)
        return super().predict_step(data)


def numbered(n, batch=3):
    """Yield batches of rows [i, 1]: the answer to sample i is i + 1."""
    rows = np.stack([np.arange(n), np.ones(n)], axis=1).astype("float32")
    return dataset(rows, batch)


# ------------------------------------------------------------------ the same as predict


@functools.cache
def built(name):
    """Build a model once for the tests that leave it as it is: its graphs are made once, too."""
    return MODELS[name]()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_as_predict(name):
    model, images = built(name), small_models.images(70)
    results = list(kd.predict_stream(model, dataset(images)))
    assert len(results) == 24
    assert_same(joined(results), model.predict(images, verbose=0))


@pytest.mark.parametrize("name", NAMES)
def test_one_batch_is_as_from_predict_on_batch(name):
    model, images = built(name), small_models.images(3)
    (result,) = kd.predict_stream(model, dataset(images))
    assert_same(result, model.predict_on_batch(images))


ELEMENTS = {
    "x": lambda x, y, w: x,
    "(x,)": lambda x, y, w: (x,),
    "(x, y)": lambda x, y, w: (x, y),
    "(x, y, w)": lambda x, y, w: (x, y, w),
}


@pytest.mark.parametrize("form", ELEMENTS)
@pytest.mark.parametrize("name", ["functional", "subclassed", "overridden"])
def test_every_form_of_element(name, form):
    model, images = built(name), small_models.images(7)
    whole = tf.data.Dataset.from_tensor_slices((images, np.arange(7), np.ones(7)))
    given = whole.map(ELEMENTS[form]).batch(3)
    assert_same(
        joined(list(kd.predict_stream(model, given))),
        model.predict(images, verbose=0),
    )


@pytest.mark.parametrize("form", ["dict", "tuple"])
def test_several_inputs(form):
    a, b = np.random.default_rng(0).random((2, 7, 3), dtype=np.float32)
    first, second = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    model = keras.Model([first, second], first + 10 * second)
    element = {"a": a, "b": b} if form == "dict" else ((a, b),)
    results = list(kd.predict_stream(model, dataset(element)))
    np.testing.assert_allclose(joined(results), a + 10 * b, rtol=1e-6)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    n=st.integers(1, 60),
    batch=st.integers(1, 9),
    steps=st.none() | st.integers(1, 30),
    drop=st.booleans(),
)
def test_batch_arithmetic(n, batch, steps, drop):
    """Each sample of each batch answers once, in order, for every length, size and step count."""
    given = numbered(n, 1).unbatch().batch(batch, drop_remainder=drop)
    results = list(kd.predict_stream(SUM, given, steps=steps))
    count = n // batch if drop else -(-n // batch)
    count = count if steps is None else min(count, steps)
    assert [len(rows) for rows in results] == [min(batch, n - batch * i) for i in range(count)]
    answers = np.concatenate([*results, np.zeros((0, 1))])[:, 0]
    np.testing.assert_array_equal(answers, 1 + np.arange(min(n, count * batch)))


SUM = Sum()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(sizes=st.lists(st.integers(0, 7), min_size=1, max_size=30))
def test_batches_of_any_sizes(sizes):
    """Unknown length, sizes that change all the time, empty batches among them: no new trace."""

    def batches():
        for number, size in enumerate(sizes):
            yield np.full((size, 2), number, np.float32)

    spec = tf.TensorSpec((None, 2), tf.float32)
    given = tf.data.Dataset.from_generator(batches, output_signature=spec)
    before = len(SUM.runs)
    results = list(kd.predict_stream(SUM, given))
    assert [len(rows) for rows in results] == sizes
    assert all((rows == 2 * number).all() for number, rows in enumerate(results))
    assert len(SUM.runs) - before <= 1


# ------------------------------------------------------------------ traces


def test_a_smaller_last_batch_needs_no_trace_of_its_own():
    model = Sum()
    assert [len(r) for r in kd.predict_stream(model, numbered(70, 32))] == [32, 32, 6]
    assert len(model.runs) == 1
    list(kd.predict_stream(model, numbered(9, 4)))
    assert len(model.runs) == 1, "another batch size, the same graph"
    watched = Sum()
    watched.predict(numbered(70, 32), verbose=0)
    assert len(watched.runs) == 2, "predict traces twice here: once more for the 6"


def test_the_trace_is_made_anew_when_it_is_out_of_date():
    model = Sum()
    model(np.ones((1, 2), "float32"))

    def answers():
        return next(kd.predict_stream(model, numbered(1))).item()

    assert answers() == 1
    model.factor = 5.0
    assert answers() == 1, "as in predict: an attribute is frozen in the trace"
    model.compile(loss="mse")
    assert answers() == 5
    model.compile(loss="mse", jit_compile=True)
    model.factor = 7.0
    assert answers() == 7
    model.predict_step = lambda data: -model(data)
    assert answers() == -7


def test_compiling_with_the_same_optimizer_counts():
    model, optimizer = Sum(), keras.optimizers.SGD()
    for factor in (2.0, 3.0):
        model.factor = factor
        model.compile(optimizer, loss="mse")
        assert next(kd.predict_stream(model, numbered(1))).item() == factor


def test_a_layer_added_later_counts():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(2.0)])
    list(kd.predict_stream(model, numbered(3)))
    model.add(keras.layers.Dense(1, kernel_initializer="ones"))
    assert next(kd.predict_stream(model, numbered(3))).shape == (3, 1)


def test_new_weights_need_no_new_trace():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    list(kd.predict_stream(model, numbered(3)))
    model.set_weights([np.ones((2, 1)), np.zeros(1)])
    np.testing.assert_allclose(joined(list(kd.predict_stream(model, numbered(3)))), [[1], [2], [3]])


@pytest.mark.parametrize("jit", [False, True])
def test_eager_and_jit(jit):
    model = Sum()
    model.compile(run_eagerly=not jit, jit_compile=jit)
    results = list(kd.predict_stream(model, numbered(70, 32)))
    np.testing.assert_array_equal(joined(results)[:, 0], 1 + np.arange(70))
    assert len(model.runs) == (1 if jit else 3)


def test_a_step_is_traced_as_predict_traces_it_without_autograph():
    """Keras marks its own with ``do_not_convert``: an ``if`` of a tensor is an error in both."""

    class Branching(Sum):
        def predict_step(self, data):
            return self(data) if tf.reduce_sum(data) > 0 else -self(data)

    error = tf.errors.OperatorNotAllowedInGraphError
    with pytest.raises(error):
        Branching().predict(numbered(3), verbose=0)
    with pytest.raises(error):
        next(kd.predict_stream(Branching(), numbered(3)))


def test_jit_compile_reaches_the_step():
    """XLA cannot compile a call of Python; without XLA it runs."""

    class Python(Sum):
        def predict_step(self, data):
            return tf.numpy_function(np.negative, [data], tf.float32)

    model = Python()
    np.testing.assert_array_equal(next(kd.predict_stream(model, numbered(1))), [[0, -1]])
    model.compile(jit_compile=True)
    with pytest.raises(tf.errors.InvalidArgumentError):
        next(kd.predict_stream(model, numbered(1)))


# ------------------------------------------------------------------ memory, and the model


def test_no_result_is_kept():
    """What was yielded is freed as soon as nobody else holds it."""
    seen = []
    for rows in kd.predict_stream(SUM, numbered(100)):
        seen.append(weakref.ref(rows))
        assert sum(ref() is not None for ref in seen) <= 2, "this one, and the one before"
    assert len(seen) == 34


def test_a_model_is_not_kept_alive():
    model = small_models.functional()
    list(kd.predict_stream(model, dataset(small_models.images(7))))
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def state(model):
    return {name: model.__dict__.get(name, "none") for name in ("predict_step", "stop_predicting")}


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_as_it_was(used, fails):
    model, images = small_models.functional(), small_models.images(7)
    if used:
        model.predict(images, verbose=0)
        model.stop_predicting = True  # as a callback of that call may have left it
    before, function = state(model), model.predict_function
    weights = model.get_weights()

    def bad(x):
        return tf.debugging.check_numerics(x, "not a number")

    images[5] = np.nan if fails else 0
    results = kd.predict_stream(model, dataset(images).map(bad), callbacks=[Log()])
    if fails:
        assert len(next(results)) == 3
        with pytest.raises(tf.errors.InvalidArgumentError, match="not a number"):
            list(results)
    else:
        list(results)
    assert model.predict_function is function
    assert state(model) == before
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# ------------------------------------------------------------------ steps, and no end


def test_an_endless_dataset():
    endless = numbered(7).repeat()
    assert len(list(kd.predict_stream(SUM, endless, steps=20))) == 20
    assert len(list(kd.predict_stream(SUM, endless, steps=np.int64(3)))) == 3
    first = list(itertools.islice(kd.predict_stream(SUM, endless), 50))
    assert len(first) == 50


def test_more_steps_than_batches_end_with_the_dataset():
    assert len(list(kd.predict_stream(SUM, numbered(7), steps=99))) == 3


@pytest.mark.parametrize(
    ("given", "steps", "count"),
    [
        (lambda: numbered(7), None, 3),
        (lambda: numbered(7), 2, 2),
        (lambda: numbered(7), 9, 3),
        (lambda: numbered(7).take(0), None, 0),
        (lambda: numbered(7).take(0), 2, 0),
        (lambda: numbered(7).repeat(), None, None),
        (lambda: numbered(7).repeat(), 2, 2),
        (lambda: numbered(7).filter(lambda x: True), None, None),
        (lambda: numbered(7).filter(lambda x: True), 2, None),
    ],
)
def test_how_many_batches_are_to_come(given, steps, count):
    assert checks.batches_to_come(given(), steps) == count


def test_nothing_in_it():
    assert list(kd.predict_stream(SUM, numbered(7).take(0))) == []
    assert list(kd.predict_stream(SUM, numbered(7).filter(lambda x: False))) == []


# ------------------------------------------------------------------ callbacks


class Log(keras.callbacks.Callback):
    def __init__(self, stop_after=None):
        super().__init__()
        self.events, self.stop_after = [], stop_after

    def on_predict_begin(self, logs=None):
        self.events.append(("begin", dict(self.params)))

    def on_predict_batch_begin(self, batch, logs=None):
        self.events.append(("batch begins", batch))

    def on_predict_batch_end(self, batch, logs=None):
        self.events.append(("batch ends", batch, np.asarray(logs["outputs"]).tolist()))
        if batch == self.stop_after:
            self.model.stop_predicting = True

    def on_predict_end(self, logs=None):
        self.events.append(("end",))


@pytest.mark.parametrize("stop_after", [None, 2])
def test_callbacks_hear_what_predict_tells_them(stop_after):
    heard, ours = Log(stop_after), Log(stop_after)
    expected = SUM.predict(numbered(16), callbacks=[heard], verbose=0)
    results = list(kd.predict_stream(SUM, numbered(16), callbacks=[ours]))
    assert ours.events == heard.events
    assert_same(joined(results), expected)


def test_a_stream_that_is_left_tells_its_callbacks():
    log = Log()
    for _ in kd.predict_stream(SUM, numbered(16), callbacks=[log]):
        break
    gc.collect()
    assert [event[0] for event in log.events] == ["begin", "batch begins", "batch ends", "end"]


def test_two_streams_on_one_model_do_not_stop_each_other():
    other = kd.predict_stream(SUM, numbered(16), callbacks=[Log()])
    next(other)
    assert len(list(kd.predict_stream(SUM, numbered(16), callbacks=[Log(0)]))) == 1
    assert len(list(other)) == 5


# ------------------------------------------------------------------ the progress bar


@pytest.mark.parametrize("progress", [None, False, True])
def test_a_bar_counts_batches_when_it_is_asked_for(progress, monkeypatch):
    made = []

    class Bar:
        count = 0

        def __init__(self, total, shown, **options):
            self.total, self.shown, self.initial = total, shown, options["initial"]
            assert (options["delay"], options["leave"], options["unit"]) == (2, False, "batch")
            made.append(self)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def update(self):
            self.count += 1

    monkeypatch.setattr(streaming, "progress_bar", Bar)
    given = {} if progress is None else {"progress": progress}
    list(kd.predict_stream(SUM, numbered(10), **given))
    assert [(b.total, b.shown, b.initial, b.count) for b in made] == [(4, bool(progress), 0, 4)]


# ------------------------------------------------------------------ outputs of other kinds


def test_one_number_a_batch():
    class Scalar(Sum):
        def predict_step(self, data):
            return {"sum": tf.reduce_sum(self(data)), "rows": tf.shape(data)[0]}

    results = list(kd.predict_stream(Scalar(), numbered(5)))
    assert [(r["sum"].item(), r["rows"].item()) for r in results] == [(6, 3), (9, 2)]


@pytest.mark.parametrize("packed", [lambda y: {"only": y}, lambda y: [y], lambda y: {"a": [y]}])
def test_a_single_output_keeps_its_form(packed):
    class Packed(Sum):
        def predict_step(self, data):
            return packed(self(data))

    results = list(kd.predict_stream(Packed(), numbered(5)))
    assert_same(results, [packed(np.float32([[1], [2], [3]])), packed(np.float32([[4], [5]]))])


def test_ragged_outputs_stay_ragged():
    class Ragged(Sum):
        def predict_step(self, data):
            return tf.RaggedTensor.from_tensor(data, padding=0.0)

    results = list(kd.predict_stream(Ragged(), numbered(30)))
    assert all(isinstance(rows, tf.RaggedTensor) for rows in results)
    assert [row.shape[0] for row in results] == [3] * 10
    assert results[1].to_list() == [[3, 1], [4, 1], [5, 1]]


# ------------------------------------------------------------------ eight at a time


def test_quick_batches_are_computed_together_and_slow_ones_are_not(monkeypatch):
    sizes = []
    new_run = execution.new_run
    monkeypatch.setattr(execution, "new_run", lambda step, n: sizes.append(n) or new_run(step, n))
    monkeypatch.setattr(execution, "QUICK", 1e9)
    list(kd.predict_stream(Sum(), numbered(40)))
    assert sizes == [1, execution.TOGETHER]
    list(kd.predict_stream(Sum(), numbered(40), callbacks=[Log()]))
    assert sizes == [1, execution.TOGETHER, 1], "callbacks: a batch when its turn comes"
    monkeypatch.setattr(execution, "QUICK", 0)
    list(kd.predict_stream(Sum(), numbered(40)))
    assert sizes == [1, execution.TOGETHER, 1, 1]


def test_no_more_than_two_batches_of_a_call_are_in_memory():
    """In the graph, the fetch of each batch waits for the answer to the last but one before it."""
    assert execution.TOGETHER == 8, "as predict_stream's docstring has it"
    model = Sum()  # which a step holds weakly
    run = execution.new_run(execution.new_step(model), 8)
    graph = run.get_concrete_function(iter(numbered(40))).graph
    operations = graph.get_operations()
    fetches = [one for one in operations if one.type == "IteratorGetNextAsOptional"]
    answers = [one for one in operations if one.type in ("If", "StatelessIf")]
    assert len(fetches) == len(answers) == 8
    for number, fetch in enumerate(fetches):
        before = set(fetch.control_inputs)
        waits_for = [k for k, one in enumerate(answers) if before & ends_of(one)]
        assert waits_for == ([number - 2] if number >= 2 else [])


def ends_of(operation):
    """Return an operation with those that pass its results on."""
    readers = {reader for result in operation.outputs for reader in result.consumers()}
    return {operation, *(one for one in readers if one.type == "Identity")}


# ------------------------------------------------------------------ errors


IMAGES = small_models.images(5)
UNBATCHED = {
    "x": lambda: tf.data.Dataset.from_tensor_slices(IMAGES),
    "x without channel axis": lambda: tf.data.Dataset.from_tensor_slices(IMAGES[..., 0]),
    "(x, y)": lambda: tf.data.Dataset.from_tensor_slices((IMAGES, np.arange(5))),
    "x of unknown height": lambda: tf.data.Dataset.from_generator(
        lambda: iter(IMAGES), output_signature=tf.TensorSpec((None, 6, 1), "float32")
    ),
    "twice unbatched": lambda: tf.data.Dataset.from_tensor_slices(np.arange(5.0)),
}


@pytest.mark.parametrize("form", UNBATCHED)
@pytest.mark.parametrize("name", ["functional", "sequential", "subclassed"])
def test_single_samples_get_an_error_that_mends_it(name, form):
    model = MODELS[name]()
    model(IMAGES)
    with pytest.raises(ValueError, match=r"single samples.*dataset\.batch\(32\)"):
        kd.predict_stream(model, UNBATCHED[form]())
    if form in ("x", "(x, y)") or (form != "twice unbatched" and name != "subclassed"):
        assert len(list(kd.predict_stream(model, UNBATCHED[form]().batch(32)))) == 1


def test_a_model_that_states_nothing_gets_the_hint_beside_its_own_error():
    """Nothing shows it before the first batch: the model was never built."""
    layers = keras.layers
    lazy = [keras.Sequential([layers.Conv2D(2, 3), layers.GlobalMaxPooling2D()]) for _ in range(2)]
    single = tf.data.Dataset.from_tensor_slices(IMAGES)
    says = r"x of shape \(6, 6, 1\) is a single sample .* dataset\.batch\(32\)\. The model said: "
    with pytest.raises(ValueError, match=says):
        next(kd.predict_stream(lazy[0], single))
    assert next(kd.predict_stream(lazy[1], single.batch(32))).shape == (5, 2)
    with pytest.raises(ValueError, match=r"^(?!If x)"):
        next(kd.predict_stream(small_models.functional(), dataset(np.ones((4, 9, 9, 1), "f4"))))


def test_batches_of_unknown_rank():
    """As a generator gives them that says nothing of its shapes; `predict` takes them, too."""
    model, x = small_models.functional(), small_models.images(11)
    cut = [x[:4], x[4:8], x[8:10], x[10:]]
    signature = tf.TensorSpec(None, "float32")
    pages = tf.data.Dataset.from_generator(lambda: iter(cut), output_signature=signature)
    with count_runs(model) as runs:
        rows = list(kd.predict_stream(model, pages))
    assert [len(part) for part in rows] == [4, 4, 2, 1]
    assert runs.eager == [False, False]  # one graph for four, one for any number
    np.testing.assert_allclose(np.concatenate(rows), model.predict(x, verbose=0), atol=1e-6)


def test_keras_takes_single_samples_for_batches_without_a_word():
    """Why the check is there: 12 rows for 2 images."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.GlobalAveragePooling2D()])
    wide = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Conv2D(2, 3, padding="same"), layers.GlobalMaxPooling2D()]
    )
    single = tf.data.Dataset.from_tensor_slices(IMAGES[:2])
    assert wide.predict(single, verbose=0).shape == (12, 2)
    with pytest.raises(ValueError, match="single samples"):
        kd.predict_stream(wide, single)
    with pytest.raises(ValueError, match="single samples"):
        kd.predict_stream(model, single)


NO_ALARM = {
    "no channel axis": (small_models.functional, lambda: dataset(IMAGES[..., 0])),
    "a batch axis of known size": (
        small_models.functional,
        lambda: tf.data.Dataset.from_tensor_slices(small_models.images(6)).batch(6, True),
    ),
    "a batch axis of known size, no channel axis": (
        small_models.functional,
        lambda: tf.data.Dataset.from_tensor_slices(IMAGES[..., 0]).batch(5, True),
    ),
    "any width": (
        lambda: keras.Sequential([keras.Input((None, 3)), keras.layers.GlobalMaxPooling1D()]),
        lambda: tf.data.Dataset.from_tensor_slices(np.ones((4, 3, 3), "f4")).batch(2),
    ),
    "never built": (Sum, lambda: numbered(4)),
    "several inputs": (
        small_models.two_inputs,
        lambda: dataset((({"a": 1} and (np.ones((4, 3), "f4"), np.ones((4, 3), "f4"))),)),
    ),
}


@pytest.mark.parametrize("name", NO_ALARM)
def test_no_false_alarm(name):
    model, given = NO_ALARM[name]
    assert len(list(kd.predict_stream(model(), given()))) >= 1


MISTAKES = {
    "tf.data.Dataset.from_tensor_slices(array)": lambda: kd.predict_stream(SUM, IMAGES),
    "predict_stream needs a keras.Model": lambda: kd.predict_stream("model.keras", numbered(3)),
    "steps is 0; it counts batches": lambda: kd.predict_stream(SUM, numbered(3), steps=0),
    "steps is 1.5; it counts batches": lambda: kd.predict_stream(SUM, numbered(3), steps=1.5),
    "steps is True; it counts batches": lambda: kd.predict_stream(SUM, numbered(3), steps=True),
    "Give steps=": lambda: kd.predict_stream(SUM, numbered(3).repeat(), out="a.npy"),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_told_before_anything_runs(message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, TypeError)) as raised:
        MISTAKES[message]()
    assert message in str(raised.value)


def test_a_model_on_several_devices_is_sent_to_predict(monkeypatch):
    strategy = type("Strategy", (), {"num_replicas_in_sync": 2})()
    monkeypatch.setattr(Sum, "distribute_strategy", strategy)
    with pytest.raises(ValueError, match=r"2 devices.*model\.predict\(dataset\)"):
        kd.predict_stream(Sum(), numbered(3))
