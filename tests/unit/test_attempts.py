"""What came of calls that may raise, and the small table of fruit."""

import warnings

import numpy as np
import pytest

import kerasdemo as kd
from kerasdemo._backend import import_tensorflow
from kerasdemo._hushed import _not_from_tensorflow
from kerasdemo.fruit import HEADER, NO_NUMBER


def raises(error):
    def call():
        raise error

    return call


def test_what_a_call_returned_is_said_in_a_few_words():
    tried = kd.try_calls(
        {
            "text": lambda: "36 steps",
            "number": lambda: 0.5,
            "bytes": lambda: b"118",
            "scalar": lambda: np.float32(1.5),
            "array": lambda: np.zeros((2, 3)),
            "nothing": lambda: None,
        }
    )
    assert {name: came for name, (came,) in tried.came.items()} == {
        "text": "36 steps",
        "number": "0.5",
        "bytes": "b'118'",
        "scalar": "1.5",
        "array": "shape (2, 3)",
        "nothing": "runs",
    }
    assert tried.failed == {}


def test_an_error_is_told_by_the_line_that_says_what_is_wrong():
    long = "Exception encountered when calling Dense.call().\n\ntoo wide\nArguments: x=3"
    tried = kd.try_calls(
        {"good": (lambda: 1, lambda: 2), "bad": (lambda: 1, raises(ValueError(long)))},
        columns=("as found", "mended"),
    )
    assert tried.came["bad"] == ("1", "ValueError: too wide")
    assert tried.failed == {"bad": "ValueError: too wide"}
    assert tried.messages == {"good": ("", ""), "bad": ("", long)}
    assert tried.table.columns == ("as found", "mended")
    assert "too wide" in repr(tried)
    assert "<td" in tried._repr_html_()


def test_a_long_line_is_cut_in_the_table_alone():
    long = "word " * 60
    tried = kd.try_calls({"bad": raises(ValueError(long))})
    assert tried.came["bad"][0].endswith("word ...")
    assert len(tried.came["bad"][0]) < 120
    assert tried.messages["bad"] == (long,)


@pytest.mark.parametrize("line", ["W0 a/b.cc:70] NOT_FOUND: x", "\t [[{{node x}}]]", "\t [[Next]]"])
def test_lines_of_tensorflows_own_are_known(line):
    assert not _not_from_tensorflow(line)
    assert _not_from_tensorflow("ImportError: no such file")


def test_an_error_without_words_is_an_error():
    tried = kd.try_calls({"bad": raises(ValueError())})
    assert tried.failed == {"bad": "ValueError"}


def test_a_warning_is_told_once_and_reaches_nobody_else(recwarn):
    def warn():
        for _ in range(2):
            warnings.warn("it is ignored. Do this instead.", UserWarning, stacklevel=1)
        warnings.warn("for developers", DeprecationWarning, stacklevel=1)
        return "ran"

    assert kd.try_calls({"a": warn}).came["a"] == ("ran; warns: it is ignored",)
    assert len(recwarn) == 0


def test_a_stop_is_no_outcome():
    with pytest.raises(KeyboardInterrupt):
        kd.try_calls({"stopped": raises(KeyboardInterrupt())})


def test_what_does_not_fit_is_said_before_anything_runs():
    ran = []
    with pytest.raises(ValueError, match="'b' has 1 functions for 2 columns"):
        kd.try_calls({"a": [lambda: ran.append(1)] * 2, "b": lambda: 1}, columns=("x", "y"))
    with pytest.raises(TypeError, match="Write lambda: in front"):
        kd.try_calls({"a": lambda: ran.append(1), "b": 3})
    assert ran == []


def test_what_tensorflow_writes_about_an_error_is_held_back(capfd):
    tf = import_tensorflow()
    data = tf.data.Dataset.from_tensors("no number").map(lambda x: tf.strings.to_number(x))
    capfd.readouterr()  # what TensorFlow writes when it starts is another matter
    tried = kd.try_calls({"read": lambda: list(data)})
    assert tried.failed["read"].startswith("InvalidArgumentError: ")
    assert "StringToNumberOp" in tried.failed["read"]
    assert capfd.readouterr().err == ""


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_the_fruit_have_the_faults_that_were_asked_for(tmp_path):
    path = tmp_path / "fruit.csv"
    lines = kd.write_fruit(path, rows=90, missing=[3, 5], malformed=[8])
    assert lines == lines_of(path)
    header, *rows = lines
    assert header == HEADER
    fields = [row.split(",") for row in rows]
    assert [len(each) for each in fields] == [4] * 90
    assert [at for at, each in enumerate(fields) if each[2] == ""] == [3, 5]
    assert [at for at, each in enumerate(fields) if each[2] == NO_NUMBER] == [8]
    assert [fields[at][3] for at in (3, 5, 8)] == ["1", "1", "0"]
    whole = [each for each in fields if each[2] not in ("", NO_NUMBER)]
    kinds = {k: [int(each[2]) for each in whole if each[3] == k] for k in "01"}
    assert max(kinds["0"]) < min(kinds["1"])  # weight alone tells them apart
    assert min(map(len, kinds.values())) > 20


def test_the_same_seed_writes_the_same_fruit(tmp_path):
    files = [tmp_path / name for name in ("a", "b", "c")]
    for file, seed in zip(files, (1, 1, 2), strict=True):
        kd.write_fruit(file, seed=seed)
    assert lines_of(files[0]) == lines_of(files[1]) != lines_of(files[2])


def test_a_fault_in_a_row_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no row 40 among 10"):
        kd.write_fruit(tmp_path / "fruit.csv", rows=10)
