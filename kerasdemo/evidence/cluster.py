"""Claims about workers of a cluster: a Ray on this machine, with two of them, asked once for all.

Each worker of the experiment is an object of `Probe`, whose model is a stand-in: what is seen is
what the engine does. Threads are counted in a worker that starts TensorFlow.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo._backend import import_tensorflow
from kerasdemo.classifier import load_classifier
from kerasdemo.evidence.ratios import race, settle
from kerasdemo.evidence.scenes import numbers
from kerasdemo.evidence.seen import NotMeasuredHere, Seen, attempt, judge
from kerasdemo.own_ray import start_ray
from kerasdemo.scaling.cluster import import_ray

ROWS, BATCH, WORKERS = 640, 32, 2
SLOW, FATAL = 0, 400  # the ids whose batches take long, and end their worker


class Probe:
    """A worker that notes when it was made, is slow once, and dies once.

    Parameters
    ----------
    mark : str
        A file that says, once it is there, that a worker has died.
    """

    def __init__(self, mark: str) -> None:
        self.mark, self.made = mark, time.time()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return the ids, when this worker was made, the call, and whether rows can be written."""
        ids = batch["id"]
        time.sleep(1.0 if SLOW in ids else 0.02)
        if FATAL in ids and not os.path.exists(self.mark):
            Path(self.mark).touch()
            os._exit(1)
        notes = {"made": self.made, "call": time.time(), "free": ids.flags.writeable}
        return {"id": ids, **{name: np.full(len(ids), note) for name, note in notes.items()}}


def threads_of(settings: str) -> int:
    """Start TensorFlow in a worker, compute, and count the threads that this has added.

    The threads that compute have no name of their own; they bear that of the thread which started
    them, as a few others do (``tensorflow/core/platform``).
    """
    if settings:
        os.environ["TF_NUM_INTRAOP_THREADS"] = settings
    before, tf = named_threads(), import_tensorflow()
    tf.matmul(tf.ones((600, 600)), tf.ones((600, 600)))
    return len(named_threads() - before)


def named_threads() -> set[str]:
    """Return the threads of this process that have the name of the first one."""
    tasks = Path("/proc/self/task")
    names = {task.name: (task / "comm").read_text(encoding="utf-8") for task in tasks.iterdir()}
    return {task for task, name in names.items() if name == names[str(os.getpid())]}


@dataclass(frozen=True, eq=False)
class Observed:
    """What was seen of the workers: a row for each sample, in the order in which they came back."""

    columns: dict[str, Any]
    died: bool
    threads: tuple[int, int]
    ready: float


@cache
def observed() -> Observed:
    """Start Ray, let `Probe` work, count threads, end Ray."""
    try:
        begin, ray = time.perf_counter(), import_ray()
        with start_ray(cores=WORKERS), tempfile.TemporaryDirectory() as folder:
            mark = os.path.join(folder, "died")
            rows = ray.data.range(ROWS, override_num_blocks=ROWS // BATCH)
            pool = ray.data.ActorPoolStrategy(size=WORKERS)
            made = rows.map_batches(
                Probe, batch_size=BATCH, compute=pool, num_cpus=1, fn_constructor_args=(mark,)
            )
            parts = list(made.iter_batches(batch_size=None))
            columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            ready = columns["call"].min() - (time.time() - (time.perf_counter() - begin))
            count = ray.remote(num_cpus=1, max_calls=1)(threads_of)
            threads = (-1, -1)
            if sys.platform == "linux":
                threads = (ray.get(count.remote("")), ray.get(count.remote("1")))
            return Observed(columns, os.path.exists(mark), threads, float(ready))
    except ImportError:
        raise NotMeasuredHere("Ray is not installed: kerasdemo[scale]") from None


def predict_for_much_data() -> Seen:
    """Give one batch to predict and to predict_on_batch, as a worker has it."""
    model, x = load_classifier(), numbers(32, 28, 28, 1)
    seen = race(lambda: model.predict(x, verbose=0), lambda: model.predict_on_batch(x))
    return settle(seen, 2, "a batch of 32, predict beside predict_on_batch", refutes=True)


def worker_loads_each_time() -> Seen:
    """Count how many workers were made, and how many batches they did."""
    columns = observed().columns
    made, batches = len(set(columns["made"])), len(set(columns["call"]))
    return judge(made == batches, f"{batches} batches, {made} times __init__ (one worker had died)")


def cluster_keeps_order() -> Seen:
    """Look at the order in which batches come back; the first one takes long."""
    first = observed().columns["id"][::BATCH]  # the first id of each batch, as they came
    placed = int((first == np.arange(0, ROWS, BATCH)).sum())
    return judge(
        placed == len(first),
        f"{placed} of {len(first)} batches come back at their place; the first one, slow, is "
        f"number {1 + int(np.flatnonzero(first == SLOW)[0])}",
    )


def dead_worker_loses_batches() -> Seen:
    """End a worker's process within a batch, and count the ids that come back."""
    found, ids = observed(), observed().columns["id"]
    if not found.died:
        raise NotMeasuredHere("no worker came to the batch that ends it")
    missing, more = ROWS - len(set(ids)), len(ids) - len(set(ids))
    return judge(bool(missing or more), f"a worker died: {missing} rows missing, {more} twice")


def worker_may_write_batches() -> Seen:
    """Ask the arrays of each batch whether they can be written."""
    free = observed().columns["free"].astype(bool)
    array = np.zeros(3)
    array.flags.writeable = False
    came = attempt(array.__itruediv__, 255)
    return judge(bool(free.all()), f"writeable: {free.mean():.0%} of the rows; /= 255: {came}")


def cores_limit_threads() -> Seen:
    """Count TensorFlow's threads in a worker with num_cpus=1, and with the variable set."""
    usual, told = observed().threads
    if usual < 0 or (os.cpu_count() or 1) < 2:
        raise NotMeasuredHere("threads are counted on Linux, with two cores or more")
    evidence = f"num_cpus=1: {usual} threads more; TF_NUM_INTRAOP_THREADS=1 as well: {told} more"
    return judge(usual <= told, evidence)


def cluster_is_quicker() -> Seen:
    """Compare the time until workers are ready with one process's for so many digits."""
    ready, model, x = observed().ready, load_classifier(), numbers(256, 28, 28, 1)
    model.predict_on_batch(x)
    begin = time.perf_counter()
    for _ in range(16):
        model.predict_on_batch(x)
    took = time.perf_counter() - begin
    evidence = f"4,096 digits in one process: {took:.2g} s; two workers ready after {ready:.2g} s"
    return judge(ready < took, evidence)
