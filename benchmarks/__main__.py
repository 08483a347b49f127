"""Measure everything, engines side by side, and write the tables into docs/benchmarks.md.

    python -m benchmarks [--quick | --rounds N] [--only PART…] [--print]

Needs root and Linux, and a machine that does nothing else meanwhile. All of it takes about twenty
minutes, with --quick about eight. The parts: `engines` (starting, running, listing, memory),
`transfer` (pull, load, save), `builds`, `scale` (many layers, many images).
"""

import argparse
import os
import sys
import time

from benchmarks import builds, engines, report, scale, transfer

_MEASURED = {"engines": engines, "transfer": transfer, "builds": builds, "scale": scale}
_ROUNDS = 20
_QUICK = {"engines": 10, "transfer": 4, "builds": 10, "scale": 8}


def main() -> None:
    """Measure, print each table as it is known, and write them down."""
    chosen = _parser().parse_args()
    if os.geteuid() != 0:
        sys.exit("The engines beside ours need root: sudo make bench")
    begun = time.monotonic()
    for name in chosen.only:
        rounds = _QUICK[name] if chosen.quick else chosen.rounds
        made = []
        for table in _MEASURED[name].tables(rounds):
            print(table, "\n", flush=True)
            made.append(table)
        made.append(report.circumstances(rounds))
        if not chosen.print:
            report.write(name, made)
        minutes = (time.monotonic() - begun) / 60
        print(f"{made[-1]}\n{name} done, {minutes:.1f} minutes since the start.\n", flush=True)
    if not chosen.print:
        print(f"Written to docs/{report.PAGE.name}.")


def _parser() -> argparse.ArgumentParser:
    title, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=title,
        epilog=rest.partition("\n\n")[2],
    )
    how_often = parser.add_mutually_exclusive_group()
    how_often.add_argument(
        "--rounds", type=int, default=_ROUNDS, help=f"counted runs of each (default {_ROUNDS})"
    )
    counted = ", ".join(f"{name} {rounds}" for name, rounds in _QUICK.items())
    how_often.add_argument("--quick", action="store_true", help=f"fewer rounds: {counted}")
    parser.add_argument(
        "--only", nargs="+", metavar="PART", choices=_MEASURED, default=list(_MEASURED),
        help=f"measure these parts only: {', '.join(_MEASURED)}",
    )  # fmt: skip
    parser.add_argument("--print", action="store_true", help="leave docs/benchmarks.md as it is")
    return parser


if __name__ == "__main__":
    main()
