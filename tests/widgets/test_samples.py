"""What the thumbnails are drawn from: facts of many rows at once, and which of them are shown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdemo.view.softmax import softmax_facts
from kerasdemo.widgets._samples import row_facts, sample_state, shown_positions

batches = st.tuples(st.integers(1, 6), st.integers(1, 8), st.integers(0, 2**32 - 1)).map(
    lambda drawn: (
        np.random.default_rng(drawn[2])
        .dirichlet(np.full(drawn[1], 0.3), drawn[0])
        .astype("float32")
    )
)


@given(batches)
def test_the_facts_of_many_rows_are_those_of_each(rows):
    predicted, measures = row_facts(rows)
    for at, row in enumerate(rows):
        facts = softmax_facts(row)
        assert predicted[at] == facts.predicted
        wanted = [facts.confidence, facts.entropy, facts.margin]
        assert measures[:, at] == pytest.approx(wanted, abs=1e-6)


def test_a_row_with_nan_says_nothing_and_equals_give_the_lower_class():
    rows = np.array([[0.5, np.nan, 0.5], [0.25, 0.5, 0.25], [0, 0.5, 0.5]], dtype="float32")
    predicted, measures = row_facts(rows)
    assert predicted.tolist() == [-1, 1, 1]
    assert np.isnan(measures[:, 0]).all()
    assert measures[:, 2].tolist() == [0.5, 1.0, 0.0]


def test_certainty_has_no_entropy_and_no_sign():
    _, measures = row_facts(np.eye(3, dtype="float32"))
    assert measures[1].tolist() == [0, 0, 0]
    assert not np.signbit(measures).any()


def test_no_digits_have_no_facts(digits):
    state = sample_state(digits[[]], np.zeros((0, 10), dtype="float32"))
    assert (state["_count"], state["_predicted"], state["_menu"]) == (0, b"", [("", "all")])


def test_both_ends_of_a_range_belong_to_it_as_they_are_written():
    rows = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]], dtype="float32")
    shown = {"labels": np.zeros(3, dtype="int64"), "rows": rows}
    assert shown_positions(**shown, confidence=(0.6, 0.9)).tolist() == [0, 1]
    assert shown_positions(**shown, confidence=(0.61, 0.89)).tolist() == []
    rows[0] = [1.0000001, 0]
    assert shown_positions(**shown, confidence=(0.95, 1)).tolist() == [0]


def test_nan_is_hidden_by_a_range_and_sorted_last():
    rows = np.array([[np.nan, 0.5], [0.6, 0.4], [0.9, 0.1]], dtype="float32")
    shown = {"labels": np.array([0, 0, 1]), "rows": rows}
    assert shown_positions(**shown, confidence=(0.0, 0.99)).tolist() == [1, 2]
    assert shown_positions(**shown, order="surest").tolist() == [2, 1, 0]
    assert shown_positions(**shown, order="least sure").tolist() == [1, 2, 0]
    assert shown_positions(**shown, outcome="wrong").tolist() == [0, 2]
