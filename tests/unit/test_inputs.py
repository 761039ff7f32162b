"""Each input that cannot work gets the sentence that mends it; following the sentence works."""

import re

import good_pairs
import numpy as np
import pytest
import small_models as models

import kerasdemo as kd
from kerasdemo.inputs import check_images
from kerasdemo.methods import METHODS, run

GOOD = models.images(3)


@pytest.fixture(scope="module")
def model():
    return models.functional()


@pytest.mark.parametrize(
    ("wrong", "says", "mend"),
    [
        (GOOD[0], r"For one image: image\[None\]", lambda x: x[None]),
        (
            GOOD[0, ..., 0],
            r"For one image: image\[None, \.\.\., None\]",
            lambda x: x[None, ..., None],
        ),
        (GOOD[..., 0], r"channel axis is missing: images\[\.\.\., None\]", lambda x: x[..., None]),
        (list(GOOD), r"np\.stack\(images\)", np.stack),
        (tuple(GOOD), r"np\.stack\(images\)", np.stack),
        ([GOOD, GOOD[:1]], r"np\.concatenate\(images\)", np.concatenate),
        ((GOOD, np.arange(3)), r"batch out of it: images\[0\]", lambda x: x[0]),
        ([GOOD, np.eye(3)], r"batch out of it: images\[0\]", lambda x: x[0]),
        (GOOD.astype(str), r'astype\("float32"\)', lambda x: x.astype("float32")),
        (GOOD.astype(object), r'astype\("float32"\)', lambda x: x.astype("float32")),
    ],
)
def test_the_mend_in_the_message_works(model, wrong, says, mend):
    for method in METHODS:
        with pytest.raises((ValueError, TypeError), match=says):
            run(model, wrong, method)
    assert run(model, mend(wrong)).probabilities.shape[1] == 4


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (np.zeros((3, 8, 8, 1)), "another size"),
        (np.zeros((3, 6, 6, 3)), "another size"),
        (np.zeros((3, 36)), "Reshape"),
        (GOOD[:0], "no samples"),
        (np.float32(1), "single number"),
        ("images", "needs an array"),
        (None, "needs an array"),
        (7, "needs an array"),
    ],
)
def test_what_cannot_work_is_named(model, wrong, says):
    with pytest.raises((ValueError, TypeError), match=says):
        check_images(model, wrong)


def test_a_dataset_gets_the_line_for_its_first_batch(model):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(GOOD).batch(2)
    with pytest.raises(TypeError, match=r"next\(iter\(dataset\)\)"):
        run(model, dataset)
    assert run(model, next(iter(dataset)), "predict_step").probabilities.shape == (2, 4)


def typed(error, **names):
    """Run the expression that a message says to type."""
    line = re.search(r"(?:next|np|images|digits)[.(\[].*?(?=\.? |\.$)", str(error.value))[0]
    return eval(line, {"np": np, **names})


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_a_dataset_with_labels_gets_the_line_that_leaves_them_out(model, parts):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((GOOD, np.arange(3), np.ones(3))[:parts]).batch(2)
    with pytest.raises(TypeError, match=r"Type next\(iter\(dataset\)\)\[0\] for") as error:
        kd.compare(model, dataset)
    for method in METHODS:
        found = run(model, typed(error, dataset=dataset), method)
        assert np.allclose(found.probabilities, run(model, GOOD[:2]).probabilities, atol=1e-6)


@pytest.mark.parametrize("wrong", [(GOOD, np.arange(3)), [GOOD, GOOD], list(GOOD), [GOOD]])
def test_what_a_list_is_told_to_become_can_be_compared(model, wrong):
    with pytest.raises(ValueError, match="several inputs, not for several samples") as error:
        kd.compare(model, wrong)
    found = run(model, typed(error, images=wrong)).probabilities
    assert np.allclose(found[:3], run(model, GOOD).probabilities, atol=1e-6)


@pytest.mark.parametrize("wrong", [[], ()])
def test_nothing_at_all_is_not_told_to_be_stacked(wrong):
    model, digits = kd.load_classifier(), kd.load_digits()[:5]
    with pytest.raises(
        ValueError, match=r"images is an empty (list|tuple); there is nothing"
    ) as error:
        kd.compare(model, wrong)
    assert run(model, typed(error, digits=digits)).shape == (5, 10)


def test_lists_of_different_lengths_are_still_called_a_list(model):
    with pytest.raises(ValueError, match="images is a list of 2; Keras takes that for several"):
        run(model, [[[1], [2, 3]], [[4]]])


def test_the_shape_wanted_is_in_the_message(model):
    with pytest.raises(ValueError, match=r"shape \(6, 6\); a batch needs \(n, 6, 6, 1\)"):
        check_images(model, GOOD[0, ..., 0])


@pytest.mark.parametrize("dtype", ["float64", "float16", "uint8", "int64", "bool"])
def test_numbers_of_any_kind_are_left_to_keras(model, dtype):
    images = GOOD.astype(dtype)
    assert check_images(model, images) is images


def test_text_as_objects_goes_to_a_model_that_takes_text():
    text = np.array(["a film", "bad"], dtype=object)
    for method in METHODS:
        assert run(good_pairs.words(), text, method).shape == (2, 1)


def test_a_model_that_states_no_input_takes_what_it_is_given():
    assert check_images(models.Subclassed(), GOOD[..., 0]).shape == (3, 6, 6)


def test_any_size_is_fine_where_the_model_says_any():
    import keras

    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(inputs))
    assert check_images(model, np.zeros((2, 5, 9, 1))).shape == (2, 5, 9, 1)


def test_a_batch_in_a_list_is_taken_out(model):
    with pytest.raises(ValueError, match=r"images\[0\]"):
        run(model, [GOOD])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "empty dict"),
        ([np.zeros((2, 3)), np.zeros((3, 3))], "different numbers of samples: 0: 2, 1: 3"),
        ({"a": np.zeros((0, 3)), "b": np.zeros((0, 3))}, "no samples"),
        ([1.0, 2.0], "single number"),
    ],
)
def test_several_inputs_that_cannot_work_are_named(wrong, says):
    for method in METHODS:
        with pytest.raises(ValueError, match=says):
            run(models.two_inputs(), wrong, method)


def test_one_array_for_two_inputs_is_refused():
    with pytest.raises(ValueError, match="2 inputs"):
        check_images(models.two_inputs(), np.zeros((2, 3)))
