"""The server by itself: versions that come and go, bounds, bad messages, and its end."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import psutil
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving_parts import LIMIT, PREDICT, Held, code_of, doubling, raw_call, request_for, until
from tensorflow_serving.apis import get_model_status_pb2

import kerasdemo as kd
from kerasdemo.serving import server as server_module
from kerasdemo.serving.facts import TensorFacts
from kerasdemo.serving.library import Library
from kerasdemo.serving.loading import LoadedVersion
from kerasdemo.serving.refusal import Refusal
from kerasdemo.serving.tensors import checked_array

X = np.arange(6, dtype=np.float32).reshape(2, 3)
KNOWN = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "INTERNAL"}
KNOWN |= {"RESOURCE_EXHAUSTED"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Export models once; the tests copy them, which is quick."""
    folder = tmp_path_factory.mktemp("exported")
    for version in (1, 2, 3):
        kd.export_model(doubling(version * 2.0), folder, name="numbers", version=version)
    kd.export_model(doubling(1.0, width=4), folder, name="wider")
    return folder


@pytest.fixture
def folder(exported, tmp_path):
    shutil.copytree(exported / "numbers" / "1", tmp_path / "models" / "numbers" / "1")
    return tmp_path / "models"


@pytest.fixture
def serve(folder):
    """Return a function that starts a server; it is stopped at the end, whatever happened."""
    started = []

    def start(**options):
        started.append(kd.ClassroomServer(folder, **{"poll_seconds": 0.05, **options}).start())
        return started[-1]

    yield start
    for server in started:
        server.stop(0)


@pytest.fixture(scope="module")
def steady(exported):
    """A server that no test changes."""
    with kd.ClassroomServer(exported) as server:
        yield server


def ask(server, version=None, name="numbers", x=X):
    with kd.RemoteModel(server.address, name, version=version, timeout=LIMIT) as remote:
        return remote.predict(x)


def states(server, name="numbers"):
    (found,) = [model for model in server.models if model.name == name]
    return {one.version: one.state for one in found}


def message(array=X, **options):
    return request_for(array, **{"name": "numbers", "input_name": "numbers", **options})


# Versions


def test_several_models_and_versions_the_newest_by_default(steady):
    np.testing.assert_array_equal(ask(steady), X * 6)
    np.testing.assert_array_equal(ask(steady, version=1), X * 2)
    wide = np.ones((1, 4), np.float32)
    np.testing.assert_array_equal(ask(steady, name="wider", x=wide), wide)
    assert repr(steady) == f"ClassroomServer at {steady.address}: numbers 1, 2, 3; wider 1"


def test_the_status_has_the_newest_version_first(steady):
    """As TensorFlow Serving's: its map of versions is sorted by std::greater."""
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "numbers"
    with raw_call(steady.address, "/tensorflow.serving.ModelService/GetModelStatus") as call:
        raw = call(request.SerializeToString(), timeout=LIMIT)
    found = get_model_status_pb2.GetModelStatusResponse.FromString(raw)
    assert [one.version for one in found.model_version_status] == [3, 2, 1]


def test_a_new_version_and_a_new_model_are_picked_up_while_it_runs(serve, folder, exported):
    server = serve()
    with kd.RemoteModel(server.address, "numbers", timeout=LIMIT) as remote:
        np.testing.assert_array_equal(remote.predict(X), X * 2)
        kd.export_model(doubling(7.0), folder, name="numbers", version=2)
        until(lambda: states(server).get(2) == "AVAILABLE", "version 2")
        np.testing.assert_array_equal(remote.predict(X), X * 7)
        assert remote.status().available == (1, 2)
    np.testing.assert_array_equal(ask(server, version=1), X * 2)
    shutil.copytree(exported / "wider", folder / "wider")
    until(lambda: len(server.models) == 2, "another model")
    until(lambda: states(server, "wider") == {1: "AVAILABLE"}, "its version")


def test_a_broken_new_version_takes_nothing_away_and_is_reported(serve, folder):
    server = serve()
    (folder / "numbers" / "2").mkdir()
    (folder / "numbers" / "2" / "saved_model.pb").write_bytes(b"\xffno model\xff")
    (folder / "numbers" / "3").mkdir()
    until(lambda: states(server) == {1: "AVAILABLE", 2: "END", 3: "END"}, "the failures")
    np.testing.assert_array_equal(ask(server), X * 2)
    with kd.RemoteModel(server.address, "numbers", timeout=LIMIT) as remote:
        _, broken, empty = remote.status()
    assert broken.code == "INVALID_ARGUMENT"
    assert "damaged" in broken.message
    assert empty.code == "NOT_FOUND"
    assert "no saved_model.pb" in empty.message
    with pytest.raises(kd.RemoteError, match="has no version 2") as caught:
        ask(server, version=2)
    assert caught.value.code == "NOT_FOUND"


def test_a_version_that_is_still_being_copied_is_taken_when_it_is_whole(serve, folder, exported):
    server = serve()
    source, target = exported / "numbers" / "3", folder / "numbers" / "3"
    target.mkdir()
    shutil.copy(source / "saved_model.pb", target)
    until(lambda: states(server).get(3) == "END", "the failure")
    np.testing.assert_array_equal(ask(server), X * 2)
    shutil.copytree(source / "variables", target / "variables")
    until(lambda: states(server)[3] == "AVAILABLE", "the whole version")
    np.testing.assert_array_equal(ask(server), X * 6)


def test_a_failure_is_not_tried_again_while_its_files_stay(folder, monkeypatch):
    (folder / "numbers" / "2").mkdir()
    library = Library(folder)
    library.refresh()
    tried = []
    monkeypatch.setattr("kerasdemo.serving.library.LoadedVersion", tried.append)
    library.refresh()
    assert tried == []


def test_a_version_that_is_removed_is_served_no_longer(serve, folder, exported):
    shutil.copytree(exported / "numbers" / "2", folder / "numbers" / "2")
    server = serve()
    np.testing.assert_array_equal(ask(server), X * 4)
    shutil.rmtree(folder / "numbers" / "2")
    until(lambda: states(server) == {1: "AVAILABLE", 2: "END"}, "the end of version 2")
    np.testing.assert_array_equal(ask(server), X * 2)


def test_a_model_of_which_nothing_is_left_is_told_and_may_come_back(serve, folder, exported):
    server = serve()
    (folder / "numbers").rename(folder.with_name("kept"))
    until(lambda: states(server) == {1: "END"}, "the end of the model")
    with pytest.raises(kd.RemoteError, match="serves no version of the model 'numbers'") as caught:
        ask(server)
    assert caught.value.code == "NOT_FOUND"
    assert "no version of model 'numbers' is served" in caught.value.details
    folder.with_name("kept").rename(folder / "numbers")
    until(lambda: states(server) == {1: "AVAILABLE"}, "its return")
    np.testing.assert_array_equal(ask(server), X * 2)


def test_a_server_that_ends_loads_no_more(exported, monkeypatch):
    """A load takes seconds; the one that runs is waited for, and no other begins."""
    library, begun = Library(exported), []

    def load(path):
        begun.append(path)
        library.close()
        return LoadedVersion(path)

    monkeypatch.setattr("kerasdemo.serving.library.LoadedVersion", load)
    library.refresh()
    assert begun == [exported / "numbers" / "1"]


def test_a_folder_that_is_away_for_a_moment_changes_nothing(folder):
    library = Library(folder)
    library.refresh()
    folder.rename(folder.with_name("away"))
    library.watch(0.01)
    time.sleep(0.2)
    assert library.find("numbers")[0] == 1
    kd.export_model(doubling(), folder.with_name("away"), name="numbers", version=2)
    folder.with_name("away").rename(folder)
    until(lambda: library.find("numbers")[0] == 2, "the watch goes on")
    library.close()


@pytest.mark.parametrize(("below", "says"), [("numbers", "above it"), ("numbers/1", "two above")])
def test_a_folder_too_deep_is_told(folder, below, says):
    with pytest.raises(ValueError, match=says) as caught:
        kd.ClassroomServer(folder / below)
    assert repr(str(folder.resolve())) in str(caught.value)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"kd\.export_model"):
        kd.ClassroomServer(tmp_path / "none")


def test_an_empty_folder_waits_for_models(tmp_path):
    with kd.ClassroomServer(tmp_path) as server:
        assert repr(server).endswith("no models yet")
        with pytest.raises(kd.RemoteError, match="has no model") as caught:
            ask(server)
    assert caught.value.code == "NOT_FOUND"


# Bounds


def own_memory():
    """Return this process's own bytes; pages of libraries come and go with what else runs."""
    memory = psutil.Process().memory_info()
    return memory.rss - getattr(memory, "shared", 0)


def growth(server, count):
    before = own_memory()
    mixed(server, count)
    return own_memory() - before


def test_a_thousand_requests_good_and_bad_none_lost_none_wrong_memory_flat(steady):
    mixed(steady, 300)  # what is set up once is not counted
    assert growth(steady, 1000) < 30e6


@pytest.mark.long
def test_twenty_thousand_requests_leave_the_memory_flat(steady):
    mixed(steady, 2000)
    assert growth(steady, 20_000) < 30e6


def mixed(server, count):
    """Send requests from 16 threads, every kind in turn; compare each answer with what is right."""
    rows = np.random.default_rng(0).random((64, 3), dtype=np.float32)
    bad = {
        1: (message(rows.astype("float64")), "INVALID_ARGUMENT"),
        3: (message(rows[:, :2]), "INVALID_ARGUMENT"),
        5: (message(rows, name="nobody"), "NOT_FOUND"),
        7: (b"\xff\xff\xff", "INTERNAL"),
    }
    plan = {
        key: (request if isinstance(request, bytes) else request.SerializeToString(), code)
        for key, (request, code) in bad.items()
    }
    remotes = {
        version: kd.RemoteModel(server.address, "numbers", version=version, timeout=LIMIT)
        for version in (None, 1, 2)
    }

    with raw_call(server.address) as call:

        def one(number):
            if number % 10 in plan:
                raw, code = plan[number % 10]
                return code_of(call, raw)[0] == code
            version = (None, 1, 2)[number % 3]
            some = rows[number % 60 : number % 60 + 1 + number % 4]
            answer = remotes[version].predict_on_batch(some)
            return np.array_equal(answer, some * 2 * (version or 3))

        with ThreadPoolExecutor(16) as threads:
            right = list(threads.map(one, range(count)))
    for remote in remotes.values():
        remote.close()
    assert len(right) == count
    assert all(right), f"wrong: {[i for i, ok in enumerate(right) if not ok][:20]}"


def test_so_many_run_at_once_others_wait_and_who_comes_then_is_refused(serve, monkeypatch):
    monkeypatch.setattr(server_module, "WAITING", 3)
    server = serve(workers=2)
    held = Held(monkeypatch)
    raw = message().SerializeToString()
    with raw_call(server.address) as call:
        sent = [call.future(raw, timeout=LIMIT) for _ in range(5)]
        until(lambda: held.now == 2, "two that run")
        until(lambda: code_of(call, raw, timeout=1)[0] == "RESOURCE_EXHAUSTED", "a refusal")
        with pytest.raises(kd.RemoteError, match="too many requests") as caught:
            ask(server)
        assert caught.value.code == "RESOURCE_EXHAUSTED"
        held.free.set()
        for one in sent:
            one.result()
    assert held.most == 2


def test_who_waits_for_the_model_waits_no_longer_than_the_deadline(serve, monkeypatch):
    server = serve(workers=1)
    held = Held(monkeypatch)
    raw = message().SerializeToString()
    with raw_call(server.address) as call:
        first = call.future(raw, timeout=LIMIT)
        until(lambda: held.now == 1, "one that runs")
        assert code_of(call, raw, timeout=0.2)[0] == "DEADLINE_EXCEEDED"
        until(lambda: len(server._server._state.rpc_states) == 1, "its end at the server")
        held.free.set()
        first.result()
        assert code_of(call, raw)[0] == "OK"
    assert held.count == 2, "the model did not run for the one that had gone"


def test_the_model_does_not_run_for_a_caller_that_has_gone(serve, monkeypatch):
    server = serve(workers=1)
    held, calls = Held(monkeypatch), server._server._state.rpc_states
    raw = message().SerializeToString()
    with raw_call(server.address) as call:
        first = call.future(raw, timeout=LIMIT)
        until(lambda: held.now == 1, "one that runs")
        gone = call.future(raw)  # it has no deadline, and would wait for ever
        until(lambda: len(calls) == 2 and not server._patience._waiting, "one that waits")
        gone.cancel()
        until(lambda: sum(state.client != "cancelled" for state in list(calls)) == 1, "its end")
        held.free.set()
        first.result()
        until(lambda: not calls, "the end of both")
    assert held.count == 1


def test_a_call_without_a_deadline_is_answered(bytes_call):
    assert bytes_call(GOOD)


def test_a_model_that_refuses_some_numbers_is_served_and_its_code_is_kept(serve, folder):
    """It refuses zeros, and they are what a version is first run on."""

    class Positive(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32, name="numbers")])
        def serve(self, numbers):
            with tf.control_dependencies([tf.debugging.assert_positive(numbers, "not above 0")]):
                return {"same": tf.identity(numbers)}

    module = Positive()
    signatures = {"serving_default": module.serve}
    tf.saved_model.save(module, str(folder / "positive" / "1"), signatures)
    server = serve()
    np.testing.assert_array_equal(ask(server, name="positive", x=X + 1), X + 1)
    with pytest.raises(kd.RemoteError, match="not above 0") as caught:
        ask(server, name="positive", x=X)
    assert caught.value.code == "INVALID_ARGUMENT"


def test_a_message_that_is_too_large_is_refused(serve):
    server = serve(max_message_bytes=10_000)
    with pytest.raises(kd.RemoteError, match=r"batch_size=32") as caught:
        ask_on_batch(server, np.ones((2000, 3), np.float32))
    assert caught.value.code == "RESOURCE_EXHAUSTED"
    assert len(ask(server, x=np.ones((2000, 3), np.float32))) == 2000, "in batches of 32"


def test_a_larger_bound_holds_both_ways(serve):
    """gRPC's own is 4 MiB, at each end."""
    rows = np.ones((500_000, 3), np.float32)
    answer = ask_on_batch(serve(max_message_bytes=8_000_000), rows)
    assert answer.nbytes == rows.nbytes == 6_000_000
    assert (answer == 2).all()


def ask_on_batch(server, x):
    with kd.RemoteModel(server.address, "numbers", timeout=LIMIT) as remote:
        return remote.predict_on_batch(x)


def test_a_small_message_cannot_claim_much_memory(steady):
    """One value stands for all that are left out: a tensor of any size in a few bytes."""
    request = message()
    tensor = request.inputs["numbers"]
    tensor.tensor_content = b""
    tensor.float_val.append(0.5)
    with raw_call(steady.address) as call:
        assert code_of(call, request.SerializeToString())[0] == "OK"
        for rows in (10_000_000, 2**62):
            tensor.tensor_shape.dim[0].size = rows
            code, words = code_of(call, request.SerializeToString())
            assert code == "RESOURCE_EXHAUSTED", words


def test_a_tensor_of_unknown_rank_is_refused(bytes_call):
    request = message()
    request.inputs["numbers"].tensor_shape.unknown_rank = True
    code, words = code_of(bytes_call, request.SerializeToString())
    assert (code, words) == ("INVALID_ARGUMENT", "input 'numbers' has no full shape")


@pytest.mark.parametrize("shape", [(2**62, 0), (0, 2**31), (2**22, 2**22, 0)])
def test_a_shape_without_values_is_no_way_around(shape):
    claimed = tensor(1, shape, False, b"", [])
    facts = TensorFacts("float32", (None,) * len(shape))
    with pytest.raises(Refusal) as caught:
        checked_array("numbers", claimed, facts, most_bytes=4_000_000)
    assert caught.value.code == "RESOURCE_EXHAUSTED"


# Messages that are none


@pytest.fixture(scope="module")
def bytes_call(steady):
    with raw_call(steady.address) as call:
        yield call


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(bytes_call, raw):
    assert code_of(bytes_call, raw)[0] in KNOWN


GOOD = message().SerializeToString()


@FUZZ
@given(st.data())
def test_a_message_with_some_bytes_changed_gets_an_answer(bytes_call, data):
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        kind = data.draw(st.sampled_from(["change", "cut", "double"]))
        if kind == "change":
            raw[at] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del raw[max(at, 1) :]
        else:
            raw[at:at] = raw[at : at + 8]
    assert code_of(bytes_call, bytes(raw))[0] in KNOWN


def tensor(dtype, sizes, unknown, content, floats):
    made = tf.make_tensor_proto(np.float32(0))
    made.Clear()
    made.dtype = dtype
    made.tensor_content = content
    made.float_val.extend(floats)
    made.tensor_shape.unknown_rank = unknown
    for size in sizes:
        made.tensor_shape.dim.add().size = size
    return made


SIZES = st.one_of(st.integers(-2, 5), st.sampled_from([2**31, 2**62, 2**63 - 1]))
TENSORS = st.builds(
    tensor,
    st.one_of(st.integers(0, 130), st.just(2**31 - 1)),
    st.lists(SIZES, max_size=5) | st.just([2, 3]),
    st.booleans(),
    st.binary(max_size=40),
    st.lists(st.floats(width=32), max_size=8),
)


@FUZZ
@given(TENSORS)
def test_tensors_that_lie_get_an_answer(bytes_call, lying):
    request = message()
    request.inputs["numbers"].CopyFrom(lying)
    assert code_of(bytes_call, request.SerializeToString())[0] in KNOWN


def test_after_all_that_it_answers_as_before(steady):
    np.testing.assert_array_equal(ask(steady), X * 6)


def test_a_call_that_never_sends_its_message_holds_nothing_up(serve, monkeypatch, caplog):
    monkeypatch.setattr(server_module, "PATIENCE", 0.5)
    monkeypatch.setattr(server_module, "WAITING", 1)
    server = serve(workers=1)
    silence = threading.Event()

    def nothing():
        silence.wait(LIMIT)
        yield b""

    with raw_call(server.address, kind="stream_unary") as call:
        silent = [call.future(nothing()) for _ in range(2)]  # as many as there are places
        until(lambda: all(one.done() for one in silent), "the end of the silent calls")
        assert {one.code().name for one in silent} == {"CANCELLED"}
        until(lambda: not server._server._state.active_rpc_count, "their places")
        server._patience.seconds = LIMIT
        np.testing.assert_array_equal(ask(server), X * 2)
        silence.set()
    assert caplog.text == "", "that is no failure of the server's"


def test_bytes_that_are_no_http_do_no_harm(steady):
    host, port = steady.address.split(":")
    for rubbish in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00" * 5000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxx",
    ):
        with socket.create_connection((host, int(port)), timeout=LIMIT) as line:
            line.sendall(rubbish)
    np.testing.assert_array_equal(ask(steady), X * 6)


def test_other_methods_are_unimplemented(steady):
    for method in ("Classify", "MultiInference", "Nothing"):
        with raw_call(steady.address, f"/tensorflow.serving.PredictionService/{method}") as call:
            assert code_of(call, b"")[0] == "UNIMPLEMENTED"


@pytest.mark.parametrize(
    ("service", "code"),
    [(b"", "OK"), (b"tensorflow.serving.PredictionService", "OK"), (b"other", "NOT_FOUND")],
)
def test_the_standard_health_check(steady, service, code):
    """The bytes of health.proto: HealthCheckRequest.service = 1, HealthCheckResponse.status = 1."""
    request = bytes([0x0A, len(service)]) + service if service else b""
    with raw_call(steady.address, "/grpc.health.v1.Health/Check") as call:
        assert code_of(call, request)[0] == code
        if code == "OK":
            assert call(request, timeout=LIMIT) == b"\x08\x01"  # SERVING


# The end


def test_requests_in_flight_are_answered_and_new_ones_refused(serve, monkeypatch):
    server = serve(workers=2)
    held = Held(monkeypatch)
    raw = message().SerializeToString()
    with raw_call(server.address) as call, ThreadPoolExecutor(1) as threads:
        flying = [call.future(raw, timeout=LIMIT) for _ in range(4)]  # two run, two wait
        until(lambda: held.now == 2, "two that run")
        until(lambda: len(server._server._state.rpc_states) == 4, "four in flight")
        stopping = threads.submit(server.stop)
        # a deadline of its own: one that came before the stop would wait for the model, too
        until(lambda: code_of(call, raw, timeout=0.5)[0] == "UNAVAILABLE", "a refusal")
        assert not stopping.done()
        held.free.set()
        for one in flying:
            one.result()
        stopping.result(LIMIT)
    assert repr(server) == "ClassroomServer, stopped"
    assert server.models == (), "their memory is free"
    server.stop()
    with pytest.raises(RuntimeError, match="make a new one"):
        server.start()


def test_what_takes_longer_than_the_grace_is_cancelled(serve, monkeypatch):
    server = serve(workers=1)
    held = Held(monkeypatch)
    with raw_call(server.address) as call:
        flying = call.future(message().SerializeToString(), timeout=LIMIT)
        until(lambda: held.now == 1, "one that runs")
        server.stop(0.2)
        with pytest.raises(grpc.RpcError) as caught:
            flying.result()
        assert caught.value.code().name in ("CANCELLED", "UNAVAILABLE")
        held.free.set()
        until(lambda: held.now == 0, "its worker is free")


def test_a_port_that_is_taken_is_told(steady, folder):
    port = int(steady.address.rpartition(":")[2])
    with pytest.raises(OSError, match=f"Port {port} of 127.0.0.1 is taken"):
        kd.ClassroomServer(folder, port=port).start()


def test_it_listens_on_this_machine_alone(steady):
    port = int(steady.address.rpartition(":")[2])
    listening = [
        one.laddr.ip.removeprefix("::ffff:")  # IPv4, as an IPv6 socket writes it
        for one in psutil.Process().net_connections("tcp")
        if one.status == psutil.CONN_LISTEN and one.laddr.port == port
    ]
    assert listening == ["127.0.0.1"]


@pytest.mark.parametrize(
    "options",
    [
        {"workers": 0},
        {"max_message_bytes": 0},
        {"max_message_bytes": 2**31},
        {"poll_seconds": 0},
        {"port": 70_000},
    ],
)
def test_options_that_cannot_be(folder, options):
    with pytest.raises(ValueError, match="must be"):
        kd.ClassroomServer(folder, **options)


def test_before_the_start_there_is_no_address(folder):
    with pytest.raises(RuntimeError, match=r"with kd\.ClassroomServer"):
        _ = kd.ClassroomServer(folder).address


def test_the_model_time_comes_with_the_answer(steady):
    with grpc.insecure_channel(steady.address) as channel:
        _, call = channel.unary_unary(PREDICT, bytes, bytes).with_call(GOOD, timeout=LIMIT)
        told = dict(call.trailing_metadata())["server-timing"]
    assert float(told.removeprefix("model;dur=")) > 0


def test_the_model_time_is_in_milliseconds(serve, monkeypatch):
    server, run = serve(), LoadedVersion.run

    def slow(*arguments):
        time.sleep(0.1)
        return run(*arguments)

    monkeypatch.setattr("kerasdemo.serving.loading.LoadedVersion.run", slow)
    with grpc.insecure_channel(server.address) as channel:
        _, call = channel.unary_unary(PREDICT, bytes, bytes).with_call(GOOD, timeout=LIMIT)
    assert float(dict(call.trailing_metadata())["server-timing"].removeprefix("model;dur=")) >= 100
