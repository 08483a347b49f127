"""Measure everything, engines side by side, and write the tables into docs/benchmarks.md.

    python -m benchmarks [--rounds N] [--only NAME…]

Needs root and Linux, about twenty minutes, and a machine that does nothing else meanwhile.
"""

import argparse
import os
import sys

from benchmarks import builds, engines, report, scale, transfer

_MEASURED = {"engines": engines, "transfer": transfer, "builds": builds, "scale": scale}


def main() -> None:
    """Measure, print each table as it is known, and write them down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="counted runs of each (default 20)")
    parser.add_argument("--only", nargs="+", choices=_MEASURED, default=list(_MEASURED))
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("The engines beside ours need root: sudo make bench")
    for name in chosen.only:
        made = []
        for table in _MEASURED[name].tables(chosen.rounds):
            print(table, "\n", flush=True)
            made.append(table)
        report.write(name, made)
    print(f"Written to {report.PAGE.name}. Load of the machine just now: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
