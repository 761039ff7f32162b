"""Files that are not what they say: one kind of error with words in it, and nothing else comes.

Good files are cut, flipped, stretched and spoilt in the ways in which files do get spoilt, and each
reader either takes one or says what is wrong. The long test does the same for far more of them.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import gzip
import io
import json
import marshal
import random
import shutil
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from idx_writer import random_digits, set_bytes, write_zip
from limits import within

from kerasdemo import curves
from kerasdemo.asking import texts
from kerasdemo.classifier import shipped
from kerasdemo.digits import load_digits
from kerasdemo.evidence.known import read_claims
from kerasdemo.lesson_files.copying import file_of, write_copies
from kerasdemo.lesson_files.finding import all_lessons, read_notebook
from kerasdemo.lesson_files.stripping import strip
from kerasdemo.scaling.files import npy_source, picture_source
from kerasdemo.sources import load
from kerasdemo.sources.cache import Arrays, _decode, _read_decoded
from kerasdemo.sources.idx_files import find_parts
from kerasdemo.sources.npz import read_npz
from kerasdemo.streaming.store import open_store
from kerasdemo.tallying import tally

DATA = Path(shipped.DATA)
LESSONS = DATA.parents[1] / "notebooks"
SEVERAL, MANY = 60, 1500  # examples of each file
MOST = 32 << 20  # bytes that a reader of such a small file may hold at any time


@dataclass(frozen=True)
class Kind:
    """A kind of file: good ones by name, and what reads the folder that they lie in."""

    files: Callable[[], dict[str, bytes]]
    read: Callable[[Path], object]


def one(name: str, content: Callable[[], bytes], read: Callable[[Path], object]) -> Kind:
    return Kind(lambda: {name: content()}, lambda folder: read(folder / name))


def digits_of(packed: bool) -> dict[str, bytes]:
    return set_bytes(random_digits(4, 1), random_digits(3, 2), packed=packed)


def zipped() -> bytes:
    written = io.BytesIO()
    write_zip(written, digits_of(True))
    return written.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    written = io.BytesIO()
    np.savez_compressed(written, **arrays)
    return written.getvalue()


def npy() -> bytes:
    written = io.BytesIO()
    np.save(written, np.arange(24, dtype=np.float32).reshape(6, 4))
    return written.getvalue()


def png() -> bytes:
    from kerasdemo.view.images import digit_png

    return digit_png(np.eye(28))


def embedded(path: Path) -> None:
    with mock.patch.object(load, "EMBEDDED", path):
        load_digits()


def probabilities(path: Path) -> None:
    with mock.patch.object(shipped, "DATA", path.parent):
        shipped.load_probabilities()


@cache
def decoded() -> dict[str, bytes]:
    """Return the copy that the first load_digits("mnist") leaves, of a few digits."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        source, target = Path(place, "source"), Path(place, "target")
        for folder in (source, target):
            folder.mkdir()
        for name, data in digits_of(True).items():
            (source / name).write_bytes(data)
        arrays = _decode(find_parts(source), target, "mnist")
        assert len(arrays.labels) == 7
        return {path.name: path.read_bytes() for path in target.iterdir()}


def read_decoded(folder: Path) -> None:
    assert isinstance(_read_decoded(folder, "mnist"), Arrays | None)


ROWS = np.random.default_rng(5).random((12, 10)).astype(np.float32)


@cache
def unfinished() -> dict[str, bytes]:
    """Return what a stream that was ended after three batches leaves."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        store = open_store(Path(place, "answers.npy"), resume=False)
        for start in (0, 4, 8):
            store.append(ROWS[start : start + 4])
        store.pause()
        return {path.name: path.read_bytes() for path in Path(place).iterdir()}


def take_up(folder: Path) -> None:
    """Go on with a stream: what is kept is what was stored, and it can be ended."""
    store = open_store(folder / "answers.npy", resume=True)
    try:
        for at in range(store.batches):
            rows = store.targets["output"].read(4 * at, 4 * at + 4)
            assert np.array_equal(rows, ROWS[4 * at : 4 * at + 4])
    finally:
        store.pause()


QUESTIONS = """
[[question]]
id = "01a"
kind = "exit"
prompt = "Which?"
answer = "B"
rule = "So."
[question.choices]
A = {text = "one", reply = "no", misconception = "m"}
B = {text = "two", reply = "yes"}
C = {text = "three", reply = "no", misconception = "n"}

[[number]]
id = "01n"
kind = "exit"
prompt = "How many?"
answer = 1438
tolerance = 2
reply = "All."
rule = "So."
otherwise = "Look."
[[number.wrong]]
value = 360
reply = "no"
misconception = "m"

[[order]]
id = "01o"
kind = "exit"
prompt = "In which order?"
lines = ["a", "b", "c"]
also = [[1, 0, 2]]
reply = "yes"
rule = "So."
otherwise = "Look."
[[order.wrong]]
before = [2, 1]
reply = "no"
misconception = "m"

[[text]]
id = "01t"
kind = "exit"
prompt = "Which word?"
accept = ["argmax"]
reply = "yes"
rule = "So."
otherwise = "Look."
[[text.wrong]]
values = ["max"]
reply = "no"
misconception = "m"
"""
CLAIMS = """
[[theme]]
name = "ratios"
title = "Ratios"
[[theme.claim]]
id = "a-claim"
says = "It is so."
lesson = "03"
decided_by = "a.py: f"
"""
CARD = "id,kind,lesson,first,last\n01a,exit,01,A,B\n01n,exit,01,360,1438\n01o,exit,01,ABC,CBA\n"
SHEET = "Timestamp;Name;01a\n2024-01-02 10:00;Ada;B\n2024-01-02 10:01;Bob;A\n"


@cache
def four() -> texts.Bank:
    return texts.read(QUESTIONS)


def count(*ids: str) -> Callable[[Path], None]:
    """Return what tallies questions from a file, and from what it says, pasted."""

    def read(path: Path) -> None:
        pasted = path.read_bytes().decode("latin-1") + "\n"
        with mock.patch.object(texts, "bank", four):
            for id in four().questions:
                with contextlib.suppress(ValueError):
                    repr(tally(id, pasted))
            for id in ids:
                assert repr(tally(id, path))

    return read


def lesson() -> bytes:
    path = next(iter(sorted(LESSONS.glob("03_*.ipynb"))))
    book = json.loads(path.read_text(encoding="utf-8"))
    told = [cell for cell in book["cells"] if cell["cell_type"] == "markdown"][:3]
    code = [cell for cell in book["cells"] if "kd.check(" in "".join(cell["source"])][:1]
    book["cells"] = [*told, *({**cell, "outputs": []} for cell in code)]
    return json.dumps(book, indent=1).encode()


def copies(folder: Path) -> None:
    """List, copy and strip lessons; nothing is written but into the folder that was named."""
    lessons = all_lessons(folder)
    try:
        for change in ({}, {"change": strip}):
            write_copies(lessons, folder / "new", **change)
            strip(read_notebook(lessons[0].path))
    finally:
        shutil.rmtree(folder / "new", ignore_errors=True)


def utf8(read: Callable[[str], object]) -> Callable[[Path], object]:
    return lambda path: read(path.read_text(encoding="utf-8"))


def curve(text: str) -> None:
    repr(curves.training_curve(curves.read_run(text)["history"]))


KINDS = {
    "idx": Kind(lambda: digits_of(False), load_digits),
    "idx gz": Kind(lambda: digits_of(True), load_digits),
    "zip of idx": one("mnist.zip", zipped, load_digits),
    "digits npz": one("digits.npz", lambda: npz(
        pixels=np.zeros((5, 28, 28), np.uint8), labels=np.arange(5, dtype=np.uint8),
        is_test=np.zeros(5, bool)), embedded),
    "probabilities npz": one("probabilities.npz", lambda: npz(probabilities=ROWS), probabilities),
    "decoded copy": Kind(decoded, read_decoded),
    "journal": Kind(unfinished, take_up),
    "npy": one("a.npy", npy, lambda path: npy_source([path], None)),
    "picture": one("a.png", png, lambda path: picture_source([path], [path], None)),
    "questions": one("questions.toml", QUESTIONS.encode, utf8(texts.read)),
    "claims": one("claims.toml", CLAIMS.encode, utf8(read_claims)),
    "training curve": one("c.json", lambda: (DATA / curves.FILE).read_bytes(),
                          utf8(curve)),
    "score card": one("card.csv", CARD.encode, count("01a", "01n", "01o")),
    "sheet": one("sheet.csv", SHEET.encode, count("01a")),
    "notebook": one("03_a.ipynb", lesson, lambda path: copies(path.parent)),
}  # fmt: skip

PIECES = [
    *(
        b"\0",
        b"\0" * 300,
        b"\xff",
        codecs.BOM_UTF8,
        codecs.BOM_UTF16_LE,
        b"\r\n",
        b"\r",
        b"\n",
        b'"',
    ),
    *(b"'", b'"' * 3, b"[" * 3000, b"{" * 3000, b"(" * 3000, b"a = [" * 400, b"," * 2000, b"#"),
    *(b"nan", b"inf", b"1e999", b"-1", b"9" * 30, b"9" * 5000, b"true", b"null", b"[]", b"{}"),
    *(b"0", b'""', b"x" * 140_000, b"\x80\x81", "é漢".encode(), b"\xed\xa0\x80"),
    *(struct.pack(">I", 2**31), struct.pack("<I", 2**32 - 1), struct.pack("<Q", 2**62)),
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"\x93NUMPY\x01\x00", b"|O", b"__reduce__"),
]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["cut", "flip", "put", "over", "drop", "again", "word"]),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(PIECES) | st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=3,
)


def spoilt(data: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    """Spoil the bytes of a file."""
    for what, share, piece in changes:
        at = int(share * len(data))
        if what == "cut":
            data = data[:at]
        elif what == "flip" and data:
            data = data[:at] + bytes([data[at] ^ piece[0] or 1]) + data[at + 1 :]
        elif what == "put":
            data = data[:at] + piece + data[at:]
        elif what == "over":
            data = data[:at] + piece + data[at + len(piece) :]
        elif what == "drop":
            data = data[:at] + data[at + len(piece) :]
        elif what == "again":
            data = data[: at + len(piece)] + data[at:]
        elif words := data.split():  # a whole value, as long as values of text go
            old = words[int(share * len(words))]
            data = data.replace(old, piece, 1)
    return data


def try_one(kind: Kind, folder: Path, nth: float, changes: list) -> None:
    """Spoil one file of a kind, read it, and look at what came."""
    files = dict(kind.files())
    name = sorted(files)[int(nth * len(files))]
    files[name] = spoilt(files[name], changes)
    place = folder / "in"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for each, data in files.items():
        (place / each).write_bytes(data)
    around, words = set(folder.iterdir()), ""
    try:
        with within(20):
            kind.read(place)
    except TimeoutError:
        raise AssertionError("it hangs") from None
    except (ValueError, OSError) as error:
        words = f"{type(error).__name__}: {error}"
    assert not words or len(words) > 25, f"no word on what is wrong: {words}"
    assert set(folder.iterdir()) == around, "something was written outside"
    left = {path.name for path in place.rglob("*")}
    assert not [each for each in left - files.keys() if each.endswith((".tmp", ".new"))]


def fuzzing(examples: int):
    """Return a test of one kind of file, with so many examples; the same ones in each run."""

    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(nth=st.floats(0, 1, exclude_max=True), changes=CHANGES)
    def test(name, folder, nth, changes):
        try_one(KINDS[name], folder, nth, changes)

    return test


@pytest.mark.parametrize("name", KINDS)
def test_a_good_file_is_read(name, tmp_path):
    files = KINDS[name].files()
    for each, data in files.items():
        (tmp_path / each).write_bytes(data)
    KINDS[name].read(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == files.keys()


@pytest.mark.parametrize("name", KINDS)
def test_a_spoilt_file_is_an_error_and_nothing_else(name, tmp_path):
    fuzzing(SEVERAL)(name, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", KINDS)
def test_many_spoilt_files_are_errors_and_nothing_else(name, tmp_path):
    fuzzing(MANY)(name, tmp_path)


# --- what a header only claims ----------------------------------------------------------------


def peak(read: Callable[[], object], *, refused: bool = True) -> int:
    """Return the most bytes held at once while something is read, and refused."""
    tracemalloc.start()
    try:
        with pytest.raises((ValueError, OSError)) if refused else contextlib.nullcontext():
            read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def claiming(name: str, header: dict, data: bytes = b"") -> bytes:
    """Return an .npz whose one array claims what its header says."""
    inner, outer = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(inner, header)
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.npy", inner.getvalue() + data)
    return outer.getvalue()


@pytest.mark.parametrize("shape", [(2**31, 28, 28), (2**20, 28, 28), (0, 2**62), (2**40,)])
def test_an_npz_takes_no_memory_for_what_is_not_there(tmp_path, shape):
    path = tmp_path / "a.npz"
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    path.write_bytes(claiming("pixels", header, b"x" * 1000))
    assert peak(lambda: read_npz(path, {"pixels": "|u1"})) < MOST


def test_an_npz_that_swells_is_left_where_its_header_ends(tmp_path):
    path = tmp_path / "a.npz"
    header = {"descr": "|u1", "fortran_order": False, "shape": (10,)}
    path.write_bytes(claiming("labels", header, bytes(1 << 27)))
    assert path.stat().st_size < 1 << 20
    assert peak(lambda: read_npz(path, {"labels": "|u1"})) < MOST


def test_an_npz_bomb_whose_header_is_honest_is_not_read(tmp_path):
    path = tmp_path / "a.npz"
    header = {"descr": "|u1", "fortran_order": False, "shape": (1 << 27,)}
    path.write_bytes(claiming("labels", header, bytes(1 << 27)))
    assert peak(lambda: read_npz(path, {"labels": "|u1"})) < MOST


def test_a_picture_of_more_pixels_than_anybody_needs_is_refused_in_words(tmp_path):
    path, data = tmp_path / "a.png", bytearray(png())
    struct.pack_into(">II", data, 16, 60_000, 60_000)
    struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    path.write_bytes(data)
    assert peak(lambda: picture_source([path], [path], None)) < MOST


@pytest.mark.parametrize("packed", [False, True])
def test_idx_takes_no_memory_for_what_is_not_there(tmp_path, packed):
    for name, data in digits_of(False).items():
        (tmp_path / name).write_bytes(data)
    data = struct.pack(">BBBBIII", 0, 0, 8, 3, 2**31, 28, 28) + bytes(1000)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(gzip.compress(data) if packed else data)
    assert peak(lambda: load_digits(tmp_path)) < MOST


def test_a_gzip_bomb_is_left_where_its_header_ends(tmp_path):
    files = digits_of(True)
    bomb = struct.pack(">BBBBI", 0, 0, 8, 1, 4) + bytes(1 << 27)
    files["train-labels-idx1-ubyte.gz"] = gzip.compress(bomb)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert peak(lambda: load_digits(tmp_path)) < MOST


def test_a_zip_that_claims_a_thousand_million_bytes_is_read_no_further(tmp_path):
    path = tmp_path / "mnist.zip"
    data = bytearray(zipped())
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10**9)  # the first member's size in the directory
    path.write_bytes(data)
    assert peak(lambda: load_digits(path), refused=False) < MOST


@pytest.mark.parametrize(
    "name",
    [
        "../train-labels-idx1-ubyte",
        "/elsewhere/train-labels-idx1-ubyte",
        "a/../../b",
        "C:\\a",
        "a\\..\\b",
    ],
)
def test_a_zip_with_a_way_out_is_not_opened(tmp_path, name):
    path = tmp_path / "in" / "mnist.zip"
    path.parent.mkdir()
    write_zip(path, {**digits_of(True), name: b"x"})
    with pytest.raises(ValueError, match="points outside"):
        load_digits(path)
    assert [each.name for each in tmp_path.rglob("*")] == ["in", "mnist.zip"]


def test_a_name_that_is_there_twice_is_read_once(tmp_path):
    path = tmp_path / "mnist.zip"
    path.write_bytes(zipped())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("train-labels-idx1-ubyte.gz", b"not this one")
    with contextlib.suppress(ValueError):
        assert len(load_digits(path)) == 7


# --- code in a file ---------------------------------------------------------------------------


class Owned:
    """Leaves a file when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return (Path.touch, (self.place,))


def test_a_pickle_in_an_npz_or_npy_is_never_opened(tmp_path):
    mark = tmp_path / "owned"
    for name in ("pixels", "labels", "is_test", "probabilities"):
        path = tmp_path / "digits.npz"
        np.savez(path, **{name: np.array([Owned(mark)], dtype=object)})
        with pytest.raises(ValueError, match="damaged"):
            read_npz(path, {name: "|O"} if name == "labels" else {name: "|u1"})
    np.save(tmp_path / "a.npy", np.array([Owned(mark)], dtype=object))
    np.save(tmp_path / "mnist-pixels.npy", np.array([Owned(mark)], dtype=object))
    with pytest.raises(ValueError, match=r"no whole \.npy file"):
        npy_source([tmp_path / "a.npy"], None)
    assert _read_decoded(tmp_path, "mnist") is None
    assert not mark.exists()
    np.load(tmp_path / "a.npy", allow_pickle=True)  # the pickle is a good one
    assert mark.exists()


@cache
def keras_file() -> bytes:
    return (DATA / shipped.MODEL_FILE).read_bytes()


def with_lambda(mark: Path) -> bytes:
    """Return a .keras file with a Lambda layer of Python's own code, as Keras writes one."""

    def code(x):
        import pathlib

        pathlib.Path("MARK").touch()
        return x

    consts = tuple(str(mark) if c == "MARK" else c for c in code.__code__.co_consts)
    packed = marshal.dumps(code.__code__.replace(co_consts=consts))
    told = {"code": base64.b64encode(packed).decode(), "defaults": None, "closure": None}
    lambda_of = {"class_name": "__lambda__", "config": told}
    layers = [
        {
            "module": "keras.layers", "class_name": "InputLayer", "registered_name": None,
            "config": {"batch_shape": [None, 4], "dtype": "float32", "sparse": False, "name": "i"},
        },
        {
            "module": "keras.layers", "class_name": "Lambda", "registered_name": None,
            "config": {"name": "l", "trainable": True, "dtype": "float32", "function": lambda_of,
                       "arguments": {}},
            "build_config": {"input_shape": [None, 4]},
        },
    ]  # fmt: skip
    config = {
        "module": "keras", "class_name": "Sequential", "registered_name": None,
        "config": {"name": "s", "trainable": True, "dtype": "float32", "layers": layers},
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(keras_file())) as good, zipfile.ZipFile(out, "w") as archive:
        for member in good.infolist():
            text = json.dumps(config) if member.filename == "config.json" else good.read(member)
            archive.writestr(member.filename, text)
    return out.getvalue()


def loaders():
    """Return the two that load a model which somebody names."""
    from kerasdemo import scale
    from kerasdemo.serving import command

    return command._load, scale._load


def test_code_in_a_keras_file_is_refused_in_words_and_never_run(tmp_path):
    mark, path = tmp_path / "owned", tmp_path / "model.keras"
    path.write_bytes(with_lambda(mark))
    for load_it in loaders():
        with pytest.raises(ValueError, match=r"cannot be loaded here.*(safe|unsafe|Lambda|lambda)"):
            load_it(path)
    assert not mark.exists()
    from kerasdemo._backend import import_keras

    with contextlib.suppress(Exception):  # the code is good: without safe mode it is run
        model = import_keras().saving.load_model(path, safe_mode=False)
        model(np.zeros((1, 4), np.float32))
    assert mark.exists(), "this file would run nothing anyway: the test shows nothing"


@settings(
    max_examples=12, derandomize=True, database=None, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(changes=CHANGES)
def test_a_spoilt_keras_file_is_an_error_of_ours(tmp_path, changes):
    path = tmp_path / "model.keras"
    path.write_bytes(spoilt(keras_file(), changes))
    for load_it in loaders():
        with contextlib.suppress(ValueError):
            load_it(path)
    with mock.patch.object(shipped, "DATA", tmp_path):
        (tmp_path / shipped.FACTS_FILE).write_bytes((DATA / shipped.FACTS_FILE).read_bytes())
        path.rename(tmp_path / shipped.MODEL_FILE)
        if (tmp_path / shipped.MODEL_FILE).read_bytes() != keras_file():
            with pytest.raises(ValueError, match="not the file that was shipped"):
                shipped.load_classifier()


# --- single cases -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"01a\n" + b"x" * 140_000, "field larger"),
        (b"," * 5000 + b"\n" + b"B\n" * 5000, "1,000 columns"),
    ],
)
def test_a_file_that_is_no_table_is_named_and_the_others_are_counted(tmp_path, content, said):
    (tmp_path / "bad.csv").write_bytes(content)
    (tmp_path / "good.csv").write_text(CARD)
    with mock.patch.object(texts, "bank", four), within(20):
        counted = tally("01a", tmp_path)
    assert (counted.before["A"], counted.after["B"]) == (1, 1)
    (problem,) = counted.problems
    assert problem.startswith("bad.csv: ")
    assert said in problem


def test_a_line_of_the_journal_with_too_many_brackets_ends_it(tmp_path):
    for name, data in unfinished().items():
        (tmp_path / name).write_bytes(data)
    with (tmp_path / "answers.npy.journal").open("ab") as journal:
        journal.write(b"[" * 100_000 + b"\n")
    store = open_store(tmp_path / "answers.npy", resume=True)
    assert store.batches == 3
    store.pause()


@pytest.mark.parametrize(
    "line",
    [
        {"rows": {"output": 2**62}, "crc": {"output": 0}},
        {"rows": {"output": -5}, "crc": {"output": 0}},
        {"rows": {"output": True}, "crc": {"output": 0}},
        {"rows": {"output": "4"}, "crc": {"output": 0}},
        {"rows": {"other": 4}, "crc": {"other": 0}},
        {"rows": [4], "crc": {}},
        {"rows": {"output": 4}},
        {},
    ],
)
def test_a_line_of_the_journal_that_cannot_be_is_not_counted(tmp_path, line):
    for name, data in unfinished().items():
        (tmp_path / name).write_bytes(data)
    first = unfinished()["answers.npy.journal"].splitlines(keepends=True)[0]
    (tmp_path / "answers.npy.journal").write_bytes(first + json.dumps(line).encode() + b"\n")
    with within(20):
        store = open_store(tmp_path / "answers.npy", resume=True)
    assert store.batches == 0
    store.pause()


@pytest.mark.parametrize(
    "outputs",
    [None, [], {"output": ["<f4"]}, {"output": ["|O", [10]]}, {"output": ["<f4", [-1]]},
     {"output": ["<f4", ["a"]]}, {"output": [{}, [1]]}, {"output": ["<U9", [1]]}],
)  # fmt: skip
def test_a_journal_that_does_not_say_what_its_rows_are_is_refused(tmp_path, outputs):
    for name, data in unfinished().items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "answers.npy.journal").write_text(json.dumps({"outputs": outputs}) + "\n")
    with pytest.raises(ValueError, match=r"journal is damaged.*Delete it"):
        open_store(tmp_path / "answers.npy", resume=True)
    assert (tmp_path / "answers.npy.part").read_bytes() == unfinished()["answers.npy.part"]


@pytest.mark.parametrize(
    "target",
    ["../a.png", "/etc/passwd", "a/../../b", "..\\a", "a\\..\\..\\b", "C:a", "a%00b", "%2e%2e/a"],
)
def test_a_link_leads_no_copy_out_of_its_folder(target):
    assert file_of(target) == ""


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", '{"cells": 1}', '{"cells": [1]}', '{"cells": [{}]}', "[" * 10_000, "", "\ufeff{}",
     '{"cells": [{"cell_type": "code", "source": [1], "metadata": {}}]}',
     '{"cells": [{"cell_type": "code", "source": 1, "metadata": {}}]}',
     '{"cells": [{"cell_type": "code", "source": "", "metadata": []}]}'],
)  # fmt: skip
def test_what_is_no_notebook_is_named(tmp_path, content):
    path = tmp_path / "03_a.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"^03_a\.ipynb is damaged: it is no notebook"):
        read_notebook(path)


def test_a_sheet_is_made_of_a_lesson_with_commands_in_it_but_not_of_a_broken_check():
    def book(text):
        return {"cells": [{"cell_type": "code", "source": text, "metadata": {}, "id": "a"}]}

    assert len(strip(book("%pip install x\n!ls"))["cells"]) == 1
    assert len(strip(book('kd.check("01-a", 1)'))["cells"]) == 2
    assert len(strip(book("kd.check()"))["cells"]) == 1
    with pytest.raises(ValueError, match=r"begins with 'kd.check.*is no Python"):
        strip(book('kd.check("01-a"'))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("answer = 1438", "answer = 1" + "0" * 400, "below 1e15"),
        ("answer = 1438", "answer = inf", "finite"),
        ("answer = 1438", "answer = nan", "finite"),
        ('A = {text = "one", reply = "no", misconception = "m"}', 'A = "one"', "A is no table"),
        ("also = [[1, 0, 2]]", 'also = [["a", 0, {}]]', "each once"),
        ("also = [[1, 0, 2]]", "also = [1]", "each once"),
        ('id = "01t"', "id = [1]", "type list"),
        ("\n[[question]]", "\nexercise = [1, [2]]\n[[question]]", "each is a table"),
        ('kind = "exit"\nprompt = "Which?"', 'kind = "final"\nlesson = [1]\nobjective = 2', "01a"),
        ("[[question]]", "x = " + "[" * 20_000, "brackets|01a|Invalid|nest"),
    ],
)
def test_a_question_of_the_wrong_kinds_is_named(old, new, said):
    assert old in QUESTIONS
    with pytest.raises(ValueError, match=said):
        texts.read(QUESTIONS.replace(old, new, 1))


SHUFFLED = random.Random(1)


def test_bytes_of_nothing_at_all(tmp_path):
    for kind in KINDS.values():
        for name in kind.files():
            for path in tmp_path.iterdir():
                path.unlink()
            for each, data in kind.files().items():
                (tmp_path / each).write_bytes(data)
            (tmp_path / name).write_bytes(SHUFFLED.randbytes(500))
            try:
                with within(20):
                    kind.read(tmp_path)
            except TimeoutError:  # an OSError, too
                raise
            except (ValueError, OSError):
                pass
