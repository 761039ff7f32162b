"""DigitView and SoftmaxView in the kernel."""

import re

import numpy as np
import pytest

from kerasdemo.widgets import DigitView, SoftmaxView


@pytest.mark.parametrize(
    ("images", "shape", "batch"),
    [
        (np.zeros((28, 28)), "(28, 28)", "(1, 28, 28)"),
        (np.zeros((28, 28, 1)), "(28, 28, 1)", "(1, 28, 28, 1)"),
        (np.zeros((3, 28, 28), "uint8"), "(3, 28, 28)", "(1, 28, 28)"),
        (np.zeros((3, 28, 28, 1), "float32"), "(3, 28, 28, 1)", "(1, 28, 28, 1)"),
        (np.zeros((1, 8, 9), bool), "(1, 8, 9)", "(1, 8, 9)"),
    ],
)
def test_shape_and_type_are_told_as_they_are(images, shape, batch):
    facts = dict(DigitView(images)._facts())
    assert facts["shape of all"] == shape
    assert facts["as a batch for a model"] == batch
    assert facts["type of a value"] == str(images.dtype)


def test_digits_are_shown_as_the_model_is_given_them(digits):
    view = DigitView(digits)
    assert np.array_equal(view.images, digits.images)
    assert dict(view._facts())["type of a value"] == "float32"
    assert repr(view) == "DigitView(40 images, float32, showing 0, labelled 0)"


def rebuilt(view):
    """Return the values as the page reads them."""
    state = view.get_state()
    if state["_stored"] == "float32":
        return np.frombuffer(state["_values"], "<f4")
    values = np.frombuffer(state["_values"], "uint8")
    if state["_stored"] == "uint8/255":
        return np.float32(values / 255.0)
    return values


@pytest.mark.parametrize(
    ("make", "stored"),
    [
        (lambda digits: digits.images, "uint8/255"),
        (lambda digits: digits.pixels, "uint8"),
        (lambda digits: digits.pixels.astype("float32"), "float32"),
        (lambda digits: digits.images / np.float32(255), "float32"),
        (lambda digits: digits.images * np.float32(0.5), "float32"),
        (lambda digits: np.where(digits.images > 0.9, np.float32("nan"), digits.images), "float32"),
        (lambda digits: digits.pixels.astype("int64") - 50, "float32"),
    ],
)
def test_values_cross_in_the_smallest_type_that_loses_nothing(digits, make, stored):
    images = make(digits)
    view = DigitView(images)
    assert view.get_state()["_stored"] == stored
    assert np.array_equal(rebuilt(view), images.ravel(), equal_nan=images.dtype.kind == "f")


def test_the_image_shown_follows_the_index_and_stays_on_the_images(digits):
    view = DigitView(digits)
    first = view._repr_mimebundle_()[0]["image/png"]
    view.index = 12
    assert view._repr_mimebundle_()[0]["image/png"] != first
    assert "showing 12, labelled 2" in repr(view)
    for wrong in (40, -1):
        with pytest.raises(ValueError, match=f"There is no image {wrong}; expected 0 to 39"):
            view.index = wrong
    assert view.index == 12


def test_the_still_facts_say_which_of_how_many(digits):
    assert dict(DigitView(digits)._facts())["image"] == "0, of images 0 to 39"
    assert dict(DigitView(digits.images[3])._facts())["image"] == "0, the only one"


def test_a_wrong_index_from_the_page_is_shown_and_not_taken(digits):
    view = DigitView(digits)
    view.set_state({"index": 41})
    assert view._error == "ValueError: There is no image 41; expected 0 to 39."
    assert view.index == 0


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (np.zeros((2, 28, 28, 3)), None, r"\(2, 28, 28, 3\); expected one grey image"),
        (np.zeros((0, 28, 28)), None, "no images to show"),
        (np.zeros((2, 28, 28)), [1], "1 labels given for 2 images"),
    ],
)
def test_what_cannot_be_shown_is_refused(images, labels, words):
    with pytest.raises(ValueError, match=words):
        DigitView(images, labels)


def test_the_range_leaves_out_what_is_no_number():
    image = np.full((28, 28), 0.25)
    image[0, :2] = np.nan, np.inf
    image[1, 0] = 0.75
    assert dict(DigitView(image)._facts())["range of this image"] == "0.25 to 0.75"
    assert dict(DigitView(image * np.nan)._facts())["range of this image"] == "nan to nan"


# ---- SoftmaxView --------------------------------------------------------------------------


def test_a_softmax_is_said_in_its_repr(probabilities, digits):
    view = SoftmaxView(probabilities, labels=digits.labels)
    view.index = 7
    confidence = probabilities[7].max() * 100
    assert repr(view) == (
        "SoftmaxView(40 rows of 10 classes, showing 7: "
        f"labelled 7, predicted 8, {confidence:.1f} %)"
    )


def test_one_row_will_do():
    assert SoftmaxView([0.25, 0.75]).get_state()["_count"] == 1


def test_methods_cross_in_order_with_their_names(probabilities):
    view = SoftmaxView({"predict": probabilities, "predict_step": probabilities[:, ::-1]})
    state = view.get_state()
    assert state["_methods"] == ["predict", "predict_step"]
    rows = np.frombuffer(state["_rows"], "<f4").reshape(2, 40, 10)
    assert np.array_equal(rows[1], probabilities[:, ::-1])
    assert "from 2 methods" in repr(view)


class Result:
    def __init__(self, probabilities):
        self.probabilities = probabilities


def test_results_that_hold_probabilities_are_taken_as_they_are(probabilities):
    view = SoftmaxView({"predict": Result(probabilities), "step": Result(probabilities)})
    assert view.get_state()["_methods"] == ["predict", "step"]
    assert SoftmaxView(Result(probabilities)).get_state()["_count"] == 40


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: SoftmaxView(p * 30 - 10), "Are these logits"),
        (lambda p: SoftmaxView({"a": p, "b": p[:3]}), r"a: \(40, 10\), b: \(3, 10\); expected the"),
        (lambda p: SoftmaxView({}), "nothing; expected"),
        (lambda p: SoftmaxView(p[:0]), "no rows"),
        (lambda p: SoftmaxView(p[None]), r"shape \(1, 40, 10\).*expected floats"),
        (lambda p: SoftmaxView([["a", "b"]]), "expected floats"),
        (lambda p: SoftmaxView(p, labels=[1, 2]), r"labels have shape \(2,\); expected \(40,\)"),
        (lambda p: SoftmaxView(p, labels=np.full(40, 10)), "whole numbers from 0 to 9"),
        (lambda p: SoftmaxView(p, labels=np.full(40, 0.5)), "whole numbers from 0 to 9"),
        (lambda p: SoftmaxView(p, class_names=["a"]), "1 class_names given for 10"),
    ],
)
def test_what_is_no_softmax_is_refused_in_words(probabilities, make, words):
    with pytest.raises(ValueError, match=words):
        make(probabilities)


@pytest.mark.parametrize(
    ("name", "how", "numbers", "sure"),
    [
        ("p", "probabilities", [[0.2], [0.7]], ["0, 80.0 %", "1, 70.0 %"]),
        ("z", "logits", [[-3.0], [1.0]], ["0, 95.3 %", "1, 73.1 %"]),
    ],
)
def test_one_column_is_refused_with_the_line_that_makes_two(name, how, numbers, sure):
    """Shown as it came, its only class would be the most likely one of every sample."""
    column = np.array(numbers, "float32")
    with pytest.raises(ValueError, match=r"shape \(2, 1\); expected a column for each") as said:
        SoftmaxView(**{how: column})
    line = re.search(r"np\.concatenate\(.*\)", str(said.value))[0]
    view = SoftmaxView(**{how: eval(line, {"np": np, name: column})})
    for view.index, words in enumerate(sure):
        assert f"predicted {words}" in repr(view)


def test_rounding_is_no_reason_to_refuse():
    assert SoftmaxView([[1.0000002, -1e-9]])


def test_class_names_are_used_in_words(probabilities):
    names = [f"class {letter}" for letter in "abcdefghij"]
    view = SoftmaxView(probabilities, labels=np.arange(40) % 10, class_names=names)
    view.index = 3
    assert "labelled class d, predicted class d" in repr(view)
    assert "Most likely class d" in view._words()


def test_missing_numbers_are_shown_as_such(probabilities):
    view = SoftmaxView(np.full((1, 10), np.nan), labels=[3])
    assert "predicted NaN" in repr(view)
    assert "NaN" in view._repr_mimebundle_()[0]["text/html"]


def test_index_and_scale_take_only_what_is_there(probabilities):
    view = SoftmaxView(probabilities)
    with pytest.raises(ValueError, match="There is no row 40; expected 0 to 39"):
        view.index = 40
    with pytest.raises(Exception, match="linear"):
        view.scale = "cubic"
