"""Train the classifier that ships with the package again, or only measure it."""

from __future__ import annotations

import argparse

from kerasdemo.classifier.remaking import remake, report


def main(arguments: list[str] | None = None) -> None:
    """Remake the shipped files, or only measure them."""
    parser = argparse.ArgumentParser(prog="python -m kerasdemo.classifier", description=__doc__)
    parser.add_argument("--report", action="store_true", help="measure the shipped file, no more")
    options = parser.parse_args(arguments)
    if not options.report:
        remake()
    print(report())


if __name__ == "__main__":
    main()
