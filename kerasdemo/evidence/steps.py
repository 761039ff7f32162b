"""Claims about ``predict_step``, about overriding it, and about what runs when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras
from kerasdemo.evidence.saving import exported_to
from kerasdemo.evidence.scenes import (
    dataset,
    dense,
    difference,
    numbers,
    step_model,
    weighted_sum,
)
from kerasdemo.evidence.seen import NotMeasuredHere, Seen, attempt, judge, judge_all, words
from kerasdemo.spy import count_runs, event_counter, observe


def predict_offers_three_things() -> Seen:
    """Watch predict with its defaults: does it cut batches, show a bar, call callbacks."""
    model, x = dense(), numbers(100, 8)
    one = observe(model, x, "predict", 32)
    other = observe(model, x, "predict_on_batch", 32)
    extra = attempt(model.predict_on_batch, x, verbose=0)
    evidence = (
        f"{one.batches} batches, {one.callback_events} callback events, "
        f"bar: {'yes' if one.progress_bar else 'no'}; predict_on_batch(verbose=0): {extra.raised}"
    )
    return judge(
        one.loops and one.progress_bar and one.callback_events > 0 and not other.progress_bar,
        evidence,
    )


def predict_uses_training_loop() -> Seen:
    """Look for what training leaves behind: a train function, optimizer steps, metrics."""
    model, x = dense(), numbers(64, 8)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.predict(dataset(x, np.zeros(64)), verbose=0)
    left = {
        "train function": model.train_function is not None,
        "optimizer steps": int(model.optimizer.iterations),
        "loss counted": float(model.metrics[0].count),
    }
    return judge(any(left.values()), f"after predict: {words(left)}")


def step_receives_batch() -> Seen:
    """Write down the type of what arrives in predict_step, caller by caller."""
    arrived: list[str] = []

    def step(model: Any, data: Any) -> Any:
        arrived.append(type(data).__name__ if isinstance(data, (tuple, dict)) else "the batch")
        x, _, _ = import_keras().utils.unpack_x_y_sample_weight(data)
        return model(x, training=False)

    x = numbers(32, 8)
    calls: dict[str, Callable[[], Any]] = {
        "predict(x)": lambda: step_model(step).predict(x, verbose=0),
        "predict(Dataset of (x, y))": lambda: step_model(step).predict(
            dataset(x, np.zeros(32)), verbose=0
        ),
        "predict({...})": lambda: step_model(step).predict({"row": x}, verbose=0),
        "predict_on_batch(x)": lambda: step_model(step).predict_on_batch(x),
    }
    seen = {}
    for name, call in calls.items():
        call()
        seen[name] = arrived[-1]
    return judge_all({name: kind == "the batch" for name, kind in seen.items()}, words(seen))


def step_runs_the_graph() -> Seen:
    """Call predict_step three times by hand, and ask each time how it ran."""
    model, x = dense(), numbers(32, 8)
    with count_runs(model) as runs:
        for _ in range(3):
            returned = model.predict_step(x)
    kind = type(returned).__name__
    evidence = f"3 calls: {len(runs)} runs of its Python, {sum(runs.eager)} of them eager; {kind}"
    return judge(not any(runs.eager), evidence)


def step_can_be_called() -> Seen:
    """Call predict_step by hand with one input, with (x, y), and with two inputs."""
    model, x = dense(), numbers(4, 8)
    wanted = model.predict(x, verbose=0)
    both = [np.full((1, 1), 2.0, np.float32)] * 2
    summed = weighted_sum()
    right, bare = summed([*both]), summed.predict_step([*both])
    cases = {
        "x": difference(model.predict_step(x), wanted) < 1e-5,
        "(x, y)": difference(model.predict_step((x, np.zeros(4))), wanted) < 1e-5,
        "[a, b]": bool(bare == right),
    }
    evidence = f"x and (x, y) as predict; [a, b] gives {float(bare[0, 0])} for {float(right[0, 0])}"
    return judge_all(cases, evidence)


def step_saves_each_batch() -> Seen:
    """Count the runs of predict_step's body over 10 batches; beside it eagerly, and a callback."""
    counter, runs = event_counter(), {}
    for name, eagerly in {"as compiled": False, "run_eagerly": True}.items():
        model = dense()
        model.compile(run_eagerly=eagerly)
        with count_runs(model) as body:
            model.predict(numbers(75, 8), batch_size=8, verbose=0, callbacks=[counter])
        runs[name] = len(body)
    came = attempt(lambda: step_model(lambda m, x: m(x).numpy()).predict(numbers(8, 8), verbose=0))
    evidence = f"10 batches: {words(runs)}; callback: {counter.batches}; .numpy(): {came.raised}"
    return judge(runs["as compiled"] == 10, evidence)


def processing(model: Any, data: Any) -> Any:
    """Return probabilities and classes: a predict_step as it should be written."""
    keras = import_keras()
    x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    p = model(x, training=False)
    return {"probabilities": p, "classes": keras.ops.argmax(p, axis=-1)}


def override_is_exported() -> Seen:
    """Export a model whose predict_step gives a dict, and look at what the export serves."""
    model, x = step_model(processing), numbers(20, 8)
    predicted = model.predict(x, verbose=0)
    loaded = exported_to(model)
    served = loaded.serve(x)
    kinds = [type(part).__name__ for part in (predicted, served)]
    return judge(kinds[0] == kinds[1], f"predict gives {kinds[0]}, the export {kinds[1]}")


def override_is_used() -> Seen:
    """Override predict_step and ask predict and predict_on_batch."""
    model, x = step_model(processing), numbers(20, 8)
    kinds = {
        "predict": type(model.predict(x, verbose=0)).__name__,
        "predict_on_batch": type(model.predict_on_batch(x)).__name__,
        "model(x)": type(model(x)).__name__,
    }
    return judge(kinds["predict"] == kinds["predict_on_batch"] == "dict", words(kinds))


def override_returns_dict() -> Seen:
    """Return a dict of two outputs from predict_step, over more than one batch."""
    came = step_model(processing).predict(numbers(100, 8), verbose=0)
    shapes = {name: part.shape for name, part in came.items()}
    right = np.array_equal(came["classes"], came["probabilities"].argmax(axis=-1))
    return judge(right and len(came["classes"]) == 100, words(shapes))


def argmax_axis_one() -> Seen:
    """Take argmax(axis=1) in a subclassed model whose predict_step does not unpack its data."""
    keras = import_keras()

    class Naive(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def predict_step(self, data: Any) -> Any:
            return keras.ops.argmax(self(data), axis=1)

    model, x = Naive(), numbers(100, 8)
    came = {
        "predict": attempt(model.predict, x, verbose=0),
        "then predict_on_batch": attempt(model.predict_on_batch, x),
    }
    right = {name: c.shape == (100,) for name, c in came.items()}
    return judge_all(right, f"100 rows: {words(came)}")


def attribute_change_is_seen() -> Seen:
    """Change an attribute that predict_step reads; predict again, and with another batch size."""
    model = step_model(lambda m, x: m(x) * 0 + m.factor, outputs=1)
    x, model.factor = numbers(32, 8), 1.0
    model.predict(x, verbose=0)
    model.factor = 100.0
    seen = {
        "same batch size": float(model.predict(x, verbose=0)[0, 0]),
        "another": float(model.predict(x[:20], verbose=0)[0, 0]),
    }
    return judge_all(
        {name: value == 100 for name, value in seen.items()},
        f"from 1 to 100: {words(seen)}",
    )


def each_size_retraces() -> Seen:
    """Give predict_on_batch eight sizes and count how often predict_step was traced."""
    model, sizes = dense(), (32, 17, 16, 1, 5, 30, 64, 48)
    with count_runs(model) as runs:
        for size in sizes:
            model.predict_on_batch(numbers(size, 8))
    return judge(len(runs) >= len(sizes), f"{len(sizes)} sizes, {len(runs)} traces")


def versions_differ() -> Seen:
    """Say what one installation cannot show."""
    version = import_keras().__version__
    raise NotMeasuredHere(f"one Keras is installed here, {version}; run the ledger on another")
