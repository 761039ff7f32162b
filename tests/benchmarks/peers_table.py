"""The peers as tables: one for each batch size on a terminal, one in all as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HEADS = ("ms", "quartiles", "samples/s", "of predict", "first ms", "apart")
WIDTHS = (9, 17, 11, 12, 10, 9)


def milliseconds(seconds: float) -> str:
    """Write seconds as milliseconds with three figures.

    >>> [milliseconds(s) for s in (0.0000951, 0.00456, 0.0789, 1.234567)]
    ['0.095', '4.56', '78.9', '1,235']
    """
    value = seconds * 1e3
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


def times(ratio: float) -> str:
    """Write a time as a multiple of predict's.

    >>> times(0.0241), times(1.26)
    ('0.024', '1.26')
    """
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def row(cell: dict[str, Any]) -> tuple[str, ...]:
    """Write the cells of one way at one batch size."""
    return (
        milliseconds(cell["median"]),
        " to ".join(map(milliseconds, cell["quartiles"])),
        f"{cell['samples_per_second']:,.0f}",
        times(cell["of_predict"]),
        milliseconds(cell["first_call"]),
        f"{cell['difference']:.0e}" if cell["difference"] else "0",
    )


def of_size(measured: dict[str, Any]) -> dict[int, list[dict[str, Any]]]:
    """Group the cells by batch size."""
    sizes: dict[int, list[dict[str, Any]]] = {}
    for cell in measured["cells"]:
        sizes.setdefault(cell["size"], []).append(cell)
    return sizes


def threads(measured: dict[str, Any]) -> str:
    """Say how many threads each way had."""
    return f"{measured['threads']} intra-op threads for each"


def text(measured: dict[str, Any]) -> str:
    """Write a table for each batch size."""
    lines = [
        f"One batch from NumPy to NumPy, {threads(measured)}: median and quartiles of a warm call,",
        "its time as a multiple of predict's; the very first call at this batch size, in a new",
        "Python, in this order; how far the farthest probability is from predict's.",
    ]
    for size, cells in of_size(measured).items():
        heads = [head.rjust(width) for head, width in zip(HEADS, WIDTHS, strict=True)]
        lines += ["", f"batch of {size:,}".ljust(20) + "".join(heads)]
        for cell in cells:
            values = [v.rjust(width) for v, width in zip(row(cell), WIDTHS, strict=True)]
            lines.append(cell["way"].ljust(20) + "".join(values))
    return "\n".join([*lines, ""])


def markdown(measured: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of one table: ways down, batch sizes across; first calls at the first."""
    sizes = of_size(measured)
    least = min(sizes, default=0)
    heads = [f"{size:,}" for size in sizes]
    yield f"Milliseconds for one batch of so many images, {threads(measured)}; in brackets, the"
    yield "time as a multiple of `predict`'s."
    yield ""
    yield "| | " + " | ".join(heads) + f" | first call at {least:,} |"
    yield "|---" + "|--:" * (len(heads) + 1) + "|"
    for way in dict.fromkeys(cell["way"] for cell in measured["cells"]):
        found = {cell["size"]: cell for cell in measured["cells"] if cell["way"] == way}
        cells = [
            f"{milliseconds(found[size]['median'])} ({times(found[size]['of_predict'])})"
            if size in found
            else ""
            for size in sizes
        ]
        first = milliseconds(found[least]["first_call"]) if least in found else ""
        yield f"| {way} | " + " | ".join([*cells, first]) + " |"
