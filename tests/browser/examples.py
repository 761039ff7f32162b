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

def told(widget):
    '''Return a line that says what the kernel was told.'''
    line = ipywidgets.Label("nothing told").add_class("told-" + type(widget).__name__)
    names = []
    def say(change):
        if not change.name.startswith("_"):
            names.append(change.name)
            line.value = "told: " + ", ".join(sorted(set(names)))
    widget.observe(say)
    return line
"""
MODEL = "model = load_classifier()"


@dataclass(frozen=True)
class Example:
    """A widget on a page, and what a person does with it there."""

    name: str  # of the class
    selector: str  # of its root on the page
    code: str  # makes it
    click: Callable  # takes its root (a locator)
    clicked: str  # the trait that the click changes
    key: Callable
    keyed: str  # the trait that the key changes
    before: str = ""  # what the code needs

    @property
    def variable(self) -> str:
        """What the cell calls the widget."""
        return self.name.lower()

    @property
    def cell(self) -> str:
        """The cell that makes and shows the widget."""
        return f"{self.before}\n{self.variable} = {self.code}\n{self.variable}".strip()


def _press(root, target, *keys: str) -> None:
    """Focus something of the widget and press keys there."""
    target.focus()
    for key in keys:
        root.page.keyboard.press(key)


EXAMPLES = {
    example.name: example
    for example in [
        Example(
            name="SampleChooser",
            selector=".kd-chooser",
            code="SampleChooser(digits, rows)",
            click=lambda root: root.get_by_role("listbox").click(),
            clicked="selected",
            key=lambda root: _press(root, root.get_by_role("listbox"), "ArrowRight"),
            keyed="current",
        ),
        Example(
            name="DigitView",
            selector=".kd-digit-view",
            code="DigitView(digits)",
            click=lambda root: root.get_by_role("button", name="Show the numbers").click(),
            clicked="numbers",
            key=lambda root: _press(root, root.get_by_role("application"), "PageDown"),
            keyed="index",
        ),
        Example(
            name="SoftmaxView",
            selector=".kd-softmax-view",
            code=(
                "SoftmaxView({'predict': rows, 'predict_step': rows[:, ::-1]}, "
                "labels=digits.labels)"
            ),
            click=lambda root: root.get_by_role("button", name="Next").click(),
            clicked="index",
            key=lambda root: _press(root, root.get_by_role("button", name="Log axis"), "Enter"),
            keyed="scale",
        ),
    ]
}
