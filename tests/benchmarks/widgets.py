"""Measure the widgets in one JupyterLab, from what a hand does to the frame that shows it.

Everything is measured inside the page. The clock starts at the event's own time stamp, which the
browser sets when the key or the mouse reaches it (Playwright presses real keys through the
browser's own input). In each frame, once it is laid out and painted, a task looks at what the
widget shows; the first frame that shows something else stops the clock. What is looked at is the
widget's markup without its attributes for screen readers, and the address of a picture once it
is decoded. So the same clock judges a canvas, a bar and a matplotlib figure.

``interact`` with matplotlib, the digit and its bars as the usual teaching notebook has them, is
beside the widgets in the same notebook and takes turns with them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from rows import Measured
from widget_keys import bench_keys, bench_ten
from widget_session import ROOT, Session
from widget_views import bench_opening, bench_scroll, bench_strokes


def bench_bytes() -> Iterator[Measured]:
    """Add up the JavaScript."""
    scripts = (ROOT / "kerasdemo" / "widgets").glob("*.js")
    total = sum(script.stat().st_size for script in scripts)
    met = total < 60_000
    yield Measured("JavaScript in all", f"{total:,} bytes", "under 60,000", met, {"bytes": total})


def bench_widgets() -> Iterator[Measured]:
    """Measure them all, one after the other."""
    yield from bench_bytes()
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder))
        try:
            for bench in (bench_keys, bench_strokes, bench_opening, bench_ten, bench_scroll):
                yield from bench(session)
        finally:
            session.close()
