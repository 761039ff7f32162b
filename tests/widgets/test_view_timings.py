"""The chart, the table and the words of times against batch size."""

import io
import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from conftest import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kerasdemo.view.timings_chart import DASHES, chart, log_ticks, shape, short, spread
from kerasdemo.view.timings_picture import dashed, timings_png
from kerasdemo.view.timings_svg import describe, timings_svg
from kerasdemo.view.timings_table import throughput, timings_table
from kerasdemo.view.timings_words import Point, falls_until, quickest, what_to_look_at

SVG = "{http://www.w3.org/2000/svg}"
SIZES = [1, 2, 4, 8, 16]


def line(fixed, each, *, wide=0.05, first=1.0, sizes=SIZES):
    """Return points of calls that last so long, and so much for each sample."""
    times = [(size, fixed + each * size) for size in sizes]
    return [Point(s, t * first, t, t * (1 - wide), t * (1 + wide)) for s, t in times]


CROSSING = {"step": line(0.001, 0.001), "batch": line(0.006, 0.0001)}

# ---- helpers of the chart -----------------------------------------------------------------

seconds = st.floats(1e-9, 1e5)


@given(seconds, seconds)
def test_ticks_are_few_round_and_around_the_data(one, other):
    low, high = sorted([one, other])
    ticks, (bottom, top) = log_ticks(low, high)
    assert bottom <= low <= high <= top
    assert bottom < top
    assert 2 <= len(ticks) <= 9
    assert all(bottom <= tick <= top for tick in ticks)
    assert all(one < other for one, other in pairwise(ticks))
    assert {f"{tick:e}"[0] for tick in ticks} <= {"1", "2", "5"}


@given(st.lists(st.floats(0, 300), max_size=8), st.floats(1, 30))
def test_names_are_moved_apart_and_keep_their_order(places, gap):
    moved = spread(places, gap, 0, 300)
    order = sorted(range(len(places)), key=lambda at: places[at])
    assert all(moved[b] - moved[a] >= gap - 1e-6 for a, b in pairwise(order))
    assert all(-1e-6 <= place <= 300 + 1e-6 for place in moved)


@given(st.lists(st.floats(17, 60), min_size=1, max_size=5))
def test_names_that_are_apart_stay_where_they_are(gaps):
    apart = np.cumsum(gaps).tolist()
    assert spread(apart, 17, 0, 300) == pytest.approx(apart)


def test_more_names_than_there_is_room_for_still_keep_their_distance():
    assert spread([5.0] * 4, 10, 0, 15) == [0, 10, 20, 30]


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=40, unique=True))
def test_sizes_run_from_left_to_right_and_their_numbers_do_not_touch(sizes):
    found = chart({}, sorted(sizes))
    assert found.across[0][1] == str(min(sizes))
    assert found.across[-1][1] == str(max(sizes))
    assert all(other - one > 30 for (one, _), (other, _) in pairwise(found.across))


@pytest.mark.parametrize("per", ["call", "sample"])
def test_a_point_is_where_the_axes_say(per):
    found = chart(CROSSING, SIZES, per=per)
    ticks = [(float(text.removesuffix(" ms")) / 1000, y) for y, text in found.down]
    (low, y_low), (high, y_high) = ticks[0], ticks[-1]
    for place, (name, points) in zip(found.lines, CROSSING.items(), strict=True):
        assert place.name == name
        for point, (x, y) in zip(points, place.points, strict=True):
            value = point.median / (point.size if per == "sample" else 1)
            share = math.log(value / low) / math.log(high / low)
            assert y == pytest.approx(y_low + share * (y_high - y_low), abs=0.2)
            ((tick, _),) = [each for each in found.across if each[1] == str(point.size)]
            assert x == pytest.approx(tick)


def test_the_band_goes_around_the_quartiles():
    found = chart({"a": line(0.001, 0.001, wide=0.3)}, SIZES).lines[0]
    xs = [x for x, _ in found.points]
    assert [x for x, _ in found.band] == xs + xs[::-1]
    below, above = found.band[: len(xs)], found.band[len(xs) :][::-1]
    for (_, low), (_, middle), (_, high) in zip(below, found.points, above, strict=True):
        assert low > middle > high


def test_one_size_and_times_of_zero_can_be_drawn():
    stopped = [Point(8, 0.0, 0.0, 0.0, 0.0)]
    found = chart({"a": stopped}, [8])
    assert all(math.isfinite(value) for place in found.lines[0].band for value in place)
    assert len({x for x, _ in found.lines[0].band}) == 2, "a band that can be seen"


def test_each_method_has_a_shape_and_a_dash_of_its_own():
    assert len({len(shape(n, (0, 0))) for n in range(5)} | {tuple(shape(1, (0, 0)))}) >= 4
    assert len({tuple(shape(number, (0, 0))) for number in range(5)}) == 5
    assert len(set(DASHES)) == 5


def test_a_dashed_line_is_as_long_as_it_says():
    strokes = list(dashed([(0, 0), (30, 0), (30, 40)], (7, 3)))
    inked = sum(math.dist(one, other) for one, other in strokes)
    assert inked == pytest.approx(49)
    assert list(dashed([(0, 0), (3, 4)], ())) == [((0, 0), (3, 4))]
    assert list(dashed([(1, 1), (1, 1)], ())) == []


# ---- SVG and PNG --------------------------------------------------------------------------


def test_the_svg_has_a_title_a_description_names_and_no_colours():
    svg = timings_svg(CROSSING, SIZES)
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root[0].text == "Time per call by batch size"
    assert root[1].text == describe(CROSSING)
    assert "step: 2.00 ms with 1 sample, 17.0 ms with 16 samples." in root[1].text
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"step", "batch", "1", "16"} <= set(texts)
    assert "10 ms" in texts
    assert not [name for element in root.iter() for name in element.attrib
                if name in ("fill", "stroke", "style", "color", "id")]  # fmt: skip
    assert len(root.findall(f".//{SVG}g[@class='kd-series kd-series-1']")) == 1
    assert len(root.findall(f".//{SVG}path[@class='kd-point']")) == 10
    dashes = [path.get("stroke-dasharray") for path in
              root.findall(f".//{SVG}path[@class='kd-median']")]  # fmt: skip
    assert dashes == [None, "7 4"]


def test_names_from_outside_stay_text():
    series = {HOSTILE + "\x00\ud800": CROSSING["step"], "é漢": CROSSING["batch"]}
    svg, table = timings_svg(series, SIZES), timings_table(series)
    for written in (svg, table):
        root = ET.fromstring(written)
        assert HOSTILE in [element.text for element in root.iter()]
        assert not [e for e in root.iter() if e.tag.endswith("img")]
    timings_png(series, SIZES)


def test_before_a_measurement_the_chart_says_so():
    empty = {"step": []}
    assert "Not measured yet" in [e.text for e in ET.fromstring(timings_svg(empty, SIZES)).iter()]
    assert describe(empty) == describe({}) == "Not measured yet."
    assert timings_png(empty, SIZES) == timings_png({}, SIZES)
    assert timings_png(CROSSING, SIZES) != timings_png({}, SIZES)


def test_the_png_is_small_deterministic_and_coloured():
    many = {str(number): line(0.001 * number, 0.0005) for number in range(1, 8)}
    png = timings_png(many, SIZES)
    assert png == timings_png(many, SIZES)
    assert len(png) < 15_000
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    assert picture.size == (720, 340)
    assert len({tuple(pixel) for pixel in np.asarray(picture).reshape(-1, 3)}) > 8
    assert timings_png(CROSSING, SIZES, per="sample") != timings_png(CROSSING, SIZES)


def test_long_names_are_cut_beside_the_line_only():
    assert short("predict_on_batch") == "predict_on_batch"
    assert len(short("x" * 50)) == 19
    titles = [
        e.text for e in ET.fromstring(timings_svg({"x" * 50: CROSSING["step"]}, SIZES)).iter()
    ]
    assert "x" * 50 in titles


# ---- table --------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_size_and_names_what_it_shows():
    root = ET.fromstring(timings_table(CROSSING, per="call"))
    rows = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    assert rows[0] == ["Samples a call", "step", "batch"]
    assert rows[1] == ["1", "2.00 1.90-2.10; first 2.00", "6.10 5.79-6.41; first 6.10"]
    assert len(rows) == 6
    assert {cell.get("scope") for cell in root.iter("th")} == {"row", "col"}
    per = ET.fromstring(timings_table(CROSSING, per="sample"))
    assert "samples a second" in per[0].text
    assert "1.06 1.01-1.12; 941/s" in ["".join(cell.itertext()) for cell in per.iter("td")]


@given(st.integers(1, 10_000), st.floats(1e-7, 1e3))
def test_throughput_has_three_figures(size, median):
    text = throughput(Point(size, 1, median, median, median))
    assert float(text.removesuffix("/s").replace(",", "")) == pytest.approx(
        size / median, rel=0.006
    )


def test_a_clock_that_stood_still_has_no_throughput():
    assert throughput(Point(8, 0, 0, 0, 0)) == "-"


# ---- words --------------------------------------------------------------------------------


def test_where_the_lines_cross_is_said_and_only_where_the_quartiles_are_apart():
    assert quickest(CROSSING) == [(1, "step"), (2, "step"), (4, "step"), (8, "batch"),
                                  (16, "batch")]  # fmt: skip
    said = what_to_look_at(CROSSING)
    assert said[0] == "Quickest by samples a call: step up to 4; batch from 8 on."
    wide = {name: [p._replace(low=p.low * 0.9, high=p.high * 1.1) for p in points]
            for name, points in CROSSING.items()}  # fmt: skip
    assert quickest(wide)[2] == (4, None)
    assert what_to_look_at(wide)[0] == (
        "Quickest by samples a call: step up to 2; too close to tell from 4 to 8; batch at 16."
    )


def test_equal_lines_are_too_close_to_tell():
    said = what_to_look_at({"a": CROSSING["step"], "b": CROSSING["step"]})
    assert said[0] == (
        "No method is clearly the quickest at every size measured: the quartiles overlap."
    )
    assert not any("times as long" in sentence for sentence in said)


point = st.builds(
    lambda a, b, c, first: Point(1, first, *sorted([a, b, c])[1:2], min(a, b, c), max(a, b, c)),
    *[st.floats(1e-6, 10)] * 4,
)


@given(st.lists(st.tuples(point, point, point), min_size=1, max_size=6))
def test_never_overclaimed(rows):
    rows = [[p._replace(size=2**at) for p in row] for at, row in enumerate(rows)]
    series = dict(zip("abc", map(list, zip(*rows, strict=True)), strict=True))
    for (size, best), row in zip(quickest(series), rows, strict=True):
        assert size == row[0].size
        if best is not None:
            mine = series[best][rows.index(row)]
            assert all(mine.high < p.low for p in row if p is not mine)
    for points in series.values():
        until = falls_until(points)
        (best,) = [p.per("sample") for p in points if p.size == until]
        assert all(p.per("sample").high >= best.low for p in points if p.size > until)
    for sentence in what_to_look_at(series):
        assert sentence.endswith(".")
        assert "nan" not in sentence
        assert "traces" not in sentence


def test_the_factor_between_slowest_and_quickest_is_said_at_both_ends():
    slow = {"predict": line(0.04, 0.0001), "step": line(0.002, 0.001)}
    assert (
        "With 1 sample a call, predict takes 13 times as long as step; with 16, 2.3 times."
        in what_to_look_at(slow)
    )
    end = what_to_look_at(CROSSING)[1]
    assert end == (
        "With 1 sample a call, batch takes 3.1 times as long as step; with 16, not clearly longer."
    )


def test_how_far_the_cost_of_a_sample_falls():
    flat = [Point(s, 1, 0.001 * s, 0.0009 * s, 0.0011 * s) for s in SIZES]
    knee = [
        Point(s, 1, m, m * 0.99, m * 1.01) for s, m in zip(SIZES, [4, 4, 4, 8, 16], strict=True)
    ]
    assert [falls_until(points) for points in (flat, knee, line(1, 0.01))] == [1, 4, 16]
    assert "Time per sample falls as far as measured." in what_to_look_at({"a": line(1, 0.01)})
    assert (
        "Time per sample falls as far as measured for c, falls up to 4 samples a call for b, "
        "does not clearly fall for a." in what_to_look_at({"a": flat, "b": knee, "c": line(1, 0.1)})
    )


def test_a_fall_within_the_quartiles_is_no_fall():
    medians = zip(SIZES, [1.0, 0.99, 0.98, 0.97, 0.96], strict=True)
    vague = [Point(s, 1, m * s, m * s * 0.9, m * s * 1.1) for s, m in medians]
    assert falls_until(vague) == 1


def test_a_first_call_that_is_a_little_slow_is_not_named():
    assert not any("First call" in s for s in what_to_look_at({"a": line(1, 0.1, first=2.5)}))
    assert any("First call" in s for s in what_to_look_at({"a": line(1, 0.1, first=3.5)}))


def test_the_first_call_is_named_only_when_it_is_slow():
    assert not any("First call" in said for said in what_to_look_at(CROSSING))
    slow = {"step": CROSSING["step"], "batch": line(0.006, 0.0001, first=40)}
    slow["batch"][2:] = CROSSING["batch"][2:]
    said = what_to_look_at(slow, traced=["batch"])[-1]
    assert said == (
        "First call of batch: 244 ms, later 6.10 ms (1 sample a call). The first call traces. "
        "Its first call was slow again at 2."
    )
    assert "traces" not in what_to_look_at(slow)[-1]
    later = {"batch": [*CROSSING["batch"][:1], *slow["batch"][1:]]}
    assert "traces" not in what_to_look_at(later, traced=["batch"])[-1], "not its very first call"


def test_nothing_is_said_of_nothing():
    assert what_to_look_at({}) == what_to_look_at({"a": []}) == []
    assert what_to_look_at({"a": line(1, 1, sizes=[8])}) == []
    assert what_to_look_at({"a": line(1, 0, sizes=[8]), "b": line(2, 0, sizes=[8])}) == [
        "a is quickest with 8 samples a call.",
        "With 8 samples a call, b takes 2.0 times as long as a.",
    ]
