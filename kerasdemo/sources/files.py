"""Write files so that half of one never has the final name, whoever else writes at the same time.

The bytes go to a file with a unique name beside the target; `os.replace` gives it the final name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["check_space", "file_length", "new_file", "put_in_place", "resumable_file", "writing_to"]

ABANDONED = 600.0  # seconds after which another process's unfinished file is taken over
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
ADVICE = "Set KERASDEMO_DATA to a folder with room that you may write to."


@contextlib.contextmanager
def resumable_file(path: Path) -> Iterator[Path]:
    """Give a unique name beside `path`, holding what an interrupted download left there.

    If the block does not put the file in place, its bytes are kept as ``NAME.part``. The next
    process takes them over by renaming, which only one process can do.
    """
    unique = path.with_name(f"{path.name}.{secrets.token_hex(6)}.part")
    left = path.with_name(f"{path.name}.part")
    for candidate in (left, *_abandoned(path)):
        with contextlib.suppress(OSError):
            os.replace(candidate, unique)
            break
    try:
        yield unique
    finally:
        with contextlib.suppress(OSError):
            if file_length(unique) > file_length(left):
                os.replace(unique, left)
            else:
                unique.unlink(missing_ok=True)


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a unique name beside `path`; what the block leaves there gets the final name.

    After an error nothing is left.
    """
    unique = path.with_name(f"{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        yield unique
        put_in_place(unique, path)
    finally:
        with contextlib.suppress(OSError):
            unique.unlink(missing_ok=True)


def put_in_place(unfinished: Path, path: Path) -> None:
    """Give a finished file its final name."""
    size = file_length(unfinished)
    try:
        os.replace(unfinished, path)
    except PermissionError:  # Windows, while another process has the same file open
        if file_length(path) != size:
            raise


def file_length(path: Path) -> int:
    """Return the length of a file in bytes, 0 when there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def check_space(folder: Path, size: int) -> None:
    """Raise OSError before the first byte when `size` bytes will not fit."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(errno.ENOSPC, f"{size:,} bytes are needed and {free:,} are free")


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Say what to do when a folder cannot be written or is full."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno in FULL:
            raise OSError(error.errno, f"{folder} has no room ({why}). {ADVICE}") from error
        raise type(error)(error.errno, f"{folder} cannot be written ({why}). {ADVICE}") from error


def _abandoned(path: Path) -> list[Path]:
    """List what processes that were killed have left."""
    too_old = time.time() - ABANDONED
    with contextlib.suppress(OSError):
        names = path.parent.glob(f"{path.name}.*.part")
        return [name for name in names if name.stat().st_mtime < too_old]
    return []
