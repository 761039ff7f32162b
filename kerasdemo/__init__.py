"""predict, predict_on_batch or predict_step: three ways to ask a Keras model, side by side.

The names below are the whole front door. Each is loaded on first use, so that ``import kerasdemo``
loads neither TensorFlow nor matplotlib nor a widget.

Examples
--------
>>> import kerasdemo as kd
>>> digits = kd.load_digits()
>>> digits.test.images.shape[1:]
(28, 28, 1)
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# public name -> the module that holds it
_HOME = {
    "load_digits": "digits",
    "Digits": "digits",
    "build_classifier": "classifier",
    "train_classifier": "classifier",
    "load_classifier": "classifier",
    "load_probabilities": "classifier",
    "METHODS": "methods",
    "run": "methods",
    "Prediction": "prediction",
    "compare": "comparison",
    "Comparison": "comparison",
    "time_calls": "timing",
    "Timings": "timing",
    "SampleChooser": "widgets",
    "DigitView": "widgets",
    "SoftmaxView": "widgets",
    "predict_first": "quiz",
    "reveal": "quiz",
    "ask": "quiz",
    "check": "quiz",
    "check_setup": "doctor",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"kerasdemo has no {name!r}. It has: {', '.join(_HOME)}")
    value = getattr(importlib.import_module(f"kerasdemo.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
