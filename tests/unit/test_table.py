import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdemo.view.table import DIFFERS, Row, Table, as_html, as_text, fit

words = st.text("abcdefghij", min_size=1, max_size=12)
phrases = st.lists(words, min_size=1, max_size=6).map(" ".join)


def table(cells, *, mark=True, **options):
    columns = tuple(f"method{i}" for i in range(len(cells)))
    return Table(columns, (Row("facet", tuple(cells), mark=mark),), **options)


def test_only_cells_unlike_the_first_are_marked():
    text = as_text(table(["same", "same", "other"]))
    line = next(line for line in text.splitlines() if line.startswith("facet"))
    assert line.split() == ["facet", "same", "same", DIFFERS, "other"]
    assert f"{DIFFERS} differs from method0" in text


def test_without_marking_nothing_is_marked():
    assert DIFFERS not in as_text(table(["1 ms", "2 ms"], mark=False))
    assert "<strong>" not in as_html(table(["1 ms", "2 ms"], mark=False))


def test_columns_stay_aligned():
    lines = as_text(Table(("a", "b"), (Row("x", ("1", "22")), Row("long", ("333", "4"))))).split(
        "\n"
    )
    assert lines == ["      a    b", "x     1    22", "long  333  4"]


@given(st.lists(phrases, min_size=1, max_size=5), st.integers(80, 120))
def test_no_line_is_wider_than_asked_and_no_word_is_lost(cells, width):
    text = as_text(table(cells, mark=False), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert sorted(["facet", *" ".join(cells).split()]) == sorted(
        word for line in text.splitlines()[1:] for word in line.split()
    )


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(40, 120))
def test_fit_never_asks_for_more_than_the_width_or_the_text_needs(lengths, width):
    widths = fit([lengths], width, [1] * len(lengths))
    assert sum(widths) + 2 * (len(widths) - 1) <= width
    assert all(1 <= w <= n for w, n in zip(widths, lengths, strict=True))


def test_colours_add_nothing_but_colours():
    plain = as_text(table(["a", "b"], title="Title"))
    colored = as_text(table(["a", "b"], title="Title"), color=True)
    assert colored != plain
    strip = re.sub(r"\x1b\[\d+m", "", colored)
    assert [line.rstrip() for line in strip.splitlines()] == plain.splitlines()


def test_a_terminal_without_the_symbol_gets_another():
    text = as_text(table(["a", "b"]), symbol="!=")
    assert "!= b" in text
    text.encode("ascii")


def test_html_escapes_everything_and_marks_in_words():
    hostile = "<img src=x onerror=alert(1)>"
    html = as_html(Table((hostile, "b"), (Row(hostile, ("1", hostile), mark=True),), title=hostile))
    assert "<img" not in html
    assert html.count("&lt;img") == 5
    assert f"<strong>{DIFFERS} &lt;img" in html
    assert "differs from" in html


def test_html_cells_have_headers_for_screen_readers():
    html = as_html(table(["a", "b"]))
    assert html.count('scope="col"') == 2
    assert html.count('scope="row"') == 1


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="2 cells"):
        Table(("a",), (Row("x", ("1", "2")),))


def test_a_table_shows_itself():
    t = table(["a", "b"])
    assert str(t) == repr(t) == as_text(t)
    assert t._repr_html_() == as_html(t)
