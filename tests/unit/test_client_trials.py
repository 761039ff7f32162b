"""The trials of a client: a right one passes, and each fault fails its own trial."""

from __future__ import annotations

import socket
import threading
import time

import keras
import numpy as np
import pytest

import kerasdemo as kd
from kerasdemo.trials import client as trials
from kerasdemo.trials.material import material

pytest.importorskip("tensorflow_serving", reason="pip install tensorflow-serving-api")
FACETS = ["values", "type", "float64", "many images", "nobody there", "no answer"]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(11)
    inputs = keras.Input((28, 28, 1), name="image")
    outputs = keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, outputs)


@pytest.fixture(scope="module")
def given(model):
    return material(model, kd.load_digits().test.images[: trials.FEW])


@pytest.fixture(scope="module")
def address(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    kd.export_model(model, folder)
    with kd.ClassroomServer(folder) as server:
        yield server.address


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Wait long, but for the server that says nothing: one image is asked of that one alone."""
    monkeypatch.setattr(trials, "GIVE_UP", 60)


def patience(images):
    return 0.7 if len(images) == 1 else 60


def right(address, images):
    with kd.RemoteModel(address, timeout=patience(images)) as remote:
        return remote.predict(np.float32(images)).argmax(axis=1)


def no_cast(address, images):
    with kd.RemoteModel(address, timeout=patience(images)) as remote:
        return remote.predict(images).argmax(axis=1)


def no_axis(address, images):
    with kd.RemoteModel(address, timeout=patience(images)) as remote:
        return remote.predict(np.float32(images)).argmax()


def probabilities(address, images):
    with kd.RemoteModel(address, timeout=patience(images)) as remote:
        return remote.predict(np.float32(images))


def a_list(address, images):
    return right(address, images).tolist()


def floats(address, images):
    return right(address, images).astype("float32")


def one_request(address, images):
    with kd.RemoteModel(address, timeout=patience(images)) as remote:
        return remote.predict_on_batch(np.float32(images)).argmax(axis=1)


def hides_errors(address, images):
    try:
        return right(address, images)
    except kd.RemoteError:
        return np.zeros(len(images), int)


def too_patient(address, images):
    with kd.RemoteModel(address, timeout=20) as remote:
        return remote.predict(np.float32(images)).argmax(axis=1)


FAULTS = [
    (right, []),
    (no_cast, ["float64"]),
    (no_axis, ["values", "type", "float64", "many images"]),
    (probabilities, ["values", "type", "float64", "many images"]),
    (a_list, ["type"]),
    (floats, ["type"]),
    (one_request, ["many images"]),
    (hides_errors, ["nobody there", "no answer"]),
    (too_patient, ["no answer"]),
]


@pytest.mark.parametrize(
    ("client", "faults"), FAULTS, ids=lambda value: getattr(value, "__name__", "")
)
def test_each_fault_fails_its_own_trial(client, faults, address, given, monkeypatch):
    if client is too_patient:
        monkeypatch.setattr(trials, "GIVE_UP", 1.5)
    found = list(trials.all_trials(client, address, given))
    assert [trial.name for trial in found] == FACETS
    assert [trial.name for trial in found if trial.passed is not True] == faults


def test_what_gRPC_says_is_told_by_its_code(given):
    import grpc

    left = iter([60] * 5 + [0.7])  # the last trial is that of the silent server

    def bare(address, images):
        with grpc.insecure_channel(address) as channel:
            return channel.unary_unary("/no/Such")(b"", timeout=next(left))

    nobody, silent = list(trials.all_trials(bare, "127.0.0.1:9", given))[-2:]
    assert nobody.seen.startswith("RuntimeError: UNAVAILABLE: ")
    assert silent.seen.startswith("RuntimeError: DEADLINE_EXCEEDED: ")


def test_the_whole_passes_and_leaves_nothing(model, capsys):
    asked = []

    def noting(address, images):
        asked.append(address)
        return right(address, images)

    report = kd.try_client(noting, model)
    kd.check("11-client", report)
    assert "Yes: " in capsys.readouterr().out
    for address in set(asked):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(address.split(":")[1]))) != 0


def test_a_client_that_waits_is_let_go_of(given, monkeypatch):
    monkeypatch.setattr(trials, "GIVE_UP", 1.5)

    def waiting(address, images):
        return too_patient(address, images)

    found = list(trials.all_trials(waiting, "127.0.0.1:9", given))
    assert found[-1].passed is False
    until = time.monotonic() + 60
    while time.monotonic() < until and any("(ask)" in t.name for t in threading.enumerate()):
        time.sleep(0.05)
    assert not [t.name for t in threading.enumerate() if "(ask)" in t.name]


def test_three_dots_are_no_answer_and_a_call_is_no_function(capsys):
    kd.check("11-client", kd.try_client(..., None))
    assert "Not answered yet" in capsys.readouterr().out
    with pytest.raises(TypeError, match="without parentheses"):
        kd.try_client(np.zeros(3), None)
