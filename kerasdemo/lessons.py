"""The lessons on the command line: list them, copy them, make exercise sheets, run them.

``python -m kerasdemo lessons`` works from a checkout and from an installed package, and starts
neither TensorFlow nor Jupyter; only ``--run`` starts kernels.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kerasdemo._installing import pip
from kerasdemo.error_lines import error_line
from kerasdemo.lesson_files import running
from kerasdemo.lesson_files.copying import Written, fresh, write_copies
from kerasdemo.lesson_files.finding import Lesson, Notebook, read_notebook
from kerasdemo.lesson_files.stripping import strip
from kerasdemo.view.signs import printable

# The kernel's: no start-up lines of TensorFlow's, and no progress bars that nobody sees.
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "TQDM_DISABLE": "1"}


@dataclass(frozen=True)
class Run:
    """How one lesson's run went: what failed, where, and how many seconds it took in all."""

    number: str
    title: str
    ok: bool
    seconds: float
    error: str = ""
    line: str = ""


def listing(lessons: Sequence[Lesson], *, width: int = 100) -> str:
    """Return the table of lessons: number, title, minutes, seconds to run, what each shows.

    Parameters
    ----------
    lessons : sequence of Lesson
        Its rows.
    width : int
        Columns to keep to; 60 at least.
    """
    title = max(len("lesson"), *(len(lesson.title) for lesson in lessons))
    head = f"{'':2}  {'lesson':{title}}  {'minutes':>7}  {'run':>5}  "
    room = max(width, 60) - len(head)
    beside = room >= 32  # else below the title: a column of three words a line reads badly
    lines = [(head + ("shows" if beside else "")).rstrip()]
    for lesson in lessons:
        run = "-" if lesson.run_seconds is None else f"{lesson.run_seconds} s"
        row = f"{lesson.number:2}  {lesson.title:{title}}  {lesson.minutes:7}  {run:>5}  "
        sentence = lesson.shows.replace("`", "")
        if beside:
            shows = textwrap.wrap(sentence, room)
            lines += [row + shows[0], *(" " * len(head) + more for more in shows[1:])]
        else:
            shows = textwrap.wrap(sentence, max(width, 60) - 4)
            lines += [row.rstrip(), *("    " + line for line in shows)]
    minutes = sum(lesson.minutes for lesson in lessons)
    note = (
        f"minutes: to read a lesson and do it, {minutes} in all; run: seconds from top to bottom. "
        "For copies to work in:"
    )
    command = "  python -m kerasdemo lessons --copy my-lessons"
    return "\n".join([*lines, "", *textwrap.wrap(note, max(width, 60)), command])


def as_plain(lessons: Sequence[Lesson]) -> list[dict[str, Any]]:
    """Return the lessons as plain values, for ``--json``."""
    return [{**asdict(lesson), "path": str(lesson.path)} for lesson in lessons]


def copy_lessons(lessons: Sequence[Lesson], folder: Path, *, sheets: bool = False) -> Written:
    """Write fresh copies, or exercise sheets, into a folder; nothing there is written over.

    Raises
    ------
    OSError
        The folder cannot be made or written into.
    """
    return write_copies(lessons, folder, change=strip if sheets else fresh)


def said_of(done: Written, *, sheets: bool, chosen: Sequence[str]) -> str:
    """Say what was written, what was there already, and what to type next."""
    notebooks = [name for name in done.written if name.endswith(".ipynb")]
    kind = "exercise sheet" if sheets else "lesson"
    lines = [
        f"{len(notebooks)} {kind}{'s' * (len(notebooks) != 1)} written to {quoted(done.folder)}"
    ]
    if others := len(done.written) - len(notebooks):
        lines[0] += f", and {others} file{'s' * (others != 1)} that they show"
    lines[0] += "."
    if done.there_already:
        lines += ["There already, and left as they were:"]
        lines += [f"  {name}" for name in done.there_already]
        option = "--strip" if sheets else "--copy"
        names = "".join(f" {name}" for name in _again(done, chosen))
        other = quoted(_free(done.folder))
        lines += [f"For fresh ones: python -m kerasdemo lessons{names} {option} {other}"]
    elif notebooks:
        lines += [f"To open them: {_lab(done.folder / notebooks[0])}"]
    return "\n".join(lines)


def _free(folder: Path) -> Path:
    """Return the name of a folder that is not there yet: the same with a number behind it."""
    resolved = folder.resolve()
    names = (f"{resolved.name}-{number}" for number in itertools.count(2))
    new = next(name for name in names if not (resolved.parent / name).exists())
    return folder.with_name(new) if folder.name not in ("", "..") else resolved.parent / new


def _again(done: Written, chosen: Sequence[str]) -> list[str]:
    """Return the numbers of the lessons that were not written; none when all were wanted."""
    kept = [name[:2] for name in done.there_already if name.endswith(".ipynb")]
    return kept if chosen or any(name.endswith(".ipynb") for name in done.written) else []


def _lab(path: Path) -> str:
    if importlib.util.find_spec("jupyterlab") is None:
        return f"{pip('install jupyterlab')}\n         then: python -m jupyter lab {quoted(path)}"
    return f"python -m jupyter lab {quoted(path)}"


def quoted(path: Path) -> str:
    """Write a path as it is typed into a shell."""
    return f'"{path}"' if " " in str(path) else str(path)


def run_lessons(lessons: Sequence[Lesson]) -> Iterator[Run]:
    """Run each lesson in a temporary copy, with a progress bar over all cells.

    Yields
    ------
    Run
        One for each lesson, as soon as it is over.

    Raises
    ------
    ModuleNotFoundError
        What runs notebooks is missing; the message says what to type.
    """
    missing = [name for name in running.NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f"Running lessons needs {' and '.join(missing)}, which come with JupyterLab. To get "
            f"them: {pip('install jupyterlab')}"
        )
    from kerasdemo._progress import progress_bar

    cells = {lesson.path: _code_cells(read_notebook(lesson.path)) for lesson in lessons}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary,
        progress_bar(sum(cells.values()), unit="cell", leave=False) as bar,
    ):
        folder, done = Path(temporary), 0
        write_copies(lessons, folder)
        for lesson in lessons:
            bar.set_description(lesson.number)
            yield _run(lesson, folder, bar)
            done += cells[lesson.path]
            bar.update(done - bar.n)  # a lesson that failed leaves cells behind


def _code_cells(notebook: Notebook) -> int:
    return sum(cell["cell_type"] == "code" for cell in notebook["cells"])


def _run(lesson: Lesson, folder: Path, bar: Any) -> Run:
    import nbformat

    path, error, line = folder / lesson.path.name, "", ""
    start = time.monotonic()
    try:
        try:
            notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        except Exception as damage:  # nbformat and jsonschema have many kinds
            raise running.LessonError(f"It cannot be read: {error_line(damage)}") from None
        running.execute(notebook, path, environment=ENVIRONMENT, on_cell=bar.update, quiet=True)
    except running.LessonError as failure:
        error, line = str(failure).removeprefix(f"{path.name}, "), failure.line
    seconds = time.monotonic() - start
    return Run(lesson.number, lesson.title, not error, round(seconds, 1), error, line)


def run_text(run: Run, *, title: int = 0, color: bool = False) -> str:
    """Return one line for a run, and below it what failed and where."""
    verdict = f"{'ok' if run.ok else 'FAILED':6}"
    if color:
        verdict = f"\x1b[{32 if run.ok else 31}m{verdict}\x1b[0m"
    lines = [f"{run.number}  {run.title:{title}}  {verdict}  {run.seconds:5.0f} s"]
    lines += [f"    {text}" for text in (run.error, run.line) if text]
    return "\n".join(lines)


def tell_runs(lessons: Sequence[Lesson], *, as_json: bool = False, color: bool = False) -> bool:
    """Run lessons and print how each went, as it ends; True when all went well."""
    title, runs = max(len(lesson.title) for lesson in lessons), []
    for run in run_lessons(lessons):
        runs.append(run)
        if not as_json:
            from tqdm import tqdm

            tqdm.write(printable(run_text(run, title=title, color=color)), file=sys.stdout)
            sys.stdout.flush()
    if as_json:
        print(json.dumps([asdict(run) for run in runs], indent=2))
    else:
        failed = sum(not run.ok for run in runs)
        seconds = sum(run.seconds for run in runs)
        print(f"{len(runs) - failed} of {len(runs)} ran to the end, in {seconds:.0f} s.")
    return all(run.ok for run in runs)
