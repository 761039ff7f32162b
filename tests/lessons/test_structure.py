"""Every lesson keeps to the rules, and each rule is seen to bite on a spoilt copy."""

from __future__ import annotations

import re

import pytest
from lesson_rules import LESSONS, WIDGET_VIEW, cells_by_id, code_cells, complaints
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from kerasdemo.asking import texts

DIGITS = next(path for path in LESSONS if path.name.startswith("01_"))


def test_a_lesson_keeps_to_the_rules(lesson, read_lesson):
    assert complaints(read_lesson(lesson), lesson) == []


def test_every_question_is_asked_in_its_lesson():
    bank = texts.bank()
    asked = "\n".join(path.read_text(encoding="utf-8") for path in LESSONS)
    for id in [*bank.questions, *bank.exercises]:
        assert f'(\\"{id}\\"' in asked, f"{id} is in questions.toml and in no lesson"


def spoil(notebook, spoiler):
    """Apply a spoiler: a function from the cells by id and the notebook."""
    spoiler(cells_by_id(notebook), notebook)
    return complaints(notebook, DIGITS)


def drop(name):
    return lambda cells, notebook: notebook.cells.remove(cells[name])


def swap(first, second):
    def spoiler(cells, notebook):
        a, b = notebook.cells.index(cells[first]), notebook.cells.index(cells[second])
        notebook.cells[a], notebook.cells[b] = notebook.cells[b], notebook.cells[a]

    return spoiler


def edit(name, old, new):
    def spoiler(cells, notebook):
        assert old in cells[name].source
        cells[name].source = cells[name].source.replace(old, new, 1)

    return spoiler


def source(new, name="round-1-run"):
    """Replace a code cell's source."""
    return lambda cells, notebook: cells[name].update(source=new)


def output(kind, cell="round-1-run", **fields):
    """Add an output to a cell."""
    return lambda cells, notebook: cells[cell].outputs.append(new_output(kind, **fields))


def printed(text):
    def spoiler(cells, notebook):
        cells["round-1-run"].outputs = [new_output("stream", name="stdout", text=text)]

    return spoiler


def more_code_cells(cells, notebook):
    count = len(code_cells(notebook))
    for number in range(26 - count):
        cell = new_code_cell("1", execution_count=count + number + 1)
        cell.id = f"more-{number}"
        notebook.cells.insert(-1, cell)


def more_words(cells, notebook):
    cells["recap"].source += " word" * 900


def tag(*names, with_tag="nbval-ignore-output"):
    def spoiler(cells, notebook):
        for name in names:
            cells[name].metadata["tags"] = [with_tag]

    return spoiler


def unexecuted(cells, notebook):
    cells["round-2-run"].execution_count = None


def widget_state(cells, notebook):
    notebook.metadata["widgets"] = {"state": {}}


def picture_without_sentence(cells, notebook):
    place = notebook.cells.index(cells["widget"])
    notebook.cells.insert(place + 1, new_markdown_cell("## Another heading"))


PICTURE = '<img src="data:image/png;base64,iVBOR" alt="a digit">'
SPOILERS = {
    "there is no cell 'retrieval'": drop("retrieval"),
    "there is no cell 'round-2-reveal'": drop("round-2-reveal"),
    "there is no cell 'widget-code'": drop("widget-code"),
    "there is no cell 'solution'": drop("solution"),
    "there is no cell 'recap'": drop("recap"),
    "not in order": swap("objectives", "recap"),
    "between round 1 and the exercise": swap("widget", "widget-code"),
    "two to four rounds": drop("round-2"),
    "begins with its title": swap("exit", "next"),
    "cell 'title' does not match ^# 01": edit("title", "# 01", "# 02"),
    "cell 'title' does not match needs": edit("title", "needs:", "wants:"),
    "cell 'title' does not match previous": edit("title", "[index]", "[map]"),
    "cell 'objectives' does not match": edit("objectives", "You will be", "You are"),
    "cell 'retrieval' does not match": edit("retrieval", "01r", "01x"),
    "cell 'round-1-question' does not match": edit("round-1-question", "guess", "g"),
    "cell 'round-1-reveal' does not match": edit(
        "round-1-reveal", "kd.reveal(guess", "print(guess"
    ),
    "cell 'round-1-why' does not match": source("One sentence.", "round-1-why"),
    "cell 'exercise-check' does not match": edit("exercise-check", "= ...", "= 1"),
    "cell 'solution' does not match <details>": edit("solution", "<details>", "<div>"),
    "cell 'solution' does not match ### END": edit("solution", "### END", "### STOP"),
    "cell 'exit' does not match": edit("exit", 'kd.ask("01y")', "pass"),
    "cell 'next' does not match": edit("next", "Where to look next", "More"),
    "round 1 has no note for the teacher": edit("round-1-why", "For the teacher", "Note"),
    "26 minutes; at most 25": edit("title", "20 minutes", "26 minutes"),
    "mirrored by the recap": edit("recap", "\n- ", "\n"),
    "the set-up cell has 6 lines": edit("set-up", "digits", "a = 1\nb = 2\nc = 3\ndigits"),
    "26 code cells; at most 25": more_code_cells,
    "has 13 lines; at most 12": source("\n".join(f"a{n} = {n}" for n in range(13))),
    "words; at most 900": more_words,
    "3 cells ignored by nbval": tag("round-1-run", "round-2-run", "round-3-run"),
    "tags that hide something": tag("round-1-run", with_tag="nbval-skip"),
    "not executed from top to bottom": unexecuted,
    "widget state is stored": widget_state,
    "raised ZeroDivisionError": output("error", ename="ZeroDivisionError", evalue="", traceback=[]),
    "wrote to stderr": output("stream", name="stderr", text="oneDNN is on"),
    "stores a widget's view": output("display_data", data={WIDGET_VIEW: {}}),
    "has an SVG figure": output("display_data", data={"image/svg+xml": "<svg/>"}),
    "shows a memory address": printed("<function f at 0x7f3a2b1c4d50>"),
    "shows a path of one machine": printed("/home/ann/digits.npz"),
    "shows an unrounded float, 0.1234567": printed("p = 0.1234567"),
    "has a magic: %%time": source("%%time\nx = 1"),
    "Output widget": source("import ipywidgets\nipywidgets.Output()"),
    "interact is not stored": source("from ipywidgets import interact"),
    "clear_output": source("from IPython.display import clear_output\nclear_output()"),
    "input() stops": source("input('name')"),
    "a warning names": source("import warnings\nwarnings.warn('x')"),
    "SVG figures have": source("set_matplotlib_formats('svg')"),
    "display_id": source("display(1, display_id=True)"),
    "predict without verbose=": edit("round-2-run", ", verbose=0", ""),
    "picture without alt text": output("display_data", data={"image/png": "iVBOR"}),
    "'round-3-run' has a picture without alt text": output(
        "display_data", cell="round-3-run", data={"text/html": PICTURE.replace("a digit", "")}
    ),
    "'round-3-run' has a picture, and no sentence": output(
        "display_data", cell="round-3-run", data={"text/html": PICTURE}
    ),
    "'widget' has a picture, and no sentence": picture_without_sentence,
    "the link 02_train.ipynb leads nowhere": edit("next", "03_three_ways_to_predict", "02_train"),
    "the link http://keras.io leads nowhere": edit("next", "Next", "[Next](http://keras.io)"),
    "there is no heading for 00_start_here.ipynb#The-map": edit(
        "title", "#The-lessons", "#The-map"
    ),
}


@pytest.mark.parametrize("complaint", SPOILERS)
def test_each_rule_bites(complaint, read_lesson):
    found = spoil(read_lesson(DIGITS), SPOILERS[complaint])
    assert any(complaint in one for one in found), found


HAPPENED = {  # what must be seen for the answer in questions.toml to be the right one
    "00a": r"places ([1-9]|10)(, ([1-9]|10))* of 359",
    "00b": r"the same classes three times, as ndarray, ndarray, EagerTensor",
    "01a": r"130 became 4",
    "01b": r"an error that never says 'batch'",
    "01c": r"28 rows came back, and no error",
    "03a": r"2 of 3 are NumPy arrays",
    "03b": r"2 lines in the first call, 0 in the second",
    "03c": r"predict_on_batch was first, predict was last",
    "05a": r"the data pipeline took longest",
    "05b": r"2 lines for 10 batches",
    "05c": r"(\d+) unsure before, \1 after",
    "06a": r"took over 3 times as much: True",
    "06b": r"predict_on_batch was first, predict was last",
    "06c": r"2 graphs for 5 sizes",
    "06d": r"quicker: True, 32 times as quick: False",
    "07a": r"359 rows, the same as from the array: True",
    "07b": r"over 10 times as long: True",
    "07c": r"piled up in predict: True; in a stream they did not: True",
    "07d": r"about as long with prefetch\(1\) as without: True",
    "09a": r"a new model: ValueError; after predict: classes of shape \(1, 10\)",
    "09b": r"\(32, 10\) without the axis, then ValueError for the right images",
    "09c": r"other answers each time from model\(x\)$",
    "09d": r"on this machine, predict: (NaN|numbers), model\(x\): (NaN|numbers)",  # either is C
    "10a": r"[0-9]% fewer are right; nearly all have probability 1: True",
    "10b": r"28 rows for one image, and no error",
    "10c": r"most rows stand beside another sample's label",
    "10d": r"9 of 10 are found; the one with nothing wrong is not",
}


def happenings(notebook):
    """Return what each reveal of a lesson says that happened, by question."""
    texts = [
        output.data["text/plain"]
        for cell in code_cells(notebook)
        if cell.id.endswith("-reveal")
        for output in cell.outputs
    ]
    return {text[8:11]: re.search("What happened: (.*)", text)[1] for text in texts}


def test_what_happens_is_what_the_questions_hold_for_right(read_lesson):
    seen = {}
    for path in LESSONS:
        seen |= happenings(read_lesson(path))
    assert seen.keys() == HAPPENED.keys()
    for id, pattern in HAPPENED.items():
        assert re.search(pattern, seen[id]), f"{id}: {seen[id]}"
