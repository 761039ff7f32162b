"""A softmax row in numbers, words, a table and a picture."""

import io
import math

import numpy as np
import pytest
from conftest import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kerasdemo.view.softmax import (
    describe_sample,
    describe_softmax,
    format_percent,
    format_probability,
    softmax_facts,
    softmax_table_html,
)
from kerasdemo.view.softmax_picture import softmax_png

rows = st.lists(st.floats(1e-6, 1), min_size=2, max_size=12).map(
    lambda weights: np.array(weights) / np.sum(weights)
)


@given(rows)
def test_facts_agree_with_a_plain_count(row):
    facts = softmax_facts(row, top=len(row))
    ordered = sorted(row, reverse=True)
    assert [p for _, p in facts.top] == ordered
    assert all(row[place] == p for place, p in facts.top)
    assert facts.predicted == list(row).index(max(row))
    assert facts.margin == ordered[0] - ordered[1]
    assert facts.sum == pytest.approx(1)
    assert facts.entropy == pytest.approx(-sum(p * math.log(p) / math.log(2) for p in row))
    assert facts.entropy <= facts.largest_entropy + 1e-9


def test_certain_and_clueless_rows_are_the_ends_of_the_scale():
    certain, clueless = softmax_facts([0, 1, 0, 0]), softmax_facts([0.25] * 4)
    assert (certain.entropy, certain.margin, certain.confidence) == (0, 1, 1)
    assert (clueless.entropy, clueless.margin, clueless.predicted) == (2, 0, 0)


def test_a_batch_is_no_row():
    with pytest.raises(ValueError, match=r"shape \(2, 3\); expected one row.*probabilities\[0\]"):
        softmax_facts(np.ones((2, 3)) / 3)


def test_nan_is_said_and_never_ranked_as_a_prediction():
    row = [0.5, math.nan, 0.5]
    assert math.isnan(softmax_facts(row).margin)
    assert math.isnan(softmax_facts(row).entropy)
    assert "NaN" in describe_softmax(row)
    assert describe_sample(3, label=1, p=row) == "sample 3, labelled 1, predicted NaN"


@given(st.floats(0, 1))
def test_what_is_written_is_near_and_never_rounds_to_certainty(p):
    for written, unit, step in ((format_probability(p), 1, 1e-3), (format_percent(p), 100, 0.1)):
        number = float(written.lstrip("<> ").rstrip(" %"))
        assert abs(number - p * unit) <= step
        assert (number == 0) == (p == 0)
        assert (number == unit) == (p == 1)


def test_names_from_outside_stay_text():
    table = softmax_table_html({HOSTILE: [0.5, 0.5]}, class_names=[HOSTILE, "b"])
    assert "<img" not in table
    assert table.count("&lt;img") == 2


def test_the_table_marks_label_and_largest_in_words():
    table = softmax_table_html({"a": [0.1, 0.9], "b": [0.8, 0.2]}, label=1)
    assert "<tr><th>0</th><td>0.100</td><td>0.800</td><td>predicted</td></tr>" in table
    assert "<tr><th>1</th><td>0.900</td><td>0.200</td><td>true label, predicted</td></tr>" in table


def dark_pixels(png, top, bottom):
    return int((np.asarray(Image.open(io.BytesIO(png)))[top:bottom, 96:370] < 128).sum())


def test_a_longer_bar_has_more_ink():
    png = softmax_png({"predict": [0.2, 0.8]})
    first, second = dark_pixels(png, 0, 27), dark_pixels(png, 27, 60)
    assert second == pytest.approx(4 * first, rel=0.05)


def test_methods_are_told_apart_without_colour():
    row = [0.5, 0.5]
    png = softmax_png({"predict": row, "predict_on_batch": row, "predict_step": row})
    grey = np.asarray(Image.open(io.BytesIO(png)))
    patterns = {grey[line, 100:220].tobytes() for line in (32, 40, 48)}
    assert len(patterns) == 3


def test_the_picture_is_the_same_each_time_and_survives_odd_input():
    row = [math.nan, 0.5, 2.0]
    arguments = {"class_names": [HOSTILE, "数", "c" * 80], "label": 1}
    png = softmax_png({"predict": row}, **arguments)
    assert softmax_png({"predict": row}, **arguments) == png
    assert softmax_png({"predict": row}, **{**arguments, "label": 0}) != png


def test_words_beside_the_bars_keep_to_their_own_place():
    plain = np.asarray(Image.open(io.BytesIO(softmax_png({"p": [0.9, 0.1]}))))
    words = np.asarray(Image.open(io.BytesIO(softmax_png({"p": [0.9, 0.1]}, label=0))))
    added = np.nonzero((plain != words).any(axis=0))[0]
    assert plain.shape[1] - 128 - 2 < added.min()
    assert added.max() < plain.shape[1] - 2
    long = softmax_png({"p": [0.9, 0.1]}, class_names=["W" * 60, "b"])
    named = np.asarray(Image.open(io.BytesIO(long)))
    assert (named[:, 96:] == plain[:, 96:]).all()
    assert (named[:, :2] == 255).all()
