"""An exception in one line that tells what is wrong."""

from __future__ import annotations

import re

COLOURS = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f]")  # and what no page can show
WRAPPER = "Exception encountered when calling"  # what Keras writes above the error itself
HEADING = re.compile(  # what TensorFlow writes above it: titles, the graph's node, places in code
    r"in user code:$|Graph execution error:$|Detected at node |<stack traces|File \""
)
NODE = re.compile(  # the graph's node, the operation, the place in a Dataset's pipeline
    r"\{\{.*?\}\} ?| *\[Op:\w+\](?: name:.*)?"
    r"|Error in user-defined function passed to \S+ transformation with iterator: \S+: "
)
TRACED = "in user code:"  # an error while TensorFlow traces: code and places, then the error, named
NAMED = re.compile(r"(?:\w+\.)*\w*(?:Error|Exception): ")


def error_line(error: BaseException) -> str:
    r"""Write an exception in one line: its name, and what it says first.

    Above an error from a layer Keras writes a line that only names the layer, above one from a
    graph TensorFlow writes where the graph was made; the first line that tells what is wrong is
    taken.

    Examples
    --------
    >>> error_line(ValueError("too wide\nArguments received: ..."))
    'ValueError: too wide'
    >>> error_line(KeyboardInterrupt())
    'KeyboardInterrupt'
    """
    lines = [line.strip() for line in COLOURS.sub("", str(error)).splitlines() if line.strip()]
    if lines[:1] == [TRACED]:  # the lines before the error's name are code
        named = [i for i, line in enumerate(lines) if NAMED.match(line)]
        lines = [NAMED.sub("", line) for line in lines[named[0] if named else 0 :]]
    telling = [line for line in lines if not line.startswith(WRAPPER) and not HEADING.match(line)]
    said = NODE.sub("", (telling or lines or [""])[0])
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
