"""Check the set-up, then show what the three methods do with the same digits."""

from __future__ import annotations

import json
import os
import platform
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from kerasdemo import __version__
from kerasdemo._arguments import parse
from kerasdemo._terminal import columns, paint, use_color

if TYPE_CHECKING:
    import argparse

    from kerasdemo.comparison import Comparison
    from kerasdemo.doctor import Report

STOPPED = 130  # what shells call the end by Ctrl+C


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; those of the process by default.

    Returns
    -------
    int
        0 if all is well, 1 if the set-up has a problem, the methods disagree, a claim could not be
        measured because its measurement broke, a lesson failed, or a copy of a lesson was in the
        way. Wrong arguments end the process with status 2.
    """
    arguments = parse(list(sys.argv[1:] if argv is None else argv))
    if arguments.command == "lessons":
        return hand_out_lessons(arguments)
    if arguments.command == "serve":
        return serve_models(arguments)
    from kerasdemo.doctor import check_setup

    report = check_setup()
    if arguments.command == "claims" and report.ok:
        return measure_claims(arguments)
    comparison = None
    if arguments.command == "compare" and report.ok:
        comparison = compare_digits(arguments)
    if arguments.json:
        print(json.dumps(as_json(report, comparison), indent=2))
    else:
        show(report, comparison, command=arguments.command, color=use_color(arguments.color))
    if not report.ok:
        return 1
    return 0 if comparison is None or comparison.classes_agree else 1


def hand_out_lessons(arguments: argparse.Namespace) -> int:
    """List, copy, strip or run lessons; 1 if a run failed or a file was in the way."""
    from kerasdemo import lessons
    from kerasdemo.lesson_files.finding import all_lessons, pick
    from kerasdemo.view.signs import printable

    try:
        chosen = pick(arguments.names, all_lessons())
        if arguments.run:
            color = use_color(arguments.color)
            return 0 if lessons.tell_runs(chosen, as_json=arguments.json, color=color) else 1
        if (folder := arguments.copy or arguments.strip) is None:
            text = lessons.listing(chosen, width=columns())
            plain: Any = lessons.as_plain(chosen)
            status = 0
        else:
            sheets = arguments.copy is None
            done = lessons.copy_lessons(chosen, folder, sheets=sheets)
            text = lessons.said_of(done, sheets=sheets, chosen=arguments.names)
            plain = {**asdict(done), "folder": str(done.folder)}
            status = int(bool(done.there_already))
    except (OSError, ValueError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(plain, indent=2) if arguments.json else printable(text))
    return status


def serve_models(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl+C, which is how a server ends: 0; 1 if it could not start.

    130 if Ctrl+C came before it listened, or again while it was ending.
    """
    from kerasdemo.view.signs import printable

    try:
        from kerasdemo.serving.command import serve

        serve(
            arguments.folder,
            model=arguments.model,
            name=arguments.name,
            port=arguments.port,
            workers=arguments.workers,
            max_message_bytes=arguments.max_message_bytes,
            say=lambda text: print(printable(text), flush=True),
        )
    except KeyboardInterrupt:
        return STOPPED
    except (OSError, ValueError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measure_claims(arguments: argparse.Namespace) -> int:
    """Measure claims and print them; 1 if a measurement broke, 130 if it was stopped."""
    from kerasdemo.claims import check_claims
    from kerasdemo.view.signs import printable

    ledger = check_claims(*arguments.ids, quick=arguments.quick)
    if arguments.json:
        print(json.dumps({**about(), **ledger.as_dict()}, indent=2))
    elif arguments.markdown:
        print(printable(ledger.as_markdown()))
    else:
        print(printable(ledger.as_text(width=columns(), color=use_color(arguments.color))))
    return STOPPED if ledger.left else int(bool(ledger.failed))


def compare_digits(arguments: argparse.Namespace) -> Comparison:
    """Compare the methods on the first held-out embedded digits with the shipped classifier."""
    from kerasdemo.classifier import load_classifier
    from kerasdemo.comparison import compare
    from kerasdemo.digits import load_digits

    test = load_digits().test
    if arguments.samples > len(test):
        print(f"--samples: there are {len(test)} held-out digits; using all.", file=sys.stderr)
    return compare(
        load_classifier(),
        test[: arguments.samples].images,
        methods=arguments.methods,
        batch_size=arguments.batch_size,
    )


def as_json(report: Report, comparison: Comparison | None) -> dict[str, Any]:
    """Return the report and the comparison as plain values."""
    setup = {"ok": report.ok, "findings": [asdict(finding) for finding in report]}
    return {
        **about(),
        "setup": setup,
        "comparison": comparison.as_dict() if comparison else None,
    }


def about() -> dict[str, Any]:
    """Return the versions that a result holds for."""
    return {
        "kerasdemo": __version__,
        "versions": {name: version(name) for name in ("tensorflow", "keras", "numpy")},
    }


def show(report: Report, comparison: Comparison | None, *, command: str, color: bool) -> None:
    """Print the report (whole for ``doctor``, in brief otherwise) and the comparison's table."""
    from kerasdemo.view.signs import printable
    from kerasdemo.view.table import DIFFERS, as_text

    whole = command == "doctor" or not report.ok
    width = columns()
    print(printable(paint(report.as_text(width=width), color) if whole else brief(report, width)))
    if comparison is not None:
        symbol = printable(DIFFERS)
        print()
        print(as_text(comparison.table(), width=width, color=color, symbol=symbol))


def brief(report: Report, width: int = 100) -> str:
    """Say what runs here and what the checks came to, then each warning."""
    versions = [f"{name} {version(name.lower())}" for name in ("TensorFlow", "Keras", "NumPy")]
    lines = [f"Python {platform.python_version()}, {', '.join(versions)}. {report.verdict()}"]
    lines += [f"! {f.name}: {f.seen}" for f in report if f.status == "warning"]
    if len(lines) > 1:
        lines.append("To mend it: python -m kerasdemo doctor")
    return "\n".join(part for line in lines for part in textwrap.wrap(line, width))


def version(package: str) -> str:
    """Return the installed version of a package, or ``"missing"``."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def run() -> int:
    """Run `main`; a reader that stops listening (``| head``) is no error, and Ctrl+C is none."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return STOPPED
    return status


if __name__ == "__main__":
    sys.exit(run())
