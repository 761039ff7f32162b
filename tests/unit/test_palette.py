"""One palette: Python defines it, the style sheets repeat it, a method keeps its colour."""

import re
from pathlib import Path

import pytest

import kerasdemo as kd
from kerasdemo.view import palette
from kerasdemo.view.timings_chart import DASHES, chart
from kerasdemo.view.timings_svg import timings_svg
from kerasdemo.view.timings_words import Point

ROOT = Path(__file__).resolve().parents[2]
WIDGETS = ROOT / "kerasdemo" / "widgets"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
# Besides the hues: paper, ink and lines of still pictures, which lie on white.
GREYS = {"#ffffff", "#000000", "#24292f", "#6b7480", "#cfe3f7", "#3c4249", "#dde1e5", "#b4bac1"}
GREYS |= {"#7f7f7f"}


def held(css):
    """Return the colours that the names of a style sheet have: light ones, then dark ones."""
    found = {}
    for name, colour in re.findall(r"--kd-(\w+): (#\w{6});", css):
        found.setdefault(name, []).append(colour)
    return found


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_widgets_style_sheet_has_the_palette():
    found = held((WIDGETS / "common.css").read_text(encoding="utf-8"))
    for hue in palette.HUES:
        assert found[hue.name] == [hue.light, hue.dark], hue.name
    assert tuple(found["bad"]) == palette.BAD


def test_the_sites_style_sheet_has_the_palette():
    css = (ROOT / "tools" / "website" / "assets" / "page.css").read_text(encoding="utf-8")
    found = dict(re.findall(r"--([\w-]+): light-dark\(([^)]+)\)", css))
    hues = {hue.name: f"{hue.light}, {hue.dark}" for hue in palette.HUES}
    assert found["accent"] == hues["accent"]
    assert found["jp-warn-color1"] == hues["second"]
    assert found["jp-success-color1"] == hues["third"]
    assert found["bad"] == ", ".join(palette.BAD)


def test_no_other_module_names_a_colour_of_its_own():
    for path in sorted((ROOT / "kerasdemo").rglob("*.py")):
        if path.name != "palette.py":
            assert set(COLOUR.findall(path.read_text(encoding="utf-8"))) <= GREYS, path.name
    for path in [
        *WIDGETS.glob("*.css"),
        *WIDGETS.glob("*.js"),
        *ROOT.glob("kerasdemo/asking/*.?s*"),
    ]:
        if path.name != "common.css":
            assert COLOUR.findall(path.read_text(encoding="utf-8")) == [], path.name


def test_every_hue_can_be_read():
    for hue in palette.HUES:
        assert contrast(hue.light, "#ffffff") >= 4.5, hue.name
        assert contrast(hue.dark, "#16191d") >= 4.5, hue.name
        assert min(contrast(hue.middle, "#ffffff"), contrast(hue.middle, "#16191d")) >= 3, hue.name


def test_each_method_has_a_place():
    assert tuple(palette.PLACES) == kd.METHODS
    assert (
        sorted(palette.PLACES.values())
        == list(range(len(palette.HUES)))
        == list(range(len(DASHES)))
    )


@pytest.mark.parametrize("names", [kd.METHODS, ("call", "predict"), ("mine", "predict_step")])
def test_a_method_has_its_colour_whatever_is_drawn_beside_it(names):
    series = {name: [Point(8, 0.2, 0.004, 0.003, 0.005)] for name in names}
    lines = {line.name: line.number for line in chart(series, [8]).lines}
    for name, number in lines.items():
        assert number == palette.PLACES.get(name, number)
    assert len(set(lines.values())) == len(names)
    svg = timings_svg(series, [8])
    for name, number in lines.items():
        assert f'kd-series-{number}"><title>{name}</title>' in svg


def test_a_method_has_its_colour_in_matplotlib_too():
    pytest.importorskip("matplotlib").use("agg")
    from kerasdemo.view.plots import COLOURS, plot_batch_sizes

    points = [Point(8, 0.2, 0.004, 0.003, 0.005)]
    axes = plot_batch_sizes({"call": points, "predict": points})
    drawn = {line.get_label(): line.get_color() for line in axes.lines}
    assert (drawn["call"], drawn["predict"]) == (COLOURS[3], COLOURS[0])
