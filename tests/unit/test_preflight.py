"""No word on a hundred good pairs; each finding proven by making the mistake and seeing the harm."""

import re
import subprocess
import sys

import good_pairs
import keras
import mistakes
import numpy as np
import pytest
import tensorflow as tf
from good_pairs import PAIRS
from mistakes import MISTAKES

import kerasdemo as kd
from kerasdemo.inspections.finding import ASKED, CALL
from kerasdemo.preflight import PreflightError, Report, preflight

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True, scope="module")
def _quiet():
    """Many small models trace their first call here; TensorFlow warns of that."""
    log = tf.get_logger()
    level = log.level
    log.setLevel("ERROR")
    yield
    log.setLevel(level)


def with_values(options):
    """Make what is given as a function: the digits are read only when a test needs them."""
    return {key: value() if callable(value) else value for key, value in options.items()}


def call(method, model, x, **options):
    if method == "predict":
        return model.predict(x, verbose=0, **options)
    if method == CALL:
        return model(x)
    return getattr(model, method)(x)


# ----------------------------------------------------------------------------- good pairs


def test_there_are_a_hundred_good_pairs():
    assert len(PAIRS) >= 100


@pytest.mark.parametrize("name", PAIRS)
def test_a_good_pair_raises_no_alarm_and_works(name):
    make, options = PAIRS[name]
    model, x = make()
    report = preflight(model, x, **options)
    assert report.names == (), report
    assert report.ok
    steps = {"steps": options["steps"]} if "steps" in options else {}
    answer = call(options.get("method", "predict"), model, x, **steps)
    leaves = [np.asarray(leaf) for leaf in keras.tree.flatten(answer)]
    assert all(len(leaf) for leaf in leaves)
    assert all(np.isfinite(leaf).all() for leaf in leaves)


# ------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize("title", MISTAKES)
def test_a_mistake_is_found_and_nothing_else(title):
    mistake = MISTAKES[title]
    model, x = mistake.make()
    report = preflight(model, x, **with_values(mistake.options))
    assert report.names == (mistake.name,), report
    assert report[mistake.name].severity == mistake.severity


@pytest.mark.parametrize("title", MISTAKES)
def test_a_mistake_hurts_as_the_test_says(title):
    mistake = MISTAKES[title]
    mistake.harm(*mistake.make())


@pytest.mark.parametrize("title", MISTAKES)
@pytest.mark.parametrize("method", [*ASKED, CALL])
def test_each_method_does_what_the_report_says(title, method):
    mistake = MISTAKES[title]
    options = with_values(mistake.options)
    model, x = mistake.make()
    outcome = preflight(model, x, **options)[mistake.name].does.get(method)
    if outcome is None:
        return
    steps = {"steps": options["steps"]} if method == "predict" and "steps" in options else {}
    loop = isinstance(x, tf.data.Dataset) and method != "predict" and outcome.kind == "right"
    if outcome.kind == "raises":
        with pytest.raises(Exception) as caught:
            call(method, model, x, **steps)
        named = outcome.words.split(":")[0].split(" ")[0]
        if named.endswith("Error"):
            assert type(caught.value).__name__ == named
    elif outcome.kind in ("right", "wrong", "depends"):
        answer = call(method, model, next(iter(x)) if loop else x, **steps)
        shape = re.search(r"answers with shape (\([^)]*\))", outcome.words)
        if shape:
            got = tuple(keras.tree.flatten(answer)[0].shape)
            said = shape[1].replace("n,", f"{got[0]},")
            assert str(got) == said


@pytest.mark.parametrize("title", [t for t, m in MISTAKES.items() if m.mended])
def test_the_mend_is_a_line_that_mends(title):
    mistake = MISTAKES[title]
    options = with_values(mistake.options)
    model, x = mistake.make()
    line = preflight(model, x, **options)[mistake.name].mend
    names = {"x": x, "dataset": x, "model": model, "np": np, "keras": keras, "tf": tf}
    exec(line, names)
    better = names["dataset"] if "dataset =" in line else names["x"]
    fresh, _ = mistake.make()
    report = preflight(fresh, better, **options)
    assert report.names == (), report
    call(options.get("method", "predict"), fresh, better)


@pytest.mark.parametrize("title", MISTAKES)
def test_raise_for_errors_raises_unless_it_is_a_warning(title):
    mistake = MISTAKES[title]
    model, x = mistake.make()
    report = preflight(model, x, **with_values(mistake.options))
    if mistake.severity == "warning":
        assert report.ok
        assert report.raise_for_errors() is report
    else:
        with pytest.raises(PreflightError, match=mistake.name) as caught:
            report.raise_for_errors()
        assert caught.value.report is report


# ------------------------------------------------------------------- it changes nothing


def state(model, x):
    """Write down what a look could change."""
    variables = {v.path: np.asarray(v).copy() for v in model.variables}
    seeds = {
        f"{layer.name}/{name}": np.asarray(value.state).copy()
        for layer in model._flatten_layers()
        for name, value in vars(layer).items()
        if type(value).__name__ == "SeedGenerator"
    }
    attributes = {
        f"{i}/{name}": id(value)
        for i, layer in enumerate(model._flatten_layers())
        for name, value in vars(layer).items()
    }
    nodes = {layer.name: len(layer._inbound_nodes) for layer in model._flatten_layers()}
    arrays = [a.copy() for a in keras.tree.flatten(x) if isinstance(a, np.ndarray)]
    return variables, seeds, attributes, nodes, arrays


def assert_same(before, after):
    for one, other in zip(before, after, strict=True):
        if isinstance(one, list):
            assert all(
                np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
                for a, b in zip(one, other, strict=True)
            )
            continue
        assert one.keys() == other.keys()
        for key in one:
            same = one[key] == other[key]
            assert np.all(same | (one[key] != one[key])), key


EVERYTHING = {
    **{f"good: {k}": (make, options) for k, (make, options) in PAIRS.items()},
    **{f"mistake: {k}": (m.make, m.options) for k, m in MISTAKES.items()},
}


@pytest.mark.parametrize("title", EVERYTHING)
def test_nothing_is_predicted_and_nothing_changed(title, monkeypatch):
    make, options = EVERYTHING[title]
    model, x = make()
    before = state(model, x)

    def never(*_, **__):
        raise AssertionError("preflight called the model")

    for method in ("predict", "predict_on_batch", "make_predict_function"):
        monkeypatch.setattr(type(model), method, never)
    preflight(model, x, **with_values(options))
    assert_same(before, state(model, x))


def test_code_of_the_users_own_is_not_run():
    ran = []

    class Spy(keras.layers.Layer):
        def call(self, x):
            ran.append(1)
            return x

    class Model(good_pairs.Plain):
        def call(self, x):
            ran.append(2)
            return super().call(x)

        def predict_step(self, data):
            ran.append(3)
            return super().predict_step(data)

    graph = good_pairs.cnn(
        good_pairs.IMAGES, Spy(), keras.layers.Lambda(lambda x: ran.append(4) or x)
    )
    own = good_pairs.built(Model(), *good_pairs.IMAGES)
    ran.clear()
    for x in (good_pairs.numbers(8, 7, 7, 1), good_pairs.numbers(*good_pairs.IMAGES)):
        assert len(preflight(graph, x)) == 1
        preflight(own, x)
    assert ran == []


def test_a_generator_and_a_dataset_are_not_gone_through():
    drawn = []

    def draw():
        for _ in range(3):
            drawn.append(1)
            yield (good_pairs.numbers(4, 5),)

    generator = draw()
    preflight(good_pairs.dense(), generator)
    dataset = tf.data.Dataset.from_generator(
        lambda: (x for (x,) in draw()), output_signature=tf.TensorSpec((None, 5), tf.float32)
    )
    preflight(good_pairs.dense(), dataset)
    assert drawn == []
    assert len(list(generator)) == 3
    drawn.clear()
    preflight(good_pairs.dense(), dataset, peek=True)
    assert drawn


def test_peek_reads_the_values_of_the_first_batch():
    raw = good_pairs.dataset(good_pairs.pixels(8, *good_pairs.IMAGES), good_pairs.LABELS)
    model = good_pairs.cnn()
    assert preflight(model, raw).names == ()
    assert preflight(model, raw, peek=True).names == ("not-scaled",)


# ------------------------------------------------------------- orientation, without alarms


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("n", [8, 12, 30])
def test_upright_digits_of_one_class_raise_no_alarm(digit, n):
    model, digits = mistakes.digits()
    some = digits[digits.labels == digit]
    for start in range(0, min(len(some), 120) - n, n):
        report = preflight(model, some[start : start + n].images, like=digits.train.images)
        assert report.names == (), report


@pytest.mark.parametrize("seed", range(30))
def test_images_without_a_direction_raise_no_alarm(seed):
    model = mistakes.same_padded()
    noise = good_pairs.numbers(8 + 5 * seed, 12, 12, 1, seed=seed)
    like = good_pairs.numbers(40, 12, 12, 1, seed=100 + seed)
    assert preflight(model, noise, like=like).names == ()


def test_eight_transposed_digits_are_enough():
    model, digits = mistakes.digits()
    for start in range(0, 80, 8):
        eight = digits.test[start : start + 8].images.swapaxes(1, 2)
        assert preflight(model, eight, like=digits.train.images).names == ("images-transposed",)


# ------------------------------------------------------------------------------ the report


@pytest.fixture(scope="module")
def report():
    return preflight(mistakes.same_padded(), mistakes.IMAGE)


def test_the_report_says_each_thing_in_text_and_html(report):
    text, html = repr(report), report._repr_html_()
    for page in (text, html):
        for part in ("no-batch-axis", "silent", "predict_on_batch", "x[None, ...]", "12 samples"):
            assert part in page
    assert max(map(len, text.splitlines())) <= 100
    assert "<script" not in preflight(good_pairs.cnn(), "<script>")._repr_html_()


def test_no_text_is_wider_than_a_terminal():
    for title, mistake in MISTAKES.items():
        model, x = mistake.make()
        text = repr(preflight(model, x, **with_values(mistake.options)))
        wide = [line for line in text.splitlines() if len(line) > 100 and "to mend it" not in line]
        assert wide == [], title


def test_an_empty_report_says_so():
    report = preflight(good_pairs.dense(), mistakes.ROWS)
    assert repr(report) == "Nothing found: predict can go ahead."
    assert report._repr_html_() == "<p>Nothing found: predict can go ahead.</p>"
    assert report.raise_for_errors() is report
    assert len(report) == 0


def test_a_report_is_a_collection(report):
    assert list(report) == [report["no-batch-axis"]]
    assert "no-batch-axis" in report
    assert "wrong-size" not in report
    with pytest.raises(KeyError, match="there is no-batch-axis"):
        report["wrong-size"]
    assert repr(report["no-batch-axis"]).startswith("<Finding no-batch-axis, silent: x has shape")


def test_the_worst_comes_first():
    model = good_pairs.built(mistakes.Bare(), *good_pairs.IMAGES)
    x = mistakes.BATCH.copy()
    x[0, 0, 0, 0] = np.nan
    report = preflight(model, x)
    assert [finding.severity for finding in report] == ["silent", "warning"]
    assert report.summary == "With predict: 1 x silently wrong, 1 x a warning."
    assert not report.ok


def test_reports_do_not_share_what_they_hold(report):
    with pytest.raises(TypeError):
        report["no-batch-axis"].does["predict"] = None
    with pytest.raises(AttributeError):
        report.findings = ()


# ------------------------------------------------------------------------- asking wrongly


def test_mistakes_in_asking_are_named():
    with pytest.raises(TypeError, match="load_model"):
        preflight("model.keras", mistakes.ROWS)
    with pytest.raises(ValueError, match="it can be predict, predict_on_batch"):
        preflight(good_pairs.dense(), mistakes.ROWS, method="predict_one")
    with pytest.raises(ValueError, match="same parts as x"):
        preflight(good_pairs.two(), [mistakes.ONE, mistakes.TEN], like=mistakes.ONE)


def test_like_goes_with_each_input():
    model, parts = good_pairs.two(), [mistakes.ONE, 255 * mistakes.TEN]
    like = [good_pairs.numbers(9, 3), good_pairs.numbers(9, 3)]
    report = preflight(model, parts, like=like)
    assert [finding.seen[:4] for finding in report] == []  # constant: nothing to compare
    parts[1] = 255 * good_pairs.numbers(4, 3)
    assert "x[1] goes from" in preflight(model, parts, like=like)["unlike-training-range"].seen


@pytest.mark.parametrize(
    "first", ["import kerasdemo.preflight", "from kerasdemo.preflight import Report"]
)
def test_the_function_is_there_however_the_module_was_imported(first):
    code = f"{first}\nimport kerasdemo as kd\nassert callable(kd.preflight)\nprint('fine')"
    code += "\ntry: kd.preflight(1, 2)\nexcept TypeError as e: print('Keras model' in str(e))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fine", "True"]
    assert issubclass(PreflightError, ValueError)
    assert isinstance(kd.preflight(good_pairs.dense(), mistakes.ROWS), Report)
