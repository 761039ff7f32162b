"""LiveTimings in the kernel: what a page's message does, what it is told, what stays."""

import re
import threading
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import IPython
import numpy as np
import pytest
from conftest import HOSTILE

from kerasdemo.widgets import LiveTimings
from kerasdemo.widgets.live_timings import SLICE

XHTML = "{http://www.w3.org/1999/xhtml}"


class Machine:
    """A clock that moves only when a call of known length runs."""

    def __init__(self):
        self.now = 0.0
        self.ran = 0

    def call(self, fixed, each):
        def run(batch):
            self.ran += 1
            self.now += fixed + each * len(batch)

        return run


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def make(machine):
    """Return a function that makes a view over calls of known length."""

    def made(**options):
        calls = {"loop": machine.call(0.001, 0.001), "batch": machine.call(0.006, 0.0001)}
        how = {"batch_sizes": [1, 2, 4, 8], "rounds": 3, "calls": calls, "methods": ()}
        live = LiveTimings(images=np.zeros((20, 3)), **how | options)
        live._sweep.clock = lambda: machine.now
        return live

    return made


@pytest.fixture
def live(make):
    return make()


def ask(live, **more):
    """Send what the page sends when it wants the next step."""
    live._handle_custom_msg({"measure": live._progress["turn"], **more}, [])


def ask_all(live):
    asked = 0
    while not live._progress["stop"]:
        ask(live)
        asked += 1
    return asked


# ---- in which thread ----------------------------------------------------------------------


class Loop:
    """Keeps what it is given for later, as the kernel's loop does while a cell runs."""

    def __init__(self):
        self.waiting = []

    def add_callback(self, work):
        self.waiting.append(work)


@pytest.fixture
def loop(monkeypatch):
    loop = Loop()
    shell = SimpleNamespace(kernel=SimpleNamespace(io_loop=loop))
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    return loop


def test_what_arrives_in_another_thread_waits_for_the_thread_of_the_cells(live, machine, loop):
    other = threading.Thread(target=ask, args=(live,))
    other.start()
    other.join()
    assert machine.ran == 0
    (work,) = loop.waiting
    work()
    assert machine.ran > 0
    assert live.measured


def test_what_arrives_in_the_thread_of_the_cells_is_done_at_once(live, machine, loop):
    ask(live)
    assert machine.ran > 0
    assert not loop.waiting


# ---- a step for each message --------------------------------------------------------------


def test_nothing_runs_before_it_is_asked_for(live, machine):
    assert machine.ran == 0
    assert live.measured == []
    assert live._progress["offer"] == "Start"
    assert live._progress["said"].startswith("Not measured yet.")
    assert not live.timings.points


def test_each_message_measures_one_size_and_no_more(live):
    for size in (1, 2, 4, 8):
        assert f"batches of {size}" in live._progress["doing"]
        ask(live)
        assert live.measured[-1] == size
        assert live._progress["share"] == len(live.measured) / 4
    assert live._progress["stop"]
    assert live._progress["offer"] == "Start again"


def test_a_long_size_takes_several_messages_of_limited_length(make, machine):
    live = make(calls={"slow": machine.call(SLICE / 3, 0)}, batch_sizes=[1, 2])
    lengths = []
    while not live._progress["stop"]:
        before = machine.now
        ask(live)
        lengths.append(machine.now - before)
    assert len(lengths) >= 4
    assert max(lengths) <= SLICE + SLICE  # one step is two calls where repeats are found
    assert live.measured == [1, 2]
    assert live.timings[2].median["slow"] == pytest.approx(SLICE / 3)


def test_an_order_that_was_overtaken_is_dropped(live, machine):
    stale = {"measure": live._progress["turn"]}
    ask(live)
    ran, turn = machine.ran, live._progress["turn"]
    live._handle_custom_msg(stale, [])
    assert (machine.ran, live._progress["turn"], live.measured) == (ran, turn, [1])


def test_start_again_counts_even_when_it_crosses_an_answer(live):
    ask(live)
    crossing = {"measure": live._progress["turn"], "again": True}
    ask(live)
    live._handle_custom_msg(crossing, [])
    assert live.measured == [1]


def test_the_page_is_told_in_one_message_for_each_step(live, sent):
    ask(live)
    told = [state for widget, state in sent if widget is live and state]
    assert [sorted(state) for state in told] == [["_pages", "_progress"]]


def test_a_step_within_a_size_sends_no_picture(make, machine, sent):
    live = make(calls={"slow": machine.call(SLICE, 0)})
    sent.clear()
    ask(live)
    told = [state for widget, state in sent if widget is live and state]
    assert [sorted(state) for state in told] == [["_progress"]]


def test_start_again_forgets_and_begins_with_the_first_size(live):
    ask(live)
    ask(live)
    ask(live, again=True)
    assert live.measured == [1]
    ask_all(live)
    ask(live)  # what the button sends when all is measured
    assert live.measured == [1]


def test_the_steps_of_page_and_python_go_together(live):
    ask(live)
    times = live.run()
    assert list(times) == live.measured == [1, 2, 4, 8]
    assert live._progress["stop"]
    live.clear()
    assert live.measured == []
    assert "Not measured yet" in live._pages["call"]


def test_measured_can_be_observed(live):
    heard = []
    live.observe(lambda change: heard.append(list(change["new"])), "measured")
    ask_all(live)
    assert heard == [[1], [1, 2], [1, 2, 4], [1, 2, 4, 8]]


# ---- run, interrupt, errors ---------------------------------------------------------------


def fails_at(size, kind, machine):
    """Return a call that raises at a size until it is mended."""
    state = {"broken": True}

    def run(batch):
        machine.now += 0.01
        if state["broken"] and len(batch) == size:
            raise kind("no memory\nfor this batch")

    return run, state


def test_an_interrupt_of_run_keeps_the_points_made(make, machine):
    call, state = fails_at(4, KeyboardInterrupt, machine)
    live = make(calls={"job": call})
    with pytest.raises(KeyboardInterrupt):
        live.run()
    assert list(live.timings) == live.measured == [1, 2]
    assert live._progress["offer"] == "Continue"
    state["broken"] = False
    assert list(live.run()) == [1, 2, 4, 8]


def test_an_interrupt_while_the_page_asks_stops_and_keeps(make, machine):
    call, state = fails_at(2, KeyboardInterrupt, machine)
    live = make(calls={"job": call})
    ask(live)
    ask(live)
    assert live._progress["stop"]
    assert live.measured == [1]
    assert live._error == ""
    state["broken"] = False
    ask(live)
    assert live.measured == [1, 2]
    assert not live._progress["stop"]


def test_an_error_is_shown_and_the_points_stay(make, machine):
    call, state = fails_at(4, RuntimeError, machine)
    live = make(calls={"job": call})
    assert ask_all(live) == 3
    assert live._error == "RuntimeError: no memory"
    assert live.measured == [1, 2]
    assert live._progress["offer"] == "Continue"
    state["broken"] = False
    ask(live)
    assert live._error == ""
    assert live.measured == [1, 2, 4]


def test_wrong_images_are_an_error_of_the_start_not_of_opening():
    live = LiveTimings(images=[1, 2, 3], methods=("predict",), model=object())
    ask(live)
    assert live._error
    assert live._progress["stop"]


def test_an_error_in_an_observer_does_not_stop_the_measuring(live):
    def fails(change):
        raise LookupError("mine")

    live.observe(fails, "measured")
    ask(live)
    assert live._error == "LookupError: mine"
    assert live.measured == [1]
    assert not live._progress["stop"]


# ---- what is shown ------------------------------------------------------------------------


def test_the_pages_are_well_formed_and_hold_chart_and_table(live):
    ask_all(live)
    for per, name in (("call", "Time per call"), ("sample", "Time per sample")):
        root = ET.fromstring(live._pages[per])
        assert root.tag == f"{XHTML}div"
        svg, table = root
        assert svg[0].text == f"{name} by batch size"
        assert len(table.findall(f".//{XHTML}tbody/{XHTML}tr")) == 4


def test_names_from_outside_stay_text(make, machine):
    live = make(calls={HOSTILE: machine.call(1, 0)}, batch_sizes=[1])
    live.run()
    for page in live._pages.values():
        assert not [e for e in ET.fromstring(page).iter() if e.tag.endswith("img")]
    bundle = live._repr_mimebundle_()[0]["text/html"]
    assert "<img src=x" not in bundle
    assert "&lt;img src=x" in bundle


def test_what_to_look_at_is_in_the_words(live):
    ask_all(live)
    said = live._progress["said"].split("\n")
    assert said[0] == "All batch sizes measured."
    assert "Quickest by samples a call: loop up to 4; batch at 8." in said
    assert live.timings.notes == tuple(said[1:])


def test_repeated_samples_are_said(make):
    assert "There are 20 samples; larger batches repeat them." not in make()._progress["said"]
    live = make(batch_sizes=[16, 64])
    assert "There are 20 samples; larger batches repeat them." in live._progress["said"]
    assert "repeat them" in live._repr_mimebundle_()[0]["text/html"]


def test_the_repr_is_stable_and_says_how_far(make):
    live = make()
    assert repr(live) == "LiveTimings(loop, batch; batches of 1 to 8; not measured yet)"
    ask(live)
    assert repr(live) == "LiveTimings(loop, batch; batches of 1 to 8; 1 of 4 batch sizes measured)"
    many = make(calls={f"a name of some length {n}": len for n in range(9)})
    assert len(repr(many)) < 110


def test_before_a_measurement_the_still_picture_has_no_numbers(live):
    page = live._repr_mimebundle_()[0]["text/html"]
    assert "not measured yet" in page
    assert " ms" not in re.sub('base64,[^"]*"', "", page)
    ask_all(live)
    page = live._repr_mimebundle_()[0]["text/html"]
    assert "not measured yet" not in page
    assert "loop: 2.00 ms with 1 sample, 9.00 ms with 8 samples." in page
    assert "<li>Quickest by samples a call:" in page


def test_per_chooses_what_is_drawn(live):
    ask_all(live)
    before = live._repr_mimebundle_()[0]
    live.per = "sample"
    after = live._repr_mimebundle_()[0]
    assert before["image/png"] != after["image/png"]
    assert "Time per sample by batch size" in after["text/html"]
    with pytest.raises(Exception, match="per"):
        live.per = "minute"


def test_numbers_are_plain_python(live):
    ask_all(live)
    assert live.timings[8].median["batch"] == pytest.approx(0.0068)
    assert live.timings.as_dict()[1]["loop"]["first_call"] == pytest.approx(0.002)
    assert live.table.columns == ("loop", "batch")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"batch_sizes": [0]}, "batch_sizes holds 0"),
        ({"batch_sizes": []}, "batch_sizes is empty"),
        ({"methods": ("predicts",)}, "Did you mean 'predict'"),
        ({"methods": (), "calls": None}, "nothing to time"),
        ({"rounds": 0}, "rounds is 0"),
    ],
)
def test_mistakes_are_named_at_once(options, says):
    with pytest.raises(ValueError, match=says):
        LiveTimings(**options)


def test_opening_and_looking_load_no_tensorflow(in_fresh_python):
    code = (
        "import sys; from kerasdemo.widgets import LiveTimings; live = LiveTimings()\n"
        "repr(live), live._repr_mimebundle_()\n"
        "print([m for m in ('tensorflow', 'keras', 'matplotlib') if m in sys.modules])\n"
        "print(live._progress['doing'])"
    )
    assert in_fresh_python(code).split("\n") == [
        "[]",
        "Loading the model, then 1 of 9: batches of 1",
    ]


def test_the_default_is_the_shipped_model_over_the_embedded_digits(in_fresh_python):
    code = (
        "from kerasdemo.widgets import LiveTimings\n"
        "live = LiveTimings(batch_sizes=[1, 4], rounds=1)\n"
        "turns = []\n"
        "while not live._progress['stop']:\n"
        "    turns.append(live._progress['doing'])\n"
        "    live._handle_custom_msg({'measure': live._progress['turn']}, [])\n"
        "print(live._error or sorted(live.timings[4].median), live._sweep.samples)\n"
        "print(turns[0]); print(turns[1])"
    )
    said, first, second = in_fresh_python(code).split("\n")[-3:]
    assert said == "['predict', 'predict_on_batch', 'predict_step'] 1797"
    assert first == "Loading the model, then 1 of 2: batches of 1"
    assert second == "1 of 2: batches of 1"
