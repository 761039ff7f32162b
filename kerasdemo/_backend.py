"""Import TensorFlow and Keras without their start-up chatter.

TensorFlow's C++ code writes a dozen lines about CUDA, oneDNN and AVX to file descriptor 2 before
any log level can stop it. In a notebook they are a pink box that frightens a newcomer. Here the
descriptor is set aside during the import, the known lines are dropped, and whatever else was
written, a real warning or error, is written again where it belonged.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

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
def quiet_start() -> Iterator[None]:
    """Drop the known start-up lines written to file descriptor 2; pass on all others.

    If the body raises, everything that it wrote is passed on.
    """
    try:
        sys.stderr.flush()
        outside = os.dup(2)
    except (OSError, AttributeError, ValueError):  # no standard error at all: nothing to keep quiet
        yield
        return
    keep_all = True
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            yield
            keep_all = False
        finally:
            os.dup2(outside, 2)
            os.close(outside)
            written.seek(0)
            for line in written.read().decode(errors="replace").splitlines():
                if keep_all or keep_line(line):
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
        as TensorFlow's backend does them.
    """
    chosen = os.environ.get("KERAS_BACKEND", "tensorflow")
    if chosen == "tensorflow":
        import_tensorflow()
        import keras

        chosen = keras.config.backend()
    if chosen != "tensorflow":
        raise RuntimeError(
            f"Keras is set to the backend {chosen!r}; these lessons need 'tensorflow'. "
            "Set the environment variable KERAS_BACKEND=tensorflow and restart Python."
        )
    return keras
