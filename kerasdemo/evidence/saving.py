"""Claims about saving and loading."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.classifier import build_classifier, load_classifier
from kerasdemo.digits import load_digits
from kerasdemo.evidence.scenes import dense, difference, numbers
from kerasdemo.evidence.seen import Seen, attempt, judge, judge_all, words


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as path:
        yield Path(path)


def exported_to(model: Any) -> Any:
    """Export a model and load what was written, a SavedModel."""
    with folder() as place:
        model.export(str(place), verbose=False)
        return import_tensorflow().saved_model.load(str(place))


def three_blocks() -> Seen:
    """Count the convolutions of the classifier of the lessons."""
    layers = import_keras().layers
    model = build_classifier()
    count = sum(isinstance(layer, layers.Conv2D) for layer in model.layers)
    return judge(count == 3, f"{count} convolutions, {model.count_params():,} parameters")


def two_kerases() -> Seen:
    """Ask whether tf.keras and keras are the same classes."""
    keras, tf = import_keras(), import_tensorflow()
    same = tf.keras.Model is keras.Model
    evidence = f"tf.keras.Model is keras.Model: {same}; version {tf.keras.__version__}"
    return judge(not same, evidence)


def save_makes_folder() -> Seen:
    """Save to a path without a suffix."""
    with folder() as place:
        came = attempt(dense().save, place / "model")
        made = (place / "model").is_dir()
    return judge(made, str(came) if came.raised else f"a folder: {made}")


def saving_keeps_the_model() -> Seen:
    """Save in three ways, load each, and predict the same digits."""
    keras = import_keras()
    model, x = load_classifier(), load_digits().test[:32].images
    wanted = model.predict(x, verbose=0)
    with folder() as place:
        apart = {}
        for suffix in (".keras", ".h5"):
            model.save(place / f"model{suffix}")
            loaded = keras.models.load_model(place / f"model{suffix}")
            apart[suffix] = difference(loaded.predict(x, verbose=0), wanted)
    loaded = exported_to(model)  # a name of its own: its variables live as long as it does
    apart["export"] = difference(loaded.serve(x), wanted)
    evidence = "predictions apart: " + words({k: f"{v:.1g}" for k, v in apart.items()})
    return judge(max(apart.values()) < 1e-5, evidence)


def loaded_model_trains_on() -> Seen:
    """Train, save, load, and train on: the loaded model beside the one that never stopped."""
    keras = import_keras()
    model, x, y = dense(), numbers(64, 8), np.zeros(64)
    model.compile("adam", "sparse_categorical_crossentropy")

    def go_on(trained: Any) -> Any:
        trained.fit(x, y, shuffle=False, verbose=0)
        return trained.predict(x, verbose=0)

    go_on(model)
    with folder() as place:
        loaded = {}
        for suffix in (".keras", ".h5"):
            model.save(place / f"model{suffix}")
            loaded[suffix] = keras.models.load_model(place / f"model{suffix}")
    wanted = go_on(model)
    came = {suffix: attempt(go_on, back) for suffix, back in loaded.items()}
    exact = {s: not c.raised and difference(c.value, wanted) < 1e-6 for s, c in came.items()}
    return judge_all(exact, words({s: c.raised or f"exact: {exact[s]}" for s, c in came.items()}))


def file_brings_its_classes() -> Seen:
    """Save a model with a layer of one's own, and load it without a word about that layer."""
    keras = import_keras()

    class Doubled(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, x: Any) -> Any:
            return 2 * x

    row = keras.Input((8,))
    model = keras.Model(row, Doubled()(row))
    with folder() as place:
        came = {}
        for suffix in (".keras", ".h5"):
            model.save(place / f"model{suffix}")
            came[suffix] = attempt(keras.models.load_model, place / f"model{suffix}")
    came["export"] = attempt(exported_to, model)
    evidence = words({name: c.raised or "loads" for name, c in came.items()})
    return judge_all({name: not c.raised for name, c in came.items()}, evidence)


def saved_and_loaded(*, compiled: bool, compile: bool) -> Any:
    """Save a model that was compiled or not, and load it with `compile`."""
    model = dense()
    if compiled:
        model.compile("adam", "sparse_categorical_crossentropy")
    with folder() as place:
        model.save(place / "model.keras")
        return import_keras().models.load_model(place / "model.keras", compile=compile)


def load_compiles() -> Seen:
    """Load with compile=True what was saved compiled, and what was not."""
    seen = {
        "saved compiled": saved_and_loaded(compiled=True, compile=True).compiled,
        "saved uncompiled": saved_and_loaded(compiled=False, compile=True).compiled,
    }
    return judge_all(seen, f"loaded with compile=True, compiled: {words(seen)}")


def predict_needs_compile() -> Seen:
    """Predict and evaluate with a model loaded with compile=False."""
    model, x = saved_and_loaded(compiled=True, compile=False), numbers(4, 8)
    came = {
        "predict": attempt(model.predict, x, verbose=0),
        "evaluate": attempt(model.evaluate, x, np.zeros(4), verbose=0),
    }
    return judge(bool(came["predict"].raised), words({n: c.raised or c for n, c in came.items()}))


def round_trip_is_pointless() -> Seen:
    """Save a text model both ways, load it at once, and predict."""
    keras = import_keras()
    text = keras.Input((1,), dtype="string")
    layer = keras.layers.TextVectorization(output_sequence_length=2)
    layer.adapt(["loved it", "hated it"])
    tokens = keras.layers.Embedding(8, 2)(layer(text))
    model = keras.Model(text, keras.layers.Flatten()(tokens))
    tensor = import_tensorflow().constant([["loved it"]])
    wanted = model.predict(tensor, verbose=0)
    came = {}
    with folder() as place:
        for suffix in (".keras", ".h5"):
            model.save(place / f"text{suffix}")
            back = keras.models.load_model(place / f"text{suffix}")
            came[suffix] = attempt(back.predict, tensor, verbose=0)
    evidence = words(
        {k: c.raised or f"{difference(c.value, wanted):.1g} apart" for k, c in came.items()}
    )
    found = any(c.raised for c in came.values())
    return judge(not found, f"a text model, loaded at once: {evidence}")


def save_writes_saved_model() -> Seen:
    """Ask save for each format, and export for a SavedModel."""
    with folder() as place:
        came = {
            name: attempt(dense().save, place / name)
            for name in ("m.keras", "m.h5", "saved_model", "frozen.pb")
        }
        dense().export(str(place / "exported"), verbose=False)
        exported = (place / "exported" / "saved_model.pb").exists()
    taken = {name: not c.raised for name, c in came.items()}
    evidence = words({name: "written" if t else came[name].raised for name, t in taken.items()})
    return judge(
        taken["saved_model"] or taken["frozen.pb"],
        f"save: {evidence}; export writes a SavedModel: {'yes' if exported else 'no'}",
    )


def wrong_path_one_error() -> Seen:
    """Load from four wrong paths and compare the exceptions."""
    keras = import_keras()
    with folder() as place:
        dense().save(place / "model.keras")
        (place / "model.keras").rename(place / "renamed.h5")
        paths = ("missing.keras", "missing.h5", "", "renamed.h5")
        came = {
            name or "a folder": attempt(keras.models.load_model, place / name).raised
            for name in paths
        }
    return judge(len(set(came.values())) == 1, words(came))


def h5_always_loads() -> Seen:
    """Save models with three losses as .h5 and load them with the default compile=True."""
    keras = import_keras()
    came = {}
    with folder() as place:
        for loss in ("sparse_categorical_crossentropy", "mse", "mean_squared_error"):
            model = dense()
            model.compile("adam", loss)
            model.save(place / "model.h5")
            came[loss] = attempt(keras.models.load_model, place / "model.h5")
    evidence = words({loss: c.raised or "loads" for loss, c in came.items()})
    return judge_all({loss: not c.raised for loss, c in came.items()}, evidence)


def h5_leaves_the_model_alone() -> Seen:
    """Save as .h5, then as .keras, and look at the optimizer that comes back."""
    keras = import_keras()
    model = dense()
    model.compile("adam", "sparse_categorical_crossentropy")
    with folder() as place:
        model.save(place / "model.h5")
        model.save(place / "model.keras")
        back = keras.models.load_model(place / "model.keras").optimizer
    name = type(back).__name__
    return judge(name == "Adam", f"saved with Adam as .h5, then .keras: loaded with {name}")
