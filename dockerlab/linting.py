"""hadolint, the linter for Dockerfiles: where it is, and what it finds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path


class LinterMissing(FileNotFoundError):
    """There is no hadolint on this machine."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the linter says of one line: its number from 1, the rule (`DL3007`), and a sentence."""

    line: int
    code: str
    level: str
    message: str


def lint(dockerfile: str, *, path: str | None = None) -> tuple[Finding, ...]:
    """Return what hadolint finds in the text of a Dockerfile, in the order of its lines.

    It is looked for on `path`: by default on `PATH`, and beside Python.

    Raises:
        LinterMissing: hadolint is not installed.

    """
    program = shutil.which("hadolint", path=path or programs_path(os.environ.get("PATH", "")))
    if program is None:
        raise LinterMissing("hadolint")
    words = [program, "--no-fail", "--format", "json", "-"]
    ran = subprocess.run(words, input=dockerfile, capture_output=True, text=True, check=True)
    return tuple(
        Finding(each["line"], each["code"], each["level"], each["message"])
        for each in json.loads(ran.stdout)
    )


def programs_path(path: str, *, python: str = sys.executable) -> str:
    """Return `path` with the folder of Python's own programs at its end, if it is not in there.

    >>> programs_path("/usr/bin:/bin", python="/lab/.venv/bin/python")
    '/usr/bin:/bin:/lab/.venv/bin'
    >>> programs_path("/lab/.venv/bin:/bin", python="/lab/.venv/bin/python")
    '/lab/.venv/bin:/bin'
    """
    own = str(Path(python).parent)
    known = path.split(os.pathsep) if path else []
    return os.pathsep.join(known if own in known else [*known, own])


def find_programs(environ: MutableMapping[str, str] = os.environ) -> None:
    """Let `!hadolint` be found where a kernel was started without its environment's programs."""
    environ["PATH"] = programs_path(environ.get("PATH", ""))
