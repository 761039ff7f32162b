"""Lesson 04 takes its four digits from EMNIST when that is in the cache, and downloads nothing."""

from __future__ import annotations

import urllib.request

import numpy as np
import pytest
from lesson_rules import cells_by_id
from places import LESSONS

import kerasdemo as kd

LESSON = next(path for path in LESSONS if path.name.startswith("04_"))
WANTED = [5, 38, 3939, 27389]


@pytest.fixture
def choose_four(read_lesson, monkeypatch, tmp_path):
    """Run the cell that chooses, with an empty cache and without a network."""

    def refuse(*args, **options):
        raise AssertionError("the lesson asked the network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setenv("KERASDEMO_DATA", str(tmp_path))
    cell = cells_by_id(read_lesson(LESSON))["four"].source

    def choose():
        names = {"kd": kd, "np": np, "digits": kd.load_digits()}
        exec(cell, names)
        return names["four"]

    return choose


def test_without_emnist_they_are_the_kit_s_own(choose_four):
    four = choose_four()
    assert four.name == "UCI digits"
    assert four.indices.tolist() == [5, 38, 1393, 1723]


def test_with_emnist_they_are_emnist_s(choose_four, tmp_path):
    count = WANTED[-1] + 3
    labels = (np.arange(count) % 10).astype(np.uint8)
    folder = tmp_path / "emnist"
    folder.mkdir()
    np.savez(folder / "emnist-digits-labels.npz", labels=labels, is_test=np.arange(count) == 0)
    pixels = np.lib.format.open_memmap(
        folder / "emnist-digits-pixels.npy", mode="w+", dtype=np.uint8, shape=(count, 28, 28)
    )
    pixels[[place + 1 for place in WANTED], 0, 0] = [1, 2, 3, 4]
    pixels.flush()
    four = choose_four()
    assert four.name == "EMNIST digits"
    assert four.pixels[:, 0, 0].tolist() == [1, 2, 3, 4], "counted among the training samples"
    assert four.labels.tolist() == [(place + 1) % 10 for place in WANTED]
