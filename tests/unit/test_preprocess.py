"""frame_digit: the one definition of a framed digit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasdemo.preprocess import area_matrix, frame_digit

inks = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40),
    elements=st.sampled_from([0.0, 0.0, 0.0, 0.25, 0.5, 1.0]),
)


def by_the_docstring(ink):
    """frame_digit again, pixel by pixel, as its docstring tells it."""
    ink = [[value if value >= 1 / 255 else 0.0 for value in row] for row in ink.tolist()]
    rows = [i for i, row in enumerate(ink) if any(row)]
    if not rows:
        return np.zeros((28, 28))
    columns = [j for j in range(len(ink[0])) if any(row[j] for row in ink)]
    crop = [row[columns[0] : columns[-1] + 1] for row in ink[rows[0] : rows[-1] + 1]]
    h, w = len(crop), len(crop[0])
    height = max(1, int(h * 20 / max(h, w) + 0.5))
    width = max(1, int(w * 20 / max(h, w) + 0.5))

    def shares(i, given, wanted):
        low, high = i * given / wanted, (i + 1) * given / wanted
        cells = [(k, min(high, k + 1) - max(low, k)) for k in range(given)]
        return [(k, share / (high - low)) for k, share in cells if share > 0]

    small = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            small[i, j] = sum(
                crop[a][b] * p * q for a, p in shares(i, h, height) for b, q in shares(j, w, width)
            )
    row = sum(i * small[i].sum() for i in range(height)) / small.sum()
    column = sum(j * small[:, j].sum() for j in range(width)) / small.sum()
    top = min(max(int(np.floor(14 - round(row, 6))), 0), 28 - height)
    left = min(max(int(np.floor(14 - round(column, 6))), 0), 28 - width)
    framed = np.zeros((28, 28))
    framed[top : top + height, left : left + width] = small
    return framed


def a_seven(side=40):
    ink = np.zeros((side, side))
    ink[4:8, 5:30] = 1
    for row in range(8, 36):
        left = 28 - row // 2
        ink[row, left : left + 3] = 1
    return ink


@given(inks)
@settings(max_examples=60, deadline=None)
def test_does_what_its_docstring_says(ink):
    np.testing.assert_allclose(frame_digit(ink), by_the_docstring(ink), atol=1e-6)


@given(inks)
@settings(deadline=None)
def test_is_a_picture_of_28_by_28_between_0_and_1(ink):
    framed = frame_digit(ink)
    assert framed.shape == (28, 28)
    assert framed.dtype == np.float32
    assert framed.min() >= 0
    assert framed.max() <= 1
    assert framed.any() == ink.any()


@given(inks, st.integers(0, 30), st.integers(0, 30), st.integers(0, 9), st.integers(0, 9))
@settings(deadline=None)
def test_where_it_is_drawn_does_not_matter(ink, above, left, below, right):
    moved = np.pad(ink, ((above, below), (left, right)))
    np.testing.assert_array_equal(frame_digit(moved), frame_digit(ink))


@given(inks, st.integers(2, 5))
@settings(deadline=None)
def test_how_large_it_is_drawn_does_not_matter(ink, times):
    enlarged = np.kron(ink, np.ones((times, times)))
    np.testing.assert_allclose(frame_digit(enlarged), frame_digit(ink), atol=1e-6)


@given(inks)
@settings(deadline=None)
def test_framing_twice_changes_little(ink):
    once = frame_digit(ink)
    twice = frame_digit(once)
    # Only ink that averaging made fainter than 1/255, at the border of the box, can get lost.
    if (once[once > 0] >= 1 / 255).all():
        np.testing.assert_allclose(twice, once, atol=1e-6)


def test_longest_side_is_20_aspect_kept_and_mass_in_the_middle():
    framed = frame_digit(a_seven())
    rows, columns = np.nonzero(framed)
    assert np.ptp(rows) + 1 == 20
    ink_rows, ink_columns = np.nonzero(a_seven())
    aspect = (np.ptp(ink_columns) + 1) / (np.ptp(ink_rows) + 1)
    assert abs((np.ptp(columns) + 1) - 20 * aspect) <= 0.5
    at = np.arange(28)
    assert abs(framed.sum(axis=1) @ at / framed.sum() - 13.5) <= 0.5
    assert abs(framed.sum(axis=0) @ at / framed.sum() - 13.5) <= 0.5


def test_ink_keeps_its_share_of_the_area():
    ink = a_seven()[4:36, 5:30]
    assert frame_digit(ink).sum() / (20 * 16) == pytest.approx(ink.mean(), abs=0.01)


def test_blank_gives_zeros_and_a_dot_fills_the_box():
    np.testing.assert_array_equal(frame_digit(np.zeros((50, 9))), np.zeros((28, 28)))
    dot = np.zeros((50, 50))
    dot[3, 44] = 1
    assert frame_digit(dot).sum() == 400


def test_ink_too_faint_to_see_does_not_move_the_frame():
    ink = a_seven()
    dusty = np.pad(ink, 20, constant_values=0.003)
    np.testing.assert_array_equal(frame_digit(dusty), frame_digit(ink))


def test_wide_and_lopsided_digits_stay_inside():
    lopsided = np.zeros((20, 20))
    lopsided[:, 0] = 1
    lopsided[10, :] = 0.01
    assert frame_digit(lopsided).sum() == pytest.approx(lopsided.sum(), abs=1e-5)


@given(st.integers(1, 60), st.integers(1, 60))
def test_area_weights_average(given_size, wanted):
    weights = area_matrix(given_size, wanted)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights.sum(axis=0), wanted / given_size)


@pytest.mark.parametrize(
    ("ink", "words"),
    [
        (np.zeros((2, 28, 28)), r"\(2, 28, 28\).*one drawing"),
        (np.zeros(28), "one drawing"),
        (np.zeros((0, 5)), "at least one pixel"),
        (np.full((5, 5), np.nan), "NaN"),
        (np.full((5, 5), np.inf), "infinite"),
        (np.full((5, 5), 255.0), "pixels / 255"),
        (np.full((5, 5), -0.5), "-0.5"),
    ],
)
def test_says_what_is_wrong_with_a_drawing(ink, words):
    with pytest.raises(ValueError, match=words):
        frame_digit(ink)


def test_does_not_change_what_it_is_given():
    ink = a_seven()
    ink[0, 0] = 0.001
    before = ink.copy()
    frame_digit(ink)
    np.testing.assert_array_equal(ink, before)
