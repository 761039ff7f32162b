import io
import json
import os
import re
import subprocess
import sys

import pytest
from test_promises import PROMISED

from kerasdemo.__main__ import brief, main, parse
from kerasdemo.doctor import Finding, Report


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "kerasdemo", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )


@pytest.fixture(scope="module")
def plain():
    return run()


def test_without_arguments_it_checks_and_compares(plain):
    assert plain.returncode == 0, plain.stdout + plain.stderr
    assert plain.stderr == ""
    first, *_ = plain.stdout.splitlines()
    assert "TensorFlow" in first
    assert "Keras" in first
    header = next(line for line in plain.stdout.splitlines() if "predict_on_batch" in line)
    assert header.split() == ["predict", "predict_on_batch", "predict_step"]
    assert "All methods name the same class for all 32 samples." in plain.stdout


def test_a_pipe_gets_no_colour_and_no_wide_lines(plain):
    assert "\x1b" not in plain.stdout
    assert max(map(len, plain.stdout.splitlines())) <= 100


def test_json_is_json_and_nothing_else(capfd):
    assert main(["--json", "--samples", "5", "--methods", "predict,call"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert data["comparison"]["samples"] == 5
    assert set(data["comparison"]["seconds"]) == {"predict", "call"}
    assert data["setup"]["ok"] is True
    parts = {"whole": data, **data}
    for part, keys in PROMISED["json"].items():
        assert set(keys) <= set(parts[part]), part


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["compere"], "invalid choice: 'compere'"),
        (["--samples", "none"], "not a whole number"),
        (["--samples", "0"], "not a whole number"),
        (["--batch-size", "9" * 30], "not a whole number"),
        (["--batch-size", "-1"], ""),
        (["--methods", "predictstep"], "Did you mean 'predict_step'"),
        (["--methods", ","], "There is no method"),
        (["doctor", "--samples", "3"], "unrecognized arguments"),
        (["--nonsense"], "unrecognized arguments"),
        (["--color", "red"], "invalid choice"),
        (["claims", "--json", "--markdown"], "ask for one of them"),
        (["--json", "claims", "--markdown", "stacked-shape"], "ask for one of them"),
    ],
)
def test_unknown_arguments_end_with_status_2_and_a_word(arguments, says, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert says in said.err
    assert "usage: python -m kerasdemo" in said.err
    assert said.out == ""


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"]])
def test_help_and_version_end_well(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 0
    assert re.search(r"exit status|kerasdemo \d+\.\d+", capsys.readouterr().out)


def test_options_without_a_command_belong_to_compare():
    assert parse(["--samples", "7"]).command == "compare"
    assert parse([]).samples == 32
    assert parse(["doctor"]).command == "doctor"


def test_options_may_stand_before_the_command():
    assert parse(["--json", "doctor"]).command == "doctor"
    assert parse(["--json", "compare", "--samples", "3"]).samples == 3


def test_methods_that_disagree_end_with_status_1(monkeypatch, capsys):
    class Disagree:
        classes_agree = False

        def as_dict(self):
            return {}

    monkeypatch.setattr("kerasdemo.__main__.compare_digits", lambda arguments: Disagree())
    assert main(["--json"]) == 1
    Disagree.classes_agree = True
    assert main(["--json"]) == 0


def test_colour_when_asked(capsys):
    assert main(["doctor", "--color", "always"]) == 0
    assert "\x1b[" in capsys.readouterr().out
    assert main(["doctor", "--color", "never"]) == 0
    assert "\x1b[" not in capsys.readouterr().out


def test_a_problem_in_the_setup_ends_with_status_1():
    done = run(KERAS_BACKEND="jax")
    assert done.returncode == 1
    assert "KERAS_BACKEND" in done.stdout
    assert "predict_on_batch" not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def modest():
    """What a terminal gets that is narrow and knows only ASCII."""
    said = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch, io.TextIOWrapper(said, "ascii") as terminal:
        patch.setattr(sys, "stdout", terminal)
        patch.setenv("COLUMNS", "80")
        assert main(["--samples", "2"]) == 0
        terminal.flush()
        return said.getvalue().decode("ascii")


def test_a_terminal_that_knows_only_ascii_gets_ascii(modest):
    assert "!= EagerTensor" in modest


def test_a_reader_that_stops_listening_is_no_error():
    command = f'"{sys.executable}" -m kerasdemo doctor | "{sys.executable}" -c pass'
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stderr == ""


def test_a_narrow_terminal_gets_narrow_lines(modest):
    assert max(map(len, modest.split("\n\n")[1].splitlines())) <= 80


def test_a_warning_is_told_and_does_not_stop_the_comparison(capsys):
    warned = Report((Finding("memory", "warning", "only 1 GB", "close a program"),))
    assert brief(warned).splitlines()[1:] == [
        "! memory: only 1 GB",
        "To mend it: python -m kerasdemo doctor",
    ]
