"""Predict more samples than one process is for: Ray Data cuts and carries, workers predict.

Ray owns the loop over batches, as ``model.predict`` does on one machine; so a worker calls the
method below that loop, ``predict_on_batch``. Each worker loads the model once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras
from kerasdemo.error_lines import error_line
from kerasdemo.inputs import check_images
from kerasdemo.prediction import Array
from kerasdemo.scaling.cluster import SPARE, connected, cores_here, cores_of, import_ray
from kerasdemo.scaling.collecting import collect
from kerasdemo.scaling.hushing import hush_ray
from kerasdemo.scaling.result import DatasetPrediction
from kerasdemo.scaling.running import Plan, run
from kerasdemo.scaling.shards import Shards, check_out
from kerasdemo.scaling.sharing import check_count, share
from kerasdemo.scaling.sources import Source, open_source, rows_of_block
from kerasdemo.scaling.worker import in_form, model_bytes

__all__ = ["DatasetPrediction", "predict_dataset"]


def predict_dataset(
    source: Any,
    model: Any,
    *,
    batch_size: int = 256,
    workers: int | None = None,
    address: str | None = None,
    out: Any = None,
    out_format: str = "parquet",
    column: str | None = None,
    ids: Any = None,
    prepare: Callable[[Array], Array] | None = None,
    progress: bool = True,
) -> DatasetPrediction:
    """Predict a source of samples with workers of a Ray cluster, in the order of the source.

    Introduced in lesson 12.

    Parameters
    ----------
    source : array, ray.data.Dataset, str, Path, or list of these paths
        The samples: an array (n, ...); a ``.npy`` file; a ``.parquet`` file; a folder of one of
        these kinds or of images (PNG, JPEG, BMP); or any Dataset of Ray. On a cluster of several
        machines files must have the same path on all of them.
    model : keras.Model, str or Path
        A model with one input, or its ``.keras`` file. Its bytes travel to the workers; nodes need
        no disk in common. Classes of your own must be importable there.
    batch_size : int
        Samples in a call of ``predict_on_batch``. Only the last batch is smaller, for arrays and
        ``.npy`` files; elsewhere the last one of each block may be.
    workers : int, optional
        How many processes predict. Each has as many threads as there are cores for it. One for
        every two cores unless given.
    address : str, optional
        ``"auto"`` for the cluster that runs here, or its address; it is left running. Without it a
        Ray of this program's own is started on 127.0.0.1 and ended again, unless ``ray.init`` has
        been called: then that one is used, and left.
    out : str or Path, optional
        A folder for the results, which must not exist. It appears when all rows are there.
    out_format : str
        ``"parquet"`` or ``"npy"``.
    column : str, optional
        The column of samples, for Parquet files and Datasets that have several.
    ids : str or array, optional
        What the rows are called: a column of the source, or an array (n,). Without it images have
        their file names, all else its positions, from 0.
    prepare : callable, optional
        What is done to each batch before the model sees it, such as ``lambda x: x / 255.0``. It
        gets an array (rows, ...) and returns one with as many rows.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DatasetPrediction
        Outputs and ids in the source's order, or the files that they went to.

    Raises
    ------
    ImportError
        If Ray is not installed.
    TypeError, ValueError, FileNotFoundError
        If source and model do not fit; said before a worker starts.
    FileExistsError
        If `out` is there already.
    ConnectionError
        If there is no cluster at `address`.
    RuntimeError
        If a worker could not load the model, could not predict a batch, or died again and again.

    Examples
    --------
    >>> import kerasdemo as kd
    >>> digits = kd.load_digits()
    >>> kd.predict_dataset(digits.images, kd.load_classifier(), workers=2)  # doctest: +SKIP
    <DatasetPrediction: 1,797 samples in 8 batches by 2 workers of 1 thread>
    """
    begun = time.perf_counter()
    check_count("batch_size", batch_size)
    if workers is not None:
        check_count("workers", workers)
    folder = None if out is None else check_out(out, out_format)
    import_ray()
    loaded = _load(model)
    opened = open_source(source, column, ids)
    sample = _check(loaded, opened, prepare)
    own = max(cores_here(), workers or 1)
    with hush_ray(), connected(address, cores=own, data=opened.nbytes) as (ray, mine):
        free = 0 if opened.nbytes else SPARE  # an array is there already; all else must be read
        count, threads = share([own] if mine else cores_of(ray, free), workers)
        rows = rows_of_block(opened.total, opened.few[:1].nbytes, batch_size, count)
        plan = Plan(batch_size, rows, count, threads, sample, prepare)
        results = run(ray, opened, model_bytes(loaded), plan)
        shards = None if folder is None else Shards(folder, out_format)
        try:
            tally = collect(results, opened, shards, progress)
            files = shards.publish() if shards else ()
        finally:
            results.close()
            if shards:
                shards.drop()
    return DatasetPrediction(
        outputs={name: rows for name, rows in tally.rows.items() if name != "id"},
        ids=tally.rows.get("id", np.arange(0)),
        files=files,
        samples=tally.samples,
        batches=tally.batches,
        workers=count,
        threads=threads,
        shares=tally.shares,
        seconds=time.perf_counter() - begun,
        waiting=tally.first - begun,
    )


def _load(model: Any) -> Any:
    keras = import_keras()
    if isinstance(model, (str, os.PathLike)):
        path = Path(model)
        if not path.exists():
            raise FileNotFoundError(f"There is no file {str(path)!r}.")
        if path.suffix != ".keras":
            raise ValueError(
                f"model is {str(path)!r}; workers call predict_on_batch, which a .keras file keeps "
                "and a SavedModel does not. Save it with model.save('model.keras')."
            )
        try:
            model = keras.models.load_model(path, compile=False, safe_mode=True)
        except Exception as error:  # damaged, or a layer of one's own: Keras has many kinds
            raise ValueError(f"{path} cannot be loaded here. {error_line(error)}") from None
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"model is a {type(model).__name__}; predict_dataset needs a keras.Model or the path "
            "of a .keras file."
        )
    if len(getattr(model, "inputs", None) or [0]) > 1:
        raise ValueError(
            f"The model has {len(model.inputs)} inputs; predict_dataset feeds one. For several, "
            "write the worker's class yourself: dataset.map_batches(YourClass, ...)."
        )
    return model


def _check(model: Any, source: Source, prepare: Any) -> tuple[int, ...] | None:
    """Try the first samples on this side; return the form that rows must be put in, if any."""
    if source.total == 0 or not source.few.size:
        raise ValueError("source holds no samples; there is nothing to predict.")
    stated = getattr(model, "inputs", None)
    sample = tuple(stated[0].shape[1:]) if stated else None
    if not source.loose or sample is None or None in sample:
        sample = None
    few = in_form(source.few, sample)
    rows = few if prepare is None else prepare(few)
    if len(rows) != len(few):
        raise ValueError(f"prepare made {len(rows)} rows of {len(few)}; it must keep their number.")
    check_images(model, rows)
    return sample
