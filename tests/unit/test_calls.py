"""One call, watched: what it says, what it leaves behind, and what the table makes of it."""

import threading

import numpy as np
import pytest
import small_models as models

from kerasdemo.agreement import agreement, difference_rows
from kerasdemo.calls import Call, call_summary, call_table, watch_call
from kerasdemo.error_lines import error_line
from kerasdemo.methods import METHODS
from kerasdemo.prediction import gather
from kerasdemo.spy import count_runs

IMAGES = models.images(7)


@pytest.fixture
def model():
    return models.functional()


@pytest.mark.parametrize("method", METHODS)
def test_a_watched_call_gives_what_the_method_gives(model, method):
    call = watch_call(model, IMAGES, method, batch_size=3)
    assert np.allclose(call.prediction.probabilities, model(IMAGES).numpy(), atol=1e-6)
    assert call.batches == 3
    assert 0 < call.seconds < 60
    assert "predict_step" not in vars(model)


def test_the_model_is_called_as_it_is(model):
    first, warm = (watch_call(model, IMAGES, "predict", batch_size=7) for _ in range(2))
    assert first.traced
    assert first.runs == (False,)
    assert not warm.traced
    assert warm.runs == ()
    other = watch_call(model, models.images(5), "predict", batch_size=7)
    assert other.traced  # another number of samples is another shape, so TensorFlow traces again
    assert watch_call(model, models.images(6), "predict", batch_size=7).runs == ()
    assert watch_call(model, IMAGES, "predict_step", batch_size=3).runs == (True,) * 3


def test_what_the_model_raises_comes_out_and_nothing_is_left_on_it(model):
    def fails(data):
        raise LookupError("not here")

    model.predict_step = fails
    for method in ("predict", "predict_step"):
        with pytest.raises(LookupError, match="not here"):
            watch_call(model, IMAGES, method, batch_size=3)
        assert model.predict_step is fails
    with pytest.raises(ValueError, match="For one image"):
        watch_call(model, IMAGES[0], "predict", batch_size=3)


def test_counters_in_two_threads_take_turns_and_both_go_away(model):
    inside, leave = threading.Event(), threading.Event()

    def first():
        with count_runs(model):
            inside.set()
            leave.wait(20)

    def second():
        with count_runs(model) as runs:
            model.predict_step(IMAGES)
        counts.append(len(runs))

    counts = []
    threads = [threading.Thread(target=work) for work in (first, second)]
    threads[0].start()
    assert inside.wait(20)
    threads[1].start()
    threads[1].join(0.3)
    assert counts == []
    leave.set()
    for thread in threads:
        thread.join(20)
    assert counts == [1]
    assert "predict_step" not in vars(model)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("first\nsecond"), "ValueError: first"),
        (ValueError(""), "ValueError"),
        (ValueError("\n\n  late  \n"), "ValueError: late"),
        (
            ValueError("Exception encountered when calling Dense.call().\n\n\x1b[1mbad\x1b[0m"),
            "ValueError: bad",
        ),
        (
            ValueError("Exception encountered when calling Dense.call()."),
            "ValueError: Exception encountered when calling Dense.call().",
        ),
        (KeyError("name"), "KeyError: 'name'"),
    ],
)
def test_an_error_in_one_line(error, words):
    assert error_line(error) == words


def prediction(method, rows):
    return gather(method, (np.asarray(rows, dtype="float32"),))


def test_rows_without_a_method_that_ran_are_empty():
    table = call_table({}, {}, methods=["predict", "call"])
    assert table.rows[0].cells == ("not run", "not run")
    assert len(table.rows) == 3
    assert not table.has_marks
    assert difference_rows({"predict": None}, exact=True) == []


def test_outputs_without_an_axis_of_classes_have_a_table():
    calls = {
        name: Call(name, prediction(name, [1, 2, 3]), seconds=0.001) for name in ("predict", "call")
    }
    rows = {row.label: row.cells for row in call_table(calls, {}, methods=list(calls)).rows}
    assert rows["classes named"] == ("no axis of classes",) * 2
    assert rows["within 1e-5 of predict"] == ("yes", "yes")
    assert call_summary(calls, list(calls))[0] == "The outputs agree."


def test_a_difference_beyond_the_listed_classes_is_marked():
    rows = np.eye(10)[np.arange(20) % 10]
    other = rows.copy()
    other[15] = rows[16]
    calls = {
        "predict": Call("predict", prediction("predict", rows), seconds=0.001),
        "call": Call("call", prediction("call", other), seconds=0.001),
    }
    table = call_table(calls, {}, methods=list(calls))
    named = next(row for row in table.rows if row.label == "classes named")
    assert named.marked()[1] == "≠ 0, 1, 2, 3, 4, 5, 6, 7, ... (1 of 20 differ)"


def test_agreement_of_one_sample_of_some_methods_and_of_nan():
    one = [prediction(name, [[0.2, 0.8]]) for name in ("predict", "call")]
    assert agreement(one) == "All methods name the same class for the sample."
    assert agreement(one, who="predict and call").startswith("predict and call name")
    odd = [one[0], prediction("call", [[np.nan, 0.8]])]
    assert agreement(odd).startswith("Outputs hold NaN")


def test_a_summary_names_who_raised_and_who_was_not_run():
    calls = {
        "predict": Call("predict", error="ValueError: no."),
        "call": Call("call", error="ValueError: no."),
    }
    assert call_summary(calls, ["predict", "call"]) == ("", "All methods raised ValueError: no.")
    said = call_summary(calls, ["predict", "call", "predict_step"])
    assert said == ("", "predict and call raised ValueError: no. Not run: predict_step.")
    assert call_summary({}, ["predict"]) == ("", "")
