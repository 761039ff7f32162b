"""The messages of TensorFlow Serving and gRPC, imported when they are first needed."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from typing import Any

from kerasdemo._backend import import_tensorflow
from kerasdemo._installing import kit_with

__all__ = ["DEFAULT_SIGNATURE", "PREDICTION", "STATUS", "Protocol", "protocol"]

DEFAULT_SIGNATURE = "serving_default"  # what a server runs when a request names no signature
PREDICTION = "tensorflow.serving.PredictionService"
STATUS = "tensorflow.serving.ModelService"


@dataclass(frozen=True)
class Protocol:
    """The modules that a server and a client share.

    Attributes
    ----------
    tf, grpc : module
    predict, metadata, status : module
        The messages of Predict, GetModelMetadata and GetModelStatus.
    saved : module
        The message that saved_model.pb holds.
    wrappers : module
        protobuf's own messages of one value.
    """

    tf: Any
    grpc: Any
    predict: Any
    metadata: Any
    status: Any
    saved: Any
    wrappers: Any


@functools.cache
def protocol() -> Protocol:
    """Import gRPC and the messages, TensorFlow first: the messages import it.

    Raises
    ------
    ModuleNotFoundError
        If tensorflow-serving-api is not installed; the message says what to type.
    """
    tf = import_tensorflow()
    try:
        predict, metadata, status = (
            importlib.import_module(f"tensorflow_serving.apis.{name}_pb2")
            for name in ("predict", "get_model_metadata", "get_model_status")
        )
        grpc = importlib.import_module("grpc")
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in ("tensorflow_serving", "grpc"):
            raise
        raise ModuleNotFoundError(
            "Serving a model needs the package tensorflow-serving-api, and it is not installed. "
            f"In a terminal, type\n    {kit_with('serving')}\n"
            "and start Python again; in a notebook, restart the kernel.",
            name=package,
        ) from None
    saved = importlib.import_module("tensorflow.core.protobuf.saved_model_pb2")
    wrappers = importlib.import_module("google.protobuf.wrappers_pb2")
    return Protocol(tf, grpc, predict, metadata, status, saved, wrappers)
