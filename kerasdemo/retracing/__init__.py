"""Which calls of a series trace a graph."""

from kerasdemo.retracing.result import Retraces
from kerasdemo.retracing.series import retraces

__all__ = ["Retraces", "retraces"]
