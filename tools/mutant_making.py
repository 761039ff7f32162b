"""Make mutants of a source file: copies with one small fault each, by cosmic-ray's operators.

Left out of cosmic-ray's operators are those that replace variables by random numbers, and most of
its replacements of one arithmetic or comparison sign by another (``+`` becomes eleven others there,
which tests notice alike): `CHANGES` has those kept. Mutants that differ from the original in
annotations, docstrings or ``if TYPE_CHECKING`` alone, that do not compile, or that are there twice
are not made.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "build" / "cosmic-ray"
CHANGES = {
    # the opposite, or the nearest that gives another value of the same kind
    "BinaryOperator": "Add_Sub Sub_Add Mul_FloorDiv Div_Mul FloorDiv_Mul Mod_Mul Pow_Mul "
    "RShift_LShift LShift_RShift BitOr_BitAnd BitAnd_BitOr BitXor_BitOr",
    # the opposite, and the neighbour on the border
    "ComparisonOperator": "Eq_NotEq NotEq_Eq Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt "
    "GtE_Lt Is_IsNot IsNot_Is",
}
RANDOM = {"VariableReplacer", "VariableInserter"}


@dataclass(frozen=True)
class Mutant:
    """One fault: the file, from the root; where and what; and the whole text with the fault."""

    file: str
    line: int
    operator: str
    before: str
    after: str
    text: str

    @property
    def key(self) -> tuple[str, int, str, str]:
        """What names the fault as long as the file is as it was."""
        return self.file, self.line, self.before, self.after


def operators() -> dict[str, Any]:
    """Return cosmic-ray's operators that are used, by name.

    Raises
    ------
    ImportError
        If cosmic-ray is not there; the message says how to get it.
    """
    if FOLDER.is_dir() and str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))  # behind what is installed: nothing there is overruled
    try:
        provider = importlib.import_module("cosmic_ray.operators.provider").OperatorProvider()
    except ImportError as error:
        raise ImportError(f"{error}: cosmic-ray is missing. `make mutants` fetches it") from None
    return {name: provider[name] for name in provider if _used(name)}


def _used(name: str) -> bool:
    kind = re.match(r"Replace(BinaryOperator|ComparisonOperator)_(\w+)", name)
    return name not in RANDOM and (not kind or kind[2] in CHANGES[kind[1]].split())


def mutants_of(root: Path, file: str) -> list[Mutant]:
    """Return every mutant of a file, in the order of its lines."""
    source = (root / file).read_text(encoding="utf-8")
    return sorted(different(file, source, mutations(source)), key=lambda mutant: mutant.line)


def mutations(source: str) -> Iterator[tuple[str, str]]:
    """Yield the name of an operator and what it makes of the source, once for each place."""
    used = operators()
    tree = importlib.import_module("cosmic_ray.ast")
    mutate = importlib.import_module("cosmic_ray.mutating").mutate_code
    nodes = list(tree.ast_nodes(tree.get_ast(source)))
    for name, operator in used.items():
        places = sum(len(list(operator().mutation_positions(node))) for node in nodes)
        for place in range(places):
            yield name, mutate(source, operator(), place)


def different(file: str, source: str, made: Iterable[tuple[str, str]]) -> Iterator[Mutant]:
    """Yield the mutants that mean something else than the source, and than each other."""
    seen = {meaning(source)}
    for operator, text in made:
        try:
            new = meaning(text)
        except SyntaxError:
            continue
        if new not in seen:
            seen.add(new)
            line, before, after = change(source, text)
            yield Mutant(file, line, operator, before, after, text)


def meaning(source: str) -> str:
    """Return what can matter of a source: no docstrings, annotations, imports for the checker."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(value=None)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            node.test, node.body = ast.Constant(value=None), []
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [part for part in body if not _is_text(part)]  # type: ignore[attr-defined]
    compile(source, "mutant", "exec")  # ast.parse lets pass what cannot be compiled
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant and isinstance(node.value.value, str)  # type: ignore[attr-defined]


def change(source: str, text: str) -> tuple[int, str, str]:
    r"""Return the number of the first line that differs, and the lines before and after.

    Where a line is gone, the next one is shown, too, to say where it was.

    Examples
    --------
    >>> change("a = 1\nb = 2\n", "a = 1\nb = 3\n")
    (2, 'b = 2', 'b = 3')
    >>> change("@property\ndef a(self):\n    pass\n", "def a(self):\n    pass\n")
    (1, '@property\ndef a(self):', 'def a(self):')
    """
    old, new = source.splitlines(), text.splitlines()
    same = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0
    )
    end = 0
    while end < min(len(old), len(new)) - same and old[-1 - end] == new[-1 - end]:
        end += 1
    if len(new) - end <= same and end:
        end -= 1
    before = "\n".join(line.strip() for line in old[same : len(old) - end])
    return same + 1, before, "\n".join(line.strip() for line in new[same : len(new) - end])
