"""What outlives a session, on disk: the records of lessons, and their scores."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """Return the folder for state that outlives a session (XDG Base Directory, `XDG_STATE_HOME`).

    >>> state_folder().name
    'dockerlab'
    """
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "dockerlab"


def write_at_once(path: Path, text: str) -> None:
    """Write a file in one step, so that a dying kernel leaves the old one or the new one.

    Raises:
        OSError: the folder cannot be made or written to.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
