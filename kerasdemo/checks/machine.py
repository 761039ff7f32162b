"""Checks of the place the kit runs in: Python, Keras's settings, folders, memory, processor."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from kerasdemo._backend import chosen_backend, keras_folder, keras_settings
from kerasdemo.checks import finding
from kerasdemo.checks.finding import Finding, rename, set_to_new_folder, set_variable

NEEDED_MB = 600  # JupyterLab's server and one kernel with TensorFlow and a lesson's arrays
LAB = "tools/bootstrap.py lab"  # what `make lab` starts
UNLIMITED = 1 << 60  # cgroup v1 writes "no limit" as a number near 2**63
TRUE = ("true", "True", "1")  # what TensorFlow's lazy_loader.py takes for yes


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Compare this Python with the range that kerasdemo's metadata states."""
    here = ".".join(map(str, version))
    if sys.maxsize < 2**32:
        seen = f"Python {here} is a 32-bit one, and TensorFlow has none for it"
        return Finding("Python", "problem", seen, other_python())
    try:
        from packaging.specifiers import SpecifierSet

        span = SpecifierSet(metadata.metadata("kerasdemo")["Requires-Python"] or "")
    except (ImportError, metadata.PackageNotFoundError):
        return Finding("Python", "ok", f"Python {here}; the range is unknown (see packages)")
    if not span.contains(here):
        seen = f"Python {here}, and {span} is needed"
        return Finding("Python", "problem", seen, other_python())
    return Finding("Python", "ok", f"Python {here}, {sys.executable}")


def other_python() -> str:
    """Write the command that sets the checkout up with another Python; Windows has no `make`."""
    return f"py -3.12 {LAB}" if finding.WINDOWS else "make lab PYTHON=python3.12"


def check_keras_settings() -> Finding:
    """Look for another backend, legacy Keras, or number formats that the lessons don't expect."""
    name, path = "Keras settings", keras_folder() / "keras.json"
    if os.environ.get("TF_USE_LEGACY_KERAS") in TRUE:
        seen = "TF_USE_LEGACY_KERAS is set: tf.keras would be Keras 2; the lessons use Keras 3"
        return Finding(name, "problem", seen, set_variable("TF_USE_LEGACY_KERAS", ""))
    backend, chooser = chosen_backend()
    if backend != "tensorflow":
        seen = f"{chooser} chooses the backend {backend!r}; the lessons measure TensorFlow's"
        return Finding(name, "problem", seen, set_variable("KERAS_BACKEND", "tensorflow"))
    settings = keras_settings()
    if settings is None:
        seen = f"{path} is no list of names and values, and import keras would fail over it"
        return Finding(name, "problem", seen, rename(path, f"{path}.old"))
    for key, expected in (("floatx", "float32"), ("image_data_format", "channels_last")):
        if settings.get(key, expected) != expected:
            seen = f"{path} sets {key} to {settings[key]!r}; the lessons expect {expected!r}"
            return Finding(name, "problem", seen, rename(path, f"{path}.old"))
    return Finding(name, "ok", "backend tensorflow, float32, channels_last")


def _can_write(folder: Path) -> bool:
    """Try to make a file in a folder, or in the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def check_folders() -> Finding:
    """Try to write where Jupyter, Keras and the kit's downloads write."""
    from kerasdemo.sources.folder import cache_folder

    if not finding.home_is_known():
        seen = "this system names no home folder of yours; Jupyter keeps its files there"
        return Finding("folders", "problem", seen, set_to_new_folder(finding.home_variable()))
    places = (
        ("your home folder", Path("~").expanduser(), finding.home_variable()),
        ("Keras's folder", keras_folder(), "KERAS_HOME"),
        ("the folder for downloaded digits", cache_folder(), "KERASDEMO_DATA"),
    )
    for what, folder, variable in places:
        shared = variable == "KERASDEMO_DATA" and variable in os.environ and folder.is_dir()
        if not shared and not _can_write(folder):  # a shared folder of digits may be read-only
            seen = f"{what}, {folder}, cannot be written to"
            return Finding("folders", "problem", seen, set_to_new_folder(variable))
    return Finding(
        "folders", "ok", "home, Keras's folder and the folder for downloads are writable"
    )


def memory_limit(root: Path = Path("/")) -> int | None:
    """Find the memory limit of our control group, version 1 or 2, in bytes; None for no limit.

    The limit of any group above ours counts, too: the least is the one that bites.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    limits = []
    for line in lines:
        _, controllers, inner = line.split(":", 2)
        if not controllers:
            top, file = root / "sys/fs/cgroup", "memory.max"
        elif "memory" in controllers.split(","):
            top, file = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
        else:
            continue
        inner_path = Path(inner.strip("/"))
        for level in (inner_path, *inner_path.parents):
            try:
                text = (top / level / file).read_text(encoding="ascii").strip()
            except OSError:  # inside a container, the groups above ours are not shown
                continue
            if text != "max" and int(text) < UNLIMITED:
                limits.append(int(text))
    return min(limits, default=None)


def memory_free(root: Path = Path("/")) -> int | None:
    """Read how much memory the machine can still give, in bytes; None where it doesn't say."""
    try:
        for line in (root / "proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def check_memory(root: Path = Path("/")) -> Finding:
    """Compare the limit and the free memory with what TensorFlow in a notebook takes."""
    limit, free = memory_limit(root), memory_free(root)
    if limit is not None and limit < NEEDED_MB * 1e6:
        seen = f"this container may use {limit / 1e6:.0f} MB; the lessons need {NEEDED_MB} MB"
        return Finding("memory", "problem", seen, "docker run --memory=1g ...   (or ask the hub)")
    if free is not None and free < NEEDED_MB * 1e6:
        seen = f"{free / 1e6:.0f} MB are free; the lessons need {NEEDED_MB} MB"
        mend = "close other programs; in JupyterLab: Kernel, Shut Down All Kernels"
        return Finding("memory", "warning", seen, mend)
    if free is None:
        return Finding("memory", "ok", f"not measured on this system; {NEEDED_MB} MB are needed")
    allowed = f", {limit / 1e6:.0f} MB allowed" if limit is not None else ""
    return Finding("memory", "ok", f"{free / 1e6:.0f} MB free{allowed}, {NEEDED_MB} MB needed")


def check_processor(root: Path = Path("/")) -> Finding:
    """Look for AVX, without which TensorFlow's own packages for x86-64 crash at import."""
    machine = platform.machine()
    try:
        text = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    flags = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    if machine in ("x86_64", "AMD64") and flags and "avx" not in flags:
        seen = "this processor has no AVX: import tensorflow would end in 'Illegal instruction'"
        mend = "use another computer, or a virtual machine that passes its host's processor on"
        return Finding("processor", "problem", seen, mend)
    return Finding("processor", "ok", f"{machine}{' with AVX' if 'avx' in flags else ''}")
