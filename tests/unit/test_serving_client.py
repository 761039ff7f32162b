"""RemoteModel against servers that come, go and fail, and without the package that it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import keras
import numpy as np
import pytest
import tensorflow as tf
from ports import free_port
from serving_parts import LIMIT, doubling, program, until
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2

import kerasdemo as kd
from kerasdemo._installing import kit_with
from kerasdemo.serving.errors import Asked, explained
from kerasdemo.serving.protocol import protocol

X = np.arange(6, dtype=np.float32).reshape(2, 3)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    kd.export_model(doubling(), folder)
    return folder


@pytest.fixture(scope="module")
def server(exported):
    with kd.ClassroomServer(exported) as server:
        yield server


class Moody:
    """A server that fails as often as it is told, then answers; it counts what it is asked."""

    timing = ""

    def __init__(self, exported, code, failures):
        self.code, self.failures, self.asked = code, failures, 0
        with kd.ClassroomServer(exported) as real, grpc.insecure_channel(real.address) as channel:
            self.metadata = channel.unary_unary(
                "/tensorflow.serving.PredictionService/GetModelMetadata", bytes, bytes
            )(self._asking_metadata(), timeout=LIMIT)
        handlers = {
            "Predict": grpc.unary_unary_rpc_method_handler(self.predict),
            "GetModelMetadata": grpc.unary_unary_rpc_method_handler(lambda raw, c: self.metadata),
        }
        service = "tensorflow.serving.PredictionService"
        handler = grpc.method_handlers_generic_handler(service, handlers)
        self.server = grpc.server(ThreadPoolExecutor(2), handlers=(handler,))
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def _asking_metadata(self):
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        request.model_spec.name = "digits"
        return request.SerializeToString()

    def predict(self, raw, context):
        self.asked += 1
        if self.timing:
            context.set_trailing_metadata((("server-timing", self.timing),))
        if self.asked <= self.failures:
            context.abort(grpc.StatusCode[self.code], "not now")
        answer = predict_pb2.PredictResponse()
        answer.model_spec.version.value = 1
        answer.outputs["output_0"].CopyFrom(tf.make_tensor_proto(X))
        return answer.SerializeToString()


@pytest.mark.parametrize(
    ("code", "failures", "asked"),
    [("UNAVAILABLE", 2, 3), ("UNAVAILABLE", 99, 3), ("INTERNAL", 1, 1), ("ABORTED", 1, 1)],
)
def test_only_a_server_that_was_not_there_is_asked_again_and_not_for_ever(
    exported, code, failures, asked
):
    moody = Moody(exported, code, failures)
    try:
        with kd.RemoteModel(moody.address, timeout=LIMIT) as remote:
            if failures < asked:
                np.testing.assert_array_equal(remote.predict(X), X)
                assert remote.model_seconds is None, "this server does not tell"
            else:
                with pytest.raises(kd.RemoteError) as caught:
                    remote.predict(X)
                assert caught.value.code == code
                assert "not now" in caught.value.details
        assert moody.asked == asked
    finally:
        moody.server.stop(0)


def test_the_model_time_is_given_in_seconds(exported):
    moody = Moody(exported, "OK", 0)
    moody.timing = "db;dur=3, model;dur=1.25"
    try:
        with kd.RemoteModel(moody.address, timeout=LIMIT) as remote:
            remote.predict(X)
            assert remote.model_seconds == pytest.approx(0.00125)
    finally:
        moody.server.stop(0)


def test_a_large_request_is_asked_again_too(exported):
    moody = Moody(exported, "UNAVAILABLE", 2)
    large = np.ones((300_000, 3), np.float32)  # 3.6 MB; gRPC alone would keep 256 KiB
    try:
        with kd.RemoteModel(moody.address, timeout=LIMIT) as remote:
            np.testing.assert_array_equal(remote.predict_on_batch(large), X)
    finally:
        moody.server.stop(0)


def test_nobody_listens():
    with kd.RemoteModel("127.0.0.1:9", timeout=LIMIT) as remote:
        for ask in (remote.metadata, remote.status, lambda: remote.predict(X)):
            with pytest.raises(kd.RemoteError, match=r"Nobody listens at 127\.0\.0\.1:9") as caught:
                ask()
            assert caught.value.code == "UNAVAILABLE"


def test_a_proxy_does_not_come_between_this_machine_and_itself(server, monkeypatch):
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with kd.RemoteModel(server.address, timeout=LIMIT) as remote:
        np.testing.assert_array_equal(remote.predict(X), X * 2)


def test_a_server_that_is_killed_while_it_answers_is_told(exported):
    never_ends = str(Path(__file__).with_name("serving_program.py"))
    with program(never_ends, str(exported)) as process:
        address = process.stdout.readline().strip()
        with kd.RemoteModel(address, timeout=LIMIT) as remote, ThreadPoolExecutor(1) as thread:
            asking = thread.submit(remote.predict, X)
            assert process.stdout.readline().strip() == "asked"
            process.kill()
            with pytest.raises(kd.RemoteError) as caught:
                asking.result(LIMIT)
    assert caught.value.code == "UNAVAILABLE"
    assert re.search("Nobody listens|went away", str(caught.value))


def test_a_server_that_comes_back_is_found_again(exported):
    port = free_port()
    with kd.ClassroomServer(exported, port=port) as first:
        remote = kd.RemoteModel(first.address, timeout=LIMIT)
        np.testing.assert_array_equal(remote.predict(X), X * 2)
    with pytest.raises(kd.RemoteError):
        remote.predict(X)
    with kd.ClassroomServer(exported, port=port):

        def back():
            try:
                return np.array_equal(remote.predict(X), X * 2)
            except kd.RemoteError:
                return False

        until(back, "the server's return")
    remote.close()


def test_a_new_version_with_another_input_is_noticed(tmp_path):
    kd.export_model(doubling(), tmp_path)
    wide = np.ones((2, 4), np.float32)
    with (
        kd.ClassroomServer(tmp_path, poll_seconds=0.05) as server,
        kd.RemoteModel(server.address, timeout=LIMIT) as remote,
    ):
        np.testing.assert_array_equal(remote.predict(X), X * 2)
        kd.export_model(doubling(3.0, width=4), tmp_path, version=2)
        until(lambda: remote.status().available == (1, 2), "version 2")
        np.testing.assert_array_equal(remote.predict(wide), wide * 3)
        with pytest.raises(kd.RemoteError, match=r"\(2, 3\), and \(n, 4\) is expected"):
            remote.predict(X)
        with kd.RemoteModel(server.address, version=1, timeout=LIMIT) as old:
            np.testing.assert_array_equal(old.predict(X), X * 2)


def test_threads_share_one_client(server):
    rows = np.random.default_rng(0).random((200, 3), dtype=np.float32)
    with kd.RemoteModel(server.address, timeout=LIMIT) as remote:
        assert remote.model_seconds is None
        with ThreadPoolExecutor(8) as threads:
            parts = list(threads.map(lambda i: remote.predict(rows[i : i + 5]), range(195)))
        assert remote.model_seconds is None, "each thread has its own"
        remote.predict(X)
        assert 0 < remote.model_seconds < LIMIT
    for i, part in enumerate(parts):
        np.testing.assert_array_equal(part, rows[i : i + 5] * 2)


def test_another_thread_may_forget_the_metadata_while_an_answer_is_read(server):
    """Two threads that see a new version at once: the second finds nothing to compare with."""
    seen = []

    class Forgetful(kd.RemoteModel):
        @property
        def _metadata(self):
            seen.append(self.known)
            known, self.known = self.known, None
            return known

        @_metadata.setter
        def _metadata(self, known):
            self.known = known

    with Forgetful(server.address, timeout=LIMIT) as remote:
        np.testing.assert_array_equal(remote.predict(X), X * 2)
    assert any(seen)


def test_several_inputs_and_outputs_go_by_name(tmp_path):
    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    outputs = {
        "sum": keras.layers.Add()([left, right]),
        "difference": keras.layers.Subtract()([left, right]),
    }
    kd.export_model(keras.Model({"left": left, "right": right}, outputs), tmp_path, name="two")
    ones, threes = (np.full((5, 2), value, np.float32) for value in (1, 3))
    with (
        kd.ClassroomServer(tmp_path) as server,
        kd.RemoteModel(server.address, "two", timeout=LIMIT) as remote,
    ):
        found = remote.predict({"right": ones, "left": threes}, batch_size=2)
        assert {name: rows.tolist() for name, rows in found.items()} == {
            "sum": [[4.0, 4.0]] * 5,
            "difference": [[2.0, 2.0]] * 5,
        }
        alone = remote.predict({"right": ones, "left": threes}, output="difference")
        assert alone.tolist() == [[2.0, 2.0]] * 5
        with pytest.raises(kd.RemoteError, match="a dictionary with 'left', 'right'"):
            remote.predict(ones)
        with pytest.raises(kd.RemoteError, match="different numbers of samples"):
            remote.predict({"right": ones, "left": threes[:4]})


def test_text_travels_too(tmp_path):
    class Shouting(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="words")])
        def serve(self, words):
            return {"louder": tf.strings.upper(words)}

    module = Shouting()
    tf.saved_model.save(module, str(tmp_path / "text" / "1"), {"serving_default": module.serve})
    with (
        kd.ClassroomServer(tmp_path) as server,
        kd.RemoteModel(server.address, "text", timeout=LIMIT) as remote,
    ):
        for words in (np.array(["five", "six"]), np.array(["five", "six"], object)):
            assert remote.predict(words).tolist() == [b"FIVE", b"SIX"]


def test_other_byte_orders_and_strides_are_no_other_numbers(server):
    with kd.RemoteModel(server.address, timeout=LIMIT) as remote:
        np.testing.assert_array_equal(remote.predict(X.astype(">f4")), X * 2)
        np.testing.assert_array_equal(remote.predict(np.asfortranarray(X)), X * 2)
        np.testing.assert_array_equal(remote.predict(tf.constant(X)), X * 2)
        with pytest.raises(kd.RemoteError, match="dtype float64"):
            remote.predict([[1.0, 2.0, 3.0]])


def test_the_longest_deadline_is_one(server):
    with kd.RemoteModel(server.address, timeout=1e9) as remote:
        np.testing.assert_array_equal(remote.predict(X), X * 2)


def test_a_closed_client_says_how_to_go_on(server):
    remote = kd.RemoteModel(server.address)
    remote.close()
    remote.close()
    assert repr(remote).endswith(", closed")
    with pytest.raises(kd.RemoteError, match=r"kd\.RemoteModel\('127") as caught:
        remote.predict(X)
    assert caught.value.code == "CANCELLED"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://127.0.0.1:8500/v1", "Type '127.0.0.1:8500'"),
        ("127.0.0.1", "host:port"),
        ("127.0.0.1:", "host:port"),
        ("127.0.0.1:eight", "host:port"),
        ("127.0.0.1:70000", "host:port"),
        (8500, "host:port"),
    ],
)
def test_an_address_that_cannot_be(address, says):
    with pytest.raises(ValueError, match=says):
        kd.RemoteModel(address)


@pytest.mark.parametrize("name", ["", 5, None])
def test_a_name_that_cannot_be(name):
    with pytest.raises(ValueError, match="name is"):
        kd.RemoteModel("127.0.0.1:9", name)


@pytest.mark.parametrize("version", ["1", 1.0, True, -1, 2**63])
def test_a_version_that_cannot_be(version):
    with pytest.raises(ValueError, match="version is"):
        kd.RemoteModel("127.0.0.1:9", version=version)


def test_a_version_may_be_zero_or_numpys():
    for version in (0, np.int64(2**63 - 1), None):
        with kd.RemoteModel("127.0.0.1:9", version=version) as remote:
            assert remote.version == version


@pytest.mark.parametrize("timeout", [0, -1, 1e10, float("inf"), float("nan"), True, "10"])
def test_there_is_always_a_deadline(server, timeout):
    with pytest.raises(ValueError, match="timeout is"):
        kd.RemoteModel(server.address, timeout=timeout)
    with (
        kd.RemoteModel(server.address) as remote,
        pytest.raises(ValueError, match="timeout is"),
    ):
        remote.predict(X, timeout=timeout)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True, None])
def test_a_batch_size_that_cannot_be(server, batch_size):
    with (
        kd.RemoteModel(server.address) as remote,
        pytest.raises(ValueError, match="batch_size is"),
    ):
        remote.predict(X, batch_size=batch_size)


@pytest.mark.parametrize(
    ("code", "details", "address", "says"),
    [
        ("UNAVAILABLE", "Trying to connect an http1.x server", "h:80", "8500 for gRPC"),
        ("UNAVAILABLE", "failed to connect", "h:8501", "8501 for REST"),
        ("UNAVAILABLE", "errors resolving h:80: not found", "h:80", "no machine called 'h'"),
        ("UNAVAILABLE", "Socket closed", "h:80", "went away"),
        ("UNIMPLEMENTED", "Method not found!", "h:80", "no server of models"),
        ("CANCELLED", "", "h:80", "cancelled"),
        ("RESOURCE_EXHAUSTED", "out of memory", "h:80", "asks too much"),
        ("DATA_LOSS", "", "h:80", "it says no more"),
    ],
)
def test_what_a_code_means(code, details, address, says):
    error = explained(code, details, Asked(address, "digits", None, 10.0))
    assert says in str(error)
    assert (error.code, error.details) == (code, details)


@pytest.mark.parametrize(
    ("version", "available", "says"),
    [
        (None, None, "has no model 'digits'. It says: nothing here"),
        (4, (1, 2), "has no version 4 on h:80; it has 1, 2"),
        (4, (), "serves no version of the model 'digits' now"),
        (None, (1,), "not loaded yet"),
    ],
)
def test_what_is_not_there_is_told_apart(version, available, says):
    error = explained("NOT_FOUND", "nothing here", Asked("h:80", "digits", version, 1, available))
    assert says in str(error)


def test_without_the_package_it_says_what_to_install(exported, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("tensorflow_serving")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    protocol.cache_clear()
    try:
        for use in (lambda: kd.RemoteModel("127.0.0.1:9"), lambda: kd.ClassroomServer(exported)):
            with pytest.raises(ModuleNotFoundError) as caught:
                use()
            assert "tensorflow-serving-api" in str(caught.value)
            assert kit_with("serving") in str(caught.value)
    finally:
        protocol.cache_clear()


def test_what_it_says_to_install_is_an_extra():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'^serving = \[\s+"tensorflow-serving-api>=', text, re.M)
    assert '[serving]"' in kit_with("serving")


def test_the_names_load_no_grpc():
    code = "import sys, kerasdemo as kd; kd.RemoteModel, kd.ClassroomServer, kd.export_model; "
    code += "print({'grpc', 'tensorflow', 'tensorflow_serving'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_result_shows_itself(server):
    with kd.RemoteModel(server.address, timeout=LIMIT) as remote:
        assert repr(remote) == f"RemoteModel 'digits' (newest version) at {server.address}"
        assert repr(remote.metadata()).splitlines() == [
            "digits, version 1, signature serving_default",
            "  input  numbers: float32 (n, 3)",
            "  output output_0: float32 (n, 3)",
        ]
        assert repr(remote.status()) == "digits\n  version 1: AVAILABLE"
        assert "output_0" in remote.metadata()._repr_html_()
        assert "AVAILABLE" in remote.status()._repr_html_()


def test_the_files_are_no_longer_needed_by_who_asks(exported, tmp_path):
    """A client has numbers and names alone: nothing of the model, nothing pickled."""
    shutil.copytree(exported, tmp_path / "models")
    with kd.ClassroomServer(tmp_path / "models", poll_seconds=60) as server:
        shutil.rmtree(tmp_path / "models")
        with kd.RemoteModel(server.address, timeout=LIMIT) as remote:
            np.testing.assert_array_equal(remote.predict(X), X * 2)


def test_no_thread_of_a_server_is_left(exported):
    before = {thread.name for thread in threading.enumerate()}
    with (
        kd.ClassroomServer(exported) as server,
        kd.RemoteModel(server.address, timeout=LIMIT) as remote,
    ):
        remote.predict(X)
    until(
        lambda: (
            not [
                t.name
                for t in threading.enumerate()
                if t.name.startswith("kerasdemo-") and t.name not in before
            ]
        ),
        "the end of its threads",
    )
