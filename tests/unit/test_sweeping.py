"""One call at each batch size: what is measured, in which order, and what a stop leaves."""

import json

import matplotlib as mpl
import numpy as np
import pytest
import small_models as models
from hypothesis import given
from hypothesis import strategies as st

from kerasdemo.costs import BatchTimings, OwnFunctions, traced
from kerasdemo.methods import METHODS
from kerasdemo.sweeping import Sweep, check_sizes, one_call, take
from kerasdemo.timing import steps_of

mpl.use("Agg")
SAMPLES = np.arange(6.0).reshape(6, 1)


class Machine:
    """A clock that moves only when a call of known length runs."""

    def __init__(self):
        self.now = 0.0
        self.log = []

    def clock(self):
        return self.now

    def call(self, name, fixed, each):
        """Return a call that lasts `fixed` seconds and `each` for every sample."""

        def run(batch):
            self.log.append((name, len(batch)))
            self.now += fixed + each * len(batch)

        return run


def machine_sweep(machine, **options):
    calls = {"loop": machine.call("loop", 0.01, 1.0), "batch": machine.call("batch", 2.0, 0.25)}
    how = {"batch_sizes": [1, 2, 4], "rounds": 3, "calls": calls, "clock": machine.clock}
    return Sweep(None, SAMPLES, methods=(), **how | options)


def run_all(work, seconds=float("inf")):
    steps = 0
    while work.left:
        work.measure(seconds)
        steps += 1
    return steps


def test_each_size_is_measured_by_all_functions_in_turn():
    machine = Machine()
    work = machine_sweep(machine)
    run_all(work)
    assert list(work.points) == [1, 2, 4]
    assert work.timings[4].median == pytest.approx({"loop": 4.01, "batch": 3.0})
    assert [size for _, size in machine.log] == sorted(size for _, size in machine.log)
    at_two = "".join(name[0] for name, size in machine.log if size == 2)
    assert at_two == "lb" + "llbb" + "lbbllb"  # first calls, second calls, rounds


def test_a_long_size_is_measured_in_slices_with_the_same_result():
    whole, sliced = Machine(), Machine()
    one, other = machine_sweep(whole), machine_sweep(sliced)
    assert run_all(one) == 3
    assert run_all(other, seconds=5) > 6
    assert whole.log == sliced.log
    for size in (1, 2, 4):
        assert one.timings[size].median == pytest.approx(other.timings[size].median)
        assert one.timings[size].first == pytest.approx(other.timings[size].first)


def test_a_slice_ends_soon_after_its_time():
    machine = Machine()
    work = machine_sweep(machine)
    while work.left:
        before = machine.now
        work.measure(5)
        assert machine.now - before < 5 + 2 * 4.01


def test_the_share_grows_and_is_0_between_sizes():
    work = machine_sweep(Machine())
    shares = []
    while 1 not in work.points:
        work.measure(0)
        shares.append(work.share)
    assert shares == [*[n / steps_of("ab", 3) for n in range(1, 11)], 0]


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_what_fails_leaves_the_points_made_and_begins_the_size_anew(kind):
    machine = Machine()
    failing = {"now": True}

    def fails(batch):
        machine.now += 1.0
        if len(batch) == 4 and failing["now"]:
            raise kind("out of memory")

    work = machine_sweep(machine, calls={"job": fails})
    with pytest.raises(kind):
        run_all(work)
    assert list(work.points) == [1, 2]
    assert work.share == 0
    failing["now"] = False
    run_all(work)
    assert list(work.points) == [1, 2, 4]


def test_clear_forgets_all():
    work = machine_sweep(Machine())
    run_all(work)
    work.clear()
    assert (work.points, work.left, work.share) == ({}, [1, 2, 4], 0)
    run_all(work)
    assert list(work.points) == [1, 2, 4]


# ---- what is called -----------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_one_call_gets_the_whole_batch(method):
    model = models.functional()
    batch = models.images(40)
    (answer,) = one_call(model, method)(batch)  # one tuple of one answer: a single call
    assert answer.shape == (40, 4)
    np.testing.assert_allclose(np.asarray(answer), model.predict_on_batch(batch), atol=1e-5)


def test_predict_cuts_no_batches():
    model = models.functional()
    seen = []
    inner = model.predict_step
    model.predict_step = lambda data: seen.append(data) or inner(data)
    model.run_eagerly = True
    one_call(model, "predict")(models.images(100))
    assert len(seen) == 1


def test_the_compiled_function_is_made_once(monkeypatch):
    import kerasdemo.methods as module

    made, make = [], module.new_compiled
    monkeypatch.setattr(module, "new_compiled", lambda model: made.append(model) or make(model))
    model = models.functional()
    call = one_call(model, "compiled")
    call(models.images(3))
    call(models.images(5))
    assert made == [model]


def test_a_real_sweep_traces_for_each_method_and_leaves_the_model_as_it_was():
    model = models.functional()
    model.predict(models.images(3), verbose=0)
    mine = model.predict_function
    work = Sweep(model, models.images(8), methods=METHODS, batch_sizes=[1, 4], rounds=3, calls=None)
    while work.left:
        work.measure(0)
        assert model.predict_function is mine
    times = work.timings
    assert set(times[4].median) == set(METHODS)
    assert times.traced == ("predict", "predict_on_batch", "compiled")
    for method in ("predict_on_batch", "compiled"):
        assert times[1].first[method] > 2 * times[1].median[method], "the first call traced"


def test_a_paused_sweep_keeps_what_each_method_has_compiled():
    model = models.functional()
    own = OwnFunctions(model)
    seen = {}
    for turn in range(2):
        for method in ("predict", "predict_on_batch"):
            with own.lent():  # lent anew for each call, as after a pause
                own.begin(method)
                if turn:
                    assert model.predict_function is seen[method]
                one_call(model, method)(models.images(2))
                seen[method] = model.predict_function
            assert model.predict_function is None
    assert seen["predict"] is not seen["predict_on_batch"]


def test_no_tracing_is_claimed_of_a_model_that_runs_eagerly():
    model = models.functional()
    assert traced(model, METHODS) == ("predict", "predict_on_batch", "compiled")
    model.run_eagerly = True
    assert traced(model, METHODS) == ("compiled",)


def test_wrong_images_are_named_before_anything_runs():
    work = Sweep(
        models.functional(), np.zeros((3, 5)), methods=METHODS, batch_sizes=[1], rounds=1, calls={}
    )
    with pytest.raises(ValueError, match="a batch needs"):
        work.measure()
    assert not work.points


# ---- samples ------------------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(1, 100))
def test_a_batch_is_the_first_samples_over_and_over(there, size):
    rows = np.arange(there * 2).reshape(there, 2)
    batch = take(rows, size)
    assert batch.shape == (size, 2)
    assert (batch == rows[np.arange(size) % there]).all()


def test_a_batch_of_several_inputs():
    parts = {"a": np.arange(3), "b": np.arange(6).reshape(3, 2)}
    batch = take(parts, 5)
    assert batch["a"].tolist() == [0, 1, 2, 0, 1]
    assert batch["b"].shape == (5, 2)
    assert [len(part) for part in take([parts["a"], parts["b"]], 2)] == [2, 2]


# ---- mistakes -----------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [[], [0], [-1, 2], [1.5], [True], "12", None, [np.float64(2)]])
def test_wrong_batch_sizes_are_named(sizes):
    with pytest.raises(ValueError, match="batch_sizes"):
        check_sizes(sizes)


def test_batch_sizes_are_sorted_and_each_once():
    assert check_sizes(np.array([8, 1, 8])) == (1, 8)
    assert check_sizes(16) == (16,)
    assert all(type(size) is int for size in check_sizes(np.array([8, 1])))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"methods": ("predikt",)}, "Did you mean 'predict'"),
        ({"methods": (), "calls": {}}, "nothing to time"),
        ({"methods": ("predict",), "calls": {"predict": len}}, "a method already"),
        ({"calls": {"mine": 3}}, "expected a function of the batch"),
        ({"rounds": 0}, "rounds is 0"),
    ],
)
def test_other_mistakes_are_named(options, says):
    how = {"methods": (), "batch_sizes": [1], "rounds": 3, "calls": {"mine": len}}
    with pytest.raises(ValueError, match=says):
        Sweep(None, None, **how | options)


# ---- the result ---------------------------------------------------------------------------


@pytest.fixture
def times():
    work = machine_sweep(Machine())
    run_all(work)
    return work.timings


def test_the_result_is_numbers_table_text_and_picture(times):
    assert (len(times), list(times)) == (3, [1, 2, 4])
    assert times[2].median["loop"] == pytest.approx(2.01)
    assert times.as_dict()[4]["batch"]["warm_median"] == pytest.approx(3.0)
    assert times.table.columns == ("loop", "batch")
    assert [row.label for row in times.table.rows] == ["1", "2", "4", "first call at 1"]
    assert times.table.rows[2].cells[1] == "3000 (3000-3000), 1.33/s"
    assert times.latency["loop"] == pytest.approx({1: 1.01, 2: 2.01, 4: 4.01})
    assert times.throughput["batch"] == pytest.approx({1: 1 / 2.25, 2: 2 / 2.5, 4: 4 / 3})
    assert times.as_dict()[4]["batch"]["samples_a_second"] == pytest.approx(4 / 3)
    json.dumps(times.as_dict())
    assert "Quickest by samples a call: loop up to 2; batch at 4." in repr(times)
    assert "<caption>" in times._repr_html_()
    axes = times.plot()
    assert [line.get_label() for line in axes.get_lines()] == ["loop", "batch"]
    assert axes.get_lines()[1].get_ydata() == pytest.approx([2250, 2500, 3000])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert times.plot(ax=axes) is axes


@pytest.mark.parametrize(
    ("per", "drawn"),
    [
        ("call", [2250, 2500, 3000]),
        ("sample", [2250, 1250, 750]),
        ("second", [1 / 2.25, 2 / 2.5, 4 / 3]),
    ],
)
def test_each_way_to_draw_it(times, per, drawn):
    axes = times.plot(per=per)
    assert axes.get_lines()[1].get_ydata() == pytest.approx(drawn)
    assert per in axes.get_ylabel()


def test_another_way_to_draw_is_refused_by_name(times):
    with pytest.raises(ValueError, match="per is 'hour'; it must be one of 'call'"):
        times.plot(per="hour")


def test_without_a_measurement_it_says_so():
    assert "not measured yet" in repr(BatchTimings())
    assert BatchTimings().notes == ()
    assert BatchTimings().plot().get_lines() == []


def test_a_size_that_was_not_measured_is_named(times):
    with pytest.raises(KeyError, match="batches of 3; measured: 1, 2, 4"):
        times[3]


def test_only_methods_are_said_to_trace():
    machine = Machine()
    late = {"first": 9.0}

    def call(batch):
        machine.now += 1.0 + late.pop("first", 0.0)

    work = machine_sweep(machine, calls={"predict": call})
    run_all(work)
    (said,) = [note for note in work.timings.notes if "First call" in note]
    assert "10000 ms" in said
    assert "traces" not in said
