"""The directory that a layer is unpacked into, and no way out of it.

Every system call names one file in one directory that is already open, never a path: what the
archive calls ``a/b/c`` is looked up here, a component at a time. Symbolic links on the way are read
and followed as inside a container, whose root this directory is, so that neither an absolute link
nor any number of ``..`` leads out (path_resolution(7), chroot(2)).
"""

import os
import stat
from collections.abc import Callable
from errno import ELOOP, ENOTDIR
from pathlib import Path

from dockerlab.engine.errors import DataLoss
from dockerlab.engine.symlinks import MAX_LINKS

Parts = tuple[bytes, ...]
"""A path from the root, component by component."""

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KEPT_OPEN = 64
_MAX_PATH = 4096


def parts(name: bytes) -> Parts:
    """The components of an archive's name, without ``.``, ``..`` and the leading ``/``.

    Raises:
        DataLoss: the name climbs out of the root, is too long, or holds a NUL.

    >>> parts(b"./usr//lib/../bin")
    (b'usr', b'bin')

    """
    found = [part for part in name.split(b"/") if part not in (b"", b".")]
    if b".." in found:
        found = _climbed(found, name)
    # Components can be too long only where the whole is.
    if len(name) > 255 and (len(name) >= _MAX_PATH or max(map(len, found)) > 255):
        raise DataLoss(f"invalid entry name {os.fsdecode(name[:60])!r}…: file name too long")
    if b"\0" in name:
        raise DataLoss(f"invalid entry name {os.fsdecode(name)!r}: it holds a NUL")
    return tuple(found)


def _climbed(path: list[bytes], name: bytes) -> list[bytes]:
    found: list[bytes] = []
    for part in path:
        if part != b"..":
            found.append(part)
        elif found:
            found.pop()
        else:
            raise DataLoss(f"invalid entry name {os.fsdecode(name)!r}: it leads out of the root")
    return found


class Root:
    """An open directory tree."""

    def __init__(
        self,
        directory: Path,
        *,
        made: Callable[[Parts], None],
        gives_way: Callable[[Parts], bool] = lambda _: False,
    ) -> None:
        """Tell ``made`` of each directory that had to be made.

        Where a directory is needed and a file is, ``gives_way`` says whether that may be removed.
        """
        self._top = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._made = made
        self._gives_way = gives_way
        self._open: dict[Parts, tuple[int, Parts]] = {}

    def close(self) -> None:
        """Close what is open."""
        self.forget()
        os.close(self._top)

    def forget(self) -> None:
        """A directory or a symbolic link was removed: look everything up anew."""
        for handle, _ in self._open.values():
            os.close(handle)
        self._open.clear()

    def directory(self, path: Parts, *, make: bool = True) -> tuple[int, Parts]:
        """A handle on the directory ``path``, and where it really is, links followed.

        The handle is the root's own and stays open for the next calls. Missing directories are
        made, unless ``make`` is false.

        Raises:
            DataLoss: something on the way is no directory, or links lead in a circle.
            FileNotFoundError: there is no such directory, and it is not to be made.

        """
        if not path:
            return self._top, ()
        if found := self._open.pop(path, None):
            self._open[path] = found  # the last used is the last closed
            return found
        found = self._look_up(path, make)
        self._open[path] = found
        if len(self._open) > _KEPT_OPEN:
            oldest = next(iter(self._open))
            os.close(self._open.pop(oldest)[0])
        return found

    def _look_up(self, path: Parts, make: bool) -> tuple[int, Parts]:
        start, real = self._open.get(path[:-1], (self._top, ()))
        ahead = [path[-1]] if real or len(path) == 1 else list(reversed(path))
        links = 0
        handle = os.dup(start)
        try:
            while ahead:
                part = ahead.pop()
                target = self._step(handle, part, (*real, part), make)
                if isinstance(target, int):
                    os.close(handle)
                    handle, real = target, (*real, part)
                    continue
                links += 1
                _refuse_circle(links, path)
                # Begin again at the top: ".." means the directory where the link really is.
                ahead += reversed(_resolve(real, target))
                real = ()
                os.close(handle)
                handle = os.dup(self._top)
        except BaseException:
            os.close(handle)
            raise
        return handle, real

    def _step(self, handle: int, part: bytes, path: Parts, make: bool) -> int | bytes:
        """Open the directory ``part``, or read the symbolic link that it is."""
        try:
            return os.open(part, DIRECTORY, dir_fd=handle)
        except FileNotFoundError:
            if not make:
                raise
            return self._make(handle, part, path)
        except OSError as error:
            if error.errno not in (ENOTDIR, ELOOP):
                raise
        status = os.stat(part, dir_fd=handle, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            return os.readlink(part, dir_fd=handle)
        if make and (is_whiteout(status) or self._gives_way(path)):
            os.unlink(part, dir_fd=handle)
            return self._make(handle, part, path)
        raise DataLoss(f"{_show(path)} is in the way: it is no directory")

    def _make(self, handle: int, part: bytes, path: Parts) -> int:
        os.mkdir(part, 0o700, dir_fd=handle)
        self._made(path)
        return os.open(part, DIRECTORY, dir_fd=handle)


def is_whiteout(status: os.stat_result) -> bool:
    """Whether overlayfs takes this file for a whiteout: it stands for nothing."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _refuse_circle(links: int, path: Parts) -> None:
    if links > MAX_LINKS:
        raise DataLoss(f"{_show(path)}: too many levels of symbolic links")


def _resolve(directory: Parts, target: bytes) -> list[bytes]:
    """Where a link in ``directory`` points, from the root; above the root is the root."""
    found = [] if target.startswith(b"/") else list(directory)
    for part in target.split(b"/"):
        if part == b"..":
            del found[-1:]
        elif part not in (b"", b"."):
            found.append(part)
    return found


def _show(path: Parts) -> str:
    return os.fsdecode(b"/" + b"/".join(path))
