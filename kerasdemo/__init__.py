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
from typing import TYPE_CHECKING, Any

__version__ = "0.9.0"

if TYPE_CHECKING:  # the same names for editors and type checkers, which do not run __getattr__
    from kerasdemo.attempts import TriedCalls as TriedCalls
    from kerasdemo.attempts import try_calls as try_calls
    from kerasdemo.capstone import try_capstone as try_capstone
    from kerasdemo.claims import check_claims as check_claims
    from kerasdemo.classifier import build_classifier as build_classifier
    from kerasdemo.classifier import load_classifier as load_classifier
    from kerasdemo.classifier import load_probabilities as load_probabilities
    from kerasdemo.classifier import train_classifier as train_classifier
    from kerasdemo.comparison import Comparison as Comparison
    from kerasdemo.comparison import compare as compare
    from kerasdemo.costs import BatchTimings as BatchTimings
    from kerasdemo.curves import TrainingCurve as TrainingCurve
    from kerasdemo.curves import training_curve as training_curve
    from kerasdemo.digits import Digits as Digits
    from kerasdemo.digits import load_digits as load_digits
    from kerasdemo.doctor import check_setup as check_setup
    from kerasdemo.edge_cases import edge_cases as edge_cases
    from kerasdemo.fruit import write_fruit as write_fruit
    from kerasdemo.memory import MemoryUse as MemoryUse
    from kerasdemo.memory import measure_memory as measure_memory
    from kerasdemo.methods import METHODS as METHODS
    from kerasdemo.methods import run as run
    from kerasdemo.own_ray import OwnRay as OwnRay
    from kerasdemo.own_ray import start_ray as start_ray
    from kerasdemo.payback import BreakEven as BreakEven
    from kerasdemo.payback import break_even as break_even
    from kerasdemo.prediction import Prediction as Prediction
    from kerasdemo.preflight import preflight as preflight
    from kerasdemo.quiz import ask as ask
    from kerasdemo.quiz import check as check
    from kerasdemo.quiz import order as order
    from kerasdemo.quiz import predict_first as predict_first
    from kerasdemo.quiz import reveal as reveal
    from kerasdemo.retracing import Retraces as Retraces
    from kerasdemo.retracing import retraces as retraces
    from kerasdemo.scale import DatasetPrediction as DatasetPrediction
    from kerasdemo.scale import predict_dataset as predict_dataset
    from kerasdemo.scores import ScoreCard as ScoreCard
    from kerasdemo.scores import score_card as score_card
    from kerasdemo.serving.client import RemoteModel as RemoteModel
    from kerasdemo.serving.errors import RemoteError as RemoteError
    from kerasdemo.serving.export import export_model as export_model
    from kerasdemo.serving.server import ClassroomServer as ClassroomServer
    from kerasdemo.sources.cache import is_cached as is_cached
    from kerasdemo.spy import CallTrace as CallTrace
    from kerasdemo.spy import trace_call as trace_call
    from kerasdemo.streaming import predict_stream as predict_stream
    from kerasdemo.sweeping import time_methods as time_methods
    from kerasdemo.tallying import Tally as Tally
    from kerasdemo.tallying import tally as tally
    from kerasdemo.timing import Timings as Timings
    from kerasdemo.timing import time_calls as time_calls
    from kerasdemo.trials.client import try_client as try_client
    from kerasdemo.view.flow import FlowDiagram as FlowDiagram
    from kerasdemo.view.flow import flow_diagram as flow_diagram
    from kerasdemo.widgets import DigitView as DigitView
    from kerasdemo.widgets import DrawingPad as DrawingPad
    from kerasdemo.widgets import LiveTimings as LiveTimings
    from kerasdemo.widgets import PredictionExplorer as PredictionExplorer
    from kerasdemo.widgets import SampleChooser as SampleChooser
    from kerasdemo.widgets import SoftmaxView as SoftmaxView
    from kerasdemo.worker import try_worker as try_worker

# public name -> the module that holds it
_HOME = {
    "load_digits": "digits",
    "Digits": "digits",
    "is_cached": "sources.cache",
    "build_classifier": "classifier",
    "train_classifier": "classifier",
    "load_classifier": "classifier",
    "load_probabilities": "classifier",
    "training_curve": "curves",
    "TrainingCurve": "curves",
    "METHODS": "methods",
    "run": "methods",
    "Prediction": "prediction",
    "compare": "comparison",
    "Comparison": "comparison",
    "trace_call": "spy",
    "CallTrace": "spy",
    "flow_diagram": "view.flow",
    "FlowDiagram": "view.flow",
    "predict_stream": "streaming",
    "predict_dataset": "scale",
    "DatasetPrediction": "scale",
    "time_calls": "timing",
    "Timings": "timing",
    "try_calls": "attempts",
    "TriedCalls": "attempts",
    "write_fruit": "fruit",
    "time_methods": "sweeping",
    "BatchTimings": "costs",
    "measure_memory": "memory",
    "MemoryUse": "memory",
    "retraces": "retracing",
    "Retraces": "retracing",
    "SampleChooser": "widgets",
    "DigitView": "widgets",
    "SoftmaxView": "widgets",
    "PredictionExplorer": "widgets",
    "DrawingPad": "widgets",
    "LiveTimings": "widgets",
    "preflight": "preflight",
    "predict_first": "quiz",
    "reveal": "quiz",
    "ask": "quiz",
    "order": "quiz",
    "check": "quiz",
    "score_card": "scores",
    "ScoreCard": "scores",
    "tally": "tallying",
    "Tally": "tallying",
    "check_setup": "doctor",
    "check_claims": "claims",
    "try_capstone": "capstone",
    "try_worker": "worker",
    "start_ray": "own_ray",
    "OwnRay": "own_ray",
    "break_even": "payback",
    "BreakEven": "payback",
    "try_client": "trials.client",
    "edge_cases": "edge_cases",
    "export_model": "serving.export",
    "ClassroomServer": "serving.server",
    "RemoteModel": "serving.client",
    "RemoteError": "serving.errors",
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
