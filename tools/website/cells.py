"""The cells of a lesson as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbconvert.filters import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import Python3Lexer

from website.lessons import SiteError

LINK = re.compile(r'(<a\b[^>]*? href=")([^"]*)(")')
HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", flags=re.S)
ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", flags=re.I)


def markdown_html(text: str) -> str:
    r"""Return Markdown as HTML; what is HTML in it (``<details>``) stays.

    Examples
    --------
    >>> markdown_html("## The lessons")
    '<h2 id="The-lessons">The lessons</h2>\n'
    """
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    page = str(MarkdownWithMath(renderer=renderer).render(text))
    return HEADING.sub(_name_heading, page)


def _name_heading(match: re.Match[str]) -> str:
    """Give a heading the id that Jupyter gives it, so that links to it go on working."""
    words = html.unescape(re.sub("<[^>]+>", "", match[2]))
    place = html.escape(re.sub(r"\s+", "-", words.strip()))
    return f'<h{match[1]} id="{place}">{match[2]}</h{match[1]}>'


def code_html(text: str) -> str:
    """Return Python code as HTML, its parts in spans that the style sheet colours."""
    return str(highlight(text, Python3Lexer(stripnl=False), HtmlFormatter(nowrap=True))).rstrip()


def link_pages(page: str, pages: set[str], folder: Path, where: str) -> str:
    """Turn links to notebooks, and to the glossary, into links to their pages.

    A notebook that is there, but was left out of this site, stays a name without a link.

    Parameters
    ----------
    page : str
        HTML.
    pages : set of str
        Names of the pages that the site has.
    folder : Path
        Where the notebooks lie.
    where : str
        What an error calls the place.

    Raises
    ------
    SiteError
        For a link to a notebook that is not there, or to another file.

    Examples
    --------
    >>> link_pages('<a href="a.ipynb#b">', {"a.html"}, Path("notebooks"), "here")
    '<a href="a.html#b">'
    """

    def turn(match: re.Match[str]) -> str:
        target, hash_sign, place = match[2].partition("#")
        if not target or ABSOLUTE.match(target):
            return match[0]
        name = re.sub(r"\.(ipynb|md)$", ".html", target)
        if name in pages:
            return f"{match[1]}{name}{hash_sign}{place}{match[3]}"
        if target.endswith(".ipynb") and (folder / target).is_file():
            return match[1].removesuffix(' href="')
        raise SiteError(f"{where}: a link leads to {target}, which the site does not have.")

    return LINK.sub(turn, page)


def cell_html(cell: NotebookNode, shown: Callable[[Any], str | None]) -> str:
    """Return one cell as HTML.

    Parameters
    ----------
    cell : NotebookNode
        Any cell.
    shown : function
        Takes an output and returns the id of the model that is live in its place, or None.
    """
    if cell.cell_type == "markdown":
        return f'<section class="words">{markdown_html(cell.source)}</section>'
    if cell.cell_type != "code":
        return ""
    code = (
        '<div class="code"><pre class="highlight" tabindex="0" role="region" aria-label="Code">'
        f"<code>{code_html(cell.source)}</code></pre></div>"
    )
    outputs = "".join(output_html(output, shown(output)) for output in cell.outputs)
    return f'<section class="cell" id="cell-{html.escape(cell.id)}">{code}{outputs}</section>'


def output_html(output: NotebookNode, model_id: str | None = None) -> str:
    """Return one output as HTML; where a widget is live, its still picture waits for it."""
    if output.output_type == "stream":
        return _text(output.text, f"out {output.name}")
    if output.output_type == "error":
        return _text("\n".join(output.traceback), "out error")
    still = _still(output.data)
    if model_id is None:
        return still
    return f'<div class="live" data-kd-model="{html.escape(model_id)}">{still}</div>'


def _still(data: NotebookNode) -> str:
    """Return the best of an output's forms that needs nothing but a browser."""
    if "text/html" in data:
        return f'<div class="out rich">{data["text/html"]}</div>'
    if "image/png" in data:
        words, picture = html.escape(data.get("text/plain", "A figure")), data["image/png"].strip()
        image = f'<img alt="{words}" src="data:image/png;base64,{picture}">'
        return f'<div class="out rich">{image}</div>'
    return _text(data.get("text/plain", ""), "out result")


def _text(text: str, style: str) -> str:
    body = ansi2html(text.rstrip("\n"))
    return f'<pre class="{style}" tabindex="0" role="region" aria-label="Output">{body}</pre>'
