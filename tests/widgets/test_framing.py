"""Strokes to ink to image, on the page and in Python: the same, whatever is drawn."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from pen_strokes import written
from test_scripts import FOLDER, node  # noqa: F401

from kerasdemo import preprocess
from kerasdemo.handwriting import pen
from kerasdemo.handwriting.pen import SHEET, check_strokes, draw_strokes
from kerasdemo.preprocess import frame_digit

# What the page computes, as doubles one after the other: for drawings the ink and the image, for
# inks the image.
PAGE = """
import { readFileSync, writeFileSync } from "node:fs";
import { drawStrokes, frameDigit } from "./framing.js";
const { drawings, inks } = JSON.parse(readFileSync("given.json"));
const numbers = drawings.map(drawStrokes).flatMap((ink) => [...ink.flat(), ...frameDigit(ink)]);
writeFileSync("made.bin", Float64Array.from([...numbers, ...inks.flatMap(frameDigit)]));
"""


def random_walk(rng):
    """A stroke that goes anywhere, off the sheet too, with any pen, in whole or broken pixels."""
    steps = rng.normal(0, rng.choice([2, 10, 60]), (rng.integers(1, 40), 2))
    points = rng.uniform(-20, SHEET + 20, 2) + np.cumsum(steps, axis=0)
    return {"width": rng.uniform(1, 60), "points": points.round(rng.integers(0, 3)).tolist()}


def line(width, *points):
    return {"width": width, "points": [list(point) for point in points]}


def circle(x, y, radius, width):
    at = np.radians(np.arange(0, 361, 10))
    return line(width, *np.stack([x + radius * np.cos(at), y + radius * np.sin(at)], axis=1))


def drawings():
    rng = np.random.default_rng(20)
    edge = SHEET - 0.5
    return [
        [],
        [line(34, (140, 140))],
        [line(1, (0, 0))],
        [line(100, (-40, -40))],
        [line(34, (5000, -5000), (9000, -5000))],  # nothing on the sheet
        [line(60, (140, 0), (140, 0), (140, 0))],
        [line(100, (0, y), (SHEET, y)) for y in range(0, SHEET + 1, 50)],  # all of the sheet
        [line(1, (0.5, 0), (0.5, SHEET)), line(1, (0, edge), (SHEET, edge))],
        [line(1, (edge, 0), (edge, SHEET))],
        [line(2, (0, 0.2), (SHEET, 0.2))],
        *([circle(x, 140, 90, width)] for x in (140, 140.5, 77, 90) for width in (10, 33, 34)),
        *([random_walk(rng) for _ in range(rng.integers(1, 4))] for _ in range(40)),
        *(written(label, rng, width=rng.uniform(4, 60)) for label in range(10) for _ in range(2)),
    ]


def inks():
    rng = np.random.default_rng(21)
    made = [np.zeros((3, 5)), np.ones((1, 1)), np.ones((280, 280)), np.eye(60), np.eye(7)[::-1]]
    levels = [0, 0, 0, 0.0039, 1 / 255, 0.004, 0.25, 1]
    for _ in range(300):
        made.append(rng.choice(levels, rng.integers(1, 45, 2), p=rng.dirichlet([1] * len(levels))))
    faint = [np.pad(ink, 9, constant_values=0.0039) for ink in made[5:60]]
    even = [np.pad(ink + ink[:, ::-1], 2) / 2 for ink in made[60:200]]  # ties in the middle
    return [*made, *faint, *even]


@pytest.fixture
def on_the_page(node, tmp_path):  # noqa: F811
    """Return a function that draws and frames as the page does, with a script altered or not."""
    shutil.copy(FOLDER / "framing.js", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "page.mjs").write_text(PAGE)

    def compute(drawings, inks):
        given = {"drawings": drawings, "inks": [ink.tolist() for ink in inks]}
        (tmp_path / "given.json").write_text(json.dumps(given))
        subprocess.run([node, "page.mjs"], cwd=tmp_path, check=True, timeout=120)
        made = np.fromfile(tmp_path / "made.bin", "<f8")
        drawn, framed = np.split(made, [len(drawings) * (SHEET**2 + 784)])
        drawn = drawn.reshape(len(drawings), -1)
        return (
            drawn[:, : SHEET**2].reshape(-1, SHEET, SHEET),
            drawn[:, SHEET**2 :].reshape(-1, 28, 28),
            framed.reshape(-1, 28, 28),
        )

    compute.folder = tmp_path
    return compute


def largest_differences(page, drawings, inks):
    """Compare what the page made with Python's: ink, and images of drawings and of inks."""
    drawn, seen, framed = page
    sheets = [draw_strokes(check_strokes(drawing)) for drawing in drawings]
    pairs = [(drawn, sheets), (seen, map(frame_digit, sheets)), (framed, map(frame_digit, inks))]
    return [float(np.abs(ours - np.stack([*theirs])).max()) for ours, theirs in pairs]


def test_the_page_draws_and_frames_as_python_does(on_the_page):
    """Ink to the last bits. Images to 1e-6: Python's are float32, the page has doubles."""
    ink, *images = largest_differences(on_the_page(drawings(), inks()), drawings(), inks())
    assert ink < 1e-12
    assert max(images) < 1e-6


ALTERED = [
    ("[20, 1 / 255]", "[19, 1 / 255]"),
    ("SIZE / 2 -", "SIZE / 2 + 0.5 -"),
    ("[20, 1 / 255]", "[20, 1 / 254]"),
    ("longest + 0.5", "longest + 0.4"),
    ("* 1e6) / 1e6", "* 1e20) / 1e20"),
    ("SIZE - length)", "SIZE)"),
    ("(width + 1) / 2", "width / 2"),
    ("column + 0.5", "column"),
    ("/ square, 0, 1)", "/ square, 0, 2)"),
]


@pytest.mark.parametrize(("ours", "theirs"), ALTERED)
def test_a_page_that_does_otherwise_is_seen(on_the_page, ours, theirs):
    script = on_the_page.folder / "framing.js"
    text = script.read_text(encoding="utf-8")
    assert text.count(ours) == 1
    script.write_text(text.replace(ours, theirs), encoding="utf-8")
    some = drawings()[1:40:3]
    assert max(largest_differences(on_the_page(some, inks()), some, inks())) > 1e-3


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (preprocess, "BOX", 19),
        (preprocess, "FAINTEST", 1 / 254),
        (preprocess, "round", lambda value, _: value),
        (pen, "_pixels", lambda one, other, reach: (140, 150)),
    ],
)
def test_a_python_that_does_otherwise_is_seen(on_the_page, monkeypatch, module, name, value):
    some = drawings()[10:14]
    page = on_the_page(some, inks())
    monkeypatch.setattr(module, name, value, raising=False)
    assert max(largest_differences(page, some, inks())) > 1e-3
