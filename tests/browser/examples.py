"""One example of each widget: the cell that shows it, a click and a key, and what both change.

The tests of themes, front ends, zoom, keyboard and leaks go through this list, so a new widget is
added here, once; `test_access.py` fails while one is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SETUP = """
import ipywidgets
from IPython.display import display
from kerasdemo.classifier import load_classifier, load_probabilities
from kerasdemo.digits import load_digits
from kerasdemo.widgets import *
digits, rows = load_digits(), load_probabilities()

def told(widget, variable):
    '''Return a line that says what the kernel was told.'''
    line = ipywidgets.Label("nothing told")
    names = []
    def say(change):
        if not change.name.startswith("_"):
            names.append(change.name)
            line.value = "told: " + ", ".join(sorted(set(names)))
    widget.observe(say)
    return line.add_class("told-" + variable)
"""
MODEL = "model = load_classifier()"


@dataclass(frozen=True)
class Example:
    """A widget on a page, and what a person does with it there."""

    name: str  # of the class, and what is special about this one
    makes: str  # code for it
    click: Callable  # takes its root (a locator)
    clicked: str  # the trait that the click changes
    key: Callable
    keyed: str  # the trait that the key changes
    before: str = ""  # what the code needs

    @property
    def variable(self) -> str:
        """What the cell calls the widget."""
        return self.name.lower().replace(" ", "_")

    @property
    def selector(self) -> str:
        """Find its root, and not one that is a part of another widget."""
        return f".example-{self.variable} > .kd-root"

    @property
    def code(self) -> str:
        """Code that makes it, so that it can be found on the page."""
        return f"{self.makes}.add_class('example-{self.variable}')"

    @property
    def cell(self) -> str:
        """The cell that makes and shows the widget."""
        return f"{self.before}\n{self.variable} = {self.code}\n{self.variable}".strip()


def _press(root, target, *keys: str) -> None:
    """Focus something of the widget and press keys there."""
    target.focus()
    for key in keys:
        root.page.keyboard.press(key)


def _stroke(root) -> None:
    """Draw a line with the mouse."""
    sheet = root.get_by_role("application")
    sheet.scroll_into_view_if_needed()
    box, mouse = sheet.bounding_box(), root.page.mouse
    mouse.move(box["x"] + 120, box["y"] + 50)
    mouse.down()
    mouse.move(box["x"] + 150, box["y"] + 200, steps=5)
    mouse.up()


EXAMPLES = {
    example.name: example
    for example in [
        Example(
            name="SampleChooser",
            makes="SampleChooser(digits, rows)",
            click=lambda root: root.get_by_role("listbox").click(),
            clicked="selected",
            key=lambda root: _press(root, root.get_by_role("listbox"), "ArrowRight"),
            keyed="current",
        ),
        Example(
            name="DigitView",
            makes="DigitView(digits)",
            click=lambda root: root.get_by_role("button", name="Show the numbers").click(),
            clicked="numbers",
            key=lambda root: _press(root, root.get_by_role("application"), "PageDown"),
            keyed="index",
        ),
        Example(
            name="SoftmaxView",
            makes=(
                "SoftmaxView({'predict': rows, 'predict_step': rows[:, ::-1]}, "
                "labels=digits.labels)"
            ),
            click=lambda root: root.get_by_role("button", name="Next").click(),
            clicked="index",
            key=lambda root: _press(root, root.get_by_role("button", name="Log axis"), "Enter"),
            keyed="scale",
        ),
        Example(
            name="SoftmaxView of logits",
            makes=(
                "SoftmaxView(logits=[[2, 1, -1, 0.5], [0, 3, 1, 1], [1, 1, 1, 1]], temperature=2, "
                "class_names=['cat', 'dog', 'owl', 'a class with a long name'])"
            ),
            click=lambda root: root.get_by_role("button", name="Next").click(),
            clicked="index",
            key=lambda root: _press(root, root.get_by_role("button", name="Table"), "Enter"),
            keyed="table",
        ),
        Example(
            name="PredictionExplorer",
            before=MODEL,
            makes="PredictionExplorer(model, probabilities=rows)",
            click=lambda root: root.get_by_role("listbox").click(),
            clicked="selected",
            key=lambda root: _press(root, root.get_by_role("listbox"), "Control+Enter"),
            keyed="runs",
        ),
        Example(
            name="DrawingPad",
            before=MODEL,
            makes="DrawingPad(model)",
            click=_stroke,
            clicked="strokes",
            key=lambda root: _press(root, root.get_by_role("slider"), "ArrowRight"),
            keyed="width",
        ),
        Example(
            name="LiveTimings",
            makes=(
                "LiveTimings(methods=(), calls={'sum': lambda batch: batch.sum()}, "
                "batch_sizes=[8], rounds=3)"
            ),
            click=lambda root: root.get_by_role("button").first.click(),
            clicked="measured",
            key=lambda root: _press(
                root, root.get_by_role("button", name="Time per sample"), "Enter"
            ),
            keyed="per",
        ),
    ]
}
