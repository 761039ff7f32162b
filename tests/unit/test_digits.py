"""Digits: what can be chosen, how it is shown, and what a student is told who mistypes."""

import dataclasses
import pickle
import re
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from idx_writer import random_digits, set_bytes, write_folder, write_zip
from matplotlib.colors import to_rgba

from kerasdemo import Digits, load_digits
from kerasdemo.sources.samples import choose_samples

TRAIN, TEST = random_digits(30, seed=1), random_digits(10, seed=2)
quick = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def make(count, seed=0, name="some"):
    pixels, labels = random_digits(count, seed)
    rng = np.random.default_rng(seed)
    return Digits(pixels, labels, rng.permutation(count), rng.random(count) < 0.3, name)


@pytest.fixture(scope="module")
def embedded():
    return load_digits()


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


# --- the embedded set -----------------------------------------------------------------------------


def test_the_embedded_set_is_the_uci_test_set(embedded):
    assert len(embedded) == 1797
    # the counts that E. Alpaydin and C. Kaynak give in optdigits.names
    assert np.bincount(embedded.labels).tolist() == [
        178, 182, 177, 183, 181, 182, 181, 179, 174, 180
    ]  # fmt: skip
    np.testing.assert_array_equal(embedded.indices, np.arange(1797))


def test_the_split_is_the_same_everywhere_and_disjoint(embedded):
    assert len(embedded.train) == 1438
    assert len(embedded.test) == 359
    assert not embedded.train.is_test.any()
    assert embedded.test.is_test.all()
    assert sorted([*embedded.train.indices, *embedded.test.indices]) == list(range(1797))
    assert (np.bincount(embedded.test.labels) >= 34).all()


@pytest.mark.parametrize("part", ["train", "test"])
def test_part_is_the_property(embedded, part):
    np.testing.assert_array_equal(load_digits(part=part).indices, getattr(embedded, part).indices)


# --- what a Digits holds --------------------------------------------------------------------------


@quick
@given(count=st.integers(0, 20), seed=st.integers(0, 5))
def test_images_are_pixels_as_a_model_takes_them(count, seed):
    digits = make(count, seed)
    images = digits.images
    assert images.dtype == np.float32
    assert images.shape == (count, 28, 28, 1)
    exact = digits.pixels.astype(np.float64) / 255
    assert np.abs(images[..., 0] - exact).max(initial=0) < 1e-7
    assert images.min(initial=0) >= 0
    assert images.max(initial=1) == 1
    assert digits.images is not images
    assert not images.flags.writeable


def test_nothing_can_be_changed_by_accident():
    pixels, labels = random_digits(3)
    digits = Digits(pixels, labels, np.arange(3), np.zeros(3, bool))
    for field in ("pixels", "labels", "indices", "is_test"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(digits, field)[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        digits.name = "other"
    pixels[0] = 1  # the caller's own array stays the caller's
    assert pixels.flags.writeable


def test_what_has_the_right_type_is_not_copied():
    labels, indices = np.array([1, 2]), np.array([0, 1])
    digits = Digits(**(GOOD | {"labels": labels, "indices": indices}))
    assert np.shares_memory(digits.labels, labels)
    assert np.shares_memory(digits.indices, indices)


def test_a_digits_is_equal_to_itself_alone():
    """Arrays say of each element whether it is equal: that is no answer for the whole."""
    digits = make(4)
    assert (digits == make(4)) is False
    assert len({digits, digits, make(4)}) == 2


def test_the_columns_have_the_types_of_the_contract():
    digits = make(4)
    kinds = [getattr(digits, name).dtype for name in ("pixels", "labels", "indices", "is_test")]
    assert kinds == [np.uint8, np.int64, np.int64, bool]


def test_a_digits_survives_a_trip_to_another_process():
    digits = make(4)
    copy = pickle.loads(pickle.dumps(digits))
    np.testing.assert_array_equal(copy.pixels, digits.pixels)
    assert repr(copy) == repr(digits)


GOOD = {
    "pixels": np.zeros((2, 28, 28), np.uint8),
    "labels": np.array([1, 2]),
    "indices": np.array([0, 1]),
    "is_test": np.array([True, False]),
}


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"pixels": np.zeros((2, 28, 28))}, TypeError, r"float64; expected uint8.*\* 255"),
        ({"pixels": np.zeros((28, 28), np.uint8)}, ValueError, r"\(28, 28\).*pixels\[None\]"),
        ({"pixels": np.zeros((2, 28, 28, 1), np.uint8)}, ValueError, r"pixels\[\.\.\., 0\]"),
        ({"pixels": np.zeros((2, 8, 8), np.uint8)}, ValueError, r"expected \(n, 28, 28\)"),
        ({"labels": np.array([1, 2, 3])}, ValueError, r"labels have shape \(3,\)"),
        ({"labels": np.array([1.0, 2.0])}, TypeError, "expected whole numbers"),
        ({"labels": np.array(["1", "2"])}, TypeError, "expected whole numbers"),
        ({"labels": np.array([1, 10])}, ValueError, "labels go from 1 to 10; expected 0 to 9"),
        ({"labels": np.array([-1, 3])}, ValueError, "labels go from -1"),
        ({"indices": np.array([[0, 1]])}, ValueError, "indices have shape"),
        ({"is_test": np.array([0, 1])}, TypeError, "expected True or False"),
    ],
)
def test_wrong_arrays_are_explained(changed, error, said):
    with pytest.raises(error, match=said):
        Digits(**(GOOD | changed))


# --- choosing samples -----------------------------------------------------------------------------


def same(left, right):
    return all(
        np.array_equal(getattr(left, name), getattr(right, name))
        for name in ("pixels", "labels", "indices", "is_test", "name")
    )


@quick
@given(count=st.integers(1, 30), data=st.data())
def test_one_number_keeps_the_batch_axis(count, data):
    digits, place = make(count), data.draw(st.integers(-count, count - 1))
    for number in (place, np.int64(place), np.array(place)):
        one = digits[number]
        assert one.images.shape == (1, 28, 28, 1)
        np.testing.assert_array_equal(one.pixels[0], digits.pixels[place])
        assert one.labels[0] == digits.labels[place]
        assert one.indices[0] == digits.indices[place]
        assert same(one, digits[[place]])


@quick
@given(count=st.integers(0, 30), data=st.data())
def test_a_slice_is_the_slice_of_every_column(count, data):
    digits, cut = make(count), data.draw(st.slices(count))
    assert same(
        digits[cut],
        Digits(
            digits.pixels[cut], digits.labels[cut], digits.indices[cut], digits.is_test[cut], "some"
        ),
    )


@quick
@given(count=st.integers(1, 30), data=st.data())
def test_a_list_chooses_in_its_order_with_repeats(count, data):
    digits = make(count)
    places = data.draw(st.lists(st.integers(-count, count - 1), max_size=40))
    for key in (places, np.array(places, dtype=np.int32), np.array(places, dtype=object)):
        chosen = digits[key]
        np.testing.assert_array_equal(chosen.labels, [digits.labels[place] for place in places])
        np.testing.assert_array_equal(chosen.indices, [digits.indices[place] for place in places])
        assert len(chosen.pixels) == len(places)


@quick
@given(mask=st.lists(st.booleans(), max_size=30))
def test_a_mask_and_its_opposite_share_out_the_samples(mask):
    digits = make(len(mask))
    mask = np.array(mask, dtype=bool)
    chosen, rest = digits[mask], digits[~mask]
    np.testing.assert_array_equal(chosen.indices, digits.indices[mask])
    assert len(chosen) + len(rest) == len(digits)
    assert same(digits.train, digits[~digits.is_test])


@quick
@given(count=st.integers(1, 30), data=st.data())
def test_choosing_twice_is_choosing_once(count, data):
    digits = make(count)
    first = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=20))
    second = data.draw(st.lists(st.integers(0, len(first) - 1), max_size=20))
    assert same(digits[first][second], digits[[first[place] for place in second]])


def test_iteration_gives_one_sample_at_a_time():
    digits = make(4)
    assert [len(one) for one in digits] == [1, 1, 1, 1]
    assert [one.labels[0] for one in digits] == digits.labels.tolist()
    assert len(digits[...]) == 4


@pytest.mark.parametrize(
    ("key", "error", "said"),
    [
        (10, IndexError, "no sample 10: this set has 10. Type a number from 0 to 9, or from -10"),
        (-11, IndexError, "no sample -11"),
        (10**30, IndexError, "no sample 10{30}"),
        ([0, 10], IndexError, "no sample 10"),
        ([0, -11], IndexError, "no sample -11"),
        ([0, 10**30], IndexError, "no sample 10{30}"),
        ([True] * 9, IndexError, "mask has 9 values for 10 samples"),
        (True, TypeError, "True does not choose"),
        (1.0, TypeError, r"1.0 does not choose.*digits\[5\]"),
        ([0.5], TypeError, "not whole numbers"),
        (["a"], TypeError, "not whole numbers"),
        ([[1, 2]], TypeError, "does not choose"),
        ([[1], [2, 3]], TypeError, "different lengths"),
        (None, TypeError, "None does not choose"),
        ((1, 2), TypeError, r"digits\[1, 2\] has 2 keys"),
        ("test", TypeError, r"Type digits\.test"),
        ("eight", TypeError, "not the name 'eight'"),
        (slice("a", None), TypeError, r"slice indices.*digits\[5:9\]"),
        (slice(0, 4, 0), TypeError, "step cannot be zero"),
    ],
    ids=str,
)
def test_a_wrong_key_is_answered_with_what_to_type(key, error, said):
    with pytest.raises(error, match=said):
        make(10)[key]


def test_an_empty_set_says_that_it_is_empty():
    with pytest.raises(IndexError, match="this set is empty"):
        make(0)[0]
    assert make(0).images.shape == (0, 28, 28, 1)


@quick
@given(count=st.integers(1, 50), data=st.data())
def test_neighbours_are_a_slice_and_mean_the_same(count, data):
    start = data.draw(st.integers(0, count - 1))
    stop = data.draw(st.integers(start + 1, count))
    mask = np.zeros(count, bool)
    mask[start:stop] = True
    assert choose_samples(mask, count) == slice(start, stop, 1)
    assert choose_samples(list(range(start, stop)), count) == slice(start, stop, 1)


# --- showing --------------------------------------------------------------------------------------


def test_the_repr_fits_and_says_what_is_there(embedded):
    for digits in (embedded, embedded.test, embedded[5], embedded[:0], make(200)):
        text = repr(digits)
        assert max(map(len, text.splitlines())) <= 100
        assert f"{len(digits):,} sample" in text
        assert str(digits.images.shape) in text
        assert str(digits.pixels.shape) in text
    assert "1 sample of" in repr(embedded[5])
    assert "labels [5, 8, 6], indices [5, 38, 1393]" in repr(embedded[[5, 38, 1393]])
    assert "1,438 train + 359 test" in repr(embedded)


def test_the_repr_names_each_of_a_dozen_samples_and_counts_more(embedded):
    twelve, thirteen = repr(embedded[:12]), repr(embedded[:13])
    assert f"labels {embedded.labels[:12].tolist()}" in twelve
    assert "of each digit" not in twelve
    assert "labels" not in thirteen
    assert "of each digit 0-9: 2 2 2 1 1 1 1 1 1 1" in thirteen
    ones = embedded[embedded.labels == 1]
    assert repr(ones).endswith("of each digit 0-9: 0 182 0 0 0 0 0 0 0 0")


def test_the_html_shows_the_samples_and_escapes_what_came_from_outside():
    digits = make(60, name='<script>alert("1")</script>')
    page = digits._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<img ") == 1
    assert "data:image/png;base64," in page
    words = re.search(r'alt="([^"]*)"', page).group(1)
    assert words.startswith("48 handwritten digits, labelled")
    assert ", ".join(str(label) for label in digits.labels[:24]) in words
    assert "The first 48" in page
    assert "The first" not in digits[:48]._repr_html_()
    assert "<img" not in digits[:0]._repr_html_()


def test_the_picture_is_of_these_samples():
    digits = make(60)

    def picture(samples):
        return re.search(r'src="([^"]*)"', samples._repr_html_()).group(1)

    assert picture(digits[:5]) == picture(digits[[0, 1, 2, 3, 4]])
    assert picture(digits[:5]) != picture(digits[5:10])


def test_a_few_samples_are_drawn_larger():
    def width(count):
        return int(re.search(r'width="(\d+)"', make(count)._repr_html_()).group(1))

    assert width(4) == 4 * (4 * 28 + 1) + 1
    assert width(5) == 5 * (2 * 28 + 1) + 1


def drawn(ax):
    return np.ma.getdata(ax.images[0].get_array())


def test_the_plot_has_every_sample_and_its_label():
    digits = make(7)
    ax = digits.plot(columns=3)
    assert [text.get_text() for text in ax.texts] == [str(label) for label in digits.labels]
    sheet = drawn(ax)
    for place, text in enumerate(ax.texts):
        middle, top = (round(value + 0.01) for value in text.get_position())
        column, row = divmod(place, 3)[1], place // 3
        found = sheet[top + 2 : top + 30, middle - 14 : middle + 14]
        np.testing.assert_array_equal(found, digits.pixels[place])
        assert middle == 14 + column * 32
        assert (top - 9) % 43 == 0
        assert top // 43 == row


def test_the_plot_has_ten_samples_in_a_row():
    heights = [round(text.get_position()[1]) for text in make(11).plot().texts]
    assert heights[:10] == [heights[0]] * 10
    assert heights[10] > heights[0]


def test_the_plot_can_be_read_on_dark_and_light():
    ax = make(7).plot(columns=3)
    assert ax.figure.patch.get_alpha() == 0
    assert ax.patch.get_alpha() == 0
    assert np.isnan(drawn(ax)[-1, -1])  # no sample there: transparent
    assert not ax.axison
    red, green, blue, _ = to_rgba(ax.texts[0].get_color())
    assert 0.4 < (red + green + blue) / 3 < 0.6
    assert ax.images[0].get_interpolation() == "nearest"


def test_the_plot_takes_an_axes_and_titles_of_ones_own():
    figure, ax = plt.subplots()
    digits = make(2)
    titles = [r"$\frac{$", "<b>"]  # a title from outside is never read as mathematics
    assert digits.plot(ax, titles=titles) is ax
    figure.canvas.draw()
    assert [text.get_text() for text in ax.texts] == titles
    assert len(digits.plot(titles=False).texts) == 0


@pytest.mark.parametrize(
    ("count", "options", "said"),
    [
        (0, {}, "nothing to draw: this set is empty, 0 samples.$"),
        (401, {}, r"401 samples to draw; expected 1 to 400.*digits\[:40\]"),
        (3, {"titles": ["a"]}, "1 titles for 3 samples"),
        (3, {"columns": 0}, "columns is 0"),
    ],
)
def test_what_cannot_be_drawn_is_explained(count, options, said):
    with pytest.raises(ValueError, match=said):
        make(count).plot(**options)


# --- loading files --------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["mnist", "emnist-digits"])
def test_a_folder_and_a_zip_give_the_same_digits(tmp_path, style):
    files = set_bytes(TRAIN, TEST, style=style)
    folder = write_folder(tmp_path / "mine", files)
    archive = write_zip(tmp_path / "mine.zip", files)
    for source in (folder, str(folder), archive):
        digits = load_digits(source)
        np.testing.assert_array_equal(digits.pixels, np.concatenate([TRAIN[0], TEST[0]]))
        np.testing.assert_array_equal(digits.labels, np.concatenate([TRAIN[1], TEST[1]]))
        np.testing.assert_array_equal(digits.indices, np.arange(40))
        np.testing.assert_array_equal(digits.is_test, np.arange(40) >= 30)
        assert digits.name == "mine"
        assert digits.test.indices.tolist() == list(range(30, 40))


def test_a_folder_has_its_own_name_however_it_is_written(tmp_path, monkeypatch):
    folder = write_folder(tmp_path / "mine", set_bytes(TRAIN))
    (folder / "inner").mkdir()
    for where, source in [
        (folder, "."),
        (folder, ""),
        (folder / "inner", ".."),
        (tmp_path, "mine"),
    ]:
        monkeypatch.chdir(where)
        assert load_digits(Path(source)).name == "mine"
        assert "'mine'" in repr(load_digits(source or "./"))


def test_upright_twice_is_as_stored(tmp_path):
    folder = write_folder(tmp_path, set_bytes(TRAIN, style="emnist-digits"))
    stored, upright = load_digits(folder, upright=False), load_digits(folder)
    np.testing.assert_array_equal(upright.pixels.transpose(0, 2, 1), stored.pixels)
    assert not np.array_equal(upright.pixels, stored.pixels)


@pytest.mark.parametrize("part", ["train", "test"])
def test_one_part_of_a_folder_stays_on_disk_and_keeps_its_numbers(tmp_path, part):
    folder = write_folder(tmp_path, set_bytes(TRAIN, TEST, packed=False))
    digits = load_digits(folder, part=part)
    assert isinstance(digits.pixels, np.memmap)
    assert isinstance(digits[3:5].pixels, np.memmap)
    assert same(digits, getattr(load_digits(folder), part))


def test_a_part_that_is_not_there_is_named(tmp_path):
    folder = write_folder(tmp_path, set_bytes(TRAIN))
    with pytest.raises(FileNotFoundError, match="no test part"):
        load_digits(folder, part="test")


def test_files_without_samples_are_refused(tmp_path):
    none = (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    with pytest.raises(ValueError, match="holds no samples"):
        load_digits(write_folder(tmp_path, set_bytes(none)))


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_folder(tmp_path / "mine", set_bytes(TRAIN))
    assert len(load_digits("~/mine")) == 30


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        ("minst", ValueError, "Did you mean 'mnist'"),
        ("enmist", ValueError, "Did you mean 'emnist'"),
        ("EMINST", ValueError, "Did you mean 'emnist'"),
        ("nothing/here", FileNotFoundError, "nothing at 'nothing/here'.*load_digits"),
        ("digits.zip", FileNotFoundError, "nothing at 'digits.zip'"),
        ("", FileNotFoundError, "nothing at ''"),
        (5, TypeError, "given int; expected a name or a path"),
        ([1], TypeError, "given list"),
    ],
)
def test_a_wrong_source_is_answered_with_what_to_type(tmp_path, monkeypatch, source, error, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=said):
        load_digits(source)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"part": "training"}, "part is 'training'; expected 'train' or 'test'"),
        ({"source": "emnist", "split": "letters"}, "expected 'digits' or 'mnist'"),
        ({"source": "mnist", "split": "digits"}, "Only EMNIST has splits"),
        ({"split": "digits"}, "Only EMNIST has splits"),
    ],
)
def test_a_wrong_option_is_explained_before_anything_is_read(options, said):
    with pytest.raises(ValueError, match=said):
        load_digits(**options)


def test_a_download_shows_its_progress_unless_asked_not_to(monkeypatch):
    asked = []

    def load_arrays(source, **options):
        asked.append((source, options))
        return tuple(GOOD.values())

    monkeypatch.setattr("kerasdemo.sources.load.load_arrays", load_arrays)
    load_digits("emnist")
    load_digits("mnist", progress=False, part="test", upright=False)
    assert asked == [
        ("emnist", {"part": None, "split": None, "upright": True, "progress": True}),
        ("mnist", {"part": "test", "split": None, "upright": False, "progress": False}),
    ]
