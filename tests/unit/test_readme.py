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


BLOCKS = list(make_readme.BLOCK.finditer(README))
LEDGER = "python -m kerasdemo claims --markdown"  # takes minutes: test_claims.py looks at its rows


@pytest.mark.parametrize(
    "match", [block for block in BLOCKS if block.group(2) != LEDGER], ids=lambda m: m.group(2)
)
def test_each_block_is_what_its_command_prints(match):
    assert make_readme.settled(make_readme.filled(match.group(0))) == make_readme.settled(
        match.group(0)
    )


def test_there_are_blocks():
    assert len(BLOCKS) == 3
    assert LEDGER in [block.group(2) for block in BLOCKS]


def test_times_may_differ_and_nothing_else():
    one = "first call  9 ms\nreturns  EagerTensor"
    assert make_readme.settled(one) == make_readme.settled(one.replace("9", "11"))
    assert make_readme.settled(one) != make_readme.settled(one.replace("Eager", "Ragged"))


def test_what_was_seen_of_a_claim_may_differ_and_its_verdict_not():
    one = "| It is so. | **holds** | seen 1 | 03 |"
    assert make_readme.settled(one) == make_readme.settled(one.replace("seen 1", "2 \\| 3"))
    assert make_readme.settled(one) != make_readme.settled(one.replace("holds", "false"))
    assert make_readme.settled(one) != make_readme.settled(one.replace("03", "04"))


def test_markdown_is_not_fenced(monkeypatch):
    monkeypatch.setattr(make_readme, "output_of", lambda command: "a | b\n")
    for command, fenced in (("python -m x --markdown", False), ("python -m x", True)):
        block = f"<!-- begin: {command} -->\n<!-- end: {command} -->"
        assert ("```text\na | b\n```" in make_readme.filled(block)) is fenced


def test_only_python_commands_are_run():
    with pytest.raises(ValueError, match="python commands"):
        make_readme.output_of("rm -rf .")


def test_the_example_is_real(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
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
