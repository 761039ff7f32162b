"""SoftmaxView in the kernel: logits, temperature, several samples, order, top, new numbers."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from test_scripts import node, run, scripts  # noqa: F401

from kerasdemo.view.softmax_scene import SoftmaxScene, choose_series, shown_classes
from kerasdemo.view.softmax_steps import describe_share, precise, softmax_steps, with_temperature
from kerasdemo.widgets import SoftmaxView

TRAITS = [
    ("index", 3),
    ("rows", [4, 2]),
    ("scale", "log"),
    ("table", True),
    ("order", "probability"),
    ("top", 4),
    ("temperature", 2.5),
    ("focus", 8),
]
SEEN_WITHOUT_KERNEL = ["index", "rows", "order", "top", "temperature", "focus"]


def softmax(z):
    """Softmax as a textbook has it, in the longest floats there are: the oracle."""
    powers = np.exp(z.astype(np.longdouble) - z.max())
    return powers / powers.sum()


@pytest.fixture
def logits():
    return np.random.default_rng(3).normal(0, 4, (40, 10)).astype("float32")


@pytest.fixture
def view(logits, digits):
    return SoftmaxView(logits=logits, labels=digits.labels)


# ---- the steps ----------------------------------------------------------------------------

numbers = st.floats(-50, 50, width=32)
logit_rows = st.lists(numbers, min_size=2, max_size=12).map(lambda row: np.array(row, "float32"))
temperatures = st.floats(0.01, 100)


@given(logit_rows, temperatures)
def test_the_steps_agree_with_the_textbook(row, temperature):
    steps = softmax_steps(row, temperature=temperature)
    wanted = softmax(row.astype(np.longdouble) / temperature)
    assert np.allclose(steps.shares.astype(np.longdouble), wanted, rtol=1e-9, atol=1e-15)
    assert steps.shares.sum() == pytest.approx(1)
    assert steps.powers.max() == 1
    assert np.array_equal(steps.shares, steps.powers / steps.sum)


@given(logit_rows, temperatures, numbers)
def test_a_constant_added_to_all_logits_changes_nothing(row, temperature, constant):
    one = softmax_steps(row.astype("float64"), temperature=temperature).shares
    other = softmax_steps(row.astype("float64") + constant, temperature=temperature).shares
    assert np.allclose(one, other, rtol=1e-6, atol=1e-9)


@given(logit_rows)
def test_hot_is_uniform_and_cold_takes_all(row):
    assert np.allclose(softmax_steps(row, temperature=1e9).shares, 1 / len(row), atol=1e-6)
    row = row.round(1)
    cold = softmax_steps(row, temperature=1e-4).shares
    winners = row == row.max()
    assert np.allclose(cold, winners / winners.sum(), atol=1e-9)


@given(logit_rows, temperatures)
def test_probabilities_at_another_temperature_are_the_softmax_of_their_logits(row, temperature):
    p = softmax_steps(row).shares
    back = with_temperature(p, temperature)
    known = p > 1e-280  # below, log p is rounded
    straight = softmax_steps(row, temperature=temperature).shares
    assert np.allclose(back[known], straight[known], rtol=1e-6, atol=1e-9)
    assert np.array_equal(with_temperature(p, 1), p)


@given(logit_rows, st.tuples(temperatures, temperatures).map(sorted))
def test_more_heat_never_makes_the_winner_surer(row, two):
    cold, hot = (softmax_steps(row, temperature=t).shares for t in two)
    assert hot.max() <= cold.max() + 1e-12


def test_what_is_no_number_stays_none():
    for row in ([np.nan, 1.0], [np.inf, 1.0], [-np.inf, -np.inf]):
        assert np.isnan(softmax_steps(row).shares).all()
    assert softmax_steps([-np.inf, 0.0, 0.0]).shares.tolist() == [0, 0.5, 0.5]
    assert with_temperature([1.0, 0.0], 2).tolist() == [1, 0]
    assert with_temperature([1.0005, -0.0005], 2).tolist() == [1, 0], "rounding below 0"


# ---- the page and Python ------------------------------------------------------------------

PARITY = """
import { preciseValue } from "./pure.js";
import { chooseSeries, shownClasses, softmaxSteps } from "./softmax_steps.js";
const numbers = (row) => row.map((value) => (typeof value === "string" ? Number(value) : value));
const words = (row) => row.map(String);
const given = JSON.parse(await new Response(process.stdin).text());
const { rows, temperatures, shares, choices } = given;
console.log(JSON.stringify({
  steps: rows.map((row, at) => {
    const { columns, sum, largest } = softmaxSteps(numbers(row), temperatures[at], true);
    return [...columns.map(words), [String(sum)], [String(largest)]];
  }),
  again: shares.map((row, at) => words(softmaxSteps(numbers(row), temperatures[at], false).shares)),
  shown: shares.map((row, at) => ["class", "probability"].map((order) =>
    shownClasses(row, order, at % 13 || null).places)),
  series: choices.map(([methods, index, samples]) => {
    const { series, methods: names, others } = chooseSeries(methods, index, samples);
    return [series.map(({ method, at }, nth) => [names[nth], method, at]), others];
  }),
  written: rows.flat().map((value) => preciseValue(Number(value))),
}));
"""


def as_json(rows):
    """Write rows so that what JSON has no number for arrives as text."""
    return [
        [
            value if np.isfinite(value) else str(value).replace("inf", "Infinity")
            for value in map(float, row)
        ]
        for row in rows
    ]


def test_the_page_computes_what_python_computes(node, scripts):  # noqa: F811
    rng = np.random.default_rng(8)
    rows = [rng.normal(0, width, 10).astype("float32") for width in (0.1, 1, 10, 1e4, 1e37) * 12]
    rows += [np.float32(row) for row in ([3e38, -3e38, 1], [-np.inf, 0, 2], [np.nan, 1, 2])]
    rows += [np.float32(row) for row in ([-np.inf, -np.inf], [np.inf, 0], [1000, 1000, 999])]
    heat = [float(t) for t in 10 ** rng.uniform(-2, 2, len(rows))]
    heat[:4] = [1, 0.01, 100, 1]
    shares = [p.astype("float32") for p in rng.dirichlet(np.full(10, 0.2), len(rows))]
    shares[0], shares[1] = np.eye(10, dtype="float32")[[3, 7]]
    choices = [
        (["a"], 3, []),
        (["a", "b"], 3, [5]),
        (["a", "b"], 3, [5, 1]),
        (list("abcdef"), 0, []),
        (["a"], 0, list(range(9))),
    ]
    (scripts / "parity.mjs").write_text(PARITY, encoding="utf-8")
    sent = {
        "rows": as_json(rows),
        "temperatures": heat,
        "shares": as_json(shares),
        "choices": choices,
    }
    done = run(node, "parity.mjs", cwd=scripts, input=json.dumps(sent))
    assert done.returncode == 0, done.stderr
    page = json.loads(done.stdout)

    def same(written, wanted):
        numbers = np.array([value.replace("Infinity", "inf") for value in written], float)
        return np.allclose(numbers, wanted, rtol=1e-12, atol=1e-300, equal_nan=True)

    for row, t, told in zip(rows, heat, page["steps"], strict=True):
        steps = softmax_steps(row, temperature=t)
        with np.errstate(invalid="ignore"):
            largest = steps.scaled.max()
        wanted = (steps.logits, steps.scaled, steps.powers, steps.shares, steps.sum, largest)
        assert all(same(one, np.atleast_1d(other)) for one, other in zip(told, wanted, strict=True))
        if np.isfinite(row).all():
            oracle = softmax(row.astype(np.longdouble) / t).astype(float)
            assert np.allclose(np.array(told[3], float), oracle, rtol=1e-9, atol=1e-300)
    for row, t, told in zip(shares, heat, page["again"], strict=True):
        assert same(told, with_temperature(row, t))
    for at, (row, told) in enumerate(zip(shares, page["shown"], strict=True)):
        for order, places in zip(("class", "probability"), told, strict=True):
            assert places == shown_classes(row, order=order, top=at % 13 or None)
    for choice, (drawn, left) in zip(choices, page["series"], strict=True):
        wanted = [list(one) for one in choose_series(*choice)]
        assert drawn == wanted[:4]
        assert left == [name for name, *_ in wanted[4:]]
    written = [value.replace("Infinity", "inf").replace("NaN", "nan") for value in page["written"]]
    assert written == [precise(float(value)) for row in rows for value in row]


def test_the_plain_functions_of_the_page_do_what_they_say(node, scripts):  # noqa: F811
    name = "softmax_steps.test.mjs"
    shutil.copy(Path(__file__).with_name(name), scripts)
    done = run(node, "--test", "--test-reporter=tap", name, cwd=scripts)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"^# pass (\d+)", done.stdout, flags=re.MULTILINE)[1]) >= 5


# ---- what is taken ------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), TRAITS)
def test_each_choice_can_be_given_set_and_observed(logits, name, value):
    view = SoftmaxView(logits=logits, **{name: value})
    assert getattr(view, name) == value
    assert view.get_state()[name] == value
    other = SoftmaxView(logits=logits)
    heard = []
    other.observe(heard.append, name)
    setattr(other, name, value)
    assert [change.new for change in heard] == [value]


@pytest.mark.parametrize(("name", "value"), TRAITS)
def test_the_page_may_set_each_choice(view, name, value):
    view.set_state({name: value})
    assert getattr(view, name) == value
    assert view._error == ""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("temperature", 0, r"temperature is 0\. Type a number from 0\.01 to 100\. .*divided by 0"),
        ("temperature", -1.5, r"temperature is -1\.5\. .*below 0 the order would turn round"),
        ("temperature", float("nan"), "temperature is nan"),
        ("temperature", 101, "temperature is 101"),
        ("temperature", "2", "temperature is '2'"),
        ("top", 0, "top is 0; expected how many classes, such as 3, or None for all"),
        ("top", 2.5, r"top is 2\.5"),
        ("top", True, "top is True"),
        ("focus", 10, "There is no class 10; expected 0 to 9, or None"),
        ("focus", -1, "There is no class -1"),
        ("focus", "8", "There is no class '8'"),
        ("rows", [40], r"rows holds 40\. Expected positions from 0 to 39"),
        ("rows", [5, 5], "rows holds 5 more than once"),
        ("rows", 5, "rows is 5"),
        ("index", 40, "There is no row 40; expected 0 to 39"),
    ],
)
def test_a_bad_choice_is_refused_in_words_and_nothing_is_lost(view, name, value, words):
    before = view.get_state()
    with pytest.raises(ValueError, match=words):
        setattr(view, name, value)
    view.set_state({name: value})
    assert re.search(words, view._error)
    view.set_state({"table": False})
    assert view.get_state() == before


def test_numbers_of_numpy_are_numbers(view, logits):
    view.focus = logits[0].argmin()
    view.temperature = np.float32(2)
    view.top = np.int64(3)
    view.rows = np.array([3, 1])
    assert (view.focus, view.temperature, view.top) == (int(logits[0].argmin()), 2, 3)
    json.dumps({name: view.get_state()[name] for name, _ in TRAITS})


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda z: SoftmaxView(), TypeError, "neither given; expected one of them"),
        (lambda z: SoftmaxView(z, logits=z), TypeError, "both given; expected one of them"),
        (lambda z: SoftmaxView(z), ValueError, r"Are these logits\? Then type SoftmaxView\(logits"),
        (lambda z: SoftmaxView(logits=z, heat=2), TypeError, "no heat; expected index, rows"),
        (lambda z: SoftmaxView(logits=z, temperature=0), ValueError, "temperature is 0"),
        (lambda z: SoftmaxView(logits={"a": z, "b": z[:2]}), ValueError, "logits have shapes a: "),
        (lambda z: SoftmaxView(logits=z[:0]), ValueError, "no rows"),
        (lambda z: SoftmaxView(logits=[[1e300, 0.0]]), ValueError, "beyond 3.4e38"),
        (lambda z: SoftmaxView(logits=[["a"]]), ValueError, "expected floats"),
    ],
)
def test_what_cannot_be_shown_is_refused(logits, make, error, words):
    with pytest.raises(error, match=words):
        make(logits)


def test_several_methods_may_give_logits(logits):
    view = SoftmaxView(logits={"one": logits, "two": logits * 2})
    assert view.get_state()["_methods"] == ["one", "two"]
    assert view.get_state()["_logits"] is True
    sent = np.frombuffer(view.get_state()["_rows"], "<f4").reshape(2, 40, 10)
    assert np.array_equal(sent[1], logits * 2)
    shown = view._scene().shares
    assert np.allclose(shown["two"], softmax(logits[0] * 2).astype(float), atol=1e-6)


def test_very_many_classes_show_the_most_likely():
    assert SoftmaxView(np.eye(31)).top == 30
    assert SoftmaxView(np.eye(30)).top is None
    assert SoftmaxView(np.eye(31), top=None).top is None


# ---- other numbers ------------------------------------------------------------------------


def test_other_numbers_come_in_one_message(view, sent, probabilities):
    view.index, view.rows, view.focus = 39, [1, 38], 9
    sent.clear()
    view.probabilities = {"a": probabilities[:5, :8] / 2, "b": probabilities[:5, :8]}
    ((_, state),) = sent
    assert {"_count", "_methods", "_class_names", "_labels", "_logits", "rows", "focus"} <= set(
        state
    )
    assert np.frombuffer(view.get_state()["_rows"], "<f4").size == 2 * 5 * 8
    assert (view.index, view.rows, view.focus) == (4, [1], None)
    assert (view.logits, view.labels) == (None, None)
    assert repr(view).startswith("SoftmaxView(5 rows of 8 classes from 2 methods, showing 1: ")
    sent.clear()
    view.logits = np.zeros((50, 8))
    assert len(sent) == 1
    assert view.probabilities is None
    assert view._scene().shares["probability"].tolist() == [1 / 8] * 8


def test_labels_stay_with_numbers_of_the_same_shape_and_can_be_set(view, logits, digits):
    view.logits = -logits
    assert view.labels == digits.labels.tolist()
    view.logits = logits[:7]
    assert view.labels is None
    view.labels = digits.labels[:7]
    assert "labelled 0" in repr(view)
    with pytest.raises(ValueError, match=r"labels have shape \(2,\)"):
        view.labels = [1, 2]


def test_bad_numbers_change_nothing(view, logits):
    before = view.get_state(), repr(view)
    for bad in (logits, logits[None], None, [["a"]]):
        with pytest.raises(ValueError, match=r"expected|logits"):
            view.probabilities = bad
    assert (view.get_state(), repr(view)) == before
    assert view.logits is logits


def test_names_that_were_given_must_fit_the_new_numbers_too(probabilities):
    view = SoftmaxView(probabilities, class_names=list("abcdefghij"))
    with pytest.raises(ValueError, match="10 class_names given for 9 classes"):
        view.probabilities = probabilities[:, :9]
    view.probabilities = probabilities[::-1]
    assert view.get_state()["_class_names"][0] == "a"


# ---- without a kernel ---------------------------------------------------------------------


@pytest.mark.parametrize("name", SEEN_WITHOUT_KERNEL)
def test_the_still_picture_follows_each_choice(view, name):
    before = view._repr_mimebundle_()[0]
    setattr(view, name, dict(TRAITS)[name])
    after = view._repr_mimebundle_()[0]
    assert after["text/html"] != before["text/html"]
    assert (after["image/png"] != before["image/png"]) or name == "focus"
    again = view._repr_mimebundle_()[0]
    assert again == after


def test_the_repr_says_where_the_numbers_come_from(view):
    view.temperature = 2
    assert re.fullmatch(
        r"SoftmaxView\(40 rows of 10 classes, from logits, T = 2, "
        r"showing 0: labelled 0, predicted \d, \d+\.\d %\)",
        repr(view),
    )
    view.rows = [5, 3, 1]
    assert repr(view).endswith("T = 2, showing 5, 3, 1)")
    view.rows = [5]
    assert "showing 5: labelled 5" in repr(view)
    view.rows = list(range(40))
    assert len(repr(view)) <= 110


def test_the_facts_say_sum_rest_temperature_formula_and_who_is_left_out(view, logits):
    view.top, view.temperature, view.focus = 3, 2, 8
    facts = dict(view._facts())
    p = softmax(logits[0] / 2)
    rest = 100 * np.sort(p)[:7].sum()
    assert facts["temperature"] == "2"
    assert facts["the other 7 classes"] == f"{rest:.1f} % together"
    assert facts["formula"] == describe_share(softmax_steps(logits[0], temperature=2), 8, name="8")
    assert float(facts["formula"].split("= ")[-1]) == pytest.approx(float(p[8]), rel=1e-5)
    view.rows = [1, 2, 3, 4, 5, 6]
    facts = dict(view._facts())
    assert facts["left out"] == "sample 5, sample 6"
    assert "formula" not in facts
    assert "Sample 1, labelled 1, predicted" in view._words()


def test_the_focus_follows_the_prediction_until_it_is_chosen(view, logits):
    for index in (0, 1):
        view.index = index
        assert dict(view._facts())["formula"].startswith(f"share of {logits[index].argmax()} = ")
    view.focus = 4
    view.index = 2
    assert dict(view._facts())["formula"].startswith("share of 4 = ")


def test_probabilities_are_told_at_the_temperature_too(probabilities):
    view = SoftmaxView(probabilities, temperature=4)
    roots = probabilities[0].astype(float) ** 0.25
    surest = 100 * roots.max() / roots.sum()
    assert f"({surest:.1f} %)" in view._words()
    assert f"{surest:.1f} %" in repr(view)


def test_the_table_of_a_saved_notebook_has_the_steps(view, logits):
    view.focus, view.order, view.top = 4, "probability", 2
    page = view._repr_mimebundle_()[0]["text/html"]
    first, second = logits[0].argsort()[::-1][:2]
    assert page.index(f"<tr><th>{first}</th>") < page.index(f"<tr><th>{second}</th>")
    assert f"<td>{precise(softmax_steps(logits[0]).shares[first])}</td>" in page
    assert "exp(z/T - largest)" in page
    assert page.split("<table>")[-1].count("<tr><th>") == 4, "head, two classes, sum"


def test_a_saved_notebook_stays_small_whatever_is_chosen(logits):
    rng = np.random.default_rng(0)
    wide = {f"method {n}": rng.normal(size=(9, 1000)).astype("float32") for n in range(6)}
    for view in (
        SoftmaxView(logits=wide, top=None, rows=range(9)),
        SoftmaxView(logits=wide["method 0"], top=None, class_names=["long name " * 3] * 1000),
        SoftmaxView(np.full((2, 1000), 1e-3), top=None, temperature=3),
    ):
        data = view._repr_mimebundle_()[0]
        assert len(data["text/html"]) + len(data["image/png"]) < 60_000


def test_names_in_the_steps_stay_text(logits):
    view = SoftmaxView(logits=logits, class_names=[HOSTILE] * 10)
    page = view._repr_mimebundle_()[0]["text/html"]
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_a_row_without_numbers_has_steps_and_no_picture_of_them():
    view = SoftmaxView(logits=[[np.nan, 1.0], [-np.inf, -np.inf]], rows=[], temperature=2)
    for index in (0, 1):
        view.index = index
        assert "NaN" in view._words()
        assert "nan" in view._repr_mimebundle_()[0]["text/html"]


def test_a_scene_needs_no_widget():
    scene = SoftmaxScene({"p": np.float32([[0.25, 0.75]])}, False, ["a", "b"])
    assert scene.words() == "Row 0. Most likely b (75.0 %), then a (25.0 %)."
    assert scene.label is None
