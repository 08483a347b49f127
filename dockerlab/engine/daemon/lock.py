"""One engine for each data directory: a lock that ends with its holder, even by kill -9."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from dockerlab.engine.errors import Conflict

NAME = "engine.lock"


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock, as written into it."""

    pid: int
    socket: str


class Lock:
    """``flock(2)`` on a file in the data directory, held until this process ends."""

    def __init__(self, root: Path) -> None:
        """Take the lock.

        Raises:
            Conflict: another engine holds it.

        """
        self._file = os.open(root / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise Conflict(f"an engine is already running on {root}") from None
        os.truncate(self._file, 0)

    def write(self, holder: Holder) -> None:
        """Say who holds the lock; readers find it only once the engine listens."""
        os.pwrite(self._file, msgspec.json.encode(holder), 0)

    def release(self) -> None:
        """Let the next engine start."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def held(root: Path) -> bool:
    """Whether an engine runs on ``root``."""
    try:
        file = os.open(root / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # A shared lock does not stand in the way of others who only ask.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def holder(root: Path) -> Holder | None:
    """Who runs on ``root``; None if nobody does, or while it does not listen yet."""
    if not held(root):
        return None
    try:
        return msgspec.json.decode((root / NAME).read_bytes(), type=Holder)
    except msgspec.DecodeError:
        return None
