"""Check the set-up, then show what the three methods do with the same digits."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from kerasdemo import __version__

if TYPE_CHECKING:
    from kerasdemo.comparison import Comparison
    from kerasdemo.doctor import Report

COMMANDS = ("compare", "doctor", "claims")
MOST = 1_000_000  # samples, or samples to a batch
STOPPED = 130  # what shells call the end by Ctrl+C
EPILOG = """\
exit status: 0 all is well; 1 the set-up has a problem, the methods disagree or a measurement broke;
2 wrong arguments; 130 stopped (Ctrl+C)

examples:
  python -m kerasdemo                      check, then compare on 32 digits
  python -m kerasdemo compare --methods predict,predict_step,call --samples 100
  python -m kerasdemo doctor               what is wrong, and the command that mends it
  python -m kerasdemo claims               what is often said about Keras, measured (minutes)
  python -m kerasdemo claims 07            the claims of lesson 07; or name some
  python -m kerasdemo --json > result.json
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; those of the process by default.

    Returns
    -------
    int
        0 if all is well, 1 if the set-up has a problem, the methods disagree or a claim could not
        be measured because its measurement broke. Wrong arguments end the process with status 2.
    """
    arguments = parse(list(sys.argv[1:] if argv is None else argv))
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


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the arguments; options without a command belong to ``compare``."""
    command = next((word for word in argv if word in COMMANDS), "compare")
    if not argv or (argv[0].startswith("-") and argv[0] not in ("-h", "--help", "--version")):
        if command in argv:
            argv.remove(command)
        argv = [command, *argv]
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m kerasdemo", description=__doc__, epilog=EPILOG, formatter_class=formatter
    )
    parser.add_argument("--version", action="version", version=f"kerasdemo {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="{" + ",".join(COMMANDS) + "}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON, for machines")
    common.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="colours (auto)"
    )
    compare = commands.add_parser(
        "compare", parents=[common], help="check, then compare the methods (the default)"
    )
    compare.add_argument("--samples", type=positive, default=32, help="how many digits (32)")
    compare.add_argument("--batch-size", type=positive, default=32, help="samples to a batch (32)")
    compare.add_argument(
        "--methods",
        type=method_names,
        default=("predict", "predict_on_batch", "predict_step"),
        help="names with commas between: predict, predict_on_batch, predict_step, call, compiled",
    )
    commands.add_parser("doctor", parents=[common], help="check the set-up, say how to mend it")
    claims = commands.add_parser(
        "claims", parents=[common], help="measure what is often said about prediction with Keras"
    )
    claims.add_argument(
        "ids", nargs="*", type=claim_id, metavar="ID", help="a claim, or a lesson's number (all)"
    )
    claims.add_argument("--markdown", action="store_true", help="print Markdown, as in README.md")
    return parser.parse_args(argv)


def positive(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST:,}")
    return int(text)


def method_names(text: str) -> tuple[str, ...]:
    """Read method names with commas between them."""
    from kerasdemo.methods import check_method

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    try:
        for name in names or ("",):
            check_method(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return names


def claim_id(text: str) -> str:
    """Read the name of a claim or the number of a lesson that has claims."""
    from kerasdemo.claims import select

    try:
        select(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def measure_claims(arguments: argparse.Namespace) -> int:
    """Measure claims and print them; 1 if a measurement broke, 130 if it was stopped."""
    from kerasdemo.claims import check_claims
    from kerasdemo.view.signs import printable

    ledger = check_claims(*arguments.ids)
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
    print(printable(paint(repr(report), color) if whole else brief(report)))
    if comparison is not None:
        symbol = printable(DIFFERS)
        print()
        print(as_text(comparison.table(), width=columns(), color=color, symbol=symbol))


def columns() -> int:
    """Return the width to write in: the terminal's, at most 100."""
    return min(100, shutil.get_terminal_size((100, 24)).columns)


def brief(report: Report) -> str:
    """Say in one line what runs here, then what the checks came to and each warning."""
    versions = [f"{name} {version(name.lower())}" for name in ("TensorFlow", "Keras", "NumPy")]
    lines = [f"Python {platform.python_version()}, {', '.join(versions)}. {report.verdict()}"]
    lines += [f"! {f.name}: {f.seen}" for f in report if f.status == "warning"]
    if len(lines) > 1:
        lines.append("To mend it: python -m kerasdemo doctor")
    return "\n".join(lines)


def version(package: str) -> str:
    """Return the installed version of a package, or ``"missing"``."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def paint(report: str, color: bool) -> str:
    """Colour the words that say how a check went; the symbols beside them say the same."""
    if color:
        for word, code in (("✓ ok", 32), ("! warning", 33), ("✗ problem", 31)):
            report = report.replace(word, f"\x1b[{code}m{word}\x1b[0m")
    return report


def use_color(choice: str) -> bool:
    """Decide on colour: on a terminal, unless NO_COLOR is set (no-color.org) or TERM is dumb."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


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
