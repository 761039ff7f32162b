"""The picture of the three depths: what a method uses is lit, in SVG, in PNG and in words."""

import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import small_models as models
from PIL import Image

from kerasdemo.methods import METHODS
from kerasdemo.spy import trace_call
from kerasdemo.view.drawing import Box, Line, Words, paint_png, write_svg
from kerasdemo.view.flow import PARTS, WAYS, flow_diagram
from kerasdemo.view.timeline import describe_timeline, timeline_png, timeline_svg

SVG = "{http://www.w3.org/2000/svg}"


def test_there_is_one_for_each_method():
    assert tuple(WAYS) == METHODS


@pytest.mark.parametrize("method", METHODS)
def test_what_is_lit_is_what_the_spy_sees(method):
    """The picture is drawn by hand, the call is not: they must agree."""
    model = models.Subclassed()
    model(models.images(7))
    trace = trace_call(model, models.images(7), method, batch_size=3 if method == "predict" else 7)
    seen = {
        "pipeline": "waiting" in trace.phases and len(trace.batches) > 1,
        "loop": bool(trace.events),
        "graph": trace.traces > 0,
        "step": len(trace.step_runs) > 0,
        "layers": all(trace.layer_runs.values()),
        "join": "joining" in trace.phases,
        "numpy": trace.conversions > 0,
    }
    assert {part for part in PARTS if seen[part]} == set(WAYS[method].parts)
    returned = "array" if "ndarray" in trace.prediction.type else "tensor"
    assert WAYS[method].back[-1] == returned


@pytest.mark.parametrize("method", METHODS)
def test_lit_parts_differ_by_more_than_colour(method):
    root = ElementTree.fromstring(flow_diagram(method).svg)
    boxes = root.findall(f"{SVG}rect")
    lit = [box for box in boxes if "stroke-dasharray" not in box.attrib]
    assert len(boxes) == len(PARTS)
    assert len(lit) == len(WAYS[method].parts)
    assert all(box.attrib["stroke-width"] == "2" for box in lit)


@pytest.mark.parametrize("method", METHODS)
def test_it_is_there_for_everyone(method):
    diagram = flow_diagram(method)
    root = ElementTree.fromstring(diagram.svg)
    assert root.attrib["role"] == "img"
    assert diagram.alt in root.attrib["aria-label"]
    assert f"<p>{diagram.alt}</p>" in diagram._repr_html_()
    assert diagram.alt in repr(diagram)
    picture = Image.open(io.BytesIO(diagram.png))
    assert picture.size == (720, 272)
    assert picture.getcolors(1000) != [(720 * 272, 0)]


def test_the_colours_are_the_pages():
    """No colour of ink or paper is fixed: the dark page has light ink."""
    for svg in (flow_diagram("predict").svg, timeline_svg([("a", 0, 1)], title="t")):
        colours = set(re.findall(r'(?:fill|stroke)="(?!none)([^"]+)"', svg))
        assert colours <= {"currentColor", "#2f7fc1"}


def test_each_method_has_its_own_picture():
    assert len({flow_diagram(method).png for method in METHODS}) == len(METHODS)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="predict_on_batch"):
        flow_diagram("fit")


# ---- the timeline, and the shapes it is made of


SPANS = [("set-up", 0.0, 0.03), ("computing", 0.03, 0.04), ("set-up", 0.04, 0.05)]


def test_a_bar_for_each_stretch_at_its_place():
    root = ElementTree.fromstring(timeline_svg(SPANS, title="A call"))
    bars = [
        {name: float(bar.attrib[name]) for name in ("x", "y", "width")}
        for bar in root.iter(f"{SVG}rect")
    ]
    setup, again, computing = bars  # row by row
    scale = setup["width"] / 0.03
    assert computing["width"] == pytest.approx(0.01 * scale, rel=1e-3)
    assert again["x"] - setup["x"] == pytest.approx(0.04 * scale, rel=1e-3)
    assert computing["x"] - setup["x"] == pytest.approx(0.03 * scale, rel=1e-3)
    assert setup["y"] == again["y"] < computing["y"]


def test_rows_can_be_put_in_order():
    page = timeline_svg(SPANS, title="A call", order=("computing", "set-up"))
    assert page.index(">computing<") < page.index(">set-up<")
    assert describe_timeline(SPANS).startswith("set-up 40.0 ms, 80 % of the whole")
    assert describe_timeline([]) == "Nothing was timed."
    assert timeline_png([], title="empty")[1:4] == b"PNG"


def test_words_are_escaped():
    page = write_svg([Words(0, 9, "a<b")], width=20, height=20, title='"', words="x & y")
    ElementTree.fromstring(page)
    assert "a&lt;b" in page


def test_a_picture_in_png_shows_what_the_svg_says():
    """Ink where a shape is, paper where none is; a dashed edge has gaps."""

    def ink(*shapes):
        grey = Image.open(io.BytesIO(paint_png(shapes, width=60, height=40))).convert("L")
        return int(np.sum(np.asarray(grey) < 200))

    assert ink() == 0
    lit, dashed = ink(Box(5, 5, 40, 20)), ink(Box(5, 5, 40, 20, lit=False))
    assert 0 < dashed < lit
    assert ink(Box(5, 5, 40, 20, solid=True)) > 700
    plain, headed = (ink(Line(((5, 20), (50, 20)), head=head)) for head in (False, True))
    assert plain < headed
    assert ink(Words(5, 20, "words")) > 10
