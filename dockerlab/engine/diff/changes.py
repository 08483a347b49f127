"""What a snapshot changes of its parent.

With overlay snapshots that is what its upper directory holds, and the layers below are asked only
for those paths; with copy snapshots both trees are compared. Either way the list is the one that
Docker makes by comparing (its ``docker diff``): unchanged files that only were copied up are not
in it, a directory is changed when anything in it is.
"""

import os
import stat
from pathlib import Path

from dockerlab.engine.snapshots.compare import Change, Kind, compare, mark_changed, same
from dockerlab.engine.snapshots.snapshotter import Snapshotter, WhiteoutFormat
from dockerlab.engine.snapshots.trees import open_directory
from dockerlab.engine.unpack.below import Below, is_opaque
from dockerlab.engine.unpack.root import Parts, is_whiteout


def changes(snapshots: Snapshotter, name: str) -> list[Change]:
    """What ``docker diff`` shows, sorted by path.

    Raises:
        NotFound: there is no such snapshot.

    """
    return [change for change in own(snapshots, name) if change.kind is not Kind.UNCHANGED]


def own(snapshots: Snapshotter, name: str) -> list[Change]:
    """The same, with what is in the snapshot though it did not change."""
    directory = snapshots.directory(name)
    if snapshots.whiteouts is WhiteoutFormat.REMOVE:
        parent = snapshots.stat(name).parent
        return compare(snapshots.directory(parent) if parent else None, directory)
    return _Upper(Below(snapshots.below(name))).run(directory)


def everything(directory: Path | int) -> list[Change]:
    """All of a directory, or of one that is open, as if it had been added: for an export."""
    return compare(None, directory)


class _Upper:
    """Walks overlayfs' upper directory."""

    def __init__(self, below: Below) -> None:
        self._below = below
        self._found: dict[Parts, Change] = {}

    def run(self, directory: Path) -> list[Change]:
        handle = open_directory(directory)
        # A directory's handle, its path, and the directories in it that are still to be seen.
        pending: list[tuple[int, Parts, list[tuple[bytes, bool]]]] = [
            (handle, (), self._directory(handle, (), hidden=False))
        ]
        try:
            while pending:
                handle, path, left = pending[-1]
                if not left:
                    os.close(handle)
                    pending.pop()
                    continue
                name, new = left.pop()
                inner = open_directory(name, parent=handle)
                deeper = (*path, name)
                pending.append((inner, deeper, self._directory(inner, deeper, hidden=new)))
        finally:
            for handle, _, _ in pending:
                os.close(handle)
        return [change for _, change in sorted(self._found.items())]

    def _directory(self, handle: int, path: Parts, *, hidden: bool) -> list[tuple[bytes, bool]]:
        """Note the changes in one directory; its directories, and whether each is all new."""
        with os.scandir(handle) as items:
            here = {os.fsencode(item.name): item.stat(follow_symlinks=False) for item in items}
        if path and not hidden and is_opaque(handle):
            self._opaque(path, here)
        directories = []
        for name, status in here.items():
            kind = Kind.ADDED if hidden else self._compare(handle, (*path, name), status)
            if kind is not None:
                self._note(Change((*path, name), kind, None if kind is Kind.DELETED else status))
            if stat.S_ISDIR(status.st_mode):
                directories.append((name, kind is Kind.ADDED))
        return directories

    def _opaque(self, path: Parts, here: dict[bytes, os.stat_result]) -> None:
        """All that the layers below have in this directory and it has not itself is deleted."""
        change = self._found[path]
        self._found[path] = Change(path, change.kind, change.status, opaque=True)
        for name in self._below.names(path) - here.keys():
            self._note(Change((*path, name), Kind.DELETED))

    def _compare(self, handle: int, path: Parts, status: os.stat_result) -> Kind | None:
        found = self._below.find(path)
        if found is None:
            return None if is_whiteout(status) else Kind.ADDED
        below, was = found
        try:
            if is_whiteout(status):
                return Kind.DELETED
            return Kind.UNCHANGED if same(was, status, path[-1], below, handle) else Kind.CHANGED
        finally:
            os.close(below)

    def _note(self, change: Change) -> None:
        self._found[change.path] = change
        if change.kind is not Kind.UNCHANGED:
            mark_changed(self._found, change.path)
