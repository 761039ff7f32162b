"""Claims about what may go into the methods: types, shapes, sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.classifier import load_classifier
from kerasdemo.digits import load_digits
from kerasdemo.evidence.scenes import (
    KINDS,
    dataset,
    dense,
    difference,
    numbers,
    pooled,
    weighted_sum,
)
from kerasdemo.evidence.seen import Seen, attempt, judge, judge_all, words


def numpy_only() -> Seen:
    """Give predict the same six rows in six wrappings."""
    keras, tf = import_keras(), import_tensorflow()
    model, x = dense(), numbers(6, 8)

    class Batches(keras.utils.PyDataset):  # type: ignore[misc, name-defined]
        def __len__(self) -> int:
            return 2

        def __getitem__(self, number: int) -> Any:
            return (x[3 * number : 3 * number + 3],)

    given = {
        "array": x,
        "tensor": tf.constant(x),
        "dict": {"row": x},
        "Dataset": dataset(x, batch=3),
        "PyDataset": Batches(),
        "generator": ((part,) for part in np.split(x, 2)),
    }
    taken = {
        name: attempt(model.predict, value, verbose=0).shape == (6, 3)
        for name, value in given.items()
    }
    others = [name for name, worked in taken.items() if worked and name != "array"]
    return judge(not others, "predict also takes: " + ", ".join(others))


def dataset_type_error() -> Seen:
    """Give predict a batched Dataset, of images alone and of (image, label)."""
    model, x, y = dense(), numbers(100, 8), np.zeros(100)
    came = {
        "of x": attempt(model.predict, dataset(x), verbose=0),
        "of (x, y)": attempt(model.predict, dataset(x, y), verbose=0),
        "not batched": attempt(model.predict, dataset(x, batch=None), verbose=0),
    }
    return judge(came["of x"].raised == "TypeError", words(came))


def dataset_accepted() -> Seen:
    """Set predict(Dataset) beside predict(array)."""
    model, x, y = dense(), numbers(100, 8), np.zeros(100)
    apart = difference(model.predict(x, verbose=0), model.predict(dataset(x, y), verbose=0))
    return judge(apart < 1e-5, f"100 rows, the labels passed over; from the array's: {apart:.1g}")


def batch_axis() -> Seen:
    """Give predict one image with and without its batch axis."""
    image = numbers(28, 28, 1)
    alone: dict[str, Any] = {}
    for kind in KINDS:
        model = pooled(kind, (28, 28, 1))
        alone[kind] = attempt(model.predict, image, verbose=0)
    whole = model.predict(image[None], verbose=0).shape
    right = any(came.shape == (1, 2) for came in alone.values())
    return judge(whole == (1, 2) and not right, f"with it {whole}; without: {words(alone)}")


def wrong_structure_raises() -> Seen:
    """Feed two inputs as (a, b), which Keras reads as (x, y)."""
    keras = import_keras()
    a, b = np.full((2, 1), 2.0, np.float32), np.full((2, 1), 2.0, np.float32)
    first, second = keras.Input((1,)), keras.Input((1,))
    functional = keras.Model([first, second], first + 10.0 * second)
    came = {
        "functional": attempt(functional.predict, dataset(a, b), verbose=0),
        "subclassed": attempt(weighted_sum().predict, dataset(a, b), verbose=0),
    }
    silent = came["subclassed"].value
    right = weighted_sum().predict(dataset((a, b), np.zeros(2)), verbose=0)
    evidence = (
        f"functional: {came['functional'].raised or 'no error'}; subclassed: "
        f"{'an error' if silent is None else silent[0, 0]} where ((a, b), y) gives {right[0, 0]}"
    )
    return judge_all({kind: bool(c.raised) for kind, c in came.items()}, evidence)


def channel_axis() -> Seen:
    """Leave the channel axis away: on a fresh model, on one used before, on a subclassed one."""
    fresh, used = load_classifier(), load_classifier()
    images = load_digits().test[:5].images
    used.predict(images, verbose=0)
    models = {
        "fresh": fresh,
        "after one predict": used,
        "subclassed": pooled("subclassed", (28, 28, 1)),
    }
    came = {
        name: attempt(model.predict, images[..., 0], verbose=0) for name, model in models.items()
    }
    refused = {name: bool(c.raised) for name, c in came.items()}
    return judge_all(refused, words({name: c.raised or c for name, c in came.items()}))


def cast_needed() -> Seen:
    """Predict whole numbers as uint8, int64, float64 and float32."""
    model, x = load_classifier(), load_digits().test[:32].pixels[..., None]
    wanted = model.predict(x.astype("float32"), verbose=0)
    apart = {
        kind: difference(model.predict(x.astype(kind), verbose=0), wanted)
        for kind in ("uint8", "int64", "float64")
    }
    evidence = "from float32 of the same numbers: " + words(
        {k: f"{v:.1g}" for k, v in apart.items()}
    )
    return judge(max(apart.values()) > 1e-5, evidence)


def list_is_array() -> Seen:
    """Give predict four images, or two batches of two, as a list."""
    images, batches = list(numbers(4, 28, 28, 1)), list(numbers(2, 2, 28, 28, 1))
    came = {}
    for kind in ("functional", "sequential"):
        for name, given in {"4 images": images, "2 batches of 2": batches}.items():
            model = pooled(kind, (28, 28, 1))
            came[f"{name}, {kind}"] = attempt(model.predict, given, verbose=0)
    stacked = model.predict(np.stack(images), verbose=0).shape
    evidence = words({name: c.raised or c for name, c in came.items()})
    return judge(all(c.shape == stacked for c in came.values()), f"np.stack: {stacked}; {evidence}")


def stacked_shape() -> Seen:
    """Stack four images of 28 x 28 pixels with one channel."""
    shape = np.stack(list(load_digits()[[5, 38, 393, 1393]].images)).shape
    return judge(shape == (4, 28, 28, 1), f"np.stack gives {shape}")


def wrong_size_raises() -> Seen:
    """Give models made for 64 x 64 x 3 images of 32 x 32 x 3."""
    small = numbers(2, 32, 32, 3)
    came = {}
    for kind in KINDS:
        model = pooled(kind, (64, 64, 3))
        came[kind] = attempt(model.predict, small, verbose=0)
    return judge_all(
        {kind: bool(c.raised) for kind, c in came.items()},
        words({kind: c.raised or f"{c}, no word" for kind, c in came.items()}),
    )


def nothing_to_predict() -> Seen:
    """Predict no rows at all."""
    model = dense()
    none = np.zeros((0, 8), np.float32)
    came = {
        "predict": attempt(model.predict, none, verbose=0),
        "predict_on_batch": attempt(model.predict_on_batch, none),
    }
    empty = {name: c.shape == (0, 3) for name, c in came.items()}
    return judge_all(empty, words({name: c.raised or c for name, c in came.items()}))
