"""A module that can be called like the function that it is named after."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable
from typing import Any


class CallableModule(types.ModuleType):
    """A module that hands a call on to one of its functions."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return vars(self)["_called"](*args, **options)


def callable_module(name: str, function: Callable[..., Any]) -> None:
    """Let the module `name` be called like `function`, and be documented like it.

    Once ``kerasdemo.preflight`` has been imported as a module, Python puts it where
    ``kerasdemo.preflight`` the function was looked for.
    """
    module = sys.modules[name]
    module.__class__ = CallableModule
    module.__doc__ = function.__doc__
    vars(module).update(_called=function, __signature__=inspect.signature(function))
