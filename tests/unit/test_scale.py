"""predict_dataset: the same numbers as one process gives, in order, none lost and none doubled."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from limits import within
from PIL import Image
from processes import gone, named, psutil, runs

import kerasdemo as kd
from kerasdemo import scale
from kerasdemo._installing import kit_with
from kerasdemo.scaling import cluster, collecting, files, folder, hushing, shards, sources
from kerasdemo.scaling.parquet import cells
from kerasdemo.scaling.running import told
from kerasdemo.scaling.sharing import share
from kerasdemo.scaling.sources import open_source, rows_of_block
from kerasdemo.scaling.worker import CALL, CALLS, OUTPUT, POSITION, ROWS, WorkerError, in_form

LIMIT = 300  # seconds that a test may take, on a machine that is busy with others


@pytest.fixture(autouse=True)
def _limited():
    with within(LIMIT):
        yield


@pytest.fixture(scope="module")
def model():
    return kd.load_classifier()


@pytest.fixture(scope="module")
def images():
    return kd.load_digits().images[:330]


@pytest.fixture(scope="module")
def ray():
    """One Ray for the tests of this file; predict_dataset finds it, and leaves it."""
    pytest.importorskip("ray.data", reason='pip install "kerasdemo[scale]"')
    with ExitStack() as stack:
        with within(LIMIT):
            found, mine = stack.enter_context(cluster.connected(None, cores=2, data=2**24))
        assert mine
        yield found
        assert found.is_initialized()


def by_batches(model, images, size):
    parts = [model.predict_on_batch(images[at : at + size]) for at in range(0, len(images), size)]
    return np.concatenate(parts)


def write_parquet(path, images, names):
    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = list(images.reshape(len(images), 784))
    kinds = {"digit": pa.list_(pa.float32()), "name": pa.string()}
    table = pa.table({"digit": flat, "name": names}, schema=pa.schema(kinds))
    pq.write_table(table, path, row_group_size=40)


# Without Ray


@pytest.mark.parametrize(
    ("cores", "workers", "expected"),
    [
        ([2], None, (1, 2)),
        ([2], 2, (2, 1)),
        ([7], None, (3, 2)),
        ([1, 1, 1], None, (3, 1)),
        ([1, 4], 3, (3, 1)),
        ([4, 4], 4, (4, 2)),
        ([16], 1, (1, 16)),
    ],
)
def test_workers_times_threads_fit_on_the_nodes(cores, workers, expected):
    count, threads = share(cores, workers)
    assert (count, threads) == expected
    assert sum(node // threads for node in cores) >= count


def test_the_share_that_a_hub_gives_is_all_that_is_counted(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    assert cluster.cores_here() == 1
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS")
    assert cluster.cores_here() >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no other folder")
@pytest.mark.parametrize("usual", ["/tmp", "/tmp/Müller", *("/" + "x" * n for n in range(18, 26))])
def test_rays_sockets_have_short_paths_in_ascii(monkeypatch, usual):
    monkeypatch.setattr(folder.tempfile, "tempdir", usual)
    monkeypatch.setattr(
        folder.tempfile, "mkdtemp", lambda prefix, dir: os.path.join(dir, prefix + "12345678")
    )
    socket = (
        folder.private_folder()
        / "r/session_2026-12-31_23-59-59_123456_4194304/sockets/plasma_store"
    )
    assert str(socket).isascii()
    assert len(str(socket)) < 104  # macOS; on Linux 108


@pytest.mark.parametrize(("total", "size", "workers"), [(1, 256, 2), (1797, 256, 2), (99, 10, 3)])
def test_blocks_hold_whole_batches_and_keep_all_workers_busy(total, size, workers):
    rows = rows_of_block(total, 3136, size, workers)
    assert rows % size == 0
    assert -(-total // rows) >= min(workers, -(-total // size))


def test_rows_take_the_form_of_the_models_samples():
    flat = np.arange(2 * 784).reshape(2, 784)
    assert np.array_equal(in_form(flat, (28, 28, 1))[1].ravel(), flat[1])
    assert in_form(flat.reshape(2, 28, 28), (28, 28, 1)).shape == (2, 28, 28, 1)
    assert in_form(flat.reshape(2, 14, 56), (28, 28, 1)).shape == (2, 14, 56)  # a mistake stays one
    assert in_form(np.array([*flat, None], object)[:2], (28, 28, 1)).shape == (2, 28, 28, 1)


def no_ray_yet(*args, **kwargs):
    raise AssertionError("Ray was started for something that could be said before")


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"source": np.zeros((5, 28, 28))}, ValueError, r"images\[\.\.\., None\]"),
        ({"source": np.zeros((5, 32, 32, 1))}, ValueError, "another size"),
        ({"source": np.zeros((0, 28, 28, 1))}, ValueError, "no samples"),
        ({"source": [np.zeros((28, 28, 1))]}, TypeError, r"np.stack\(images\)"),
        ({"source": "nowhere.npy"}, FileNotFoundError, "no file or folder"),
        ({"source": 7}, TypeError, "give an array"),
        ({"ids": np.arange(3)}, ValueError, "one entry for each of the 5"),
        ({"column": "image"}, ValueError, "only Parquet files and Datasets have columns"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"workers": 1.5}, ValueError, "workers is 1.5"),
        ({"prepare": lambda x: x[:1]}, ValueError, "1 rows of 5"),
        ({"out": "x", "out_format": "csv"}, ValueError, "'parquet' or 'npy'"),
        ({"model": "saved_model"}, FileNotFoundError, "saved_model"),
        ({"model": np.tanh}, TypeError, "needs a keras.Model"),
    ],
)
def test_what_cannot_work_is_said_before_anything_starts(
    model, monkeypatch, tmp_path, options, error, match
):
    pytest.importorskip("ray.data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scale, "connected", no_ray_yet)
    given = {"source": np.zeros((5, 28, 28, 1), "float32"), "model": model, **options}
    with pytest.raises(error, match=match):
        kd.predict_dataset(**given)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(model, images, monkeypatch, tmp_path):
    pytest.importorskip("ray.data")
    monkeypatch.setattr(scale, "connected", no_ray_yet)
    (tmp_path / "answers").mkdir()
    with pytest.raises(FileExistsError, match="choose another name"):
        kd.predict_dataset(images, model, out=tmp_path / "answers")


def test_files_of_different_kinds_or_sizes_are_refused(images, tmp_path):
    np.save(tmp_path / "a.npy", images[:3])
    np.save(tmp_path / "b.npy", images[:3, :14])
    with pytest.raises(ValueError, match=r"b.npy holds float32 of shape \(3, 14, 28, 1\)"):
        open_source(tmp_path, None, None)
    np.save(tmp_path / "b.npy", images[:3].astype("float64"))
    with pytest.raises(ValueError, match="one shape and one type"):
        open_source(tmp_path, None, None)
    Image.new("L", (28, 28)).save(tmp_path / "c.png")
    with pytest.raises(ValueError, match="one kind at a time"):
        open_source(tmp_path, None, None)
    Image.new("L", (30, 28)).save(tmp_path / "d.png")
    places = [str(tmp_path / name) for name in ("c.png", "d.png")]
    with pytest.raises(WorkerError, match=r"shape \(28, 30\), .*d.png, after one of \(28, 28\)"):
        files.read_files({"files": [places], "p": [0]})


def transparent(mode):
    """Return a picture of a black stroke, and of nothing beside it, as a drawing program saves it.

    Nothing is black, too: only its transparency says that there is no ink.
    """
    picture = Image.new("LA" if mode == "LA" else "RGBA", (3, 2))
    opaque = (0,) * (len(picture.mode) - 1) + (255,)
    picture.putpixel((1, 0), opaque)
    return picture if picture.mode == mode else picture.convert(mode)


def with_a_transparent_entry(mode):
    """Return the same, made of two values of which the one that means nothing is transparent."""
    picture = Image.new(mode, (3, 2), 1)
    if mode == "P":
        picture.putpalette([0, 0, 0, 0, 0, 0])
    picture.putpixel((1, 0), 0)
    picture.info["transparency"] = 1
    return picture


@pytest.mark.parametrize(
    ("picture", "mode"),
    [
        (transparent("RGBA"), "RGBA"),
        (transparent("LA"), "LA"),
        (with_a_transparent_entry("P"), "P"),
        (with_a_transparent_entry("L"), "L"),
    ],
    ids=["RGBA", "LA", "P", "L"],
)
def test_a_stroke_on_nothing_is_black_on_white(picture, mode, tmp_path):
    picture.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as stored:
        assert (stored.mode, stored.has_transparency_data) == (mode, True)
    (row,) = open_source(tmp_path, None, None).few
    grey = row if row.ndim == 2 else row[..., 0]
    assert row.shape == ((2, 3) if mode in ("L", "LA") else (2, 3, 3))
    assert grey.tolist() == [[255, 0, 255], [255, 255, 255]]
    assert np.all(row == (grey if row.ndim == 2 else grey[..., None]))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P"])
def test_without_transparency_a_picture_stays_what_it_is(mode, tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (16, 16, 3), "uint8")
    picture = Image.fromarray(pixels).convert("L" if mode in ("1", "LA") else "RGB").convert(mode)
    picture.save(tmp_path / "a.png")
    (row,) = open_source(tmp_path, None, None).few
    plain = picture.convert("L" if mode in ("1", "L", "LA") else "RGB")
    assert np.array_equal(row, np.asarray(plain))
    assert row.dtype == "uint8"


def test_sixteen_bit_grey_is_refused_with_the_line_that_makes_it_eight(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    deep = tmp_path / "deep.png"
    Image.fromarray(np.array([[0, 257 * 7], [257 * 200, 65535]], "uint16")).save(deep)
    with pytest.raises(ValueError, match=r"deep\.png has grey .* 8 bits \(mode I") as said:
        open_source(deep, None, None)
    exec(str(said.value).partition("65535 is white: ")[2], {"np": np, "Image": Image, "file": deep})
    assert open_source("8-bit.png", None, None).few.tolist() == [[[0, 7], [200, 255]]]
    with pytest.raises(WorkerError) as found:  # the second image of a folder: a worker meets it
        files.read_files({"files": [["8-bit.png", str(deep)]], "p": [0]})
    assert told(found.value).startswith(f"A worker stopped: {deep} has grey values")


@pytest.mark.parametrize("kind", ["int32", "float32"])
def test_other_wide_grey_is_refused_whatever_the_file_is_called(kind, tmp_path):
    Image.fromarray(np.full((2, 2), 3000, kind)).save(tmp_path / "a.png", format="TIFF")
    with pytest.raises(ValueError, match=rf"\(mode {'I' if kind == 'int32' else 'F'}\)\. To make"):
        open_source(tmp_path, None, None)


def test_what_ray_tells_of_an_error_is_its_cause():
    error = RuntimeError("RayTaskError(OSError): sixty lines")
    error.cause = OSError("disk full")
    assert told(error) == "Ray stopped the work: OSError: disk full"


def test_a_pattern_names_files_and_hidden_ones_are_passed_over(images, tmp_path):
    folder = tmp_path / "Bilder für alle"
    (folder / ".ipynb_checkpoints").mkdir(parents=True)
    for name in ("b", "a", ".ipynb_checkpoints/a-checkpoint", "._a"):
        Image.new("L", (28, 28), 9 if name == "a" else 0).save(folder / f"{name}.png")
    for source in (folder, f"{folder}/[ab].png", f"{tmp_path}/Bilder*"):
        found = open_source(source, None, None)
        assert (found.total, found.few.max()) == (2, 9), source
    odd = folder / "c[1].png"
    Image.new("L", (28, 28)).save(odd)
    assert open_source(odd, None, None).total == 1  # a file of that name, and no pattern
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        open_source(f"{folder}/*.npy", None, None)


def test_many_files_are_not_all_kept_open(images, tmp_path):
    for number in range(40):
        np.save(tmp_path / f"{number}.npy", images[:1])
        write_parquet(tmp_path / f"{number}.parquet", images[:1], ["a"])
    before = psutil.Process().num_fds() if hasattr(psutil.Process, "num_fds") else 0
    found = [
        open_source(sorted(tmp_path.glob(f"*.{kind}")), column, None)
        for kind, column in (("npy", None), ("parquet", "digit"))
    ]
    assert [source.total for source in found] == [40, 40]
    if before:
        assert psutil.Process().num_fds() < before + 20


def test_empty_files_among_others_are_passed_over(images, tmp_path):
    for kind in ("npy", "parquet"):
        (tmp_path / kind).mkdir()
        for name, part in (("a", images[:0]), ("b", images[:50]), ("c", images[:0])):
            if kind == "npy":
                np.save(tmp_path / kind / f"{name}.npy", part)
            else:
                write_parquet(tmp_path / kind / f"{name}.parquet", part, ["x"] * len(part))
        found = open_source(tmp_path / kind, "digit" if kind == "parquet" else None, None)
        assert (found.total, len(found.few)) == (50, 8)


def test_arrays_that_arrow_does_not_know_are_turned(images, tmp_path):
    pytest.importorskip("pyarrow")
    np.save(tmp_path / "a.npy", images[:9].astype(">f4"))
    piece = {"file": [str(tmp_path / "a.npy")], "at": [3], "stop": [9], "p": [3]}
    rows = files.read_npy(piece)[ROWS]
    assert rows.dtype.isnative
    assert np.array_equal(rows, images[3:9])
    table = sources._table(images[:9].astype(">f4"), 0)
    assert np.array_equal(table[ROWS].combine_chunks().to_numpy_ndarray(), images[:9])
    table = sources._table(images[:9] > 0.5, 0)
    assert np.array_equal(table[ROWS].combine_chunks().to_numpy_ndarray(), images[:9] > 0.5)


def test_without_ray_it_says_what_to_install(model, images, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=re.escape(kit_with("scale")) + "$"):
        kd.predict_dataset(images, model)


def test_what_it_says_to_install_is_an_extra():
    text = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'^scale = \[[^\]]*"ray>=', text, re.M)
    assert kit_with("scale").endswith('[scale]"')


def test_without_pandas_it_says_what_to_install(model, images, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[:2] == ["ray", "data"]]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=re.escape(kit_with("scale")) + "$"):
        cluster.import_ray()


def rows_of(batches, source):
    return collecting.collect(iter(batches), source, None, False)


def block(start, stop, call=0):
    calls = np.full(stop - start, call)
    return {
        POSITION: np.arange(start, stop),
        CALL: calls,
        OUTPUT + "output": np.zeros(stop - start),
    }


def test_rows_that_are_lost_doubled_or_out_of_order_are_noticed(images):
    source = open_source(images[:6], None, None)
    whole = rows_of([block(0, 4), block(4, 6, CALLS)], source)
    assert (whole.samples, whole.batches, whole.shares) == (6, 2, (4, 2))
    for wrong in (
        [block(0, 4)],
        [block(0, 4), block(0, 4), block(4, 6)],
        [block(4, 6), block(0, 4)],
    ):
        with pytest.raises(RuntimeError, match=r"rows came|Rows came"):
            rows_of(wrong, source)


@pytest.mark.parametrize(("rows", "step"), [(37, 4), (40, 4), (45, 25), (10, 10)])
def test_shards_hold_every_row_once_and_appear_together(monkeypatch, tmp_path, rows, step):
    monkeypatch.setattr(shards, "SHARD", 10)
    written = shards.Shards(tmp_path / "answers", "npy")
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        written.add({"id": np.arange(start, stop), "a/b": np.ones((stop - start, 2)) * start})
    assert not (tmp_path / "answers").exists()
    found = written.publish()
    ids = [np.load(file) for file in found if file.stem.endswith("-id")]
    assert [len(part) for part in ids] == [10] * (rows // 10) + [rows % 10] * (rows % 10 > 0)
    assert np.array_equal(np.concatenate(ids), np.arange(rows))
    assert [path.name for path in tmp_path.iterdir()] == ["answers"]


def test_text_of_a_table_needs_no_pickle_in_npy(tmp_path):
    written = shards.Shards(tmp_path / "answers", "npy")
    written.add({"id": np.array(["a", "bc"], object), "output": np.zeros((2, 3))})
    ids, _ = written.publish()
    assert np.load(ids, allow_pickle=False).tolist() == ["a", "bc"]


def test_an_output_named_like_the_ids_is_refused(images):
    source = open_source(images[:4], None, None)
    rows = block(0, 4)
    rows[OUTPUT + "id"] = rows.pop(OUTPUT + "output")
    with pytest.raises(RuntimeError, match="an output named 'id'"):
        rows_of([rows], source)


def test_parquet_columns_become_arrays():
    pa = pytest.importorskip("pyarrow")
    cube = np.arange(24, dtype="float32").reshape(2, 3, 4)
    assert np.array_equal(cells(pa.array(cube.tolist())), cube)
    assert np.array_equal(cells(pa.chunked_array([pa.array(cube.tolist())[1:]])), cube[1:])
    assert np.array_equal(cells(pa.FixedShapeTensorArray.from_numpy_ndarray(cube)), cube)
    assert np.array_equal(cells(shards.table_of({"a": cube})["a"]), cube)
    with pytest.raises(ValueError, match="different lengths"):
        cells(pa.array([[1, 2], [3]]))


# With Ray, and no model


def test_another_cluster_than_the_one_connected_to_is_refused(ray):
    here = ray.get_runtime_context().gcs_address
    for same in (None, "auto", "local", here):
        with cluster.connected(same, cores=1, data=0) as (found, mine):
            assert (found, mine) == (ray, False)
    with (
        pytest.raises(ConnectionError, match=f"connected to Ray at {here} already"),
        cluster.connected("127.0.0.1:9", cores=1, data=0),
    ):
        pass


def test_rays_processes_leave_the_grammar_out_and_keep_our_priority(ray):
    def look():
        return "rfc3987_syntax" in sys.modules, "jsonschema" in sys.modules, os.nice(0)

    assert ray.get(ray.remote(look).remote()) == (False, True, os.nice(0))


def test_npy_files_and_images_are_read_in_order(ray, images, tmp_path):
    (tmp_path / "arrays").mkdir()
    for name, part in (("a", images[:100]), ("b", images[100:])):
        np.save(tmp_path / "arrays" / f"{name}.npy", part)
    source = open_source(tmp_path / "arrays", None, None)
    assert source.total == len(images)
    found = source.make(ray, 64).take_batch(len(images))
    order = np.argsort(found[POSITION])
    assert np.array_equal(np.sort(found[POSITION]), np.arange(len(images)))
    assert np.array_equal(np.asarray(found[ROWS])[order], images)

    folder = tmp_path / "pictures" / "deep"
    folder.mkdir(parents=True)
    grey = (images[:5, ..., 0] * 255).astype("uint8")
    for number, pixels in enumerate(grey):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    source = open_source(tmp_path / "pictures", None, None)
    assert source.ids.tolist() == [f"deep/{n}.png" for n in range(5)]
    found = source.make(ray, 2).take_batch(5)
    assert np.array_equal(np.stack(list(found[ROWS]))[np.argsort(found[POSITION])], grey)


def test_an_empty_dataset_and_a_missing_column_are_said(ray, model, monkeypatch):
    seen, usual = set(), ray.data.Dataset.take_batch

    def take_batch(dataset, size):
        heard = logging.getLogger("ray.data").isEnabledFor(logging.ERROR)
        seen.add((dataset.context.enable_progress_bars, heard))
        return usual(dataset, size)

    monkeypatch.setattr(ray.data.Dataset, "take_batch", take_batch)
    none_left = ray.data.range(5).map_batches(lambda rows: {"id": rows["id"][:0]})
    for empty in (ray.data.from_items([]), none_left):
        with pytest.raises(ValueError, match="nothing to predict"):
            kd.predict_dataset(empty, model)
        assert empty.context.enable_progress_bars
    assert seen == {(False, False)}, "bars or lines of Ray Data's on the screen"
    two = ray.data.from_items([{"a": 1.0, "b": 2.0}])
    with pytest.raises(ValueError, match="columns a, b; which one holds the samples"):
        kd.predict_dataset(two, model)
    with pytest.raises(ValueError, match="no column 'c'; there are a, b"):
        kd.predict_dataset(two, model, column="c")


# With Ray and workers


def dies_once(flag):
    """Return a step that kills the first worker that comes to its second batch.

    Each worker first writes down which cores and threads it was given.
    """
    seen, here = [], os.getpid()

    def prepare(rows):
        if os.getpid() == here:  # the few that are tried before
            return rows
        if not seen:
            import ray

            given = ray.get_runtime_context().get_assigned_resources()
            given |= {name: text for name, text in os.environ.items() if "_THREADS" in name}
            flag.with_name(f"{os.getpid()}.json").write_text(json.dumps(given))
        seen.append(len(rows))
        if len(seen) == 2:
            try:
                flag.open("x").write(str(os.getpid()))
            except FileExistsError:
                return rows
            os.kill(os.getpid(), signal.SIGKILL)
        return rows

    return prepare


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(ray, model, images, tmp_path):
    flag = tmp_path / "killed"
    names = np.array([f"digit {n}" for n in range(len(images))])
    prepare = dies_once(flag)
    found = kd.predict_dataset(
        images, model, batch_size=20, workers=2, ids=names, prepare=prepare, progress=False
    )
    assert flag.exists()
    assert not runs(int(flag.read_text()))
    for given in map(json.loads, (file.read_text() for file in tmp_path.glob("*.json"))):
        assert (given["CPU"], given["TF_NUM_INTRAOP_THREADS"]) == (1, "1")
        assert given["OPENBLAS_NUM_THREADS"] == given["OMP_NUM_THREADS"] == "1"
    assert len(list(tmp_path.glob("*.json"))) >= 2
    assert np.array_equal(found.ids, names)
    assert np.array_equal(found.probabilities, by_batches(model, images, 20))
    assert (found.samples, found.batches) == (330, 17)
    assert sum(found.shares) == 330
    assert (found.workers, found.threads) == (2, 1)
    assert ray.is_initialized()
    assert repr(found) == (
        "<DatasetPrediction: 330 samples in 17 batches by 2 workers of 1 thread>"
    )
    assert "330" in found._repr_html_()


def test_parquet_in_parquet_out(ray, model, images, monkeypatch, tmp_path):
    import pyarrow.parquet as pq

    monkeypatch.setattr(shards, "SHARD", 100)
    names = [f"n{n}" for n in range(len(images))]
    (tmp_path / "in").mkdir()
    write_parquet(tmp_path / "in" / "a.parquet", images[:150], names[:150])
    write_parquet(tmp_path / "in" / "b.parquet", images[150:], names[150:])
    model.save(tmp_path / "model.keras")
    out = tmp_path / "answers"
    found = kd.predict_dataset(
        tmp_path / "in", tmp_path / "model.keras", column="digit", ids="name", out=out, workers=1
    )
    assert [file.name for file in found.files] == [f"part-{n:05d}.parquet" for n in range(4)]
    table = pq.read_table(out)
    assert table["id"].to_pylist() == names
    rows = np.array(table["output"].to_pylist(), "float32")
    np.testing.assert_allclose(rows, model.predict(images, verbose=0), atol=1e-6)
    with pytest.raises(ValueError, match="results are in 4 files"):
        _ = found.probabilities


def test_an_error_in_a_worker_comes_in_one_sentence(ray, model, images, tmp_path):
    def too_bright(rows):
        if rows.max() > 1:
            raise ValueError("a pixel is brighter than white")
        return rows

    wrong = images.copy()
    wrong[300] = 7
    out = tmp_path / "answers"
    with pytest.raises(RuntimeError) as told:
        kd.predict_dataset(wrong, model, workers=1, batch_size=32, prepare=too_bright, out=out)
    assert str(told.value) == (
        "A worker could not predict a batch: ValueError: a pixel is brighter than white"
    )
    assert list(tmp_path.iterdir()) == []
    assert gone(named(psutil.Process().children(recursive=True), "MapWorker"))


@pytest.mark.long
def test_a_worker_that_always_dies_ends_the_work_in_one_sentence(ray, model, images):
    def fatal(rows):
        if len(rows) == 40:  # not the few that are tried here
            os.kill(os.getpid(), signal.SIGKILL)
        return rows

    with pytest.raises(RuntimeError, match=r"A worker died 4 times over\. Is there memory enough"):
        kd.predict_dataset(images[:80], model, workers=1, batch_size=40, prepare=fatal)


@pytest.mark.long
def test_a_model_that_cannot_be_loaded_there_is_said_in_one_sentence(
    ray, model, images, monkeypatch
):
    monkeypatch.setattr(scale, "model_bytes", lambda model: b"no model")
    with pytest.raises(RuntimeError) as told:
        kd.predict_dataset(images, model, workers=1)
    assert str(told.value).startswith("A worker could not load the model: ")
    assert "\n" not in str(told.value)


TWO_NODES = """
import os, sys, time, numpy as np, ray, kerasdemo as kd
from ray.cluster_utils import Cluster
folder = sys.argv[1]
def meet(rows):  # a worker goes on when one on another node has begun, too
    if not ray.is_initialized():
        return rows  # the few that are tried before the work begins
    open(os.path.join(folder, ray.get_runtime_context().get_node_id()), "w").close()
    end = time.monotonic() + 300
    while len(rows) == 30 and len(os.listdir(folder)) < 2:
        assert time.monotonic() < end, "the other node never began"
        time.sleep(0.1)
    return rows
model, images = kd.load_classifier(), kd.load_digits().images[:600]
options = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
cluster = Cluster(initialize_head=True, head_node_args=options)
try:
    cluster.add_node(**options)
    cluster.wait_for_nodes(60)
    found = kd.predict_dataset(images, model, batch_size=30, address=cluster.address, prepare=meet)
    assert not ray.is_initialized()
    ray.init(address=cluster.address, log_to_driver=False)  # it was left running
    assert sum(node["Alive"] for node in ray.nodes()) == 2
    parts = [model.predict_on_batch(images[at : at + 30]) for at in range(0, 600, 30)]
    assert np.array_equal(found.probabilities, np.concatenate(parts))
    assert np.array_equal(found.ids, np.arange(600))
    print(found.workers, found.threads, len(found.shares), sum(found.shares))
finally:
    ray.shutdown()
    cluster.shutdown()
"""


@pytest.mark.long
def test_two_nodes_that_share_nothing_but_ray(tmp_path):
    """Each node has one core, so one worker; the model reaches both through Ray alone."""
    pytest.importorskip("ray.data")
    quiet = {**os.environ, **cluster.SETTINGS, **hushing.UNSENT}
    command = [sys.executable, "-c", TWO_NODES, str(tmp_path)]
    with within(4 * LIMIT):
        for _ in range(3):  # Ray gives a node 15 s to start; predict_dataset's own tries it again
            done = subprocess.run(command, capture_output=True, text=True, env=quiet)
            if "timed out during startup" not in done.stderr:
                break
    assert done.returncode == 0, done.stderr[-2000:]
    workers, threads, busy, samples = map(int, done.stdout.split()[-4:])
    assert (workers, threads, samples) == (2, 1, 600)
    assert busy == len(list(tmp_path.iterdir())) == 2
