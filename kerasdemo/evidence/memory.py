"""Peak memory of one of the ledger's calls, set beside the data that it handles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

from kerasdemo.evidence import memory_calls
from kerasdemo.evidence.seen import NotMeasuredHere
from kerasdemo.memory import MB, CannotMeasure, measure_memory


@dataclass(frozen=True)
class Peak:
    """What one call had to handle, and what it added to the peak, in MB of 10**6 bytes."""

    data: float
    extra: float

    @property
    def times(self) -> float:
        """The added memory as a multiple of the data."""
        return self.extra / self.data

    def __str__(self) -> str:
        return f"+{max(0, round(self.extra))} MB for {round(self.data)} MB"


@cache
def extra_memory(name: str, megabytes: int = 100) -> Peak:
    """Measure one function of `kerasdemo.evidence.memory_calls` by `measure_memory`.

    Parameters
    ----------
    name : str
        The function's name.
    megabytes : int
        Roughly how much data it handles.

    Raises
    ------
    NotMeasuredHere
        If this system tells no peak, or the process ended without an answer.
    """
    data = memory_calls.rows_for(megabytes) * 4 * memory_calls.WIDE / MB
    prepare = partial(getattr(memory_calls, name), megabytes)
    try:
        return Peak(data, measure_memory(memory_calls.now, prepare=prepare).megabytes)
    except CannotMeasure as error:
        raise NotMeasuredHere(str(error)) from error
