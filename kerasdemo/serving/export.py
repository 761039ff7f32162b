"""Write a model into the folder that a server loads."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo import __version__
from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.serving.folders import check_name, check_version, version_folder, versions
from kerasdemo.serving.protocol import DEFAULT_SIGNATURE
from kerasdemo.serving.savedmodel import sides, signature_defs

__all__ = ["PROBABILITIES", "SIDECAR", "export_model"]

SIDECAR = "kerasdemo.json"
PROBABILITIES = "probabilities"
FRAME = (None, 28, 28, 1)  # the kit's digits: ink from 0 to 1


def export_model(
    model: Any,
    folder: str | os.PathLike[str],
    *,
    name: str = "digits",
    version: int = 1,
    labels: Sequence[str] | None = None,
) -> Path:
    """Write a model to FOLDER/NAME/VERSION as a SavedModel that TensorFlow Serving can load.

    The folder appears whole: it is written beside its place and renamed. Two signatures are in it:
    ``serve``, as Keras's ``model.export`` writes it, and ``serving_default``, which a server runs
    unless it is told otherwise. Both call the model with ``training=False``; ``model.export``
    leaves that open, and layers that are random in training then stay random
    (keras/src/export/saved_model_export_archive.py, ``track_and_add_endpoint``). Inputs have the
    names of their ``Input`` layers. In ``serving_default`` a single output behind softmax or
    sigmoid is called ``probabilities``, those of a dictionary keep their keys, any other has
    Keras's ``output_0``, ``output_1``, ... A subclassed model, which does not say what it takes, is
    written by ``model.export`` alone. Introduced in lesson 11.

    Beside saved_model.pb lies kerasdemo.json: signatures, labels, how images must be prepared,
    versions of Keras and TensorFlow, and the SHA-256 of the weights.

    Parameters
    ----------
    model : keras.Model
        Built; it is not changed.
    folder : str or path
        Where all models lie. Made if missing.
    name : str
        The model's name, by which clients ask.
    version : int
        From 1. An existing version is never overwritten.
    labels : sequence of str, optional
        The names of the classes. By default ``"0"`` to ``"9"`` for a model from images
        (n, 28, 28, 1) to ten outputs, and none for others.

    Returns
    -------
    pathlib.Path
        FOLDER/NAME/VERSION.

    Raises
    ------
    FileExistsError
        If that version is there already.
    TypeError, ValueError
        If `model` is no Keras model or not built, or `name`, `version` or `labels` cannot be.

    Examples
    --------
    >>> import tempfile
    >>> import kerasdemo as kd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = kd.export_model(kd.load_classifier(), folder)
    ...     print(path.relative_to(folder).as_posix())
    digits/1
    """
    check_name(name)
    check_version(version)
    _check_model(model)
    labels = _labels(model, labels)
    target = version_folder(folder, name, version)
    _refuse_existing(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{version}-{uuid.uuid4().hex}")  # no number: servers pass it by
    try:
        _write(model, draft)
        facts = _facts(model, draft, name, version, labels)
        (draft / SIDECAR).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        try:
            os.rename(draft, target)
        except OSError:
            _refuse_existing(target)  # somebody else has written it meanwhile
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _check_model(model: Any) -> None:
    keras = import_keras()
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"model is a {type(model).__name__}; a Keras model is needed, such as "
            "kd.load_classifier()."
        )
    if not model.built:
        raise ValueError("The model is not built: it has no weights yet. Call it once on a batch.")


def _refuse_existing(target: Path) -> None:
    if target.exists():
        free = max([int(target.name), *versions(target.parent)]) + 1
        raise FileExistsError(
            f"{target.parent.name} has a version {target.name} already, in {target}. A server "
            f"may have loaded it, so it is not overwritten. Type version={free}."
        )


def _labels(model: Any, labels: Sequence[str] | None) -> list[str] | None:
    columns = _columns(model)
    if labels is None:
        digits = _framed(model) and columns == 10
        return [str(digit) for digit in range(10)] if digits else None
    labels = [str(label) for label in labels]
    if columns is not None and len(labels) != columns:
        raise ValueError(f"labels has {len(labels)} names; the model gives {columns} numbers.")
    return labels


def _columns(model: Any) -> int | None:
    """Return how many numbers a model gives for a sample; None if that is not one row."""
    outputs = getattr(model, "outputs", None) or []
    shape = tuple(outputs[0].shape) if len(outputs) == 1 else ()
    return shape[1] if len(shape) == 2 else None


def _framed(model: Any) -> bool:
    inputs = getattr(model, "inputs", None) or []
    return [tuple(tensor.shape) for tensor in inputs] == [FRAME]


def _write(model: Any, draft: Path) -> None:
    """Write the SavedModel, with both signatures where the model says what it takes."""
    keras = import_keras()
    if not getattr(model, "inputs", None):
        model.export(draft, format="tf_saved_model", verbose=False)
        return
    taken = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    specs = [keras.tree.map_structure(_spec, taken)]
    probable = _gives_probabilities(model)

    def serve(inputs: Any) -> Any:
        return model(inputs, training=False)

    def serving_default(inputs: Any) -> Any:
        outputs = model(inputs, training=False)
        return {PROBABILITIES: outputs} if probable else outputs

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", serve, specs)
    archive.add_endpoint(DEFAULT_SIGNATURE, serving_default, specs)
    archive.write_out(draft, verbose=False)


def _spec(tensor: Any) -> Any:
    tf = import_tensorflow()
    return tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype, name=tensor.name)


def _gives_probabilities(model: Any) -> bool:
    """Say whether the only output comes straight from softmax or sigmoid."""
    last = model.layers[-1]
    sequential = isinstance(model, import_keras().Sequential)
    given = model.outputs[0] if sequential else model.output  # a dictionary, a list, a tensor
    if given is not last.output:
        return False
    activation = getattr(getattr(last, "activation", None), "__name__", type(last).__name__)
    return activation.lower() in ("softmax", "sigmoid")


def _facts(
    model: Any, draft: Path, name: str, version: int, labels: list[str] | None
) -> dict[str, Any]:
    keras, tf = import_keras(), import_tensorflow()
    signatures = {}
    for key, signature in sorted(signature_defs(draft).items()):
        inputs, outputs = sides(signature)
        if not key.startswith("__"):
            signatures[key] = {
                "inputs": {name: asdict(facts) for name, facts in inputs.items()},
                "outputs": {name: asdict(facts) for name, facts in outputs.items()},
            }
    prepared = {
        name: {
            "dtype": facts["dtype"],
            "shape": facts["shape"],
            "range": [0.0, 1.0] if _framed(model) else None,
            "divide_pictures_by": 255 if _framed(model) else None,
        }
        for name, facts in signatures[DEFAULT_SIGNATURE]["inputs"].items()
    }
    return {
        "format": 1,
        "name": name,
        "version": version,
        "labels": labels,
        "preprocessing": prepared,
        "signatures": signatures,
        "made_with": {
            "kerasdemo": __version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
        },
        "weights_sha256": _weights_sha256(model),
    }


def _weights_sha256(model: Any) -> str:
    """Hash shape, dtype and values of each weight in order, low bytes first."""
    digest = hashlib.sha256()
    for weight in model.get_weights():
        values = np.asarray(weight)
        digest.update(f"{values.dtype.name}{values.shape}".encode())
        digest.update(values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()
