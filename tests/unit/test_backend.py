import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdemo._backend import chosen_backend, import_keras, keep_line, quiet_start
from kerasdemo.checks.machine import check_keras_settings


def test_known_noise_is_dropped_and_the_rest_kept(capfd):
    with quiet_start():
        os.write(2, b"I0000 00:00:1 7 cudart_stub.cc:31] Could not find cuda drivers\n")
        os.write(2, b"Something that a reader must see\n")
    assert capfd.readouterr().err == "Something that a reader must see\n"


def fails():
    with quiet_start():
        os.write(2, b"I0000 00:00:1 7 cudart_stub.cc:31] a clue\n")
        raise ImportError("no such library")


def test_when_the_import_fails_everything_is_kept(capfd):
    with pytest.raises(ImportError):
        fails()
    assert "a clue" in capfd.readouterr().err


def test_threads_take_turns_and_leave_standard_error_in_its_place(capfd):
    """The first leaves while the second waits: side by side, the second would put its file back."""
    place = os.fstat(2).st_ino
    inside, go_on = threading.Event(), threading.Event()
    seen = []

    def first():
        with quiet_start():
            inside.set()
            go_on.wait()

    def second():
        with quiet_start():
            seen.append(go_on.is_set())

    threads = [threading.Thread(target=first)]
    threads[0].start()
    inside.wait()
    threads.append(threading.Thread(target=second))
    threads[1].start()
    threads[1].join(0.2)
    go_on.set()
    for thread in threads:
        thread.join()
    assert seen == [True]
    assert os.fstat(2).st_ino == place
    os.write(2, b"still seen\n")
    assert capfd.readouterr().err == "still seen\n"


@given(st.text("abc defg:]", min_size=1).filter(str.strip))
def test_other_lines_are_never_dropped(line):
    assert keep_line(line)


@pytest.mark.parametrize("line", ["ValueError: cudart", "E0000 allocator.cc:9] out of memory"])
def test_errors_are_kept(line):
    assert keep_line(line)


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


TELL = "import json, os; print(json.dumps(dict(os.environ), sort_keys=True))"
BY_HAND = f"""
import sys, tensorflow
print("-- Keras", file=sys.stderr)
import keras
{TELL}
"""
AS_STUDENTS_DO = f"""
import kerasdemo as kd
model = kd.load_classifier()
print(model.predict(kd.load_digits()[:3].images, verbose=0).shape)
import keras
print(keras.config.backend())
{TELL}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def both(home):
    """Import by hand, and predict as students do: nothing chooses a backend in either process."""

    def done(code):
        (home / "keras.json").unlink(missing_ok=True)  # Keras writes one
        return python(code, KERAS_BACKEND="", KERAS_HOME=str(home))

    return done(BY_HAND), done(AS_STUDENTS_DO)


def test_a_first_prediction_writes_nothing_to_standard_error(both):
    _, predicted = both
    assert predicted.stdout.startswith("(3, 10)\n")
    assert predicted.stderr == ""


def test_without_the_quiet_door_there_is_noise(both):
    """If TensorFlow falls silent by itself, the quiet door can go."""
    by_hand, _ = both
    noise, keras, _ = by_hand.stderr.partition("-- Keras")
    assert keras
    assert noise.strip() != ""


def test_no_environment_variable_is_changed(both):
    """TensorFlow and h5py set some themselves; the quiet door, and what is behind it, adds none."""
    by_hand, predicted = both
    assert by_hand.stdout.splitlines()[-1] == predicted.stdout.splitlines()[-1] != ""


def test_an_empty_variable_is_an_unset_one(both):
    _, predicted = both
    assert predicted.stdout.splitlines()[1] == "tensorflow"


IMPORT = "from kerasdemo._backend import import_keras; print(import_keras().config.backend())"


@pytest.fixture
def settings(tmp_path):
    """Choose the backend jax in a keras.json."""
    (tmp_path / "keras.json").write_text('{"backend": "jax"}', encoding="utf-8")
    return {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": ""}


def test_another_backend_by_variable_is_named_with_the_mend(tmp_path):
    done = python(IMPORT, KERAS_BACKEND="jax", KERAS_HOME=str(tmp_path))
    assert "RuntimeError: KERAS_BACKEND chooses the backend 'jax'" in done.stderr
    assert f"{'set' if os.name == 'nt' else 'export'} KERAS_BACKEND=tensorflow" in done.stderr
    assert "%env KERAS_BACKEND=tensorflow" in done.stderr


def test_another_backend_by_file_is_named_with_the_mend(settings, tmp_path):
    done = python(IMPORT, **settings)
    assert f"RuntimeError: {tmp_path / 'keras.json'} chooses the backend 'jax'" in done.stderr
    assert "No module named 'jax'" not in done.stderr


def test_a_keras_that_is_loaded_already_has_chosen(monkeypatch):
    assert import_keras().config.backend() == "tensorflow"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert import_keras().config.backend() == "tensorflow"
    monkeypatch.setattr("keras.config.backend", lambda: "torch")
    with pytest.raises(RuntimeError, match="imported Keras first chooses the backend 'torch'"):
        import_keras()


@pytest.mark.parametrize("text", ['{"backend": "jax"}', '{"backend": ""}', "{}", "[]", "{"])
@pytest.mark.parametrize("variable", ["", "tensorflow", "torch", None])
def test_the_doctor_and_the_import_agree(tmp_path, monkeypatch, text, variable):
    (tmp_path / "keras.json").write_text(text, encoding="utf-8")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if variable is not None:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    expected = variable or {'{"backend": "jax"}': "jax", '{"backend": ""}': ""}.get(
        text, "tensorflow"
    )
    assert chosen_backend()[0] == expected
    assert check_keras_settings().ok == (expected == "tensorflow" and text != "[]")


def test_the_variable_goes_before_the_file_and_a_closed_standard_error_is_no_obstacle(settings):
    done = python(
        f"import os; os.close(2); {IMPORT}", **{**settings, "KERAS_BACKEND": "tensorflow"}
    )
    assert done.stdout == "tensorflow\n"
