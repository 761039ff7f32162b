"""Words that would be markup or a formula if anybody let them, values full of them, and a reader of
pages that tells what became of them."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

IMAGE = "<img src=x onerror=\"document.title='owned'\">"
"""What a page must show as it stands. Whoever makes an element of it changes the page's title."""
HOSTILE = f"{IMAGE}\"'><script>document.title='owned'</script>&amp; $\\frac$ $x^$ ]]>"


class _Reader(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what no view of ours makes, and keep the words of attributes."""
        given = {name: value or "" for name, value in attrs}
        picture = tag == "img" and given.get("src", "").startswith("data:image/png;base64,")
        if tag in ("script", "iframe", "object", "embed", "link") or (tag == "img" and not picture):
            self.odd.append(f"<{tag} {given}>")
        self.odd += [name for name in given if name.startswith("on") or not name.isascii()]
        self.odd += [v for v in given.values() if v.strip().lower().startswith("javascript:")]
        self.words += given.values()

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        self.words.append(data)


def read_page(page: str) -> tuple[str, list[str]]:
    """Return what a page says, attributes included, and the elements in it that no view makes."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return " ".join(reader.words), reader.odd


def fill(kind: Any, **given: Any) -> Any:
    """Make a value of a type, with `HOSTILE` wherever it takes words.

    Parameters
    ----------
    kind
        A type, as annotations have it: dataclasses, tuples, mappings and unions are gone into.
    **given
        Fields of the dataclass that are not to be made up.
    """
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        fields = [field.name for field in dataclasses.fields(kind) if field.init]
        made = {name: given.get(name, ...) for name in fields}
        return kind(**{n: fill(hints[n]) if value is ... else value for n, value in made.items()})
    if hasattr(kind, "_fields"):  # a named tuple
        return kind(*map(fill, typing.get_type_hints(kind).values()))
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if dataclasses.is_dataclass(inner[0]) else fill(inner[0])
    if hasattr(origin, "__value__"):  # an alias, as NumPy's NDArray is since 2.5
        return fill(origin.__value__[inner])
    if origin is np.ndarray:
        kinds = [part for part in typing.get_args(inner[1]) if isinstance(part, type)]
        return np.linspace(0.2, 0.8, 4).astype(kinds[0] if kinds else float)
    if origin is typing.Literal:
        return inner[0]
    if origin is tuple:
        return (fill(inner[0]),) * 2 if inner[-1] is ... else tuple(map(fill, inner))
    if origin in (list, Sequence):
        return [fill(inner[0])] * 2
    if origin in (dict, Mapping):
        return {fill(inner[0]): fill(inner[1])}
    plain = {str: HOSTILE, int: 3, float: 0.5, bool: True, Path: Path(HOSTILE.replace("/", "|"))}
    if kind not in plain:
        raise TypeError(f"hostile.fill knows no {kind!r}: give it by name, or add it")
    return plain[kind]
