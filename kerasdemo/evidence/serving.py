"""Claims about exported models and about asking a server."""

from __future__ import annotations

import importlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from kerasdemo._backend import import_tensorflow
from kerasdemo.evidence.saving import exported_to
from kerasdemo.evidence.scenes import dense, difference, numbers
from kerasdemo.evidence.seen import NotMeasuredHere, Seen, attempt, judge, judge_all, words


def dtype_must_match() -> Seen:
    """Give float64 to predict, to a signature as a tensor, and to the same as an array."""
    tf = import_tensorflow()
    model, x = dense(), numbers(4, 8).astype(np.float64)
    served = exported_to(model)
    signature = served.signatures["serving_default"]
    came = {
        "predict": attempt(model.predict, x, verbose=0),
        "signature, tensor": attempt(signature, row=tf.constant(x)),
        "serve, array": attempt(served.serve, x),
    }
    evidence = words({name: c.raised or "runs" for name, c in came.items()})
    return judge_all({name: bool(c.raised) for name, c in came.items()}, f"float64: {evidence}")


def has_inference_method() -> Seen:
    """Ask a model for a method called inference."""
    came = attempt(lambda: dense().inference)
    return judge(not came.raised, str(came))


def saved_model_is_callable() -> Seen:
    """Call what tf.saved_model.load gives, and then its serve endpoint."""
    model, x = dense(), numbers(4, 8)
    loaded = exported_to(model)
    came = attempt(loaded, x)
    apart = difference(loaded.serve(x), model.predict(x, verbose=0))
    return judge(not came.raised, f"loaded(x): {came}; loaded.serve(x): {apart:.1g} from predict")


def served_names() -> Seen:
    """Read the names of the inputs and outputs that an export serves."""
    signature = exported_to(dense()).signatures["serving_default"]
    inputs = list(signature.structured_input_signature[1])
    outputs = list(signature.structured_outputs)
    evidence = f"input {inputs}, the name of the Input layer; output {outputs}"
    return judge(inputs == ["input"] and outputs == ["output"], evidence)


def client_sends_numpy() -> Seen:
    """Turn an array into the message of a request, and hand its dtype to the exported signature."""
    tf = import_tensorflow()
    message = tf.make_tensor_proto(np.array([[1.0, 2.0]]))
    sent = tf.dtypes.as_dtype(message.dtype).name
    wanted = (
        exported_to(dense(2)).signatures["serving_default"].structured_input_signature[1]["row"]
    )
    evidence = f"np.array([[1.0, 2.0]]) is sent as {sent}, the signature takes {wanted.dtype.name}"
    return judge(sent == wanted.dtype.name, evidence)


def message_checks_its_shape() -> Seen:
    """Ask for six numbers where three are given."""
    tf = import_tensorflow()
    came = attempt(tf.make_tensor_proto, np.array([1, 2, 3]), shape=[2, 3])
    shown = str(came) if came.raised else tf.make_ndarray(came.value).tolist()
    return judge(bool(came.raised), f"3 numbers, shape [2, 3]: {shown}")


def missing_output_raises() -> Seen:
    """Ask a protobuf map, the kind that an answer's outputs are, for a name that is not there."""
    meta = importlib.import_module("tensorflow.core.protobuf.meta_graph_pb2")
    answer = meta.SignatureDef()
    answer.outputs["output_0"].name = "there"
    came = attempt(lambda: answer.outputs["output"].name)
    evidence = (
        f"asked for 'output': {came.raised or 'no error'}; names now {sorted(answer.outputs)}"
    )
    return judge(came.raised == "KeyError", evidence)


def serving_sample_works() -> Seen:
    """Look for the client library of TensorFlow Serving; without a server nothing more is seen."""
    came = attempt(importlib.import_module, "tensorflow_serving.apis.predict_pb2")
    if came.raised:
        raise NotMeasuredHere(
            "tensorflow-serving-api is not installed, and no model server runs here"
        )
    service = importlib.import_module("tensorflow_serving.apis.prediction_service_pb2")
    there = hasattr(service, "PredictRequest")
    return judge(there, f"prediction_service_pb2 has PredictRequest: {there}; no server runs here")


def grpc_module() -> Any:
    """Import gRPC, which comes with TensorFlow."""
    try:
        return importlib.import_module("grpc")
    except ImportError:
        raise NotMeasuredHere("grpc is not installed") from None


def no_deadline_blocks_all() -> Seen:
    """Ask a closed port, then a hung server on this machine: with a deadline, by three threads."""
    grpc = grpc_module()
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        closed = reserved.getsockname()[1]

    def hang(request: bytes, context: Any) -> bytes:
        time.sleep(0.5)
        return request

    handler = grpc.method_handlers_generic_handler(
        "demo", {"Hang": grpc.unary_unary_rpc_method_handler(hang)}
    )
    server = grpc.server(ThreadPoolExecutor(4), handlers=(handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def ask(port: int, timeout: float | None = None) -> tuple[str, float]:
        start = time.perf_counter()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/demo/Hang")
            came = attempt(call, b"", timeout=timeout)
        code = came.error.code().name if isinstance(came.error, grpc.RpcError) else "answered"
        return code, time.perf_counter() - start

    try:
        refused, late = ask(closed), ask(port, 0.1)
        with ThreadPoolExecutor(3) as threads:
            start = time.perf_counter()
            answers = [code for code, _ in threads.map(ask, [port] * 3)]
            together = time.perf_counter() - start
    finally:
        server.stop(None).wait()
    evidence = (
        f"nobody there: {refused[0]} in {refused[1]:.2f} s; deadline 0.1 s: {late[0]}; three calls "
        f"to a server that hangs for 0.5 s: {', '.join(set(answers))} in {together:.2f} s together"
    )
    return judge(refused[0] != "UNAVAILABLE" or together > 1.2, evidence)
