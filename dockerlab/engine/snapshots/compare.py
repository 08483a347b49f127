"""What one directory tree has that another has not: the changes of a copied snapshot.

The rules are Docker's (its ``archive.ChangesDirs``): a file is unchanged if its type, permissions,
owner, size, time and capabilities are; a directory is changed if it looks different, or if anything
in it was changed.
"""

import enum
import os
import stat
from contextlib import suppress
from pathlib import Path

import msgspec

from dockerlab.engine.snapshots.snapshotter import Usage
from dockerlab.engine.snapshots.trees import open_directory

_CAPABILITY = "security.capability"


class Kind(enum.Enum):
    """What became of a path, with the letters of ``docker diff``."""

    ADDED = "A"
    CHANGED = "C"
    DELETED = "D"
    UNCHANGED = ""
    """It is in the snapshot, but looks as it did below."""


class Change(msgspec.Struct, frozen=True):
    """One path that is different. ``status`` is the new one's, None where it was deleted."""

    path: tuple[bytes, ...]
    kind: Kind
    status: os.stat_result | None = None
    opaque: bool = False
    """A directory that shows nothing of the directory below it."""


_Listing = dict[bytes, os.stat_result]


def compare(old: Path | None, new: Path | int) -> list[Change]:
    """The changes from ``old`` (nothing, if None) to ``new``, sorted by path.

    ``new`` may be a handle on an open directory, which stays open.
    """
    return _Comparison().run(old, new)


def usage(old: Path | None, new: Path) -> Usage:
    """Bytes and inodes of what was added or changed, counted as Docker does."""
    found: dict[int, int] = {}
    for change in compare(old, new):
        if change.status is not None:
            directory = stat.S_ISDIR(change.status.st_mode)
            found[change.status.st_ino] = 0 if directory else change.status.st_size
    return Usage(size=sum(found.values()), inodes=len(found) + 1)


class _Comparison:
    def __init__(self) -> None:
        self._changes: dict[tuple[bytes, ...], Change] = {}
        # Directories still to be looked at: handles on the old one, if any, and on the new one.
        self._pending: list[tuple[int | None, int, tuple[bytes, ...], list[bytes], _Listing]] = []

    def run(self, old: Path | None, new: Path | int) -> list[Change]:
        before = None if old is None else open_directory(old)
        after = os.dup(new) if isinstance(new, int) else open_directory(new)
        self._enter(before, after, ())
        try:
            while self._pending:
                before, after, path, subdirectories, old_names = self._pending[-1]
                if not subdirectories:
                    self._leave()
                    continue
                name = subdirectories.pop()
                inner = None
                if before is not None and name in old_names:
                    inner = open_directory(name, parent=before)
                self._enter(inner, open_directory(name, parent=after), (*path, name))
        finally:
            while self._pending:
                self._leave()
        changes = [change for _, change in sorted(self._changes.items())]
        return [change for change in changes if change.kind is not Kind.UNCHANGED]

    def _enter(self, old: int | None, new: int, path: tuple[bytes, ...]) -> None:
        before: _Listing = {} if old is None else _list(old)
        after = _list(new)
        for name in before.keys() - after.keys():
            self._add((*path, name), Kind.DELETED, None)
        subdirectories = []
        for name, status in after.items():
            was = before.get(name)
            if was is None:
                self._add((*path, name), Kind.ADDED, status)
            elif not same(was, status, name, old or 0, new):
                self._add((*path, name), Kind.CHANGED, status)
            elif stat.S_ISDIR(status.st_mode):
                self._add((*path, name), Kind.UNCHANGED, status)
            if stat.S_ISDIR(status.st_mode):
                subdirectories.append(name)
        directories = {name: was for name, was in before.items() if stat.S_ISDIR(was.st_mode)}
        self._pending.append((old, new, path, subdirectories, directories))

    def _leave(self) -> None:
        for handle in self._pending.pop()[:2]:
            if handle is not None:
                os.close(handle)

    def _add(self, path: tuple[bytes, ...], kind: Kind, status: os.stat_result | None) -> None:
        self._changes[path] = Change(path, kind, status)
        if kind is not Kind.UNCHANGED:
            mark_changed(self._changes, path)


def mark_changed(found: dict[tuple[bytes, ...], Change], path: tuple[bytes, ...]) -> None:
    """A directory with a change in it is changed, and so are those that it is in."""
    for length in range(len(path) - 1, 0, -1):
        above = found[path[:length]]
        if above.kind is not Kind.UNCHANGED:
            break
        found[above.path] = msgspec.structs.replace(above, kind=Kind.CHANGED)


def _list(handle: int) -> _Listing:
    with os.scandir(handle) as found:
        return {os.fsencode(item.name): item.stat(follow_symlinks=False) for item in found}


def same(old: os.stat_result, new: os.stat_result, name: bytes, before: int, after: int) -> bool:
    """Whether ``name`` looks the same in two directories that are open."""
    if (old.st_dev, old.st_ino) == (new.st_dev, new.st_ino):
        return True
    if _looks(old) != _looks(new):
        return False
    if stat.S_ISDIR(new.st_mode):
        return True
    if (old.st_size, old.st_mtime_ns) != (new.st_size, new.st_mtime_ns):
        return False
    if stat.S_ISLNK(new.st_mode):
        return os.readlink(name, dir_fd=before) == os.readlink(name, dir_fd=after)
    return _capability(name, before) == _capability(name, after)


def _looks(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_mode, status.st_uid, status.st_gid, status.st_rdev


def _capability(name: bytes, parent: int) -> bytes | None:
    with suppress(OSError):  # there is none, mostly
        path = b"/proc/self/fd/%d/%s" % (parent, name)
        return os.getxattr(path, _CAPABILITY, follow_symlinks=False)
    return None
