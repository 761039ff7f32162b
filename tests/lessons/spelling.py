"""Spelling: words that no dictionary has, common misspellings, and American for British.

Two dictionaries that come with their packages, so nothing is fetched: pyspellchecker's list of
English words, and codespell's lists of misspellings and of British words with their American forms.
What both do not know and is right nevertheless stands in ``words.txt``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

from places import ROOT
from spellchecker import SpellChecker

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Right in British English, too, in the sense that is meant here; or the name of a thing.
ALSO_BRITISH = {"program", "programs", "disk", "disks", "license", "optimizer", "optimizers"}
ALSO_BRITISH |= {"serializable", "normalization", "vectorization", "meter", "practice", "analog"}
CODE = re.compile(
    r"<!-- begin:.*?<!-- end:.*?-->|```.*?```|`[^`]*`|<!--.*?-->|<style>.*?</style>", re.DOTALL
)
ADDRESS = re.compile(r"<[^>]+>|\]\([^)]*\)|https?://\S+|\S+@\S+|[\w./-]+\.(?:md|py|toml|txt|ipynb)")
SAID = {"prompt", "text", "texts", "reply", "rule", "because", "misconception", "otherwise"}
SAID |= {"hints", "objective", "says", "claim", "folk", "unit"}
OWN = Path(__file__).with_name("words.txt")


@cache
def _own_words() -> frozenset[str]:
    lines = OWN.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().lower() for line in lines if line and not line.startswith("#"))


@cache
def _listed(file: str) -> dict[str, str]:
    """Read one of codespell's lists, ``wrong->right``."""
    text = resources.files("codespell_lib").joinpath("data", file).read_text(encoding="utf-8")
    pairs = (line.split("->", 1) for line in text.splitlines() if "->" in line)
    return {wrong.lower(): right.strip(" ,") for wrong, right in pairs}


@cache
def _british() -> dict[str, str]:
    """Return the British word for each American one."""
    return {us.lower(): gb for gb, us in _listed("dictionary_en-GB_to_en-US.txt").items()}


@cache
def _english() -> SpellChecker:
    return SpellChecker(language="en", distance=1)


def misspelt(text: str) -> Iterator[str]:
    """Yield a complaint for each word that is not spelt as it should be; code is left out."""
    plain = ADDRESS.sub(" ", CODE.sub(" ", text))
    for word in dict.fromkeys(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", plain)):
        bare = re.sub(r"'s?$", "", word.lower())
        if re.search(r"[a-z][A-Z]|^[A-Z]{2,}s?$", word) or bare in _own_words():
            continue  # CamelCase is a name, CAPITALS an abbreviation
        if bare in _british() and bare not in ALSO_BRITISH:
            yield f"{word}: in British English {_british()[bare]}"
        elif bare in _listed("dictionary.txt"):
            yield f"{word}: {_listed('dictionary.txt')[bare]}?"
        elif not _known(bare):
            yield f"{word}: no dictionary has it"


def _known(word: str) -> bool:
    british = _listed("dictionary_en-GB_to_en-US.txt")
    parts = word.split("'")
    return word in british or len(word) == 1 or any(w in _english() for w in (word, parts[0]))


def texts() -> Iterator[tuple[str, str]]:
    """Yield each text that somebody reads: its name and what it says."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        marked = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        yield path.name, "\n\n".join(marked)
    for path in sorted((ROOT / "kerasdemo" / "data").glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        yield path.name, "\n".join(_strings(table, said=False))
    places = (ROOT, ROOT / "docs", ROOT / "notebooks")
    for path in (path for place in places for path in sorted(place.glob("*.md"))):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def _strings(value: object, *, said: bool) -> Iterator[str]:
    """Yield what a table says in sentences, and leave out its codes, names and answers."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _strings(below, said=key in SAID)
    elif isinstance(value, list):
        for below in value:
            yield from _strings(below, said=said)
    elif isinstance(value, str) and said:
        yield value
