"""The rows of a stream, in files or arrays: complete or absent, no batch lost, none doubled.

While rows are missing, a journal lies beside the first target: ``NAME.journal``. Its first line
says what the rows are; each further line, one for a batch, how many rows there are now, and their
checksum. A batch goes to its file first and to the journal second. So a run that is killed between
the two leaves rows that nobody counts, and they are written over. Rows that a power cut kept from
the disk are found by their checksum, and computed again.
"""

from __future__ import annotations

import operator
import zlib
from typing import Any

import numpy as np

from kerasdemo.prediction import Array, flatten
from kerasdemo.streaming import journal
from kerasdemo.streaming.targets import Target, named_targets

KINDS = "biufc"  # of numbers that a row may hold


def open_store(out: Any, *, resume: bool) -> Store:
    """Return the store for `out`, holding what an earlier run left in it if `resume` is set.

    Raises
    ------
    FileExistsError
        If a target is there already, whole or unfinished, and `resume` is not set.
    ValueError, TypeError
        If `out` is nothing that rows can be written to.
    """
    store = Store(named_targets(out))
    there = store.journal is not None and store.journal.exists()
    if there and not resume:
        raise FileExistsError(
            f"{store.journal} is there: an earlier run was not finished. Type resume=True to go on "
            "with it, or delete that file to begin again."
        )
    whole = [target for target in store.targets.values() if target.whole]
    if there:
        store.reopen()
    elif resume and len(whole) == len(store.targets):
        store.complete = True
    elif whole:
        raise FileExistsError(
            f"{whole[0].place} is there already. Delete it, or choose another name for out=."
        )
    elif resume and store.journal is None:
        raise ValueError(
            "out is an array in memory, which ends with its program: there is nothing to go on "
            'with. Give a file, out="answers.npy", or a numpy.memmap; or leave resume out.'
        )
    return store


class Store:
    """Rows of one or more outputs, appended batch by batch.

    Parameters
    ----------
    targets : dict of str to Target
        Where the rows of each output go, by the names that `kerasdemo.prediction.flatten` gives.

    Attributes
    ----------
    batches : int
        Batches stored.
    complete : bool
        Whether an earlier run has finished.
    journal : Path or None
        Where the journal lies; None if all targets are arrays in memory.
    """

    def __init__(self, targets: dict[str, Target]) -> None:
        self.targets = targets
        self.complete = False
        self._ends = [dict.fromkeys(targets, 0)]
        self._sums = dict.fromkeys(targets, 0)
        self._begun = False
        places = [target.place for target in targets.values() if target.place is not None]
        self.journal = places[0].with_name(places[0].name + ".journal") if places else None

    @property
    def batches(self) -> int:
        """Batches stored."""
        return len(self._ends) - 1

    def append(self, outputs: Any) -> None:
        """Write one batch's rows, then its line in the journal."""
        rows = self._rows(outputs)
        if not self._begun:
            self._begin(rows)
        ends = {}
        for name, part in rows.items():
            start = self._ends[-1][name]
            ends[name] = start + len(part)
            self.targets[name].write(start, part)
            self._sums[name] = zlib.crc32(part.tobytes(), self._sums[name])
        self._note({"rows": ends, "crc": self._sums})
        self._ends.append(ends)

    def compare(self, outputs: Any) -> None:
        """Raise ``ValueError`` unless `outputs` are the rows of the last stored batch."""
        rows = {} if outputs is None else self._rows(outputs)
        before, after = self._ends[-2], self._ends[-1]
        for name, target in self.targets.items():
            stored = target.read(before[name], after[name])
            if name not in rows or not same_rows(rows[name], stored):
                self.pause()
                raise ValueError(
                    f"Batch {self.batches - 1} is not what {target.place} holds: another model, "
                    "other data, or another order (a shuffled Dataset has a new one each time). "
                    f"Give the same as before; or delete {self.journal} and begin again."
                )

    def finish(self) -> None:
        """Make the targets whole and take the journal away."""
        if not self.batches:
            raise ValueError("The Dataset held no batch: there is nothing to write to out=.")
        for name, target in self.targets.items():
            target.seal(self._ends[-1][name])
        self._note({"finished": True})
        self._publish()

    def pause(self) -> None:
        """Close the files; what they hold can be gone on with."""
        for target in self.targets.values():
            target.close()

    def reopen(self) -> None:
        """Find out what an earlier run has stored, and go on behind it."""
        assert self.journal is not None
        lines = journal.read(self.journal)
        if not lines:  # killed before its first line was whole
            return
        named = self._named(lines[0])
        if named.keys() != self.targets.keys():
            raise ValueError(
                f"{self.journal} is about {', '.join(named)}; out= is about "
                f"{', '.join(self.targets)}. Give the same out= as before."
            )
        if lines[-1].get("finished"):
            self._publish()
            self.complete = True
            return
        for name, (dtype, shape) in named.items():
            self.targets[name].reopen(dtype, shape)
        self._begun = True
        kept = 1
        while kept < len(lines) and self._holds(lines[kept]):
            kept += 1
        journal.rewrite(self.journal, lines[:kept])
        self.pause()

    def _named(self, line: journal.Line) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
        """Return dtype and shape of each output's rows from the journal's first line."""
        try:
            named = {
                name: (np.dtype(kind), tuple(map(operator.index, shape)))
                for name, (kind, shape) in line["outputs"].items()
            }
            if all(kind.kind in KINDS and min(s, default=0) >= 0 for kind, s in named.values()):
                return named
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
        raise ValueError(
            f"{self.journal} is damaged: its first line does not say what the rows are. "
            "Delete it and begin again."
        )

    def _holds(self, line: journal.Line) -> bool:
        """Count a line of the journal if its rows are there as they were written."""
        ends = line.get("rows")
        if not isinstance(ends, dict) or ends.keys() != self.targets.keys():
            return False
        for name, target in self.targets.items():
            if type(ends[name]) is not int or not target.reaches(self._ends[-1][name], ends[name]):
                return False
        sums = {
            name: target.checksum(self._ends[-1][name], ends[name], self._sums[name])
            for name, target in self.targets.items()
        }
        if sums != line.get("crc"):
            return False
        self._sums = sums
        self._ends.append(ends)
        return True

    def _begin(self, rows: dict[str, Array]) -> None:
        for name, target in self.targets.items():
            target.check(rows[name].dtype, rows[name].shape[1:])
        told = {name: [part.dtype.str, part.shape[1:]] for name, part in rows.items()}
        if self.journal is not None:
            journal.rewrite(self.journal, [{"outputs": told}])
        for name, target in self.targets.items():
            target.begin(rows[name].dtype, rows[name].shape[1:])
        self._begun = True

    def _note(self, line: dict[str, Any]) -> None:
        if self.journal is not None:
            journal.append(self.journal, line)

    def _publish(self) -> None:
        for target in self.targets.values():
            target.publish()
        if self.journal is not None:
            self.journal.unlink()

    def _rows(self, outputs: Any) -> dict[str, Array]:
        """Return the rows of each output by name, or say why they are none."""
        rows = flatten(outputs)
        if rows.keys() != self.targets.keys():
            files = ", ".join(f'"{name}": "{name.replace("/", "-")}.npy"' for name in rows)
            wanted = "one path" if list(rows) == ["output"] else f"out={{{files}}}"
            raise ValueError(
                f"The model gives {', '.join(rows)}; out= is about {', '.join(self.targets)}. "
                f"Give {wanted}."
            )
        for name, part in rows.items():
            if part.ndim == 0 or part.dtype.kind not in KINDS:
                raise ValueError(
                    f"{name} of a batch has shape {part.shape} and dtype {part.dtype}; out= takes "
                    "a row of numbers for each sample. Use what the stream yields instead."
                )
        return {name: np.ascontiguousarray(part) for name, part in rows.items()}


def same_rows(one: Array, other: Array) -> bool:
    """Say whether two batches of rows are the same to rounding; NaN equals NaN.

    Examples
    --------
    >>> same_rows(np.float32([[0.1, np.nan]]), np.float32([[0.1000001, np.nan]]))
    True
    >>> same_rows(np.zeros((2, 1)), np.zeros((1, 1)))
    False
    """
    return one.shape == other.shape and np.allclose(
        one, other, rtol=1e-3, atol=1e-5, equal_nan=one.dtype.kind in "fc"
    )
