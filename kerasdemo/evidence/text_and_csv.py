"""Claims about text and CSV files on their way into a model."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.evidence.seen import Seen, attempt, judge, judge_all, words


def adapted(*texts: str) -> Any:
    """Return a TextVectorization layer that knows these texts."""
    layer = import_keras().layers.TextVectorization()
    layer.adapt(list(texts))
    return layer


def vectorization_embeds() -> Seen:
    """Look at what TextVectorization gives."""
    tokens = adapted("it was loved", "it was not")(["loved it"])
    evidence = f"{tokens.dtype.name} {tuple(tokens.shape)}: {np.asarray(tokens).tolist()[0]}"
    return judge(tokens.dtype.is_floating, evidence)


def text_needs_own_cleaning() -> Seen:
    """Give the layer a text with capitals and punctuation, and one without."""
    layer = adapted("loved it", "hated it")
    raw, clean = (np.asarray(layer([text])).tolist()[0] for text in ("LOVED, it!!", "loved it"))
    return judge(raw != clean, f"'LOVED, it!!' gives {raw}, 'loved it' {clean}")


def vectorization_needs_no_adapt() -> Seen:
    """Ask a TextVectorization layer that has seen no text."""
    layer = import_keras().layers.TextVectorization()
    came = attempt(layer, ["loved it"])
    evidence = str(came) if came.raised else f"without adapt: {np.asarray(came.value).tolist()[0]}"
    known = set(np.asarray(adapted("loved it")(["loved it"])).ravel())
    return judge(not came.raised and set(np.asarray(came.value).ravel()) == known, evidence)


def cast_reads_numbers() -> Seen:
    """Read a line of CSV as strings and cast them; then read it as numbers."""
    tf = import_tensorflow()
    strings = tf.io.decode_csv("1.5,2", [[""], [""]])
    came = {
        "tf.cast": attempt(lambda: float(tf.cast(strings[0], tf.float32))),
        "record_defaults [[0.0], [0]]": attempt(
            lambda: float(tf.io.decode_csv("1.5,2", [[0.0], [0]])[0])
        ),
    }
    return judge(not came["tf.cast"].raised, words(came))


def with_file(text: str, read: Any) -> Any:
    """Write a file, call ``read(path)``, and remove the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_text(text, encoding="utf-8")
        return read(str(path))


def skip_drops_header() -> Seen:
    """Read a CSV file with a header, with and without skip(1)."""
    tf = import_tensorflow()

    def rows(path: str, skipped: int) -> Any:
        lines = tf.data.TextLineDataset(path).skip(skipped)
        return [float(tf.io.decode_csv(line, [[0.0]])[0]) for line in lines]

    text = "height\n1.5\n2.5\n"
    came = {
        "skip(1)": with_file(text, lambda path: attempt(rows, path, 1)),
        "without": with_file(text, lambda path: attempt(rows, path, 0)),
    }
    right = came["skip(1)"].value == [1.5, 2.5] and bool(came["without"].raised)
    return judge(right, words({name: c.raised or c for name, c in came.items()}))


def missing_field_is_told() -> Seen:
    """Parse a line with an empty field: with a default, and with none."""
    tf = import_tensorflow()
    came = {
        "default [0.0]": attempt(lambda: float(tf.io.decode_csv("1.5,", [[0.0], [0.0]])[1])),
        "no default": attempt(
            lambda: float(tf.io.decode_csv("1.5,", [[0.0], tf.constant([], tf.float32)])[1])
        ),
    }
    seen = words({name: c.raised or c for name, c in came.items()})
    return judge(bool(came["default [0.0]"].raised), seen)


def ignore_errors_drops_one_line() -> Seen:
    """Count the rows left of ten lines with a malformed one, parsed singly and in batches of 5."""
    tf = import_tensorflow()
    lines = tf.data.Dataset.from_tensor_slices(["1.5"] * 3 + ["heavy"] + ["2.5"] * 6)

    def parse(line: Any) -> Any:
        return tf.io.decode_csv(line, [[0.0]])[0]

    left = {
        "line by line": len(list(lines.map(parse).ignore_errors())),
        "in batches of 5": sum(len(x) for x in lines.batch(5).map(parse).ignore_errors()),
    }
    evidence = f"10 lines, 1 malformed; rows left: {words(left)}"
    return judge_all({name: rows == 9 for name, rows in left.items()}, evidence)
