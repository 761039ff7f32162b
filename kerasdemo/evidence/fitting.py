"""Claims about ``fit`` with a Dataset."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.evidence.scenes import dataset, dense, numbers
from kerasdemo.evidence.seen import NotMeasuredHere, Seen, attempt, judge, judge_all, words


def compiled() -> Any:
    """Return a small classifier ready for fit."""
    model = dense()
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def fit_takes_dataset_and_y() -> Seen:
    """Give fit a Dataset as x and the labels as y."""
    x, y = numbers(64, 8), np.zeros(64)
    came = {
        "fit(Dataset of x, y)": attempt(compiled().fit, dataset(x), y, verbose=0),
        "fit(Dataset of (x, y))": attempt(compiled().fit, dataset(x, y), verbose=0, shuffle=False),
    }
    evidence = words({name: c if c.raised else "runs" for name, c in came.items()})
    return judge(not came["fit(Dataset of x, y)"].raised, evidence)


def fit_needs_batches() -> Seen:
    """Fit on a Dataset that nobody batched, and on a batched one."""
    x, y = numbers(64, 8), np.zeros(64)
    came = {
        name: attempt(compiled().fit, data, verbose=0, shuffle=False)
        for name, data in {
            "not batched": dataset(x, y, batch=None),
            "batched": dataset(x, y),
        }.items()
    }
    evidence = words({name: c if c.raised else "runs" for name, c in came.items()})
    return judge(bool(came["not batched"].raised) and not came["batched"].raised, evidence)


def fit_batch_size_with_dataset() -> Seen:
    """Ask fit for batches of 10 where the Dataset has batches of 32."""
    model = compiled()
    model.fit(dataset(numbers(64, 8), np.zeros(64)), batch_size=10, verbose=0, shuffle=False)
    steps = int(model.optimizer.iterations)
    return judge(steps == 7, f"64 rows in batches of 32, batch_size=10: {steps} steps")


def validation_split_of_a_dataset() -> Seen:
    """Ask fit to split a Dataset, and to split the same rows as arrays."""
    x, y = numbers(64, 8), np.zeros(64)
    came = {
        "Dataset": attempt(
            compiled().fit, dataset(x, y), validation_split=0.25, verbose=0, shuffle=False
        ),
        "arrays": attempt(compiled().fit, x, y, validation_split=0.25, verbose=0),
    }
    evidence = words({name: c if c.raised else "runs" for name, c in came.items()})
    return judge(not came["Dataset"].raised, evidence)


def ran_out_of_data_stops_fit() -> Seen:
    """Fit where the warning comes: on a Dataset without a length, and with too many steps asked.

    Callbacks count: `optimizer.iterations` also counts the attempt that finds no more data.
    """
    rows = dataset(numbers(64, 8), np.zeros(64))
    cases = {
        "length not known, 3 epochs": (rows.filter(lambda x, y: True), {"epochs": 3}, 6),
        "steps_per_epoch=5": (rows, {"steps_per_epoch": 5}, 5),
    }
    stopped, came = {}, {}
    for name, (data, options, asked) in cases.items():
        done, warned = _steps_of_fit(data, **options)
        if not warned:
            raise NotMeasuredHere(f"this version gives no such warning: {name}")
        stopped[name], came[name] = done < asked, f"{done} of {asked} steps"
    return judge_all(stopped, f"64 rows in batches of 32, warned each time: {words(came)}")


def _steps_of_fit(rows: Any, **options: Any) -> tuple[int, bool]:
    """Fit; return how many steps were made, and whether Keras said that the data ran out."""
    seen: list[int] = []
    count = import_keras().callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        compiled().fit(rows, verbose=0, shuffle=False, callbacks=[count], **options)
    return len(seen), any("ran out of data" in str(each.message) for each in heard)


def batches_steady_gradients() -> Seen:
    """Compare the spread of gradients from single samples with that from batches of 32."""
    keras, tf = import_keras(), import_tensorflow()
    model, x = dense(), numbers(1024, 8)
    labels = x[:, :3].argmax(axis=-1)
    weights = model.trainable_variables[0]

    def gradient(rows: Any) -> Any:
        with tf.GradientTape() as tape:
            p = model(x[rows], training=True)
            loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(labels[rows], p))
        return tape.gradient(loss, weights.value).numpy()

    def spread(size: int) -> float:
        parts = [gradient(np.arange(i * size, (i + 1) * size)) for i in range(32)]
        return float(np.std(parts, axis=0).mean())

    single, batch = spread(1), spread(32)
    return judge(
        single > 2 * batch, f"spread of 32 gradients: single {single:.3f}, 32s {batch:.3f}"
    )


def dataset_spares_transfers() -> Seen:
    """Say what cannot be counted: the bytes sent to a GPU."""
    found = len(import_tensorflow().config.list_physical_devices("GPU"))
    why = "this machine has no GPU" if not found else "no public call counts bytes sent to a GPU"
    raise NotMeasuredHere(f"{why}; tf.data itself runs on the CPU")
