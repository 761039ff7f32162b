"""Markup in names, labels, errors and answers stays text on the page, in each widget and question.

The words would make an image without a source, and its error would change the page's title.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

UNIT = Path(__file__).parents[1] / "unit"
BAD = "<img src=x onerror=\"document.title='owned'\">"
CLOSING = "\"'></span><script>document.title='owned'</script>"
FORMS = runpy.run_path(str(UNIT / "question_forms.py"))["FORMS"]
SETUP = f"""
import keras, re
import numpy as np
import kerasdemo as kd
from kerasdemo.asking import forms, record, texts
from kerasdemo.digits import Digits
from kerasdemo.view.table import Row, Table
from kerasdemo.widgets import *
bad = {BAD + CLOSING!r}
digits = kd.load_digits()
few = Digits(digits.pixels[:6], digits.labels[:6], digits.indices[:6], digits.is_test[:6], bad)
rows = kd.load_probabilities()

class Raises(keras.Model):
    '''A model whose error is markup, and one output has such a name.'''
    def predict_on_batch(self, x):
        raise ValueError(bad)

classifier = kd.load_classifier()
raises = Raises(classifier.input, classifier.output)

def worse(match):
    return f"{{match[1]}} = '''{{bad}} {{match.start()}}'''"

keys = "prompt|text|reply|rule|otherwise|misconception|unit"
source = re.sub(rf'^({{keys}}) = ".*"$', worse, {FORMS!r}, flags=re.MULTILINE)
source = re.sub(r'^lines = .*$', f"lines = ['''{{bad}}''', 'b', 'c', 'd']", source, flags=re.M)
source = re.sub(r'^accept = .*$', f"accept = ['''{{bad}}''']", source, flags=re.M)
more, shipped = texts.read(source), texts.bank()
both = forms.Bank({{**shipped.questions, **more.questions}}, shipped.exercises)
texts.bank = lambda: both
"""
SEEN = """() => ({
    title: document.title,
    images: document.querySelectorAll('img[onerror], img[src="x"]').length,
    scripts: [...document.scripts].filter((script) => script.text.includes('owned')).length,
})"""


def harmless(page) -> None:
    """Assert that the words made nothing; an image's error comes a moment later."""
    page.wait_for_timeout(200)
    seen = page.evaluate(SEEN)
    assert seen["images"] == seen["scripts"] == 0
    assert "owned" not in seen["title"]


def says(root, words: str = "<img src=x") -> None:
    """Wait until a part of the page shows the words, as text, an option's or a spoken one."""
    root.page.wait_for_function(
        """([root, words]) => (root.textContent
            + [...root.querySelectorAll('[aria-label], [alt]')]
                .map((each) => each.getAttribute('aria-label') + each.alt).join()
        ).includes(words)""",
        arg=[root.element_handle(), words],
    )


def test_the_test_would_see_an_image(show):
    """What is asserted below is not so by itself: raw HTML is markup, and changes the title."""
    page = show("None").page
    page.evaluate(  # JupyterLab sets the title, too, and may do so right after
        """() => new MutationObserver(() => { window.owned ||= document.title === 'owned'; })
            .observe(document.head, { childList: true, subtree: true, characterData: true })"""
    )
    show(f"from IPython.display import HTML, display\ndisplay(HTML({BAD!r}))")
    page.wait_for_function("() => window.owned")
    assert page.evaluate(SEEN)["images"] == 1
    page.evaluate("() => { document.title = 'again'; }")


@pytest.mark.parametrize(
    ("makes", "style"),
    [
        ("DigitView(few, labels=[bad] * 6)", "kd-digit-view"),
        ("SoftmaxView({bad: rows, 'b': rows}, class_names=[bad] * 10)", "kd-softmax-view"),
        ("SoftmaxView(logits=[[2.0, 1.0]], class_names=[bad, 'b'])", "kd-softmax-view"),
    ],
)
def test_names_and_labels(show, makes, style):
    page = show(f"view = {makes}\nview").page
    root = page.locator(f".{style}")
    root.wait_for()
    says(root)
    for button in root.locator("button:not([aria-disabled=true])").all():
        button.evaluate("(button) => button.click()")  # wherever it stands
    harmless(page)
    says(root)


def test_what_is_typed_into_the_choosers_field(show):
    page = show("chooser = SampleChooser(few)\nchooser").page
    root = page.locator(".kd-chooser")
    root.get_by_label("Chosen").fill(BAD)
    root.get_by_label("Chosen").press("Enter")
    root.locator(".kd-trouble").get_by_text("position").first.wait_for()
    harmless(page)


def test_an_error_of_the_model_in_the_explorer(show):
    page = show("explorer = PredictionExplorer(raises, few, selected=[1])\nexplorer").page
    root = page.locator(".kd-explorer")
    root.get_by_role("button", name="Run all methods").click()
    says(root.locator(".kd-page"))
    harmless(page)


def test_class_names_and_an_error_on_the_drawing_pad(show):
    strokes = "strokes = [{'width': 36, 'points': [[140, 40], [140, 240]]}]"
    page = show(
        f"pad = DrawingPad(classifier, class_names=[bad] * 10)\n{strokes}\n"
        "pad.strokes = strokes\npad",
        "other = DrawingPad(raises)\nother",
    ).page
    pads = page.locator(".kd-drawing-pad")
    pads.nth(1).wait_for()
    pad, other = pads.all()
    says(pad)
    sheet = other.get_by_role("application")
    sheet.focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "Space"):
        page.keyboard.press(key)
    says(other)
    harmless(page)


def test_names_of_methods_in_live_timings(show):
    page = show(
        "live = LiveTimings(methods=(), calls={bad: len, 'b': len}, batch_sizes=[1, 2], rounds=3)\n"
        "live"
    ).page
    root = page.locator(".kd-live-timings")
    root.get_by_role("button", name="Start").first.click()
    says(root.locator(".kd-page table"))
    root.get_by_role("button", name="Time per sample").click()
    harmless(page)


def test_an_error_in_the_kernel(show):
    notebook = show("view = DigitView(few)\nview")
    notebook.run("view._error = bad")
    says(notebook.page.locator(".kd-digit-view .kd-trouble"))
    harmless(notebook.page)


def test_questions_and_what_is_answered(show):
    cells = (
        "kd.predict_first('90a')",
        "kd.predict_first('90n')",
        "kd.ask('90t')",
        "kd.order('90o')",
    )
    page = show(*cells).page
    page.wait_for_function(
        "(n) => [...document.querySelectorAll('.kd-answer')]"
        ".filter((form) => form.querySelector('select, input')).length === n",
        arg=len(cells),
    )
    choice, number, text, order = page.locator(".kd-answer").all()
    choice.get_by_role("combobox").select_option("A")
    number.get_by_role("textbox").fill("7")
    number.get_by_role("textbox").press("Enter")
    text.get_by_role("textbox").fill(BAD)
    text.get_by_role("textbox").press("Enter")
    for place, letter in zip(order.get_by_role("combobox").all(), "ABCD", strict=True):
        place.select_option(letter)
    order.get_by_role("button", name="Answer").click()
    for form in (choice, number, text, order):
        says(form)
    says(text.get_by_role("status"), "<img src=x")
    harmless(page)


def test_results_as_the_notebook_shows_them(show):
    page = show(
        "Table((bad,), (Row(bad, (bad,)),), bad, (bad,))",
        "few",
        "kd.time_calls({bad: lambda: 1}, rounds=3)",
        "kd.training_curve({bad: [1.0, 2.0]})",
        "kd.tally('90a', 'A A B', ['C', bad])",
        "kd.score_card()",
    ).page
    for output in page.locator(".jp-RenderedHTMLCommon.jp-OutputArea-output").all()[:5]:
        says(output)
    harmless(page)
