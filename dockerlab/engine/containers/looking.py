"""Places in a container's files, looked up without ever leaving them.

A container that runs may exchange a directory for a symbolic link at any moment. So nothing here
goes by a path twice: each directory on the way is opened in the one before (``unpack.root``), and
what is done is done in the directory that was found.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from errno import ENOTDIR
from pathlib import Path

import msgspec

from dockerlab.engine.containers.model import Mount
from dockerlab.engine.errors import DataLoss, InvalidParameter, NotFound
from dockerlab.engine.symlinks import MAX_LINKS
from dockerlab.engine.unpack.root import Parts, Root

_MODES = (
    (stat.S_ISDIR, 1 << 31),
    (stat.S_ISLNK, 1 << 27),
    (stat.S_ISBLK, 1 << 26),
    (stat.S_ISCHR, 1 << 26 | 1 << 21),
    (stat.S_ISFIFO, 1 << 25),
    (stat.S_ISSOCK, 1 << 24),
)
_SPECIAL = ((stat.S_ISUID, 1 << 23), (stat.S_ISGID, 1 << 22), (stat.S_ISVTX, 1 << 20))


class Place(msgspec.Struct, frozen=True):
    """A file or directory that was found: ``name`` in the open directory ``parent``.

    Of a root directory ``name`` is ``b"."``. ``path`` leads there from the root, links followed.
    """

    parent: int
    name: bytes
    path: Parts
    status: os.stat_result

    @property
    def is_directory(self) -> bool:
        """Whether it is one, and no link to one."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def go_mode(self) -> int:
        """Its mode in the bits of Go's ``os.FileMode``, which Docker's API speaks."""
        mode = self.status.st_mode
        bits = sum(bit for check, bit in _MODES if check(mode))
        return (mode & 0o777) | bits | sum(bit for flag, bit in _SPECIAL if mode & flag)


def split(path: str) -> tuple[Parts, bool]:
    """The components of a path, and whether its end (``/`` or ``/.``) asks for a directory.

    ``..`` climbs, and above the root is the root.

    >>> split("/etc/../usr/.")
    ((b'usr',), True)

    """
    found: list[bytes] = []
    for part in os.fsencode(path).split(b"/"):
        if part == b"..":
            del found[-1:]
        elif part not in (b"", b"."):
            found.append(part)
    return tuple(found), path.endswith(("/", "/.")) or path == "."


def mounted(root: Path, mounts: Iterable[Mount], path: Parts) -> tuple[Path, Parts, Mount | None]:
    """The directory that holds ``path``, the way in it, and what is mounted there, if it is.

    Where a part of a volume is mounted, the directory is the whole volume's.
    """
    best: tuple[Path, Parts, Mount | None] = (root, path, None)
    for mount in mounts:
        place = tuple(os.fsencode(part) for part in mount.destination.split("/") if part)
        source = Path(mount.source) if mount.source else None
        if source and path[: len(place)] == place and (source / mount.subpath).is_dir():
            best = source, path[len(place) :], mount
    return best


@contextmanager
def find(directory: Path, path: Parts, *, follow: bool) -> Iterator[Place]:
    """The place ``path`` below ``directory``; ``follow`` says to follow a link at its end, too.

    Raises:
        NotFound: there is none.
        NotADirectoryError: something on the way is no directory.

    """
    root = Root(directory, made=lambda _: None)
    try:
        yield _look_up(root, path, follow=follow)
    except FileNotFoundError as error:
        raise NotFound(os.fsdecode(b"/" + b"/".join(path))) from error
    finally:
        root.close()


def _look_up(root: Root, path: Parts, *, follow: bool) -> Place:
    try:
        if path and not follow:
            parent, real = root.directory(path[:-1], make=False)
            status = os.stat(path[-1], dir_fd=parent, follow_symlinks=False)
            return Place(parent, path[-1], (*real, path[-1]), status)
        handle, real = root.directory(path, make=False)
    except DataLoss:
        if not follow:
            raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR)) from None
        return _refused(root, path)
    return Place(handle, b".", real, os.fstat(handle))


def _refused(root: Root, path: Parts) -> Place:
    """What was to be a directory is none: an error unless there is nothing at all."""
    try:
        parent, _ = root.directory(path[:-1], make=False)
        os.stat(path[-1], dir_fd=parent, follow_symlinks=False)
    except DataLoss:
        raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR)) from None
    raise InvalidParameter("extraction point is not a directory")


def link_target(root: Path, place: Place) -> str:
    """Where a symbolic link leads in the end, from the root, as far as there is anything."""
    if not stat.S_ISLNK(place.status.st_mode):
        return ""
    target = os.readlink(place.name, dir_fd=place.parent)
    way = place.path
    for _attempt in range(MAX_LINKS):
        base = () if target.startswith(b"/") else way[:-1]
        way, _ = split(os.fsdecode(b"/".join([b"", *base, target])))
        try:
            with find(root, way, follow=False) as there:
                way = there.path
                if not stat.S_ISLNK(there.status.st_mode):
                    break
                target = os.readlink(there.name, dir_fd=there.parent)
        except (NotFound, NotADirectoryError):
            break
    return os.fsdecode(b"/" + b"/".join(way))
