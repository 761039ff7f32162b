"""Peak memory of one call, measured in a process of its own."""

from kerasdemo.memory.measuring import MemoryUse, measure_memory
from kerasdemo.memory.peaks import MB, CannotMeasure

__all__ = ["MB", "CannotMeasure", "MemoryUse", "measure_memory"]
