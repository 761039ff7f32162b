"""The claims of ``data/claims.toml``: what is said, where it is decided, and what measures it."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from kerasdemo.evidence.seen import Seen

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser under its older name
    import tomli as tomllib


@dataclass(frozen=True)
class Claim:
    """Something that is said, in our words.

    Attributes
    ----------
    id : str
        Its name, as in ``python -m kerasdemo claims dataset-type-error``.
    says : str
        The claim.
    lesson : str
        The number of the lesson that treats it.
    decided_by : str
        The file and function that decide it.
    theme, title : str
        The module of `kerasdemo.evidence` that measures it, and what its claims are about.
    """

    id: str
    says: str
    lesson: str
    decided_by: str
    theme: str
    title: str

    @property
    def measure(self) -> Callable[[], Seen]:
        """The function that measures the claim."""
        module = importlib.import_module(f"kerasdemo.evidence.{self.theme}")
        function: Callable[[], Seen] = getattr(module, self.id.replace("-", "_"))
        return function

    @property
    def source(self) -> str:
        """The text of that function, to read."""
        return inspect.getsource(self.measure)


@cache
def known_claims() -> dict[str, Claim]:
    """Read ``data/claims.toml``: id -> claim, in the order of the file."""
    file = resources.files("kerasdemo") / "data" / "claims.toml"
    return read_claims(file.read_text(encoding="utf-8"))


def read_claims(toml: str) -> dict[str, Claim]:
    """Read the text of a claims file: id -> claim, in its order.

    Raises
    ------
    ValueError
        It is no such file; the message says what is wrong with it.
    """
    try:
        themes = tomllib.loads(toml)["theme"]
        claims = [
            Claim(**entry, theme=theme["name"], title=theme["title"])
            for theme in themes
            for entry in theme["claim"]
        ]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise ValueError(f"claims.toml is damaged: {type(error).__name__}: {error}") from None
    if odd := [c for c in claims if not all(isinstance(w, str) for w in vars(c).values())]:
        raise ValueError(f"claims.toml is damaged: {odd[0].id!r:.40} holds something but words")
    return {claim.id: claim for claim in claims}


def select(*ids: str) -> list[Claim]:
    """Return the claims of these names or lesson numbers, each once; all of them without any.

    Examples
    --------
    >>> [claim.id for claim in select("stacked-shape")], len(select("01")) > 1
    (['stacked-shape'], True)
    """
    claims = known_claims()
    chosen: dict[str, Claim] = {}
    for id in ids or claims:
        found = {name: claim for name, claim in claims.items() if id in (name, claim.lesson)}
        if not found:
            near = difflib.get_close_matches(id, claims, n=3, cutoff=0.4)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise ValueError(
                f"There is no claim {id!r}.{hint} All of them: kerasdemo/data/claims.toml"
            )
        chosen |= found
    return list(chosen.values())
