"""``dockerlab engine check``: whether what the embedded engine keeps is whole."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dockerlab.messages import text

if TYPE_CHECKING:
    from dockerlab.engine.daemon.checking import Report

FOUND = 3
"""The exit code where something is wrong."""


def main(arguments: Sequence[str]) -> int:
    """Check, say what was found, and return the exit code: 0 nothing, 1 no check, 3 something."""
    from dockerlab.engine.daemon import EngineError, checking  # noqa: PLC0415

    options = _parser().parse_args(arguments)
    checking.see_all()
    try:
        reports = checking.check(root=options.root, repair=options.repair, progress=_progress())
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(_as_json(reports) if options.json else "\n".join(map(_as_text, reports)))
    return FOUND if any(report.findings for report in reports) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dockerlab engine check", description=text("check.description")
    )
    parser.add_argument("--root", type=Path, metavar="DIR", help=text("check.root"))
    parser.add_argument("--json", action="store_true", help=text("command.json"))
    parser.add_argument("--repair", action="store_true", help=text("check.repair"))
    return parser


def _progress() -> Callable[[str, int, int], None]:
    """A line that is written over and over, for somebody at a terminal."""

    def show(what: str, done: int, all_: int) -> None:
        line = text("check.progress", what=text(f"check.what.{what}"), done=done, all=all_)
        sys.stderr.write(f"\r\x1b[K{line}" if done < all_ else "\r\x1b[K")
        sys.stderr.flush()

    return show if sys.stderr.isatty() else lambda _what, _done, _all: None


def _as_json(reports: Sequence[Report]) -> str:
    listed = [
        {
            "root": report.root,
            "running": report.running,
            "checked": report.checked,
            "findings": [
                {
                    "kind": str(each.kind),
                    "subject": each.subject,
                    "detail": each.detail,
                    "swept": each.swept,
                }
                for each in report.findings
            ],
        }
        for report in reports
    ]
    return json.dumps({"reports": listed}, indent=2)


def _as_text(report: Report) -> str:
    lines = [text("check.head", root=report.root)]
    if report.running:
        lines.append(text("check.running"))
    for each in report.findings:
        lines.append(text(f"check.found.{each.kind}", subject=each.subject))
        if each.detail:
            lines.append(f"    {each.detail}")
    lines.append(text("check.counted", **report.checked))
    left = [each for each in report.findings if each.swept]
    damaged = len(report.findings) - len(left)
    if damaged:
        lines.append(text("check.damaged", number=damaged))
    if left:
        lines.append(text("check.left_over", number=len(left)))
    if not report.findings:
        lines.append(text("check.clean"))
    return "\n".join(lines)
