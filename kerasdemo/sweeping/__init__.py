"""Measure one call at each of many batch sizes, a little at a time."""

from kerasdemo.sweeping.checks import check_names, check_sizes
from kerasdemo.sweeping.latency import time_methods
from kerasdemo.sweeping.steps import Step, one_call, sweep, take
from kerasdemo.sweeping.sweep import Sweep

__all__ = [
    "Step",
    "Sweep",
    "check_names",
    "check_sizes",
    "one_call",
    "sweep",
    "take",
    "time_methods",
]
