"""Keras callbacks on a stream, told what ``predict`` would tell them."""

from __future__ import annotations

from typing import Any

from kerasdemo._backend import import_keras

_NONE = object()


class Listeners:
    """Calls the ``on_predict_*`` methods of callbacks; does nothing if there are none.

    Parameters
    ----------
    model : keras.Model
        Its ``stop_predicting`` is lent to the callbacks during each call, and is as it was after
        it: ``predict`` would leave it changed (``backend/tensorflow/trainer.py``, ``predict``), and
        two streams over one model would stop each other.
    callbacks : list, CallbackList or None
    steps : int or None
        Batches to come, if known; callbacks find it in ``self.params["steps"]``.

    Attributes
    ----------
    asked_to_stop : bool
        Whether a callback has set ``model.stop_predicting``.
    """

    def __init__(self, model: Any, callbacks: Any, steps: int | None) -> None:
        self.asked_to_stop = False
        self._model = model
        self._called: Any = None
        if callbacks:
            lists = import_keras().callbacks.CallbackList
            made = isinstance(callbacks, lists)
            self._called = (
                callbacks
                if made
                else lists(callbacks, model=model, epochs=1, steps=steps, verbose=0)
            )

    def begin(self) -> None:
        """Call ``on_predict_begin``."""
        self._tell("on_predict_begin")

    def batch_begin(self, number: int) -> None:
        """Call ``on_predict_batch_begin``; batches count from 0."""
        self._tell("on_predict_batch_begin", number)

    def batch_end(self, number: int, outputs: Any) -> None:
        """Call ``on_predict_batch_end`` with the batch's outputs."""
        self._tell("on_predict_batch_end", number, {"outputs": outputs})

    def end(self) -> None:
        """Call ``on_predict_end``."""
        self._tell("on_predict_end")

    def _tell(self, event: str, *args: Any) -> None:
        if self._called is None:
            return
        model = self._model
        before = vars(model).get("stop_predicting", _NONE)
        model.stop_predicting = False
        try:
            getattr(self._called, event)(*args)
        finally:
            self.asked_to_stop |= bool(model.stop_predicting)
            if before is _NONE:
                del model.stop_predicting
            else:
                model.stop_predicting = before
