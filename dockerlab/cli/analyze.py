"""`dockerlab analyze`: what an image consists of and what it wastes, for people and for CI."""

from __future__ import annotations

import argparse
import gc
import json
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from dockerlab.cli.progress import ReadProgress
from dockerlab.layers import (
    Analysis,
    AnalyzedLayer,
    analyze_image,
    analyze_path,
    analyze_stream,
    as_document,
    human_size,
    printable,
)
from dockerlab.messages import text

LIMIT_EXCEEDED = 3
"""The exit code where `--min-efficiency` or `--max-wasted` does not hold."""
_WASTE_SHOWN = 10
_COMMAND_SHOWN = 60
_ARCHIVE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.zst")
_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser of `dockerlab`."""
    parser = commands.add_parser("analyze", help=text("analyze.help"))
    parser.add_argument("target", metavar="IMAGE|ARCHIVE|LAYOUT", help=text("analyze.target"))
    parser.add_argument("--image", metavar="NAME", help=text("analyze.image"))
    parser.add_argument("--verify", action="store_true", help=text("analyze.verify"))
    parser.add_argument("--json", action="store_true", help=text("command.json"))
    parser.add_argument(
        "--min-efficiency", type=_share, metavar="0…1", help=text("analyze.min_efficiency")
    )
    parser.add_argument(
        "--max-wasted", type=_size, metavar="BYTES", help=text("analyze.max_wasted")
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the analysis; return 3 where a limit does not hold."""
    gc.disable()  # all that is made stays until the answer: looking for garbage takes a tenth
    try:
        analysis = _analyze(options.target, options.image, verify=options.verify)
    finally:
        gc.enable()
    if options.json:
        json.dump(as_document(analysis), sys.stdout, ensure_ascii=True)
        sys.stdout.write("\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(analysis))
    faults = list(_faults(analysis, options.min_efficiency, options.max_wasted))
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return LIMIT_EXCEEDED if faults else 0


def _analyze(target: str, image: str | None, *, verify: bool) -> Analysis:
    with ReadProgress() as progress:
        if target == "-":
            return analyze_stream(sys.stdin.buffer, image, progress=progress, verify=verify)
        if _is_path(target):
            return analyze_path(Path(target), image, progress=progress, verify=verify)
        from dockerlab.notebook.connect import open_connection  # noqa: PLC0415

        return analyze_image(open_connection().client, target, progress=progress)


def _is_path(target: str) -> bool:
    """Whether a file or layout is meant. A folder that only has an image's name is not."""
    if target.startswith(("/", ".")) or target.endswith(_ARCHIVE_ENDINGS):
        return True
    return Path(target).is_file() or (Path(target) / "index.json").is_file()


def _lines(analysis: Analysis) -> Iterator[str]:
    size, count = human_size(analysis.size), len(analysis.layers)
    yield text("analyze.title", name=printable(analysis.name), size=size, layers=count)
    yield ""
    yield text("analyze.columns")
    yield from (_layer_line(number, each) for number, each in enumerate(analysis.layers, 1))
    yield ""
    efficiency = analysis.efficiency
    yield text(
        "analyze.efficiency",
        percent=f"{100 * efficiency.score:.2f}",
        wasted=human_size(efficiency.wasted_bytes),
        bytes=efficiency.wasted_bytes,
    )
    worst = [each for each in efficiency.paths if each.size][:_WASTE_SHOWN]
    for each in worst:
        size = human_size(each.size)
        yield text("analyze.wasted_path", size=f"{size:>8}", layers=each.layers, path=each.name)


def _layer_line(number: int, each: AnalyzedLayer) -> str:
    changes = each.changes
    command = printable(" ".join(each.layer.created_by.split()))
    if len(command) > _COMMAND_SHOWN:
        command = f"{command[: _COMMAND_SHOWN - 1]}…"
    counts = (len(changes.added), len(changes.modified), len(changes.removed))
    shown = "".join(f"{count:>8}" for count in counts)
    return f"{number:>3} {human_size(each.layer.size or 0):>8}{shown}  {command}".rstrip()


def _faults(analysis: Analysis, least: float | None, most: int | None) -> Iterator[str]:
    efficiency = analysis.efficiency
    if least is not None and efficiency.score < least:
        # Four digits: 0.8999 below a limit of 0.9 must not read as 0.90 below 0.9.
        yield text("analyze.too_inefficient", found=f"{efficiency.score:.4f}", limit=least)
    if most is not None and efficiency.wasted_bytes > most:
        yield text("analyze.too_wasteful", found=efficiency.wasted_bytes, limit=most)


def _share(given: str) -> float:
    try:
        share = float(given)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(text("analyze.no_share", given=given))
    return share


def _size(given: str) -> int:
    found = re.fullmatch(r"(\d{1,15})(?:\.(\d{1,6}))?\s*([a-z]*)", given.strip().lower())
    unit = _UNITS.get(found[3] if found[3] != "b" else "") if found else None
    if found is None or unit is None:
        raise argparse.ArgumentTypeError(text("analyze.no_size", given=given))
    return int(float(f"{found[1]}.{found[2] or 0}") * unit) if found[2] else int(found[1]) * unit
