"""Signs that a place cannot hold: those of an output's encoding, and those of XML."""

from __future__ import annotations

import re
import sys

PLAIN = {"≠": "!=", "✓ ": "", "✗": "x", "·": "-", "→": "->", "…": "...", "█": "#", "×": "x"}
PLAIN |= {"–": "-", "—": "-"}
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_signs(text: str) -> str:
    r"""Drop the characters that XML cannot hold, such as those that colour a terminal.

    Examples
    --------
    >>> xml_signs("red: \x1b[31m")
    'red: [31m'
    """
    return NOT_XML.sub("", text)


def printable(text: str) -> str:
    r"""Put plain signs for those that standard output's encoding does not know.

    What has no plain sign, such as a letter in the name of a folder, is written as ``\xfc``.

    Examples
    --------
    >>> printable("plain")
    'plain'
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    # With LC_ALL=C, names of files are held as they were read, and can be written so.
    raw = getattr(sys.stdout, "errors", None) == "surrogateescape"
    errors = "surrogateescape" if raw else "strict"
    if _known(text, encoding, errors):
        return text
    for sign, plain in PLAIN.items():
        text = text.replace(sign, plain)
    return "".join(
        each
        if _known(each, encoding, errors)
        else each.encode("ascii", "backslashreplace").decode()
        for each in text
    )


def _known(text: str, encoding: str, errors: str) -> bool:
    try:
        text.encode(encoding, errors)
    except UnicodeEncodeError:
        return False
    return True
