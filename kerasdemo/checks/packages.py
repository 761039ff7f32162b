"""Checks of what is installed: versions against our own ranges, clashes, widget extensions.

Versions are read from the packages' metadata; nothing heavy is imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from kerasdemo._installing import pip
from kerasdemo.checks.finding import Finding, reinstall, rename

# Small compiled packages below Keras: a clash with NumPy's binary interface shows in them first.
COMPILED = ("numpy", "h5py", "ml_dtypes", "PIL.Image")
# Distributions that put a `tensorflow` or a `keras` folder into the same place.
RIVALS = {
    "tensorflow": ("tensorflow-cpu", "tf-nightly", "tf-nightly-cpu"),
    "keras": ("keras-nightly",),
}
LABEXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets", "anywidget": ""}


def check_packages() -> Finding:
    """Compare each installed version with the range that kerasdemo's own metadata states."""
    try:
        lines = metadata.requires("kerasdemo") or []
        from packaging.requirements import Requirement
    except metadata.PackageNotFoundError:
        seen = "kerasdemo itself is not installed into this Python, only found in a folder"
        return Finding("packages", "problem", seen, reinstall())
    except ImportError:  # without it, names can be compared, but no versions
        names = [re.split(r"[^\w.-]", line)[0] for line in lines if "extra ==" not in line]
        missing = [name for name in ("packaging", *names) if _version(name) is None]
        seen = "; ".join(f"{name} is missing" for name in missing or ["packaging"])
        return Finding("packages", "problem", seen, f"{pip('install packaging')}\n{reinstall()}")
    good, bad, needed = [], [], []
    for requirement in map(Requirement, lines):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        name, span = requirement.name, requirement.specifier
        version = _version(name)
        if version is None:
            bad.append(f"{name} is missing")
        elif not span.contains(version, prereleases=True):
            bad.append(f"{name} is {version}, and {span} is needed")
        else:
            good.append(f"{name} {version}")
            continue
        needed.append(f'"{name}{span}"')
    if bad:
        return Finding("packages", "problem", "; ".join(bad), pip("install " + " ".join(needed)))
    return Finding("packages", "ok", ", ".join(good))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _in_use(name: str) -> list[metadata.Distribution]:
    """List what is installed by this name in the first folder that has it; others are hidden."""
    found = list(metadata.distributions(name=name))
    return [one for one in found if one.locate_file("") == found[0].locate_file("")]


def check_one_keras() -> Finding:
    """Look for a second Keras or TensorFlow in the same folder, and for files that hide them."""
    name = "one Keras"
    for package, rivals in RIVALS.items():
        spec = importlib.util.find_spec(package)
        if spec and spec.origin and not spec.submodule_search_locations:
            seen = f"the file {spec.origin} hides the package {package}"
            beside = Path(spec.origin).with_name(f"my_{package}.py")
            return Finding(name, "problem", seen, rename(spec.origin, beside))
        names = [n for n in (package, *rivals) for _ in _in_use(n)]
        if len(names) > 1:
            seen = f"{' and '.join(names)} are installed into the same folder, {package}/"
            away = pip("uninstall --yes " + " ".join(dict.fromkeys(names)))
            again = pip(f'install "{_range_of(package)}"')
            return Finding(name, "problem", seen, f"{away}   (until none is left)\n{again}")
    return Finding(name, "ok", f"keras {_version('keras') or 'is missing'}, and no other")


def _range_of(package: str) -> str:
    """Find our own requirement for a package on this Python; its bare name when we have none."""
    try:
        lines = metadata.requires("kerasdemo") or []
        from packaging.requirements import Requirement
    except (metadata.PackageNotFoundError, ImportError):
        return package
    ours = (r for r in map(Requirement, lines) if r.name == package)
    here = (r for r in ours if r.marker is None or r.marker.evaluate({"extra": ""}))
    return next((f"{r.name}{r.specifier}" for r in here), package)


def check_imports() -> Finding:
    """Import the small compiled packages that Keras stands on."""
    failed, broken = [], []
    for name in COMPILED:
        try:
            importlib.import_module(name)
        except Exception as error:  # a binary clash raises ImportError, ValueError or others
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            failed.append(f"import {name} fails: {reason}")
            broken.append({"PIL.Image": "pillow"}.get(name, name.replace("_", "-")))
    if failed:
        others = " ".join(package for package in broken if package != "numpy")
        mend = pip(f'install --force-reinstall "{_range_of("numpy")}" {others}'.rstrip())
        return Finding("imports", "problem", "; ".join(failed), mend)
    return Finding("imports", "ok", f"{', '.join(COMPILED)} can be imported")


def check_widgets() -> Finding:
    """Look for the browser's half of ipywidgets and anywidget where JupyterLab looks for it."""
    if _version("jupyterlab") is None:
        seen = "no JupyterLab in this environment; on a hub or in VS Code that is as it should be"
        return Finding("widgets", "warning", seen, pip("install jupyterlab"))
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    for extension, package in LABEXTENSIONS.items():
        if not any((folder / extension / "package.json").is_file() for folder in folders):
            seen = f"JupyterLab has no extension {extension}: widgets would stay blank"
            mend = pip(f"install --force-reinstall --no-deps {package or extension}")
            return Finding("widgets", "problem", seen, mend)
    return Finding("widgets", "ok", "JupyterLab has the extensions of ipywidgets and anywidget")


def check_tensorflow(*, timeout: float = 180) -> Finding:
    """Import TensorFlow in a process of its own, so that even a crash ends in a sentence."""
    code = "import tensorflow; print(tensorflow.__version__)"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        seen = f"import tensorflow did not end within {timeout:.0f} s"
        return Finding("TensorFlow", "problem", seen, pip("install --force-reinstall tensorflow"))
    if done.returncode == 0:
        return Finding("TensorFlow", "ok", f"tensorflow {done.stdout.split()[-1]} can be imported")
    last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    if done.returncode == -4:  # SIGILL
        last = "this processor lacks an instruction that TensorFlow uses (AVX)"
    elif done.returncode == -9:  # SIGKILL, as a rule by the system when memory runs out
        last = "the system ended it, as it does when memory runs out"
    seen = f"import tensorflow fails: {last}"
    mend = pip(f'install --force-reinstall "{_range_of("tensorflow")}"')
    return Finding("TensorFlow", "problem", seen, mend)
