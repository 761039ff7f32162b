"""What is written is spelt, in British English; and the speller finds what it should."""

from __future__ import annotations

import pytest
import spelling

TEXTS = dict(spelling.texts())


@pytest.mark.parametrize("name", TEXTS)
def test_it_is_spelt(name):
    assert list(spelling.misspelt(TEXTS[name])) == []


def test_all_that_is_read_is_looked_at():
    for name in ("01_meet_the_digits.ipynb", "questions.toml", "claims.toml", "README.md"):
        assert len(TEXTS[name]) > 2000
    assert {"CONTRIBUTING.md", "docs/design.md", "notebooks/glossary.md"} <= TEXTS.keys()
    for said in ("How many of the three hand back", "It learns a little", "`image[None]` puts it"):
        assert said in TEXTS["questions.toml"], "a prompt, a choice, a hint"
    assert "ndarray" not in TEXTS["questions.toml"].split(), "codes and names are left out"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the predcition of a modell", ["predcition: no", "modell: "]),
        ("recieved", ["recieved: received?"]),
        ("the Color of behavior", ["Color: in British English colour", "behavior: in British"]),
        ("the neighbor's optimized tokenization", ["neighbor's: ", "optimized: ", "tokenization"]),
        ("doesnt it", ["doesnt: "]),
    ],
)
def test_what_is_wrong_is_found(text, found):
    complaints = list(spelling.misspelt(text))
    assert len(complaints) == len(found), complaints
    assert all(one.startswith(start) for one, start in zip(complaints, found, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "A colour, a neighbour's behaviour; we've optimised its centre, haven't we?",
        "`colr_mode` and ```python\npredcition = 1\n``` are code",
        "SoftmaxView, GPUs and IDX are names",
        "see [this](https://exmple.org/colorz) and docs/foobarr.md",
        "TensorFlow's softmax over the digits' logits",
        "the program's licence",
    ],
)
def test_what_is_right_is_left_alone(text):
    assert list(spelling.misspelt(text)) == []


def test_the_list_of_own_words_is_sorted_and_has_no_word_too_many():
    lines = spelling.OWN.read_text(encoding="utf-8").splitlines()
    words = [line for line in lines if not line.startswith("#")]
    assert words == sorted(set(words))
    known = [word for word in words if spelling._known(word)]
    assert known == [], "the dictionaries have these"
