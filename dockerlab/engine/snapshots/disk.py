"""What snapshots ask of the disk: flushing, and errors that a user can read."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

from dockerlab.engine.errors import DiskFull, SystemFailure

_libc = ctypes.CDLL(None, use_errno=True)


def flush(directory: Path) -> None:
    """Write all that the directory's file system holds in memory to the disk (syncfs(2)).

    One call, however many files a layer has: an fsync each would wait for the disk each time.

    Raises:
        OSError: the disk did not take it.

    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _libc.syncfs(handle) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), os.fspath(directory))
    finally:
        os.close(handle)


@contextmanager
def kindly(what: str) -> Iterator[None]:
    """Turn the operating system's errors into the engine's: "could not ``what``: reason".

    Raises:
        DiskFull: no space is left.
        SystemFailure: the system call failed otherwise.

    """
    try:
        yield
    except OSError as error:
        sentence = f"could not {what}: {(error.strerror or str(error)).lower()}"
        if error.errno in (ENOSPC, EDQUOT):
            raise DiskFull(sentence) from error
        raise SystemFailure(sentence) from error
