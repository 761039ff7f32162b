import io
import sys

import pytest

from kerasdemo.view.signs import PLAIN, printable
from kerasdemo.view.table import Row, Table


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_whatever_is_printed_can_be_encoded(encoding, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    text = "".join(PLAIN) + "é 7"
    printable(text).encode(encoding)
    assert (printable(text) == text) == (encoding == "utf-8")
    print(Table(("a", "b"), (Row("x", ("1", "2"), mark=True),)))


def test_signs_have_plain_forms(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert printable("≠ differs · é") == r"!= differs - \xe9"


def test_names_of_files_are_written_as_they_were_read(monkeypatch):
    """With LC_ALL=C and no UTF-8 mode, os.fsdecode gives "Ü" as two surrogates."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="surrogateescape")
    monkeypatch.setattr(sys, "stdout", out)
    name = "Übung".encode().decode("ascii", "surrogateescape")
    print(printable(f"✓ {name} ≠ é"), flush=True)
    assert out.buffer.getvalue().splitlines() == ["Übung != ".encode() + rb"\xe9"]
