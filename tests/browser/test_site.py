"""The site in a browser: widgets and questions without a kernel, and nobody else is asked."""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from access import CUT_OFF, REPORTS, axe_source, run_axe

pytestmark = pytest.mark.browser
pytest.importorskip("nbconvert", reason="no nbconvert; get it with: make test")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import make_notebooks  # noqa: E402
import make_site  # noqa: E402
from website import running  # noqa: E402

LESSON = "00_start_here.ipynb"
TITLE = """# 90 · Every widget

All of them.

**1 minutes** · needs: [00](00_start_here.ipynb#The-lessons)"""
CELLS = {
    "set-up": "import ipywidgets\nimport kerasdemo as kd\ndigits = kd.load_digits().test[:40]\n"
    "model = kd.load_classifier()\nrows = kd.load_probabilities()[digits.indices]",
    "softmax": "soft = kd.SoftmaxView(rows, labels=digits.labels)\nsoft",
    "pad": "pad = kd.DrawingPad()\npad",
    "own": "kd.DrawingPad(kd.build_classifier())",
    "live": "kd.LiveTimings(model, digits.images, batch_sizes=[1, 2])",
    "explorer": "kd.PredictionExplorer(model, digits, rows, selected=[3])",
    "box": "chooser, view = kd.SampleChooser(digits), kd.DigitView(digits)\n"
    "link = ipywidgets.jslink((chooser, 'current'), (view, 'index'))\n"
    "ipywidgets.VBox([chooser, view])",
    "question": "kd.ask('01x')",
}
PAGES = {"the lesson": "00_start_here.html", "every widget": "90_every_widget.html"}
WORDS = {"the glossary": "glossary.html", "the reference": "api.html"}
PLAYED = "() => 'kdPlayed' in document.documentElement.dataset"
SOFTMAX = "#cell-softmax .kd-softmax-view"
NO_PYTHON = "There is no Python on this page."
PIXELS = """(root) => [...root.querySelectorAll("canvas")].map((one) => one.toDataURL()).join()
  + [...root.querySelectorAll("[style]")].map((one) => one.getAttribute("style")).join()"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that logs nothing."""

    def log_message(self, *_):
        """Say nothing."""


class Visit:
    """A page of the site; other hosts are out of reach, and who asks them is noted."""

    def __init__(self, browser, base, **options):
        self.base, self.asked, self.errors = base, [], []
        self.context = browser.new_context(viewport={"width": 1024, "height": 1000}, **options)
        self.context.set_default_timeout(60_000)
        self.context.route("**/*", self._route)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _route(self, route):
        route.continue_() if self._ours(route.request.url) else route.abort()

    def _ours(self, url):
        return url.startswith(self.base) or urlsplit(url).scheme in ("blob", "data")

    def _listen(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    @property
    def elsewhere(self):
        return [url for url in self.asked if not self._ours(url)]

    def open(self, name):
        self.page.goto(f"{self.base}/{name}")
        if name not in ("index.html", *WORDS.values()):
            self.page.wait_for_function(PLAYED)
        return self.page


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of a site of two lessons, made in a kernel once for all these tests."""
    folder = tmp_path_factory.mktemp("site")
    lessons = folder / "notebooks"
    lessons.mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        (lessons / path.name).write_bytes(path.read_bytes())
    made = [nbformat.v4.new_markdown_cell(TITLE, id="title")]
    made += [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    every = lessons / "90_every_widget.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), every)
    ran = running.run_with_widgets(every)
    notebook = make_notebooks.normalise(ran)
    del notebook.cells[-1]  # which asked about the pads
    nbformat.write(notebook, every)
    running.keep(ran, every, running.source_hash(), folder / "cache")  # one run is enough
    out = folder / "a site"  # with a space in its name
    assert make_site.build([lessons / LESSON, every], out, folder / "cache") == []
    return out


@pytest.fixture(scope="module")
def base(site):
    """Return the address of a server of the site."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def shared(browser, base):
    visit = Visit(browser, base)
    visit.open(PAGES["every widget"])
    yield visit
    visit.context.close()


@pytest.fixture
def visit(shared):
    """Return the page that the tests share; it must stay silent and ask nobody else."""
    yield shared
    assert (shared.errors, shared.elsewhere) == ([], [])


@pytest.fixture
def new_visit(browser, base):
    """Return a function that opens a page of its own."""
    opened = []

    def start(name, *, at=base, **options):
        opened.append(Visit(browser, at, **options))
        opened[-1].open(name)
        return opened[-1]

    yield start
    for one in opened:
        one.context.close()
        assert (one.errors, one.elsewhere) == ([], [])


def widget(visit, name, nth=0):
    root = visit.page.locator(f".kd-{name}").nth(nth)
    root.scroll_into_view_if_needed()
    return root


def draw(pad, first, *points):
    box, mouse = pad.locator(".kd-sheet").bounding_box(), pad.page.mouse
    mouse.move(box["x"] + first[0], box["y"] + first[1])
    mouse.down()
    for x, y in points:
        mouse.move(box["x"] + x, box["y"] + y, steps=4)
    mouse.up()


def draw_seven(pad):
    draw(pad, (90, 50), (140, 50), (190, 50), (165, 120), (150, 180), (130, 240))


def test_every_widget_of_the_page_is_live(visit):
    page = visit.page
    assert page.locator("[data-kd-model]").count() == len(CELLS) - 1
    assert page.locator("[data-kd-model]:not([data-kd-live])").count() == 0
    assert page.locator(".kd-static").count() == 0


def test_who_asks_another_host_would_be_seen(browser, base):
    visit = Visit(browser, base)
    page = visit.open("index.html")
    page.evaluate("() => fetch('http://cdn.invalid/a.js').catch(() => {})")
    assert visit.elsewhere == ["http://cdn.invalid/a.js"]
    assert visit.errors
    visit.context.close()


def test_a_click_chooses_and_a_link_without_a_kernel_follows(visit):
    chooser = visit.page.locator(".live > .kd-view .kd-view > .kd-chooser")
    chooser.scroll_into_view_if_needed()
    view = visit.page.locator(".live > .kd-view .kd-view > .kd-digit-view")
    before = view.evaluate(PIXELS)
    chooser.locator(".kd-tile").nth(5).click()
    chooser.get_by_text("1 chosen", exact=True).wait_for()
    assert chooser.locator(".kd-tile").nth(5).get_attribute("aria-selected") == "true"
    view.get_by_text("Image 5, labelled").wait_for()
    visit.page.wait_for_function(
        f"([root, old]) => ({PIXELS})(root) !== old", arg=[view.element_handle(), before]
    )
    visit.page.keyboard.press("ArrowRight")
    view.get_by_text("Image 6, labelled").wait_for()


def test_the_temperature_moves_the_bars(visit):
    soft = widget(visit, "softmax-view")
    soft.locator("summary").click()
    before, words = soft.evaluate(PIXELS), soft.locator(".kd-words").inner_text()
    slider = soft.get_by_label("Temperature, slider")
    slider.focus()
    slider.press("End")
    soft.get_by_text("at T = 10").wait_for()
    assert soft.evaluate(PIXELS) != before
    assert soft.locator(".kd-words").inner_text() != words


def test_a_question_replies(visit):
    question = visit.page.locator("#cell-question .kd-answer")
    question.scroll_into_view_if_needed()
    said = question.get_by_role("status")
    assert said.inner_text() == ""
    replies = []
    for letter in "AB":
        question.locator("select").select_option(letter)
        visit.page.wait_for_function(
            "([box, old]) => box.innerText && box.innerText !== old",
            arg=[said.element_handle(), "".join(replies[-1:])],
        )
        replies.append(said.inner_text())
    assert len(set(replies)) == 2
    assert "The rule:" in "".join(replies)


def test_what_needs_python_says_so_and_never_runs(visit):
    live, explorer = widget(visit, "live-timings"), widget(visit, "explorer")
    for root, button in ((live, "Start"), (explorer, "Run all methods")):
        assert root.get_by_text(NO_PYTHON).count() == 1
        start = root.get_by_role("button", name=button, exact=True)
        assert start.get_attribute("aria-disabled") == "true"
        start.click(force=True)
        visit.page.wait_for_timeout(200)
        assert start.inner_text() == button
        assert root.locator("progress:visible").count() == 0
    explorer.locator(".kd-tile").first.focus()
    visit.page.keyboard.press("Control+Enter")
    visit.page.wait_for_timeout(200)
    assert explorer.locator("progress:visible").count() == 0
    assert explorer.get_by_role("button", name="Run at each choice").count() == 0
    for cell in ("softmax", "box", "question"):
        assert NO_PYTHON not in visit.page.locator(f"#cell-{cell}").inner_text()


def test_a_drawing_is_read_by_the_shipped_classifier(visit):
    pad = widget(visit, "drawing-pad")
    assert NO_PYTHON not in pad.inner_text()
    assert not any("classifier.js" in url for url in visit.asked), "not before somebody draws"
    draw_seven(pad)
    pad.get_by_text("Most likely 7").wait_for()
    assert sum("classifier.js" in url for url in visit.asked) == 1
    assert pad.locator("tbody tr").count() >= 10
    pad.get_by_role("button", name="Clear").click()
    pad.get_by_text("The sheet is empty.").wait_for()
    draw(pad, (140, 40), (140, 240))
    pad.get_by_text("Most likely 1").wait_for()
    pad.get_by_role("button", name="Undo").click()
    pad.get_by_text("The sheet is empty.").wait_for()


def test_a_drawing_for_another_model_is_not_read(visit):
    pad = widget(visit, "drawing-pad", 1)
    assert NO_PYTHON in pad.inner_text()
    draw_seven(pad)
    visit.page.wait_for_timeout(300)
    assert "Most likely" not in pad.inner_text()


def test_a_page_that_was_opened_as_a_file_is_alive_too(site, new_visit):
    visit = new_visit(PAGES["every widget"], at=site.as_uri())
    draw_seven(widget(visit, "drawing-pad"))
    widget(visit, "drawing-pad").get_by_text("Most likely 7").wait_for()


def test_the_way_through_the_site(new_visit):
    page = new_visit("index.html").page
    page.get_by_role("link", name="Start here").click()
    page.wait_for_url("**/00_start_here.html")
    page.get_by_label("Lessons", exact=True).get_by_role("link", name="Next lesson").click()
    page.wait_for_url("**/90_every_widget.html")
    page.get_by_role("link", name="00", exact=True).click()
    page.wait_for_url("**/00_start_here.html#The-lessons")
    page.get_by_role("link", name="Skip to the text").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "lesson"


def test_a_word_of_a_lesson_leads_to_its_place_in_the_glossary(new_visit):
    page = new_visit(PAGES["the lesson"]).page
    page.get_by_role("link", name="label", exact=True).click()
    page.wait_for_url("**/glossary.html#label")
    top = page.locator("#label").bounding_box()["y"]
    assert 0 < top < 200
    page.get_by_role("link", name="Reference", exact=True).first.click()
    page.wait_for_url("**/api.html")
    page.get_by_text("On this page").click()
    page.locator(".contents").get_by_role("link", name="compare", exact=True).click()
    assert page.locator("#compare").bounding_box()["y"] < 200


def test_code_can_be_copied(new_visit):
    visit = new_visit(PAGES["every widget"], permissions=["clipboard-read", "clipboard-write"])
    code = visit.page.locator("#cell-softmax .code")
    code.hover()
    code.get_by_role("button", name="Copy this code").click()
    code.get_by_text("Copied").wait_for()
    assert visit.page.evaluate("() => navigator.clipboard.readText()") == CELLS["softmax"]


def test_the_theme_follows_the_system_and_then_the_reader(new_visit):
    page = new_visit(PAGES["every widget"], color_scheme="dark").page
    page.locator(f"{SOFTMAX}[data-kd-theme=dark]").wait_for()
    page.get_by_role("button", name="Light page").click()
    page.locator(f"{SOFTMAX}[data-kd-theme=light]").wait_for()
    page.reload()
    page.wait_for_function(PLAYED)
    page.locator(f"{SOFTMAX}[data-kd-theme=light]").wait_for()
    assert page.get_by_role("button", name="Dark page").count() == 1


# The pages of words have the lesson's colours: in the dark they wait for the long tests.
IN_THEMES = [
    pytest.param(name, theme, marks=pytest.mark.long if name in WORDS and theme == "dark" else ())
    for name in PAGES | WORDS
    for theme in ("light", "dark")
]


@pytest.mark.parametrize(("name", "theme"), IN_THEMES)
def test_axe_finds_nothing_serious(new_visit, remark, name, theme):
    axe_source()
    file = (PAGES | WORDS)[name]
    page = new_visit(file, color_scheme=theme).page
    page.wait_for_timeout(500)
    if name in PAGES:  # the pages of words are many screens long
        REPORTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=REPORTS / f"site-{file[:2]}-{theme}.png", full_page=True)
    serious = []
    for impact, rule, wish, place, how in run_axe(page.locator("body").first):
        if impact in ("serious", "critical"):
            serious.append(f"{rule}: {wish} ({place}: {how})")
        else:
            remark(f"axe-core, site, {name}, {impact}, {rule}: {wish} ({place})")
    assert not serious, "\n".join(serious)


@pytest.mark.parametrize("name", PAGES | WORDS)
def test_a_narrow_page_cuts_nothing_off(new_visit, name):
    page = new_visit((PAGES | WORDS)[name]).page
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_timeout(500)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    for root in page.locator(".kd-root:not(.kd-root .kd-root)").element_handles():
        assert root.evaluate(CUT_OFF) == []


def test_without_scripts_the_still_pictures_are_there(browser, base):
    visit = Visit(browser, base, java_script_enabled=False)
    visit.page.goto(f"{base}/{PAGES['the lesson']}")
    assert visit.page.locator(".kd-static img").count() == 1
    assert visit.page.get_by_text("Do you remember? · 00r").count() == 1
    assert visit.elsewhere == []
    visit.context.close()
