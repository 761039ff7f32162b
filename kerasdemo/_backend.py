"""Import TensorFlow and Keras without their start-up chatter.

TensorFlow's C++ code writes a dozen lines about CUDA, oneDNN and AVX to file descriptor 2 before
any log level can stop it. In a notebook they are a pink box that frightens a newcomer. Here the
descriptor is set aside during the import, the known lines are dropped, and whatever else was
written, a real warning or error, is written again where it belonged.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

ONE_AT_A_TIME = threading.RLock()  # there is one file descriptor 2 for all threads
NOISE = re.compile(
    r"""All\ log\ messages\ before\ absl::InitializeLog
      | \bport\.cc:\d+\].*oneDNN
      | \bcudart_stub\.cc:\d+\]
      | \bcpu_feature_guard\.cc:\d+\]
      | ^To\ enable\ the\ following\ instructions:
      | \bcuda_(executor|diagnostics|platform)\.cc:\d+\]
      | \bcuda_\w+\.cc:\d+\]\ (Unable\ to\ register|Attempting\ to\ register)
      | \bcomputation_placer\.cc:\d+\]
      | ^Skipping\ registering\ GPU\ devices
      | ^\s*$""",
    re.VERBOSE,
)


def keep_line(line: str) -> bool:
    """Say whether a line of start-up output is worth a reader's time.

    Examples
    --------
    >>> keep_line("I0000 00:00:17 12 port.cc:153] oneDNN custom operations are on.")
    False
    >>> keep_line("ImportError: libstdc++.so.6: version not found")
    True
    """
    return NOISE.search(line) is None


@contextmanager
def quiet_start(keep: Callable[[str], bool] = keep_line) -> Iterator[None]:
    """Drop the known start-up lines written to file descriptor 2; pass on all others.

    `keep` says which lines are passed on; all are if the body raises. Threads take turns: else one
    would put the other's file, deleted by then, in the place of standard error.
    """
    try:
        sys.stderr.flush()
        os.fstat(2)
    except (OSError, AttributeError, ValueError):  # no standard error at all: nothing to keep quiet
        yield
        return
    keep_all = True
    with ONE_AT_A_TIME, tempfile.TemporaryFile() as written:
        outside = os.dup(2)
        os.dup2(written.fileno(), 2)
        try:
            yield
            keep_all = False
        finally:
            os.dup2(outside, 2)
            os.close(outside)
            written.seek(0)
            for line in written.read().decode(errors="replace").splitlines():
                if keep_all or keep(line):
                    print(line, file=sys.stderr)


def import_tensorflow() -> Any:
    """Import TensorFlow quietly, with its devices found (finding them writes lines too).

    Returns
    -------
    module
        ``tensorflow``.
    """
    loaded: ModuleType | None = sys.modules.get("tensorflow")
    if loaded is not None and hasattr(loaded, "config"):
        return loaded
    with quiet_start():
        import tensorflow

        tensorflow.config.list_physical_devices()
    return tensorflow


def keras_folder() -> Path:
    """Find the folder of keras.json as Keras does (keras/src/backend/config.py).

    Without a home folder that can be written to, Keras takes ``/tmp``, on every system.
    """
    if "KERAS_HOME" in os.environ:
        return Path(os.path.expanduser(os.environ["KERAS_HOME"]))
    home = os.path.expanduser("~")
    return Path(home if os.access(home, os.W_OK) else "/tmp", ".keras")


def keras_settings() -> dict[str, Any] | None:
    """Read keras.json; {} when there is none or no JSON, None for JSON that Keras stumbles over."""
    try:
        settings = json.loads((keras_folder() / "keras.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else None


def chosen_backend() -> tuple[str, str]:
    """Tell which backend Keras will start with, without importing it.

    As in keras/src/backend/config.py: the environment variable ``KERAS_BACKEND``, unless it is
    empty; else keras.json; else TensorFlow.

    Returns
    -------
    tuple of str
        The backend, and what chose it: ``"KERAS_BACKEND"``, the path of keras.json, or
        ``"Keras's default"``.
    """
    if variable := os.environ.get("KERAS_BACKEND"):
        return variable, "KERAS_BACKEND"
    settings = keras_settings() or {}
    if "backend" in settings:
        return str(settings["backend"]), str(keras_folder() / "keras.json")
    return "tensorflow", "Keras's default"


def import_keras() -> Any:
    """Import Keras on its TensorFlow backend, quietly.

    Returns
    -------
    module
        ``keras``.

    Raises
    ------
    RuntimeError
        If another backend than TensorFlow is chosen: the three methods are taught, and measured,
        as TensorFlow's backend does them. The message says what chose it, and what to type.
    """
    loaded: Any = sys.modules.get("keras")
    if loaded is not None and hasattr(loaded, "config"):  # now no setting can change it any more
        backend, chooser = loaded.config.backend(), "what imported Keras first"
    else:
        backend, chooser = chosen_backend()
    if backend != "tensorflow":
        raise RuntimeError(
            f"{chooser} chooses the backend {backend!r} for Keras; these lessons need "
            "'tensorflow'. In a terminal, type\n"
            f"    {'set' if os.name == 'nt' else 'export'} KERAS_BACKEND=tensorflow\n"
            "and start Python again. In a notebook, restart the kernel and run this first:\n"
            "    %env KERAS_BACKEND=tensorflow"
        )
    import_tensorflow()
    import keras

    return keras
