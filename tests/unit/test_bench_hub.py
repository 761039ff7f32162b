"""The hub's bench: what it counts, and what it writes. Servers and kernels are not started here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads Linux's /proc")
if sys.platform == "linux":
    pytest.importorskip("websocket", reason="comes with JupyterLab: make install")
    import bench_hub
    import hub_class
    import hub_memory
    import hub_setups
    import hub_table
    import hub_work

GROWS = """
import sys
print("up", flush=True)
sys.stdin.readline()
held = b"x" * 50_000_000
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def child() -> Any:
    process = subprocess.Popen(
        [sys.executable, "-c", GROWS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_memory_that_a_process_takes_is_seen(child: Any) -> None:
    before = hub_memory.use_of(child.pid)
    child.stdin.write("\n")
    child.stdin.flush()
    child.stdout.readline()
    after = hub_memory.use_of(child.pid)
    for name in ("private", "shared_out", "bound"):
        assert 49 < getattr(after, name) - getattr(before, name) < 55, name
    assert after.private <= after.shared_out + 1


def test_who_has_ended_takes_nothing() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert hub_memory.use_of(process.pid) == hub_memory.Use()
    assert hub_memory.children_of(process.pid) == []
    assert hub_memory.processor_seconds(process.pid) == 0


def test_children_are_counted(child: Any) -> None:
    assert child.pid in hub_memory.children_of(os.getpid())


def test_a_watch_keeps_the_highest_of_each_and_of_all(child: Any) -> None:
    groups = {"one": lambda: [child.pid], "two": lambda: [child.pid]}
    with hub_memory.Watch(groups, 0.01) as watch:
        child.stdin.write("\n")
        child.stdin.flush()
        child.stdout.readline()
        looks = watch.peaks["one"].looks
        while watch.peaks["two"].looks < looks + 3:
            pass
    one, whole = watch.peaks["one"].use, watch.together.use
    assert one.private > 49
    assert whole.private == pytest.approx(2 * one.private, rel=0.05)


def test_processor_seconds_are_a_processs_and_its_childrens() -> None:
    before = hub_memory.processor_seconds(os.getpid())
    code = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert hub_memory.processor_seconds(os.getpid()) - before >= 0.25


def figures(p95: float = 40.0) -> dict[str, Any]:
    """Return what a class came to."""
    return {
        "finished": 2, "raised": [], "spawn": [1.0, 3.0, 2.0], "kernel": [1.0], "widget": [],
        "lessons": {"03": [10.0, 12.0]}, "processor": 9.6, "private": 300.4, "shared_out": 351.0,
        "together": 702.0, "machine": 800.0, "answer": {"median": 20.0, "p95": p95, "count": 9},
    }  # fmt: skip


def report(p95: float = 40.0, needs: float = 300.0) -> dict[str, Any]:
    """Return a report with one set-up."""
    lean = {"words": "thin", "class": figures(p95), "limits": {"03": needs}}
    return {"words": "A machine.", "students": 2, "setups": {"lean": lean}}


def test_the_table_says_what_was_measured() -> None:
    text = hub_table.as_markdown(report())
    for line in (
        "| server answers, s | 2.0, 3.0 |",
        "| first widget of a lesson, s | - |",
        "| lesson 03, top to bottom, s | 12.0, 12.0 |",
        "| finished | 2 of 2 |",
        "| widget's answer, median, p95, ms | 20, 40 |",
        "| lesson 03 | 300 |",
    ):
        assert line in text.splitlines(), line


def test_only_the_marked_part_of_a_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert not hub_table.fill(page, "new")
    page.write_text("before\n<!-- bench-hub -->\nold\n<!-- /bench-hub -->\nafter\n")
    assert hub_table.fill(page, r"new \1")
    marked = "<!-- bench-hub -->\nnew \\1\n<!-- /bench-hub -->"
    assert page.read_text() == f"before\n{marked}\nafter\n"
    page.write_text("no marks")
    assert not hub_table.fill(page, "new")
    assert page.read_text() == "no marks"


@pytest.mark.parametrize(
    ("p95", "needs", "finished", "met"),
    [(40, 300, 2, True), (61, 300, 2, False), (40, 601, 2, False), (40, 300, 1, False)],
)
def test_budgets(p95: float, needs: float, finished: int, met: bool, capsys: Any) -> None:
    told = report(p95, needs)
    told["setups"]["lean"]["class"]["finished"] = finished
    assert bench_hub.say_verdicts(told) is met
    assert ("MISSED" in capsys.readouterr().out) is not met


def test_what_was_before_need_not_meet_them() -> None:
    told = report(100.0)
    told["setups"]["before"] = told["setups"].pop("lean")
    assert bench_hub.say_verdicts(told)


def test_percentiles() -> None:
    assert hub_work.percentiles([1.0]) is None
    came = hub_work.percentiles([float(n) for n in range(1, 102)])
    assert came == {"median": 51.0, "p95": 96.0, "count": 101}


def test_one_who_fails_does_not_stop_the_others() -> None:
    done = []

    def fail() -> None:
        raise RuntimeError("no")

    raised = hub_work.at_once([fail, lambda: done.append(1)])
    assert done == [1]
    assert [str(error) for error in raised] == ["no"]


def test_a_lessons_cells_are_its_code() -> None:
    cells = hub_work.cells_of("03")
    assert any("model.predict_on_batch(images)" in code for code in cells)
    assert hub_work.file_of("03") == "03_three_ways_to_predict.ipynb"


class Wire:
    """A websocket that says what it was told to."""

    def __init__(self, *messages: Any) -> None:
        self.messages = list(messages)
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)

    def recv(self) -> Any:
        return self.messages.pop(0)


def test_a_message_with_buffers_is_read() -> None:
    body = b'{"msg_type": "comm_msg"}'
    start = 12
    parts = [2, start, start + len(body)]
    data = b"".join(part.to_bytes(4, "big") for part in parts) + body + b"\x00\x01"
    page = hub_class.Page(Wire(data))
    assert page.receive() == {"msg_type": "comm_msg"}


def test_a_set_up_has_a_share_of_the_cores(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(hub_setups.os, "sched_getaffinity", lambda _: set(range(16)))
    setup = hub_setups.setup_of("lean", tmp_path, None, 8)
    assert setup.environment["TF_NUM_INTRAOP_THREADS"] == "2"
    before = hub_setups.setup_of("before", tmp_path, tmp_path, 8)
    assert "TF_NUM_INTRAOP_THREADS" not in before.environment
