"""A plugin of pytest that chooses tests, and notes what each takes and which lines it runs."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pytest


def file_of(test: str) -> str:
    """Return the file of a test, from its id."""
    return test.split("::")[0]


class Watch:
    """A plugin of pytest: which tests, in which order; what each takes and passes through."""

    def __init__(self, chosen: Sequence[str], left_out: Collection[str], files: Sequence[str]):
        self.places = {name: place for place, name in enumerate(chosen)}
        self.left_out = left_out
        self.files = {os.path.abspath(file): file for file in files}
        self.seconds: dict[str, float] = {}
        self.lines: dict[str, dict[str, set[int]]] = {file: {} for file in files}
        self.test = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave out, and put in order; the tests of a file stay together for their fixtures."""
        place = {item.nodeid: self.places.get(item.nodeid, -1) for item in items}
        kept = [item for item in items if getattr(item, "originalname", "") not in self.left_out]
        if self.places:
            kept = [item for item in kept if place[item.nodeid] >= 0]
        files: dict[str, int] = {}
        for item in kept:
            file = str(item.path)
            files[file] = min(files.get(file, len(items)), place[item.nodeid])
        kept.sort(key=lambda item: (files[str(item.path)], str(item.path), place[item.nodeid]))
        items[:] = kept

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """Note the processor seconds of a test."""
        self.test, start = file_of(item.nodeid), time.process_time()
        yield
        self.seconds[item.nodeid] = time.process_time() - start

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: Any) -> None:
        """Note that the setup is over."""
        self.test = item.nodeid

    def trace(self, frame: Any, event: str, argument: object) -> Any:
        """Note the lines, as ``sys.settrace`` wants it."""
        file = self.files.get(frame.f_code.co_filename)
        if file is None:
            return None
        passed = self.lines[file].setdefault(self.test, set())

        def line(frame: Any, event: str, argument: object) -> Any:
            passed.add(frame.f_lineno)
            return line

        return line(frame, event, argument)
