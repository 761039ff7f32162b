"""Quiet while mistakes are made on purpose."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from kerasdemo._backend import keep_line, quiet_start


@contextmanager
def hushed() -> Iterator[None]:
    """Hold back what Keras and TensorFlow say about mistakes that are made here on purpose."""
    logs = [logging.getLogger(name) for name in ("tensorflow", "absl")]
    with warnings.catch_warnings(), quiet_start(_not_from_tensorflow):
        warnings.simplefilter("ignore")
        for log in logs:
            log.addFilter(_nothing)
        try:
            yield
        finally:
            for log in logs:
                log.removeFilter(_nothing)


def _not_from_tensorflow(line: str) -> bool:
    """Say whether a line comes from elsewhere than TensorFlow's C++ code (``file.cc:123]``).

    The node that failed is named in a line of its own.
    """
    return keep_line(line) and re.search(r"\b\w+\.(?:cc|h):\d+\] |^\s*\[\[", line) is None


def _nothing(record: logging.LogRecord) -> bool:
    return False
