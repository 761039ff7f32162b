#!/usr/bin/env python3
"""Make docs/images/explorer_light.png and explorer_dark.png: README.md's picture.

A PredictionExplorer runs the three methods on a few digits in a real JupyterLab, and Chromium takes
its picture in each theme. The times in it are those of that run. The digits are the UCI set's
(kerasdemo/data/DATA_LICENSE.md); nothing else is in the picture.

    python tools/make_pictures.py                # writes both; half a minute
    python tools/make_pictures.py --folder build/pictures
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "images"
THEMES = ("light", "dark")
WIDTH = 980
"""CSS pixels. GitHub shows 830 of them; at 980 each class has its numbers beside its bar."""
SCALE = 2
"""Pixels of the file for each of them, for screens that have so many."""
EDGE, PADDING = 2, 14
"""Pixels left out around the widget (its frame), and kept above its button."""
CLASSES = 4
"""As many as are shown, the most likely first."""
COLOURS = 64
MOST_BYTES = 150_000
SAMPLES = (56, 5, 18)
SETUP = """
import kerasdemo as kd
digits, model = kd.load_digits(), kd.load_classifier()
for method in ("predict", "predict_on_batch", "predict_step"):
    getattr(model, method)(digits.images[:3])  # the first calls, which build their graphs
"""
SHOWN = f"""
explorer = kd.PredictionExplorer(model, digits, kd.load_probabilities(), selected={list(SAMPLES)})
explorer.run(), explorer.run()  # the second one is warm
explorer
"""


def take(page: Any, theme: str) -> bytes:
    """Return a PNG of the explorer on the page: from its button Run to the end of its table."""
    root = page.locator(f'.kd-explorer[data-kd-theme="{theme}"]')
    root.wait_for()
    # Over the page, as wide as the picture: what JupyterLab puts beside an output does not count.
    root.evaluate(
        """(root, width) => {
          Object.assign(root.style, { position: "fixed", left: 0, top: 0, zIndex: 10000,
            width: `${width}px`, boxSizing: "border-box", margin: 0 });
          document.body.append(root);
        }""",
        WIDTH,
    )
    more = root.locator("summary", has_text="number of classes")
    more.click()
    root.get_by_role("button", name="Most likely first").click()
    classes = root.get_by_role("spinbutton", name="Show the top")
    classes.fill(str(CLASSES))
    classes.press("Enter")
    more.click()
    root.locator(f".kd-chart tbody tr:nth-child({CLASSES})").wait_for()
    page.evaluate("() => document.activeElement.blur()")
    page.mouse.move(WIDTH + 20, 20)  # nothing is pointed at
    page.wait_for_timeout(1000)  # colours fade, and boxes find their place
    whole = root.bounding_box()
    top = root.get_by_role("button", name="Run all methods").bounding_box()["y"] - PADDING
    height = whole["y"] + whole["height"] - top - EDGE
    clip = {"x": EDGE, "y": top, "width": WIDTH - 2 * EDGE, "height": height}
    return bytes(page.screenshot(clip=clip))


def small(png: bytes) -> bytes:
    """Return the same picture with few colours, as small as PNG can hold it.

    Raises
    ------
    ValueError
        It is larger than a README's picture may be.
    """
    from PIL import Image

    file = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    if file.tell() > MOST_BYTES:
        raise ValueError(f"{file.tell():,} bytes are more than {MOST_BYTES:,}: choose fewer digits")
    return file.getvalue()


def pictures() -> dict[str, bytes]:
    """Run the explorer in a JupyterLab of its own; return a PNG for each theme."""
    sys.path.insert(0, str(ROOT / "tests" / "browser"))
    import nbformat
    from lab import CHROMIUM_ARGS, LabServer, find_chromium, notebook_of
    from lab_page import OpenNotebook
    from playwright.sync_api import sync_playwright

    if (chromium := find_chromium()) is None:
        raise FileNotFoundError("There is no Chromium. On Debian: apt-get install chromium")
    made = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = LabServer(Path(folder) / "lab")
        server.start()
        try:
            browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
            for theme in THEMES:
                server.set_theme(theme)
                nbformat.write(notebook_of(SETUP, SHOWN), server.root / f"{theme}.ipynb")
                page = browser.new_page(
                    viewport={"width": 1100, "height": 2000}, device_scale_factor=SCALE
                )
                OpenNotebook(server, page, f"{theme}.ipynb").run_all(timeout=120)
                made[theme] = take(page, theme)
                page.close()
            browser.close()
        finally:
            server.end_kernels()
            server.stop()
    return made


def main(argv: list[str] | None = None) -> int:
    """Write both pictures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write them")
    folder = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        made = {theme: small(png) for theme, png in pictures().items()}
    except (FileNotFoundError, ModuleNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    for theme, png in made.items():
        path = folder / f"explorer_{theme}.png"
        path.write_bytes(png)
        print(f"{path.name}: {len(png):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
