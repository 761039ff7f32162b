"""A lesson without a kernel, as on a web page, still shows its pictures and questions."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from nbconvert import HTMLExporter
from places import LESSONS


class Page(HTMLParser):
    """Collects the pictures and the visible text of a page."""

    def __init__(self, text):
        super().__init__()
        self.pictures, self.words, self._hidden = [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.pictures.append(dict(attrs))
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag):
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)


@pytest.fixture(scope="module")
def pages():
    exporter = HTMLExporter()
    made = {path: exporter.from_filename(path)[0] for path in LESSONS}
    return {path: Page(text) for path, text in made.items()}


def test_pictures_are_there_with_words(lesson, pages, read_lesson):
    stored = sum(
        len(re.findall("<img", output.get("data", {}).get("text/html", "")))
        for cell in read_lesson(lesson).cells
        for output in cell.get("outputs", [])
    )
    pictures = pages[lesson].pictures
    assert len(pictures) == stored >= 1
    for picture in pictures:
        assert picture["src"].startswith("data:image/png;base64,iVBOR")
        assert len(picture.get("alt", "")) > 10
        assert "No description" not in picture["alt"]


def test_no_widget_is_missing(lesson, pages):
    words = " ".join(pages[lesson].words)
    for sign in ("model not found", "Loading widget", "Error displaying widget", "Dropdown("):
        assert sign not in words


def test_questions_and_checks_are_readable(lesson, pages):
    words = " ".join(pages[lesson].words)
    number = lesson.name[:2]
    for letter in "raxyz":
        assert f"· {number}{letter}" in words
    assert "Not answered yet" in words
    assert "What happened:" in words
