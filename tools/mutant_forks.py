"""Processes for mutants: forked from one that has imported what is slow, each with its limits."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

PRELOADED = ("numpy", "matplotlib.pyplot", "ipywidgets", "anywidget", "tensorflow", "keras")
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "MPLBACKEND": "agg",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
ROOM = 6 << 30
"""Bytes that a mutant may take for itself: none should take the machine's."""


def preload(names: Sequence[str] = PRELOADED) -> None:
    """Import what the forked processes share, with one thread for each library."""
    os.environ.update(ENVIRONMENT)
    for name in names:
        importlib.import_module(name)
    from hypothesis import Phase, settings

    # The same examples for each mutant, and the first that fails is enough.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", derandomize=True, database=None, phases=phases)
    settings.load_profile("mutants")
    gc.collect()
    gc.freeze()  # the forked processes' collectors leave alone what all share


def in_fork(slot: Path, act: Callable[[], int], cpu: float | None) -> int:
    """Fork, and let the child act in its copy of the checkout; return its process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        os.setsid()
        out = os.open(slot / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(slot)
        sys.path.insert(0, str(slot))
        os.environ["PYTHONPATH"] = str(slot)
        sys.dont_write_bytecode = cpu is not None  # the first run alone leaves it
        if cpu is not None:
            limits(cpu)
        code = act()
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
        os._exit(code)


def limits(cpu: float) -> None:
    """Limit this process's seconds and memory, counted from now."""
    import resource

    own = int(time.process_time() + cpu) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (own, own + 5))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
