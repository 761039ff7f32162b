"""A small notebook for the tests of the tools, and the lessons for the tests of the lessons."""

from __future__ import annotations

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from places import LESSONS


@pytest.fixture(params=LESSONS, ids=[path.stem for path in LESSONS])
def lesson(request):
    return request.param


@pytest.fixture(scope="session")
def read_lesson():
    """Read a lesson once, hand out copies that a test may spoil."""
    read = {path: nbformat.read(path, as_version=4) for path in LESSONS}
    return lambda path: copy.deepcopy(read[path])


@pytest.fixture
def write_notebook(tmp_path):
    """Write a notebook of these cells: code, or text when it begins with a hash."""

    def write(*sources, name="90_small.ipynb", tags=()):
        cells = [new_markdown_cell(s) if s.startswith("# ") else new_code_cell(s) for s in sources]
        for cell in cells:
            if cell.cell_type == "code" and tags:
                cell.metadata["tags"] = list(tags)
        path = tmp_path / name
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return write
