"""Arrays in ``.npy`` files, and images: listed here, read by Ray's tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasdemo.error_lines import error_line
from kerasdemo.prediction import Array
from kerasdemo.scaling.samples import FEW, Source, carried, values_of
from kerasdemo.scaling.worker import POSITION, ROWS, Batch, WorkerError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
TO_8_BITS = (
    "To make it 8-bit, where 65535 is white: pixels = np.asarray(Image.open(file)) / 65535 * 255; "
    'Image.fromarray(pixels.astype("uint8")).save("8-bit.png")'
)


def npy_source(files: list[Path], ids: Any) -> Source:
    """Return the samples of ``.npy`` files, one file after the other."""
    seen = [_look(file) for file in files]
    (first, kind), shapes = seen[0], [shape for shape, _ in seen]
    for file, (shape, dtype) in zip(files, seen, strict=True):
        if not shape or (shape[1:], dtype) != (first[1:], kind):
            raise ValueError(
                f"{file.name} holds {dtype} of shape {shape}, {files[0].name} {kind} of shape "
                f"{first}; one model takes samples of one shape and one type."
            )
    total = sum(shape[0] for shape in shapes)

    def make(ray: Any, rows: int) -> Any:
        pieces, position = [], 0
        for file, (length, *_) in zip(files, shapes, strict=True):
            for at in range(0, length, rows):
                stop = min(at + rows, length)
                pieces.append({"file": str(file.resolve()), "at": at, "stop": stop, "p": position})
                position += stop - at
        return read_pieces(ray, pieces, read_npy)

    filled = next((file for file, shape in zip(files, shapes, strict=True) if shape[0]), files[0])
    few = np.array(opened(filled)[:FEW])
    return Source(few, ROWS, total, 0, make, values_of(ids, total), False)


def _look(file: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return an array's shape and type; the file is not kept open."""
    array = opened(file)
    return array.shape, array.dtype


def opened(file: Path | str) -> Array:
    """Return the array of a ``.npy`` file, on the disk; ValueError for anything else."""
    try:
        return np.lib.format.open_memmap(file, mode="r")
    except OSError:
        raise
    except Exception as error:  # NumPy has a dozen kinds, such as tokenize.TokenError
        words = error_line(error)
        raise ValueError(f"{Path(file).name} is no whole .npy file of numbers. {words}") from None


def read_npy(piece: Batch) -> Batch:
    """Read a part of a ``.npy`` file; of a large file nothing else is touched."""
    at, stop, position = (int(piece[name][0]) for name in ("at", "stop", "p"))
    rows = carried(np.array(opened(str(piece["file"][0]))[at:stop]))
    return {POSITION: np.arange(position, position + stop - at), ROWS: rows}


def picture_source(files: list[Path], paths: Sequence[Path], ids: Any) -> Source:
    """Return the samples of image files, named like their files."""
    whole = len(paths) == 1 and paths[0].is_dir()
    names = [file.relative_to(paths[0]).as_posix() if whole else str(file) for file in files]

    def make(ray: Any, rows: int) -> Any:
        places = [str(file.resolve()) for file in files]
        starts = range(0, len(files), rows)
        return read_pieces(
            ray, [{"files": places[at : at + rows], "p": at} for at in starts], read_files
        )

    try:
        few = np.stack([read_picture(str(file)) for file in files[:1]])
    except WorkerError as error:
        raise ValueError(str(error)) from None
    given = np.array(names) if ids is None else ids
    return Source(few, ROWS, len(files), 0, make, values_of(given, len(files)), True)


def read_files(piece: Batch) -> Batch:
    """Read some images."""
    try:
        rows = [read_picture(file) for file in piece["files"][0]]
    except WorkerError as error:
        raise WorkerError(f"stopped: {error}") from None  # said as: A worker stopped: ...
    for file, row in zip(piece["files"][0], rows, strict=True):
        if row.shape != rows[0].shape:
            raise WorkerError(
                f"found an image of shape {row.shape}, {file}, after one of {rows[0].shape}: "
                "a model takes one shape"
            )
    at = int(piece["p"][0])
    return {POSITION: np.arange(at, at + len(rows)), ROWS: np.stack(rows)}


def read_picture(file: str) -> Array:
    """Return an image's 8-bit pixels, uint8: (h, w) if it is grey, (h, w, 3) if it has colours.

    What is transparent is laid on white. Grey values of 16 or 32 bits (Pillow's modes that begin
    with I or F, such as a 16-bit PNG) are refused: all above 255 would become one white.
    """
    from PIL import Image

    try:
        with Image.open(file) as picture:
            mode = picture.mode
            if not mode.startswith(("I", "F")):
                grey = mode in ("1", "L", "LA")
                return np.asarray(_on_white(picture).convert("L" if grey else "RGB"))
    except Exception as error:  # damaged, cut off, or a bomb: Pillow has many kinds
        raise WorkerError(f"{file} is no image that can be read. {error_line(error)}") from None
    raise WorkerError(f"{file} has grey values of more than 8 bits (mode {mode}). {TO_8_BITS}")


def _on_white(picture: Any) -> Any:
    """Lay an image on white, if any of it is transparent."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture
    whole = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole)


def read_pieces(ray: Any, pieces: list[dict[str, Any]], read: Callable[[Batch], Batch]) -> Any:
    """Return a Dataset of the rows that `read` finds in each piece; a piece is a block."""
    listed = ray.data.from_items(pieces, override_num_blocks=len(pieces))
    return listed.map_batches(read, batch_size=1)
