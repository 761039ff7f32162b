"""How long a lesson takes a reader, estimated from what is on its pages.

The rates:

- words: 200 a minute. Brysbaert (2019, *How many words do we read per minute?*) finds 238 for
  silent reading of non-fiction in English; Carver (1992, *Reading rate*) 200 for reading to learn,
  which is what a lesson asks for. Questions, with their choices and one reply, are words, too.
- a line of code: 4 seconds, to read it and to compare it with its output.
- a code cell: 6 seconds, to run it and to look at what came.
- a question: 20 seconds to think, besides the words.
- the widget: 90 seconds to play. An exercise: 5 minutes.

The first is other people's measurement. The others are this project's judgement, chosen so that the
sum agrees with the minutes that authors had named; no class has been timed with a clock yet. What
is folded up (solution, notes for the teacher) is not counted.
"""

from __future__ import annotations

import re

from nbformat import NotebookNode

from kerasdemo.asking import texts

WORDS_A_MINUTE = 200
SECONDS = {"line": 4, "cell": 6, "question": 20, "widget": 90, "exercise": 300}
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
ASKED = re.compile(r'kd\.(?:predict_first|ask|order)\("(\w+)"')


def words(text: str) -> int:
    """Count what is read: words, and numbers between them."""
    return len(re.findall(r"\w[\w'.-]*", text))


def page(notebook: NotebookNode, *, folded: bool = True) -> str:
    """Return the text of a lesson without code blocks, comments, tags and addresses."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    if not folded:
        text = FOLDED.sub(" ", text)
    text = re.sub(r"```.*?```|<!--.*?-->", " ", text, flags=re.DOTALL)
    return re.sub(r"<[^>]+>|\]\([^)]*\)", " ", text)


def question_words(id: str) -> int:
    """Count a question's words: prompt, choices or lines, the rule, the longest reply."""
    text = texts.question_text(id)
    choices = list(getattr(text, "choices", {}).values())
    shown = [text.prompt, text.rule, *getattr(text, "lines", ()), *(one.text for one in choices)]
    replies = [one.reply for one in choices or getattr(text, "wrong", ())]
    replies += [getattr(text, name, "") for name in ("reply", "otherwise")]
    return sum(map(words, shown)) + max(map(words, replies))


def minutes(notebook: NotebookNode) -> float:
    """Estimate the minutes that a student needs to read a lesson and do it."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    source = "\n".join(cell.source for cell in code)
    asked = ASKED.findall(source)
    lines = sum(bool(line.strip()) for line in source.splitlines())
    read = words(page(notebook, folded=False)) + sum(question_words(id) for id in asked)
    counts = {
        "line": lines,
        "cell": len(code),
        "question": len(asked),
        "widget": sum(cell.id == "widget" for cell in code),
        "exercise": len(re.findall(r"kd\.check\(\"", source)),
    }
    seconds = sum(SECONDS[what] * count for what, count in counts.items())
    return read / WORDS_A_MINUTE + seconds / 60
