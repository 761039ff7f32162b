"""The glossary and the lessons: each word is explained once, and linked where it is introduced."""

from __future__ import annotations

import re

import nbformat
import pytest
from places import LESSONS, ROOT

TEXT = (ROOT / "notebooks" / "glossary.md").read_text(encoding="utf-8")
ENTRY = re.compile(
    r"^## (?P<term>.+)\n\n(?P<words>.+)\n\nLesson \[(?P<number>\d\d)\]\((?P<file>[\w.]+)\)"
    r"(?: · (?P<there>.+))?$",
    re.M,
)
ENTRIES = {match["term"]: match for match in ENTRY.finditer(TEXT)}
LINK = re.compile(r"\[([^\]]*)\]\(glossary\.md#([^)]+)\)")
FEWEST = 3
# Without these a newcomer cannot follow; the field has one spelling for each.
NEEDED = """accuracy, batch, batch axis, batch size, cache, callback, cardinality, class, compiled,
confidence, data adapter, Dataset, deadline, dtype, eager, element, entropy, epoch, graph, label,
latency, layer, logits, margin, memory, model, NaN, pipeline, prefetch, probability, quartiles,
retrace, sample, SavedModel, server, shuffle buffer, signature, softmax, temperature, test digits,
throughput, trace, validation, warm call, weights, worker, XLA"""


def links(path):
    """Return the words and the terms of a lesson's links to the glossary."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return [(words.strip("`*"), anchor) for words, anchor in LINK.findall(text)]


LINKS = {path.name: links(path) for path in LESSONS}


def introduced():
    """Return term -> the first lesson that links to it."""
    first = {}
    for name, found in LINKS.items():
        for _, anchor in found:
            first.setdefault(anchor.replace("-", " "), name)
    return first


FIRST = introduced()


def test_every_entry_is_whole():
    assert list(ENTRIES) == re.findall(r"^#{2,6} (.+)$", TEXT, re.M)
    for term, match in ENTRIES.items():
        assert 5 <= len(match["words"].split()) <= 60, term
        assert match["words"].endswith("."), term


def test_the_terms_stand_in_the_order_of_the_alphabet():
    assert list(ENTRIES) == sorted(ENTRIES, key=str.lower)


def test_the_words_that_a_newcomer_needs_are_there():
    needed = {term.strip() for term in NEEDED.replace("\n", " ").split(",")}
    assert needed - ENTRIES.keys() == set()


@pytest.mark.parametrize("term", ENTRIES)
def test_a_term_is_linked_first_in_the_lesson_that_its_entry_names(term):
    assert FIRST.get(term) == ENTRIES[term]["file"]
    assert ENTRIES[term]["file"].startswith(ENTRIES[term]["number"])


@pytest.mark.parametrize("name", LINKS)
def test_a_lesson_links_its_words_each_once(name):
    terms = [anchor for _, anchor in LINKS[name]]
    assert len(terms) >= FEWEST
    assert len(set(terms)) == len(terms), "once is enough"
    for words, anchor in LINKS[name]:
        assert anchor.replace("-", " ") in ENTRIES
        stems = {part[:4].lower() for part in anchor.replace("-", " ").split()}
        said = words.lower()
        alike = any(stem in said for stem in stems) or any(w[:4] in anchor for w in said.split())
        assert alike, f"{words!r} leads to {anchor}"


def test_the_first_lesson_says_where_linked_words_lead():
    start = LESSONS[0].read_text(encoding="utf-8")
    assert "A linked word leads to the [glossary](glossary.md)." in start
