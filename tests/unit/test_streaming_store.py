"""Rows on the disk: complete or absent, and a run that was killed goes on where it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import small_models
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kerasdemo as kd
from kerasdemo.streaming import npy_file, row_array
from kerasdemo.streaming import store as stores
from kerasdemo.streaming.npy_file import NpyFile

PROGRAM = Path(__file__).with_name("stream_program.py")


class Power(keras.Model):
    """Answers [x, factor * x**2] to x."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor

    def call(self, x):
        return tf.concat([x, self.factor * x**2], axis=-1)


class Two(Power):
    def predict_step(self, data):
        y = self(data)
        return {"both": y, "sign": tf.cast(y[:, 0] > 2, tf.int64)}


POWER = Power()


def numbers(n=20, batch=3, start=0):
    rows = np.arange(start, start + n, dtype=np.float32)[:, None]
    return tf.data.Dataset.from_tensor_slices(rows).batch(batch)


def answers(n=20):
    x = np.arange(n, dtype=np.float32)[:, None]
    return np.concatenate([x, x**2], axis=1)


def write(out, *, model=POWER, dataset=None, **options):
    """Use a whole stream up; return how many batches it gave."""
    given = numbers() if dataset is None else dataset
    return len(list(kd.predict_stream(model, given, out=out, **options)))


def stop_after(count, out, *, model=POWER, dataset=None, **options):
    """Leave a stream after some batches, as an exception would."""
    given = numbers() if dataset is None else dataset
    stream = kd.predict_stream(model, given, out=out, **options)
    for _ in range(count):
        next(stream)
    stream.close()


@pytest.fixture
def out(tmp_path):
    return tmp_path / "answers.npy"


def names(path):
    return sorted(p.name for p in path.parent.iterdir())


# ------------------------------------------------------------------ files


def test_a_file_is_what_predict_returns(out):
    assert write(out) == 7
    np.testing.assert_array_equal(np.load(out), answers())
    assert names(out) == ["answers.npy"]


def test_a_file_opens_as_a_memmap(out):
    write(str(out))
    np.testing.assert_array_equal(np.load(out, mmap_mode="r"), answers())


def test_the_file_is_absent_until_it_is_complete(out):
    for number, _ in enumerate(kd.predict_stream(POWER, numbers(), out=out), 1):
        assert not out.exists()
        lines = (out.parent / "answers.npy.journal").read_text().splitlines()
        assert len(lines) == number + 1
    assert out.exists()


def test_steps_make_a_whole_file(out):
    assert write(out, dataset=numbers().repeat(), steps=10) == 10
    np.testing.assert_array_equal(np.load(out)[:20], answers())
    assert len(np.load(out)) == 29


@pytest.mark.parametrize("n", [1, 9, 10, 99, 100, 12345])
def test_the_header_holds_any_number_of_rows(n, out):
    write(out, dataset=numbers(n, 1000))
    np.testing.assert_array_equal(np.load(out), answers(n))


def test_integers_and_several_outputs(tmp_path):
    out = {"both": tmp_path / "both.npy", "sign": tmp_path / "sign.npy"}
    write(out, model=Two())
    np.testing.assert_array_equal(np.load(out["both"]), answers())
    sign = np.load(out["sign"])
    assert sign.dtype == np.int64
    np.testing.assert_array_equal(sign, np.arange(20) > 2)
    assert names(out["both"]) == ["both.npy", "sign.npy"]


def test_a_list_of_outputs(tmp_path):
    model, images = small_models.list_output(), small_models.images(7)
    out = [tmp_path / "a.npy", tmp_path / "b.npy"]
    write(out, model=model, dataset=tf.data.Dataset.from_tensor_slices(images).batch(3))
    for path, expected in zip(out, model.predict(images, verbose=0), strict=True):
        np.testing.assert_allclose(np.load(path), expected, atol=1e-6)


# ------------------------------------------------------------------ arrays


def test_an_array(tmp_path):
    out = np.full((20, 2), np.nan, np.float32)
    write(out)
    np.testing.assert_array_equal(out, answers())


def test_a_memmap_that_was_left_is_gone_on_with(tmp_path):
    path = tmp_path / "rows.bin"
    out = np.memmap(path, np.float32, "w+", shape=(20, 2))
    stop_after(4, out)
    assert (tmp_path / "rows.bin.journal").exists()
    del out
    again = np.memmap(path, np.float32, "r+", shape=(20, 2))
    assert write(again, resume=True) == 3
    np.testing.assert_array_equal(np.memmap(path, np.float32, "r", shape=(20, 2)), answers())
    assert names(path) == ["rows.bin"]


ARRAYS = {
    "the Dataset goes on: a batch needs rows 9 to 11": np.empty((10, 2), np.float32),
    "the others were never written": np.empty((30, 2), np.float32),
    'numpy.empty((20, 2), "float32")': np.empty((20, 3), np.float32),
    "dtype float64": np.empty((20, 2), np.float64),
}


@pytest.mark.parametrize("message", ARRAYS)
def test_an_array_that_does_not_fit(message):
    with pytest.raises(ValueError, match=r"out has") as raised:
        write(ARRAYS[message])
    assert message in str(raised.value)


def test_an_array_that_does_not_fit_is_told_before_a_journal_is_begun(tmp_path):
    path = tmp_path / "rows.bin"
    with pytest.raises(ValueError, match="out has"):
        write(np.memmap(path, np.float32, "w+", shape=(20, 3)))
    assert names(path) == ["rows.bin"]


def test_an_array_that_cannot_be_written():
    fixed = np.empty((20, 2), np.float32)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="cannot be written"):
        kd.predict_stream(POWER, numbers(), out=fixed)


# ------------------------------------------------------------------ stopped, and gone on with


@pytest.mark.parametrize("count", range(1, 8))
def test_a_stream_that_was_left_goes_on(count, out):
    stop_after(count, out)
    assert not out.exists()
    assert write(out, resume=True) == 7 - count
    np.testing.assert_array_equal(np.load(out), answers())
    assert names(out) == ["answers.npy"]


def test_a_stream_that_was_left_lets_go_of_its_file(out, monkeypatch):
    """Windows renames and deletes no open file."""
    closed, close = [], NpyFile.close

    def noted(self):
        close(self)
        closed.append(self._file)

    monkeypatch.setattr(NpyFile, "close", noted)
    stop_after(2, out)
    assert closed == [None]


def test_a_batch_that_fails_loses_nothing(out):
    def fails(x):
        return tf.debugging.check_numerics(x, "broken sensor")

    rows = np.arange(20, dtype=np.float32)[:, None]
    rows[13] = np.nan
    broken = tf.data.Dataset.from_tensor_slices(rows).batch(3).map(fails)
    with pytest.raises(tf.errors.InvalidArgumentError, match="broken sensor"):
        write(out, dataset=broken)
    assert not out.exists()
    write(out, resume=True)
    np.testing.assert_array_equal(np.load(out), answers())


def test_what_is_complete_is_not_done_again(out):
    write(out)
    before = out.stat().st_mtime_ns
    assert write(out, resume=True) == 0
    assert out.stat().st_mtime_ns == before


def test_resume_with_nothing_to_resume_begins(out):
    assert write(out, resume=True) == 7
    np.testing.assert_array_equal(np.load(out), answers())


def test_a_callback_that_stops_leaves_a_run_to_go_on_with(out):
    class Stop(keras.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            self.model.stop_predicting = True

    assert write(out, callbacks=[Stop()]) == 1
    assert not out.exists()
    assert write(out, resume=True) == 6
    np.testing.assert_array_equal(np.load(out), answers())


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_sudden_end_at_any_byte(data, tmp_path_factory):
    """Cut both files anywhere, as a kill or a power cut may: no batch is lost or doubled."""
    folder = tmp_path_factory.mktemp("cut")
    out = {"both": folder / "both.npy", "sign": folder / "sign.npy"}
    stop_after(data.draw(st.integers(1, 7)), out, model=TWO)
    for path in folder.iterdir():
        size = path.stat().st_size
        keep = data.draw(st.integers(0, size) | st.just(size))
        os.truncate(path, keep)
        if keep > 200 and data.draw(st.booleans()) and path.suffix == ".part":
            spoil(path, data.draw(st.integers(150, keep - 1)))
    write(out, model=TWO, resume=True)
    np.testing.assert_array_equal(np.load(out["both"]), answers())
    np.testing.assert_array_equal(np.load(out["sign"]), np.arange(20) > 2)
    assert names(out["both"]) == ["both.npy", "sign.npy"]


TWO = Two()


def spoil(path, at):
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 255]))


@pytest.mark.parametrize("size", [1, 7, 24, 25, 48])
def test_checksums_are_taken_block_by_block(size, tmp_path, monkeypatch):
    """A batch has 24 bytes. Whatever the size of a block, what was stored is known again."""
    monkeypatch.setattr(npy_file, "BLOCK", size)
    monkeypatch.setattr(row_array, "BLOCK", size)
    file, array = tmp_path / "answers.npy", np.memmap(tmp_path / "m", "f4", "w+", shape=(20, 2))
    for out in (file, array):
        stop_after(4, out)
        assert write(out, resume=True) == 3
    np.testing.assert_array_equal(np.load(file), answers())
    np.testing.assert_array_equal(array, answers())


def test_a_line_that_a_sudden_end_cut_is_not_written_on(out):
    stop_after(3, out)
    journal = out.with_name("answers.npy.journal")
    os.truncate(journal, journal.stat().st_size - 5)
    stop_after(2, out, resume=True)  # the third batch once more, and the fourth
    assert write(out, resume=True) == 3
    np.testing.assert_array_equal(np.load(out), answers())


@pytest.mark.parametrize(
    "rows", [{"output": 6}, {"output": 10**9}, {"output": "12"}, {"output": 12.0}, {}, 12, None]
)
def test_a_journal_is_followed_no_further_than_its_file_goes(rows, out):
    stop_after(3, out)
    journal = out.with_name("answers.npy.journal")
    last = json.loads(journal.read_text().splitlines()[-1])
    journal.write_text(journal.read_text() + json.dumps({**last, "rows": rows}) + "\n")
    assert write(out, resume=True) == 4
    np.testing.assert_array_equal(np.load(out), answers())


@pytest.mark.parametrize(
    "line",
    [
        {"rows": {"output": 3}},
        {"outputs": 3},
        {"outputs": {"output": 3}},
        {"outputs": {"output": ["<f4", 2]}},
        {"outputs": {"output": ["<f4", ["2"]]}},
        {"outputs": {"output": ["<f4", [-2]]}},
        {"outputs": {"output": ["no dtype", [2]]}},
        {"outputs": {"output": ["O", [2]]}},
    ],
)
def test_a_first_line_that_says_nothing_is_told(line, out):
    stop_after(3, out)
    journal = out.with_name("answers.npy.journal")
    rest = journal.read_text().splitlines()[1:]
    journal.write_text("\n".join([json.dumps(line), *rest]) + "\n")
    with pytest.raises(ValueError, match="is damaged: its first line"):
        write(out, resume=True)


def test_spoilt_rows_are_computed_again_and_counted_once(out):
    stop_after(5, out)
    spoil(out.with_name("answers.npy.part"), 128 + 2 * 24)  # the third batch
    stop_after(2, out, resume=True)  # it once more, and the fourth
    assert write(out, resume=True) == 3
    np.testing.assert_array_equal(np.load(out), answers())


def test_rows_that_nobody_counted_do_not_stay(out):
    stop_after(7, out)
    with out.with_name("answers.npy.part").open("ab") as file:
        file.write(b"x" * 1000)
    write(out, resume=True)
    assert out.stat().st_size == 128 + answers().nbytes


@pytest.mark.parametrize("renamed", [0, 1, 2])
def test_a_sudden_end_between_the_last_steps(renamed, tmp_path, monkeypatch):
    """Killed while the finished files get their names: the next run only names the others."""
    out = {"both": tmp_path / "both.npy", "sign": tmp_path / "sign.npy"}
    count = 0
    publish = NpyFile.publish

    def killed(self):
        nonlocal count
        if count == renamed:
            raise KeyboardInterrupt
        count += 1
        publish(self)

    monkeypatch.setattr(NpyFile, "publish", killed)
    if renamed < 2:
        with pytest.raises(KeyboardInterrupt):
            write(out, model=TWO)
    else:
        monkeypatch.setattr(Path, "unlink", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            write(out, model=TWO)
    monkeypatch.undo()
    assert write(out, model=TWO, resume=True) == 0
    np.testing.assert_array_equal(np.load(out["both"]), answers())
    assert names(out["both"]) == ["both.npy", "sign.npy"]


def test_a_process_that_is_killed(out):
    """Kill a real process in the middle of its work, twice; the third finishes the file."""
    seen = []
    for kill_after in (5, 9):
        seen += run_program(out, kill_after)
        assert not out.exists()
        assert journalled(out) >= len(seen)
    seen += run_program(out, None)
    expected = answers(400)
    np.testing.assert_array_equal(np.load(out), expected)
    assert names(out) == ["answers.npy"]
    assert seen == sorted(set(seen)), "no batch was handed out twice"
    assert len(seen) >= 100 - 2, "a kill may come between a batch's journal and its print"


def journalled(out):
    lines = out.with_name("answers.npy.journal").read_text().splitlines()
    return sum("rows" in json.loads(line) for line in lines if line.endswith("}"))


def run_program(out, kill_after):
    """Run the program beside this file; kill it after that many batches. Return what it printed."""
    root = str(Path(kd.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(out), str(kill_after or 0)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    numbers = []
    with process:
        for line in process.stdout:
            numbers.append(int(line))
            if len(numbers) == kill_after:
                process.kill()
                numbers += [int(rest) for rest in process.stdout if rest.endswith("\n")]
                break
    assert (process.returncode == 0) is (kill_after is None)
    return numbers


# ------------------------------------------------------------------ what must not be mixed


def test_another_model_is_noticed(out):
    stop_after(3, out)
    says = r"Batch 2 is not what .*answers\.npy holds: another model"
    with pytest.raises(ValueError, match=says):
        write(out, model=Power(2.0), resume=True)
    assert write(out, resume=True) == 4, "the right one may still go on"
    np.testing.assert_array_equal(np.load(out), answers())


@pytest.mark.parametrize(
    "other",
    [
        lambda: numbers(start=1),
        lambda: numbers(batch=4),
        lambda: numbers(n=6),
        lambda: numbers(batch=1).unbatch().shuffle(20, seed=3).batch(3),
    ],
    ids=["other samples", "other batches", "fewer batches", "shuffled"],
)
def test_other_data_are_noticed(other, out):
    stop_after(3, out)
    with pytest.raises(ValueError, match="other data"):
        write(out, dataset=other(), resume=True)
    assert not out.exists()


def test_nothing_is_overwritten(out):
    write(out)
    with pytest.raises(FileExistsError, match="choose another name"):
        kd.predict_stream(POWER, numbers(), out=out)


def test_an_unfinished_run_is_not_overwritten(out):
    stop_after(2, out)
    with pytest.raises(FileExistsError, match="resume=True"):
        kd.predict_stream(POWER, numbers(), out=out)


def test_fewer_steps_than_are_stored(out):
    stop_after(3, out)
    with pytest.raises(ValueError, match="holds 3 batches already; steps is 2"):
        kd.predict_stream(POWER, numbers(), out=out, steps=2, resume=True)


def test_another_set_of_outputs_is_noticed(tmp_path):
    stop_after(2, {"both": tmp_path / "both.npy", "sign": tmp_path / "s.npy"}, model=TWO)
    with pytest.raises(ValueError, match="same out="):
        kd.predict_stream(POWER, numbers(), out=tmp_path / "both.npy", resume=True)


MISTAKES = {
    "Type 'answers.npy'": "answers.csv",
    "There is no folder": "nowhere/answers.npy",
    "out is a int": 3,
    "out is empty": {},
    "names a file twice": ["a.npy", "./a.npy"],
}


@pytest.mark.parametrize("message", MISTAKES)
def test_what_out_cannot_be(message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, TypeError, FileNotFoundError)) as raised:
        kd.predict_stream(POWER, numbers(), out=MISTAKES[message])
    assert message in str(raised.value)


def test_resume_needs_something_that_lasts():
    with pytest.raises(ValueError, match="an array in memory"):
        kd.predict_stream(POWER, numbers(), out=np.empty((20, 2), "float32"), resume=True)


def test_outputs_that_are_no_rows(out):
    class Scalar(Power):
        def predict_step(self, data):
            return tf.reduce_sum(data)

    with pytest.raises(ValueError, match="a row of numbers for each sample"):
        write(out, model=Scalar())
    assert names(out) == []


def test_the_outputs_are_named_when_they_do_not_match(out):
    with pytest.raises(ValueError, match=r'out=\{"both": "both.npy", "sign": "sign.npy"\}'):
        write(out, model=TWO)
    assert names(out) == []


def test_rows_that_change_their_form(out):
    class Wider(Power):
        def predict_step(self, data):
            return tf.tile(data, [1, tf.shape(data)[0]])

    with pytest.raises(ValueError, match="One file takes one kind of row"):
        write(out, model=Wider())


def test_no_batch_makes_no_file(out):
    with pytest.raises(ValueError, match="held no batch"):
        write(out, dataset=numbers().take(0))
    assert names(out) == []


def test_the_batch_that_is_compared_may_round_otherwise():
    rows = np.float32([[0.5, np.nan]])
    assert stores.same_rows(rows, rows + np.float32(1e-6))
    assert not stores.same_rows(rows, rows + np.float32(1e-2))
    assert not stores.same_rows(rows, np.float32([[0.5, 0.0]]))
    assert not stores.same_rows(np.int64([[1]]), np.int64([[2]]))
