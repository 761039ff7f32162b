"""IDX files: read exactly, kept on disk where possible, refused when they are not what they say."""

import gzip
import io
import re
import stat
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from idx_writer import CODES, idx_bytes, random_digits, set_bytes, write_folder, write_zip

from kerasdemo.sources import idx
from kerasdemo.sources.idx import ELEMENT_TYPES, read_idx, read_idx_stream
from kerasdemo.sources.idx_files import find_parts

TRAIN, TEST = random_digits(30, seed=1), random_digits(10, seed=2)
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
arrays = st.sampled_from(sorted(CODES)).flatmap(
    lambda code: hnp.arrays(
        np.dtype(code), hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6)
    )
)


def read_stream(data, stored=None):
    stream = io.BufferedReader(io.BytesIO(data))
    return read_idx_stream(stream, "x-idx", stored_bytes=len(data) if stored is None else stored)


def load(path, **options):
    return [
        (part.read_labels(), part.read_pixels(part.read_labels().size))
        for part in find_parts(path, **options)
    ]


def assert_same(found, *expected):
    assert len(found) == len(expected)
    for (labels, pixels), (wanted_pixels, wanted_labels) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(labels, wanted_labels)
        np.testing.assert_array_equal(pixels, wanted_pixels)


# --- the format -----------------------------------------------------------------------------------


def test_a_file_written_out_byte_by_byte(tmp_path):
    path = tmp_path / "tiny"
    path.write_bytes(bytes([0, 0, 0x0B, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x02, 0xFF, 0xFE]))
    np.testing.assert_array_equal(read_idx(path), [[258, -2]])


def test_every_element_type_of_the_format_is_known():
    assert {code: kind.str[1:] for code, kind in ELEMENT_TYPES.items()} == {
        code: kind for kind, code in CODES.items()
    }


@quick
@given(array=arrays, packed=st.booleans())
def test_what_is_written_is_read(tmp_path, array, packed):
    data = idx_bytes(array)
    path = tmp_path / "some-idx"
    path.write_bytes(gzip.compress(data) if packed else data)
    for found in (read_idx(path), read_stream(path.read_bytes())):
        assert found.dtype == array.dtype
        assert found.dtype.isnative
        assert found.shape == array.shape
        assert found.tobytes() == array.tobytes()


def test_uncompressed_bytes_stay_on_disk(tmp_path):
    path = tmp_path / "plain"
    path.write_bytes(idx_bytes(TRAIN[0]))
    array = read_idx(path)
    assert isinstance(array, np.memmap)
    assert not array.flags.writeable


@quick
@given(array=arrays, cut=st.integers(1, 1000), packed=st.booleans())
def test_a_file_that_is_cut_off_is_refused(tmp_path, array, cut, packed):
    data = idx_bytes(array)
    data = data[: max(0, len(data) - cut)]
    path = tmp_path / "cut"
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(ValueError, match=r"cut is (cut off|no IDX file)"):
        read_idx(path)


@pytest.mark.parametrize("packed", [False, True])
def test_bytes_after_the_last_number_are_refused(tmp_path, packed):
    data = idx_bytes(TRAIN[0]) + b"!"
    path = tmp_path / "long"
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(ValueError, match=r"long has more bytes than its header promises \(30 x 28"):
        read_idx(path)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"<!DOCTYPE html>", "web page"),
        (b"PK\x03\x04 a zip", "no IDX file"),
        (b"\x01\x00\x08\x01\0\0\0\0", "no IDX file"),
        (b"\x00\x00\x07\x01\0\0\0\0", "no IDX file"),
        (b"\x00\x00\x08\x00", "no IDX file"),
        (b"\x00\x00\x08\xff" + b"\0\0\0\1" * 255 + b"x", "no IDX file"),
        (b"", "no IDX file"),
        (b"\x00\x00\x08\x03\0\0", "cut off inside its header"),
    ],
)
def test_something_else_is_refused(tmp_path, start, said):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(start)
    with pytest.raises(ValueError, match=said):
        read_idx(path)


def test_a_broken_gzip_is_refused(tmp_path):
    path = tmp_path / "broken.gz"
    whole = gzip.compress(idx_bytes(TRAIN[0]))
    for data in (
        whole[: len(whole) // 2],
        whole[:-4] + b"\0\0\0\0",
        whole[:2000] + b"\xff" * 40 + whole[2040:],
    ):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"^broken.gz is damaged"):
            read_idx(path)


def huge(shape):
    return struct.pack(">BBBB", 0, 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape)


@pytest.mark.parametrize(
    "shape", [(1 << 20, 28, 28), (1 << 31, 1 << 31, 1 << 31), (0, 1 << 31, 1 << 31)]
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_header_that_promises_too_much_takes_no_memory(shape, packed):
    data = huge(shape) + bytes(1000)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"at most 1,073,741,824 are read|no handwriting shrinks"):
        read_stream(gzip.compress(data) if packed else data)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_gzip_bomb_is_left_packed():
    bomb = gzip.compress(huge((100_000, 28, 28)) + bytes(78_400_000), compresslevel=1)
    tracemalloc.start()
    with pytest.raises(ValueError, match="no handwriting shrinks so much"):
        read_stream(bomb)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_bomb_behind_an_honest_header_is_read_one_byte_too_far():
    bomb = gzip.compress(huge((10, 28, 28)) + bytes(20_000_000), compresslevel=1)
    tracemalloc.start()
    with pytest.raises(ValueError, match="more bytes than its header promises"):
        read_stream(bomb)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_blank_digits_are_no_bomb(monkeypatch):
    blank = np.zeros((2000, 28, 28), np.uint8)
    assert read_stream(gzip.compress(idx_bytes(blank))).shape == blank.shape
    monkeypatch.setattr(idx, "HARMLESS_BYTES", 1000)
    with pytest.raises(ValueError, match="shrinks"):
        read_stream(gzip.compress(idx_bytes(blank)))


# --- folders and zips -----------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("style", ["mnist", "dotted", "emnist-digits", "emnist-mnist"])
@pytest.mark.parametrize("where", ["", "gzip/", "MNIST/raw/"])
def test_all_names_are_found_in_folders_and_zips(tmp_path, packed, style, where):
    files = set_bytes(TRAIN, TEST, style=style, packed=packed)
    write_folder(tmp_path / "set" / where, files)
    assert_same(load(tmp_path / "set"), TRAIN, TEST)
    assert_same(load(write_zip(tmp_path / "set.zip", files, under=where)), TRAIN, TEST)


def test_names_in_capitals_are_found(tmp_path):
    files = {name.upper(): data for name, data in set_bytes(TRAIN).items()}
    assert_same(load(write_folder(tmp_path, files)), TRAIN)


@pytest.mark.parametrize(("train", "test"), [(TRAIN, None), (None, TEST)])
def test_one_part_is_enough(tmp_path, train, test):
    write_folder(tmp_path, set_bytes(train, test))
    (part,) = find_parts(tmp_path)
    assert part.is_test is (train is None)
    assert_same(load(tmp_path), train or test)


def test_emnist_is_turned_upright_or_left_as_stored(tmp_path):
    write_folder(tmp_path, set_bytes(TRAIN, style="emnist-digits"))
    assert_same(load(tmp_path), TRAIN)
    assert_same(load(tmp_path, upright=False), (TRAIN[0].transpose(0, 2, 1), TRAIN[1]))


def test_mnist_is_never_turned(tmp_path):
    write_folder(tmp_path, set_bytes(TRAIN))
    assert_same(load(tmp_path, upright=True), TRAIN)


def test_the_split_is_chosen(tmp_path):
    files = set_bytes(TRAIN, style="emnist-digits") | set_bytes(TEST, style="emnist-mnist")
    path = write_zip(tmp_path / "gzip.zip", files, under="gzip/")
    assert_same(load(path), TRAIN)
    assert_same(load(path, split="digits"), TRAIN)
    assert_same(load(path, split="mnist"), TEST)


def test_an_uncompressed_file_is_preferred_and_stays_on_disk(tmp_path):
    write_folder(tmp_path, set_bytes(TEST) | set_bytes(TRAIN, packed=False))
    (part,) = find_parts(tmp_path)
    pixels = part.read_pixels(30)
    assert isinstance(pixels, np.memmap)
    write_folder(tmp_path / "e", set_bytes(TRAIN, packed=False, style="emnist-digits"))
    (part,) = find_parts(tmp_path / "e")
    assert isinstance(part.read_pixels(30), np.memmap)


def test_the_hidden_files_of_other_systems_are_left_alone(tmp_path):
    junk = {"__MACOSX/._train-images-idx3-ubyte.gz": b"x", "__MACOSX/train-labels-idx1-ubyte": b"x"}
    deep = {f"a/b/{name}": data for name, data in set_bytes(TRAIN).items()}
    assert_same(load(write_zip(tmp_path / "mac.zip", junk | deep)), TRAIN)
    write_folder(tmp_path / ".trash", set_bytes(TEST))
    write_folder(tmp_path / "set", {"._train-images-idx3-ubyte": b"x"} | set_bytes(TRAIN))
    assert_same(load(tmp_path), TRAIN)


def broken(**changes):
    """A good set with some files changed: None leaves one out."""
    files = set_bytes(TRAIN, packed=False) | {
        f"train-{name.replace('_', '-')}-ubyte": data for name, data in changes.items()
    }
    return {name: data for name, data in files.items() if data is not None}


BAD_SETS = {
    "no labels": (broken(labels_idx1=None), FileNotFoundError, "not the labels"),
    "no images": (broken(images_idx3=None), FileNotFoundError, "not the images"),
    "counts": (broken(labels_idx1=idx_bytes(TRAIN[1][:-1])), ValueError, "30 images .* 29 labels"),
    "label 10": (
        broken(labels_idx1=idx_bytes(np.r_[TRAIN[1][:4], np.uint8(10), TRAIN[1][5:]])),
        ValueError,
        "label 10 at sample 4",
    ),
    "types": (broken(images_idx3=idx_bytes(TRAIN[0].astype("i4"))), ValueError, "holds int32"),
    "signed": (broken(labels_idx1=idx_bytes(TRAIN[1].astype("i1"))), ValueError, "holds int8"),
    "swapped": (broken(images_idx3=idx_bytes(TRAIN[1])), ValueError, r"expected images \(n, 28"),
    "8 x 8": (broken(images_idx3=idx_bytes(TRAIN[0][:, :8, :8])), ValueError, "8 x 8 pixels"),
    "page": (broken(images_idx3=b"<html>404</html>"), ValueError, "web page"),
    "cut": (broken(images_idx3=idx_bytes(TRAIN[0])[:-1]), ValueError, "cut off"),
    "letters": (set_bytes(TRAIN, style="emnist-letters"), FileNotFoundError, "only EMNIST's let"),
    "other": ({"readme.txt": b"hello"}, FileNotFoundError, "holds no digits"),
    "empty": ({}, FileNotFoundError, "holds no digits"),
}


@pytest.mark.parametrize("kind", BAD_SETS)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_bad_set_gets_one_sentence_and_leaves_nothing(tmp_path, kind, zipped):
    files, error, said = BAD_SETS[kind]
    path = write_zip(tmp_path / "s.zip", files) if zipped else write_folder(tmp_path / "s", files)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=said) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "name", ["../train-images-idx3-ubyte", "a/../../x", "/etc/x", "C:/x", "..\\x", "\\\\server\\x"]
)
def test_a_zip_that_points_outside_is_refused_whole(tmp_path, name):
    path = write_zip(tmp_path / "evil.zip", set_bytes(TRAIN) | {name: b"x"})
    with pytest.raises(ValueError, match=r"evil.zip has a member called .* points outside"):
        find_parts(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_zip_with_a_link_is_refused(tmp_path):
    path = write_zip(tmp_path / "link.zip", set_bytes(TRAIN))
    with zipfile.ZipFile(path, "a") as archive:
        member = zipfile.ZipInfo("test-images-idx3-ubyte")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(ValueError, match="symbolic link"):
        find_parts(path)


def test_a_zip_bomb_is_left_packed(tmp_path):
    images = huge((100_000, 28, 28)) + bytes(78_400_000)
    files = {"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": idx_bytes(TRAIN[1])}
    path = write_zip(tmp_path / "bomb.zip", files)
    # a gzip in a zip shrinks twice: what counts is what the zip takes
    inner = {name + ".gz": gzip.compress(data, 1) for name, data in files.items()}
    nested = write_zip(tmp_path / "nested.zip", inner)
    for bomb in (path, nested):
        (part,) = find_parts(bomb)
        tracemalloc.start()
        with pytest.raises(ValueError, match="no handwriting shrinks so much"):
            part.read_pixels(30)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
        tracemalloc.stop()


def test_a_zip_with_a_password_is_refused(tmp_path):
    path = write_zip(tmp_path / "locked.zip", set_bytes(TRAIN), method=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for match in re.finditer(re.escape(header), bytes(data)):
            data[match.start() + flags] |= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="has a password"):
        load(path)


def test_a_zip_that_is_none_is_refused(tmp_path):
    path = tmp_path / "digits.zip"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match=r"digits.zip is not a zip"):
        find_parts(path)


def test_one_idx_file_by_itself_is_answered_with_its_folder(tmp_path):
    write_folder(tmp_path, set_bytes(TRAIN))
    with pytest.raises(ValueError, match="type the folder it is in"):
        find_parts(tmp_path / "train-images-idx3-ubyte.gz")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_happens_to_the_bytes_the_answer_is_digits_or_a_sentence(data, tmp_path_factory):
    style = data.draw(st.sampled_from(["zip", "stored", "gz", "plain"]))
    small = (TRAIN[0][:2], TRAIN[1][:2])
    files = set_bytes(small, packed=style != "plain")
    folder = tmp_path_factory.mktemp("fuzz")
    if style in ("zip", "stored"):
        method = zipfile.ZIP_DEFLATED if style == "zip" else zipfile.ZIP_STORED
        target = path = write_zip(folder / "s.zip", files, method=method)
    else:
        path = write_folder(folder / "s", files)
        target = path / data.draw(st.sampled_from(sorted(files)))
    raw = bytearray(target.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    target.write_bytes(raw[: data.draw(st.integers(0, len(raw)) | st.none())])
    said = "nothing"
    try:
        for labels, pixels in load(path):
            assert pixels.shape == (len(labels), 28, 28)
    except (ValueError, FileNotFoundError) as error:
        said = str(error)
    assert said
    assert "\n" not in said
