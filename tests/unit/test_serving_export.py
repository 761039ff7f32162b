"""What export_model writes, and what it refuses to write."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from serving_parts import doubling
from small_models import Subclassed, dict_output
from test_promises import PROMISED

import kerasdemo as kd
from kerasdemo.serving import export
from kerasdemo.serving.folders import models_in


@pytest.fixture(scope="module")
def digits_1(tmp_path_factory):
    return kd.export_model(kd.load_classifier(), tmp_path_factory.mktemp("models"))


def sidecar(path):
    return json.loads((path / "kerasdemo.json").read_text(encoding="utf-8"))


def test_it_is_a_saved_model_that_answers_as_the_model(digits_1):
    assert (digits_1.parent.name, digits_1.name) == ("digits", "1")
    images = kd.load_digits().test[:8].images
    here = kd.load_classifier().predict_on_batch(images)
    loaded = tf.saved_model.load(str(digits_1))
    np.testing.assert_array_equal(loaded.serve(images), here)
    (name, answer), *others = loaded.signatures["serving_default"](
        image=tf.constant(images)
    ).items()
    assert (name, others) == ("probabilities", [])
    np.testing.assert_array_equal(answer, here)


def test_the_sidecar_says_how_to_ask(digits_1):
    facts = sidecar(digits_1)
    assert facts["labels"] == list("0123456789")
    assert facts["preprocessing"]["image"] == {
        "dtype": "float32",
        "shape": [None, 28, 28, 1],
        "range": [0.0, 1.0],
        "divide_pictures_by": 255,
    }
    served = facts["signatures"]["serving_default"]
    assert list(served["inputs"]) == ["image"]
    assert list(served["outputs"]) == ["probabilities"]
    assert facts["made_with"] == {
        "kerasdemo": kd.__version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }
    assert len(facts["weights_sha256"]) == 64
    assert (facts["format"], set(PROMISED["sidecar"]) - set(facts)) == (1, set())


def test_the_hash_is_that_of_the_weights(tmp_path):
    hashes = [
        sidecar(kd.export_model(doubling(factor), tmp_path, version=version))["weights_sha256"]
        for version, factor in enumerate([2.0, 2.0, 2.5], 1)
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_shape_and_dtype_are_in_the_hash():
    class Weights:
        def __init__(self, values):
            self.get_weights = lambda: [values]

    row = np.zeros((2, 3), np.float32)
    hashes = {export._weights_sha256(Weights(w)) for w in (row, row.T, row.view(np.int32))}
    assert len(hashes) == 3


def test_nothing_is_overwritten(digits_1):
    before = (digits_1 / "saved_model.pb").stat().st_mtime_ns
    with pytest.raises(FileExistsError, match=r"Type version=2\."):
        kd.export_model(doubling(), digits_1.parents[1])
    assert (digits_1 / "saved_model.pb").stat().st_mtime_ns == before


def test_who_comes_second_is_refused_too(tmp_path, monkeypatch):
    """Two exports at once: the version appears between the first look and the renaming."""
    facts = export._facts

    def slow(*arguments):
        (tmp_path / "digits" / "1" / "variables").mkdir(parents=True)
        return facts(*arguments)

    monkeypatch.setattr(export, "_facts", slow)
    with pytest.raises(FileExistsError, match="version=2"):
        kd.export_model(doubling(), tmp_path)
    assert [path.name for path in (tmp_path / "digits").iterdir()] == ["1"]


def test_a_server_never_sees_half_of_it(tmp_path, monkeypatch):
    seen = []
    facts = export._facts

    def looking(*arguments):
        seen.append(models_in(tmp_path))
        return facts(*arguments)

    monkeypatch.setattr(export, "_facts", looking)
    path = kd.export_model(doubling(), tmp_path)
    assert seen == [{}]
    assert models_in(tmp_path) == {"digits": {1: path}}
    assert [one.name for one in path.parent.iterdir()] == ["1"], "no draft is left"


def test_what_is_no_version(tmp_path):
    for name in ("01", "-1", "1.0", "²", "٣", str(2**63), "latest", ".2"):
        (tmp_path / "digits" / name).mkdir(parents=True)
    (tmp_path / "digits" / "5").write_text("a file")
    (tmp_path / ".hidden" / "1").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    assert models_in(tmp_path) == {}
    (tmp_path / "digits" / "10").mkdir()
    (tmp_path / "digits" / "9").mkdir()
    assert list(models_in(tmp_path)["digits"]) == [9, 10]


def test_an_export_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(export, "_facts", fail)
    with pytest.raises(RuntimeError, match="disk"):
        kd.export_model(doubling(), tmp_path)
    assert list((tmp_path / "digits").iterdir()) == []


def test_what_is_random_in_training_is_not_in_an_export(tmp_path):
    model = keras.Sequential(
        [keras.Input((8, 8, 1), name="image"), keras.layers.RandomFlip(), keras.layers.Flatten()]
    )
    image = np.arange(64, dtype=np.float32).reshape(1, 8, 8, 1)
    loaded = tf.saved_model.load(str(kd.export_model(model, tmp_path)))
    for _ in range(8):  # by chance alone, one of four flips would be none each time: 4 ** -8
        np.testing.assert_array_equal(loaded.serve(image), image.reshape(1, 64))
        answer = loaded.signatures["serving_default"](image=tf.constant(image))
        np.testing.assert_array_equal(answer["output_0"], image.reshape(1, 64))


def test_names_of_outputs_that_are_no_probabilities(tmp_path):
    plain = sidecar(kd.export_model(doubling(), tmp_path, name="plain"))
    assert list(plain["signatures"]["serving_default"]["outputs"]) == ["output_0"]
    assert plain["labels"] is None
    assert plain["preprocessing"]["numbers"]["range"] is None
    several = sidecar(kd.export_model(dict_output(), tmp_path, name="several"))
    assert list(several["signatures"]["serving_default"]["outputs"]) == ["digit", "slant"]


def test_a_model_that_does_not_say_what_it_takes_is_exported_by_keras(tmp_path):
    model = Subclassed()
    with pytest.raises(ValueError, match="not built"):
        kd.export_model(model, tmp_path)
    x = np.ones((2, 6, 6, 1), np.float32)
    here = model.predict_on_batch(x)
    path = kd.export_model(model, tmp_path)
    loaded = tf.saved_model.load(str(path))
    np.testing.assert_allclose(loaded.serve(x), here, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "a/b"}, "name of a folder"),
        ({"name": ""}, "name of a folder"),
        ({"name": ".hidden"}, "name of a folder"),
        ({"version": 0}, "whole number"),
        ({"version": True}, "whole number"),
        ({"version": "1"}, "whole number"),
        ({"version": 2**63}, "whole number"),
        ({"labels": ["one", "two"]}, "2 names; the model gives 3"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, options, says):
    with pytest.raises(ValueError, match=says):
        kd.export_model(doubling(), tmp_path, **options)
    assert list(tmp_path.iterdir()) == []


def test_only_models_are_exported(tmp_path):
    with pytest.raises(TypeError, match=r"a str; a Keras model"):
        kd.export_model("classifier.keras", tmp_path)
