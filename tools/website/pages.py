"""Whole pages: each lesson, and the index."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

from nbformat import NotebookNode

from website.cells import cell_html, link_pages, markdown_html
from website.lessons import Lesson
from website.reference import GROUPS, reference_body
from website.running import Run
from website.views import Views, collect, view_of

ASSETS = Path(__file__).resolve().parent / "assets"
HEADING = re.compile(r'<h2 id="([^"]*)">(.*?)</h2>', flags=re.S)
GLOSSARY = "glossary.md"
INDEX = '<a href="index.html">All lessons</a>'
OTHERS = {"glossary.html": "Glossary", "api.html": "Reference"}
ABOUT = """<aside class="about" aria-label="What is live on this page"><p>This page runs in your
browser alone. <strong>Live here:</strong> the widgets and the questions. <strong>Not
here:</strong> Python. Its cells were run beforehand, so what they print stays as it is, whatever
you choose. To run and change them, get the kit and type <code>make lab</code>.</p></aside>"""


def lesson_page(
    lesson: Lesson, run: Run, lessons: Sequence[Lesson]
) -> tuple[str, Views, list[str]]:
    """Return a lesson's page, what its widgets need, and remarks about what is not live.

    Raises
    ------
    SiteError
        When a link leads to what the site does not have.
    """
    live = _live_outputs(lesson.notebook, run)
    views, refused = collect(run, list(live.values()))
    remarks = [f"{lesson.path.name}: a still picture stands for {why}" for why in refused.values()]

    def shown(output: NotebookNode) -> str | None:
        model_id = live.get(id(output))
        return model_id if model_id in views.models else None

    pages = {*(other.page for other in lessons), *OTHERS}
    parts = []
    for number, cell in enumerate(lesson.notebook.cells):
        where = f"{lesson.path.name}, cell {number + 1} ({cell.get('id', 'no id')})"
        parts.append(link_pages(cell_html(cell, shown), pages, lesson.path.parent, where))
    body = "\n".join([parts[0], ABOUT, *parts[1:]])
    scripts = [f"assets/widgets/{name}.js" for name in views.modules]
    page = _page(
        title=f"{lesson.number} · {lesson.title}",
        description=lesson.sentence.replace("`", ""),
        nav=_neighbours(lesson, lessons),
        contents=_contents(body),
        body=body,
        state=f'<script type="application/json" id="kd-state">{views.as_json()}</script>',
        scripts=[*scripts, "assets/player.js"] if views.models else [],
    )
    return page, views, remarks


def index_page(lessons: Sequence[Lesson]) -> str:
    """Return the page that lists the lessons."""
    items = "\n".join(
        f'<li><a href="{html.escape(lesson.page)}"><span class="number">{lesson.number}</span>'
        f"<strong>{html.escape(lesson.title)}</strong></a>"
        f"<p>{_with_code(lesson.sentence)}</p>"
        f'<p class="time">{html.escape(lesson.minutes)}</p></li>'
        for lesson in lessons
    )
    body = (ASSETS / "index.html").read_text(encoding="utf-8").replace("$lessons", items)
    return _page(
        title="kerasdemo",
        description="Three ways to ask a Keras model, side by side on real handwritten digits.",
        nav="",
        contents="",
        body=body,
        state="",
        scripts=[],
    )


def glossary_page(folder: Path, lessons: Sequence[Lesson]) -> str:
    """Return the glossary that lies beside the lessons as a page.

    Raises
    ------
    SiteError
        When a link leads to what the site does not have.
    """
    words = markdown_html((folder / GLOSSARY).read_text(encoding="utf-8"))
    pages = {lesson.page for lesson in lessons}
    body = f'<section class="words glossary">{link_pages(words, pages, folder, GLOSSARY)}</section>'
    return _page(
        title="Glossary",
        description="The words of the lessons, each with the lesson that introduces it.",
        nav=INDEX,
        contents=_contents(body),
        body=body,
        state="",
        scripts=[],
    )


def reference_page(lessons: Sequence[Lesson]) -> str:
    """Return the page of every public name, from the docstrings."""
    groups = "".join(
        f'<li><a href="#{group.replace(" ", "-")}">{html.escape(group)}</a>'
        f"<ol>{_links((name, name) for name in names)}</ol></li>"
        for group, names in GROUPS.items()
    )
    return _page(
        title="Reference",
        description="Every public name of kerasdemo: how it is called, and what it does.",
        nav=INDEX,
        contents=_folded(groups),
        body=reference_body(lessons),
        state="",
        scripts=[],
    )


def _with_code(sentence: str) -> str:
    """Return a sentence as HTML, with code between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(sentence))


def _live_outputs(notebook: NotebookNode, run: Run) -> dict[int, str]:
    """Map the committed outputs (by identity) to the models that the run showed in their place."""
    live = {}
    for cell in notebook.cells:
        again = run.cells.get(cell.get("id"))
        if cell.cell_type != "code" or again is None:
            continue
        stored, made = ([it for it in each.outputs if "data" in it] for each in (cell, again))
        if len(stored) == len(made):
            for output, view in zip(stored, map(view_of, made), strict=True):
                if view:
                    live[id(output)] = view
    return live


def _neighbours(lesson: Lesson, lessons: Sequence[Lesson]) -> str:
    """Return the links to the lesson before, to the index and to the lesson after."""
    at = lessons.index(lesson)
    links = [INDEX]
    if at:
        before = lessons[at - 1]
        links.insert(0, _link(before, "prev", f"← {before.number}", "Previous lesson"))
    if at + 1 < len(lessons):
        after = lessons[at + 1]
        links.append(_link(after, "next", f"{after.number} →", "Next lesson"))
    return "".join(links)


def _link(lesson: Lesson, rel: str, text: str, words: str) -> str:
    title = html.escape(f"{words}: {lesson.number} {lesson.title}")
    page = html.escape(lesson.page)
    return f'<a rel="{rel}" href="{page}" aria-label="{title}" title="{title}">{text}</a>'


def _contents(body: str) -> str:
    """Return links to the headings of a page."""
    return _folded(_links(HEADING.findall(body)))


def _links(places: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f'<li><a href="#{place}">{re.sub("<[^>]+>", "", words)}</a></li>' for place, words in places
    )


def _folded(items: str) -> str:
    return f"<details open><summary>On this page</summary><ol>{items}</ol></details>"


def _page(
    *,
    title: str,
    description: str,
    nav: str,
    contents: str,
    body: str,
    state: str,
    scripts: Sequence[str],
) -> str:
    template = Template((ASSETS / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=html.escape(title if title == "kerasdemo" else f"{title} · kerasdemo"),
        description=html.escape(description),
        others="".join(f'<a href="{page}">{name}</a>' for page, name in OTHERS.items()),
        nav=f'<nav class="lessons" aria-label="Lessons">{nav}</nav>' if nav else "",
        nav_again=f'<nav class="lessons" aria-label="Lessons, again">{nav}</nav>' if nav else "",
        contents=f'<nav class="contents" aria-label="On this page">{contents}</nav>'
        if contents
        else "",
        body=body,
        state=state,
        scripts="\n".join(f'<script src="{name}"></script>' for name in scripts),
    )
