"""Claims about exported models and about asking a server."""

from __future__ import annotations

import importlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasdemo._backend import import_keras, import_tensorflow
from kerasdemo.classifier import load_classifier
from kerasdemo.digits import load_digits
from kerasdemo.evidence.saving import exported_to, folder
from kerasdemo.evidence.scenes import dense, difference, numbers
from kerasdemo.evidence.seen import NotMeasuredHere, Seen, attempt, judge, judge_all, words
from kerasdemo.serving.client import RemoteModel
from kerasdemo.serving.protocol import protocol
from kerasdemo.serving.server import ClassroomServer


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


@contextmanager
def served(model: Any) -> Iterator[str]:
    """Serve a model as "demo" on this machine for a moment; give the server's address."""
    try:
        protocol()
    except ModuleNotFoundError:
        raise NotMeasuredHere("tensorflow-serving-api is not installed") from None
    with folder() as place:
        model.export(str(place / "demo" / "1"), verbose=False)
        with ClassroomServer(place) as server:
            yield server.address


def serving_sample_works() -> Seen:
    """Make the usual request of a server, step by step: as printed, and as it runs."""
    tf, x = import_tensorflow(), numbers(2, 8)
    with served(dense()) as address, protocol().grpc.insecure_channel(address) as channel:
        names = ("predict_pb2", "prediction_service_pb2", "prediction_service_pb2_grpc")
        try:
            apis = {
                name: importlib.import_module(f"tensorflow_serving.apis.{name}") for name in names
            }
        except AttributeError as error:  # protobuf 7 refuses what version 2.20 was generated to do
            why = f"tensorflow-serving-api and protobuf do not go together here: {error}"
            raise NotMeasuredHere(why) from None
        stub = apis["prediction_service_pb2_grpc"].PredictionServiceStub(channel)

        def ask(x: Any, output: str) -> Any:
            request = apis["predict_pb2"].PredictRequest()
            request.model_spec.name = "demo"
            request.inputs["row"].CopyFrom(tf.make_tensor_proto(x))
            return tf.make_ndarray(stub.Predict(request, timeout=10).outputs[output])

        came = {
            "prediction_service_pb2.PredictRequest": attempt(
                lambda: apis["prediction_service_pb2"].PredictRequest
            ),
            "float64": attempt(ask, x.astype("float64"), "output_0"),
            'outputs["output"]': attempt(ask, x, "output"),
        }
        mended = attempt(ask, x, "output_0")
    told = {name: c.raised.lstrip("_") or "runs" for name, c in came.items()}
    evidence = f"{words(told)}; with all three mended: {mended}"
    return judge(not any(c.raised for c in came.values()), evidence)


def signature_checks_its_shape() -> Seen:
    """Give a signature for rows of 8 something else, as an array and as a tensor."""
    keras, tf = import_keras(), import_tensorflow()
    model = keras.Sequential([keras.Input((8,), name="row"), keras.layers.Rescaling(2.0)])
    loaded, wrong = exported_to(model), numbers(2, 3, 4)
    signature = loaded.signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]
    came = {
        "an array": attempt(signature, **{name: wrong}),
        "a tensor": attempt(signature, **{name: tf.constant(wrong)}),
    }
    shown = {name: c.raised or f"{c.value['output_0'].shape} comes" for name, c in came.items()}
    evidence = f"(2, 3, 4) for (None, 8): {words(shown)}"
    return judge_all({name: bool(c.raised) for name, c in came.items()}, evidence)


def loaded_in_one_line() -> Seen:
    """Load a SavedModel and ask it in one line, so that nobody keeps what was loaded."""
    load, x = import_tensorflow().saved_model.load, numbers(2, 8)
    with folder() as place:
        dense().export(str(place), verbose=False)
        came = {
            "serve": attempt(lambda: load(str(place)).serve(x)),
            "signature": attempt(lambda: load(str(place)).signatures["serving_default"](row=x)),
        }
    evidence = words({name: str(c) if c.raised else "runs" for name, c in came.items()})
    return judge_all({name: not c.raised for name, c in came.items()}, evidence)


def server_sees_scale() -> Seen:
    """Send digits from 0 to 255 to a model that learnt 0 to 1."""
    digits = load_digits().test[:100]
    with served(load_classifier()) as address, RemoteModel(address, "demo") as remote:
        came = attempt(remote.predict_on_batch, 255 * digits.images)
    certain = "" if came.raised else f", {(came.value.max(axis=1) > 0.999).mean():.0%} certain"
    return judge(came.raised != "", f"100 digits from 0 to 255: {came}{certain}")


def request_any_size() -> Seen:
    """Send 8 MB in one request, and in requests of 1 MB."""
    x = numbers(2000, 1000)
    with served(dense(1000)) as address, RemoteModel(address, "demo") as remote:
        whole = attempt(remote.predict_on_batch, x)
        cut = attempt(remote.predict, x, batch_size=250)
    told = f"{getattr(whole.error, 'code', whole)}"
    return judge(not whole.raised, f"8 MB at once: {told}; in batches of 1 MB: {cut}")


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

    gate = threading.Barrier(3)

    def hang(request: bytes, context: Any) -> bytes:
        if request:
            gate.wait(30)  # nobody gets an answer before all three are here
        else:
            time.sleep(0.5)
        return request

    handler = grpc.method_handlers_generic_handler(
        "demo", {"Hang": grpc.unary_unary_rpc_method_handler(hang)}
    )
    server = grpc.server(ThreadPoolExecutor(4), handlers=(handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def ask(port: int, request: bytes, timeout: float | None = None) -> tuple[str, float]:
        start = time.perf_counter()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/demo/Hang")
            came = attempt(call, request, timeout=timeout)
        code = came.error.code().name if isinstance(came.error, grpc.RpcError) else "answered"
        return code, time.perf_counter() - start

    try:
        refused, late = ask(closed, b""), ask(port, b"", 0.1)
        with ThreadPoolExecutor(3) as threads:
            answers = [code for code, _ in threads.map(ask, [port] * 3, [b"with the others"] * 3)]
    finally:
        server.stop(None).wait()
    evidence = (
        f"nobody there: {refused[0]} in {refused[1]:.2f} s; deadline 0.1 s: {late[0]}; three calls "
        f"that a server keeps until all three are there: {', '.join(sorted(set(answers)))}"
    )
    return judge(refused[0] != "UNAVAILABLE" or answers != ["answered"] * 3, evidence)
