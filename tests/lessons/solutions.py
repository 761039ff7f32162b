"""A lesson's solution as a program: what it depends on, the solution, the check, and nothing else.

To run a whole lesson for the sake of its last cell takes minutes for the series. Here the
statements that make what the exercise uses are picked out by the names that they set, and all
lessons' programs run in one process, where TensorFlow starts once.

As a script it reads ``{lesson: program}`` as JSON from standard input, and writes
``{lesson: {"said": ..., "error": ..., "seconds": ...}}``.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import sys
import time
import traceback
from collections.abc import Iterable
from typing import Any

DOTS = "..."
WRITERS = ("save", "export")  # methods that leave something where their argument says


def program(notebook: Any) -> str:
    """Return the code that answers a lesson's exercise with its own solution, and checks it."""
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    ids = [cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    answered = put_in(cells["exercise-check"]["source"], solution(notebook))
    before = ids[: ids.index("exercise-check")]
    statements = [node for id in before for node in ast.parse(cells[id]["source"]).body]
    return "\n".join([*map(ast.unparse, needed(statements, answered)), answered])


def solution(notebook: Any) -> str:
    """Return the code of a lesson's solution."""
    (cell,) = (cell for cell in notebook["cells"] if cell["id"] == "solution")
    return cell["source"].split("### BEGIN SOLUTION")[1].split("```python\n")[1].split("```")[0]


def put_in(given: str, answer: str) -> str:
    r"""Put an answer where a cell's three dots are.

    Examples
    --------
    >>> put_in("a = 1\nb = ...  # yours\nc = ...\ncheck(b, c)", "b = a\nc = b")
    'a = 1\nb = a\nc = b\ncheck(b, c)'
    """
    lines = given.splitlines()
    dots = [i for i, line in enumerate(lines) if line.split("#")[0].rstrip().endswith(f"= {DOTS}")]
    kept = [line for i, line in enumerate(lines) if i not in dots]
    return "\n".join([*kept[: dots[0]], answer.rstrip(), *kept[dots[0] :]])


def needed(statements: list[ast.stmt], code: str) -> list[ast.stmt]:
    r"""Return, in their order, the statements on whose names the code depends.

    A name that is set anew needs nothing of what it was.

    Examples
    --------
    >>> lines = ast.parse("a = 1\nb = 2\nc = [a]\nc.append(3)\nprint(b)").body
    >>> [ast.unparse(line) for line in needed(lines, "sum(c)")]
    ['a = 1', 'c = [a]', 'c.append(3)']
    """
    modules = {name for node in statements if is_import(node) for name in sets(node)}
    bodies = {name: reads(node) for node in statements if is_body(node) for name in sets(node)}
    late = set[str]()  # what functions read, whenever it was set
    wanted, chosen = unset(ast.parse(code).body), []
    for node in reversed(statements):
        for name in wanted & bodies.keys():
            late |= bodies[name]
        touched = sets(node) | (changes(node) - modules)
        if touched & (wanted | late) or "seed" in ast.unparse(node):
            chosen.append(node)
            if isinstance(node, ast.Assign):
                wanted -= sets(node)  # what it was before does not matter
            wanted |= reads(node)
    return chosen[::-1]


def unset(statements: list[ast.stmt]) -> set[str]:
    """Return the names that some statements read and have not set before.

    Examples
    --------
    >>> sorted(unset(ast.parse("a = b\nc = a").body))
    ['b']
    """
    read, known = set[str](), set[str]()
    for node in statements:
        read |= reads(node) - known
        known |= sets(node)
    return read


def is_body(node: ast.stmt) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.ClassDef))


def is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def reads(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def sets(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return {n.id for n in stored if isinstance(n.ctx, ast.Store)}


def changes(node: ast.stmt) -> set[str]:
    """Return the names whose objects a statement may change: by a method or by an item."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return set()
    if isinstance(node, ast.Expr) and ast.unparse(node).startswith("print("):
        return set()
    found: set[str] = set()
    for n in ast.walk(node):
        if isinstance(n, (ast.Attribute, ast.Subscript)) and isinstance(n.ctx, ast.Store):
            found |= root(n)
        elif (
            isinstance(n, ast.Call)
            and isinstance(n.func, ast.Attribute)
            and not isinstance(node, ast.Assign)
        ):
            found |= root(n.func)
            if n.func.attr in WRITERS:
                found |= reads(n)
    return found


def root(node: ast.AST) -> set[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def run_all(programs: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Run each program in a namespace of its own, and collect what it prints."""
    return {name: run(name, code) for name, code in programs.items()}


def run(name: str, code: str) -> dict[str, Any]:
    """Run one program."""
    said, error, start = io.StringIO(), "", time.monotonic()
    file = f"<{name}>"
    linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(code, file, "exec"), {"__name__": "lesson"})
        except BaseException:
            error = traceback.format_exc(limit=-3)
    return {"said": said.getvalue(), "error": error, "seconds": time.monotonic() - start}


def main(lines: Iterable[str]) -> None:
    """Run what stands in the JSON."""
    print(json.dumps(run_all(json.loads("".join(lines)))))


if __name__ == "__main__":
    main(sys.stdin)
