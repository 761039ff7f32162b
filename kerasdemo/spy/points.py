"""The places in Keras where a call passes from one kind of work to the next.

All are named functions of Keras's TensorFlow trainer and of its list of callbacks. While a call is
watched they note the time; afterwards they are what they were. A callback of our own would see the
batches, too, but it would be one more among the user's, and it sees nothing of what is around them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from kerasdemo._backend import import_keras
from kerasdemo.spy.watch import Watch

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]

TRAINER = "keras.src.backend.tensorflow.trainer"
BACKEND = "keras.src.backend"
UTILITIES = "keras.src.utils.python_utils"
# after these events, the time until the next one goes to ...
AFTER = {
    "on_predict_begin": "set-up",
    "on_predict_batch_begin": "waiting",
    "on_predict_batch_end": "waiting",
    "on_predict_end": "the rest",
}


@contextmanager
def watched_points(watch: Watch) -> Iterator[None]:
    """Note the time at each of these places while the block lasts."""
    lists = import_keras().callbacks.CallbackList
    trainer, backend, utilities = map(sys.modules.get, (TRAINER, BACKEND, UTILITIES))
    with ExitStack() as stack:

        def wrap(owner: Any, name: str, wrapper: Wrap) -> None:
            stack.enter_context(replaced(owner, name, wrapper))

        for event in AFTER:
            wrap(lists, event, partial(noted, watch, event))
        wrap(utilities, "pythonify_logs", partial(handed_over, watch))
        wrap(backend, "convert_to_numpy", partial(converted, watch))
        wrap(trainer, "potentially_ragged_concat", partial(joined, watch))
        wrap(trainer, "convert_to_np_if_not_ragged", partial(returned, watch))
        stack.enter_context(timed_function(watch))
        yield


@contextmanager
def replaced(owner: Any, name: str, wrapper: Wrap) -> Iterator[None]:
    """Put a wrapper in a function's place for a while; a function that is not there stays away.

    Another version of Keras may have no function of that name. What it does is then counted for
    what surrounds it.
    """
    original = vars(owner).get(name) if owner is not None else None
    if original is None:
        yield
        return
    setattr(owner, name, wrapper(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextmanager
def timed_function(watch: Watch) -> Iterator[None]:
    """Time the model's compiled function: the one that it has, and each that it makes.

    At the end the model holds the function itself, whether it was there before or not.
    """
    model, timed = watch.model, dict[int, Any]()
    own, make = vars(model).get("make_predict_function"), model.make_predict_function

    def put() -> None:
        function = model.predict_function
        if function is not None and id(function) not in timed:
            model.predict_function = watch.timed(function)
            timed[id(model.predict_function)] = function

    def make_and_time(*args: Any, **kwargs: Any) -> Any:
        if not watch.looking:
            return make(*args, **kwargs)
        watch.timeline.enter("set-up")
        try:
            made = make(*args, **kwargs)
            put()
            return made
        finally:
            watch.timeline.leave()

    try:
        put()
        vars(model)["make_predict_function"] = make_and_time
        yield
    finally:
        vars(model).pop("make_predict_function", None)
        if own is not None:
            vars(model)["make_predict_function"] = own
        model.predict_function = timed.get(id(model.predict_function), model.predict_function)


def noted(watch: Watch, event: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return an event of a list of callbacks that counts itself and its time."""

    def fire(callbacks: Any, *args: Any, **kwargs: Any) -> Any:
        if not watch.between:
            return original(callbacks, *args, **kwargs)
        watch.events[event] = watch.events.get(event, 0) + 1
        if event == "on_predict_end":  # it had no batch to wait for
            watch.timeline.was("winding up", "the rest")
        watch.timeline.enter("callbacks")
        watch.handing_over = "soon"
        try:
            return original(callbacks, *args, **kwargs)
        finally:
            watch.handing_over = ""
            watch.timeline.leave()
            watch.timeline.base(AFTER[event])

    return fire


def handed_over(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return the preparing of what callbacks are given; it is the first act of an event."""

    def prepare(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != watch.thread or watch.handing_over != "soon":
            return original(*args, **kwargs)
        watch.handing_over = "now"
        try:
            return original(*args, **kwargs)
        finally:
            watch.handing_over = ""

    return prepare


def converted(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return Keras's conversion to NumPy; those for callbacks are counted."""

    def convert(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() == watch.thread and watch.handing_over == "now":
            watch.callback_conversions += 1
        return original(*args, **kwargs)

    return convert


def joined(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return the joining of outputs, timed."""

    def join(*args: Any, **kwargs: Any) -> Any:
        if not watch.between:
            return original(*args, **kwargs)
        watch.timeline.enter("joining")
        try:
            return original(*args, **kwargs)
        finally:
            watch.timeline.leave()

    return join


def returned(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return the last conversion to NumPy, timed and counted."""

    def convert(*args: Any, **kwargs: Any) -> Any:
        if not watch.between:
            return original(*args, **kwargs)
        watch.conversions += 1
        watch.timeline.enter("converting")
        try:
            return original(*args, **kwargs)
        finally:
            watch.timeline.leave()
            if watch.events:  # within predict: Keras now lets go of its data pipeline
                watch.timeline.base("winding up")

    return convert
