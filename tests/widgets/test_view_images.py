"""Pictures of digits: the right grey in the right place, and the same bytes each time."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from kerasdemo.view.grey import grey_limits, to_grey
from kerasdemo.view.images import contact_sheet_png, data_uri, describe_digits, digit_png, img_tag


@pytest.fixture
def pixels():
    return np.random.default_rng(3).integers(0, 256, (7, 28, 28)).astype("uint8")


def opened(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def test_each_value_is_one_crisp_square_of_ink_on_paper():
    image = np.zeros((3, 2), dtype="uint8")
    image[2, 0] = 255
    drawn = opened(digit_png(image, scale=4))
    assert drawn.shape == (3 * 4 + 2, 2 * 4 + 2)  # and the line around it
    inside = drawn[1:-1, 1:-1]
    assert (inside[8:, :4] == 0).all()
    inside = inside.copy()
    inside[8:, :4] = 255
    assert (inside == 255).all()


def test_the_sheet_holds_each_digit_in_reading_order(pixels):
    drawn = opened(contact_sheet_png(pixels, columns=3, scale=1))
    for place, image in enumerate(pixels):
        top, left = place // 3 * 29 + 1, place % 3 * 29 + 1
        assert (drawn[top : top + 28, left : left + 28] == 255 - image).all()


def test_integers_and_the_floats_made_of_them_draw_the_same_picture(pixels):
    floats = (pixels / 255).astype("float32")[..., None]
    assert contact_sheet_png(pixels) == contact_sheet_png(floats)


def test_the_same_digits_give_the_same_bytes(pixels):
    captions = [f"{n} as {n + 1}" for n in range(7)]
    first = contact_sheet_png(pixels, captions=captions)
    assert contact_sheet_png(pixels.copy(), captions=captions) == first
    assert contact_sheet_png(pixels, captions=captions[::-1]) != first


def test_captions_are_drawn_below_their_digit_and_nowhere_else(pixels):
    plain = opened(contact_sheet_png(pixels, columns=7, scale=2, captions=[""] * 7))
    words = opened(contact_sheet_png(pixels, columns=7, scale=2, captions=["", "8"] + [""] * 5))
    rows, columns = np.nonzero(plain != words)
    assert rows.min() > 56
    assert 57 < columns.min() <= columns.max() < 2 * 57


def test_characters_that_the_font_lacks_do_not_stop_the_picture(pixels):
    assert contact_sheet_png(pixels[:1], captions=["数字 <b>"])


def test_no_digits_is_blank_paper_and_not_an_error():
    sheet = opened(contact_sheet_png(np.zeros((0, 28, 28), dtype="uint8")))
    assert (sheet[1:-1, 1:-1] == 255).all()


@pytest.mark.parametrize("shape", [(28,), (2, 28, 28, 3), (1, 2, 3, 4, 1), (0, 28)])
def test_what_is_no_grey_image_is_refused_with_the_shape_and_the_wish(shape):
    with pytest.raises(ValueError, match=r"expected one grey image \(28, 28\)") as caught:
        contact_sheet_png(np.zeros(shape))
    assert str(shape) in str(caught.value)


def test_several_images_are_no_digit(pixels):
    with pytest.raises(ValueError, match="7 images given"):
        digit_png(pixels)


def test_captions_must_be_as_many_as_images(pixels):
    with pytest.raises(ValueError, match="2 captions given for 7 images"):
        contact_sheet_png(pixels, captions=["a", "b"])


def test_text_is_not_an_image():
    with pytest.raises(ValueError, match="expected numbers"):
        to_grey(np.array([["a", "b"], ["c", "d"]]))


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([0.0, 0.4], (0.0, 1.0)),
        ([0.0, 200.0], (0.0, 255.0)),
        ([0.0, 900.0], (0.0, 900.0)),
        ([-0.5, 0.5], (-0.5, 1.0)),
        ([np.nan, np.inf, 0.2], (0.0, 1.0)),
        ([], (0.0, 1.0)),
    ],
)
def test_floats_are_drawn_on_the_range_that_a_reader_expects(values, limits):
    assert grey_limits(np.array(values)) == limits


def test_missing_values_are_paper_and_the_infinite_are_ink():
    grey = to_grey(np.array([[np.nan, np.inf], [-np.inf, 1.0]]))
    assert grey.tolist() == [[[0, 255], [0, 255]]]


def test_the_picture_carries_its_bytes_its_size_and_escaped_words(pixels):
    png = digit_png(pixels[0], scale=3)
    tag = img_tag(png, 'an "8" <script>')
    assert 'alt="an &quot;8&quot; &lt;script&gt;"' in tag
    assert 'width="86" height="86"' in tag
    assert base64.b64decode(data_uri(png).split(",")[1]) == png
    assert data_uri(png) in tag


def test_labels_are_said_in_words_and_long_lists_are_cut():
    assert describe_digits(np.array([3, 1])) == "2 handwritten digits, labelled 3, 1."
    assert describe_digits([7] * 1797, most=2) == (
        "1,797 handwritten digits, labelled 7, 7 and 1,795 more."
    )
