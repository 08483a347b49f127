"""What snapshots ask of the disk: flushing, places, and errors that a user can read."""

import ctypes
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EDQUOT, ENOSPC
from pathlib import Path

from dockerlab.engine.errors import DiskFull, SystemFailure

_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602
"""The ioctls FS_IOC_GETFLAGS and FS_IOC_SETFLAGS of linux/fs.h, where a long has 64 bits."""
_TOP_OF_HIERARCHY = 0x00020000
_FLAGS = struct.Struct("l")

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


def spread(directory: Path) -> None:
    """Say that the directories in ``directory`` have nothing to do with each other (chattr(1), T).

    ext4 puts a file near its directory, and passes over the inodes there that were freed within the
    last minutes, one by one. Copies and layers made and removed in one place therefore take ever
    longer: three to six times as long after a few thousand files, a large `docker load` twice as
    long. File systems without such a hint need none.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flags = bytearray(_FLAGS.size)
        with suppress(OSError):
            fcntl.ioctl(handle, _GET_FLAGS, flags)
            (before,) = _FLAGS.unpack(flags)
            fcntl.ioctl(handle, _SET_FLAGS, _FLAGS.pack(before | _TOP_OF_HIERARCHY))
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
