"""SampleChooser in the kernel: values in, values out, words for what is wrong."""

import ipywidgets
import numpy as np
import pytest

from kerasdemo.view.softmax import softmax_facts
from kerasdemo.widgets import DigitView, SampleChooser


def test_what_is_chosen_comes_out_as_a_batch_in_the_order_chosen(digits):
    chooser = SampleChooser(digits, selected=[38, 5])
    assert chooser.selected == [38, 5]
    assert chooser.labels.tolist() == [8, 5]
    assert chooser.images.shape == (2, 28, 28, 1)
    assert chooser.images.dtype == np.float32
    assert np.array_equal(chooser.images[0, ..., 0], digits.pixels[38] / np.float32(255))
    assert chooser.digits.indices.tolist() == [138, 105]


def test_nothing_chosen_is_an_empty_batch_and_no_error(digits, probabilities):
    chooser = SampleChooser(digits, probabilities)
    assert chooser.selected == []
    assert chooser.images.shape == (0, 28, 28, 1)
    assert chooser.probabilities.shape == (0, 10)


def test_two_choosers_do_not_share_their_choice(digits):
    one, other = SampleChooser(digits), SampleChooser(digits)
    one.selected = [3]
    assert other.selected == []


def test_probabilities_of_the_chosen(digits, probabilities):
    chooser = SampleChooser(digits, probabilities, selected=[7])
    assert np.array_equal(chooser.probabilities, probabilities[[7]])
    assert SampleChooser(digits).probabilities is None


@pytest.mark.parametrize(
    "given", [np.array([4, 2]), (4, 2), iter([4, 2]), [np.int64(4), np.uint8(2)]]
)
def test_any_whole_numbers_will_do_and_become_a_plain_list(digits, given):
    chooser = SampleChooser(digits)
    chooser.selected = given
    assert chooser.selected == [4, 2]
    assert {type(position) for position in chooser.selected} == {int}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([99], "selected holds 99. Expected positions from 0 to 39"),
        ([-1], "selected holds -1. Expected positions from 0 to 39"),
        ([2.0], "selected holds 2.0"),
        (["5"], "selected holds '5'"),
        ("5, 38", "selected is '5, 38'"),
        (7, "selected is 7"),
        (None, "selected is None"),
        ([3, 1, 3], "selected holds 3 more than once"),
        (np.ones(40, dtype=bool), "np.flatnonzero(mask)"),
    ],
)
def test_what_cannot_be_chosen_is_refused_in_words_and_changes_nothing(digits, given, words):
    chooser = SampleChooser(digits, selected=[1])
    with pytest.raises(ValueError, match="selected") as caught:
        chooser.selected = given
    assert words in str(caught.value)
    assert chooser.selected == [1]
    with pytest.raises(ValueError, match="selected"):
        SampleChooser(digits, selected=given)


def test_the_cursor_stays_on_the_digits(digits):
    chooser = SampleChooser(digits)
    with pytest.raises(ValueError, match="There is no sample 40; expected 0 to 39"):
        chooser.current = 40
    assert chooser.current == 0


def test_what_are_no_digits_is_refused(digits):
    with pytest.raises(TypeError, match=r"ndarray; expected Digits. Try SampleChooser\(load_dig"):
        SampleChooser(digits.pixels)


def test_probabilities_must_fit_the_digits(digits, probabilities):
    with pytest.raises(ValueError, match=r"10 rows for 40 digits.*probabilities\[digits.indices\]"):
        SampleChooser(digits, probabilities[:10])
    with pytest.raises(ValueError, match="Are these logits"):
        SampleChooser(digits, probabilities * 12 - 3)
    with pytest.raises(ValueError, match=r"\(40, 1\).*np\.concatenate\(\[1 - p, p\], axis=-1\)"):
        SampleChooser(digits, probabilities[:, :1])


def test_no_digits_at_all_make_a_chooser_too(digits):
    chooser = SampleChooser(digits[[]])
    assert repr(chooser) == "SampleChooser(0 digits, none chosen)"
    assert "image/png" in chooser._repr_mimebundle_()[0]


FILTERS = {"digit": 3, "outcome": "wrong", "confidence": (0.5, 0.9), "order": "closest call"}


def test_what_is_shown_follows_the_filters_and_the_order(digits, probabilities):
    chooser = SampleChooser(digits, probabilities)
    assert chooser.shown == list(range(40))
    chooser.outcome = "wrong"
    assert chooser.shown == [7, 19]
    chooser.digit = 9
    assert chooser.shown == [19]
    chooser.outcome = "all"
    assert chooser.shown == [9, 19, 29, 39]
    chooser.order = "surest"
    assert chooser.shown == sorted([9, 19, 29, 39], key=lambda at: -probabilities[at].max())
    chooser.digit, chooser.order, chooser.confidence = None, "position", [0.5, 1]
    assert chooser.shown == [at for at in range(40) if probabilities[at].max() >= 0.5]


def test_the_order_is_by_confidence_entropy_or_margin(digits, probabilities):
    chooser = SampleChooser(digits, probabilities)
    facts = [softmax_facts(row) for row in probabilities]
    keys = {
        "position": lambda at: at,
        "least sure": lambda at: facts[at].confidence,
        "surest": lambda at: -facts[at].confidence,
        "most undecided": lambda at: -facts[at].entropy,
        "closest call": lambda at: facts[at].margin,
    }
    for order, key in keys.items():
        chooser.order = order
        assert chooser.shown == sorted(range(40), key=key), order


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_is_told_to_observers_and_to_the_page_in_one_message(
    digits, probabilities, sent, name
):
    chooser = SampleChooser(digits, probabilities)
    seen = []
    chooser.observe(lambda change: seen.append(change["new"]), name)
    setattr(chooser, name, FILTERS[name])
    assert seen == [FILTERS[name]]
    assert [state for _, state in sent] == [{name: FILTERS[name]}]


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_can_be_set_by_the_page(digits, probabilities, name):
    chooser = SampleChooser(digits, probabilities)
    value = FILTERS[name]
    chooser.set_state({name: list(value) if isinstance(value, tuple) else value})
    assert getattr(chooser, name) == value
    assert chooser._error == ""


@pytest.mark.parametrize(
    "given", [(0.9, 0.5), (-0.1, 1), (0, 1.1), (0.5,), (0, 0.5, 1), 0.5, None, "ab", (0, np.nan)]
)
def test_what_is_no_range_of_confidence_is_refused_and_changes_nothing(
    digits, probabilities, given
):
    chooser = SampleChooser(digits, probabilities)
    chooser.confidence = (0.25, 0.75)
    with pytest.raises(ValueError, match=r"confidence is .*two numbers from 0 to 1, the smaller"):
        chooser.confidence = given
    assert chooser.confidence == (0.25, 0.75)


def test_an_unknown_outcome_or_order_is_refused_with_what_there_is(digits, probabilities):
    chooser = SampleChooser(digits, probabilities)
    with pytest.raises(Exception, match="'right', 'wrong'"):
        chooser.outcome = "maybe"
    with pytest.raises(Exception, match="'closest call'"):
        chooser.order = "entropy"
    assert (chooser.outcome, chooser.order) == ("all", "position")


@pytest.mark.parametrize("name", ["outcome", "confidence", "order"])
def test_without_probabilities_a_filter_on_them_is_refused_in_words(digits, name):
    chooser = SampleChooser(digits)
    before = getattr(chooser, name)
    with pytest.raises(ValueError, match=f"{name} is about predictions, and this chooser has none"):
        setattr(chooser, name, FILTERS[name])
    assert getattr(chooser, name) == before
    setattr(chooser, name, before)
    chooser.digit = 3
    assert chooser.shown == [3, 13, 23, 33]


def test_the_still_picture_shows_the_filtered_digits_and_says_why(digits, probabilities):
    chooser = SampleChooser(digits, probabilities)
    assert chooser._words().startswith("The first digits, none chosen. 24 handwritten digits")
    assert "shown" not in dict(chooser._facts())
    chooser.outcome, chooser.confidence, chooser.order = "wrong", (0.125, 1), "surest"
    words = "2 of 40: predicted wrong, confidence 12.5 to 100 %, surest first (confidence)"
    assert dict(chooser._facts())["shown"] == words
    labels = digits.labels[chooser.shown]
    assert chooser._words() == (
        "The first of the digits shown, none chosen. "
        f"2 handwritten digits, labelled {labels[0]}, {labels[1]}."
    )
    before = chooser._picture()
    chooser.selected = [3]
    assert chooser._words() == "The chosen digits. A handwritten digit, labelled 3."
    assert chooser._picture() != before
    chooser.selected, chooser.digit = [], 0
    assert dict(chooser._facts())["shown"].startswith("0 of 40: labelled 0, predicted wrong")
    assert "image/png" in chooser._repr_mimebundle_()[0]


def test_the_page_gets_pixels_labels_and_predictions_as_bytes_once(digits, probabilities, sent):
    chooser = SampleChooser(digits, probabilities)
    state = chooser.get_state()
    assert state["_pixels"] == digits.pixels.tobytes()
    assert np.array_equal(np.frombuffer(state["_labels"], "<i4"), digits.labels)
    assert np.array_equal(np.frombuffer(state["_predicted"], "<i4"), probabilities.argmax(1))
    measures = np.frombuffer(state["_measures"], "<f4").reshape(3, 40)
    assert np.array_equal(measures[0], probabilities.max(1))
    assert state["_menu"][:2] == [("", "all"), ("0", "0  (4)")]
    chooser.selected = [2]
    chooser.current = 9
    assert [state for _, state in sent] == [{"selected": [2]}, {"current": 9}]


def test_what_the_page_sends_reaches_observers(digits):
    chooser = SampleChooser(digits)
    seen = []
    chooser.observe(lambda change: seen.append(change["new"]), "selected")
    chooser.set_state({"selected": [4, 6], "current": 6})
    assert seen == [[4, 6]]
    assert chooser.current == 6


def test_an_error_in_a_callback_is_shown_and_logged_and_gone_at_the_next_success(digits, caplog):
    chooser = SampleChooser(digits)

    def fails(change):
        if change["new"] == [4]:
            raise KeyError("no such model\nand a second line")

    chooser.observe(fails, "selected")
    chooser.set_state({"selected": [4]})
    assert chooser._error == "KeyError: 'no such model\\nand a second line'"
    assert "SampleChooser: error in a callback" in caplog.text
    assert "in fails" in caplog.text
    assert chooser.selected == [4]
    chooser.set_state({"selected": [5]})
    assert chooser._error == ""


def test_only_the_first_line_of_an_error_is_shown(digits):
    chooser = SampleChooser(digits)

    def fails(change):
        raise RuntimeError("first\nsecond")

    chooser.observe(fails, "current")
    chooser.set_state({"current": 3})
    assert chooser._error == "RuntimeError: first"


def test_an_error_in_a_callback_of_your_own_assignment_is_yours(digits):
    chooser = SampleChooser(digits)

    def fails(change):
        raise RuntimeError("mine")

    chooser.observe(fails, "selected")
    with pytest.raises(RuntimeError, match="mine"):
        chooser.selected = [1]


def test_the_cursor_links_to_another_view(digits):
    chooser, view = SampleChooser(digits), DigitView(digits)
    ipywidgets.link((chooser, "current"), (view, "index"))
    chooser.set_state({"current": 17})
    assert view.index == 17
    view.index = 3
    assert chooser.current == 3


def test_a_link_to_a_view_with_fewer_images_says_so_in_the_chooser(digits):
    chooser, view = SampleChooser(digits), DigitView(digits[:5])
    ipywidgets.link((chooser, "current"), (view, "index"))
    chooser.set_state({"current": 17})
    assert chooser._error == "ValueError: There is no image 17; expected 0 to 4."


def test_widgets_go_into_boxes(digits):
    box = ipywidgets.HBox([SampleChooser(digits), DigitView(digits)])
    assert len(box.children) == 2


def test_the_repr_is_short_and_holds_no_address(digits):
    chooser = SampleChooser(digits, selected=range(12))
    assert repr(chooser) == "SampleChooser(40 digits, 12 chosen: 0, 1, 2, 3, 4, 5, 6, 7, ...)"
    assert repr(chooser) == repr(SampleChooser(digits, selected=range(12)))


def test_a_row_with_nan_is_no_class_in_the_still_picture_either(digits):
    rows = np.full((len(digits), 10), 0.1, dtype="float32")
    rows[5] = np.nan
    rows[6, 3] = 0.9
    chooser = SampleChooser(digits, rows, selected=[5, 6])
    assert chooser._caption(5) == f"5: {digits.labels[5]} as NaN"
    assert chooser._caption(6) == f"6: {digits.labels[6]} as 3"
    assert dict(chooser._facts())["predicted"] == "NaN, 3 (90.0 %)"
