import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdemo._backend import import_keras, keep_line, quiet_start


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


PREDICT = """
import kerasdemo as kd
model = kd.load_classifier()
print(model.predict(kd.load_digits()[:3].images, verbose=0).shape)
"""


def test_a_first_prediction_writes_nothing_to_standard_error():
    done = python(PREDICT)
    assert done.stdout == "(3, 10)\n"
    assert done.stderr == ""


def test_without_the_quiet_door_there_is_noise():
    """If TensorFlow falls silent by itself, the quiet door can go."""
    done = python("import tensorflow")
    assert done.stderr != ""


def test_no_environment_variable_is_changed():
    code = "import os; before = dict(os.environ); from kerasdemo._backend import import_keras; "
    done = python(code + "import_keras(); print(before == dict(os.environ))")
    assert done.stdout == "True\n"


def test_another_backend_is_named_with_the_mend(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(RuntimeError, match="KERAS_BACKEND=tensorflow"):
        import_keras()


def test_a_closed_standard_error_is_no_obstacle():
    done = python(
        "import os; os.close(2); from kerasdemo._backend import import_keras; "
        "import_keras(); print('fine')"
    )
    assert done.stdout == "fine\n"
