"""What docs/upgrading.md promises is still there: see promised.toml.

The keys of a sidecar are looked at in test_serving_export.py, where one is made, and those of
``--json`` in test_cli.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import kerasdemo as kd
from kerasdemo._arguments import COMMANDS
from kerasdemo.scores import COLUMNS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__)
PROMISED = tomllib.loads(HERE.with_name("promised.toml").read_text(encoding="utf-8"))


def test_no_public_name_has_gone():
    gone = set(PROMISED["names"]) - set(kd.__all__)
    assert gone == set(), "docs/upgrading.md says how a name is taken away"


@pytest.mark.parametrize("name", PROMISED["names"])
def test_a_promised_name_can_be_had(name):
    assert getattr(kd, name) is not None


def test_a_new_public_name_is_promised_with_the_version_that_brings_it():
    assert set(kd.__all__) <= set(PROMISED["names"]), "put it into promised.toml"


def test_no_command_has_gone():
    assert set(PROMISED["commands"]) <= set(COMMANDS)


def test_a_score_card_has_its_columns_in_their_order():
    """New ones go to the end: scripts may read the columns by their places."""
    assert list(COLUMNS[: len(PROMISED["score_card"])]) == PROMISED["score_card"]
