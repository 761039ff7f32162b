"""What measuring every claim of the ledger takes, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

from rows import Measured

MINUTES = 5
COMMAND = ("-m", "kerasdemo", "claims", "--json")


def bench_ledger() -> Iterator[Measured]:
    """Run ``python -m kerasdemo claims`` whole; no measurement may break."""
    start = time.monotonic()
    done = subprocess.run([sys.executable, *COMMAND], capture_output=True, text=True)
    seconds = time.monotonic() - start
    yield judged(seconds, done.returncode, done.stdout)


def judged(seconds: float, status: int, printed: str) -> Measured:
    """Make the row from what the command printed."""
    what, budget = "the ledger of claims, whole", f"under {MINUTES} min, none broken"
    try:
        ledger = json.loads(printed)
    except ValueError:
        return Measured(what, f"ended with status {status} and no JSON", budget, False)
    claims = ledger["claims"]
    slowest = max(claims, key=lambda claim: claim["seconds"])
    counts = ", ".join(f"{count} {verdict}" for verdict, count in ledger["counts"].items())
    figure = (
        f"{seconds / 60:.1f} min for {len(claims)} claims ({counts}); "
        f"the slowest: {slowest['id']}, {slowest['seconds']:.0f} s"
    )
    data = {
        "seconds": seconds,
        "counts": ledger["counts"],
        "claims": {claim["id"]: claim["seconds"] for claim in claims},
    }
    return Measured(what, figure, budget, status == 0 and seconds < 60 * MINUTES, data)
