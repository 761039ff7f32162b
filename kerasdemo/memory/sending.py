"""Send a function to another Python process, with what it uses.

Pickle sends an importable function by its name. One that was typed in a notebook has no name that
another process could import, so its code is sent, and with it the variables that the code names:
arrays as they are, modules by name, a Keras model as a .keras file.
"""

from __future__ import annotations

import builtins
import dis
import importlib
import io
import marshal
import pickle
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from kerasdemo._backend import import_keras

# what a model does besides its layers and weights: keras/src/trainers/trainer.py, compile
HABITS = ("_run_eagerly", "_jit_compile", "steps_per_execution")


class Sender(pickle.Pickler):
    """Pickles what a notebook holds besides what pickle knows."""

    def reducer_override(self, value: Any) -> Any:
        """Say how a value is made again; NotImplemented leaves it to pickle."""
        if isinstance(value, ModuleType):
            return importlib.import_module, (value.__name__,)
        if isinstance(value, FunctionType) and not importable(value):
            return send_function(value)
        if isinstance(value, type) and value.__module__ == "__main__":
            raise TypeError(
                f"The class {value.__name__} is written in this notebook, and a fresh process does "
                "not know it: put it into a .py file and import it, or write it in the function."
            )
        if is_model(value):
            return send_model(value)
        return NotImplemented


def pack(value: Any) -> bytes:
    """Return a value as bytes that ``pickle.loads`` makes it of again, in another process.

    Raises
    ------
    TypeError
        If something in it cannot be sent; the message says what, and what to do instead.

    Examples
    --------
    >>> add = eval("lambda x: x + offset", {"offset": 2})
    >>> pickle.loads(pack(add))(3)
    5
    """
    try:
        return try_to_pack(value)
    except Exception as error:
        what = next((f" {name!r}" for name, part in parts_of(value) if not packs(part)), "")
        raise TypeError(
            f"The fresh process cannot be given{what}: {str(error).rstrip('.')}. "
            "Make it within the function instead, or in `prepare`."
        ) from error


def try_to_pack(value: Any) -> bytes:
    """Pickle a value, or raise whatever comes."""
    held = io.BytesIO()
    Sender(held, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return held.getvalue()


def packs(value: Any) -> bool:
    """Say whether a value can be sent."""
    try:
        try_to_pack(value)
    except Exception:
        return False
    return True


def parts_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and value of what the functions in a tuple, or a function itself, use."""
    for function in value if isinstance(value, tuple) else (value,):
        if isinstance(function, FunctionType) and not importable(function):
            yield from used_names(function).items()
            yield from zip(function.__code__.co_freevars, held_in(function), strict=True)


def importable(thing: Any) -> bool:
    """Say whether another process finds the same thing by its module and name."""
    if thing.__module__ in (None, "__main__"):
        return False
    found: Any = sys.modules.get(thing.__module__)
    for name in thing.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is thing


def send_function(function: FunctionType) -> tuple[Any, ...]:
    """Tell pickle to make a function of its code first, and then to fill in what it uses."""
    code = function.__code__
    state = {
        "names": used_names(function),
        "cells": held_in(function),
        "defaults": function.__defaults__,
        "keyword_defaults": function.__kwdefaults__,
    }
    bare = (marshal.dumps(code), function.__name__, len(code.co_freevars))
    return bare_function, bare, state, None, None, fill


def bare_function(code: bytes, name: str, cells: int) -> FunctionType:
    """Return a function that knows nothing but Python's own names yet."""
    space = {"__builtins__": builtins, "__name__": "__main__"}
    empty = tuple(CellType() for _ in range(cells))
    return FunctionType(marshal.loads(code), space, name, None, empty)


def fill(function: FunctionType, state: dict[str, Any]) -> None:
    """Give a bare function what it uses."""
    function.__globals__.update(state["names"])
    function.__defaults__ = state["defaults"]
    function.__kwdefaults__ = state["keyword_defaults"]
    for cell, held in zip(function.__closure__ or (), state["cells"], strict=True):
        if held is not CellType:  # an empty cell stays empty
            cell.cell_contents = held


def held_in(function: FunctionType) -> list[Any]:
    """Return the values of the outer function's variables; `CellType` for one not set yet."""
    held: list[Any] = []
    for cell in function.__closure__ or ():
        try:
            held.append(cell.cell_contents)
        except ValueError:
            held.append(CellType)
    return held


def used_names(function: FunctionType) -> dict[str, Any]:
    """Return the variables of a function's module that its code names, with their values.

    Examples
    --------
    >>> used_names(eval("lambda: sum(x) + y.z", {"x": [1], "z": 2}))
    {'x': [1]}
    """
    known = function.__globals__
    return {name: known[name] for name in looked_up(function.__code__) if name in known}


def looked_up(code: CodeType) -> dict[str, None]:
    """Return the global names that some code looks up, those of functions within it too."""
    found = {
        step.argval: None
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
    }
    for part in code.co_consts:
        found |= looked_up(part) if isinstance(part, CodeType) else {}
    return found


def is_model(value: Any) -> bool:
    """Say whether a value is a Keras model, without loading Keras to find out."""
    model = getattr(sys.modules.get("keras"), "Model", None)
    return model is not None and isinstance(value, model)


def send_model(model: Any) -> tuple[Any, ...]:
    """Tell pickle to send a model as the bytes of a .keras file; the model itself stays as it is.

    Raises
    ------
    TypeError
        If its class, or that of a layer, is written in the notebook.
    """
    for layer in model._flatten_layers():
        if type(layer).__module__ == "__main__":
            raise TypeError(
                f"A model holds the class {type(layer).__name__}, which is written in this "
                "notebook: put the class into a .py file and import it."
            )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        model.save(file)
        content = file.read_bytes()
    habits = {name: vars(model)[name] for name in HABITS if name in vars(model)}
    return load_model, (content, habits)


def load_model(content: bytes, habits: dict[str, Any]) -> Any:
    """Make the model of its .keras file; what training needs is left out."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        file.write_bytes(content)
        model = import_keras().saving.load_model(file, compile=False, safe_mode=True)
    for name, value in habits.items():
        setattr(model, name, value)
    return model
