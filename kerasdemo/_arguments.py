"""What can be typed behind ``python -m kerasdemo``."""

from __future__ import annotations

import argparse
from pathlib import Path

from kerasdemo import __version__

COMMANDS = ("compare", "doctor", "claims", "lessons", "serve")
LESSONS = "list the lessons, copy them, make exercise sheets, or run them"
SERVE = "serve models over gRPC, on this machine alone, as TensorFlow Serving does"
MOST = 1_000_000  # samples, or samples to a batch
SERVE_MORE = """\
Serve the models in FOLDER/NAME/VERSION over gRPC at 127.0.0.1, as TensorFlow
Serving does. New versions are picked up. Without FOLDER the shipped classifier
is served. Ctrl+C stops it.
"""
DESCRIPTION = "Check the set-up, then show what the three methods do with the same digits."
EPILOG = """\
exit status: 0 all is well; 1 the set-up has a problem, the methods disagree, a
measurement broke, a lesson failed or a file was in the way; 2 wrong arguments;
130 stopped (Ctrl+C)

examples:
  python -m kerasdemo                      check, then compare on 32 digits
  python -m kerasdemo compare --methods predict,predict_step,call --samples 100
  python -m kerasdemo doctor               what is wrong, and what mends it
  python -m kerasdemo claims               what is said of Keras, measured
  python -m kerasdemo claims 07            the claims of lesson 07; or name some
  python -m kerasdemo lessons              which there are, how long they take
  python -m kerasdemo lessons --copy work  fresh copies, in the folder work
  python -m kerasdemo lessons 03 05 --run  run two and say how it went
  python -m kerasdemo serve                a server with the shipped classifier
  python -m kerasdemo --json > result.json
"""


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the arguments; options without a command belong to ``compare``."""
    command = next((word for word in argv if word in COMMANDS), "compare")
    if not argv or (argv[0].startswith("-") and argv[0] not in ("-h", "--help", "--version")):
        if command in argv:
            argv.remove(command)
        argv = [command, *argv]
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m kerasdemo",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=formatter,
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
    claims.add_argument(
        "--quick", action="store_true", help="leave out time and memory: a minute at most"
    )
    claims.add_argument(
        "--markdown", action="store_true", help="print Markdown, as in docs/claims.md"
    )
    _add_lessons(commands.add_parser("lessons", parents=[common], help=LESSONS))
    _add_serve(commands.add_parser("serve", help=SERVE, description=SERVE_MORE))
    arguments = parser.parse_args(argv)
    if arguments.command == "claims" and arguments.json and arguments.markdown:
        claims.error("--json and --markdown are two forms of one answer: ask for one of them")
    return arguments


def _add_lessons(lessons: argparse.ArgumentParser) -> None:
    lessons.add_argument(
        "names", nargs="*", type=lesson_name, metavar="LESSON", help="its number or its file (all)"
    )
    what = lessons.add_mutually_exclusive_group()
    what.add_argument(
        "--copy", type=Path, metavar="DIR", help="fresh copies to work in; replaces no file"
    )
    what.add_argument(
        "--strip", type=Path, metavar="DIR", help="exercise sheets without solutions, for nbgrader"
    )
    what.add_argument("--run", action="store_true", help="run them and say how it went (minutes)")


def _add_serve(serve: argparse.ArgumentParser) -> None:
    what = serve.add_mutually_exclusive_group()
    what.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="all models in it")
    what.add_argument("--model", type=Path, metavar="FILE.keras", help="serve this model instead")
    serve.add_argument("--name", default="digits", help="what to call that model (digits)")
    serve.add_argument("--port", type=port, default=8500, help="0: any free one (8500)")
    serve.add_argument(
        "--workers", type=positive, help="requests that run at once (the number of cores)"
    )
    serve.add_argument(
        "--max-message-bytes",
        type=positive_bytes,
        default=4 * 1024 * 1024,
        metavar="BYTES",
        help="the largest request (4194304)",
    )


def port(text: str) -> int:
    """Read a port's number; 0 stands for any free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535")
    return int(text)


def positive_bytes(text: str) -> int:
    """Read a number of bytes that a message may have."""
    if not text.isdecimal() or not 1 <= int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: a number from 1 to {2**31 - 1:,}")
    return int(text)


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


def lesson_name(text: str) -> str:
    """Read a lesson's number or the name of its file."""
    from kerasdemo.lesson_files.finding import all_lessons, pick

    try:
        pick([text], all_lessons())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
