"""Docstrings as HTML: numpydoc's sections as headings and lists, examples as highlighted code."""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Callable, Iterator
from itertools import groupby

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonConsoleLexer

RULE = re.compile(r"-{3,}")
INLINE = re.compile(
    r"``(?P<code>.+?)``|(?::\w+:)?`(?P<name>[^`]+)`|\blesson (?P<lesson>\d\d)\b"
    r"|(?P<address>https://[^\s<>)]*[^\s<>).,;:])",
    flags=re.S,
)
ENTRIES = {"Parameters", "Returns", "Yields", "Raises", "Attributes"}
Link = Callable[[str, str], str]


def sections(doc: str) -> Iterator[tuple[str, list[str]]]:
    r"""Yield the parts of a docstring: a heading, "" for what stands before the first, and lines.

    Examples
    --------
    >>> list(sections("Add.\n\nReturns\n-------\nint"))
    [('', ['Add.']), ('Returns', ['int'])]
    """
    heading, held = "", list[str]()
    lines = inspect.cleandoc(doc).splitlines()
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if RULE.fullmatch(below) and line and len(line) == len(below):
            yield heading, _trimmed(held)
            heading, held = line, []
        elif not (RULE.fullmatch(line) and not held):
            held.append(line)
    yield heading, _trimmed(held)


def _trimmed(lines: list[str]) -> list[str]:
    return "\n".join(lines).strip("\n").splitlines()


def entries(lines: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the entries of a section such as Parameters: name, type ("" if none), what is said.

    Examples
    --------
    >>> list(entries(["a, b : int", "    Two numbers.", "ValueError"]))
    [('a, b', 'int', ['Two numbers.']), ('ValueError', '', [])]
    """
    head, said = "", list[str]()
    for line in [*lines, None]:
        if line is not None and (not line or line.startswith(" ")):
            said.append(line)
            continue
        if head:
            name, _, kind = head.partition(" : ")
            yield (
                name.strip(),
                kind.strip(),
                _trimmed(inspect.cleandoc("\n".join(said)).split("\n")),
            )
        head, said = line or "", []


def docstring_html(doc: str, link: Link, level: int) -> str:
    """Return a docstring as HTML, with headings of this level.

    Parameters
    ----------
    doc : str
        In numpydoc's form.
    link : function
        From a kind ("name", "lesson") and a text to the address that it should lead to, or "".
    level : int
        From 1 to 6, of the headings of its sections.
    """
    parts = []
    for heading, lines in sections(doc):
        if heading:
            parts.append(f"<h{level}>{html.escape(heading)}</h{level}>")
        parts.append(_entries_html(lines, link) if heading in ENTRIES else text_html(lines, link))
    return "\n".join(parts)


def _entries_html(lines: list[str], link: Link) -> str:
    found = list(entries(lines))
    heads = [_head(name, kind, link) for name, kind, _ in found]
    if not any(said for *_, said in found):  # types alone: a list of terms would explain none
        return "".join(f"<p>{head}</p>" for head in heads)
    rows = (
        f"<dt>{head}</dt><dd>{text_html(said, link)}</dd>"
        for head, (*_, said) in zip(heads, found, strict=True)
    )
    return f"<dl>{''.join(rows)}</dl>"


def _head(name: str, kind: str, link: Link) -> str:
    of_type = f' <span class="type">{inline(kind, link)}</span>' if kind else ""
    return inline(f"`{name}`", link) + of_type


def text_html(lines: list[str], link: Link) -> str:
    """Return paragraphs, lists, examples and blocks after ``::`` as HTML."""
    parts: list[str] = []
    literal = False
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        block = list(group)
        if blank:
            continue
        if block[0].startswith(">>>"):
            parts.append(console_html("\n".join(block)))
        elif literal and block[0].startswith(" "):
            parts.append(f"<pre>{html.escape(inspect.cleandoc(chr(10).join(block)))}</pre>")
            continue
        elif block[0].startswith("- "):
            points = re.split(r"^- ", "\n".join(block), flags=re.M)[1:]
            items = "".join(f"<li>{inline(point.strip(), link)}</li>" for point in points)
            parts.append(f"<ul>{items}</ul>")
        else:
            words = "\n".join(block).strip()
            parts.append(f"<p>{inline(words.replace('::', ':'), link)}</p>")
        literal = block[-1].rstrip().endswith("::")
    return "".join(parts)


def console_html(example: str) -> str:
    """Return a doctest as highlighted HTML, without the marks that only doctest reads."""
    plain = re.sub(r"\s*# doctest: .*$", "", example, flags=re.M)
    body = highlight(plain, PythonConsoleLexer(), HtmlFormatter(nowrap=True)).rstrip()
    return (
        '<pre class="highlight example" tabindex="0" role="region" aria-label="Example">'
        f"<code>{body}</code></pre>"
    )


def inline(text: str, link: Link) -> str:
    """Return a line of text as HTML: code, names and lessons that `link` knows, addresses.

    Examples
    --------
    >>> inline("``a<b`` is `run`", lambda kind, name: f"#{name}" if name == "run" else "")
    '<code>a&lt;b</code> is <a href="#run"><code>run</code></a>'
    """
    parts, end = [], 0
    for match in INLINE.finditer(text):
        parts.append(html.escape(text[end : match.start()]))
        parts.append(_marked(match, link))
        end = match.end()
    return "".join([*parts, html.escape(text[end:])])


def _marked(match: re.Match[str], link: Link) -> str:
    shown = html.escape(match[0])
    if address := match["address"]:
        return f'<a href="{html.escape(address)}">{shown}</a>'
    if number := match["lesson"]:
        to = link("lesson", number)
    else:
        words = match["code"] or match["name"]
        to = link("name", words)
        shown = f"<code>{html.escape(words)}</code>"
    return f'<a href="{html.escape(to)}">{shown}</a>' if to else shown
