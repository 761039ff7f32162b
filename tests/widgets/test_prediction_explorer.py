"""PredictionExplorer in the kernel: real models, and the messages that its page would send."""

import re
import xml.etree.ElementTree as ET

import keras
import numpy as np
import pytest

from kerasdemo.widgets.prediction_explorer import PredictionExplorer

METHODS = ["predict", "predict_on_batch", "predict_step"]


class Classifier(keras.Model):
    """Ten classes; what is called is written down, and any method can be made to raise."""

    def __init__(self, classes=10, activation="softmax"):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(classes, activation=activation)
        self.asked, self.trouble, self.scale = [], {}, 1.0
        self(np.zeros((1, 28, 28, 1), dtype="float32"))

    def call(self, x, training=False):
        return self.scale * self.dense(self.flatten(x))

    def _note(self, method):
        self.asked.append(method)
        if method in self.trouble:
            raise self.trouble[method]

    def predict(self, *arguments, **options):
        self._note("predict")
        return super().predict(*arguments, **options)

    def predict_on_batch(self, x):
        self._note("predict_on_batch")
        return super().predict_on_batch(x)


class Stepping(Classifier):
    """Its own step raises, also while predict traces it."""

    def predict_step(self, data):
        raise TypeError("no step today\nand a second line")


@pytest.fixture(scope="module")
def shared():
    keras.utils.set_random_seed(3)
    return Classifier()


@pytest.fixture
def model(shared):
    shared.asked.clear()
    shared.trouble.clear()
    return shared


@pytest.fixture
def explorer(model, digits):
    return PredictionExplorer(model, digits, selected=[5, 38])


def ask(explorer, at):
    """Send the page's message."""
    explorer._handle_custom_msg({"at": at, "samples": list(explorer.selected)}, [])


def press_run(explorer, until=99):
    """Do what the page does after a click on Run; return what it heard."""
    at, heard = 0, []
    while at >= 0 and len(heard) < until:
        ask(explorer, at)
        at = explorer._doing[1]
        heard.append(at)
    return heard


def cells(explorer, label, **options):
    """Return one row of the table, as a reader sees it."""
    return next(row.marked() for row in explorer.table(**options).rows if row.label == label)


# ---- made, and nothing done ---------------------------------------------------------------


def test_nothing_is_predicted_until_it_is_asked_for(model, digits):
    before = model.predict_function
    explorer = PredictionExplorer(model, digits, selected=[5, 38], live=True)
    explorer._repr_mimebundle_()
    assert model.asked == []
    assert model.predict_function is before
    assert explorer.predictions == {} == explorer.calls
    assert explorer.ran == []
    assert explorer.runs == 0
    assert repr(explorer) == "PredictionExplorer(40 digits, 2 chosen: 5, 38; nothing run)"
    assert repr(explorer.table()).startswith("Nothing was run yet.")


def test_it_is_a_chooser(explorer, digits, probabilities, model):
    explorer.selected = [7, 1]
    assert explorer.labels.tolist() == [7, 1]
    assert explorer.images.shape == (2, 28, 28, 1)
    with pytest.raises(ValueError, match="selected holds 99"):
        explorer.selected = [99]
    filtered = PredictionExplorer(model, digits, probabilities, selected=[7])
    assert np.array_equal(filtered.probabilities, probabilities[[7]])


def test_the_embedded_digits_are_the_default(model):
    assert repr(PredictionExplorer(model)).startswith("PredictionExplorer(1797 digits, none")


def test_the_pixels_are_sent_once(explorer, digits):
    state = explorer.get_state()
    held = [name for name, value in state.items() if value == digits.pixels.tobytes()]
    assert held == ["_pixels"]


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"model": "digits"}, TypeError, "the model comes first"),
        ({"digits": np.zeros((3, 28, 28))}, TypeError, "expected Digits"),
        ({"methods": ["predictstep"]}, ValueError, "Did you mean 'predict_step'"),
        ({"methods": []}, ValueError, "no method to run"),
        ({"batch_size": 0}, ValueError, "from 1 to 256"),
        ({"batch_size": 257}, ValueError, "from 1 to 256"),
        ({"batch_size": 32.0}, ValueError, "batch_size is 32.0"),
        ({"selected": [40]}, ValueError, "selected holds 40"),
    ],
)
def test_what_cannot_work_is_refused_in_words(model, digits, change, kind, words):
    arguments = {"model": model, "digits": digits, **change}
    with pytest.raises(kind, match=words):
        PredictionExplorer(**arguments)


# ---- run ----------------------------------------------------------------------------------


def test_run_gives_what_the_methods_give(explorer, model):
    answers = explorer.run()
    assert list(answers) == METHODS == [*model.asked, "predict_step"]
    wanted = model(explorer.images).numpy()
    for method in METHODS:
        assert np.allclose(answers[method].probabilities, wanted, atol=1e-6)
        assert explorer.predictions[method] is answers[method]
    assert explorer.ran == [5, 38]
    assert explorer.runs == 1
    assert explorer._doing[1] == -1
    assert repr(explorer).endswith("2 chosen: 5, 38; 2 run by 3 of 3 methods)")


def test_the_table_lays_the_methods_side_by_side(explorer):
    answers = explorer.run()
    table = explorer.table()
    assert list(table.columns) == METHODS
    assert table.title == "2 samples: 5, 38, as one batch"
    assert cells(explorer, "returns") == ["numpy.ndarray", "numpy.ndarray", "≠ EagerTensor"]
    assert cells(explorer, "shape") == ["(2, 10)"] * 3
    assert cells(explorer, "batches") == ["1"] * 3
    named = ", ".join(str(name) for name in answers["predict"].classes)
    assert cells(explorer, "classes named") == [named] * 3
    assert cells(explorer, "within 1e-5 of predict") == ["yes"] * 3
    assert explorer._agreed == "All methods name the same class for all 2 samples."
    assert explorer._wrong == ""


def test_the_first_call_is_told_apart_and_whether_it_traced(digits):
    explorer = PredictionExplorer(Classifier(), digits, selected=[1])
    explorer.run()
    assert cells(explorer, "predict_step runs") == ["1 (tracing)"] * 2 + ["≠ 1 (eager)"]
    assert cells(explorer, "first call here") == ["this one, traced"] * 2 + ["this one"]
    first = [call.seconds for call in explorer.calls.values()]
    explorer.run()
    assert cells(explorer, "predict_step runs") == ["0", "0", "≠ 1 (eager)"]
    milliseconds = [float(cell.split(" ")[0]) for cell in cells(explorer, "first call here")]
    assert milliseconds == pytest.approx([seconds * 1000 for seconds in first], rel=0.01)
    assert [", traced" in cell for cell in cells(explorer, "first call here")] == [
        True,
        True,
        False,
    ]
    assert "ms" in cells(explorer, "time of this call")[0]


def test_without_times_the_table_is_the_same_each_time(explorer):
    explorer.run()
    explorer.run()
    once = repr(explorer.table(timings=False))
    explorer.run()
    assert repr(explorer.table(timings=False)) == once
    assert " ms" not in once
    assert " ms" in repr(explorer.table())


def test_large_choices_are_cut_into_batches(model, digits):
    explorer = PredictionExplorer(model, digits, selected=range(20), batch_size=8)
    answers = explorer.run()
    assert cells(explorer, "batches") == ["3", "3", "3"]
    assert [len(part) for part in answers["predict_on_batch"].returned] == [8, 8, 4]
    assert "in batches of 8: predict cuts them itself" in explorer.table().title
    assert cells(explorer, "classes named")[0].endswith(", ...")


def test_other_classes_are_counted_and_said(model, digits):
    class Odd(Classifier):
        def predict_on_batch(self, x):
            return np.roll(super().predict_on_batch(x), 1, axis=-1)

    explorer = PredictionExplorer(Odd(), digits, selected=range(12))
    explorer.run()
    cell = cells(explorer, "classes named")[1]
    assert cell.startswith("≠")
    assert cell.endswith("(12 of 12 differ)")
    assert cells(explorer, "within 1e-5 of predict")[1] == "≠ NO"
    assert explorer._agreed == "The methods do NOT name the same classes."


def test_methods_can_be_chosen(model, digits):
    explorer = PredictionExplorer(model, digits, selected=[3], methods=["call", "predict"])
    assert list(explorer.run()) == ["call", "predict"]
    assert cells(explorer, "within 1e-5 of call") == ["yes", "yes"]
    one = PredictionExplorer(model, digits, selected=[3], methods="predict_step")
    assert list(one.run()) == ["predict_step"]
    assert one._agreed == "Done."


def test_nothing_chosen_or_far_too_much_is_said(explorer, model, digits):
    explorer.selected = []
    with pytest.raises(ValueError, match=r"explorer.selected = \[5, 38\]"):
        explorer.run()
    press_run(explorer)
    assert explorer._wrong.startswith("Nothing is chosen. Click some digits")
    assert model.asked == []
    assert explorer._doing[1] == -1
    assert explorer._error == ""
    explorer.selected = [1]
    assert explorer._wrong == "", "what was refused before is past"
    press_run(explorer)
    assert explorer._wrong == ""
    crowd = PredictionExplorer(model, digits[np.zeros(10_001, dtype=int)], selected=range(10_001))
    with pytest.raises(ValueError, match="10,001 samples are chosen; a run takes at most 10,000"):
        crowd.run()


# ---- asked by the page --------------------------------------------------------------------


def test_the_page_asks_method_by_method_and_hears_which_comes_next(explorer, model):
    assert press_run(explorer, until=1) == [1]
    assert model.asked == ["predict"]
    assert explorer.runs == 0
    assert explorer.ran == []
    ask(explorer, 1)
    ask(explorer, 2)
    assert explorer._doing[1] == -1
    assert explorer.runs == 1
    assert list(explorer.predictions) == METHODS


def test_each_answer_to_the_page_is_one_message(explorer, sent):
    for at in range(3):
        sent.clear()
        ask(explorer, at)
        assert len(sent) == 1
        assert "_doing" in sent[0][1]
    assert {"ran", "runs", "_bars", "_page", "_agreed", "_doing"} <= set(sent[0][1])


def test_the_page_hears_of_the_end_even_when_the_kernel_knew_it(model, digits, sent):
    one = PredictionExplorer(model, digits, selected=[3], methods="predict_step")
    sent.clear()
    ask(one, 0)
    assert [state["_doing"][1] for _, state in sent] == [-1]


def test_a_stop_shows_what_there_is(explorer, model):
    press_run(explorer, until=1)
    ask(explorer, -1)
    assert model.asked == ["predict"]
    assert list(explorer.predictions) == ["predict"]
    assert explorer.runs == 1
    assert explorer._doing[1] == -1
    assert cells(explorer, "returns") == ["numpy.ndarray", "≠ not run", "≠ not run"]
    assert "Not run: predict_on_batch, predict_step." in explorer._wrong
    ask(explorer, -1)
    assert explorer.runs == 1


def test_a_newer_run_takes_the_place_of_one_under_way(explorer):
    press_run(explorer, until=2)
    explorer.selected = [1, 2, 3]
    assert press_run(explorer) == [1, 2, -1]
    assert explorer.ran == [1, 2, 3]
    assert explorer.runs == 1
    ask(explorer, 2)  # a late message of the old one
    assert explorer.runs == 1
    assert explorer._doing[1] == -1


def test_what_is_chosen_meanwhile_does_not_mix_into_a_run(explorer):
    press_run(explorer, until=1)
    explorer.selected = [1, 2, 3]
    for at in (1, 2):
        ask(explorer, at)
    assert explorer.ran == [5, 38]
    assert {len(each.probabilities) for each in explorer.predictions.values()} == {2}


def test_what_the_page_has_chosen_counts_though_the_kernel_was_not_told_yet(explorer):
    explorer._handle_custom_msg({"at": 0, "samples": [1, 2]}, [])
    ask(explorer, -1)
    assert explorer.ran == [1, 2]
    assert explorer.selected == [5, 38]
    explorer._handle_custom_msg({"at": 0, "samples": [99]}, [])
    assert explorer._error.startswith("ValueError: selected holds 99")
    assert explorer._doing[1] == -1


def test_no_two_messages_on_what_is_done_are_the_same(explorer, sent):
    for _ in range(2):
        explorer.selected = []
        press_run(explorer)
    said = [state["_doing"] for _, state in sent if "_doing" in state]
    assert len({tuple(each) for each in said}) == len(said) == 2


def test_a_run_shows_one_of_its_samples_but_live_leaves_the_cursor(explorer):
    explorer.current = 20
    explorer.run()
    assert explorer.current == 5
    explorer.current = 38
    explorer.run()
    assert explorer.current == 38
    explorer.current = 20
    explorer.live = True
    explorer.selected = [7]
    assert explorer.ran == [7]
    assert explorer.current == 20


def test_bars_are_sent_as_bytes_method_by_method(explorer):
    answers = explorer.run()
    rows = np.frombuffer(explorer._bars["_rows"], "<f4").reshape(3, 2, 10)
    for row, answer in zip(rows, answers.values(), strict=True):
        assert np.array_equal(row, answer.probabilities)
    assert explorer._bars["_methods"] == METHODS
    assert explorer._bars["_labels"] == [5, 8]
    assert explorer._bars["_count"] == 2
    assert explorer._bars["_why"] == ""


def test_the_page_is_strict_xml_with_every_mark(explorer):
    explorer.run()
    page = ET.fromstring(explorer._page)
    assert "≠ EagerTensor" in [
        strong.text for strong in page.iter() if strong.tag.endswith("strong")
    ]
    assert page.tag == "{http://www.w3.org/1999/xhtml}div"


# ---- live ---------------------------------------------------------------------------------


def test_live_runs_each_choice_from_code_and_from_the_page(explorer, model):
    explorer.live = True
    assert explorer.ran == [5, 38]
    explorer.selected = [7]
    assert explorer.ran == [7]
    explorer.set_state({"selected": [7, 8]})
    assert explorer.ran == [7, 8]
    assert explorer.runs == 3
    explorer.selected = []
    assert explorer.ran == [7, 8]
    explorer.live = False
    explorer.selected = [1]
    assert explorer.ran == [7, 8]
    assert len(model.asked) == 6


def test_live_does_not_run_the_same_again(explorer, model):
    explorer.run()
    model.asked.clear()
    explorer.live = True
    assert model.asked == []


def test_live_leaves_a_crowd_to_the_button(model, digits):
    explorer = PredictionExplorer(model, digits[np.zeros(300, dtype=int)], live=True)
    explorer.selected = range(257)
    assert model.asked == []
    assert "at most 256 samples are run. Press Run" in explorer._wrong
    explorer.selected = range(2)
    assert explorer.ran == [0, 1]
    assert explorer._wrong == ""
    explorer.selected = range(257)
    assert "at most 256" in explorer._wrong
    explorer.selected = range(2)
    assert explorer._wrong == "", "ran already, and no crowd"
    explorer.selected = range(257)
    press_run(explorer)
    assert len(explorer.ran) == 257


def test_observers_hear_of_each_run_with_its_results(explorer):
    heard = []
    explorer.observe(lambda change: heard.append((change.new, list(explorer.predictions))), "runs")
    explorer.run()
    press_run(explorer)
    assert heard == [(1, METHODS), (2, METHODS)]


def test_an_error_of_an_observer_is_shown_and_the_page_is_not_left_waiting(explorer):
    def fails(change):
        raise LookupError("observer's own")

    explorer.observe(fails, "runs")
    press_run(explorer)
    assert explorer._error == "LookupError: observer's own"
    assert explorer._doing[1] == -1
    assert explorer.ran == [5, 38]


# ---- errors -------------------------------------------------------------------------------


def test_a_method_that_raises_does_not_keep_the_others_back(explorer, model, caplog):
    model.trouble["predict_on_batch"] = ValueError("no batch\x00 & <b>today</b>\nsecond line")
    assert press_run(explorer) == [1, 2, -1]
    assert list(explorer.predictions) == ["predict", "predict_step"]
    error = "ValueError: no batch & <b>today</b>"
    assert explorer.calls["predict_on_batch"].error == error
    assert cells(explorer, "returns")[1] == f"≠ {error}"
    assert cells(explorer, "shape")[1] == ""
    assert explorer._wrong == f"predict_on_batch raised {error}."
    same = "predict and predict_step name the same class for all 2 samples."
    assert explorer._agreed == same
    assert explorer._bars["_methods"] == ["predict", "predict_step"]
    assert explorer._bars["_why"] == ""
    assert "predict_on_batch raised" in caplog.text
    assert "second line" in caplog.text
    ET.fromstring(explorer._page)
    assert explorer._error == ""


def test_when_the_first_method_raises_nothing_is_marked_against_it(explorer, model):
    model.trouble["predict"] = ValueError("no")
    explorer.run()
    assert cells(explorer, "returns") == ["ValueError: no", "numpy.ndarray", "EagerTensor"]
    assert cells(explorer, "within 1e-5 of predict_on_batch") == ["", "yes", "yes"]
    assert "classes named" in [row.label for row in explorer.table().rows]


def test_an_error_of_every_method_is_said_once_and_another_model_mends_it(digits, model):
    explorer = PredictionExplorer(Stepping(), digits, selected=[5, 38])
    press_run(explorer)
    assert explorer.predictions == {}
    assert explorer._wrong == "All methods raised TypeError: no step today."
    assert explorer._bars["_why"].startswith("No method has an answer")
    assert repr(explorer).endswith("2 run by 0 of 3 methods)")
    explorer._repr_mimebundle_()
    explorer.model = model
    assert explorer.ran == []
    assert explorer._wrong == ""
    assert explorer._bars["_why"].startswith("Nothing was")
    press_run(explorer)
    assert list(explorer.predictions) == METHODS
    assert explorer._wrong == ""


def test_another_model_forgets_the_first_calls_and_runs_live(explorer):
    explorer.live = True
    explorer.model = Classifier()
    assert explorer.ran == [5, 38]
    assert cells(explorer, "first call here")[0] == "this one, traced"
    with pytest.raises(TypeError, match="expected a Keras model"):
        explorer.model = None
    assert explorer.ran == [5, 38]


def test_a_model_for_other_images_says_so(digits):
    small = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    explorer = PredictionExplorer(small, digits, selected=[5])
    explorer.run()
    assert explorer.predictions == {}
    assert (
        "ValueError: images have shape (1, 28, 28, 1); a batch needs (n, 8, 8, 1)"
        in explorer._wrong
    )


def test_outputs_without_classes_have_a_table_and_no_bars(digits):
    explorer = PredictionExplorer(Classifier(1, "sigmoid"), digits, selected=[5, 38])
    explorer.run()
    assert "returned shape (2, 1)" in explorer._bars["_why"]
    assert len(explorer.predictions) == 3
    assert "≠ EagerTensor" in explorer._page
    explorer._repr_mimebundle_()


def test_logits_are_known_as_such_and_drawn_as_their_softmax(digits):
    model = Classifier(10, None)
    model.scale = 100.0
    explorer = PredictionExplorer(model, digits, selected=[5, 38])
    rows = explorer.run()["predict"].probabilities
    assert explorer._bars["_why"] == ""
    assert explorer._bars["_logits"] is True
    assert np.frombuffer(explorer._bars["_rows"], "<f4")[:20].tolist() == rows.ravel().tolist()
    share = np.exp(rows[0] - rows[0].max())
    percent = 100 * share.max() / share.sum()
    said = re.search(r"Sample 5: Most likely (\d) \(([^)]*) %\)", explorer._words())
    assert int(said[1]) == rows[0].argmax()
    assert float(said[2].strip("> ")) == pytest.approx(percent, abs=0.11)
    explorer.model = Classifier()
    explorer.run()
    assert explorer._bars["_logits"] is False


def test_a_model_with_other_classes_has_bars_for_them(digits):
    explorer = PredictionExplorer(Classifier(12), digits, selected=[5, 38])
    explorer.run()
    assert explorer._bars["_class_names"] == [str(place) for place in range(12)]
    assert len(explorer._bars["_rows"]) == 3 * 2 * 12 * 4


def test_a_step_that_returns_a_dict_is_shown_beside_the_others(digits):
    class Dict(Classifier):
        def predict_step(self, data):
            x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
            p = self(x, training=False)
            return {"probabilities": p, "classes": keras.ops.argmax(p, axis=-1)}

    explorer = PredictionExplorer(Dict(), digits, selected=[5, 38])
    explorer.run()
    assert cells(explorer, "returns") == [
        "dict of numpy.ndarray",
        "dict of numpy.ndarray",
        "≠ dict of EagerTensor",
    ]
    assert explorer._bars["_why"] == ""


def test_an_interrupt_from_the_page_ends_the_run_and_leaves_all_usable(explorer, model):
    model.trouble["predict_on_batch"] = KeyboardInterrupt()
    assert press_run(explorer) == [1, -1]
    assert list(explorer.predictions) == ["predict"]
    assert explorer._wrong == "predict_on_batch raised KeyboardInterrupt. Not run: predict_step."
    model.trouble.clear()
    assert press_run(explorer) == [1, 2, -1]
    assert explorer._wrong == ""


def test_an_interrupt_of_a_cell_reaches_the_cell_and_leaves_all_usable(explorer, model):
    model.trouble["predict_on_batch"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        explorer.run()
    assert explorer._doing[1] == -1
    assert list(explorer.predictions) == ["predict"]
    model.trouble.clear()
    assert len(explorer.run()) == 3


# ---- without a kernel ---------------------------------------------------------------------


def test_a_saved_notebook_shows_what_was_run_without_its_times(explorer):
    before = explorer._repr_mimebundle_()[0]
    assert "nothing" in before["text/html"]
    explorer.run()
    explorer.run()
    after = explorer._repr_mimebundle_()[0]
    assert before["image/png"] != after["image/png"]
    page = after["text/html"]
    assert "<strong>≠ EagerTensor</strong>" in page
    assert "All methods name the same class for all 2 samples." in page
    assert not re.search(r"\d ms|style=|<script", page)
    assert re.search(r'alt="[^"]*Sample 5: Most likely', page)
    explorer.current = 38
    assert "Sample 38: Most likely" in explorer._repr_mimebundle_()[0]["text/html"]
    explorer.run()
    again = explorer._repr_mimebundle_()[0]["text/html"]
    assert again == explorer._repr_mimebundle_()[0]["text/html"]
    assert len(again) + len(after["image/png"]) < 60_000
