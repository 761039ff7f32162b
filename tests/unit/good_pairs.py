"""A hundred models with inputs that they can take: name -> a function giving model, x, options."""

import keras
import numpy as np
import tensorflow as tf

L = keras.layers
PAIRS = {}


def pair(name, **options):
    """Keep a function that makes (model, x) under a name; `options` are for preflight."""

    def keep(make):
        assert name not in PAIRS, name
        PAIRS[name] = (make, options)
        return make

    return keep


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


# ---------------------------------------------------------------------------------- models


def head(x, units=3):
    return L.Dense(units, activation="softmax")(L.GlobalAveragePooling2D()(x))


def cnn(shape=(12, 12, 1), *first):
    inputs = keras.Input(shape)
    x = inputs
    for layer in first:
        x = layer(x)
    return keras.Model(inputs, head(L.Conv2D(4, 3, activation="relu")(x)))


def flat(shape=(12, 12, 1)):
    return keras.Sequential([keras.Input(shape), L.Flatten(), L.Dense(3)])


def dense(features=5):
    return keras.Sequential([keras.Input((features,)), L.Dense(8, activation="relu"), L.Dense(2)])


def lazy():
    """Without an input shape: built by its first call."""
    return keras.Sequential([L.Conv2D(4, 3), L.GlobalAveragePooling2D(), L.Dense(2)])


class Plain(keras.Model):
    def __init__(self, units=3):
        super().__init__()
        self.conv, self.pool = L.Conv2D(4, 3), L.GlobalAveragePooling2D()
        self.dense = L.Dense(units)

    def call(self, x):
        return self.dense(self.pool(self.conv(x)))


class Regular(Plain):
    def __init__(self):
        super().__init__()
        self.drop, self.norm = L.Dropout(0.5), L.BatchNormalization()

    def call(self, x, training=False):
        x = self.norm(self.conv(x), training=training)
        return self.dense(self.drop(self.pool(x), training=training))


class Flipped(Regular):
    def __init__(self):
        super().__init__()
        self.flip = L.RandomFlip()

    def call(self, x, training=False):
        return super().call(self.flip(x, training=training), training=training)


class Stepped(Regular):
    def predict_step(self, data):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return {"scores": self(x, training=False)}


class Wrapped(Plain):
    def predict_step(self, data):
        return keras.ops.softmax(super().predict_step(data))


class Careful(Plain):
    def predict_step(self, data):
        if isinstance(data, tuple):
            data = data[0]
        return self(data)


class Sum(keras.Model):
    def call(self, inputs):
        return sum(keras.tree.flatten(inputs))


class Named(keras.Model):
    def call(self, inputs):
        return inputs["b"] - inputs["a"]


class Imputes(keras.Model):
    """Takes NaN for 'not measured'."""

    def __init__(self):
        super().__init__()
        self.dense = L.Dense(2)

    def call(self, x):
        return self.dense(keras.ops.where(keras.ops.isnan(x), 0.0, x))


class Scales(Plain):
    def call(self, x):
        return super().call(x / 255.0)


def built(model, *shape):
    model(numbers(2, *shape))
    return model


def two(form="list"):
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    inputs = {"a": a, "b": b} if form == "dict" else [a, b]
    return keras.Model(inputs, L.Subtract()([a, b]))


def picture_and_facts():
    image, facts = keras.Input((12, 12, 1), name="image"), keras.Input((4,), name="facts")
    x = L.Concatenate()([L.Flatten()(image), facts])
    return keras.Model({"image": image, "facts": facts}, L.Dense(3)(x))


def outputs(form):
    inputs = keras.Input((12, 12, 1))
    x = L.Flatten()(inputs)
    one, other = L.Dense(3)(x), L.Dense(1)(x)
    return keras.Model(inputs, {"one": one, "other": other} if form == "dict" else [one, other])


def words():
    layer = L.TextVectorization(max_tokens=20, output_sequence_length=4)
    layer.adapt(["a good film", "a bad film"])
    return keras.Sequential(
        [keras.Input((), dtype="string"), layer, L.Embedding(20, 3), L.Flatten(), L.Dense(1)]
    )


def tokens():
    return keras.Sequential(
        [keras.Input((None,), dtype="int32"), L.Embedding(50, 4), L.GlobalAveragePooling1D()]
    )


def adapted():
    layer = L.Normalization()
    layer.adapt(table())
    return keras.Sequential([keras.Input((5,)), layer, L.Dense(2)])


def table(n=40, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, 5)) * [9, 10, 100, 0.1, 5] + [40, 90, 1000, 3, -30]).astype(
        "float32"
    )


def dataset(*parts, batch=4, **options):
    parts = parts[0] if len(parts) == 1 else parts
    return tf.data.Dataset.from_tensor_slices(parts).batch(batch, **options)


IMAGES = (12, 12, 1)
LABELS = np.arange(8) % 3

# ---------------------------------------------------------------------- classes and dtypes

KINDS = {
    "functional": cnn,
    "flat sequential": flat,
    "lazy sequential, not built": lazy,
    "lazy sequential, built": lambda: built(lazy(), *IMAGES),
    "subclass, not built": Plain,
    "subclass, built": lambda: built(Plain(), *IMAGES),
    "subclass with training": lambda: built(Regular(), *IMAGES),
    "subclass with a random layer": lambda: built(Flipped(), *IMAGES),
    "good override": lambda: built(Stepped(), *IMAGES),
    "override around Keras's own": lambda: built(Wrapped(), *IMAGES),
    "override that looks at its data": lambda: built(Careful(), *IMAGES),
    "dict of outputs": lambda: outputs("dict"),
    "list of outputs": lambda: outputs("list"),
}
for kind, make in KINDS.items():
    pair(f"{kind}, float32")(lambda make=make: (make(), numbers(8, *IMAGES)))
    pair(f"{kind}, Dataset of (x, y)")(
        lambda make=make: (make(), dataset(numbers(8, *IMAGES), LABELS))
    )
    pair(f"{kind}, on one batch", method="predict_on_batch")(
        lambda make=make: (make(), numbers(8, *IMAGES))
    )

for dtype in ("float64", "float16", "int32", "int64", "uint8", "bool"):
    pair(f"dense, {dtype}")(lambda dtype=dtype: (dense(), (10 * numbers(8, 5)).astype(dtype)))
    pair(f"functional, small {dtype}")(
        lambda dtype=dtype: (cnn(), (3 * numbers(8, *IMAGES)).astype(dtype))
    )

# ------------------------------------------------------------------------------ containers

pair("tensor")(lambda: (cnn(), tf.constant(numbers(8, *IMAGES))))
pair("keras tensor of ops")(lambda: (cnn(), keras.ops.ones((8, *IMAGES))))
pair("bfloat16 tensor")(lambda: (cnn(), tf.cast(numbers(8, *IMAGES), "bfloat16")))
pair("bfloat16 array")(lambda: (dense(), tf.cast(numbers(8, 5), "bfloat16").numpy()))
pair("one sample with its batch axis")(lambda: (cnn(), numbers(1, *IMAGES)))
pair("a list of one array, functional")(lambda: (cnn(), [numbers(8, *IMAGES)]))
pair("a tuple of one array, functional")(lambda: (cnn(), (numbers(8, *IMAGES),)))
pair("a view that is not contiguous")(lambda: (cnn(), numbers(8, *IMAGES)[::-1, ::-1]))
pair("a memory map")(lambda: (dense(), np.asarray(numbers(8, 5)).view(np.memmap)))
pair("a read-only array")(lambda: (dense(), np.broadcast_to(numbers(1, 5), (8, 5))))
pair("Fortran order")(lambda: (dense(), np.asfortranarray(numbers(8, 5))))
pair("used model")(lambda: (used(cnn()), numbers(8, *IMAGES)))
pair("generator of (x,)")(lambda: (cnn(), ((numbers(4, *IMAGES),) for _ in range(2))))
pair("PyDataset")(lambda: (cnn(), Pages()))
pair("any size, declared")(lambda: (cnn((None, None, 1)), numbers(3, 20, 17, 1)))
pair("any size, not declared")(lambda: (built(Plain(), *IMAGES), numbers(3, 20, 17, 1)))
pair("one feature")(lambda: (dense(1), numbers(8, 1)))
pair("a sequence", method="predict_step")(
    lambda: (keras.Sequential([keras.Input((7, 2)), L.LSTM(3)]), numbers(4, 7, 2))
)
pair("channels first")(
    lambda: (
        keras.Sequential([keras.Input((3, 12, 12)), L.Flatten(), L.Dense(2)]),
        numbers(4, 3, 12, 12),
    )
)
pair("volume")(
    lambda: (
        keras.Sequential([keras.Input((6, 6, 6, 1)), L.Conv3D(2, 3), L.Flatten(), L.Dense(2)]),
        numbers(2, 6, 6, 6, 1),
    )
)


def used(model):
    model.predict(numbers(8, *IMAGES), verbose=0)
    return model


class Pages(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return numbers(4, *IMAGES, seed=index), np.zeros(4)


# -------------------------------------------------------------------------- several inputs

A, B = numbers(6, 3), numbers(6, 3, seed=1)
pair("two inputs, list")(lambda: (two(), [A, B]))
pair("two inputs, tuple")(lambda: (two(), (A, B)))
pair("two inputs, dict")(lambda: (two("dict"), {"a": A, "b": B}))
pair("two inputs, dict in another order")(lambda: (two("dict"), {"b": B, "a": A}))
pair("two inputs, list for a dict")(lambda: (two("dict"), [A, B]))
pair("two inputs, dict for a list")(lambda: (two(), {"a": A, "b": B}))
pair("two inputs, dict for a list, with more")(lambda: (two(), {"a": A, "aa": B, "b": B}))
pair("two inputs, a further key at the end")(lambda: (two("dict"), {"a": A, "b": B, "name": A}))
pair("two inputs, one batch", method="predict_on_batch")(lambda: (two(), [A, B]))
pair("two inputs, a step with (x,)", method="predict_step")(lambda: (two(), ([A, B],)))
pair("two inputs, a step with a dict", method="predict_step")(
    lambda: (two("dict"), {"a": A, "b": B})
)
pair("two inputs, Dataset of ((a, b),)")(lambda: (two(), dataset(A, B).map(lambda a, b: ((a, b),))))
pair("two inputs, Dataset of ((a, b), y)")(
    lambda: (two(), tf.data.Dataset.from_tensor_slices(((A, B), A[:, 0])).batch(2))
)
pair("two inputs, Dataset of a dict")(lambda: (two("dict"), dataset({"a": A, "b": B})))
pair("two inputs, Dataset of (dict, y)")(
    lambda: (two("dict"), tf.data.Dataset.from_tensor_slices(({"a": A, "b": B}, A)).batch(2))
)
pair("inputs of different shapes")(
    lambda: (picture_and_facts(), {"image": numbers(4, *IMAGES), "facts": numbers(4, 4)})
)
pair("subclass of two inputs")(lambda: (sum_built(), [A, B]))
pair("subclass of a dict")(lambda: (Named(), {"a": A, "b": B}))
pair("subclass of a Dataset of ((a, b),)")(
    lambda: (sum_built(), dataset(A, B).map(lambda a, b: ((a, b),)))
)


def sum_built():
    model = Sum()
    model([A, B])
    return model


pair("a step with (x, y)", method="predict_step")(lambda: (cnn(), (numbers(8, *IMAGES), LABELS)))

# -------------------------------------------------------------------------------- Datasets

pair("Dataset of x")(lambda: (cnn(), dataset(numbers(8, *IMAGES))))
pair("Dataset of (x,)")(lambda: (cnn(), dataset(numbers(8, *IMAGES)).map(lambda x: (x,))))
pair("Dataset of (x, y, w)")(lambda: (cnn(), dataset(numbers(8, *IMAGES), LABELS, np.ones(8))))
pair("autoencoder: Dataset of (x, x)")(lambda: (dense(), dataset(numbers(8, 5), numbers(8, 5))))
pair("ragged last batch")(lambda: (cnn(), dataset(numbers(7, *IMAGES), batch=3)))
pair("batches that drop nothing")(
    lambda: (cnn(), dataset(numbers(8, *IMAGES), batch=4, drop_remainder=True))
)
pair("prefetched, cached, mapped in parallel")(
    lambda: (
        cnn(),
        dataset(numbers(8, *IMAGES)).map(lambda x: x * 2, num_parallel_calls=2).cache().prefetch(1),
    )
)
pair("shuffled once for all")(
    lambda: (
        dense(),
        tf.data.Dataset.from_tensor_slices(numbers(8, 5))
        .shuffle(8, seed=1, reshuffle_each_iteration=False)
        .batch(4),
    )
)
pair("shuffled, then cached")(
    lambda: (dense(), tf.data.Dataset.from_tensor_slices(numbers(8, 5)).shuffle(8).cache().batch(4))
)
pair("infinite, with steps", steps=2)(lambda: (dense(), dataset(numbers(8, 5)).repeat()))
pair("steps that fit", steps=2)(lambda: (dense(), dataset(numbers(8, 5))))
pair("Dataset of float64")(lambda: (dense(), dataset(numbers(8, 5).astype("float64"))))
pair("Dataset without known shape")(
    lambda: (
        dense(),
        tf.data.Dataset.from_generator(
            lambda: iter([numbers(4, 5)]), output_signature=tf.TensorSpec(None, tf.float32)
        ),
    )
)
pair("Dataset from a generator, in batches")(
    lambda: (
        dense(),
        tf.data.Dataset.from_generator(
            lambda: iter([numbers(4, 5)]), output_signature=tf.TensorSpec((None, 5), tf.float32)
        ),
    )
)
pair("peeked Dataset", peek=True)(lambda: (cnn(), dataset(numbers(8, *IMAGES), LABELS)))

# ----------------------------------------------------------------------------------- scale

pair("raw pixels, Rescaling inside")(
    lambda: (cnn(IMAGES, L.Rescaling(1 / 255)), pixels(8, *IMAGES))
)
pair("raw pixels, Rescaling to [-1, 1]")(
    lambda: (cnn(IMAGES, L.Rescaling(1 / 127.5, offset=-1)), pixels(8, *IMAGES))
)
pair("raw pixels, resized, then Rescaling")(
    lambda: (cnn((20, 20, 1), L.Resizing(12, 12), L.Rescaling(1 / 255)), pixels(8, 20, 20, 1))
)
pair("raw pixels, batch normalisation first")(
    lambda: (cnn(IMAGES, L.BatchNormalization()), pixels(8, *IMAGES))
)
pair("raw pixels, divided by an operation")(lambda: (divided(), pixels(8, *IMAGES)))
pair("raw pixels, a Lambda")(
    lambda: (cnn(IMAGES, L.Lambda(lambda x: x / 255.0)), pixels(8, *IMAGES))
)
pair("raw pixels, scaled in call")(
    lambda: (built(Scales(), *IMAGES), pixels(8, *IMAGES).astype("float32"))
)
pair("raw pixels in training, too", like=pixels(20, *IMAGES, seed=1))(
    lambda: (cnn(), pixels(8, *IMAGES))
)
pair("like the training", like=numbers(20, *IMAGES, seed=1))(lambda: (cnn(), numbers(8, *IMAGES)))
pair("[-1, 1] as in training", like=2 * numbers(20, *IMAGES, seed=1) - 1)(
    lambda: (cnn(), 2 * numbers(8, *IMAGES) - 1)
)
pair("large values that are no pixels")(lambda: (cnn(), 200 * numbers(8, *IMAGES)))
pair("black images")(lambda: (cnn(), np.zeros((8, *IMAGES), "float32")))
pair("white images, like the training", like=numbers(20, *IMAGES, seed=1))(
    lambda: (cnn(), np.ones((8, *IMAGES), "float32"))
)
pair("a table of whole numbers")(lambda: (dense(), pixels(8, 5).astype("int64")))
pair("a table of tiny numbers")(lambda: (dense(), 1e-6 * numbers(8, 5)))
pair("a table, adapted")(lambda: (adapted(), table(seed=1)))
pair("one row of a table, adapted")(lambda: (adapted(), table(1, seed=2)))
pair("one feature per input, raw pixels as numbers")(lambda: (dense(1), pixels(8, 1)))


def tailed(n, seed, ends=2.0):
    """Rows of a table whose columns have long tails, as incomes do."""
    return np.exp(ends * np.random.default_rng(seed).normal(size=(n, 5))).astype("float32")


pair("a long table, few of the training", like=tailed(8, 1, 0.3) - 1)(
    lambda: (dense(), tailed(4000, 2, 0.3) - 1)
)
pair("a table with long tails", like=tailed(200, 1))(lambda: (dense(), tailed(4000, 2)))
pair("a table with longer tails", like=tailed(8, 3, 3.0))(lambda: (dense(), tailed(9000, 4, 3.0)))
pair("sequences with long tails", like=tailed(60, 1).reshape(20, 5, 3))(
    lambda: (keras.Sequential([keras.Input((5, 3)), L.LSTM(2)]), tailed(900, 2).reshape(300, 5, 3))
)
pair("one bright picture", like=numbers(50, 20, 20, 3, seed=1))(
    lambda: (cnn((20, 20, 3)), 0.5 + 0.5 * numbers(1, 20, 20, 3))
)
pair("one empty page", like=numbers(50, 20, 20, 3, seed=1))(
    lambda: (cnn((20, 20, 3)), 0.98 + 0.02 * numbers(1, 20, 20, 3))
)
pair("one dark picture", like=numbers(50, 20, 20, 3, seed=1))(
    lambda: (cnn((20, 20, 3)), 0.03 * numbers(1, 20, 20, 3))
)
pair("one row again and again, adapted")(lambda: (adapted(), np.repeat(table(1), 32, axis=0)))
pair("flags that are the same in most rows, adapted")(lambda: flags())


def flags():
    layer, rows = L.Normalization(), np.eye(5, dtype="float32")
    layer.adapt(np.tile(rows, (40, 1)))
    return keras.Sequential([keras.Input((5,)), layer, L.Dense(2)]), rows[[0, 1] * 8]


# ------------------------------------------------------------------- words, places, holes

pair("text as a tensor")(lambda: (words(), tf.constant(["a film", "bad"])))
pair("text as objects")(lambda: (words(), np.array(["a film", "bad"], dtype=object)))
pair("Dataset of text")(lambda: (words(), dataset(np.array(["a film", "bad"]))))
pair("NumPy text for one batch", method="predict_on_batch")(
    lambda: (words(), np.array(["a film", "bad"]))
)
pair("places of an Embedding")(lambda: (tokens(), np.arange(50).reshape(5, 10)))
pair("another length of sequence")(lambda: (tokens(), np.zeros((2, 3), "int64")))
pair("large whole numbers that float32 holds")(lambda: (dense(), np.full((2, 5), 2**25, "int64")))
pair("NaN for a model that fills it in")(
    lambda: (Imputes(), np.array([[1.0, np.nan, 2.0]], "float32"))
)
pair("random layers, asked through predict")(
    lambda: (cnn(IMAGES, L.RandomFlip()), numbers(8, *IMAGES))
)
pair("model(x) without random layers", method="model(x)")(
    lambda: (cnn(IMAGES, L.Dropout(0.5)), numbers(8, *IMAGES))
)
pair("the digits and their classifier")(lambda: digits_pair(False))
pair("the digits, like the training")(lambda: digits_pair(True))


def divided():
    inputs = keras.Input(IMAGES)
    return keras.Model(inputs, head(L.Conv2D(4, 3)(inputs / 255.0)))


def digits_pair(_):
    import kerasdemo as kd

    return kd.load_classifier(), kd.load_digits().test.images
