import contextlib
import dataclasses
import gc
import weakref
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdemo.timing import (
    SHORTEST,
    measurements,
    rotated,
    settled_garbage,
    steps_of,
    time_calls,
)
from kerasdemo.view.durations import milliseconds, span

mpl.use("Agg")


class Machine:
    """A clock that moves only when a job of known length runs."""

    def __init__(self):
        self.now = 0.0
        self.log = []

    def clock(self):
        return self.now

    def job(self, name, *lengths):
        """Return a call that lasts each of `lengths` in turn, the last one for ever."""
        left = list(lengths)

        def call():
            self.log.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return call


def test_first_call_is_apart_and_the_median_is_of_warm_calls_only():
    m = Machine()
    times = time_calls({"a": m.job("a", 9.0, 5.0, 1.0)}, rounds=5, clock=m.clock)
    assert times.first["a"] == 9.0
    assert times.warm["a"].tolist() == pytest.approx([1.0] * 5)
    assert times.median["a"] == pytest.approx(1.0)


def test_the_steps_are_as_many_as_said_and_a_pause_between_them_costs_nothing():
    m = Machine()
    calls = {name: m.job(name, 1.0) for name in "ab"}
    first, warm = {}, {}
    steps = 0
    for _ in measurements(calls, first, warm, rounds=3, clock=m.clock):
        steps += 1
        m.now += 500.0  # somebody else's work
    assert steps == steps_of(calls, 3)
    assert first == {"a": 1.0, "b": 1.0}
    assert warm == {"a": [1.0] * 3, "b": [1.0] * 3}


def test_median_and_quartiles_agree_with_numpy():
    m = Machine()
    warm = [1.0, 8.0, 2.0, 4.0, 16.0]
    times = time_calls({"a": m.job("a", 99.0, 99.0, 99.0, *warm)}, rounds=5, clock=m.clock)
    assert times.median["a"] == np.median(warm)
    assert times.quartiles["a"] == (np.quantile(warm, 0.25), np.quantile(warm, 0.75))


def test_rounds_are_interleaved_and_each_begins_with_another():
    m = Machine()
    time_calls({n: m.job(n, 1.0) for n in "abc"}, rounds=3, clock=m.clock)
    assert "".join(m.log[-9:]) == "abcbcacab"


def test_a_slow_spell_of_the_machine_hits_all_alike():
    m = Machine()
    slow = {"on": 1.0}

    def job():
        m.log.append("x")
        m.now += slow["on"]
        if len(m.log) == 14:  # in the middle of the rounds the machine becomes four times slower
            slow["on"] = 4.0

    times = time_calls({"a": job, "b": job}, rounds=11, clock=m.clock)
    assert times.median["a"] == times.median["b"]


def test_quick_calls_are_repeated_until_a_measurement_is_long_enough():
    m = Machine()
    times = time_calls({"quick": m.job("quick", SHORTEST / 8)}, rounds=2, clock=m.clock)
    assert len(m.log) == 3 + 2 * 8
    assert times.median["quick"] == pytest.approx(SHORTEST / 8)


def test_a_clock_that_stands_still_is_no_reason_to_repeat():
    m = Machine()
    times = time_calls({"a": m.job("a", 0.0)}, rounds=2, clock=m.clock)
    assert len(m.log) == 3 + 2
    assert times.median["a"] == 0


def test_eleven_rounds_and_a_result_that_stays_as_it_is():
    m = Machine()
    times = time_calls({"a": m.job("a", 1.0)}, clock=m.clock)
    assert times.warm["a"].tolist() == [1.0] * 11
    with pytest.raises(dataclasses.FrozenInstanceError):
        times.warm = {}
    assert (times == dataclasses.replace(times)) is False, "equal to itself alone"


def test_a_bar_counts_every_step_comes_after_two_seconds_and_goes_again(monkeypatch):
    asked, updates = [], []

    def bar(total, **options):
        asked.append((total, options))
        return contextlib.nullcontext(SimpleNamespace(update=lambda: updates.append(1)))

    monkeypatch.setattr("kerasdemo.timing.progress_bar", bar)
    time_calls({"a": int, "b": int}, rounds=3)
    ((total, options),) = asked
    assert total == len(updates) == 2 * (1 + 1 + 3)
    assert (options["delay"], options["leave"]) == (2, False)


def test_before_runs_each_time_and_off_the_clock():
    m = Machine()

    def before():
        m.log.append("before")
        m.now += 100.0

    times = time_calls({"a": m.job("a", 1.0)}, rounds=2, before={"a": before}, clock=m.clock)
    assert m.log == ["before", "a"] * 5
    assert times.first["a"] == 1.0
    assert times.median["a"] == 1.0


def test_garbage_collection_is_off_while_timing_and_as_before_after_it():
    seen = []
    time_calls({"a": lambda: seen.append(gc.isenabled())}, rounds=1)
    assert not any(seen)
    assert gc.isenabled()
    gc.disable()
    try:
        with settled_garbage():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_garbage_of_before_is_gone_when_timing_starts():
    class Node:
        """Refers to itself, so that only the collector can free it."""

        def __init__(self):
            self.self = self

    gc.disable()  # nothing but settled_garbage collects
    try:
        gone = weakref.ref(Node())
        assert gone() is not None
        with settled_garbage():
            assert gone() is None
    finally:
        gc.enable()


def test_garbage_collection_is_on_again_when_a_call_raises():
    with pytest.raises(ZeroDivisionError):
        time_calls({"a": lambda: 1 / 0})
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("calls", "rounds", "says"), [({}, 3, "nothing to time"), (None, 0, "rounds")]
)
def test_mistakes_are_named(calls, rounds, says):
    with pytest.raises(ValueError, match=says):
        time_calls({"a": int} if calls is None else calls, rounds=rounds)


def test_results_show_themselves():
    m = Machine()
    times = time_calls({"a": m.job("a", 0.5, 0.02), "b": m.job("b", 0.25, 0.001)}, clock=m.clock)
    assert "500 ms" in repr(times)
    assert "20.0 ms" in repr(times)
    assert "1.00 ms" in times._repr_html_()
    axes = times.plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([20.0, 1.0])
    assert times.plot(ax=axes) is axes


@given(st.floats(1e-9, 1e3))
def test_milliseconds_keep_three_figures(seconds):
    text = milliseconds(seconds).removesuffix(" ms")
    assert float(text) == pytest.approx(seconds * 1000, rel=0.006)


def test_zero_is_written_plainly():
    assert milliseconds(0.0) == "0 ms"
    assert span((0.0, 0.0)) == "0-0 ms"


@given(st.lists(st.integers(), min_size=1, max_size=9, unique=True), st.integers(0, 50))
def test_rotation_keeps_everyone(names, turn):
    turned = rotated(tuple(names), turn)
    assert sorted(turned) == sorted(names)
    assert turned[0] == names[turn % len(names)]
