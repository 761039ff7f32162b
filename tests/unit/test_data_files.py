"""The files that ship: where they come from, and that they fit together."""

import hashlib
import importlib.util
import io
import json
import subprocess
import sys
import zipfile
import zlib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from kerasdemo.classifier.remaking import NEW_KEYS, drop_new_keys
from kerasdemo.preprocess import frame_digit

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(str(resources.files("kerasdemo"))) / "data"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_digits", ROOT / "tools" / "make_digits.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def source(maker):
    try:
        return maker.find_source()
    except FileNotFoundError as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="module")
def shipped():
    with np.load(DATA / "digits.npz") as archive:
        return {name: archive[name] for name in archive.files}


def test_digits_have_the_promised_keys_types_and_shapes(shipped):
    assert {name: (array.dtype.name, array.shape) for name, array in shipped.items()} == {
        "pixels": ("uint8", (1797, 28, 28)),
        "labels": ("uint8", (1797,)),
        "is_test": ("bool", (1797,)),
    }
    assert (DATA / "digits.npz").stat().st_size < 500_000


def test_every_class_is_split_alike(shipped):
    for label in range(10):
        assert shipped["is_test"][shipped["labels"] == label].mean() == pytest.approx(
            0.2, abs=0.005
        )


def test_no_digit_is_in_both_parts(shipped):
    flat = shipped["pixels"].reshape(1797, -1)
    train = {row.tobytes() for row in flat[~shipped["is_test"]]}
    assert not any(row.tobytes() in train for row in flat[shipped["is_test"]])


def test_digits_are_framed_as_drawings_are(shipped):
    for pixels in shipped["pixels"][::30]:
        again = np.round(frame_digit(pixels / 255) * 255)
        # A border of ink below half a grey level is lost in 8 bits, and the crop is then smaller.
        same = np.abs(again - pixels).max() <= 1
        cut = max(np.ptp(np.nonzero(pixels)[0]), np.ptp(np.nonzero(pixels)[1])) + 1 < 20
        assert same or cut


def test_strokes_are_crisp(shipped):
    ink = shipped["pixels"][shipped["pixels"] > 0]
    assert (ink > 200).mean() > 0.4  # a plain zoom of 8 by 8: a quarter


def test_digits_can_be_remade(maker, source, shipped):
    made = maker.make(source)
    if maker.pack(made) == (DATA / "digits.npz").read_bytes():
        return
    np.testing.assert_array_equal(made["labels"], shipped["labels"])
    np.testing.assert_array_equal(made["is_test"], shipped["is_test"])
    # Another processor may round another way; another zlib packs other bytes.
    assert np.abs(made["pixels"].astype(int) - shipped["pixels"]).max() <= 1
    with zipfile.ZipFile(io.BytesIO(maker.pack(shipped))) as archive:
        assert archive.testzip() is None
    if np.array_equal(made["pixels"], shipped["pixels"]):
        pytest.skip(f"same arrays, packed differently by zlib {zlib.ZLIB_RUNTIME_VERSION}")


def test_packing_depends_on_nothing_but_the_arrays(maker, shipped, monkeypatch):
    first = maker.pack(shipped)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert maker.pack(shipped) == first
    with np.load(io.BytesIO(first)) as archive:
        np.testing.assert_array_equal(archive["pixels"], shipped["pixels"])


def test_enlarged_digits_explain_the_counts(maker, source):
    counts, _ = maker.read_counts(source)
    ink = maker.enlarge(counts[:50])
    edge = maker.MARGIN * maker.FINE
    blocks = ink[:, edge:-edge, edge:-edge].reshape(50, 8, maker.FINE, 8, maker.FINE)
    error = np.abs(blocks.mean(axis=(2, 4)) - counts[:50])
    assert error.mean() < 0.005
    assert error.max() < 0.06


def test_cubic_zoom_keeps_lines_straight(maker):
    zoom = maker.cubic_zoom_matrix(9, 4)
    inner = slice(8, -8)  # beyond the border there is nothing: zeros
    np.testing.assert_allclose(zoom.sum(axis=1)[inner], 1)
    places = (np.arange(36) + 0.5) / 4 - 0.5
    np.testing.assert_allclose((zoom @ np.arange(9))[inner], places[inner], atol=1e-12)


def test_a_missing_source_names_the_command(tmp_path):
    command = [sys.executable, str(ROOT / "tools" / "make_digits.py"), "--source", str(tmp_path)]
    output = ["--output", str(tmp_path / "digits.npz")]
    done = subprocess.run(command + output, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "uv pip install --target build/scikit-learn --no-deps scikit-learn" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "digits.npz").exists()


def test_facts_belong_to_the_model_that_ships():
    facts = json.loads((DATA / "classifier.json").read_text(encoding="utf-8"))
    model = (DATA / "classifier.keras").read_bytes()
    assert facts["sha256"] == hashlib.sha256(model).hexdigest()
    assert facts["bytes"] == len(model) < 3_000_000


def test_probabilities_give_the_accuracies_of_the_facts(shipped):
    facts = json.loads((DATA / "classifier.json").read_text(encoding="utf-8"))
    with np.load(DATA / "probabilities.npz") as archive:
        probabilities = archive["probabilities"]
    assert probabilities.shape == (1797, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    right = probabilities.argmax(axis=1) == shipped["labels"]
    assert facts["training_accuracy"] == pytest.approx(right[~shipped["is_test"]].mean(), abs=1e-4)
    assert facts["held_out_accuracy"] == pytest.approx(right[shipped["is_test"]].mean(), abs=1e-4)


def test_the_licence_of_the_digits_is_told():
    words = (DATA / "DATA_LICENSE.md").read_text(encoding="utf-8")
    for name in ("Alpaydin", "Kaynak", "CC-BY-4.0", "digits.npz", "classifier.keras"):
        assert name in words


def test_the_classifier_says_nothing_that_the_oldest_keras_refuses():
    """Keras 3.12, the last for Python 3.10, knows none of these settings."""
    with zipfile.ZipFile(DATA / "classifier.keras") as file:
        config = file.read("config.json").decode()
    assert not any(key in config for key in NEW_KEYS)


def test_new_keys_are_dropped_only_where_they_say_nothing(tmp_path):
    path = tmp_path / "m.keras"
    config = {"input_axes": None, "a": [{"output_axes": [1], "seed": None}]}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", b"weights")
    drop_new_keys(path)
    with zipfile.ZipFile(path) as file:
        assert json.loads(file.read("config.json")) == {"a": [{"output_axes": [1], "seed": None}]}
        assert file.read("model.weights.h5") == b"weights"
