"""The classifier: built, trained, loaded; and computed once more by hand."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import types
import warnings
import zipfile
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest

from kerasdemo.augment import redraw
from kerasdemo.classifier import (
    __main__,
    build_classifier,
    load_classifier,
    load_probabilities,
    remaking,
    shipped,
    train_classifier,
    training,
)
from kerasdemo.digits import load_digits
from kerasdemo.handwriting.styles import draw_by_weight, rarity

DIGITS = load_digits()


@pytest.fixture(scope="module")
def trained():
    return load_classifier()


def by_hand(weights, images):
    """The same network in NumPy: convolve, halve, convolve, halve, two dense layers, softmax."""

    def convolve(x, kernel, bias):
        height, width = x.shape[1] - 2, x.shape[2] - 2
        total = sum(
            x[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3)
        )
        return np.maximum(total + bias, 0)

    def halve(x):
        height, width = x.shape[1] // 2, x.shape[2] // 2
        x = x[:, : 2 * height, : 2 * width]
        return x.reshape(len(x), height, 2, width, 2, -1).max(axis=(2, 4))

    kernel1, bias1, kernel2, bias2, dense1, bias3, dense2, bias4 = weights
    x = halve(convolve(images.astype(np.float64), kernel1, bias1))
    x = halve(convolve(x, kernel2, bias2))
    x = np.maximum(x.reshape(len(x), -1) @ dense1 + bias3, 0)
    logits = x @ dense2 + bias4
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_has_the_layers_and_parameters_of_the_design():
    model = build_classifier()
    assert model.count_params() == 431_242
    assert [type(layer).__name__ for layer in model.layers] == [
        "InputLayer",
        *("Conv2D", "MaxPooling2D", "Dropout", "Conv2D", "MaxPooling2D", "Dropout"),
        *("Flatten", "Dense", "Dense"),
    ]
    assert [layer.rate for layer in model.layers if "dropout" in layer.name] == [0.25, 0.25]
    assert [w.shape for w in model.get_weights()[::2]] == [
        *((3, 3, 1, 32), (3, 3, 32, 64), (1600, 256), (256, 10)),
    ]
    assert model.loss == "sparse_categorical_crossentropy"
    assert type(model.optimizer).__name__ == "Adam"


def test_seeds_decide_the_first_weights():
    first, same, other = (build_classifier(seed=s).get_weights() for s in (1, 1, 2))
    for a, b, c in list(zip(first, same, other, strict=True))[::2]:
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@pytest.fixture(scope="module")
def small_run():
    """Train once, a little, and keep what was seen meanwhile; where somebody would see a bar."""
    seen, shown, original = [], io.StringIO(), training.batches
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        patch.setattr("kerasdemo._progress.somebody_looks", lambda: True)
        patch.setattr(
            training, "batches", lambda train, *rest: seen.append(train) or original(train, *rest)
        )
        with redirect_stdout(shown), redirect_stderr(shown):
            model, history = train_classifier(
                digits=DIGITS[:40], epochs=2, augment=False, seed=4, verbose=0
            )
    return types.SimpleNamespace(
        weights=model.get_weights(),
        history=history.history,
        seen=seen,
        shown=shown.getvalue(),
        warned=[str(one.message) for one in warned if issubclass(one.category, UserWarning)],
    )


def test_training_repeats_exactly():
    (first, history), (second, again) = (
        train_classifier(digits=DIGITS[:40], epochs=2, seed=4, verbose=0) for _ in range(2)
    )
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert history.history == again.history
    assert len(history.history["accuracy"]) == 2


def test_another_seed_is_another_training(small_run):
    other, history = train_classifier(
        digits=DIGITS[:40], epochs=2, augment=False, seed=5, verbose=0
    )
    for a, b in zip(small_run.weights, other.get_weights(), strict=True):
        assert not np.array_equal(a, b)
    assert history.history != small_run.history


def test_training_learns_and_continues_a_model_in_place():
    model = build_classifier(seed=3)
    part = DIGITS[:900]
    trained, history = train_classifier(
        model, digits=part, epochs=3, augment=False, seed=3, verbose=0
    )
    assert trained is model
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]
    right = model.predict_on_batch(DIGITS.test.images).argmax(axis=1) == DIGITS.test.labels
    assert right.mean() > 0.8
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(0.001)
    again, _ = train_classifier(model, digits=DIGITS[:32], epochs=1, augment=False, verbose=0)
    assert again is model


def test_training_never_sees_test_samples(small_run):
    assert small_run.seen
    assert not any(part.is_test.any() for part in small_run.seen)
    only_tests = DIGITS.test
    with pytest.raises(ValueError, match="no training samples"):
        train_classifier(digits=only_tests, epochs=1, verbose=0)


def test_training_draws_rare_styles_more_often_when_it_redraws(monkeypatch):
    """Each batch is made to carry the places of its samples in place of their redrawn images."""
    monkeypatch.setattr(training, "stroke_maps", lambda images: np.arange(len(images)))
    monkeypatch.setattr(training, "redraw", lambda places, rng, *, labels: places)
    train = DIGITS.train[:200]
    stream = training.batches(train, 50, True, np.random.default_rng(0))
    epochs = 40
    drawn = np.concatenate([next(stream)[0] for _ in range(4 * epochs)])
    times = np.bincount(drawn, minlength=len(train)) / epochs
    weights = rarity(train.images, train.labels)
    np.testing.assert_allclose(times, weights, atol=0.35)
    by_rarity = np.argsort(weights)
    assert times[by_rarity[-20:]].mean() > 2 * times[by_rarity[:20]].mean()


def test_of_many_samples_the_stroke_maps_are_made_batch_by_batch(monkeypatch):
    """60,000 samples would need 2.5 GB at once."""
    made = []
    monkeypatch.setattr(training, "MANY", 59)
    monkeypatch.setattr(training, "rarity", None)
    real = training.stroke_maps
    monkeypatch.setattr(training, "stroke_maps", lambda x: made.append(len(x)) or real(x))
    train = DIGITS.train[:60]
    stream = training.batches(train, 25, True, np.random.default_rng(0))
    parts = [next(stream) for _ in range(3)]
    assert made == [25, 25, 10]
    assert [images.shape for images, _ in parts] == [(n, 28, 28, 1) for n in made]
    assert sorted(np.concatenate([labels for _, labels in parts])) == sorted(train.labels)
    images, labels = parts[0]
    order = draw_by_weight(np.ones(60), rng := np.random.default_rng(0))[:25]
    np.testing.assert_array_equal(labels, train.labels[order])
    np.testing.assert_array_equal(images, redraw(real(train.images[order]), rng, labels=labels))


def test_training_draws_every_sample_once_an_epoch_when_it_does_not_redraw():
    train = DIGITS.train[:60]
    stream = training.batches(train, 25, False, np.random.default_rng(0))
    epochs = [[next(stream)[0] for _ in range(3)] for _ in range(2)]
    first, second = (np.concatenate(epoch) for epoch in epochs)
    assert sorted(map(bytes, first)) == sorted(map(bytes, train.images))
    assert sorted(map(bytes, second)) == sorted(map(bytes, train.images))
    assert not np.array_equal(first, second)


def test_training_shows_its_progress_when_asked(capsys, a_reader):
    train_classifier(digits=DIGITS[:32], epochs=2, augment=False, verbose=1)
    shown = capsys.readouterr()
    assert "2/2" in shown.err
    assert "accuracy=" in shown.err


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"epochs": 1, "batch_size": 0}])
def test_training_says_what_is_wrong(wrong):
    with pytest.raises(ValueError, match="need 1 or more"):
        train_classifier(verbose=0, **wrong)


def test_shipped_classifier_is_what_numpy_computes(trained):
    images = DIGITS[::7].images
    expected = by_hand(trained.get_weights(), images)
    np.testing.assert_allclose(trained.predict_on_batch(images), expected, atol=1e-5)


def test_shipped_classifier_knows_digits_it_has_not_seen(trained):
    test = DIGITS.test
    right = trained.predict_on_batch(test.images).argmax(axis=1) == test.labels
    assert right.mean() >= 0.99


@pytest.fixture(scope="module")
def drawn():
    """Return the test digits drawn in other ways; nobody changes them."""
    return remaking.variations(DIGITS.test.images)


def test_shipped_classifier_knows_other_hands(trained, drawn):
    for name, images in drawn.items():
        right = trained.predict_on_batch(images).argmax(axis=1) == DIGITS.test.labels
        framed = not name.startswith(("moved", "shrunk"))
        assert right.mean() > (0.96 if framed else 0.88), name


def test_shipped_classifier_can_be_used_and_trained_at_once(trained, tmp_path):
    fresh = load_classifier()
    loss, accuracy = fresh.evaluate(DIGITS.test.images, DIGITS.test.labels, verbose=0)
    assert loss < 0.2
    assert accuracy >= 0.99
    fresh.fit(DIGITS[:32].images, DIGITS[:32].labels, verbose=0)
    fresh.save(tmp_path / "mine.keras")


def test_training_warns_of_nothing_and_shows_nothing_unasked(small_run):
    assert small_run.warned == []  # as of shuffle=True, which Keras would ignore
    assert small_run.shown == ""


@pytest.mark.filterwarnings("error")
def test_loading_warns_of_nothing():
    load_classifier()


def test_shipped_probabilities_are_what_the_classifier_predicts(trained):
    probabilities = load_probabilities()
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (len(DIGITS), 10)
    predicted = trained.predict(DIGITS.images, batch_size=256, verbose=0)
    np.testing.assert_allclose(probabilities, predicted, atol=1e-5)


def test_loads_from_any_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_classifier().count_params() == 431_242


def test_probabilities_load_from_there_without_tensorflow(tmp_path):
    code = (
        "import sys; from kerasdemo.classifier import load_probabilities\n"
        "shape = load_probabilities().shape\n"
        "print(shape, {'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{(len(DIGITS), 10)} set()"


@pytest.fixture
def copied(tmp_path, monkeypatch):
    for name in ("classifier.keras", "classifier.json", "probabilities.npz"):
        shutil.copy(shipped.DATA / name, tmp_path)
    monkeypatch.setattr(shipped, "DATA", tmp_path)
    return tmp_path


def test_an_altered_model_is_not_opened(copied, monkeypatch):
    path = copied / "classifier.keras"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    monkeypatch.setattr(shipped, "import_keras", lambda: pytest.fail("it was opened"))
    with pytest.raises(ValueError, match=r"not the file that was shipped.*python -m kerasdemo"):
        load_classifier()


def test_loading_runs_no_code_from_the_file_even_when_its_hash_is_right(copied, monkeypatch):
    import keras

    inputs = keras.Input((28, 28, 1))
    doubled = keras.layers.Lambda(lambda x: x * 2, output_shape=(28, 28, 1))(inputs)
    keras.Model(inputs, doubled).save(copied / "classifier.keras")
    found = hashlib.sha256((copied / "classifier.keras").read_bytes()).hexdigest()
    (copied / "classifier.json").write_text(json.dumps({"sha256": found}), encoding="utf-8")
    asked, load_model = [], keras.saving.load_model

    def spy(path, **options):
        asked.append(options)
        return load_model(path, **options)

    monkeypatch.setattr(keras.saving, "load_model", spy)
    with pytest.raises(ValueError, match=r"[Ll]ambda"):
        load_classifier()
    assert asked == [{"safe_mode": True}]


@pytest.mark.parametrize("name", ["classifier.keras", "classifier.json"])
def test_a_missing_file_is_named(copied, name):
    (copied / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name}.*is missing.*Install kerasdemo again"):
        load_classifier()


def test_missing_probabilities_are_named(copied):
    (copied / "probabilities.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"probabilities\.npz"):
        load_probabilities()


def test_remaking_writes_files_that_fit_together(copied, monkeypatch, capsys):
    monkeypatch.setattr(remaking, "EPOCHS", 1)
    monkeypatch.setattr(remaking, "load_digits", lambda: DIGITS[:40])
    before = (copied / "classifier.json").read_bytes()
    remaking.remake()
    assert (copied / "classifier.json").read_bytes() != before
    facts = json.loads((copied / "classifier.json").read_text(encoding="utf-8"))
    assert facts["recipe"] == {"epochs": 1, "seed": 0, "augment": True}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # as of an optimizer half saved
        model = load_classifier()
    predicted = model.predict_on_batch(DIGITS[:40].images)
    np.testing.assert_allclose(load_probabilities(), predicted, atol=1e-5)
    with zipfile.ZipFile(io.BytesIO((copied / "classifier.keras").read_bytes())) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) < 2_000_000  # no optimizer


def test_report_prints_a_row_for_each_way_of_drawing(capsys, monkeypatch, drawn):
    monkeypatch.setattr(remaking, "variations", lambda images: drawn)
    __main__.main(["--report"])
    rows = capsys.readouterr().out.splitlines()
    facts = json.loads((shipped.DATA / "classifier.json").read_text(encoding="utf-8"))
    plain = next(row for row in rows if row.startswith("as embedded"))
    assert float(plain.split()[2]) == pytest.approx(100 * facts["held_out_accuracy"], abs=0.01)
    assert sum(len(row.split()) > 10 for row in rows) == 12


def test_variations_look_like_their_names():
    images = DIGITS.test[:60].images
    drawn = remaking.variations(images)
    ink = {name: pictures.sum() for name, pictures in drawn.items()}
    assert all(pictures.shape == images.shape for pictures in drawn.values())
    assert ink["pen of 1.5 pixels"] < 0.7 * ink["pen of 4 pixels"]
    assert ink["strokes 1 px thinner"] < ink["as embedded"] < ink["strokes 1 px thicker"]
    x = np.arange(28) - 13.5

    def slant(pictures):
        """Positive when the upper parts lie to the right."""
        mass = pictures[..., 0].sum(axis=0)
        return -(mass * np.outer(x, x)).sum() / (mass * (x**2)[:, None]).sum()

    plain = slant(drawn["as embedded"])
    assert slant(drawn["slanted 25 deg right"]) > plain + 0.2
    assert slant(drawn["slanted 25 deg left"]) < plain - 0.2
