"""The command line that all measurements share, and the page that holds what they found."""

import argparse
import os
import platform
import re
import time
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs/benchmarks.md"


def rounds_from(doc: str | None, arguments: Sequence[str] | None = None, *, usual: int = 20) -> int:
    """How often to measure, from the command line of the module with this docstring."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    shown = f"counted runs of each (default {usual})"
    parser.add_argument("--rounds", type=int, default=usual, help=shown)
    rounds: int = parser.parse_args(arguments).rounds
    return rounds


def circumstances(rounds: int) -> str:
    """When and how something was measured, for whoever compares it with another time."""
    day = f"{time.gmtime().tm_mday} {time.strftime('%B %Y', time.gmtime())}"
    cpus = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return (
        f"*{rounds} rounds, {day}; Linux {platform.release()}, {cpus} CPUs, load at the end "
        f"{load:.1f}.*"
    )


def write(name: str, tables: Sequence[str], *, page: Path = PAGE) -> None:
    """Put the tables in the page's place for them, between its comments with this name.

    Raises:
        ValueError: the page has no such place.

    """
    text = page.read_text()
    place = re.compile(f"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"{page.name} has no place for the tables of {name}")
    filled = "\n" + "\n\n".join(tables) + "\n\n"
    page.write_text(place.sub(lambda found: found[1] + filled + found[2], text))
