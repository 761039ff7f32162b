"""Odd inputs: what comes of each, the reasons given, and that nothing is left behind."""

import ast
import functools
import gc
import importlib
import importlib.util
import json
import re
import sys
import threading
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import small_models as models

import kerasdemo as kd
from kerasdemo._hushed import hushed
from kerasdemo.error_lines import error_line
from kerasdemo.evidence.scenes import pooled
from kerasdemo.inspections.model_facts import look_at
from kerasdemo.odd_inputs import calling
from kerasdemo.odd_inputs.came import Came
from kerasdemo.odd_inputs.cases import ENDLESS, ENOUGH, FAR_ENOUGH, RIGHT, odd_inputs
from kerasdemo.odd_inputs.why_answers import EXPLAIN, Scene, why_answer
from kerasdemo.odd_inputs.why_errors import NO_ROWS, SAID, UNKNOWN, why_error
from kerasdemo.spy import as_new

EDGE = sys.modules.get("kerasdemo.edge_cases") or importlib.import_module("kerasdemo.edge_cases")
THREE = ("predict", "predict_on_batch", "predict_step")
KERAS = Path(importlib.util.find_spec("keras").origin).parents[1]
LETTERS = {
    "right": "R",
    "other numbers": "O",
    "other shape": "S",
    "NaN": "N",
    "answers": "A",
    "raises": "E",
    "no end": "I",
}


def subclassed():
    model = models.Subclassed()
    model(models.images(2))
    return model


def named():
    image = keras.Input(models.SHAPE, name="image")
    x = keras.layers.Flatten()(image)
    return keras.Model(image, keras.layers.Dense(4, activation="softmax")(x))


class Naive(keras.Model):
    """An override that neither unpacks its data nor passes ``training=False``."""

    def predict_step(self, data):
        return self(data)


def flipping():
    image = keras.Input(models.SHAPE)
    return Naive(image, keras.layers.RandomFlip(seed=1)(image))


MAKERS = {
    "functional": named,
    "sequential": models.sequential,
    "subclassed": subclassed,
    "pooled functional": lambda: pooled("functional", (12, 12, 1)),
    "pooled sequential": lambda: pooled("sequential", (12, 12, 1)),
    "pooled subclassed": lambda: pooled("subclassed", (12, 12, 1)),
}
SHAPES = [RIGHT, "no batch axis", "no channel axis", "list of samples", "list of one batch"]
SHAPES += ["uint8 0..255", "half the size", "Dataset of single samples"]
TRIED = {  # without an entry, all cases; the others only what comes to something else with them
    "sequential": [RIGHT, "list of three batches", "strings"],
    "subclassed": [*SHAPES[2:5], "half the size", "list of three batches", "dict with another key"],
    "pooled functional": ["no batch axis", "half the size", "Dataset of single samples"],
    "pooled sequential": ["list of samples", "half the size"],
    "pooled subclassed": ["no batch axis", "uint8 0..255", "half the size"],
}
AT_LENGTH = {  # for the long runs
    **dict.fromkeys((kind for kind in MAKERS if "pooled" in kind), SHAPES),
    "sequential": [*SHAPES, "list of three batches", "0 rows", "NaN", "None", "dict", "strings"],
    "subclassed": [*SHAPES, "list of three batches", "0 rows", "None", "dict with another key"],
}
EACH_KIND = [
    *((kind, TRIED.get(kind)) for kind in MAKERS),
    *(pytest.param(kind, AT_LENGTH[kind], marks=pytest.mark.long) for kind in AT_LENGTH),
]
KIND_IDS = [*MAKERS, *(f"{kind}, at length" for kind in AT_LENGTH)]
each_kind = pytest.mark.parametrize(("kind", "names"), EACH_KIND, ids=KIND_IDS)


@pytest.fixture(scope="module")
def tried():
    """What came of it, by kind of model and list of cases; each is tried once."""
    known = {}

    def of(kind, names):
        key = kind, *(names or ())
        if key not in known:
            known[key] = kd.edge_cases(MAKERS[kind](), methods=THREE, cases=names, progress=False)
            gc.collect()  # graphs of all kinds together take the collector far longer
        return known[key]

    return of


def letters(case):
    """Write a case as in `EXPECTED`: R right, E raises, >E warm: raises, ! spoils the next."""
    parts = []
    for came in case.came.values():
        warm = f">{LETTERS[came.warm.kind]}" if came.warm is not None else ""
        parts.append(LETTERS[came.kind] + warm + "!" * bool(came.afterwards))
    return " ".join(parts)


# What predict, predict_on_batch and predict_step do, written by hand from what Keras 3.15 is known
# to do: a functional, a Sequential and a subclassed model of Flatten and Dense. The two linear
# layers compute with any values, so nothing here depends on the processor.
EXPECTED = {
    RIGHT: ("R R R", "R R R", "R R R"),
    "no batch axis": ("E>E E>E E", "E>E E>E E", "E>E E>E E"),
    "no channel axis": ("R>E! R>E! R", "R>E! R>E! R", "R>E! R>E! R"),
    "neither axis": ("E>E E>E E", "E>E E>E E"),
    "an axis too many": ("R>E! R>E! R", "R>E! R>E! R"),
    "list of samples": ("E E E", "E E E", "E E E"),
    "list of three batches": ("E E S", "S S S", "E E S"),
    "list of one batch": ("R R R", "R R R", "E E R"),
    "nested lists": ("E E E", "E E E"),
    "0 rows": ("E R R", "E R R", "E R R"),
    "empty array": ("E E E", "E E E"),
    "empty list": ("E E E", "E E E"),
    "None": ("E E E", "E E E", "E E E"),
    "uint8 0..255": ("O O O", "O O O", "O O O"),
    "float64": ("R R R", "R R R"),
    "NaN": ("N N N", "N N N"),
    "infinity": ("N N N", "N N N"),
    "strings": ("E E R", "E E E"),
    "objects": ("E E R", "E E E"),
    "slightly too small": ("E>E E>E E", "E>E E>E E"),
    "half the size": ("E>E E>E E", "E>E E>E E", "E>E E>E E"),
    "Dataset of batches": ("R E E", "R E E"),
    "Dataset of (x, y)": ("R E E", "R E E"),
    "Dataset of single samples": ("E>E E E", "E>E E E", "E>E E E"),
    "empty Dataset": ("E E E", "E E E"),
    "infinite Dataset": ("I E E", "I E E"),
    "generator of (x,)": ("R E E", "R E E"),
    "generator of x": ("E E E", "E E E"),
    "dict": ("R R R", "R R R"),
    "dict with another key": ("E E E", "E E E", "E E E"),
}
# Convolution and a mean over the image take any size: what is checked only now is Keras's doing.
EXPECTED_POOLED = {
    RIGHT: ("R R R", "R R R", "R R R"),
    "no batch axis": ("S>E! S>E! S", "S>E! S>E! S", "E>E E>E E"),
    "no channel axis": ("R>E! R>E! R", "R>E! R>E! R", "E>E E>E E"),
    "list of samples": ("E E E", "S S E", "E E E"),
    "list of one batch": ("R R R", "R R R", "E E R"),
    "uint8 0..255": ("O O O", "O O O", "E E E"),
    "half the size": ("E>A E>A E", "A A A", "A A A"),
    "Dataset of single samples": ("S>E! E E", "S>E! E E", "E>E E E"),
}


@each_kind
def test_each_input_comes_to_what_it_should(kind, names, tried):
    expected = EXPECTED_POOLED if "pooled" in kind else EXPECTED
    column = next(i for i, name in enumerate(("func", "seq", "sub")) if name in kind)
    wanted = {name: row[column] for name, row in expected.items() if names is None or name in names}
    assert {case.name: letters(case) for case in tried(kind, names)} == wanted


def unnumbered(text):
    """Take away the numbers that Keras gives to layers without a name."""
    return re.sub(r"_\d+", "", text)


def plainly(call, x):
    """Make a call as anybody would, Keras's tracebacks filtered as they are by default."""
    try:
        with hushed():
            return call(x)
    except Exception as error:
        return error


def test_what_is_told_is_what_a_plain_call_comes_to(tried):
    model, cases = named(), tried("functional", None)
    samples = np.random.default_rng(0).random((5, *models.SHAPE), dtype=np.float32)
    known = odd_inputs(look_at(model), samples)
    for name in (*SHAPES, "0 rows", "NaN", "strings", "generator of (x,)", "dict", "None"):
        odd = known[name]
        calls = {"predict": lambda x: model.predict(x, verbose=0)}
        calls |= {method: getattr(model, method) for method in THREE[1:]}
        for method, call in calls.items():
            with as_new(model):
                plain = plainly(call, odd.make())
            came = cases[name][method]
            if isinstance(plain, Exception):
                assert came.raised == type(plain).__name__, (name, method)
                said = error_line(plain).partition(" at 0x")[0]
                assert unnumbered(came.error).startswith(unnumbered(said)), (name, method)
            else:
                assert came.error == ""
                assert came.shape == tuple(plain.shape), (name, method)
                assert came.type.endswith(type(plain).__name__)
                assert came.finite == bool(np.isfinite(np.asarray(plain)).all())


@functools.cache
def functions_of(file):
    tree = ast.parse((KERAS / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@each_kind
def test_each_file_and_function_is_there(kind, names, tried):
    calls = [
        c for case in tried(kind, names) for came in case.came.values() for c in (came, came.warm)
    ]
    places = {c.decided_by for c in calls if c is not None and c.decided_by.startswith("keras/")}
    assert places
    for place in places:
        file, _, function = place.partition(": ")
        assert function in functions_of(file), place


def test_the_function_that_decides_has_run():
    """For answers: what a sentence names was called, as the profiler sees it, during that call."""
    model = named()
    samples = np.random.default_rng(0).random((5, *models.SHAPE), dtype=np.float32)
    odd, facts, seen = odd_inputs(look_at(model), samples), look_at(model), set()

    def profile(frame, event, _):
        path = frame.f_code.co_filename.replace("\\", "/")
        if event == "call" and "/keras/src/" in path:
            seen.add(f"keras/src/{path.rpartition('/keras/src/')[2]}: {frame.f_code.co_name}")

    checked = 0
    for name, method in [(name, method) for name in EXPLAIN for method in ("predict", "call")]:
        with hushed(), calling.Bench(model, samples)._fresh(method) as call:
            seen.clear()
            sys.setprofile(profile)
            try:
                raw = call(odd[name].make())
            finally:
                sys.setprofile(None)
        if raw.error is None and name != "infinite Dataset":
            came = Came(name, method, type="ndarray", shape=(5, 4), wanted=(5, 4), same=True)
            _, where = why_answer(Scene(facts, came, (), False, models.SHAPE))
            assert not where.startswith("keras/") or where in seen, (name, method, where)
            checked += where.startswith("keras/")
    assert checked >= 10


@each_kind
def test_nothing_is_left_without_a_reason(kind, names, tried):
    for case in tried(kind, names):
        for came in case.came.values():
            for call in (came, came.warm):
                if call is not None:
                    assert call.why.endswith("."), (case.name, call.method)
                    assert "no explanation" not in call.why, (case.name, call.method, call.words)
                    assert call.kind != "raises" or call.decided_by, (case.name, call.method)


def scene(case, *, kind="Functional", warm=False, others=(), **facts):
    came = Came(case, "predict", type="numpy.ndarray", **facts)
    model = replace(look_at(named()), kind=kind)
    return Scene(model, came, others, warm, models.SHAPE)


def test_the_sentence_follows_what_was_seen():
    numbers = {"shape": (5, 4), "wanted": (5, 4), "same": False}
    hidden = why_answer(
        scene("NaN", finite=True, others=[Came("NaN", "call", finite=False)], **numbers)
    )
    shown = why_answer(scene("NaN", finite=False, **numbers))
    everywhere = why_answer(
        scene("NaN", finite=True, others=[Came("NaN", "call", finite=True, **numbers)], **numbers)
    )
    assert "in other methods it was not" in hidden[0]
    assert "nothing on the way drops it" in shown[0]
    assert "keeps only the largest" in everywhere[0]
    size = {"shape": (5, 4)}
    told = {
        "sequential": why_answer(scene("half the size", kind="Sequential", **size))[0],
        "warm": why_answer(scene("half the size", warm=True, **size))[0],
        "own": why_answer(scene("half the size", kind="subclass", **size))[0],
        "fresh functional": why_answer(scene("half the size", **size))[0],
    }
    assert "Sequential" in told["sequential"]
    assert "any size" in told["warm"]
    assert "subclassed" in told["own"]
    assert "no explanation" in told["fresh functional"]


def test_an_answer_that_nobody_foresaw_is_told_as_such():
    told, where = why_answer(scene("0 rows", shape=(3, 4), wanted=(0, 4), same=False))
    assert "no explanation" in told
    assert where == ""


def test_an_unknown_error_is_told_as_such_and_says_where():
    came = Came("0 rows", "predict", error="ValueError: at least one sample is needed")
    told = why_error(came, "at least one sample is needed", "keras/src/x.py: f", warm=False)
    assert told == (UNKNOWN, "keras/src/x.py: f")


def test_an_operation_that_cannot_compute_no_rows_is_not_blamed_on_keras():
    came = Came("0 rows", "predict_on_batch", error="InvalidArgumentError: Incompatible shapes")
    assert why_error(came, "Incompatible shapes", "", warm=False)[0] == NO_ROWS


def test_each_message_is_met(tried):
    """No sentence waits for a message that Keras does not write any more."""
    extra = kd.edge_cases(
        MAKERS["pooled subclassed"](),
        methods=THREE,
        cases=["an axis too many", "dict with another key", "strings", "objects"],
        progress=False,
    )
    everyday = [tried(kind, TRIED.get(kind)) for kind in MAKERS]
    calls = [c for cases in everyday for case in cases for c in case.came.values()]
    small = kd.edge_cases(
        models.functional(), methods=("predict",), cases="no batch axis", progress=False
    )
    calls += [c for cases in (extra, small) for case in cases for c in case.came.values()]
    calls += [c.warm for c in calls if c.warm is not None]
    told = {c.why.partition(":")[0][:30] for c in calls}
    missing = [said.means for said in SAID if said.means.partition("{0}")[0][:30] not in told]
    later = ("None stands for",) if keras.__version__ < "3.13" else ()  # 3.12 has no such message
    assert [m for m in missing if not m.startswith(("Each array in a list", *later))] == []


def state(model):
    return {
        "function": model.predict_function,
        "stop": vars(model).get("stop_predicting"),
        "eagerly": model.run_eagerly,
        "called": [vars(layer).get("_called") for layer in (model, *model.layers)],
        "step": vars(model).get("predict_step"),
        "attributes": sorted(vars(model)),
        "values": [v.numpy().tolist() for v in model.variables],
    }


ODDEST = [RIGHT, "no channel axis", "0 rows", "half the size", "infinite Dataset", "NaN"]


@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
def test_the_model_is_as_it_was(used):
    model = named()
    if used:
        model.predict(models.images(), verbose=0)
        model.stop_predicting = True
    before = state(model)
    cases, methods = (ODDEST, THREE) if used else (ODDEST[2:5], "predict")
    kd.edge_cases(model, cases=cases, methods=methods, progress=False)
    assert state(model) == before


def test_random_layers_go_on_where_they_were():
    model = flipping()
    before = state(model)
    cases = kd.edge_cases(model, cases=[RIGHT, "float64"], methods=("predict",), progress=False)
    assert state(model) == before
    assert cases[RIGHT]["predict"].kind == "answers"
    assert "otherwise each time" in cases[RIGHT].why


def test_tracebacks_are_filtered_as_before():
    keras.config.disable_traceback_filtering()
    try:
        kd.edge_cases(named(), cases="None", methods="predict", progress=False)
        assert not keras.config.is_traceback_filtering_enabled()
    finally:
        keras.config.enable_traceback_filtering()
    kd.edge_cases(named(), cases="None", methods="predict", progress=False)
    assert keras.config.is_traceback_filtering_enabled()


def test_an_input_without_end_is_stopped_and_leaves_no_thread():
    model, before = named(), set(threading.enumerate())
    came = kd.edge_cases(model, cases="infinite Dataset", progress=False)["infinite Dataset"]
    assert (came["predict"].kind, came["predict"].batches) == ("no end", ENOUGH)
    assert {came[method].kind for method in came.came if method != "predict"} == {"raises"}
    assert set(threading.enumerate()) <= before


def test_a_warm_function_serves_until_an_input_adds_a_graph_to_it():
    model, method = named(), "predict_on_batch"
    bench = calling.Bench(model, models.images(5))
    known, kept = odd_inputs(look_at(model), bench.samples), []
    for name in ("no batch axis", "nested lists", "0 rows"):
        with hushed():
            bench.try_out(known[name], method)
        kept.append(bench.warm.get(method))
    assert kept[0] is kept[1] is not None
    assert kept[2] is None


class Deaf(keras.Model):
    """A model whose ``predict`` listens to no callback."""

    def predict(self, x, **options):
        return super().predict(x, **{**options, "callbacks": None})


def test_it_ends_even_if_nobody_listens_to_the_callback():
    plain = named()
    model = Deaf(plain.input, plain.output)
    came = kd.edge_cases(model, cases="infinite Dataset", methods="predict", progress=False)
    assert came["infinite Dataset"]["predict"].kind == "no end"


def test_the_infinite_dataset_raises_by_itself_in_the_end():
    odd = odd_inputs(look_at(named()), models.images(5))["infinite Dataset"]
    assert calling.has_no_end(odd.make())
    batches = iter(odd.make())
    for _ in range(FAR_ENOUGH):
        next(batches)
    with hushed(), pytest.raises(Exception, match=ENDLESS):
        next(batches)


def test_an_input_of_your_own():
    x = models.images(4)
    mine = {
        "transposed": x.swapaxes(1, 2),
        "once": (part for part in [(x,)]),
        "anew": lambda: (part for part in [(x,)]),
    }
    cases = kd.edge_cases(named(), cases=mine, methods=("predict",), progress=False)
    assert cases["transposed"]["predict"].kind == "answers"
    assert cases["transposed"].given == "array (4, 6, 6, 1) float32"
    assert cases["anew"]["predict"].shape == (4, 4)
    assert cases["anew"]["predict"].warm is None


def test_samples_of_your_own_are_used():
    model = named()
    x = models.images(3, seed=7)
    came = kd.edge_cases(model, samples=x, cases="float64", methods="predict", progress=False)
    assert came["float64"]["predict"].shape == (3, 4)
    with pytest.raises(ValueError, match=r"a batch needs \(n, 6, 6, 1\)"):
        kd.edge_cases(model, samples=x[..., 0])
    with pytest.raises(ValueError, match="two or more samples"):
        kd.edge_cases(model, samples=x[:1])


class Lazy(keras.Model):
    def call(self, x):
        return x


def text_model():
    text = keras.Input((), dtype="string")
    return keras.Model(text, keras.layers.TextVectorization(vocabulary=["a"])(text))


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (lambda: {"cases": "no chanel axis"}, ValueError, "Did you mean 'no channel axis'"),
        (lambda: {"methods": "predikt"}, ValueError, "Did you mean 'predict'"),
        (lambda: {"methods": ()}, ValueError, "no method to try"),
        (lambda: {"model": "a model"}, TypeError, "looks at a Keras model"),
        (lambda: {"model": Lazy()}, ValueError, "model is not built yet"),
        (lambda: {"model": models.two_inputs()}, ValueError, "2 inputs"),
        (lambda: {"model": text_model()}, ValueError, "takes string values"),
    ],
)
def test_what_cannot_be_tried_is_said_for_students(arguments, error, says):
    given = {"model": None, **arguments()}
    given["model"] = named() if given["model"] is None else given["model"]
    with pytest.raises(error, match=says):
        kd.edge_cases(given.pop("model"), **given)


def test_whole_numbers_are_made_for_a_model_that_takes_them():
    ids = keras.Input((4,), dtype="int32")
    model = keras.Model(ids, keras.layers.Embedding(3, 2)(ids))
    came = kd.edge_cases(model, cases=[RIGHT], methods=("predict",), progress=False)
    assert came[RIGHT]["predict"].kind == "right"


def test_an_interruption_keeps_what_is_done(monkeypatch):
    try_out, calls = calling.Bench.try_out, []

    def interrupted(self, odd, method):
        calls.append(odd.name)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return try_out(self, odd, method)

    monkeypatch.setattr(calling.Bench, "try_out", interrupted)
    model = named()
    before = state(model)
    names = [RIGHT, "no channel axis", "0 rows", "None"]
    cases = kd.edge_cases(model, cases=names, methods=THREE[:2], progress=False)
    assert list(cases.cases) == names[:2]
    assert not cases.complete
    assert "Interrupted" in cases.summary
    assert state(model) == before


def test_progress_shows_where_somebody_looks(monkeypatch, capsys):
    monkeypatch.setattr("kerasdemo._progress.somebody_looks", lambda: True)
    monkeypatch.setattr(EDGE, "PATIENCE", 0)
    kd.edge_cases(named(), cases=["None", "empty list"], methods="predict")
    shown = capsys.readouterr().err
    assert all(part in shown for part in ("edge cases", "empty list", "/2"))
    kd.edge_cases(named(), cases=["None"], methods="predict", progress=False)
    assert capsys.readouterr().err == ""


def test_tensorflow_prints_nothing_into_the_notebook(capfd):
    model = pooled("functional", (12, 12, 1))
    with hushed():
        model.predict(np.zeros((1, 12, 12, 1), np.float32), verbose=0)
    capfd.readouterr()
    kd.edge_cases(model, cases=["0 rows", "strings", "infinite Dataset"], progress=False)
    assert capfd.readouterr().err == ""


def test_the_table_and_its_other_forms(tried):
    cases = tried("functional", None)
    assert cases.table.columns == THREE
    row = next(row for row in cases.table.rows if row.label == "no channel axis")
    assert row.cells[0] == "(5, 4) right; warm: ValueError; spoils the next call"
    assert row.cells[2] == "(5, 4) right"
    assert "0 rows" in cases.disagree
    assert "dict" not in cases.disagree
    assert {came.case for came in cases.silent} >= {"uint8 0..255", "list of three batches", "NaN"}
    plain = json.loads(json.dumps(cases.as_dict()))
    assert plain["cases"]["0 rows"]["methods"]["predict"]["kind"] == "raises"
    page = cases._repr_html_()
    assert page.count('<th scope="row"') == len(cases)
    assert "UnboundLocalError" in page
    assert "<lambda" not in page
    marked = cases.markdown().splitlines()
    assert len(marked) == len(cases) + 4
    assert len({line.replace("\\|", "").count("|") for line in marked[:-2]}) == 1


def test_a_few_cases_are_told_in_full_and_many_as_a_table(tried):
    few = kd.edge_cases(named(), cases=["0 rows"], methods=THREE, progress=False)
    assert repr(few).splitlines()[0] == "0 rows: array (0, 6, 6, 1) float32"
    assert "outputs was never set." in " ".join(repr(few).split())
    assert "why" not in repr(tried("functional", None))
    assert max(map(len, repr(tried("functional", None)).splitlines())) <= 100
    assert "predict: UnboundLocalError" in repr(few["0 rows"]["predict"])
    with pytest.raises(KeyError, match="Did you mean '0 rows'"):
        few["0 row"]
    with pytest.raises(KeyError, match="was not tried"):
        few["0 rows"]["call"]


def test_a_dict_that_no_key_fits_is_not_blamed_on_the_key():
    cases = kd.edge_cases(models.functional(), cases="dict", methods="predict", progress=False)
    assert cases["dict"]["predict"].kind == "raises"
    assert "only if Input was given a name" in cases["dict"].why


def test_the_module_can_be_called_by_its_name():
    came = EDGE(named(), cases="None", methods="predict", progress=False)
    assert came["None"]["predict"].raised == "KeyError"


GRAPH = (
    "Graph execution error:\n\nDetected at node a/Relu defined at (most recent call last):\n"
    '  File "<stdin>", line 16, in <module>\n\n'
    "Incompatible shapes: [0,1] vs. [1,2]\n\t [[{{node a/Relu}}]]"
)
TRACED = (
    'in user code:\n\n    File "a.py", line 12, in f  *\n        return m(x)\n\n    ValueError: '
    "Exception encountered when calling Conv2D.call().\n    \n    \x1b[1mtoo small for '{{node c}} "
    "= Conv2D'\x1b[0m\n"
)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError(GRAPH), "ValueError: Incompatible shapes: [0,1] vs. [1,2]"),
        (ValueError(TRACED), "ValueError: too small for '= Conv2D'"),
        (ValueError("in user code:\n  no name here"), "ValueError: no name here"),
        (ValueError(""), "ValueError"),
        (
            ValueError("Field 2 is no number [Op:DecodeCSV] name: "),
            "ValueError: Field 2 is no number",
        ),
        (
            ValueError(
                "Error in user-defined function passed to MapDataset:8 transformation with "
                "iterator: Iterator::Root::ParallelMapV2: Field 1 in record 0 is not a number"
            ),
            "ValueError: Field 1 in record 0 is not a number",
        ),
    ],
)
def test_an_error_line_tells_what_is_wrong(error, line):
    assert error_line(error) == line
