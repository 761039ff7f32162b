"""The fresh process: ``python -m kerasdemo.memory.child FOLDER`` runs the call that lies there.

The folder holds ``job.pickle``, the call and what prepares it, and ``path.json``, where Python
looks for modules. The process writes ``answer.json``.
"""

from __future__ import annotations

import ctypes
import gc
import json
import pickle
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from kerasdemo.memory.peaks import read_peak, rise, start


def main(folder: str) -> None:
    """Run the call of a folder and write down its memory, or what it raised."""
    place = Path(folder)
    answer = place / "answer.json"
    sys.path[:] = json.loads((place / "path.json").read_text(encoding="utf-8"))
    doing = "the call could not be unpacked"
    try:
        with (place / "job.pickle").open("rb") as job:
            call, prepare = pickle.load(job)
        doing = "`prepare` raised"
        prepared = () if prepare is None else (prepare(),)
        doing = "the call raised"
        found = measure(call, prepared)
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        found = {"error": f"{doing} {type(error).__name__}: {lines[0]}"}
    answer.write_text(json.dumps(found), encoding="utf-8")


def measure(call: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Run a call and return the fields of `MemoryUse`."""
    give_back()
    before = start()
    kept = call(*arguments)  # what the call returned stays alive until the peak is read
    peak, _ = read_peak()
    del kept
    megabytes, bound = rise(before, peak)
    baseline = before.peak if before.now is None else before.now
    return {"megabytes": megabytes, "baseline": baseline, "bound": bound, "how": before.source}


def give_back() -> None:
    """Give the system what preparing used and freed: the call must not live on it unseen."""
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # glibc alone has it
        ctypes.CDLL(None).malloc_trim(0)


if __name__ == "__main__":
    main(sys.argv[1])
