"""Make the page that PyPI shows from README.md; hatchling calls this (see pyproject.toml).

A relative link leads nowhere on PyPI. With ``Repository`` under ``[project.urls]`` it becomes an
address in the repository, at the tag of this version. Without, its words stay and pictures go.
"""

from __future__ import annotations

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

CODE = r"(?P<code>^```.*?^```|`[^`\n]+`)"
PICTURE = r"(?P<picture><picture>.*?</picture>|<img\b[^>]*>)"
LINK = r"(?P<mark>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)"
PARTS = re.compile(f"{CODE}|{PICTURE}|{LINK}", re.DOTALL | re.MULTILINE)
SOURCE = re.compile(r'\b(src|srcset)="([^"]*)"')
ELSEWHERE = re.compile(
    r"[a-z][a-z0-9+.-]*:|//|#"
)  # an address that is whole, or a place on the page


def for_pypi(text: str, *, repository: str | None, version: str) -> str:
    """Return the README's text without relative links.

    Parameters
    ----------
    text : str
        Markdown.
    repository : str or None
        Its address, ``https://github.com/OWNER/NAME``; None if it has none yet.
    version : str
        What is released; its tag is ``v`` and this.

    Examples
    --------
    >>> text = "See [the notes](docs/notes.md)."
    >>> for_pypi(text, repository=None, version="1.0")
    'See the notes.'
    >>> for_pypi(text, repository="https://example.org/us/it", version="1.0")
    'See [the notes](https://example.org/us/it/blob/v1.0/docs/notes.md).'
    """

    def whole(target: str, kind: str) -> str:
        relative = not ELSEWHERE.match(target)
        return f"{str(repository).rstrip('/')}/{kind}/v{version}/{target}" if relative else target

    def mended(match: re.Match[str]) -> str:
        if match["code"]:
            return match[0]
        if match["picture"]:
            sources = [target for _, target in SOURCE.findall(match[0])]
            if repository is None and not all(map(ELSEWHERE.match, sources)):
                return ""
            return SOURCE.sub(lambda m: f'{m[1]}="{whole(m[2], "raw")}"', match[0])
        if ELSEWHERE.match(match["target"]):
            return match[0]
        if repository is None:
            return "" if match["mark"] else match["text"]
        address = whole(match["target"], "raw" if match["mark"] else "blob")
        return f"{match['mark']}[{match['text']}]({address})"

    return PARTS.sub(mended, text)


class PypiReadme(MetadataHookInterface):
    """Give the distribution README.md as PyPI can show it."""

    def update(self, metadata: dict[str, object]) -> None:
        """Put the text into the metadata."""
        urls = metadata.get("urls") or {}
        text = for_pypi(
            Path(self.root, "README.md").read_text(encoding="utf-8"),
            repository=urls.get("Repository"),  # type: ignore[attr-defined]
            version=str(metadata["version"]),
        )
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
