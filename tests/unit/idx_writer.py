"""Write IDX files, and whole sets of digits, for the tests that read them."""

import gzip
import struct
import zipfile

import numpy as np

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array):
    array = np.asarray(array)
    header = struct.pack(">BBBB", 0, 0, CODES[array.dtype.str[1:]], array.ndim)
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return header + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def random_digits(count, seed=0):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    return pixels, rng.integers(0, 10, count, dtype=np.uint8)


def set_bytes(train=None, test=None, *, style="mnist", packed=True):
    """Return {file name: bytes}; `style` is "mnist", "dotted" or "emnist-SPLIT"."""
    files = {}
    for part, samples in (("train", train), ("test", test)):
        if samples is None:
            continue
        pixels, labels = samples
        if style.startswith("emnist"):
            pixels, start = pixels.transpose(0, 2, 1), f"{style}-{part}"
        else:
            start = "train" if part == "train" else "t10k"
        mark = "." if style == "dotted" else "-"
        end = ".gz" if packed else ""
        for name, array in (("images", pixels), ("labels", labels)):
            data = idx_bytes(array)
            name = f"{start}-{name}{mark}idx{array.ndim}-ubyte{end}"
            files[name] = gzip.compress(data, mtime=0) if packed else data
    return files


def write_folder(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def write_zip(path, files, *, under="", method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(under + name, data)
    return path
