"""augment: digits redrawn by other hands and pens."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kerasdemo import augment as redrawing
from kerasdemo.augment import augment, redraw
from kerasdemo.digits import load_digits
from kerasdemo.handwriting import hand, strokes, styles
from kerasdemo.handwriting.strokes import FINE, distance_to, middle_line, stroke_maps
from kerasdemo.preprocess import frame_digit

TRAIN = load_digits().train


def of_one_class(label, count=6):
    return TRAIN[np.flatnonzero(TRAIN.labels == label)[:count]].images


@given(
    st.lists(st.integers(0, len(TRAIN) - 1), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
    st.floats(0, 1),
)
@settings(max_examples=30, deadline=None)
def test_gives_digits_of_the_same_kind(chosen, seed, strength):
    images = TRAIN[chosen].images
    before = images.copy()
    new = augment(images, np.random.default_rng(seed), strength=strength)
    assert new.shape == images.shape
    assert new.dtype == np.float32
    assert new.min() >= 0
    assert new.max() <= 1
    np.testing.assert_array_equal(images, before)
    ink = new.sum(axis=(1, 2, 3))
    assert (ink > 15).all(), "ink is lost"
    assert (ink < 330).all(), "ink is everywhere"


def test_the_same_state_gives_the_same_images_and_another_state_others():
    images = TRAIN[:70].images
    first = augment(images, np.random.default_rng(3))
    np.testing.assert_array_equal(first, augment(images, np.random.default_rng(3)))
    assert not np.array_equal(first, augment(images, np.random.default_rng(4)))


def test_copies_of_one_digit_become_different_digits():
    copies = np.repeat(TRAIN[5].images, 8, axis=0)
    new = augment(copies, np.random.default_rng(0))
    for i in range(8):
        for j in range(i):
            assert np.abs(new[i] - new[j]).mean() > 0.01


def test_blank_stays_blank_at_any_strength():
    blank = np.zeros((5, 28, 28, 1))
    for strength in (0, 0.5, 1):
        assert not augment(blank, np.random.default_rng(0), strength=strength).any()


def test_an_empty_batch_stays_empty():
    assert augment(np.zeros((0, 28, 28, 1)), np.random.default_rng(0)).shape == (0, 28, 28, 1)


def test_strength_0_only_frames_again():
    images = TRAIN[:40].images
    new = augment(images, np.random.default_rng(0), strength=0)[..., 0]
    framed = np.stack([frame_digit(image[..., 0]) for image in images])
    assert np.abs(new - framed).mean() < 0.03
    likeness = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(new, framed, strict=True)]
    assert min(likeness) > 0.8
    assert np.mean(likeness) > 0.95


def test_more_strength_changes_more():
    images = TRAIN[:60].images
    change = [
        np.abs(augment(images, np.random.default_rng(0), strength=s) - images).mean()
        for s in (0, 0.3, 1)
    ]
    assert change[0] < change[1] < change[2]


def test_results_are_framed_like_drawings():
    new = augment(TRAIN[:100].images, np.random.default_rng(1))[..., 0]
    inked = new > 0.02
    heights = [np.ptp(np.flatnonzero(image.any(axis=1))) + 1 for image in inked]
    widths = [np.ptp(np.flatnonzero(image.any(axis=0))) + 1 for image in inked]
    longest = np.maximum(heights, widths)
    assert (longest >= 18).all()  # faint ends may fall below the threshold,
    assert (longest <= 22).all()  # blur may add a pixel at either side
    at = np.arange(28)
    centre = new.sum(axis=2) @ at / new.sum(axis=(1, 2))
    assert np.median(np.abs(centre - 13.5)) <= 0.5


def test_pens_of_many_widths():
    new = augment(np.repeat(of_one_class(0, 10), 20, axis=0), np.random.default_rng(0))
    ink = new.sum(axis=(1, 2, 3))
    assert np.percentile(ink, 95) > 2 * np.percentile(ink, 5)


def test_slants_both_ways():
    new = augment(np.repeat(of_one_class(4, 30), 8, axis=0), np.random.default_rng(0))[..., 0]
    x = np.arange(28) - 13.5
    slant = [(image * np.outer(x, x)).sum() / (image * (x**2)[:, None]).sum() for image in new]
    assert min(slant) < -0.2
    assert max(slant) > 0.2


@pytest.mark.parametrize(("label", "axis"), [(3, 1), (7, 0), (6, 0)])
def test_mirrors_nothing(label, axis):
    images = of_one_class(label, 40)
    plain = images.mean(axis=0)[..., 0]
    new = augment(np.repeat(images, 5, axis=0), np.random.default_rng(0))[..., 0]

    def alike(picture):
        return (new * picture).sum(axis=(1, 2))

    assert (alike(plain) > alike(np.flip(plain, axis))).mean() > 0.7


def test_sixes_are_not_turned_into_nines():
    sixes = np.repeat(of_one_class(6, 30), 10, axis=0)
    new = augment(sixes, np.random.default_rng(0))[..., 0]
    lower, upper = new[:, 14:].sum(axis=(1, 2)), new[:, :14].sum(axis=(1, 2))
    assert (lower > upper).mean() > 0.85  # the loop holds the ink, and stays below


def test_narrow_digits_stay_narrow():
    bar = np.zeros((40, 28, 28, 1))
    bar[:, 4:24, 12:16] = 1
    new = augment(bar, np.random.default_rng(0))[..., 0]
    # Slanting moves rows sideways but widens none of them.
    widest_row = new.sum(axis=2).max(axis=1)
    assert np.median(widest_row) < 7


@pytest.mark.parametrize(
    ("width", "may_widen", "kept"), [(4, 1, True), (14, 0, True), (14, 1, False)]
)
def test_narrow_digits_keep_both_ends_alike(monkeypatch, width, may_widen, kept):
    monkeypatch.setattr(hand, "WOBBLE", ())
    monkeypatch.setattr(hand, "ROTATION", 0)
    inked = np.zeros((20, 84, 84), dtype=bool)
    inked[:, 12:72, 42 - 3 * width // 2 : 42 + 3 * width // 2] = True
    strengths = np.ones((20, 1, 1), dtype=np.float32)
    x, _, _ = hand.new_hand(inked, np.full(20, may_widen), np.random.default_rng(0), strengths)
    breadth = x[:, :, 30] - x[:, :, 17]  # how much of the old digit each row of paper looks at
    assert np.allclose(breadth[:, 5], breadth[:, -5], rtol=1e-3) == kept


def test_a_known_1_is_not_widened():
    ones = np.repeat(of_one_class(1, 20), 5, axis=0)
    wide, narrow = (
        augment(ones, np.random.default_rng(0), labels=labels)[..., 0].sum(axis=2).max(axis=1)
        for labels in (None, np.ones(100, dtype=int))
    )
    assert narrow.mean() < wide.mean()


def test_many_a_known_7_loses_its_bar():
    sevens = np.repeat(of_one_class(7, 8), 25, axis=0)
    lines = stroke_maps(sevens)
    gone = (lines[:, 2] > lines[:, 1] + 1).any(axis=(1, 2))
    assert gone.mean() > 0.6
    with_bars = augment(sevens, np.random.default_rng(0))
    without = augment(sevens, np.random.default_rng(0), labels=np.full(200, 7))
    changed = np.abs(with_bars - without).max(axis=(1, 2, 3)) > 0.5
    assert 0.3 < changed.mean() < 0.7
    assert without[changed].sum() < with_bars[changed].sum()


def test_a_spot_is_wiped_from_some_digits(monkeypatch):
    images = TRAIN[:400].images
    wiped = augment(images, np.random.default_rng(0))
    monkeypatch.setattr(redrawing, "GAPS", 0)
    whole = augment(images, np.random.default_rng(0))
    changed = np.abs(wiped - whole).max(axis=(1, 2, 3)) > 0.5
    assert 0.03 < changed.mean() < 0.12
    assert wiped[changed].sum() < 0.97 * whole[changed].sum()


def test_only_ends_half_way_up_are_worn_down():
    line = np.zeros((1, 40, 40), dtype=bool)
    line[0, 5:35, 20] = True  # a stem,
    line[0, 5, 8:20] = line[0, 34, 20:30] = True  # a roof and a foot,
    stem = line.copy()
    line[0, 18, 10:31] = True  # and a bar
    worn = strokes.without_bars(line)
    assert (worn & stem == stem).all()
    assert (worn & ~stem).sum() <= 2
    assert not strokes.without_bars(np.zeros((1, 9, 9), dtype=bool)).any()


def test_labels_must_be_as_many_as_images():
    with pytest.raises(ValueError, match="2 images need 2"):
        augment(TRAIN[:2].images, np.random.default_rng(0), labels=[1, 2, 3])


def test_does_not_depend_on_how_maps_are_made():
    images = TRAIN[:5].images
    direct = augment(images, np.random.default_rng(2))
    np.testing.assert_array_equal(redraw(stroke_maps(images), np.random.default_rng(2)), direct)
    np.testing.assert_array_equal(augment(images[..., 0], np.random.default_rng(2)), direct)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((28, 28)), r"image\[None\]"),
        (np.zeros((2, 32, 32, 1)), r"\(2, 32, 32, 1\)"),
        (np.full((1, 28, 28, 1), 255), "pixels / 255"),
        (np.full((1, 28, 28, 1), np.nan), "from 0 to 1"),
    ],
)
def test_says_what_is_wrong_with_images(images, words):
    with pytest.raises(ValueError, match=words):
        augment(images, np.random.default_rng(0))


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_says_what_is_wrong_with_a_strength(strength):
    with pytest.raises(ValueError, match="strength"):
        augment(np.zeros((1, 28, 28, 1)), np.random.default_rng(0), strength=strength)


def test_distances_are_those_of_a_search_through_all_points():
    rng = np.random.default_rng(0)
    for density in (0.003, 0.02, 0.3):
        ink = rng.random((2, 24, 30)) < density
        ink[0, 3, 4] = ink[1, 20, 9] = True
        for picture, found in zip(ink, distance_to(ink), strict=True):
            points = np.argwhere(picture)
            every = np.argwhere(np.ones_like(picture))
            apart = np.sqrt(((every[:, None] - points) ** 2).sum(axis=2)).min(axis=1)
            expected = apart.reshape(picture.shape)
            near = expected < strokes.REACH * FINE
            np.testing.assert_allclose(found[near], expected[near], atol=1e-4)
            assert (found[~near] >= strokes.REACH * FINE - 1e-4).all()


def pieces(picture, corners):
    """Count the connected parts of a picture."""
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    if corners:
        steps += [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    left = {tuple(point) for point in np.argwhere(picture)}
    count = 0
    while left:
        count += 1
        edge = [left.pop()]
        while edge:
            row, column = edge.pop()
            for down, right in steps:
                step = (row + down, column + right)
                if step in left:
                    left.remove(step)
                    edge.append(step)
    return count


@pytest.mark.parametrize("label", range(10))
def test_middle_lines_keep_parts_and_loops(label):
    zoomed = np.kron(of_one_class(label, 3)[..., 0] > 0.5, np.ones((1, 2, 2))) > 0
    for ink, line in zip(zoomed, middle_line(zoomed), strict=True):
        assert not (line & ~ink).any()
        assert line.sum() < 0.5 * ink.sum()
        assert pieces(line, True) == pieces(ink, True)
        assert pieces(~line, False) == pieces(~ink, False)


def test_rare_styles_weigh_more_and_are_drawn_more_often():
    weights = styles.rarity(TRAIN.images, TRAIN.labels)
    for label in range(10):
        assert weights[TRAIN.labels == label].mean() == pytest.approx(1)
    twice = np.concatenate([TRAIN.images, TRAIN[:1].images, TRAIN[:1].images])
    labels = np.concatenate([TRAIN.labels, [TRAIN.labels[0]] * 2])
    share = weights[0] / weights[TRAIN.labels == TRAIN.labels[0]].sum()
    again = styles.rarity(twice, labels)
    assert again[0] / again[labels == labels[0]].sum() < share
    counts = np.zeros(len(TRAIN))
    rng = np.random.default_rng(0)
    for _ in range(50):
        drawn = styles.draw_by_weight(weights, rng)
        assert len(drawn) == len(TRAIN)
        counts += np.bincount(drawn, minlength=len(TRAIN))
    np.testing.assert_allclose(counts / 50, weights, atol=0.35)


def test_the_picture_of_the_documentation(tmp_path):
    path = tmp_path / "new" / "augmentation.png"
    command = [sys.executable, "-m", "kerasdemo.augment", "--picture", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(path) in done.stdout
    with Image.open(path) as picture:
        assert picture.size[0] > 500
        assert len(picture.getcolors(maxcolors=256)) > 20
