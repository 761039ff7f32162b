"""What a lesson teaches is to be seen in it: calls of Keras's, blanks with hints, a true recap.

Functions from a notebook to complaints, as in `lesson_rules`.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from functools import cache

from nbformat import NotebookNode
from places import ROOT

import kerasdemo
from kerasdemo.lesson_files.stripping import checks

# Lesson: the calls that it teaches. Each is made in one of its cells, on an object of its own.
TAUGHT = {
    "00": ("predict", "predict_on_batch", "predict_step"),
    "01": ("predict",),
    "02": ("compile", "fit", "evaluate", "predict", "save", "export", "load_model"),
    "03": ("predict", "predict_on_batch", "predict_step"),
    "04": ("predict",),
    "05": ("predict", "predict_step"),
    "06": ("predict", "predict_on_batch"),
    "07": ("predict", "predict_on_batch", "batch", "prefetch"),
    "08": ("fit", "shuffle", "batch", "prefetch", "cache", "map", "adapt"),
    "09": ("predict", "predict_on_batch", "predict_step"),
    "10": ("predict",),
    "11": ("export", "load", "Predict", "predict", "predict_on_batch"),
    "12": ("predict_on_batch", "predict", "from_items", "map_batches", "iter_batches"),
    "13": ("predict", "predict_on_batch", "predict_step"),
}
HIDDEN = {"fit", "evaluate", "save", "save_weights", "export", "load_weights"}
"""What no helper does in a lesson's stead; a trial (`try_...`) does it for itself."""
CARRIES = {"predict_dataset"}
"""What saves a model only for it to travel to a worker."""
LATE = ("00", "01", "03", "04", "06")
"""Lessons whose first questions and pictures need no TensorFlow, and do not wait for it."""
LOADS = re.compile(r"\b(load_classifier|build_classifier|import (keras|tensorflow))\b")
STOP_WORDS = """
a after all also an and any are as at be before but by can do each for from has have he her here his
how if in into is it its keep know may no not of off on once one or out own say so than that the
their them then there these they this to too two up was were what when where which who why with
without you your yours
"""
STOP = frozenset(re.findall(r"\w+", STOP_WORDS))
IRREGULAR = {
    "built": "build", "rebuilt": "rebuild", "chose": "choose", "chosen": "choose",
    "found": "find", "gave": "give", "made": "make", "saw": "see", "seen": "see",
    "sent": "send", "told": "tell", "took": "take", "went": "go", "wrote": "write",
    "written": "write", "drew": "draw", "drawn": "draw", "kept": "keep", "lost": "lose",
}  # fmt: skip


def teaching(notebook: NotebookNode, number: str) -> Iterator[str]:
    """Each taught call is made in the open; nothing of the kit's trains or saves behind it."""
    calls = {
        name: owners
        for cell in notebook.cells
        if cell.cell_type == "code"
        for name, owners in called(cell.source).items()
        if owners - {"kd"}
    }
    for name in TAUGHT.get(number, ()):
        if name not in calls:
            yield f"the lesson teaches {name}, and no cell calls it"
    if number not in TAUGHT:
        yield f"lesson {number} is not in the table of taught calls"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for name, owners in called(cell.source).items():
                open_ = name.startswith("try_") or name in CARRIES
                if "kd" in owners and name in hiding() and not open_:
                    yield f"cell {cell.id!r}: kd.{name} hides {hiding()[name]}"


def late(notebook: NotebookNode, number: str) -> Iterator[str]:
    """The first three code cells answer at once: what loads TensorFlow comes after them."""
    early = [cell for cell in notebook.cells if cell.cell_type == "code"][:3]
    for cell in early if number in LATE else ():
        if LOADS.search(cell.source):
            yield f"cell {cell.id!r} loads TensorFlow before the student has met anything"


def called(code: str) -> dict[str, set[str]]:
    """Return the methods and functions that code calls by attribute, and on what name each."""
    found: dict[str, set[str]] = {}
    if re.search(r"^\s*[%!]", code, re.MULTILINE):
        return found  # a magic; another rule complains
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else ""
            found.setdefault(node.func.attr, set()).add(name)
    return found


@cache
def hiding() -> dict[str, str]:
    """Return the kit's public functions that train or save a model somewhere below them."""
    calls = _functions()
    found = {}
    for name, home in kerasdemo._HOME.items():
        seen, todo = set(), [(f"kerasdemo.{home}", name)]
        while todo:
            here = todo.pop()
            if here in seen or here not in calls:
                continue
            seen.add(here)
            attributes, functions = calls[here]
            if hidden := sorted(attributes & HIDDEN):
                found[name] = hidden[0]
            todo += functions
    return found


def _functions() -> dict[tuple[str, str], tuple[set[str], list[tuple[str, str]]]]:
    """Return, for each function of the package, the attributes and the functions that it calls."""
    table = {}
    for path in (ROOT / "kerasdemo").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                made = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
                attributes = {f.attr for f in made if isinstance(f, ast.Attribute)}
                names = [f.id for f in made if isinstance(f, ast.Name)]
                table[module, node.name] = (
                    attributes,
                    [imported.get(name, (module, name)) for name in names],
                )
        for name, origin in imported.items():  # a folder's front door hands functions on
            table.setdefault((module, name), (set(), [origin]))
    return table


def blanks(notebook: NotebookNode, number: str) -> Iterator[str]:
    """Each three dots stand for an answer that the same cell hands to a check."""
    for cell in notebook.cells:
        if cell.cell_type != "code" or re.search(r"^\s*[%!]", cell.source, re.MULTILINE):
            continue
        body = ast.parse(cell.source)
        wanted = names_in("\n".join(f"f({arguments})" for _, arguments in checks(cell.source)))
        for node in reversed(body.body):  # what makes a checked value is wanted, too
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in wanted:
                wanted |= names_in(ast.unparse(node.value))
        for node in body.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.value) == "...":
                name = ast.unparse(node.targets[0])
                if name not in wanted:
                    yield f"cell {cell.id!r}: {name} = ... is not handed to kd.check"
    unanswered = [
        output.data["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "[Check " in output.get("data", {}).get("text/plain", "")
    ]
    for said in unanswered:
        if "Replace the three dots" not in said:
            yield f"a check of an exercise that is not answered says: {said[:60]!r}"


def names_in(code: str) -> set[str]:
    """Return the names that code reads."""
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def mirror(notebook: NotebookNode, number: str) -> Iterator[str]:
    """Each line of the recap takes up the objective at its place, in its words."""
    cells = {cell.id: cell.source for cell in notebook.cells}
    objectives = bullets(cells.get("objectives", ""))
    recap = bullets(cells.get("recap", ""))
    if len(objectives) != len(recap):
        return  # another rule says so
    shared = [[len(keywords(o) & keywords(line)) for line in recap] for o in objectives]
    for place, objective in enumerate(objectives):
        if not shared[place][place]:
            yield f"recap line {place + 1} has no key word of its objective: {objective!r}"
    places = range(len(recap))
    best = max(itertools.permutations(places), key=lambda order: _agreement(shared, order))
    if _agreement(shared, best) > _agreement(shared, tuple(places)):
        order = [place + 1 for place in best]
        yield f"the recap's lines mirror the objectives in another order: {order}"


def _agreement(shared: list[list[int]], order: tuple[int, ...]) -> int:
    return sum(shared[place][other] for place, other in enumerate(order))


def bullets(text: str) -> list[str]:
    """Return a list's items; what follows the last one, such as a table, belongs to it."""
    items = re.split(r"^- ", text, flags=re.MULTILINE)[1:]
    return [item.strip() if place == len(items) - 1 else item.split("\n\n")[0]
            for place, item in enumerate(items)]  # fmt: skip


def keywords(text: str) -> set[str]:
    """Return the stems of the words that carry a sentence's meaning.

    Examples
    --------
    >>> sorted(keywords("You rebuilt `predict_step` by hand; measuring calls."))
    ['call', 'hand', 'measur', 'predict', 'rebuild', 'step']
    """
    found = (word.lower() for word in re.findall(r"[A-Za-z]{2,}|\d+", text.replace("_", " ")))
    return {_stem(IRREGULAR.get(word, word)) for word in found if word not in STOP}


def _stem(word: str) -> str:
    for ending in ("ions", "ion", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
