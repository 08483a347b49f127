"""Look into the layers below, where a layer refers to what it does not hold itself.

Some archives have ``a/b`` without ``a``, or a hard link whose file is in an earlier layer. With
overlay snapshots those are other directories.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from errno import ELOOP, ENODATA, ENOTDIR, ENOTSUP
from pathlib import Path
from typing import BinaryIO

from dockerlab.engine.snapshots.clone import copy_data
from dockerlab.engine.unpack.root import DIRECTORY, Parts, is_whiteout

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")


class Below:
    """The directories of the layers below, the nearest first."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = directories

    def status(self, path: Parts) -> os.stat_result | None:
        """What the layers below have at ``path``; None if nothing, or it is hidden."""
        found = self.find(path)
        if found is None:
            return None
        handle, status = found
        os.close(handle)
        return status

    def copy(self, path: Parts, parent: int) -> bool:
        """Copy a regular file or symbolic link to its name in ``parent``; whether there is one."""
        found = self.find(path)
        if found is None:
            return False
        handle, status = found
        try:
            if stat.S_ISLNK(status.st_mode):
                os.symlink(os.readlink(path[-1], dir_fd=handle), path[-1], dir_fd=parent)
            elif stat.S_ISREG(status.st_mode):
                with os.fdopen(os.open(path[-1], _READ, dir_fd=handle), "rb") as old:
                    _copy_file(old, path[-1], parent)
            else:
                return False
        finally:
            os.close(handle)
        return True

    def find(self, path: Parts) -> tuple[int, os.stat_result] | None:
        """A handle on the directory that holds ``path``, to be closed, and the path's status."""
        for handle in self._visible(path[:-1]):
            try:
                status = os.stat(path[-1], dir_fd=handle, follow_symlinks=False)
            except FileNotFoundError:
                continue
            return None if is_whiteout(status) else (os.dup(handle), status)
        return None

    def names(self, path: Parts) -> set[bytes]:
        """What the layers below have in the directory ``path``."""
        seen: dict[bytes, bool] = {}
        for handle in self._visible(path):
            with os.scandir(handle) as items:
                for item in items:
                    there = not is_whiteout(item.stat(follow_symlinks=False))
                    seen.setdefault(os.fsencode(item.name), there)
        return {name for name, there in seen.items() if there}

    def _visible(self, path: Parts) -> Iterator[int]:
        """The directory ``path`` of each layer that has it, down to one that hides the others."""
        for directory in self._directories:
            handle = os.open(directory, DIRECTORY)
            opaque = is_opaque(handle)
            try:
                for part in path:
                    handle, outer = os.open(part, DIRECTORY, dir_fd=handle), handle
                    os.close(outer)
                    opaque = opaque or is_opaque(handle)
                yield handle
            except FileNotFoundError:
                pass
            except OSError as error:
                if error.errno in (ELOOP, ENOTDIR):
                    return  # a file or a whiteout: all below is hidden
                raise
            finally:
                os.close(handle)
            if opaque:
                return


def is_opaque(handle: int) -> bool:
    """Whether overlayfs shows nothing of what is below an open directory."""
    for attribute in _OPAQUE:
        try:
            if os.getxattr(handle, attribute) == b"y":
                return True
        except OSError as error:
            if error.errno not in (ENODATA, ENOTSUP):
                raise
    return False


def own_copy(name: bytes, parent: int) -> None:
    """Replace a file that may be a parent snapshot's, too (a hard link) by a copy of its own."""
    with os.fdopen(os.open(name, _READ, dir_fd=parent), "rb") as old:
        os.unlink(name, dir_fd=parent)
        _copy_file(old, name, parent)


def _copy_file(old: BinaryIO, name: bytes, parent: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=parent), "wb") as new:
        copy_data(old.fileno(), new.fileno())
        for key in os.listxattr(old.fileno()):
            if ".overlay." not in key:
                os.setxattr(new.fileno(), key, os.getxattr(old.fileno(), key))
