"""Signs beyond ASCII, and what stands for them where the output's encoding does not know them."""

from __future__ import annotations

import sys

PLAIN = {"≠": "!=", "✓ ": "", "✗": "x", "·": "-", "→": "->", "…": "...", "█": "#"}


def printable(text: str) -> str:
    """Put plain signs for those that standard output's encoding does not know.

    Examples
    --------
    >>> printable("plain")
    'plain'
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        for sign, plain in PLAIN.items():
            text = text.replace(sign, plain)
        text = text.encode(encoding, "replace").decode(encoding)
    return text
