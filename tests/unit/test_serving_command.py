"""``python -m kerasdemo serve``, run as a student runs it."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from serving_parts import LIMIT, doubling, program

import kerasdemo as kd
from kerasdemo.__main__ import main
from kerasdemo.serving.command import serve

windows = pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")


@windows
def test_without_a_folder_it_serves_the_shipped_classifier_until_ctrl_c(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    command = ("-m", "kerasdemo", "serve", "--port", "0", "--workers", "2")
    with program(*command, stderr=subprocess.PIPE, env=environment) as process:
        printed = []
        while "Listening" not in "".join(printed):
            printed.append(process.stdout.readline())
            assert printed[-1], process.stderr.read()
        address = re.search(r"127\.0\.0\.1:\d+", printed[-1]).group()
        assert list(tmp_path.iterdir()), "the model is exported there"
        images = kd.load_digits().test[:5].images
        with kd.RemoteModel(address, timeout=LIMIT) as remote:
            answer = remote.predict(images)
        process.send_signal(signal.SIGINT)
        rest, errors = process.stdout.read(), process.stderr.read()
        process.wait(LIMIT)
    np.testing.assert_allclose(answer, kd.load_classifier().predict_on_batch(images), atol=1e-5)
    assert printed[0] == "digits, version 1: AVAILABLE\n"
    assert f'remote = kd.RemoteModel("{address}", "digits")' in rest
    assert rest.endswith("Stopping: what is being asked is still answered.\n")
    assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.iterdir()) == [], "and it is removed"


def in_process(monkeypatch, act):
    """Let `serve` run in this process, and do something when it would wait for Ctrl+C."""
    from kerasdemo.serving.server import ClassroomServer

    def wait(server, seconds=None):
        act(server)
        raise KeyboardInterrupt

    monkeypatch.setattr(ClassroomServer, "wait", wait)


def test_the_snippet_works_as_it_is_printed(tmp_path, monkeypatch, capsys):
    kd.export_model(kd.load_classifier(), tmp_path)
    found = []

    def paste(server):
        lines = re.findall(r"^    (.*)$", capsys.readouterr().out, re.M)
        names = {}
        exec("\n".join([*lines[:-1], f"answer = {lines[-1]}"]), names)
        names["remote"].close()
        found.append(names["answer"])

    in_process(monkeypatch, paste)
    assert main(["serve", str(tmp_path), "--port", "0"]) == 0
    (answer,) = found
    assert answer.tolist() == kd.load_digits().test[:5].labels.tolist()


def test_a_file_of_the_students_own(tmp_path, monkeypatch, capsys):
    doubling(5.0).save(tmp_path / "mine.keras")
    found = []

    def ask(server):
        with kd.RemoteModel(server.address, "mine", timeout=LIMIT) as remote:
            found.append(remote.predict(np.ones((1, 3), np.float32)).tolist())

    in_process(monkeypatch, ask)
    options = ["--model", str(tmp_path / "mine.keras"), "--name", "mine", "--port", "0"]
    assert main(["serve", *options]) == 0
    assert found == [[[5.0, 5.0, 5.0]]]
    assert '"mine")' in capsys.readouterr().out


def test_what_cannot_be_served_is_told_in_a_line(tmp_path, capsys):
    assert main(["serve", str(tmp_path / "none"), "--port", "0"]) == 1
    assert "There is no folder" in capsys.readouterr().err
    assert main(["serve", "--model", str(tmp_path / "none.keras")]) == 1
    assert "There is no file" in capsys.readouterr().err
    with kd.ClassroomServer(tmp_path) as server:
        port = server.address.rpartition(":")[2]
        assert main(["serve", str(tmp_path), "--port", port]) == 1
    assert f"Port {port} of 127.0.0.1 is taken" in capsys.readouterr().err


def test_a_file_that_cannot_be_loaded_is_told_without_a_traceback(tmp_path, capsys):
    class Doubled(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2

    model = keras.Sequential([keras.Input((3,)), Doubled()])
    model.save(tmp_path / "own.keras")
    (tmp_path / "damaged.keras").write_bytes(b"PK\x03\x04 and no more")
    code = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x)])
    code.save(tmp_path / "code.keras")  # a program in a file, which nobody is made to run
    for name in ("own", "damaged", "code"):
        assert main(["serve", "--model", str(tmp_path / f"{name}.keras"), "--port", "0"]) == 1
        errors = capsys.readouterr().err
        assert f"{name}.keras cannot be loaded here" in errors
        assert "kd.export_model" in errors


def test_names_that_the_terminal_does_not_know(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "Modelle für alle"
    kd.export_model(doubling(), folder, name="Größe 模")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    in_process(monkeypatch, lambda server: None)
    assert main(["serve", str(folder), "--port", "0"]) == 0
    sys.stdout.seek(0)
    assert sys.stdout.readline() == r"Gr\xf6\xdfe \u6a21, version 1: AVAILABLE" + "\n"
    assert capsys.readouterr().err == ""


def test_ctrl_c_before_it_listens_is_no_traceback(tmp_path, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("kerasdemo.serving.command.export_model", interrupted)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["serve", "--port", "0"]) == 130
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_it_says_where_it_listens_is_the_end_as_any_other(tmp_path):
    said = []

    def say(text):
        said.append(text)
        if "Listening" in text:
            raise KeyboardInterrupt

    serve(tmp_path, say=say, port=0)
    assert said[-1] == "Stopping: what is being asked is still answered."


@windows
def test_sigterm_while_the_model_is_exported_leaves_no_folder(tmp_path, monkeypatch, capsys):
    def exported(*arguments, **options):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("kerasdemo.serving.command.export_model", exported)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = signal.signal(signal.SIGTERM, lambda number, frame: None)  # or a red test ends pytest
    try:
        in_process(monkeypatch, lambda server: pytest.fail("it would go on"))
        assert main(["serve", "--port", "0"]) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert "Stopping" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "70000"], "is no port"),
        (["--port", "-1"], ""),
        (["--workers", "0"], "not a whole number"),
        (["--max-message-bytes", "0"], "is no size"),
        (["models", "--model", "mine.keras"], "not allowed with"),
        (["--json"], "unrecognized arguments"),
    ],
)
def test_wrong_arguments_end_with_status_2(arguments, says, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["serve", *arguments])
    assert stop.value.code == 2
    assert says in capsys.readouterr().err
