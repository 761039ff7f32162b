"""Mistakes that can be seen before the call: how to make each, and how to see its harm."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import good_pairs as good
import keras
import numpy as np
import tensorflow as tf

L = keras.layers
IMAGES = good.IMAGES


@dataclass
class Mistake:
    """One mistake: its finding's name and severity, how to make it, how to see that it hurts.

    `harm` gets (model, x) and asserts what goes wrong. `mended` says whether the mend is a line
    that can be run as it stands, and puts things right.
    """

    name: str
    severity: str
    make: Callable[[], tuple[Any, Any]]
    harm: Callable[[Any, Any], None]
    options: dict = field(default_factory=dict)
    mended: bool = True


MISTAKES: dict[str, Mistake] = {}


def mistake(title, name, severity, make, harm, *, mended=True, **options):
    assert title not in MISTAKES, title
    MISTAKES[title] = Mistake(name, severity, make, harm, options, mended)


def predict(model, x, **options):
    return model.predict(x, verbose=0, **options)


def raises(*names, method="predict", **options):
    """Return a harm: the method raises one of these exceptions."""

    def harm(model, x):
        call = getattr(model, method)
        try:
            call(x, **({"verbose": 0, **options} if method == "predict" else options))
        except Exception as error:
            raised = type(error).__name__
        else:
            raised = "nothing"
        assert raised in names, raised

    return harm


def shaped(*shape):
    """Return a harm: the answer has this shape, and nobody complained."""

    def harm(model, x):
        assert predict(model, x).shape == shape

    return harm


def same_padded(shape=(12, 12, 1), functional=True):
    """Build a model that takes any size, although it declares one."""
    layers = [L.Conv2D(4, 3, padding="same"), L.GlobalAveragePooling2D(), L.Dense(3)]
    if not functional:
        return keras.Sequential([keras.Input(shape), *layers])
    x = inputs = keras.Input(shape)
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x)


def sequential(shape=(12, 12, 1)):
    return same_padded(shape, functional=False)


def subclass():
    return good.built(good.Plain(), *IMAGES)


IMAGE = good.numbers(*IMAGES)
BATCH = good.numbers(8, *IMAGES)
ROWS = good.numbers(8, 5)

# ------------------------------------------------------------------------------------ kinds

mistake(
    "a path", "unreadable", "error", lambda: (good.cnn(), "images.npz"), raises("ValueError"),
    mended=False,
)  # fmt: skip
mistake("None", "unreadable", "error", lambda: (good.cnn(), None), raises("KeyError"), mended=False)
mistake(
    "a number",
    "unreadable",
    "error",
    lambda: (good.dense(), 3.0),
    raises("ValueError"),
    mended=False,
)
mistake(
    "a generator function", "unreadable", "error",
    lambda: (good.cnn(), lambda: iter([(BATCH,)])), raises("ValueError"), mended=False,
)  # fmt: skip
mistake(
    "an iterator of a Dataset", "unreadable", "error",
    lambda: (good.cnn(), iter(good.dataset(BATCH))), raises("ValueError"), mended=False,
)  # fmt: skip
mistake(
    "a Dataset for one batch", "dataset-for-one-batch", "error",
    lambda: (good.cnn(), good.dataset(BATCH)),
    raises("ValueError", "AttributeError", method="predict_on_batch"), method="predict_on_batch",
)  # fmt: skip
mistake(
    "nothing at all", "nothing", "error", lambda: (good.cnn(), []), raises("KeyError"), mended=False
)
mistake(
    "a list of numbers", "list-of-numbers", "error",
    lambda: (good.dense(2), [[1.0, 2.0], [3.0, 4.0]]), raises("ValueError"),
)  # fmt: skip
mistake(
    "a list of images, functional", "list-of-samples", "error",
    lambda: (same_padded(), list(BATCH[:4])), raises("ValueError"),
)  # fmt: skip
mistake(
    "a list of images, Sequential", "list-of-samples", "silent",
    lambda: (sequential(), list(BATCH[:4])), shaped(12, 3),
)  # fmt: skip
mistake(
    "a list of batches, Sequential", "list-of-samples", "silent",
    lambda: (sequential(), [BATCH, BATCH]), shaped(8, 3),
)  # fmt: skip
mistake(
    "images and labels, in a tuple", "list-of-samples", "silent",
    lambda: (sequential(), (BATCH, good.LABELS)), shaped(8, 3),
)  # fmt: skip
mistake(
    "a list of one image", "list-of-samples", "silent",
    lambda: (same_padded(), [IMAGE]), shaped(12, 3),
)  # fmt: skip
mistake(
    "a list of images, subclass", "list-of-samples", "silent",
    lambda: (subclass(), list(BATCH[:4])), raises("ValueError"),
)  # fmt: skip
mistake(
    "a list of one array, subclass", "list-of-one", "silent",
    lambda: (subclass(), [BATCH]), raises("AttributeError"),
)  # fmt: skip

# ----------------------------------------------------------------------------------- inputs

TEN = 10 * np.ones((4, 3), "float32")
ONE = np.ones((4, 3), "float32")


def summed():
    model = good.Sum()
    model([ONE, TEN])
    return model


def four():
    inputs = [keras.Input((3,), name=name) for name in "abcd"]
    return keras.Model(inputs, L.Add()(inputs))


def second_lost(model, x):
    assert predict(model, x)[0, 0] == 1.0  # 11 with both


def second_lost_in_step(model, x):
    assert float(model.predict_step(x)[0, 0]) == 1.0


def pushed(model, x):
    assert predict(model, x)[0, 0] == 1.0 - 100.0  # 1 - 10 is right


mistake(
    "two inputs as (x, y), subclass", "inputs-taken-for-labels", "silent",
    lambda: (summed(), good.dataset(ONE, TEN)), second_lost,
)  # fmt: skip
mistake(
    "two inputs as (x, y), functional", "inputs-taken-for-labels", "error",
    lambda: (good.two(), good.dataset(ONE, TEN)), raises("ValueError"),
)  # fmt: skip
mistake(
    "[a, b] for a step, subclass", "inputs-taken-for-labels", "silent",
    lambda: (summed(), [ONE, TEN]), second_lost_in_step, method="predict_step", mended=False,
)  # fmt: skip
mistake(
    "[a, b] for a step, functional", "inputs-taken-for-labels", "error",
    lambda: (good.two(), [ONE, TEN]), raises("ValueError", method="predict_step"),
    method="predict_step", mended=False,
)  # fmt: skip
mistake(
    "four parts", "too-many-parts", "error",
    lambda: (good.dense(3), good.dataset(ONE, ONE, ONE, ONE)), raises("ValueError"), mended=False,
)  # fmt: skip
mistake(
    "three inputs for two", "number-of-inputs", "error",
    lambda: (good.two(), [ONE, TEN, ONE]), raises("ValueError"),
)  # fmt: skip
mistake(
    "one input for two", "number-of-inputs", "error",
    lambda: (good.two(), [ONE]), raises("ValueError"), mended=False,
)  # fmt: skip
mistake(
    "two inputs for four, in a tuple", "number-of-inputs", "error",
    lambda: (four(), (ONE, TEN)), raises("ValueError"), mended=False,
)  # fmt: skip
mistake(
    "a missing key", "missing-input", "error",
    lambda: (good.two("dict"), {"a": ONE}), raises("ValueError"), mended=False,
)  # fmt: skip
mistake(
    "two missing keys, in a Dataset", "missing-input", "error",
    lambda: (four(), good.dataset({"a": ONE, "c": ONE})), raises("ValueError"), mended=False,
)  # fmt: skip
mistake(
    "a key that pushes", "extra-input", "silent",
    lambda: (good.two("dict"), {"a": ONE, "aa": 10 * TEN, "b": TEN}), pushed,
)  # fmt: skip
mistake(
    "a key that pushes, in a Dataset", "extra-input", "silent",
    lambda: (good.two("dict"), good.dataset({"a": ONE, "aa": 10 * TEN, "b": TEN})), pushed,
)  # fmt: skip


def stretched(model, x):
    raises("ValueError")(model, x)
    assert model.predict_on_batch(x).shape == (4, 3)


def stretched_by_name(model, x):
    raises("AttributeError", "ValueError")(model, x)  # Keras means the second and makes the first
    assert model.predict_on_batch(x).shape == (4, 3)


mistake(
    "uneven inputs", "uneven-inputs", "error", lambda: (good.two(), [ONE, TEN[:1]]), stretched,
)  # fmt: skip
mistake(
    "uneven inputs, in a dict", "uneven-inputs", "error",
    lambda: (good.two("dict"), {"a": ONE, "b": TEN[:1]}), stretched_by_name,
)  # fmt: skip
mistake(
    "uneven inputs, in a tuple", "uneven-inputs", "error",
    lambda: (good.two(), (ONE, TEN[:1])), stretched,
)  # fmt: skip

# ----------------------------------------------------------------------------------- shapes

mistake(
    "one image, functional",
    "no-batch-axis",
    "silent",
    lambda: (same_padded(), IMAGE),
    shaped(12, 3),
)
mistake(
    "one image, Sequential", "no-batch-axis", "silent", lambda: (sequential(), IMAGE), shaped(12, 3)
)
mistake(
    "one image, subclass",
    "no-batch-axis",
    "silent",
    lambda: (subclass(), IMAGE),
    raises("ValueError"),
)
mistake(
    "one image, a layer stops it", "no-batch-axis", "error",
    lambda: (good.cnn(), IMAGE), raises("ValueError"),
)  # fmt: skip
mistake(
    "one image without channel", "no-batch-axis", "error",
    lambda: (good.cnn(), IMAGE[..., 0]), raises("ValueError"),
)  # fmt: skip
mistake("one row", "no-batch-axis", "error", lambda: (good.dense(), ROWS[0]), raises("ValueError"))


def breaks_when_warm(model, x):
    """Fine on a fresh model; after one call with the right shape it raises."""
    assert predict(model, x).shape == (8, 3)
    fresh = type(model).from_config(model.get_config())
    predict(fresh, BATCH)
    raises("ValueError")(fresh, x)


mistake(
    "no channel axis, fresh", "last-axis", "warning",
    lambda: (same_padded(), BATCH[..., 0]), breaks_when_warm,
)  # fmt: skip
mistake(
    "an axis too many, fresh", "last-axis", "warning",
    lambda: (same_padded(), BATCH[..., None]), breaks_when_warm,
)  # fmt: skip


def used_without_channels():
    """A model that has only ever seen images without their channel axis."""
    model = same_padded()
    predict(model, BATCH[:5, ..., 0])
    predict(model, BATCH[..., 0])
    return model


def lines():
    """A model that takes text with an axis of length 1 behind it."""
    return keras.Sequential(
        [keras.Input((1,), dtype="string"), L.StringLookup(vocabulary=["bad"]), L.Embedding(2, 3)]
    )


def columns(labels=False):
    """A table as a Dataset of columns, one of them without its axis; preprocessed in the model."""
    kind, size = keras.Input((1,), dtype="string", name="kind"), keras.Input((1,), name="size")
    coded = L.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(kind)
    model = keras.Model({"kind": kind, "size": size}, L.Dense(1)(L.Concatenate()([coded, size])))
    x = {"kind": np.array(["a", "b", "a"]), "size": np.ones((3, 1), "float32")}
    parts = (x, np.zeros(3), np.ones(3)) if labels else x
    return model, tf.data.Dataset.from_tensor_slices(parts).batch(2)


def column_breaks_when_warm(model, x):
    """Fine on a fresh model; after a call with the right shape it raises."""
    assert predict(model, x).shape == (3, 1)
    model.compile()
    right = {"kind": tf.constant([["a"], ["b"], ["a"]]), "size": np.ones((3, 1), "float32")}
    predict(model, tf.data.Dataset.from_tensor_slices(right).batch(2))
    raises("ValueError")(
        model,
        tf.data.Dataset.from_tensor_slices(
            {"kind": np.array(["a", "b", "a"]), "size": np.ones((3, 1), "float32")}
        ).batch(2),
    )


mistake("a column without its axis", "last-axis", "warning", columns, column_breaks_when_warm)
mistake(
    "a column without its axis, (x, y, w)", "last-axis", "warning",
    lambda: columns(labels=True), column_breaks_when_warm,
)  # fmt: skip
mistake(
    "no channel axis, in a Dataset of (x,)", "last-axis", "warning",
    lambda: (same_padded(), good.dataset(BATCH[..., 0]).map(lambda x: (x,))),
    shaped(8, 3),
)  # fmt: skip
mistake(
    "no channel axis, as in each call before", "last-axis", "warning",
    lambda: (used_without_channels(), BATCH[..., 0]), breaks_when_warm, mended=False,
)  # fmt: skip
mistake(
    "no channel axis, used", "last-axis", "error",
    lambda: (good.used(same_padded()), BATCH[..., 0]), raises("ValueError"),
)  # fmt: skip
mistake(
    "no channel axis, subclass", "last-axis", "error",
    lambda: (subclass(), BATCH[..., 0]), raises("ValueError"),
)  # fmt: skip
mistake(
    "another size, Sequential", "wrong-size", "silent",
    lambda: (sequential(), good.numbers(8, 7, 7, 1)), shaped(8, 3),
)  # fmt: skip
mistake(
    "another size, functional, fresh", "wrong-size", "error",
    lambda: (same_padded(), good.numbers(8, 7, 7, 1)), raises("ValueError"),
)  # fmt: skip
mistake(
    "another size, functional, used", "wrong-size", "silent",
    lambda: (good.used(same_padded()), good.numbers(8, 7, 7, 1)), shaped(8, 3),
)  # fmt: skip
mistake(
    "another size, subclass", "wrong-size", "silent",
    lambda: (subclass(), good.numbers(8, 7, 7, 1)), shaped(8, 3), like=good.numbers(20, *IMAGES),
)  # fmt: skip
mistake(
    "three channels for one, used", "wrong-size", "silent",
    lambda: (good.used(good.cnn()), good.numbers(8, 12, 12, 2)), shaped(8, 3),
)  # fmt: skip
mistake(
    "a size that a layer stops", "wrong-size", "error",
    lambda: (good.flat(), good.numbers(8, 13, 12, 1)), raises("ValueError"),
)  # fmt: skip
mistake(
    "channels first", "wrong-size", "error",
    lambda: (same_padded((12, 10, 3)), good.numbers(8, 3, 12, 10)), raises("ValueError"),
)  # fmt: skip
mistake(
    "images for a flat model", "wrong-size", "error",
    lambda: (good.dense(144), BATCH), raises("ValueError"),
)  # fmt: skip
mistake(
    "too few features", "wrong-size", "error",
    lambda: (good.dense(), ROWS[:, :4]), raises("ValueError"), mended=False,
)  # fmt: skip
mistake(
    "colour for a subclass of grey", "wrong-size", "silent",
    lambda: (subclass(), good.numbers(8, 12, 12, 3)), raises("ValueError"),
)  # fmt: skip

# --------------------------------------------------------------------------------- Datasets


def unbatched(*parts):
    return tf.data.Dataset.from_tensor_slices(parts[0] if len(parts) == 1 else parts)


mistake(
    "unbatched, silently", "unbatched-dataset", "silent",
    lambda: (same_padded(), unbatched(BATCH[:3])), shaped(36, 3),
)  # fmt: skip
mistake(
    "unbatched, with labels", "unbatched-dataset", "silent",
    lambda: (sequential(), unbatched(BATCH[:3], np.arange(3))), shaped(36, 3),
)  # fmt: skip
mistake(
    "unbatched rows", "unbatched-dataset", "error",
    lambda: (good.dense(), unbatched(ROWS)), raises("ValueError"),
)  # fmt: skip
mistake(
    "unbatched, a model not built", "unbatched-dataset", "silent",
    lambda: (good.Plain(), unbatched(BATCH, good.LABELS)), raises("ValueError"),
)  # fmt: skip


def numbered(n=100):
    """Samples that can be told apart: the model gives each its own number back."""
    model = keras.Sequential([keras.Input((1,)), L.Identity()])
    return model, np.arange(n, dtype="float32")[:, None]


def out_of_order(model, x):
    labels = np.concatenate([batch.numpy() for batch in x])
    assert np.mean(predict(model, x) == labels) < 0.5


def shuffled(**options):
    model, samples = numbered()
    return model, unbatched(samples).shuffle(100, **options).batch(10).prefetch(1)


mistake("shuffled", "shuffled-dataset", "silent", shuffled, out_of_order, mended=False)
mistake(
    "shuffled with a seed", "shuffled-dataset", "silent",
    lambda: shuffled(seed=1), out_of_order, mended=False,
)  # fmt: skip
mistake(
    "shuffled batches of a zip", "shuffled-dataset", "silent",
    lambda: (numbered()[0], tf.data.Dataset.zip((shuffled()[1],) * 2).map(lambda a, b: a)),
    out_of_order, mended=False,
)  # fmt: skip


def as_ready():
    """Keep the first of 8 samples at a time until 8 others began: one of them is handed on then."""
    model, samples = numbered(16)
    begun = threading.Semaphore(0)

    def slow_first(value):
        if int(value[0]) < 1:
            assert all(begun.acquire(timeout=60) for _ in range(8))
        else:
            begun.release()
        return value

    waits = unbatched(samples).map(
        lambda x: tf.ensure_shape(tf.numpy_function(slow_first, [x], tf.float32), (1,)),
        num_parallel_calls=8,
        deterministic=False,
    )
    return model, waits.prefetch(4).batch(4)  # next to each other, map and batch are fused


def overtaken(model, x):
    assert predict(model, x)[0, 0] != 0.0


mistake("as they are ready", "unordered-dataset", "silent", as_ready, overtaken, mended=False)
mistake(
    "a dropped rest", "dropped-samples", "silent",
    lambda: (good.dense(), good.dataset(good.numbers(100, 5), batch=32, drop_remainder=True)),
    shaped(96, 2), mended=False,
)  # fmt: skip
mistake(
    "an empty Dataset", "empty-dataset", "error",
    lambda: (good.dense(), good.dataset(ROWS, batch=32, drop_remainder=True)),
    raises("UnboundLocalError"), mended=False,
)  # fmt: skip


def still_going(model, x):
    class Stop(keras.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            self.model.stop_predicting = batch >= 50  # long after its two batches

    assert len(predict(model, x, callbacks=[Stop()])) > 8 * 4


mistake(
    "no end", "infinite-dataset", "error",
    lambda: (good.dense(), good.dataset(ROWS).repeat()), still_going, mended=False,
)  # fmt: skip


def warned(model, x):
    import warnings

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert len(predict(model, x, steps=9)) == 8
    assert any("ran out of data" in str(one.message) for one in seen)


mistake(
    "too many steps", "too-many-steps", "warning",
    lambda: (good.dense(), good.dataset(ROWS)), warned, mended=False, steps=9,
)  # fmt: skip

# ----------------------------------------------------------------------------------- values

HOLED = ROWS.copy()
HOLED[2, 1] = np.nan


def hidden_or_spread(model, x):
    """Sample 2 has no right answer. Some method gives NaN, or its numbers mean nothing."""
    step = np.asarray(model.predict_step(x))
    assert np.isnan(step[2]).any()
    assert not np.isnan(np.delete(step, 2, axis=0)).any()


def passes_on(model):
    """Make the first weights positive: an infinity below 0 would end in ReLU."""
    first = model.layers[0]
    first.set_weights([np.abs(each) for each in first.get_weights()])
    return model


mistake("NaN", "not-finite", "silent", lambda: (good.dense(), HOLED), hidden_or_spread)
mistake(
    "inf", "not-finite", "silent",
    lambda: (
        passes_on(good.dense()), np.where(np.isnan(HOLED), np.inf, HOLED).astype("float32")
    ),
    lambda model, x: [None for row in [predict(model, x)[2]] if np.isfinite(row).all() and 1 / 0],
)  # fmt: skip
mistake(
    "no samples", "no-samples", "error",
    lambda: (good.dense(), ROWS[:0]), raises("UnboundLocalError"), mended=False,
)  # fmt: skip
mistake(
    "text for numbers", "text-for-numbers", "error",
    lambda: (good.dense(), ROWS.astype("U8")), raises("ValueError"),
)  # fmt: skip
mistake(
    "NumPy text", "numpy-text", "error",
    lambda: (good.words(), np.array(["a film", "bad"])), raises("ValueError"),
)  # fmt: skip
mistake(
    "text as objects along two axes", "numpy-text", "error",
    lambda: (lines(), np.array([["a film"], ["bad"]], dtype=object)), raises("ValueError"),
)  # fmt: skip
mistake(
    "text as bytes in objects", "numpy-text", "error",
    lambda: (good.words(), np.array([b"a film", b"bad"], dtype=object)), raises("ValueError"),
)  # fmt: skip
mistake(
    "images of several sizes", "objects", "error",
    lambda: (good.cnn(), np.array([BATCH[0], BATCH[1, :5]], dtype=object)), raises("ValueError"),
    mended=False,
)  # fmt: skip


def one_number(model, x):
    twins = np.asarray(predict(model, x))
    assert x[0, 0] != x[1, 0]
    assert twins[0, 0] == twins[1, 0]


mistake(
    "neighbours beyond float32", "beyond-float32", "silent",
    lambda: (numbered()[0], np.array([[2**24], [2**24 + 1]], "int64")), one_number,
)  # fmt: skip


def last_row(model, x):
    np.testing.assert_array_equal(predict(model, x), predict(model, np.full_like(x, 49)))


mistake(
    "place -1", "embedding-index", "silent", lambda: (good.tokens(), np.full((2, 3), -1)), last_row
)
mistake(
    "place beyond the last", "embedding-index", "error",
    lambda: (good.tokens(), np.full((2, 3), 50)), raises("InvalidArgumentError"),
)  # fmt: skip

# ------------------------------------------------------------------- scale, and how they lie

_digits: list = []


def digits():
    import kerasdemo as kd

    if not _digits:
        _digits.extend([kd.load_classifier(), kd.load_digits()])
    return _digits


def training_images():
    return digits()[1].train.images


def wrong_by(least):
    """Return a harm: so much less of the digits are read right than should be."""

    def harm(model, x):
        labels = digits()[1].test.labels
        right = np.mean(predict(model, np.asarray(x, "float32")).argmax(-1) == labels)
        plain = np.mean(predict(model, digits()[1].test.images).argmax(-1) == labels)
        assert plain - right > least, (plain, right)

    return harm


def surer(model, x):
    """The classifier is almost always sure to the last digit."""
    plain = predict(model, digits()[1].test.images).max(-1)
    raw = predict(model, x).max(-1)
    assert np.mean(raw == 1.0) > 2 * np.mean(plain == 1.0)


def digit_mistake(title, name, severity, change, harm, *, with_like=True, mended=True):
    mistake(
        title, name, severity, lambda: (digits()[0], change(digits()[1].test)), harm,
        mended=mended, **({"like": training_images} if with_like else {}),
    )  # fmt: skip


digit_mistake(
    "raw pixels", "not-scaled", "warning", lambda d: d.pixels[..., None], surer, with_like=False
)
digit_mistake(
    "raw pixels, known", "unlike-training-range", "silent", lambda d: d.pixels[..., None], surer
)
digit_mistake(
    "divided twice", "scaled-twice", "warning", lambda d: d.images / 255, wrong_by(0.3),
    with_like=False,
)  # fmt: skip
digit_mistake(
    "divided twice, known",
    "unlike-training-range",
    "silent",
    lambda d: d.images / 255,
    wrong_by(0.3),
)
digit_mistake(
    "to [-1, 1]", "unlike-training-range", "silent", lambda d: d.images * 2 - 1, wrong_by(0.01)
)
digit_mistake(
    "cut to whole numbers", "unlike-training-range", "silent",
    lambda d: d.pixels[..., None] // 255, wrong_by(0.005), mended=False,
)  # fmt: skip
digit_mistake(
    "transposed", "images-transposed", "silent", lambda d: d.images.swapaxes(1, 2), wrong_by(0.3)
)
digit_mistake(
    "upside down", "images-upside-down", "silent", lambda d: d.images[:, ::-1], wrong_by(0.2)
)
digit_mistake(
    "mirrored", "images-mirrored", "silent", lambda d: d.images[:, :, ::-1], wrong_by(0.2)
)
digit_mistake(
    "turned by half", "images-rotated", "silent", lambda d: d.images[:, ::-1, ::-1], wrong_by(0.2)
)
digit_mistake("inverted", "images-inverted", "silent", lambda d: 1 - d.images, wrong_by(0.3))


def colours(n, seed):
    """Make pictures with a red sky above blue ground."""
    rng = np.random.default_rng(seed)
    pictures = 0.2 * rng.random((n, 12, 12, 3))
    pictures[:, :6, :, 0] += 0.8 * rng.random((n, 1, 1))
    pictures[:, 6:, :, 2] += 0.4
    return pictures.astype("float32")


def recoloured(model, x):
    assert np.abs(predict(model, x) - predict(model, x[..., ::-1])).max() > 1e-3


mistake(
    "colours in another order", "images-channels-reversed", "silent",
    lambda: (same_padded((12, 12, 3)), colours(40, 1)[..., ::-1]), recoloured,
    like=lambda: colours(60, 2),
)  # fmt: skip


def saturates(model, x):
    """The model that scales by itself sees almost nothing: all answers are alike."""
    assert (
        np.ptp(predict(model, x), axis=0).max()
        < 0.1 * np.ptp(predict(model, x * 255), axis=0).max()
    )


mistake(
    "scaled before Rescaling", "scaled-twice", "silent",
    lambda: (good.cnn(IMAGES, L.Rescaling(1 / 255)), BATCH), saturates,
)  # fmt: skip


def far_off(model, x):
    """The answers lie farther from the right ones than these lie apart."""
    right = predict(model, good.table(seed=1))
    apart = np.abs(predict(model, x) - right).mean()
    assert apart > np.abs(right - right.mean(axis=0)).mean()


def normalised():
    raw = good.table(seed=1)
    return good.adapted(), (raw - raw.mean(0)) / raw.std(0)


mistake(
    "normalised before Normalization", "normalised-twice", "silent", normalised,
    far_off, mended=False,
)  # fmt: skip

# ------------------------------------------------------------------- training and overrides


class Deaf(keras.Model):
    """Its call has no `training`, and it holds a layer that augments."""

    def __init__(self):
        super().__init__()
        self.flip, self.dense = L.RandomRotation(0.5, seed=1), L.Dense(3)
        self.flat = L.Flatten()

    def call(self, x):
        return self.dense(self.flat(self.flip(x)))


class Untold(good.Flipped):
    def call(self, x, training=True):
        return super().call(x, training=training)

    def predict_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self(x)


class Bare(good.Regular):
    def predict_step(self, data):
        x = data
        return self(x, training=False)


class Axis(keras.Model):
    """As often written: argmax over axis 1, and nothing unpacked."""

    def __init__(self):
        super().__init__()
        self.dense = L.Dense(10)

    def call(self, x):
        return self.dense(x)

    def predict_step(self, data):
        x = data
        y = self(x)
        return {"y": y, "best": keras.ops.argmax(y, axis=1)}


class Trains(good.Regular):
    def predict_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self(x, training=True)


def restless(method):
    def harm(model, x):
        call = model if method == "model(x)" else getattr(model, method)
        first = np.asarray(call(x))
        assert any(np.abs(np.asarray(call(x)) - first).max() > 1e-6 for _ in range(7))

    return harm


mistake(
    "a call that hears nothing", "random-layers", "silent",
    lambda: (good.built(Deaf(), *IMAGES), BATCH), restless("predict"), mended=False,
)  # fmt: skip
mistake(
    "model(x) with augmentation", "random-layers", "silent",
    lambda: (good.cnn(IMAGES, L.RandomTranslation(0.4, 0.4, seed=1)), BATCH), restless("model(x)"),
    mended=False, method="model(x)",
)  # fmt: skip


def not_random(model, x):
    assert np.std([predict(model, x) for _ in range(4)], axis=0).max() == 0
    assert np.std([np.asarray(model(x, training=True)) for _ in range(4)], axis=0).max() > 0


def monte_carlo():
    inputs = keras.Input((5,))
    return keras.Model(inputs, L.Dense(2)(L.Dropout(0.5)(inputs, training=True)))


mistake(
    "dropout that should stay on", "training-overwritten", "silent",
    lambda: (monte_carlo(), ROWS), not_random, mended=False,
)  # fmt: skip


def broken():
    model = good.dense()
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    return model


mistake(
    "weights of NaN", "nan-weights", "silent", lambda: (broken(), ROWS),
    lambda model, x: [None for p in [np.asarray(model(x))] if np.isfinite(p).all() and 1 / 0],
    mended=False,
)  # fmt: skip
mistake(
    "a bare step, an array", "step-does-not-unpack", "warning",
    lambda: (good.built(Bare(), *IMAGES), BATCH),
    raises("ValueError", "AttributeError", method="predict_on_batch"), mended=False,
)  # fmt: skip


def axis_too_many(model, x):
    predict(model, x)
    answer = model.predict_on_batch(x)
    assert answer["y"].shape == (1, 8, 10)
    assert answer["best"].shape == (1, 10)  # the best sample of each class, not the class


mistake(
    "a bare step, one batch", "step-does-not-unpack", "silent",
    lambda: (good.built(Axis(), 5), ROWS), axis_too_many, mended=False, method="predict_on_batch",
)  # fmt: skip
mistake(
    "a bare step, a Dataset of (x, y)", "step-does-not-unpack", "silent",
    lambda: (good.built(Bare(), *IMAGES), good.dataset(BATCH, good.LABELS)),
    raises("ValueError", "AttributeError", "TypeError"), mended=False,
)  # fmt: skip
mistake(
    "a step that says nothing of training", "step-without-training-false", "silent",
    lambda: (good.built(Untold(), *IMAGES), BATCH), restless("predict"), mended=False,
)  # fmt: skip


def moved(model, x):
    before = np.asarray(model.norm.moving_mean).copy()
    predict(model, x)
    assert np.abs(np.asarray(model.norm.moving_mean) - before).max() > 1e-6


mistake(
    "a step that trains", "step-trains", "silent",
    lambda: (good.built(Trains(), *IMAGES), BATCH), moved, mended=False,
)  # fmt: skip
