"""Exercise sheets: a lesson without solutions and teacher's notes, with a graded cell.

nbgrader gives a test cell as many points as the number that its last line shows
(``nbgrader/utils.py``, ``get_partial_grade``), so the graded cell shows 1 or 0 and raises nothing:
Run All goes on to the end on a sheet that nobody has answered yet. The cell with the answer bears
no mark of nbgrader's, because ``ClearSolutions`` empties every cell marked as a solution in which
no solution is marked.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from kerasdemo.lesson_files.copying import fresh
from kerasdemo.lesson_files.finding import Notebook, put_text, text_of

FOLDED = re.compile(
    r"<details>\s*<summary>(Solution|For the teacher)\b[^<]*</summary>.*?</details>\s*", re.DOTALL
)
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
NBGRADER = {
    "cell_type": "code",
    "grade": True,
    "locked": True,
    "points": 1,
    "schema_version": 3,
    "solution": False,
    "task": False,
}


def strip(notebook: Notebook) -> Notebook:
    """Return an exercise sheet made from a lesson: what would give an answer away is gone.

    Raises
    ------
    ValueError
        A solution begins and does not end.
    """
    sheet = fresh(notebook)
    cells = []
    for cell in sheet["cells"]:
        text = _without_regions(FOLDED.sub("", text_of(cell)), cell)
        if not text.strip():
            continue
        if text != text_of(cell):
            put_text(cell, text.rstrip())
        if BEGIN in text_of(cell) or END in text_of(cell):
            raise ValueError(f"Cell {cell.get('id')!r}: {BEGIN} and {END} are not in pairs.")
        cell["metadata"].pop("nbgrader", None)
        cells.append(cell)
        if cell["cell_type"] == "code":
            cells += [_graded(*judged) for judged in checks(text)]
    sheet["cells"] = cells
    return sheet


def _without_regions(text: str, cell: dict[str, Any]) -> str:
    """Take out what stands between nbgrader's marks; in code three dots take its place."""
    dots = r"\g<indent>...\n" if cell["cell_type"] == "code" else ""
    region = rf"^(?P<indent>[ \t]*)[^\n]*{BEGIN}.*?{END}[^\n]*\n?"
    return re.sub(region, dots, text, flags=re.DOTALL | re.MULTILINE)


def checks(code: str) -> list[tuple[str, str]]:
    r"""Return the exercises that a cell checks: each id, and the arguments as they are written.

    Raises
    ------
    ValueError
        A cell that checks something is no Python.

    Examples
    --------
    >>> checks('own = ...\nkd.check("03-own-loop", own, like=a)')
    [('03-own-loop', '"03-own-loop", own, like=a')]
    """
    found = []
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if "check(" not in code:
            return []  # a command of the notebook's own, such as %pip, and no exercise
        line = code.strip().partition("\n")[0]
        raise ValueError(f"The cell that begins with {line!r:.60} is no Python: {error}.") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("kd.check", "check"):
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
            names = [*[""] * len(node.args), *(f"{k.arg}=" for k in node.keywords)]
            written = [
                name + (ast.get_source_segment(code, part) or "")
                for name, part in zip(names, parts, strict=True)
            ]
            if parts and isinstance(first := parts[0], ast.Constant):
                found.append((str(first.value), ", ".join(written)))
    return found


def _graded(id: str, arguments: str) -> dict[str, Any]:
    """Return nbgrader's test cell for one exercise: one point, or none."""
    name = "grade-" + re.sub(r"[^A-Za-z0-9_-]", "-", id)
    lines = [
        "# Graded: this shows 1 when the check above says yes, and 0 otherwise.\n",
        "from kerasdemo.quiz import judge\n",
        "\n",
        f"int(bool(judge({arguments})))",
    ]
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"nbgrader": {**NBGRADER, "grade_id": name}},
        "outputs": [],
        "source": lines,
    }
