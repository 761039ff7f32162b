import io
import sys

import pytest

from kerasdemo._progress import progress_bar, somebody_looks


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def no_notebook(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.delenv("TQDM_DISABLE", raising=False)


def written(**options):
    with progress_bar(3, desc="work", file=sys.stderr, **options) as bar:
        bar.update(3)
    return sys.stderr.getvalue()


def test_a_terminal_sees_the_bar(no_notebook, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert "work" in written()


@pytest.mark.parametrize(("stream", "shown"), [(io.StringIO, True), (Terminal, False)])
def test_a_file_sees_nothing_and_a_bar_can_be_hidden(no_notebook, monkeypatch, stream, shown):
    monkeypatch.setattr(sys, "stderr", stream())
    assert written(shown=shown) == ""


def test_who_looks(no_notebook, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert not somebody_looks()
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    assert not somebody_looks(), "a kernel under test has no reader"
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert somebody_looks()
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    assert not somebody_looks(), "the cells of a page of Voila's have run before it is shown"
