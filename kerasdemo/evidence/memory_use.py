"""Claims about memory. Each figure is the peak that one call added in a process of its own."""

from __future__ import annotations

import numpy as np

from kerasdemo.evidence.memory import extra_memory
from kerasdemo.evidence.seen import UNSETTLED, Seen, attempt, judge, judge_all

FLAT = 0.5  # of the data: less than this is no copy of them
WHOLE = 0.8  # of the data: from here on they are all there


def kept(times: float, evidence: str, *, claim: bool) -> Seen:
    """Judge whether the data were kept whole (`claim`) or not; between the two, nothing is said."""
    if FLAT < times < WHOLE:
        return Seen(UNSETTLED, evidence)
    return judge((times >= WHOLE) is claim, evidence)


def dataset_must_fit_in_memory() -> Seen:
    """Predict a Dataset of 400 MB whose rows exist one batch at a time."""
    peak = extra_memory("predict_dataset", 400)
    return kept(peak.times, f"predict(Dataset): {peak}", claim=True)


def dataset_keeps_memory_flat() -> Seen:
    """Set a Dataset beside the same rows joined into an array."""
    stream, joined = extra_memory("predict_dataset", 400), extra_memory("join_then_predict")
    return kept(stream.times, f"Dataset {stream}; joined into an array {joined}", claim=False)


def predict_stores_dataset() -> Seen:
    """Set a Dataset beside an array: which of them does predict keep a copy of."""
    stream, array = extra_memory("predict_dataset", 400), extra_memory("predict_array")
    return kept(stream.times, f"predict(Dataset): {stream}; predict(array): {array}", claim=True)


def predict_stores_outputs() -> Seen:
    """Predict 100 MB of outputs from next to no input."""
    peak = extra_memory("predict_outputs")
    evidence = f"{peak} of outputs: {peak.times:.1f} times their size"
    return kept(peak.times, evidence, claim=True)


def array_costs_only_itself() -> Seen:
    """Predict an array that is in memory already."""
    peak = extra_memory("predict_array")
    return kept(peak.times, f"predict(array): {peak}, besides the array", claim=False)


def conversion_needs_memory() -> Seen:
    """Join a Dataset into an array, and ask for an array that no computer holds."""
    peak = extra_memory("join_then_predict")
    came = attempt(np.zeros, (2**42, 784), np.float32)
    evidence = f"join, then predict: {peak}; 2**42 rows of 784: {came.raised or 'no error'}"
    return judge(peak.times >= WHOLE and isinstance(came.error, MemoryError), evidence)


def loop_saves_memory() -> Seen:
    """Look at what one predict leaves to be saved: of its inputs, and of its outputs."""
    inputs = extra_memory("predict_dataset", 400)
    outputs, reduced = extra_memory("predict_outputs"), extra_memory("on_batch_outputs_reduced")
    saves = {
        "large inputs": inputs.times > FLAT,
        "large outputs": reduced.extra < outputs.extra / 2,
    }
    evidence = f"one predict(Dataset): {inputs} of input, nothing to save; {outputs} of outputs"
    return judge_all(saves, f"{evidence}, a loop that reduces each batch: {reduced}")


def on_batch_saves_memory() -> Seen:
    """Give predict_on_batch slices of an array, the whole array, and large outputs to reduce."""
    peaks = {
        "slices": extra_memory("on_batch_slices"),
        "whole array": extra_memory("on_batch_whole"),
        "outputs reduced": extra_memory("on_batch_outputs_reduced"),
    }
    evidence = "; ".join(f"{name} {peak}" for name, peak in peaks.items())
    return judge_all({name: peak.times < FLAT for name, peak in peaks.items()}, evidence)


def slices_stay_out_of_memory() -> Seen:
    """Make a Dataset of an array by from_tensor_slices."""
    peak = extra_memory("predict_slices")
    evidence = f"from_tensor_slices, then predict: {peak}, besides the array"
    return kept(peak.times, evidence, claim=False)
