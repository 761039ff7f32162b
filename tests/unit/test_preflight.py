"""No word on a hundred good pairs; each finding is proven by the harm that its mistake does."""

import functools
import re
import subprocess
import sys
from pathlib import Path

import good_pairs
import keras
import mistakes
import numpy as np
import pytest
import tensorflow as tf
from good_pairs import PAIRS
from mistakes import MISTAKES

import kerasdemo as kd
from kerasdemo import inspections
from kerasdemo.inspections import likeness
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


def name_of_error(function, *args, **options):
    try:
        function(*args, **options)
    except Exception as error:
        return type(error).__name__
    return ""


def first_of_each(names, kind):
    """Let the everyday run take the first of each kind; what is like it is left for long runs.

    Each is looked at every day. This is for the proof, by calls of Keras's, that the look is right.
    """
    first = {kind(name): name for name in reversed(list(names))}.values()
    return [
        pytest.param(name, marks=() if name in first else pytest.mark.long, id=name)
        for name in names
    ]


def first_word(name):
    """Tell what kind of pair it is: names of pairs that are alike begin alike."""
    return name.partition(" ")[0].rstrip(",")


def finding_of(title):
    """Name the finding that a mistake proves."""
    return MISTAKES[title].name


def form_of(title):
    """Name the finding, how bad it is here, and the method that is asked."""
    mistake = MISTAKES[title]
    return mistake.name, mistake.severity, mistake.options.get("method")


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


def same_values(a, b):
    if a.dtype.kind == "f":
        return np.array_equal(a, b, equal_nan=True)
    return repr(a) == repr(b) if a.dtype.kind == "O" else np.array_equal(a, b)


def assert_same(before, after):
    for one, other in zip(before, after, strict=True):
        if isinstance(one, list):
            assert all(same_values(a, b) for a, b in zip(one, other, strict=True))
            continue
        assert one.keys() == other.keys()
        for key in one:
            same = one[key] == other[key]
            assert np.all(same | (one[key] != one[key])), key


def never(*_, **__):
    raise AssertionError("preflight called the model")


def look(model, x, options):
    """Preflight, and prove that it predicts nothing and changes nothing."""
    before = state(model, x)
    with pytest.MonkeyPatch.context() as patch:
        for method in ("predict", "predict_on_batch", "make_predict_function"):
            patch.setattr(type(model), method, never)
        report = preflight(model, x, **with_values(options))
    assert_same(before, state(model, x))
    return report


# ----------------------------------------------------------------------------- good pairs


def test_there_are_a_hundred_good_pairs():
    assert len(PAIRS) >= 100


@pytest.mark.parametrize("name", PAIRS)
def test_a_good_pair_raises_no_alarm(name):
    make, options = PAIRS[name]
    report = look(*make(), options)
    assert report.names == (), report
    assert report.ok


@pytest.mark.parametrize("name", first_of_each(PAIRS, first_word))
def test_a_good_pair_works(name):
    make, options = PAIRS[name]
    model, x = make()
    steps = {"steps": options["steps"]} if "steps" in options else {}
    answer = call(options.get("method", "predict"), model, x, **steps)
    leaves = [np.asarray(leaf) for leaf in keras.tree.flatten(answer)]
    assert all(len(leaf) for leaf in leaves)
    assert all(np.isfinite(leaf).all() for leaf in leaves)


# ------------------------------------------------------------------------------ mistakes


@functools.cache
def report_of(title):
    """Look at a mistake once, for all that ask what the report says of it."""
    mistake = MISTAKES[title]
    return look(*mistake.make(), mistake.options)


@pytest.mark.parametrize("title", MISTAKES)
def test_a_mistake_is_found_and_nothing_else(title):
    mistake, report = MISTAKES[title], report_of(title)
    assert report.names == (mistake.name,), report
    assert report[mistake.name].severity == mistake.severity
    if mistake.severity == "warning":
        assert report.ok
        assert report.raise_for_errors() is report
    else:
        with pytest.raises(PreflightError, match=mistake.name) as caught:
            report.raise_for_errors()
        assert caught.value.report is report
    lines = repr(report).splitlines()
    assert [one for one in lines if len(one) > 100 and "to mend it" not in one] == []


@pytest.mark.parametrize("title", first_of_each(MISTAKES, form_of))
def test_a_mistake_hurts_as_the_test_says(title):
    mistake = MISTAKES[title]
    mistake.harm(*mistake.make())


@pytest.mark.parametrize("title", first_of_each(MISTAKES, finding_of))
def test_each_method_does_what_the_report_says(title):
    mistake = MISTAKES[title]
    options = with_values(mistake.options)
    does = report_of(title)[mistake.name].does
    assert set(ASKED) <= set(does)
    for method, outcome in does.items():
        model, x = mistake.make()
        steps = {"steps": options["steps"]} if method == "predict" and "steps" in options else {}
        if isinstance(x, tf.data.Dataset) and method != "predict" and outcome.kind == "right":
            assert all(len(call(method, model, batch)) for batch in x.take(3))
        elif outcome.kind == "raises":
            named = outcome.words.split(":")[0].split(" ")[0]
            raised = name_of_error(call, method, model, x, **steps)
            assert raised == named if named.endswith("Error") else raised != "", method
        elif outcome.kind in ("right", "wrong", "depends"):
            answer = call(method, model, x, **steps)
            shape = re.search(r"answers with shape (\([^)]*\))", outcome.words)
            got = tuple(keras.tree.flatten(answer)[0].shape)
            assert shape is None or str(got) == shape[1].replace("n,", f"{got[0]},"), method


def line_of(title):
    """Name the finding, and where x is that it speaks of: a line for a list is none for a dict."""
    return finding_of(title), *re.findall(r", in a (tuple|dict)$", title)


@pytest.mark.parametrize(
    "title", first_of_each([t for t, m in MISTAKES.items() if m.mended], line_of)
)
def test_the_mend_is_a_line_that_mends(title):
    mistake = MISTAKES[title]
    assert_mended(mistake, report_of(title)[mistake.name].mend)


@pytest.mark.parametrize(
    "title",
    [t for t, m in MISTAKES.items() if m.name in ("number-of-inputs", "missing-input")],
)
def test_with_arrays_for_its_dots_the_mend_mends(title):
    """What is missing only its owner has; the line says how many, and for which inputs."""
    mistake = MISTAKES[title]
    line = report_of(title)[mistake.name].mend
    assert ("..." in line) is not mistake.mended
    assert_mended(mistake, line.replace("...", "more"), more=mistakes.TEN)


def assert_mended(mistake, line, **names):
    """Type the line; then nothing is found, and the method can be called."""
    options = with_values(mistake.options)
    model, x = mistake.make()
    names |= {"x": x, "dataset": x, "model": model, "np": np, "keras": keras, "tf": tf}
    exec(line, names)
    better = names["dataset"] if line.startswith("dataset =") else names["x"]
    fresh, _ = mistake.make()
    report = preflight(fresh, better, **options)
    assert report.names == (), report
    call(options.get("method", "predict"), fresh, better)


def row_and_picture():
    layers = keras.layers
    row, picture = keras.Input((5,)), keras.Input(good_pairs.IMAGES)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, padding="same")(picture))
    return keras.Model([row, picture], layers.Dense(3)(layers.Concatenate()([row, x])))


@pytest.mark.parametrize("kind", [tuple, list])
@pytest.mark.parametrize(
    ("row", "picture", "name"),
    [
        (mistakes.ROWS, mistakes.BATCH[..., 0], "last-axis"),
        (mistakes.ROWS, mistakes.BATCH.reshape(8, -1), "wrong-size"),
        (mistakes.HOLED, mistakes.BATCH, "not-finite"),
        (mistakes.ROWS.astype("U8"), mistakes.BATCH, "text-for-numbers"),
    ],
)
def test_one_of_several_inputs_is_mended_in_a_tuple_too(kind, row, picture, name):
    """A tuple takes no new array in place of the old one."""
    model, x = row_and_picture(), kind((row, picture))
    line = preflight(model, x)[name].mend
    assert line.startswith("x = list(x); x[" if kind is tuple else "x[")
    names = {"x": x, "np": np}
    exec(line, names)
    assert preflight(model, names["x"]).names == ()
    assert model.predict(names["x"], verbose=0).shape == (8, 3)


def test_the_line_for_missing_inputs_names_all_that_the_model_takes():
    line = preflight(mistakes.four(), [mistakes.ONE])["number-of-inputs"].mend
    assert line == "x = [*x, ..., ..., ...]  # an array for each of 'a', 'b', 'c', 'd'"


def test_a_model_used_to_the_wrong_rank_forgets_it_with_the_mend():
    model, x = mistakes.used_without_channels(), mistakes.BATCH[..., 0]
    line = preflight(model, x)["last-axis"].mend
    with pytest.raises(ValueError, match="unknown"):  # the right shape alone does not mend it
        model.predict(x[..., None], verbose=0)
    names = {"x": x, "model": model}
    exec(line, names)
    assert model.predict(names["x"], verbose=0).shape == (8, 3)
    assert preflight(model, names["x"]).ok


def test_every_finding_has_a_mistake_that_proves_it():
    source = "".join(
        path.read_text(encoding="utf-8") for path in Path(inspections.__file__).parent.glob("*.py")
    )
    names = set(re.findall(r'(?:found\(|_range_finding\()\s*(?:case,\s*)?f?"([a-z0-9-]+)', source))
    names |= {f"images-{how}" for how in likeness.TURNS}
    names -= {"images-"}
    assert len(names) > 30
    assert names == {mistake.name for mistake in MISTAKES.values()}


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


@pytest.fixture(scope="module")
def training():
    return likeness.thin(mistakes.training_images())


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("n", [8, 12, 30])
def test_upright_digits_of_one_class_raise_no_alarm(digit, n, training):
    digits = mistakes.digits()[1]
    images = digits[digits.labels == digit].images
    for start in range(0, len(images) - n, n):
        assert likeness.turned(images[start : start + n], training) == ""


@pytest.mark.parametrize("seed", range(100))
def test_images_without_a_direction_raise_no_alarm(seed):
    noise = good_pairs.numbers(8 + seed, 12, 12, 1 + 2 * (seed % 2), seed=seed)
    like = good_pairs.numbers(40, 12, 12, 1 + 2 * (seed % 2), seed=1000 + seed)
    assert likeness.turned(noise, like) == ""


def test_eight_transposed_digits_are_enough(training):
    digits = mistakes.digits()[1]
    for start in range(0, 352, 8):
        eight = digits.test[start : start + 8].images
        assert likeness.turned(eight.swapaxes(1, 2), training) == "transposed"


def test_seven_are_too_few():
    model, digits = mistakes.digits()
    seven = digits.test[:7].images.swapaxes(1, 2)
    assert preflight(model, seven, like=digits.train.images).names == ()


# ------------------------------------------------------------------------------ the report


@pytest.fixture(scope="module")
def report():
    return preflight(mistakes.same_padded(), mistakes.IMAGE)


def test_the_report_says_each_thing_in_text_and_html(report):
    text, html = repr(report), report._repr_html_()
    for page in (text, html):
        for part in ("no-batch-axis", "silent", "(12, 3)", "x[None, ...]", "12 samples"):
            assert part in page
    assert "each method  wrong" in text
    assert all(f">{method}</th>" in html for method in ASKED)
    assert max(map(len, text.splitlines())) <= 100
    assert "<script" not in preflight(good_pairs.cnn(), "<script>")._repr_html_()


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
    with pytest.raises(TypeError, match="Keras model"):
        preflight(1, 2)
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


def test_the_function_is_there_however_the_module_was_imported():
    """In one process, which forgets in between what it has of ours; without Keras it is quick."""
    code = """
import sys
from inspect import signature
for first in ("import kerasdemo.preflight", "from kerasdemo.preflight import Report"):
    for name in [name for name in sys.modules if name.split(".")[0] == "kerasdemo"]:
        del sys.modules[name]
    exec(first)
    import kerasdemo as kd
    print(callable(kd.preflight))
    print("Parameters" in kd.preflight.__doc__ and "like" in signature(kd.preflight).parameters)
    try:
        kd.preflight()
    except TypeError as error:
        print("'model' and 'x'" in str(error))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 6
    assert issubclass(PreflightError, ValueError)
    assert isinstance(kd.preflight(good_pairs.dense(), mistakes.ROWS), Report)
