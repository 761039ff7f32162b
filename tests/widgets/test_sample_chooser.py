"""SampleChooser in the kernel: values in, values out, words for what is wrong."""

import ipywidgets
import numpy as np
import pytest

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


def test_no_digits_at_all_make_a_chooser_too(digits):
    chooser = SampleChooser(digits[[]])
    assert repr(chooser) == "SampleChooser(0 digits, none chosen)"
    assert "image/png" in chooser._repr_mimebundle_()[0]


def test_the_page_gets_pixels_labels_and_predictions_as_bytes_once(digits, probabilities, sent):
    chooser = SampleChooser(digits, probabilities)
    state = chooser.get_state()
    assert state["_pixels"] == digits.pixels.tobytes()
    assert np.array_equal(np.frombuffer(state["_labels"], "<i4"), digits.labels)
    assert np.array_equal(np.frombuffer(state["_predicted"], "<i4"), probabilities.argmax(1))
    measures = np.frombuffer(state["_measures"], "<f4").reshape(3, 40)
    assert np.array_equal(measures[0], probabilities.max(1))
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
