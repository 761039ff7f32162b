"""The reference and the glossary on the site: every name, every place, nothing unescaped."""

from __future__ import annotations

import doctest
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("nbconvert", reason="no nbconvert; get it with: make test")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from website import docstrings, pages, reference  # noqa: E402
from website.lessons import read_lesson  # noqa: E402

import kerasdemo as kd  # noqa: E402

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Notes ids, links and tags that are not closed in their order."""

    def __init__(self, page):
        super().__init__()
        self.ids, self.links, self.open, self.wrong, self.headings = [], [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))


@pytest.fixture(scope="module")
def lessons():
    return [read_lesson(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


@pytest.fixture(scope="module")
def made(lessons):
    return {
        "api.html": pages.reference_page(lessons),
        "glossary.html": pages.glossary_page(ROOT / "notebooks", lessons),
        "index.html": pages.index_page(lessons),
    }


@pytest.mark.parametrize("module", [docstrings, reference])
def test_the_examples_in_the_docstrings(module):
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)


def test_the_groups_are_the_front_door():
    names = [name for group in reference.GROUPS.values() for name in group]
    assert sorted(names) == sorted(set(kd.__all__) - {"__version__"})


def test_every_public_name_has_a_place_a_call_and_words(made):
    parts = re.split(r'<h3 id="(\w+)">', made["api.html"])
    entries = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert entries.keys() == set(kd.__all__) - {"__version__"}
    for name, entry in entries.items():
        code = re.search(r'<pre class="highlight call".*?<code>(.*?)</code>', entry, re.S)[1]
        assert re.sub("<[^>]+>", "", code).startswith(name)
        first = (getattr(kd, name).__doc__ or "").strip()[:12] if name != "METHODS" else "The names"
        plain = re.sub("<[^>]+>|`", "", entry)
        assert first.replace("`", "")[:10] in plain, name


def test_methods_and_lessons_are_on_the_page(made):
    ids = Reader(made["api.html"]).ids
    assert {"Comparison.plot", "RemoteModel.predict", "Digits.images", "OwnRay.close"} <= set(ids)
    assert not any("set_state" in one for one in ids), "what a library has is the library's"
    assert (
        'Introduced in <a href="03_three_ways_to_predict.html">lesson 03</a>.' in made["api.html"]
    )


def test_pages_are_well_formed_and_every_link_finds_its_place(made, lessons):
    read = {name: Reader(page) for name, page in made.items()}
    there = {*made, *(lesson.page for lesson in lessons)}
    for name, page in read.items():
        assert page.wrong == []
        assert page.open == []
        assert len(page.ids) == len(set(page.ids)), name
        steps = zip(page.headings, page.headings[1:], strict=False)
        assert all(after - before <= 1 for before, after in steps), name
        for link in page.links:
            if link.startswith("https://"):
                continue
            file, _, place = link.partition("#")
            assert not file or file in there, link
            if place and (file or name) in read:
                assert place in read[file or name].ids, link
    assert len(read["api.html"].links) > 170
    assert {"glossary.html", "api.html"} <= set(read["index.html"].links)


def test_a_lesson_left_out_of_the_site_is_no_link(lessons):
    page = pages.reference_page(lessons[:2])
    assert "03_three_ways" not in page
    assert "Introduced in lesson 03." in page
    glossary = pages.glossary_page(ROOT / "notebooks", lessons[:2])
    assert "03_three_ways" not in glossary


HOSTILE = """<b>One</b> & `<i>` ``<u>``.

    Parameters
    ----------
    one : <script>
        <img src=x onerror=alert(1)>

    Examples
    --------
    >>> one("<b>")  # doctest: +SKIP
    '<b>'
    """


def test_a_docstring_stays_text():
    page = docstrings.docstring_html(HOSTILE, lambda *_: '"><script>', 4)
    tags = set(re.findall(r"<(\w+)", page))
    assert tags <= {"p", "a", "code", "h4", "dl", "dt", "dd", "span", "pre"}
    assert "&lt;img" in page
    assert "SKIP" not in page


def test_the_parts_of_a_docstring_keep_their_kind():
    page = docstrings.docstring_html(
        "One::\n\n    a = 1\n    b\n\n- first\n  point\n- second\n\nSee `run`, https://keras.io.",
        lambda kind, name: f"#{name}" if name == "run" else "",
        4,
    )
    assert page == (
        "<p>One:</p><pre>a = 1\nb</pre><ul><li>first\n  point</li><li>second</li></ul>"
        '<p>See <a href="#run"><code>run</code></a>, '
        '<a href="https://keras.io">https://keras.io</a>.</p>'
    )


def test_a_signature_reads_as_it_was_written():
    def short(one: int, *, two: str | None = None) -> bool: ...

    def long(first_of_many_more: int, *rest_of_them_all: float, second: int = 1, **others: str): ...

    assert reference.signature("short", short) == (
        "short(one: int, *, two: str | None = None) -> bool"
    )
    assert reference.signature("long", long).splitlines() == [
        "long(",
        "    first_of_many_more: int,",
        "    *rest_of_them_all: float,",
        "    second: int = 1,",
        "    **others: str,",
        ")",
    ]
    call = reference.signature("compare", kd.compare)
    assert "    *,\n    methods: Sequence[str] = (" in call
    assert call.endswith("\n) -> Comparison")


def test_a_default_that_is_a_function_is_named():
    assert "clock: Callable[[], float] = time.perf_counter," in reference.signature(
        "time_methods", kd.time_methods
    )
