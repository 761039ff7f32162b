#!/usr/bin/env python3
"""Make kerasdemo/data/digits.npz from the UCI digits that scikit-learn ships.

Each of the 1,797 digits arrives as 8 by 8 counts: how many of the 4 by 4 dots of a 32 by 32
black and white scan were black (0 to 16). This script looks for a smooth outline whose black
area, counted in the same 8 by 8 blocks, is what was counted, and frames it as MNIST does.

    uv pip install --target build/scikit-learn --no-deps scikit-learn
    python tools/make_digits.py                    # writes kerasdemo/data/digits.npz
    python tools/make_digits.py --picture sheet.png   # and a contact sheet to judge it by

The same input gives the same bytes. scikit-learn itself is never imported.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from kerasdemo.preprocess import area_matrix, frame_digit  # noqa: E402

TARGET = ROOT / "kerasdemo" / "data" / "digits.npz"
INSTALL = "uv pip install --target build/scikit-learn --no-deps scikit-learn"
INSIDE = Path("sklearn", "datasets", "data", "digits.csv.gz")

MARGIN = 2  # empty blocks put around the 8 by 8, so that outlines close
FINE = 8  # fine pixels per block
ROUNDS = 60  # corrections of the outline; the areas agree to about a hundredth by then
CHUNK = 16  # digits enlarged at once: few enough for a processor's cache
TEST_SHARE = 0.2
SPLIT_SEED = 1797


def find_source(given: Path | None = None) -> Path:
    """Find scikit-learn's digits.csv.gz: as given, in build/scikit-learn, or installed."""
    places = [given] if given else [ROOT / "build" / "scikit-learn" / INSIDE]
    if given is None:
        spec = importlib.util.find_spec("sklearn")
        for folder in (spec.submodule_search_locations or []) if spec else []:
            places.append(Path(folder).parent / INSIDE)
    for place in places:
        if place.is_dir():
            place = place / INSIDE
        if place.is_file():
            return place
    looked = ", ".join(str(place) for place in places)
    raise FileNotFoundError(f"digits.csv.gz of scikit-learn not found ({looked}). Type: {INSTALL}")


def read_counts(source: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the counts, float (1797, 8, 8) in [0, 1], and the labels, uint8 (1797,)."""
    with gzip.open(source, "rt", encoding="ascii") as lines:
        table = np.loadtxt(lines, delimiter=",")
    if table.shape != (1797, 65):
        raise ValueError(f"{source} has a table of shape {table.shape}; expected (1797, 65).")
    return table[:, :64].reshape(-1, 8, 8) / 16, table[:, 64].astype(np.uint8)


def cubic_zoom_matrix(given: int, fine: int) -> np.ndarray:
    """Give the weights (given * fine, given) of cubic convolution (Keys 1981, a = -1/2)."""
    at = (np.arange(given * fine) + 0.5) / fine - 0.5
    away = np.abs(at[:, None] - np.arange(given)[None, :])
    near = 1.5 * away**3 - 2.5 * away**2 + 1
    far = -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2
    return np.where(away < 1, near, np.where(away < 2, far, 0))


def enlarge(counts: np.ndarray) -> np.ndarray:
    """Turn 8 by 8 counts into crisp ink, (n, 96, 96) in [0, 1], whose block means are the counts.

    A cubic zoom of the counts, stretched in contrast, gives an outline; the error of its block
    means is added to the counts, and so on: the enlarged digit explains the counts in the end,
    so that small holes and gaps, which a plain zoom blurs away, stay open.
    """
    wanted = np.pad(counts, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    side = wanted.shape[1]
    zoom = cubic_zoom_matrix(side, FINE)
    mean = area_matrix(side * FINE, side)
    heights = wanted.copy()
    for _ in range(ROUNDS):
        ink = np.clip((zoom @ heights @ zoom.T - 0.35) / 0.4, 0, 1)
        heights += 0.7 * (wanted - mean @ ink @ mean.T)
    return np.clip((zoom @ heights @ zoom.T - 0.35) / 0.4, 0, 1)


def split(labels: np.ndarray) -> np.ndarray:
    """Choose the test samples: a fixed fifth of every class."""
    rng = np.random.Generator(np.random.PCG64(SPLIT_SEED))
    is_test = np.zeros(labels.size, dtype=bool)
    for label in range(10):
        members = np.flatnonzero(labels == label)
        order = np.argsort(rng.random(members.size))
        is_test[members[order[: round(TEST_SHARE * members.size)]]] = True
    return is_test


def make(source: Path) -> dict[str, np.ndarray]:
    """Make the three arrays of digits.npz."""
    counts, labels = read_counts(source)
    parts = [enlarge(counts[start : start + CHUNK]) for start in range(0, len(counts), CHUNK)]
    framed = np.stack([frame_digit(ink) for part in parts for ink in part])
    return {
        "pixels": np.round(framed * 255).astype(np.uint8),
        "labels": labels,
        "is_test": split(labels),
    }


def pack(arrays: dict[str, np.ndarray]) -> bytes:
    """Write arrays as the bytes of an .npz file that depend on nothing but the arrays."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            body = io.BytesIO()
            np.lib.format.write_array(body, array, version=(1, 0), allow_pickle=False)
            archive.writestr(entry, body.getvalue(), compresslevel=9)
    return buffer.getvalue()


def draw(pixels: np.ndarray, path: Path, rows: int = 16, columns: int = 28) -> None:
    """Save a contact sheet of the first digits."""
    from matplotlib import image

    sheet = pixels[: rows * columns].reshape(rows, columns, 28, 28)
    sheet = sheet.transpose(0, 2, 1, 3).reshape(rows * 28, columns * 28)
    image.imsave(path, np.kron(255 - sheet, np.ones((2, 2), np.uint8)), cmap="gray", vmin=0)


def main(arguments: list[str] | None = None) -> None:
    """Write the file and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, help="digits.csv.gz, or the folder of sklearn")
    parser.add_argument("--output", type=Path, default=TARGET)
    parser.add_argument("--picture", type=Path, help="also save a contact sheet (PNG)")
    options = parser.parse_args(arguments)
    try:
        arrays = make(find_source(options.source))
    except FileNotFoundError as problem:
        raise SystemExit(str(problem)) from None
    data = pack(arrays)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(data)
    if options.picture:
        draw(arrays["pixels"], options.picture)
    tests = int(arrays["is_test"].sum())
    print(f"{options.output}: {len(data):,} bytes, 1797 digits, {tests} of them for testing")


if __name__ == "__main__":
    main()
