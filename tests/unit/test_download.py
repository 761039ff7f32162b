"""Downloads: whatever the network and the server do, the file is right or it is not there."""

import contextlib
import dataclasses
import errno
import hashlib
import io
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from file_server import FileServer
from idx_writer import random_digits, set_bytes, write_folder, write_zip

from kerasdemo import load_digits
from kerasdemo.sources import cache, download, files
from kerasdemo.sources.cache import cache_folder, is_cached
from kerasdemo.sources.remote import REMOTE_SETS

DATA = np.random.default_rng(0).bytes(300_000)
SHA = hashlib.sha256(DATA).hexdigest()
TRAIN, TEST = random_digits(30, seed=1), random_digits(10, seed=2)
MNIST = set_bytes(TRAIN, TEST)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.001)
    monkeypatch.setattr(download, "TIMEOUT", 60.0)
    monkeypatch.setattr(download, "CHUNK", 1 << 12)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server():
    server = FileServer({"/data.bin": DATA})
    yield server
    server.close()


def fetch(server, folder, *, mirrors=None):
    urls = [url + "data.bin" for url in mirrors or [server.url]]
    path = folder / "data.bin"
    return download.download(urls, path, sha256=SHA, size=len(DATA), progress=False)


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def assert_whole(folder):
    assert names(folder) == ["data.bin"]
    assert (folder / "data.bin").read_bytes() == DATA


# --- one file -------------------------------------------------------------------------------------


def test_a_file_is_downloaded_into_a_folder_that_is_made(server, tmp_path):
    assert fetch(server, tmp_path / "a" / "b") == tmp_path / "a" / "b" / "data.bin"
    assert_whole(tmp_path / "a" / "b")


@pytest.mark.parametrize(
    "faults",
    [
        ["cut"],
        ["cut", "cut", "cut"],
        ["500"],
        ["503", "503", "cut"],
        ["cut", "ignore range"],
        ["cut", "416"],
        ["cut", "another range"],
        ["cut", "wrong bytes"],
        ["cut", "500", "cut"],
        ["no length"],
    ],
    ids=" ".join,
)
def test_what_passes_is_overcome(server, tmp_path, faults):
    server.faults = list(faults)
    fetch(server, tmp_path)
    assert_whole(tmp_path)
    assert server.faults == []


def test_a_cut_download_goes_on_where_it_stopped(server, tmp_path):
    server.faults = ["cut"]
    fetch(server, tmp_path)
    half = len(DATA) // 2
    assert server.ranges() == [None, f"bytes={half}-"]
    assert server.requests[1][1]["If-Range"] == '"one"'


@pytest.mark.parametrize("fault", ["416", "another range"])
def test_a_server_that_will_not_resume_is_asked_for_the_whole(server, tmp_path, fault):
    server.faults = ["cut", fault]
    fetch(server, tmp_path)
    assert server.ranges() == [None, f"bytes={len(DATA) // 2}-", None]
    assert_whole(tmp_path)


def test_a_weak_etag_is_not_used_to_resume(server, tmp_path):
    server.etag, server.faults = 'W/"one"', ["cut"]
    fetch(server, tmp_path)
    assert "If-Range" not in server.requests[1][1]
    assert_whole(tmp_path)


def test_a_file_that_changes_in_the_middle_is_fetched_anew(server, tmp_path):
    server.files["/new/data.bin"] = DATA
    server.files["/data.bin"] = DATA[::-1]
    server.faults = ["change"]
    fetch(server, tmp_path)
    assert_whole(tmp_path)
    assert len(server.requests) == 2  # If-Range made the server send the whole new file


def test_a_server_that_falls_silent_is_left(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 2)
    server.faults = ["stall"]
    fetch(server, tmp_path)
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        (["404"], "it answered 404"),
        (["500"] * 4, "it answered 500"),
        (["cut", "500", "500", "500"], "it answered 500"),
        (["page"], "it offers 19 bytes, and the file has 300,000"),
        (["too long"], "it offers 300001 bytes"),
        (["much too long"], "it sends more than the 300,000 bytes"),
        (["wrong bytes"], "the SHA-256 differs"),
        (["cut", "wrong bytes", "wrong bytes"], "the SHA-256 differs"),
        (["cut", "wrong bytes"] * 2, "the SHA-256 differs"),  # it may begin anew only once
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_stays_wrong_is_said_and_no_wrong_file_is_left(server, tmp_path, faults, said):
    server.faults = list(faults)
    with pytest.raises(ConnectionError, match=said) as caught:
        fetch(server, tmp_path)
    assert f"{server.url}data.bin: " in str(caught.value)
    assert server.faults == []
    assert not (tmp_path / "data.bin").exists()
    half = ["data.bin.part"] if faults[-1] == "500" and "cut" in faults else []
    assert names(tmp_path) == half


def test_tries_end_when_nothing_moves_but_not_while_it_gets_on(server, tmp_path, monkeypatch):
    server.faults = ["cut"] * 6
    with pytest.raises(ConnectionError, match=r"the connection was cut after .* of 300,000 bytes"):
        fetch(server, tmp_path / "slow")
    assert len(server.requests) == download.TRIES
    server.requests.clear()
    server.faults = ["cut"] * 6
    monkeypatch.setattr(download, "GOT_ON", 1000)
    fetch(server, tmp_path / "fast")
    assert len(server.requests) == 7


def test_the_next_mirror_goes_on_where_the_first_one_stopped(server, tmp_path):
    other = FileServer({"/data.bin": DATA[:-1] + b"?"})
    other.faults = ["cut", "404"]
    try:
        fetch(server, tmp_path, mirrors=[other.url, server.url])
    finally:
        other.close()
    assert_whole(tmp_path)
    assert server.ranges() == [f"bytes={len(DATA) // 2}-"]


def test_the_reason_of_every_mirror_is_told(server, tmp_path):
    with pytest.raises(ConnectionError) as caught:
        fetch(server, tmp_path, mirrors=[server.url + "a/", server.url + "b/"])
    assert str(caught.value).count("it answered 404") == 2


# --- unfinished files -----------------------------------------------------------------------------


def test_what_was_left_is_resumed_by_the_next_run(server, tmp_path):
    server.faults = ["cut", "404"]
    with pytest.raises(ConnectionError):
        fetch(server, tmp_path)
    assert names(tmp_path) == ["data.bin.part"]
    server.requests.clear()
    fetch(server, tmp_path)
    assert server.ranges() == [f"bytes={len(DATA) // 2}-"]
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    "left", [DATA[:1000], b"?" * 1000, DATA, DATA[::-1], DATA + b"!", b"?" * 400_000, b""]
)
def test_whatever_was_left_the_file_is_right(server, tmp_path, left):
    (tmp_path / "data.bin.part").write_bytes(left)
    fetch(server, tmp_path)
    assert_whole(tmp_path)


def test_a_whole_file_that_was_left_needs_no_network(tmp_path):
    (tmp_path / "data.bin.part").write_bytes(DATA)
    fetch(None, tmp_path, mirrors=["http://127.0.0.1:9/"])
    assert_whole(tmp_path)


def test_an_interrupted_download_keeps_its_bytes(server, tmp_path, monkeypatch):
    def interrupted(response):
        if server.requests and sum(path.stat().st_size for path in tmp_path.iterdir()) > 100_000:
            raise KeyboardInterrupt
        return response.read1(4096)

    with monkeypatch.context() as patch:
        patch.setattr(download, "_read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch(server, tmp_path)
    assert names(tmp_path) == ["data.bin.part"]
    kept = (tmp_path / "data.bin.part").read_bytes()
    assert DATA.startswith(kept)
    fetch(server, tmp_path)
    assert server.ranges()[-1] == f"bytes={len(kept)}-"
    assert_whole(tmp_path)


def test_the_file_of_a_killed_process_is_taken_over_once_it_is_old(server, tmp_path):
    busy, dead = tmp_path / "data.bin.0123.part", tmp_path / "data.bin.4567.part"
    busy.write_bytes(DATA[:2000])
    dead.write_bytes(DATA[:1000])
    long_ago = time.time() - 2 * files.ABANDONED
    os.utime(dead, (long_ago, long_ago))
    fetch(server, tmp_path)
    assert server.ranges() == ["bytes=1000-"]
    assert names(tmp_path) == ["data.bin", "data.bin.0123.part"]


@pytest.mark.parametrize("given_up", [True, False], ids=["with NAME.part", "without"])
def test_one_of_several_abandoned_parts_is_taken_over_and_the_others_stay(tmp_path, given_up):
    long_ago = time.time() - 2 * files.ABANDONED
    left = {f"data.bin.{number}.part": bytes([number] * 9) for number in range(3)}
    if given_up:
        left["data.bin.part"] = b"given up"
    for name, data in left.items():
        (tmp_path / name).write_bytes(data)
        os.utime(tmp_path / name, (long_ago, long_ago))
    with files.resumable_file(tmp_path / "data.bin") as mine:
        taken = mine.read_bytes()
        others = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path != mine}
    assert len(others) == len(left) - 1
    (name,) = left.keys() - others.keys()
    assert taken == left[name]
    assert others == {other: data for other, data in left.items() if other != name}
    assert name == "data.bin.part" or not given_up
    assert (tmp_path / "data.bin.part").read_bytes() == taken


@pytest.mark.parametrize("unfinished", [files.resumable_file, files.new_file])
def test_two_writers_never_share_an_unfinished_file(tmp_path, unfinished):
    path = tmp_path / "data.bin"
    with unfinished(path) as mine, unfinished(path) as theirs:
        mine.write_bytes(b"mine")
        assert not theirs.exists()
        theirs.write_bytes(b"them")
        assert mine.read_bytes() == b"mine"


def test_the_longer_of_two_unfinished_files_is_kept(tmp_path):
    path = tmp_path / "data.bin"
    with files.resumable_file(path) as mine:
        mine.write_bytes(b"12")
        (tmp_path / "data.bin.part").write_bytes(b"1234")  # another process gave up meanwhile
    assert (tmp_path / "data.bin.part").read_bytes() == b"1234"
    assert names(tmp_path) == ["data.bin.part"]


# --- the disk -------------------------------------------------------------------------------------


def test_too_little_room_is_seen_before_the_first_byte(server, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(9, 8, 1000))
    with pytest.raises(OSError, match=r"has no room \(300,000 bytes are needed and 1,000 are free"):
        fetch(server, tmp_path)
    assert server.requests == []


def test_a_disk_that_fills_up_is_no_fault_of_the_mirror(server, tmp_path, monkeypatch):
    real = Path.open

    class Full(io.FileIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(path, mode="r", *args, **options):
        return Full(path, mode) if path.suffix == ".part" else real(path, mode, *args, **options)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OSError, match=r"has no room \(No space left.*KERASDEMO_DATA") as caught:
        fetch(server, tmp_path, mirrors=[server.url, server.url])
    assert caught.value.errno == errno.ENOSPC
    assert len(server.requests) == 1
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=r"file.* cannot be written.*KERASDEMO_DATA"):
        fetch(server, tmp_path / "file" / "sub")


# --- what the network says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "tries", "said"),
    [
        (urllib.error.URLError(socket.gaierror(-2, "Name or service not known")), 1, "gaierror"),
        (urllib.error.URLError(ConnectionRefusedError(111, "refused")), 1, "Refused"),
        (urllib.error.URLError(TimeoutError("timed out")), 4, "TimeoutError"),
        (ConnectionResetError(104, "reset"), 4, "reset"),
        (urllib.error.URLError(ssl.SSLCertVerificationError("self-signed")), 1, "not trusted"),
        (ssl.SSLError("bad record"), 4, "SSLError"),
    ],
    ids=str,
)
def test_being_offline_ends_at_once_and_a_bad_line_later(tmp_path, monkeypatch, error, tries, said):
    asked = []

    def urlopen(request, timeout):
        asked.append(request.full_url)
        assert timeout == download.TIMEOUT
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(ConnectionError, match=said):
        fetch(None, tmp_path, mirrors=["https://one.example/"])
    assert asked == ["https://one.example/data.bin"] * tries
    assert names(tmp_path) == []


def test_https_is_never_left(tmp_path, monkeypatch):
    class Elsewhere(io.BytesIO):
        status = 200

        def geturl(self):
            return "http://plain.example/data.bin"

    monkeypatch.setattr(urllib.request, "urlopen", lambda request, timeout: Elsewhere(DATA))
    with pytest.raises(ConnectionError, match=r"led away from https, to http://plain\.example"):
        fetch(None, tmp_path, mirrors=["https://one.example/"])
    assert names(tmp_path) == []


def test_the_progress_bar_starts_where_the_download_does(server, tmp_path, capsys, a_reader):
    (tmp_path / "data.bin.part").write_bytes(DATA[: len(DATA) // 2])
    url = server.url + "data.bin"
    download.download([url], tmp_path / "data.bin", sha256=SHA, size=len(DATA))
    shown = capsys.readouterr().err
    assert "data.bin" in shown
    assert "100%" in shown
    assert "293k/293k" in shown


def test_no_progress_bar_when_none_is_wanted(server, tmp_path, capsys):
    fetch(server, tmp_path)
    assert capsys.readouterr() == ("", "")


# --- whole sets -----------------------------------------------------------------------------------


def test_the_table_is_of_real_addresses():
    """Lengths and hashes are facts from elsewhere: see the comment above the table."""
    assert list(REMOTE_SETS) == ["mnist", "emnist"]
    assert [file.name for file in REMOTE_SETS["mnist"].files] == list(MNIST)
    assert len(REMOTE_SETS["mnist"].mirrors) >= 2
    for remote in REMOTE_SETS.values():
        assert all(re.fullmatch(r"https://[\w./-]+/", mirror) for mirror in remote.mirrors)
        for file in remote.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert file.size > 1000


@pytest.mark.parametrize("name", ["mnist", "emnist", "MNIST"])
def test_the_real_addresses_are_asked_in_their_order(tmp_path, monkeypatch, name):
    asked = []

    def urlopen(request, timeout):
        asked.append(request.full_url)
        raise urllib.error.URLError(socket.gaierror(-2, "offline"))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    with pytest.raises(ConnectionError) as caught:
        load_digits(name)
    remote, folder = REMOTE_SETS[name.lower()], tmp_path / name.lower()
    assert asked == [mirror + remote.files[0].name for mirror in remote.mirrors]
    said = str(caught.value)
    assert str(folder) in said
    assert all(file.name in said for file in remote.files)
    assert all(mirror in said for mirror in remote.mirrors)
    assert "KERASDEMO_DATA" in said
    assert "load_digits()" in said
    assert names(tmp_path) == []


def swap(monkeypatch, server, name, files):
    """Keep the real table but for addresses, lengths and hashes; serve `files`."""
    real = REMOTE_SETS[name]
    server.files = {"/" + file.name: files[file.name] for file in real.files}
    swapped = dataclasses.replace(
        real,
        mirrors=(server.url,),
        files=tuple(
            file._replace(
                size=len(files[file.name]), sha256=hashlib.sha256(files[file.name]).hexdigest()
            )
            for file in real.files
        ),
    )
    monkeypatch.setitem(REMOTE_SETS, name, swapped)
    return swapped


@pytest.fixture
def mnist(server, tmp_path, monkeypatch):
    monkeypatch.setenv("KERASDEMO_DATA", str(tmp_path))
    swap(monkeypatch, server, "mnist", MNIST)
    return tmp_path / "mnist"


def emnist_zip(path):
    files = set_bytes(TRAIN, TEST, style="emnist-digits") | set_bytes(
        TEST, TRAIN, style="emnist-mnist"
    )
    return {"gzip.zip": write_zip(path, files, under="gzip/").read_bytes()}


def assert_digits(digits, train=TRAIN, test=TEST):
    np.testing.assert_array_equal(digits.pixels, np.concatenate([train[0], test[0]]))
    np.testing.assert_array_equal(digits.labels, np.concatenate([train[1], test[1]]))
    np.testing.assert_array_equal(digits.is_test, np.arange(40) >= len(train[1]))
    np.testing.assert_array_equal(digits.indices, np.arange(40))


def test_mnist_is_downloaded_once_and_mapped_ever_after(server, mnist):
    first = load_digits("mnist", progress=False)
    assert_digits(first)
    assert first.name == "MNIST"
    assert [path for path, _ in server.requests] == ["/" + name for name in MNIST]
    assert names(mnist) == sorted([*MNIST, "mnist-labels.npz", "mnist-pixels.npy"])
    server.requests.clear()
    for digits in (first, load_digits("mnist")):
        assert_digits(digits)
        assert isinstance(digits.pixels, np.memmap)
        assert isinstance(digits.train.pixels, np.memmap)
        assert isinstance(digits.test[2:5].pixels, np.memmap)
    assert server.requests == []
    assert load_digits("mnist", part="test").indices.tolist() == list(range(30, 40))


def test_emnist_is_upright_and_has_two_splits(server, tmp_path, monkeypatch):
    monkeypatch.setenv("KERASDEMO_DATA", str(tmp_path))
    swap(monkeypatch, server, "emnist", emnist_zip(tmp_path / "served.zip"))
    digits = load_digits("emnist", progress=False)
    assert_digits(digits)
    assert digits.name == "EMNIST digits"
    other = load_digits("emnist", split="mnist", progress=False)
    assert_digits(other, TEST, TRAIN)
    assert other.name == "EMNIST mnist"
    stored = load_digits("emnist", upright=False)
    np.testing.assert_array_equal(stored.pixels, digits.pixels.transpose(0, 2, 1))
    assert isinstance(stored.pixels, np.memmap)
    assert len(server.requests) == 1


def test_files_put_there_by_hand_need_no_network(server, mnist):
    write_folder(mnist, MNIST)
    assert_digits(load_digits("mnist"))
    assert server.requests == []


def test_what_is_there_is_known_without_a_request(server, mnist):
    assert not is_cached("mnist")
    write_folder(mnist, MNIST)
    assert is_cached("mnist")
    load_digits("mnist")
    for name in MNIST:
        (mnist / name).unlink()
    assert is_cached("mnist"), "the decoded copy is enough"
    assert server.requests == []


@pytest.mark.parametrize("name", MNIST)
@pytest.mark.parametrize("change", ["gone", "cut", "other", "folder"])
def test_a_set_with_a_faulty_file_is_not_there(server, mnist, name, change):
    write_folder(mnist, MNIST)
    path, data = mnist / name, MNIST[name]
    path.unlink()
    if change == "folder":
        path.mkdir()
    elif change != "gone":
        path.write_bytes(data[:-1] if change == "cut" else bytes(len(data)))
    assert not is_cached("mnist")
    assert server.requests == []


def test_of_emnist_the_digits_must_be_there(server, tmp_path, monkeypatch):
    monkeypatch.setenv("KERASDEMO_DATA", str(tmp_path))
    swap(monkeypatch, server, "emnist", emnist_zip(tmp_path / "served.zip"))
    load_digits("emnist", split="mnist", progress=False)
    assert is_cached("emnist")
    (tmp_path / "emnist" / "gzip.zip").unlink()
    assert not is_cached("emnist"), "the other split is no use"


def test_a_cache_that_may_not_be_read_is_empty(mnist, monkeypatch):
    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr(cache, "file_length", refuse)
    assert not is_cached("mnist")


def test_only_the_two_sets_can_be_looked_for():
    with pytest.raises(ValueError, match="'letters'; expected 'mnist' or 'emnist'"):
        is_cached("letters")


def test_a_damaged_file_in_the_cache_is_fetched_again(server, mnist):
    damaged = dict(MNIST)
    damaged["t10k-images-idx3-ubyte.gz"] = bytes(len(MNIST["t10k-images-idx3-ubyte.gz"]))
    write_folder(mnist, damaged)
    assert_digits(load_digits("mnist", progress=False))
    assert [path for path, _ in server.requests] == ["/t10k-images-idx3-ubyte.gz"]


def test_a_damaged_file_is_named_when_it_cannot_be_fetched(server, mnist):
    write_folder(mnist, MNIST | {"t10k-images-idx3-ubyte.gz": b"?"})
    server.files.clear()
    with pytest.raises(
        ConnectionError, match=r"t10k-images-idx3-ubyte\.gz, which is damaged and could"
    ):
        load_digits("mnist", progress=False)
    assert (mnist / "t10k-images-idx3-ubyte.gz").read_bytes() == b"?"


def test_a_stranger_s_file_in_the_cache_is_not_taken_for_mnist(mnist):
    write_folder(mnist / "raw", set_bytes(TEST, packed=False))
    write_folder(mnist, set_bytes(TEST, packed=False))
    assert_digits(load_digits("mnist", progress=False))


@pytest.mark.parametrize("name", ["mnist-pixels.npy", "mnist-labels.npz"])
@pytest.mark.parametrize("change", ["cut", "page", "gone", "empty", "object", "npy", "npz"])
def test_a_damaged_copy_is_decoded_again(server, mnist, name, change):
    load_digits("mnist", progress=False)
    server.requests.clear()
    path = mnist / name
    data = path.read_bytes()
    path.unlink()
    if change == "object":
        with path.open("wb") as stream:
            np.save(stream, np.array([{}]), allow_pickle=True)
    elif change in ("npy", "npz"):
        with path.open("wb") as stream:
            np.save(stream, [1, 2]) if change == "npy" else np.savez(stream, other=[1, 2])
    elif change != "gone":
        path.write_bytes({"cut": data[: len(data) // 2], "page": b"<html>", "empty": b""}[change])
    assert_digits(load_digits("mnist"))
    assert server.requests == []
    assert path.read_bytes() == data


def test_the_copy_of_another_set_is_not_believed(mnist):
    load_digits("mnist", progress=False)
    np.save(mnist / "mnist-pixels.npy", np.zeros((39, 28, 28), np.uint8))
    assert_digits(load_digits("mnist"))


@contextlib.contextmanager
def read_only(folder, monkeypatch):
    """Make a folder read-only, for the superuser and on Windows too."""

    def refuse(path):
        path = Path(path)
        if path == folder or folder in path.parents:
            raise OSError(errno.EROFS, "Read-only file system", str(path))

    def opened(path, mode="r", *args, real=Path.open, **options):
        if set(mode) & set("wax+"):
            refuse(path)
        return real(path, mode, *args, **options)

    def replaced(source, target, *args, real=os.replace, **options):
        refuse(target)
        return real(source, target, *args, **options)

    def made(path, *args, real=Path.mkdir, **options):
        if not path.exists():
            refuse(path)
        return real(path, *args, **options)

    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened)
        patch.setattr(os, "replace", replaced)
        patch.setattr(Path, "mkdir", made)
        yield
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_shared_read_only_folder_is_only_read(server, mnist, monkeypatch):
    load_digits("mnist", progress=False)
    server.requests.clear()
    with read_only(mnist.parent, monkeypatch):
        digits = load_digits("mnist")
        assert_digits(digits)
        assert isinstance(digits.pixels, np.memmap)
    assert server.requests == []


def test_a_read_only_folder_that_nobody_decoded_is_decoded_into_memory(mnist, monkeypatch):
    write_folder(mnist, MNIST)
    with read_only(mnist.parent, monkeypatch):
        assert_digits(load_digits("mnist"))


@pytest.mark.parametrize("made", [True, False])
def test_a_read_only_folder_without_the_set_is_answered_plainly(server, mnist, monkeypatch, made):
    if made:
        mnist.mkdir()
    refused = pytest.raises(OSError, match=r"cannot be written \(Read-only")
    with read_only(mnist.parent, monkeypatch), refused as caught:
        load_digits("mnist")
    assert str(mnist) in str(caught.value)
    assert all(name in str(caught.value) for name in MNIST)


def test_a_full_disk_while_decoding_leaves_the_digits_in_memory(mnist, monkeypatch):
    def full(stream, parts, labels):
        stream.write(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache, "_write_pixels", full)
    assert_digits(load_digits("mnist", progress=False))
    assert names(mnist) == sorted([*MNIST, "mnist-labels.npz"])


RACER = """
import dataclasses, json, sys
from kerasdemo import load_digits
from kerasdemo.sources import cache
spec = json.loads(sys.argv[1])
files = tuple(cache.RemoteFile(*file) for file in spec["files"])
cache.REMOTE_SETS["mnist"] = dataclasses.replace(
    cache.REMOTE_SETS["mnist"], mirrors=(spec["url"],), files=files)
digits = load_digits("mnist", progress=False)
print(int(digits.pixels.sum(dtype="int64")), digits.labels.tolist(), type(digits.pixels).__name__)
"""


def test_two_processes_may_download_at_once(server, mnist):
    server.gate = threading.Barrier(2)  # neither gets a byte until both have asked
    spec = {"url": server.url, "files": REMOTE_SETS["mnist"].files}
    command = [sys.executable, "-c", RACER, json.dumps(spec)]
    racers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [racer.communicate(timeout=120) for racer in racers]
    both = np.concatenate([TRAIN[1], TEST[1]]).tolist()
    total = int(TRAIN[0].sum(dtype="int64") + TEST[0].sum(dtype="int64"))
    assert answers == [(f"{total} {both} memmap\n", "")] * 2
    assert [path for path, _ in server.requests].count("/train-images-idx3-ubyte.gz") == 2
    assert names(mnist) == sorted([*MNIST, "mnist-labels.npz", "mnist-pixels.npy"])


# --- the folder -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {}, "HOME/.cache/kerasdemo"),
        ("linux", {"XDG_CACHE_HOME": "/var/cache/me"}, "/var/cache/me/kerasdemo"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "HOME/.cache/kerasdemo"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "HOME/Library/Caches/kerasdemo"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/kerasdemo/Cache"),
        ("win32", {}, "HOME/AppData/Local/kerasdemo/Cache"),
        ("win32", {"KERASDEMO_DATA": "/shared"}, "/shared"),
        ("linux", {"KERASDEMO_DATA": "/shared", "XDG_CACHE_HOME": "/x"}, "/shared"),
        ("linux", {"KERASDEMO_DATA": ""}, "HOME/.cache/kerasdemo"),
        ("linux", {"KERASDEMO_DATA": "~/data"}, "HOME/data"),
    ],
)
def test_the_cache_folder_is_where_each_system_keeps_caches(
    monkeypatch, tmp_path, platform, environ, expected
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    found = cache_folder(environ, platform)
    wanted = PurePosixPath(expected.replace("HOME", tmp_path.as_posix()))
    assert found == Path(wanted).absolute()


def test_the_environment_is_read_when_it_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("KERASDEMO_DATA", str(tmp_path / "late"))
    assert cache_folder() == tmp_path / "late"
