#!/usr/bin/env python3
"""Make kerasdemo/data/training_curve.json: 25 epochs of the network of lesson 02.

The network is built by the lesson's own cell, "build", so the first epochs of the curve are those
that a reader trains. The same machine gives the same bytes; others differ by rounding.

    python tools/make_training_curve.py               # writes the file; half a minute
    python tools/make_training_curve.py --epochs 2 --output few.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

LESSON = ROOT / "notebooks" / "02_train_save_load.ipynb"
CELL = "build"
TARGET = ROOT / "kerasdemo" / "data" / "training_curve.json"
EPOCHS = 25
FIT = {"batch_size": 250, "validation_split": 0.2}
COMPILE = {
    "optimizer": "adam",
    "loss": "sparse_categorical_crossentropy",
    "metrics": ["accuracy"],
}


def building_code(lesson: Path = LESSON) -> str:
    """Return the source of the lesson's cell that builds the network."""
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    (source,) = ("".join(cell["source"]) for cell in cells if cell["id"] == CELL)
    return source


def recipe(epochs: int) -> dict[str, Any]:
    """Return all that decides the numbers, apart from versions and processor."""
    network = hashlib.sha256(building_code().encode()).hexdigest()
    return {"network": network, "epochs": epochs, "fit": FIT, "compile": COMPILE}


def train(epochs: int) -> dict[str, list[float]]:
    """Build the network as the lesson does, train it, and return its history."""
    import kerasdemo as kd
    from kerasdemo._backend import import_keras

    names: dict[str, Any] = {"keras": import_keras(), "ready_made": kd.build_classifier()}
    exec(building_code(), names)
    model, digits = names["model"], kd.load_digits().train
    model.compile(**COMPILE)
    history = model.fit(digits.images, digits.labels, **FIT, epochs=epochs, verbose=0).history
    return {name: [round(float(value), 4) for value in values] for name, values in history.items()}


def make(epochs: int = EPOCHS) -> dict[str, Any]:
    """Train, and return what the file holds."""
    packages = ("numpy", "tensorflow", "keras")
    return {
        "made_by": "tools/make_training_curve.py",
        "recipe": recipe(epochs),
        "made_with": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in packages},
        },
        "history": train(epochs),
    }


def main(arguments: list[str] | None = None) -> None:
    """Write the file and say what is in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--output", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    made = make(options.epochs)
    text = json.dumps(made, indent=2) + "\n"
    options.output.write_text(text, encoding="utf-8", newline="\n")
    last = {name: values[-1] for name, values in made["history"].items()}
    print(f"{options.output.name}: {options.epochs} epochs, at the end {last}")


if __name__ == "__main__":
    main()
