"""Peak memory in a fresh process: known allocations, what is sent there, what it says."""

import json
import pickle
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import small_models as models

import kerasdemo as kd
from kerasdemo.memory import MB, CannotMeasure, measuring, peaks
from kerasdemo.memory.sending import importable, pack, used_names

ON_LINUX = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux sets the peak back"
)
MILLION = 1_000_000
SLACK = 8  # MB that Python and the allocator may take besides


def typed(source, **names):
    """Return what a notebook's cell defines as ``f``."""
    space = {"__name__": "__main__", **names}
    exec(source, space)
    return space["f"]


# ---- how much -----------------------------------------------------------------------------


@pytest.mark.parametrize("megabytes", [40, 160])
def test_a_known_allocation_is_measured(megabytes):
    use = kd.measure_memory(lambda: np.ones(megabytes * MILLION // 8))
    assert megabytes - 1 < use.megabytes < megabytes + SLACK


def test_the_peak_counts_and_not_what_is_left():
    def call():
        big = np.ones(100 * MILLION // 8)
        return big.sum()

    assert 99 < kd.measure_memory(call).megabytes < 100 + SLACK


def test_a_call_that_allocates_nothing_takes_nothing():
    assert kd.measure_memory(lambda: 1).megabytes < SLACK


@ON_LINUX
def test_what_is_prepared_is_not_counted_even_if_it_took_more():
    def prepare():
        return np.ones(200 * MILLION // 8)[: 50 * MILLION // 8].copy()

    use = kd.measure_memory(lambda kept: kept * 2, prepare=prepare)
    assert 49 < use.megabytes < 50 + SLACK
    assert use.baseline > 50
    assert use.bound == ""
    assert "set back just before the call" in use.how


def test_the_variables_of_the_caller_belong_to_the_baseline():
    held = np.ones(80 * MILLION // 8)
    use = kd.measure_memory(lambda: held[: 20 * MILLION // 8] + 1)
    assert 19 < use.megabytes < 20 + SLACK
    assert use.baseline > 80


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (peaks.Start(500.0, 500.3, "x"), 620.0, (120.0, "")),
        (peaks.Start(500.0, 500.3, "x"), 500.3, (pytest.approx(0.3), "")),
        (peaks.Start(500.0, 700.0, "x"), 710.0, (210.0, "")),  # above the earlier peak: it is known
        (peaks.Start(500.0, 700.0, "x"), 700.0, (200.0, "at most")),
        (peaks.Start(500.0, 490.0, "x"), 490.0, (0.0, "")),
        (peaks.Start(None, 700.0, "x"), 720.0, (20.0, "at least")),
    ],
)
def test_what_the_readings_say(before, after, told):
    assert peaks.rise(before, after) == told


# ---- what tells it ------------------------------------------------------------------------


@ON_LINUX
def test_the_kernels_own_figures_agree_with_psutil():
    psutil = pytest.importorskip("psutil")
    assert peaks.read_now() == pytest.approx(psutil.Process().memory_info().rss / MB, abs=SLACK)
    assert peaks.read_peak()[0] >= peaks.read_now() - SLACK


@pytest.fixture
def no_linux(monkeypatch):
    def unknown(field):
        raise OSError

    monkeypatch.setattr(peaks, "linux_status", unknown)
    monkeypatch.setattr(peaks, "set_peak_back", lambda: False)


@pytest.mark.parametrize(("platform", "unit"), [("darwin", 1), ("freebsd", 1024)])
def test_elsewhere_getrusage_tells_the_peak(no_linux, monkeypatch, platform, unit):
    usage = types.SimpleNamespace(ru_maxrss=3 * MB)
    module = types.SimpleNamespace(getrusage=lambda who: usage, RUSAGE_SELF=0)
    monkeypatch.setitem(sys.modules, "resource", module)
    monkeypatch.setattr(sys, "platform", platform)
    assert peaks.read_peak() == (3 * unit, "getrusage")


def fake_psutil(**info):
    process = types.SimpleNamespace(memory_info=lambda: types.SimpleNamespace(**info))
    return types.SimpleNamespace(Process=lambda: process)


def test_on_windows_psutil_tells_both(no_linux, monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.setitem(sys.modules, "psutil", fake_psutil(rss=200 * MB, peak_wset=300 * MB))
    assert peaks.start() == peaks.Start(200, 300, "psutil, peak_wset")


def test_without_anything_it_says_what_to_install(no_linux, monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert peaks.read_now() is None
    with pytest.raises(CannotMeasure, match="pip install psutil"):
        kd.measure_memory(lambda: 1)


# ---- what is sent -------------------------------------------------------------------------


def sent(value):
    return pickle.loads(pack(value))


def test_a_function_of_the_notebook_brings_its_variables():
    f = typed(
        "import numpy as np\n"
        "def helper(x, k=3, *, m=2):\n    return np.sum(x) * k * m + offset\n"
        "f = lambda: [helper(part) for part in parts]",
        offset=1,
        parts=[np.arange(3), np.arange(4)],
        unused=open,
    )
    assert not importable(f)
    assert set(used_names(f)) == {"helper", "parts"}
    assert sent(f)() == f() == [19, 37]


def test_closures_and_recursion_are_kept():
    source = "def f(n):\n    return 1 if n < 2 else n * f(n - 1)"
    assert sent(typed(source))(5) == 120

    def outer(n):
        def inner(k):
            return n if k == 0 else inner(k - 1) + 1

        return inner

    assert sent(outer(4))(3) == 7


def test_an_importable_function_goes_by_name():
    assert importable(kd.load_digits)
    assert sent(kd.load_digits) is kd.load_digits
    assert len(pack(kd.load_digits)) < 200


@pytest.mark.parametrize("make", [models.functional, models.sequential, models.dict_output])
def test_a_model_is_sent_with_its_weights_and_habits(make):
    model = make()
    model.compile(steps_per_execution=3)
    model.run_eagerly = True
    before = dict(vars(model))
    copy = sent(model)
    assert vars(model).keys() == before.keys()
    assert (copy.run_eagerly, copy.steps_per_execution) == (True, 3)
    images = models.images(5)
    one, other = (keras.tree.flatten(m.predict_on_batch(images)) for m in (model, copy))
    assert all(map(np.array_equal, one, other))


def test_the_call_is_made_there_with_the_same_model_and_images(tmp_path):
    model, images, file = models.functional(), models.images(5), tmp_path / "answer.npy"
    f = typed(
        "def f():\n    np.save(file, model.predict(images, verbose=0))",
        np=np,
        model=model,
        images=images,
        file=str(file),
    )
    use = kd.measure_memory(f)
    assert use.baseline > 100  # TensorFlow is there before the call
    np.testing.assert_array_equal(np.load(file), model.predict(images, verbose=0))


# ---- mistakes -----------------------------------------------------------------------------


def test_what_cannot_be_sent_is_named():
    import tensorflow as tf

    data = tf.data.Dataset.range(3)
    with pytest.raises(TypeError, match=r"cannot be given 'data': .* Make it within the function"):
        kd.measure_memory(lambda: list(data))


def test_a_class_of_the_notebook_is_named():
    source = "class Mine:\n    pass\ndef f():\n    return Mine()"
    with pytest.raises(TypeError, match=r"'Mine': The class Mine is written in this notebook"):
        pack(typed(source))


def test_a_model_of_a_class_of_the_notebook_is_named():
    Mine = typed("class Mine(keras.Model):\n    pass\nf = Mine", keras=keras)
    plain = models.functional()
    model = Mine(plain.input, plain.output)
    with pytest.raises(TypeError, match=r"'model': A model holds the class Mine"):
        pack(lambda: model.predict(models.images(3)))


@pytest.mark.parametrize("wrong", [3, "predict", None])
def test_what_is_no_function_is_refused(wrong):
    with pytest.raises(TypeError, match=r"a function is needed.*lambda"):
        kd.measure_memory(wrong)
    if wrong is not None:
        with pytest.raises(TypeError, match="prepare is"):
            kd.measure_memory(lambda x: x, prepare=wrong)


@pytest.mark.parametrize(
    ("call", "prepare", "says"),
    [
        (lambda: 1 / 0, None, "the call raised ZeroDivisionError: division by zero"),
        (lambda x: x, lambda: {}["no"], "`prepare` raised KeyError: 'no'"),
        (lambda: sys.exit("out\nof here"), None, "ended early: of here"),
    ],
)
def test_what_goes_wrong_there_is_told_here(call, prepare, says):
    with pytest.raises(CannotMeasure, match=says):
        kd.measure_memory(call, prepare=prepare)


def test_a_process_that_was_killed_is_told():
    assert "no memory left" in measuring.ended(-9, "")


# ---- the result ---------------------------------------------------------------------------


def test_the_result_says_how_much_and_by_what():
    use = kd.MemoryUse(26.4, 650.2, "", "VmHWM of /proc/self/status")
    assert str(use) == "+26 MB"
    assert str(kd.MemoryUse(26.4, 650.2, "at most", "x")) == "at most +26 MB"
    for part in ("+26 MB", "650 MB", "VmHWM of /proc/self/status, in a fresh process"):
        assert part in repr(use)
        assert part in use._repr_html_()
    assert json.loads(json.dumps(use.as_dict()))["megabytes"] == 26.4
