"""The README says what the commands print, and names nothing that is not there."""

import doctest
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_readme = load(ROOT / "tools" / "make_readme.py")


@pytest.mark.parametrize(
    "match", list(make_readme.BLOCK.finditer(README)), ids=lambda m: m.group(2)
)
def test_each_block_is_what_its_command_prints(match):
    assert make_readme.settled(make_readme.filled(match.group(0))) == make_readme.settled(
        match.group(0)
    )


def test_there_are_blocks():
    assert len(make_readme.BLOCK.findall(README)) == 2


def test_times_may_differ_and_nothing_else():
    one = "first call  9 ms\nreturns  EagerTensor"
    assert make_readme.settled(one) == make_readme.settled(one.replace("9", "11"))
    assert make_readme.settled(one) != make_readme.settled(one.replace("Eager", "Ragged"))


def test_only_python_commands_are_run():
    with pytest.raises(ValueError, match="python commands"):
        make_readme.output_of("rm -rf .")


def test_the_example_is_real():
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert tried >= 5
    assert failed == 0


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_each_link_leads_to_a_file(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("job", sorted(set(re.findall(r"make ([a-z]+)`", README))))
def test_each_make_job_exists(job):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^(JOBS :=.*\b{job}\b.*|{job}:.*)$", makefile, re.MULTILINE)
