"""One client, every server: the classroom's always, TensorFlow Serving where it can be reached.

``KERASDEMO_SERVING=host:port`` names a server with the shipped classifier, exported by
`export_model`; ``KERASDEMO_SERVING_MODEL`` its name there, ``digits`` by default.
"""

from __future__ import annotations

import os
import re

import grpc
import numpy as np
import pytest
import tensorflow as tf
from serving_parts import LIMIT, code_of, request_for
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

import kerasdemo as kd

ADDRESSES = ["classroom", *filter(None, [os.environ.get("KERASDEMO_SERVING")])]
NAME = os.environ.get("KERASDEMO_SERVING_MODEL", "digits")


@pytest.fixture(scope="module")
def model():
    return kd.load_classifier()


@pytest.fixture(scope="module")
def images():
    return kd.load_digits().test[:70].images


@pytest.fixture(scope="module")
def classroom(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    kd.export_model(model, folder, name=NAME)
    with kd.ClassroomServer(folder) as server:
        yield server.address


@pytest.fixture(scope="module", params=ADDRESSES)
def address(request, classroom):
    return classroom if request.param == "classroom" else request.param


@pytest.fixture(scope="module")
def remote(address):
    with kd.RemoteModel(address, NAME, timeout=LIMIT) as remote:
        yield remote


@pytest.fixture(scope="module")
def channel(address):
    with grpc.insecure_channel(address) as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel):
    """Return the client that tensorflow-serving-api brings along."""
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.mark.parametrize("size", [1, 7, 32])
def test_the_answers_are_those_of_predict_on_batch(remote, model, images, size):
    here = model.predict_on_batch(images[:size])
    there = remote.predict_on_batch(images[:size])
    assert there.dtype == here.dtype
    assert there.shape == here.shape
    assert np.abs(there - here).max() <= 1e-5


def test_the_classroom_answers_bit_for_bit(classroom, model, images):
    with kd.RemoteModel(classroom, NAME, timeout=LIMIT) as remote:
        for size in (1, 7, 32):
            here = model.predict_on_batch(images[:size])
            np.testing.assert_array_equal(remote.predict_on_batch(images[:size]), here)


def test_predict_cuts_into_batches_keeps_the_order_and_leaves_its_input_alone(
    remote, model, images
):
    before = images.copy()
    there = remote.predict(images, batch_size=32)
    assert there.shape == (70, 10)
    assert np.abs(there - model.predict(images, verbose=0)).max() <= 1e-5
    backwards = remote.predict(images[::-1], batch_size=9)
    assert np.abs(backwards[::-1] - there).max() <= 1e-5
    np.testing.assert_array_equal(images, before)


def test_metadata_names_input_and_output(remote):
    known = remote.metadata()
    assert known.name == NAME
    assert known.version >= 1
    assert {name: str(facts) for name, facts in known.inputs.items()} == {
        "image": "float32 (n, 28, 28, 1)"
    }
    assert {name: str(facts) for name, facts in known.outputs.items()} == {
        "probabilities": "float32 (n, 10)"
    }


def test_status_says_what_is_available(remote):
    status = remote.status()
    assert remote.metadata().version in status.available
    (newest,) = [one for one in status if one.version == remote.metadata().version]
    assert (newest.state, newest.code, newest.message) == ("AVAILABLE", "OK", "")


def test_a_version_can_be_named(address, remote, images):
    version = remote.metadata().version
    with kd.RemoteModel(address, NAME, version=version, timeout=LIMIT) as one:
        np.testing.assert_array_equal(
            one.predict_on_batch(images[:3]), remote.predict_on_batch(images[:3])
        )


def test_one_output_can_be_asked_for(remote, stub, images):
    answer = stub.Predict(request_for(images[:2], name=NAME, outputs=["probabilities"]), timeout=60)
    assert list(answer.outputs) == ["probabilities"]
    assert answer.model_spec.name == NAME
    assert answer.model_spec.signature_name == "serving_default"
    assert remote.predict(images[:2], output="probabilities").shape == (2, 10)


def with_spec(change):
    request = request_for(np.zeros((1, 28, 28, 1), np.float32), name=NAME)
    change(request.model_spec)
    return request


def second_input():
    request = with_spec(lambda spec: None)
    request.inputs["other"].CopyFrom(tf.make_tensor_proto([1.0]))
    return request


def zeros(shape, dtype=np.float32, **options):
    return request_for(np.zeros(shape, dtype), **{"name": NAME, **options})


WRONG = {
    "a signature that is none": (
        with_spec(lambda spec: setattr(spec, "signature_name", "__saved_model_init_op")),
        "INVALID_ARGUMENT",
    ),
    "no model": (zeros((1, 28, 28, 1), name="nobody"), "NOT_FOUND"),
    "no such version": (zeros((1, 28, 28, 1), version=4242), "NOT_FOUND"),
    "no name": (zeros((1, 28, 28, 1), name=""), "INVALID_ARGUMENT"),
    "no such signature": (
        with_spec(lambda spec: setattr(spec, "signature_name", "nothing")),
        "FAILED_PRECONDITION",
    ),
    "a label": (
        with_spec(lambda spec: setattr(spec, "version_label", "stable")),
        "INVALID_ARGUMENT",
    ),
    "another input": (zeros((1, 28, 28, 1), input_name="images"), "INVALID_ARGUMENT"),
    "one input too many": (second_input(), "INVALID_ARGUMENT"),
    "float64": (zeros((1, 28, 28, 1), np.float64), "INVALID_ARGUMENT"),
    "uint8": (zeros((1, 28, 28, 1), np.uint8), "INVALID_ARGUMENT"),
    "text": (request_for(np.array(["five"]), name=NAME), "INVALID_ARGUMENT"),
    "no batch axis": (zeros((28, 28, 1)), "INVALID_ARGUMENT"),
    "another size": (zeros((1, 30, 30, 1)), "INVALID_ARGUMENT"),
    "no such output": (zeros((1, 28, 28, 1), outputs=["output_0"]), "INVALID_ARGUMENT"),
    "an output twice": (
        zeros((1, 28, 28, 1), outputs=["probabilities", "probabilities"]),
        "INVALID_ARGUMENT",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_has_its_code(stub, what):
    request, code = WRONG[what]
    found, words = code_of(stub.Predict, request)
    assert found == code, words
    assert words


def test_the_signatures_are_those_of_the_file(stub, model, tmp_path):
    """All that saved_model.pb lists, each as it stands there, in a SignatureDefMap."""
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = NAME
    answer = stub.GetModelMetadata(request, timeout=60)
    assert list(answer.metadata) == ["signature_def"]
    assert answer.model_spec.name == NAME
    assert not answer.model_spec.signature_name
    found = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(found)
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((kd.export_model(model, tmp_path) / "saved_model.pb").read_bytes())
    (graph,) = saved.meta_graphs
    assert dict(found.signature_def) == dict(graph.signature_def)
    assert {"serve", "serving_default"} < set(found.signature_def)


@pytest.mark.parametrize(
    ("fields", "name", "code"),
    [
        ([], NAME, "INVALID_ARGUMENT"),
        (["weights"], NAME, "INVALID_ARGUMENT"),
        (["signature_def"], "nobody", "NOT_FOUND"),
        (["signature_def"], NAME, "OK"),
    ],
)
def test_metadata_refuses_with_its_code(stub, fields, name, code):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = name
    assert code_of(stub.GetModelMetadata, request)[0] == code


def test_which_signatures_there_are_and_that_a_start_up_is_none(classroom):
    request = with_spec(lambda spec: setattr(spec, "signature_name", "nothing"))
    with grpc.insecure_channel(classroom) as channel:
        ask = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
        _, words = code_of(ask, request)
        assert words == "there is no signature 'nothing'; there are 'serve', 'serving_default'"
        request.model_spec.signature_name = "__saved_model_init_op"
        request.inputs.clear()
        code, words = code_of(ask, request)
    assert (code, "gives no tensors" in words) == ("INVALID_ARGUMENT", True)


def test_status_of_what_is_not_there(channel):
    ask = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "nobody"
    assert code_of(ask, request)[0] == "NOT_FOUND"
    request.model_spec.name = NAME
    request.model_spec.version.value = 4242
    assert code_of(ask, request)[0] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (lambda x: x.astype("float64"), "INVALID_ARGUMENT", 'np.asarray(images, "float32").'),
        (lambda x: x.tolist(), "INVALID_ARGUMENT", 'np.asarray(images, "float32").'),
        (lambda x: (x * 255).astype("uint8"), "INVALID_ARGUMENT", '(images, "float32") / 255'),
        (lambda x: x.astype("object"), "INVALID_ARGUMENT", "dtype object"),
        (lambda x: x[0], "INVALID_ARGUMENT", "image[None]."),
        (lambda x: x[0, ..., 0], "INVALID_ARGUMENT", "image[None, ..., None]"),
        (lambda x: x[..., 0], "INVALID_ARGUMENT", "images[..., None]"),
        (lambda x: x[:, :20], "INVALID_ARGUMENT", "another size"),
        (lambda x: x.reshape(70, -1), "INVALID_ARGUMENT", "batch axis first"),
        (lambda x: {}, "INVALID_ARGUMENT", "inputs given are none; the model takes 'image'"),
        (lambda x: {"picture": x}, "INVALID_ARGUMENT", "'picture'; the model takes 'image'"),
        (lambda x: [[1.0], [1.0, 2.0]], "INVALID_ARGUMENT", "cannot be one array"),
    ],
)
def test_the_client_says_what_to_type(remote, images, given, code, says):
    with pytest.raises(kd.RemoteError) as caught:
        remote.predict(given(images))
    assert caught.value.code == code
    assert says in str(caught.value)
    assert str(caught.value).endswith(f"({code})")
    assert caught.value.details == "", "nothing was sent"


def test_no_images_are_no_question(remote, images):
    for ask in (remote.predict, remote.predict_on_batch):
        with pytest.raises(ValueError, match="no samples"):
            ask(images[:0])


def test_the_client_keeps_the_code_of_the_server(address, remote, images):
    with pytest.raises(kd.RemoteError, match="has no version 4242") as caught:
        kd.RemoteModel(address, NAME, version=4242, timeout=LIMIT).predict(images)
    assert caught.value.code == "NOT_FOUND"
    assert caught.value.details
    with pytest.raises(kd.RemoteError, match="has no model 'nobody'") as caught:
        kd.RemoteModel(address, "nobody", timeout=LIMIT).predict(images)
    assert caught.value.code == "NOT_FOUND"
    with pytest.raises(kd.RemoteError, match="output_0") as caught:
        remote.predict(images, output="output_0")
    assert caught.value.code == "INVALID_ARGUMENT"
    with pytest.raises(kd.RemoteError, match="within 1e-06 s") as caught:
        remote.predict(images, timeout=1e-6)
    assert caught.value.code == "DEADLINE_EXCEEDED"
    more = re.search(r"timeout=(\d+),", str(caught.value))
    assert float(more[1]) > 1e-6
    mend = re.search(r"remote\.predict\(.*?\)", str(caught.value))
    assert eval(mend[0], {"remote": remote, "images": images}).shape == (70, 10)
