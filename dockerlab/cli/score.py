"""`dockerlab score`: how the exercises went, for the learner and for a teacher."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dockerlab.exercises import report
from dockerlab.messages import text


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of `dockerlab`."""
    parser = commands.add_parser("score", help=text("score.help"))
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=text("command.json"))
    form.add_argument("--csv", action="store_true", help=text("score.csv"))
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=text("score.output"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the scores, or write them to a file."""
    rows = report.rows()
    written = (
        report.as_json(rows)
        if options.json
        else report.as_csv(rows)
        if options.csv
        else report.as_text(rows)
    )
    if options.output is None:
        sys.stdout.write(written)
        return 0
    try:
        # newline="": CSV has its own line ends (RFC 4180).
        options.output.write_text(written, encoding="utf-8", newline="")
    except OSError as error:
        reason, path = error.strerror, options.output
        sys.stderr.write(f"{text('command.not_written', path=path, reason=reason)}\n")
        return 1
    return 0
