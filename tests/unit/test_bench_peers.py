"""What `make bench` runs: the peers, of which each must be one, and the lessons."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from small_models import functional, images, sequential

import kerasdemo as kd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

import lessons  # noqa: E402
import onnx_floor  # noqa: E402
import peers  # noqa: E402
import peers_table  # noqa: E402

floor = pytest.mark.skipif(
    bool(onnx_floor.missing()), reason=f"{onnx_floor.missing()} {onnx_floor.HOW_TO_GET}"
)


def table_of(calls, reference=None, sizes=(1, 3), rounds=4):
    """Measure some calls on three samples."""
    samples = np.arange(6.0).reshape(3, 2)
    reference = reference or calls["predict"]
    return {
        "threads": 2,
        "missing": [],
        "cells": peers.measure(calls, samples, reference, sizes=sizes, rounds=rounds),
    }


CALLS = {"predict": lambda x: x * 2, "same": lambda x: x + x + 1e-6}


# --- the table


def test_each_way_is_measured_at_each_size_and_set_beside_predict():
    cells = table_of(CALLS)["cells"]
    assert [(c["way"], c["size"]) for c in cells] == [
        ("predict", 1), ("same", 1), ("predict", 3), ("same", 3),
    ]  # fmt: skip
    for cell in cells:
        assert cell["count"] == 4
        low, high = cell["quartiles"]
        assert 0 < low <= cell["median"] <= high
        assert cell["samples_per_second"] == pytest.approx(cell["size"] / cell["median"])
        assert cell["first_call"] > 0
    assert all(c["of_predict"] == 1 for c in cells if c["way"] == "predict")
    assert cells[1]["difference"] == pytest.approx(1e-6)


def test_the_reference_is_asked_after_the_last_measurement_of_a_size():
    asked = []
    calls = {"predict": lambda x: asked.append("timed") or x}
    table_of(calls, lambda x: asked.append("reference") or x, sizes=(2,), rounds=3)
    assert asked.index("reference") == len(asked) - 2
    assert asked[-1] == "timed", "what is compared is what the timed call returns"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: x * 2 + 2e-4,
        lambda x: x * 2 * np.where(np.arange(len(x)) == 2, np.nan, 1)[:, None],
        lambda x: x[:, :1] * 2,
    ],
    ids=["other numbers", "not a number", "another shape"],
)
def test_what_answers_otherwise_is_an_error_and_no_row(wrong):
    table, *rows = peers.told(table_of({**CALLS, "wrong": wrong}, sizes=(3,)))
    assert "same" in table
    assert "wrong" not in table
    whole, *single = rows
    assert whole.met is False
    assert {c["way"] for c in whole.data["cells"]} == {"predict", "same"}
    assert [(row.what, row.met) for row in single] == [("wrong, batch of 3", False)]


def test_peers_that_agree_are_one_row_that_is_met():
    table, row = peers.told(table_of(CALLS))
    assert row.met is True
    assert "at most 1e-06 apart, in 4 of 4 rows" in row.figure
    assert "2 intra-op threads for each" in table
    assert table.count("batch of 3") == 1


def test_a_floor_that_is_not_installed_says_what_to_type():
    *_, row = peers.told({**table_of(CALLS), "missing": ["onnx", "onnxruntime"]})
    assert row.met is None
    assert row.figure == 'onnx and onnxruntime not installed: type pip install -e ".[bench]"'


def test_markdown_has_a_row_for_each_way_and_a_column_for_each_size():
    measured = table_of(CALLS)
    cell = measured["cells"][0]
    cell.update(median=0.0421, of_predict=1.0, first_call=0.5)
    lines = [line for line in peers_table.markdown(measured) if line.startswith("|")]
    assert lines[0] == "| | 1 | 3 | first call at 1 |"
    assert lines[2].startswith("| predict | 42.1 (1.00) | ")
    assert lines[2].endswith(" | 500 |")
    assert len(lines) == 4


def test_a_run_that_breaks_is_a_row_that_says_why(monkeypatch):
    monkeypatch.setattr(peers, "__file__", str(ROOT / "no_such_file.py"))
    (row,) = peers.bench_peers()
    assert row.met is False
    assert "no_such_file.py" in row.figure


# --- the ways


@pytest.fixture(scope="module")
def ways():
    return peers.ways(threads=1)


NAMES = (
    *("predict", "predict, XLA", "predict_on_batch", "predict_step", "model(x)"),
    *("tf.function", "tf.function, XLA", "ONNX Runtime"),
)


@pytest.mark.parametrize("way", NAMES)
def test_every_way_gives_the_shipped_probabilities_as_numpy(ways, way):
    if way == peers.FLOOR and onnx_floor.missing():
        pytest.skip(f"{onnx_floor.missing()} {onnx_floor.HOW_TO_GET}")
    found = ways[way](kd.load_digits().images[:40])
    assert isinstance(found, np.ndarray)
    assert peers.difference(found, kd.load_probabilities()[:40]) < peers.CLOSE


def test_no_other_way_is_measured(ways):
    assert set(ways) == set(NAMES) - (set() if not onnx_floor.missing() else {peers.FLOOR})


def test_without_onnx_the_other_ways_are_measured(monkeypatch):
    monkeypatch.setattr(onnx_floor, "missing", lambda: ["onnxruntime"])
    assert set(peers.ways(1)) == set(NAMES) - {peers.FLOOR}


# --- the floor


@floor
def test_the_floor_gives_the_probabilities_of_every_digit():
    run = onnx_floor.session(kd.load_classifier(), threads=1)
    assert peers.difference(run(kd.load_digits().images), kd.load_probabilities()) < 1e-5


def padded():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((7, 5, 2)),
            layers.Conv2D(3, (3, 2), strides=2, padding="same", use_bias=False),
            layers.MaxPooling2D(2, padding="same"),
            layers.Flatten(),
            layers.Dense(4),
        ]
    )


@floor
@pytest.mark.parametrize(
    ("build", "shape"), [(functional, (6, 6, 1)), (sequential, (6, 6, 1)), (padded, (7, 5, 2))]
)
def test_the_floor_is_the_same_function_for_other_chains(build, shape):
    model = build()
    batch = np.random.default_rng(0).random((5, *shape), dtype=np.float32)
    found = onnx_floor.session(model, threads=1)(batch)
    assert peers.difference(found, model.predict_on_batch(batch)) < 1e-5


@floor
@pytest.mark.parametrize("size", [1, 6])
def test_the_floor_takes_any_batch(size):
    assert onnx_floor.session(functional(), threads=1)(images(size)).shape == (size, 4)


@floor
def test_a_layer_that_the_floor_does_not_know_is_named():
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.BatchNormalization(name="norm")])
    with pytest.raises(ValueError, match="norm is a BatchNormalization; known are Conv2D"):
        onnx_floor.graph_of(model)


# --- the lessons

HOG = """
import os, time
x, end = b"x" * {size}, time.monotonic() + 60
while not os.path.exists({sign!r}) and time.monotonic() < end:
    time.sleep(0.02)
"""


def lesson(folder, *cells):
    """Write a notebook with these cells."""
    import nbformat

    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    path = folder / "98_small.ipynb"
    nbformat.write(made, path)
    return path


def test_a_lessons_memory_counts_what_its_kernel_starts(tmp_path, monkeypatch):
    """Each waits until the watch has seen so much, however late that comes on a busy machine."""
    look, sign = lessons.family_memory, tmp_path / "seen"

    def run(cell, enough):
        def noted(process):
            if (now := look(process)) > enough:
                sign.touch()
            return now

        sign.unlink(missing_ok=True)
        monkeypatch.setattr(lessons, "family_memory", noted)
        path = lesson(tmp_path, cell)
        before = path.read_bytes()
        seconds, peak = lessons.run_lesson(path)
        assert path.read_bytes() == before
        assert seconds > 0
        return peak

    hog = HOG.format(size=150_000_000, sign=str(sign))
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hog!r}])"
    idle = run(HOG.format(size=1, sign=str(sign)), 10)
    assert 10 < idle < 120
    assert run(hog, idle + 120) > idle + 120
    assert run(child, idle + 120) > idle + 120


def test_a_broken_lesson_is_told_and_the_others_run(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    for name in ("03_three", "05_five"):
        (tmp_path / f"{name}.ipynb").touch()

    def run(path):
        if path.stem == "03_three":
            raise RuntimeError("cell 4\nNameError: x")
        return 20.0, 300.0

    rows = list(lessons.bench_lessons(run, lambda: 100.0))
    assert [row.met for row in rows] == [False, True, True]
    assert rows[0].figure == "broken: NameError: x"
    assert rows[1].figure == "20 s, 400 MB (300 kernel, 100 server)"
    assert rows[2].what == "the series"


def test_the_series_has_six_minutes(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    for number in range(10):
        (tmp_path / f"{number:02}_lesson.ipynb").touch()
    for seconds, met in ((35.0, True), (37.0, False)):
        *_, series = lessons.bench_lessons(lambda path, s=seconds: (s, 1.0), lambda: 1.0)
        assert series.met is met
