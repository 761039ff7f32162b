"""A model as it is before its first prediction, for as long as somebody watches."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# JupyterLab runs cells and what widgets ask for in threads of their own.
COUNTING = threading.RLock()


@contextmanager
def as_new(model: Any) -> Iterator[Any]:
    """Give `model` no compiled prediction function, as after ``compile()``; put the old one back.

    Inside, the first ``predict`` or ``predict_on_batch`` traces anew, so a first call can be
    watched or timed on a model that has been used before. Threads take turns, so that none finds
    the function gone. Keras keeps it in ``model.predict_function``
    (``keras/src/backend/tensorflow/trainer.py``, ``make_predict_function``). TensorFlow's warning
    about frequent retracing is held back: here each trace is asked for.
    """
    with COUNTING:
        before = getattr(model, "predict_function", None)
        model.predict_function = None
        log = logging.getLogger("tensorflow")
        log.addFilter(_not_about_retracing)
        try:
            yield model
        finally:
            model.predict_function = before
            log.removeFilter(_not_about_retracing)


def _not_about_retracing(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in str(record.msg)
