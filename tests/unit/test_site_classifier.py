"""The classifier in the page says what Keras says: on the test digits, and on a drawing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kerasdemo as kd
from kerasdemo.handwriting.pen import draw_strokes
from kerasdemo.preprocess import frame_digit
from kerasdemo.view.softmax import describe_softmax

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from website.classifier import classifier_script, describe_layers  # noqa: E402

ASK = """
const { images, strokes } = JSON.parse(await new Response(process.stdin).text());
const reader = self.kerasdemoReader;
const drawn = reader.read(strokes);
console.log(JSON.stringify({
  rows: images.map((pixels) => reader.classify(pixels.map((ink) => Math.fround(ink / 255)))),
  drawn, words: reader.describe(drawn, drawn.map((_, at) => String(at))),
}));
"""
SEVEN = [{"width": 36, "points": [[90, 50], [190, 50], [130, 240]]}]


@pytest.fixture(scope="module")
def model():
    return kd.load_classifier()


@pytest.fixture(scope="module", params=[4, pytest.param(1, marks=pytest.mark.long)])
def digits(request):
    """Return every fourth test digit; for the long runs, all."""
    return kd.load_digits().test[:: request.param]


@pytest.fixture(scope="module")
def said(model, digits, tmp_path_factory):
    """Return what the script says about the digits and about a drawing, run by Node."""
    driver = pytest.importorskip("playwright._impl._driver", reason="get Playwright: make test")
    node = shutil.which("node") or driver.compute_driver_executable()[0]
    script = tmp_path_factory.mktemp("script") / "ask.mjs"
    script.write_text(
        "globalThis.self = globalThis;\n" + classifier_script(model) + ASK, encoding="utf-8"
    )
    pixels = digits.pixels
    asked = {"images": pixels.reshape(len(pixels), -1).tolist(), "strokes": SEVEN}
    done = subprocess.run(
        [node, script], input=json.dumps(asked), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_names_the_same_class_for_each_digit(model, digits, said):
    images = digits.images
    keras, page = model.predict(images, verbose=0), np.array(said["rows"])
    away = np.abs(keras - page)
    print(f"largest difference {away.max():.2e}, mean {away.mean():.2e}, of {len(images)} digits")
    assert page.shape == keras.shape == (len(digits), 10)
    assert np.array_equal(page.argmax(axis=1), keras.argmax(axis=1))
    assert away.max() < 5e-3  # half precision: see test_halves_alone_make_the_difference
    np.testing.assert_allclose(page.sum(axis=1), 1, atol=1e-6)


def test_halves_alone_make_the_difference(model, digits, said):
    """With its weights rounded likewise, Keras says the same to single precision."""
    rounded = kd.build_classifier()
    rounded.set_weights([w.astype(np.float16).astype(np.float32) for w in model.get_weights()])
    keras = rounded.predict(digits.images, verbose=0)
    np.testing.assert_allclose(said["rows"], keras, atol=2e-5)


def test_a_drawing_is_framed_and_read_as_by_the_pad(model, said):
    image = frame_digit(draw_strokes(SEVEN))[None, ..., None]
    (keras,) = model.predict_on_batch(image.astype(np.float32))
    np.testing.assert_allclose(said["drawn"], keras, atol=5e-3)
    assert np.argmax(said["drawn"]) == keras.argmax() == 7
    assert said["words"] == describe_softmax(np.array(said["drawn"]))


def test_every_weight_is_written(model):
    layers, weights = describe_layers(model)
    assert weights.size == model.count_params() == 431_242
    kinds = [layer["kind"] for layer in layers]
    assert kinds == ["convolve", "pool", "convolve", "pool", "multiply", "multiply"]
