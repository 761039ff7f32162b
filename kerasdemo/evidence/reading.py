"""Claims about reading a softmax: sums, classes, confidence."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras
from kerasdemo.classifier import build_classifier, load_classifier
from kerasdemo.digits import load_digits
from kerasdemo.evidence.scenes import numbers
from kerasdemo.evidence.seen import NotMeasuredHere, Seen, judge, judge_all
from kerasdemo.sources.folder import cache_folder

SAMPLES = [5, 38, 3939, 27389]


@functools.cache
def shipped() -> Any:
    """Load the classifier that ships with the kit, once for all who only ask it."""
    return load_classifier()


def probabilities(images: Any) -> Any:
    """Predict with the classifier that ships with the kit."""
    return shipped().predict(images, verbose=0)


def rows_sum_to_one() -> Seen:
    """Sum 100 rows of a softmax."""
    sums = probabilities(load_digits().test[:100].images).sum(axis=-1)
    exact = int((sums == 1).sum())
    farthest = float(np.abs(sums - 1).max())
    return judge(farthest < 1e-5, f"farthest from 1: {farthest:.1g}; exactly 1: {exact} of 100")


def softmax_is_no_class() -> Seen:
    """Look at what one digit's prediction is, and at what argmax makes of it."""
    digits = load_digits().test[:32]
    p = probabilities(digits.images)
    right = float((p.argmax(axis=-1) == digits.labels).mean())
    evidence = f"{p.dtype} {p.shape}; argmax names {right:.0%} of the classes rightly"
    return judge(p.shape == (32, 10) and right > 0.9, evidence)


def softmax_means_probability() -> Seen:
    """Ask an untrained model, whose rows sum to one as well."""
    test = load_digits().test
    p = build_classifier().predict(test.images, verbose=0)
    says, right = float(p.max(axis=-1).mean()), float((p.argmax(-1) == test.labels).mean())
    apart = float(np.abs(p.sum(axis=-1) - 1).max())
    evidence = f"untrained: rows sum to 1 ({apart:.1g}), says {says:.2f}, is right {right:.2f}"
    return judge(right > 0.5, evidence)


def confidence_is_trust() -> Seen:
    """Compare confidence and accuracy on digits as the model knows them, and on others."""
    test = load_digits().test
    given = {
        "as trained": test.images,
        "not divided by 255": test.pixels[..., None].astype(np.float32),
        "inverted": 1 - test.images,
    }
    says, right = {}, {}
    for name, images in given.items():
        p = probabilities(images)
        says[name], right[name] = (
            float(p.max(-1).mean()),
            float((p.argmax(-1) == test.labels).mean()),
        )
    noise = float(probabilities(numbers(100, 28, 28, 1)).max(-1).mean())
    parts = [f"{name}: says {says[name]:.2f}, right {right[name]:.2f}" for name in given]
    trusted = {name: abs(says[name] - right[name]) < 0.05 for name in given}
    return judge_all(trusted, "; ".join(parts) + f"; noise: says {noise:.2f}")


def scale_shows_in_accuracy() -> Seen:
    """Forget to divide by 255, and divide twice: what accuracy says."""
    test = load_digits().test
    given = {
        "right": test.images,
        "0..255": test.pixels[..., None].astype(np.float32),
        "divided twice": test.images / np.float32(255),
    }
    p = {name: probabilities(images) for name, images in given.items()}
    right = {name: float((part.argmax(-1) == test.labels).mean()) for name, part in p.items()}
    sure = float((p["0..255"].max(-1) > 1 - 1e-6).mean())  # some processors say 0.99999994
    evidence = ", ".join(f"{name} {value:.3f}" for name, value in right.items())
    seen = {name: right[name] < right["right"] - 0.2 for name in ("0..255", "divided twice")}
    return judge_all(seen, f"accuracy: {evidence}; 0..255: {sure:.0%} of rows 1.0, within 1e-6")


def argmax_gives_classes() -> Seen:
    """Take argmax along axis 1 and along the last axis of a 2-D prediction."""
    p = probabilities(load_digits().test[:32].images)
    one, last = p.argmax(axis=1), p.argmax(axis=-1)
    same = np.array_equal(one, last)
    return judge(same and one.shape == (32,), f"{p.shape} to {one.shape}; as axis=-1: {same}")


def argmax_needs_no_axis() -> Seen:
    """Take argmax of five rows without an axis."""
    p = probabilities(load_digits().test[:5].images)
    bare, rows = np.argmax(p), p.argmax(axis=-1)
    return judge(np.size(bare) == 5, f"5 rows: np.argmax(p) is {bare}; axis=-1: {rows.tolist()}")


def training_samples_show_generalising() -> Seen:
    """Train a small network on 100 digits until it knows them, then try the test samples."""
    keras = import_keras()
    digits, start = load_digits(), keras.initializers.GlorotUniform
    train, test = digits.train[:100], digits.test
    image = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(image)
    x = keras.layers.Dense(64, activation="relu", kernel_initializer=start(seed=1))(x)
    x = keras.layers.Dense(10, activation="softmax", kernel_initializer=start(seed=2))(x)
    model = keras.Model(image, x)
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    model.fit(train.images, train.labels, epochs=40, verbose=0, shuffle=False)

    def right(part: Any) -> float:
        p = model.predict(part.images, verbose=0)
        return float((p.argmax(axis=-1) == part.labels).mean())

    known, new = right(train), right(test)
    return judge(
        known - new < 0.05, f"right on its training samples {known:.2f}, on new ones {new:.2f}"
    )


def methods_bit_identical() -> Seen:
    """Predict 32 digits at once and one by one, bit for bit."""
    images = load_digits().test[:32].images
    model = shipped()
    whole, single = (model.predict(images, batch_size=size, verbose=0) for size in (32, 1))
    rows = int((whole != single).any(axis=-1).sum())
    apart, same = (
        float(np.abs(whole - single).max()),
        bool((whole.argmax(-1) == single.argmax(-1)).all()),
    )
    evidence = (
        f"batch size 1 against 32: {rows} of 32 rows differ, by {apart:.1g}; same classes: {same}"
    )
    return judge(rows == 0, evidence)


def emnist_samples() -> Seen:
    """Look the four samples up in EMNIST, if it was loaded here before; download nothing."""
    file = cache_folder() / "emnist" / "emnist-digits-labels.npz"
    if not file.exists():
        why = "EMNIST is not here, and the ledger downloads nothing; load_digits('emnist') does"
        raise NotMeasuredHere(why)
    with np.load(file) as stored:
        labels = stored["labels"][~stored["is_test"]][SAMPLES].tolist()
    return judge(labels == [6, 8, 0, 6], f"samples {SAMPLES}: {labels}")
