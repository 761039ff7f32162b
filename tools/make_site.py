"""Turn the lessons into web pages that need no install, no kernel and no other host.

    python tools/make_site.py               every lesson -> build/site
    python tools/make_site.py --serve       the same, then show it on 127.0.0.1
    python tools/make_site.py FILE ...      only these

Beside them stand the glossary, and a reference made from the docstrings.

Each lesson is run once in a kernel, for the state of its widgets; a second call runs only what has
changed. The pages ask their own folder for everything: open build/site/index.html, or put the
folder on any web server.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import http.server
import json
import re
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from make_notebooks import LessonError
from website.classifier import classifier_script
from website.lessons import Lesson, SiteError, read_lesson
from website.pages import ASSETS, glossary_page, index_page, lesson_page, reference_page
from website.running import CACHE, Run, run, source_hash
from website.views import Module

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
OUT = ROOT / "build" / "site"
COPIED = ("page.css", "theme.js", "page.js", "player.js", "icon.svg")
# What makes a browser ask for a file; a link that somebody may follow (<a>) is none of it.
OTHER_HOST = r"((?:https?:)?//[^\"')\s>]+)"
ASKS = re.compile(
    r"<(?!a\b)[a-z][^>]*?\s(?:src|href|srcset|poster|data|action)\s*=\s*[\"']?\s*"
    + OTHER_HOST
    + r"|(?:url\(\s*[\"']?|@import\s*[\"'])"
    + OTHER_HOST,
    flags=re.I,
)


def elsewhere(text: str) -> list[str]:
    """List the addresses on other hosts that a page or a style sheet would ask for by itself.

    Examples
    --------
    >>> elsewhere('<a href="https://a.org">a</a> <img alt="b" src="//b.org/b.png">')
    ['//b.org/b.png']
    """
    return [one or other for one, other in ASKS.findall(text)]


def widget_script(module: Module) -> str:
    """Return a script that hands a widget's page code to the player.

    A script, not a module: from a file, browsers load no module that lies in a file of its own.
    """
    held = json.dumps({"script": module.script, "style": module.style})
    return f'(self.kerasdemoWidgets ??= {{}})["{module.name}"] = {held};\n'


def build(paths: Sequence[Path], out: Path, cache: Path = CACHE) -> list[str]:
    """Write the whole site into a folder, and return remarks about what is not live in it.

    Parameters
    ----------
    paths : sequence of Path
        Notebooks, in the order of the site.
    out : Path
        The folder; replaced in one step, when all is well.
    cache : Path
        Where runs are kept.

    Raises
    ------
    SiteError
        For a lesson that fails or cannot become a page; the message names lesson and cell.
    """
    lessons = [read_lesson(path) for path in paths]
    sources = source_hash()
    new = out.with_name(out.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    (new / "assets" / "widgets").mkdir(parents=True)
    remarks, pads = [], False
    for number, lesson in enumerate(lessons, 1):
        made = _run(lesson, sources, cache, f"[{number}/{len(lessons)}]")
        page, views, said = lesson_page(lesson, made, lessons)
        _write(new / lesson.page, page)
        for module in views.modules.values():
            _write(new / "assets" / "widgets" / f"{module.name}.js", widget_script(module))
        pads |= any(model.get("reads") == "shipped" for model in views.models.values())
        remarks += said
    _write(new / "index.html", index_page(lessons))
    _write(new / "glossary.html", glossary_page(NOTEBOOKS, lessons))
    _write(new / "api.html", reference_page(lessons))
    for name in COPIED:
        shutil.copy(ASSETS / name, new / "assets" / name)
    if pads:
        _write(new / "assets" / "classifier.js", _classifier(sources, cache))
    (new / ".nojekyll").touch()
    shutil.rmtree(out, ignore_errors=True)
    new.rename(out)
    return remarks


def _run(lesson: Lesson, sources: str, cache: Path, place: str) -> Run:
    """Run a lesson, or take the last run, and say so in one line."""
    started = time.perf_counter()
    try:
        made, now = run(lesson.path, sources, cache)
    except LessonError as error:
        raise SiteError(str(error)) from error
    how = f"run in {time.perf_counter() - started:.0f} s" if now else "unchanged"
    print(f"{place} {lesson.path.name}: {how}", flush=True)
    return made


def _classifier(sources: str, cache: Path) -> str:
    """Return the classifier's script; TensorFlow is started only where it was not made before."""
    kept = cache / f"classifier.{sources[:16]}.{_hash_of_assets()}.js"
    if not kept.exists():
        from kerasdemo import load_classifier

        text = classifier_script(load_classifier())
        for old in cache.glob("classifier.*"):
            old.unlink()
        _write(kept, text)
    return kept.read_text(encoding="utf-8")


def _hash_of_assets() -> str:
    files = [ASSETS / "classifier.js", ASSETS.parent / "classifier.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8]


def _write(path: Path, text: str) -> None:
    """Write a file of the site, and refuse what would ask another host for something."""
    if path.suffix in (".html", ".css") and (found := elsewhere(text)):
        raise SiteError(f"{path.name} would ask another host for {found[0]}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def size_line(out: Path) -> str:
    """Say how large the site is, and which of its pages is the largest."""
    pages = sorted(out.glob("*.html"), key=lambda path: path.stat().st_size)
    total = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    most = pages[-1]
    return (
        f"{len(pages)} pages, {total / 1e6:.1f} MB in all; the largest is {most.name}, "
        f"{most.stat().st_size / 1e6:.2f} MB"
    )


def serve(out: Path, port: int) -> None:
    """Show the site on this machine until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(out))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(
            f"The site is on http://127.0.0.1:{server.server_port}/ ; Ctrl-C stops it.", flush=True
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def main(arguments: list[str] | None = None) -> int:
    """Build the site, and show it if asked to. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--out", type=Path, default=OUT, help="the folder (default: build/site)")
    parser.add_argument("--serve", action="store_true", help="then show it on 127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="for --serve (default: any free one)")
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if missing := [str(path) for path in paths if not path.is_file()]:
        parser.error(f"no such notebook: {', '.join(missing)}")
    out = options.out.resolve()
    try:
        remarks = build(paths, out)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 1
    shown = out.relative_to(ROOT) if out.is_relative_to(ROOT) else out
    print(*remarks, f"{shown}: {size_line(out)}.", sep="\n")
    if options.serve:
        serve(out, options.port)
    else:
        print(f"Open {shown / 'index.html'} in a browser, or: make site ARGS=--serve")
    return 0


if __name__ == "__main__":
    sys.exit(main())
