"""Why a call raised: a sentence for what Keras or TensorFlow said, whichever input it was.

A sentence is chosen by the message that was seen. The file and function are read from the
traceback of the call itself, unless the cause lies elsewhere than where it was noticed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kerasdemo.odd_inputs.came import Came

RETRACED = {
    "predict": "keras/src/backend/tensorflow/trainer.py: make_predict_function",
    "predict_on_batch": "keras/src/backend/tensorflow/trainer.py: make_predict_function",
    "compiled": "tf.function: reduce_retracing",
}
ADJUST = "keras/src/models/functional.py: _adjust_input_rank"
CAST = "keras/src/dtype_policies/dtype_policy.py: convert_input"


@dataclass(frozen=True)
class Said:
    """A message, what it means, and where that is decided if not where it was raised.

    In `means`, ``{0}`` and ``{1}`` stand for the message's groups.
    """

    message: str
    means: str
    decided_by: str = ""


NO_KEY = r"Missing data for input|structure of `inputs` doesn't match"
SAID = (
    Said(
        r"Unrecognized data type",
        "predict takes arrays, tensors, Datasets, generators, and lists or dicts of arrays; this "
        "is none of them.",
    ),
    Said(
        r"'batch_outputs'",
        "Not one batch came, so the variable that holds the last batch's outputs was never set.",
    ),
    Said(
        r"pop from an empty set",
        "There is no array in it, so predict finds no number of samples.",
    ),
    Said(
        r"Invalid dtype: (object|str)",
        "predict looks at an array's dtype before it cuts batches; {0} is none that it knows.",
    ),
    Said(
        r"expects (\d+) (?:named )?input\(s\).* received (\d+) input",
        "Each array in a list is taken for an input of its own: {1} came, {0} is expected.",
    ),
    Said(
        r"not connected to `inputs`",
        "Each array in a list is taken for an input of its own, and none came.",
    ),
    Said(
        r"Data is expected to be in format",
        "A list or tuple is taken for (x,), (x, y) or (x, y, sample_weight); this one has another "
        "length.",
    ),
    Said(
        r"generator must return a tuple",
        "What a generator yields must be a tuple: (x,), (x, y) or (x, y, sample_weight).",
    ),
    Said(
        r"Inputs to a layer should be tensors|Only input tensors may be passed",
        "It goes to the layers as it is, and they take arrays and tensors.",
    ),
    Said(
        r"unknown TensorShape|unknown rank",
        "An earlier call had another number of axes. The function is then traced for any number of "
        "axes, and a layer has to know it.",
        decided_by="retraced",
    ),
    Said(
        r"Invalid input shape for input",
        "The number of axes is wrong, by more than a last axis of 1 that Keras would add or take "
        "away.",
    ),
    Said(
        r"Negative dimension size|output size would be negative",
        "The first axis was taken for the batch, whatever it means; a layer finds what is left of "
        "a sample too small.",
    ),
    Said(
        r"is incompatible with the layer",
        "The first axis is taken for the batch; a layer compares the others with the shape that it "
        "was made for.",
    ),
    Said(
        NO_KEY,
        "The keys of a dict are the names of the model's inputs; this key is none of them.",
    ),
    Said(
        r"is not optional, but None was passed",
        "None stands for an input that may be left away; this one may not.",
    ),
    Said(
        r"(?:DataType|type) u?int\d+ ",
        "Layers cast floats only, and nothing before them made floats of these whole numbers.",
        decided_by=CAST,
    ),
    Said(
        r"Unsupported object type",
        "TensorFlow makes no tensor of an array of Python objects, numbers or not.",
    ),
    Said(
        r"Cast string to|(?:DataType|type) string|dtype='string'",
        "It became a tensor of text, and no layer here computes with text.",
    ),
    Said(
        r"Expected any non-tensor type|Attempt to convert a value \(\{",
        "The model's own call was given the dict as it is, and hands it to a layer.",
    ),
    Said(
        r"data_format.*NDHWC",
        "The layers are for images, a batch of which has 4 axes, and nothing took the fifth away.",
    ),
    Said(
        r"'(list|tuple|dict)' object has no attribute",
        "The model's own call was given the {0} as it is, and hands it to a layer.",
    ),
)
UNKNOWN = "The kit has no explanation for this one; the error came from there."
UNCHECKED = (
    "Shapes are checked while tracing. This graph was made for any size, so the first operation "
    "that cannot compute with this one raises."
)
TWO_NAMES = (
    "The key is the Input layer's name, which one check asks for; another asks for the tensor's. "
    "They are the same only if Input was given a name."
)
NO_ROWS = "An operation of TensorFlow cannot compute with no rows here; Keras only handed them on."


def why_error(came: Came, message: str, raised_in: str, *, warm: bool) -> tuple[str, str]:
    """Return a sentence for an error, and the Keras file and function that decide it.

    Parameters
    ----------
    came : Came
    message : str
        All that the exception says.
    raised_in : str
        The innermost Keras file and function in its traceback.
    warm : bool
        Whether a right batch went through the same compiled function before.

    Examples
    --------
    >>> came = Came("list of samples", "predict", error="ValueError: ...")
    >>> said = 'Layer "m" expects 1 input(s), but it received 5 input tensors.'
    >>> why_error(came, said, "", warm=False)[0]
    'Each array in a list is taken for an input of its own: 5 came, 1 is expected.'
    """
    in_operation = came.raised == "InvalidArgumentError"
    if in_operation and came.case == "0 rows":
        return NO_ROWS, raised_in
    if came.case == "dict" and re.search(NO_KEY, message):
        return TWO_NAMES, raised_in
    for said in SAID:
        if match := re.search(said.message, message):
            where = RETRACED[came.method] if said.decided_by == "retraced" else said.decided_by
            return said.means.format(*match.groups()), where or raised_in
    if in_operation and warm:
        return UNCHECKED, RETRACED[came.method]
    return UNKNOWN, raised_in
