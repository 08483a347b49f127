"""Apply a layer to a directory (OCI image-spec, layer.md; Docker's and containerd's practice).

``apply`` reads the layer once, as it streams by. A thread reads, decompresses and hashes
(``source``), the tar is taken apart (``tar``), and each entry becomes a file through an open
directory (``root``), so that nothing outside the directory can be reached. What a layer removes is
written down as the snapshotter wants it (``whiteouts``).
"""

import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from errno import EDQUOT, ENAMETOOLONG, ENOSPC
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import msgspec

from dockerlab.engine.errors import DataLoss, DiskFull, EngineError, SystemFailure
from dockerlab.engine.oci import DiffID
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.snapshotter import WhiteoutFormat
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.below import Below, own_copy
from dockerlab.engine.unpack.nodes import Nodes
from dockerlab.engine.unpack.ownership import Ownership
from dockerlab.engine.unpack.root import Parts, Root, is_whiteout, parts
from dockerlab.engine.unpack.source import Source
from dockerlab.engine.unpack.whiteouts import (
    OPAQUE,
    PREFIX,
    Whiteouts,
    is_directory,
    remove,
)

_AUFS = PREFIX + PREFIX


class Applied(msgspec.Struct, frozen=True):
    """What was unpacked: the uncompressed tar's digest and bytes, its files' bytes, its entries."""

    diff_id: DiffID
    tar_size: int
    size: int
    entries: int


def apply(
    stream: BinaryIO,
    directory: Path,
    *,
    whiteouts: WhiteoutFormat,
    below: Sequence[Path] | None = None,
    expected: DiffID | None = None,
    limit: int | None = None,
    ownership: Ownership | None = None,
) -> Applied:
    """Unpack the layer ``stream`` into ``directory``, compressed or not.

    Blocks; run it in a thread. After an error the directory holds part of the layer: remove it.

    Args:
        stream: the layer's blob; it is read to its end.
        directory: the snapshot's own, as ``Snapshotter.prepare`` gave it.
        whiteouts: what a removed path must become there.
        below: the snapshots below, the nearest first (``Snapshotter.below``); None if not known.
        expected: the diff ID that the image's config promises.
        limit: most bytes that the layer may have uncompressed, holes of sparse files included.
        ownership: whose files may be here; by default, what this process can do.

    Raises:
        DataLoss: the layer is damaged, is not the expected one, or tries to leave the directory.
        DiskFull: no space is left.
        Forbidden: the limit was passed.

    """
    layer = _Layer(directory, whiteouts, below, ownership or Ownership.here())
    try:
        with Source(stream, limit=limit) as source:
            for entry in tar.entries(source):
                layer.add(entry, source)
            layer.finish()
            diff_id = source.finish()
    except OSError as error:
        raise _explained(error, layer.current) from error
    finally:
        layer.close()
    if expected not in (None, diff_id):
        raise DataLoss(f"invalid diffID for layer: expected {expected!r}, got {diff_id!r}")
    return Applied(diff_id=diff_id, tar_size=source.total, size=layer.size, entries=layer.count)


class _Layer:
    """The directory as it fills."""

    def __init__(
        self,
        directory: Path,
        whiteouts: WhiteoutFormat,
        below: Sequence[Path] | None,
        ownership: Ownership,
    ) -> None:
        self._root = Root(directory, made=self._imply)
        self._below = Below(below or ())
        self._whiteouts = Whiteouts(
            whiteouts, self._root, self._below if below is not None else None
        )
        self._nodes = Nodes(ownership)
        # Directories are dressed last: a mode could forbid to fill them, and whatever is made in
        # them changes their time.
        self._directories: dict[Parts, tar.Entry] = {}
        self._opaque: set[Parts] = set()
        self.current = b""
        self.count = 0
        self.size = 0

    def close(self) -> None:
        self._root.close()

    def add(self, entry: tar.Entry, source: Source) -> None:
        """Make what ``entry`` describes, or remove what it hides."""
        self.current = entry.name
        self.count += 1
        path = parts(entry.name)
        if not path:
            return  # the root itself: Docker leaves it as it is
        if path[-1] == OPAQUE:
            self._whiteouts.make_opaque(self._real(path[:-1]))
        elif _AUFS in entry.name and any(part.startswith(_AUFS) for part in path):
            pass  # AUFS' own bookkeeping
        elif path[-1].startswith(PREFIX):
            self._hide(path)
        else:
            path = (*self._real(path[:-1]), path[-1])
            self._make(entry, source, path)
            self._whiteouts.written(path)

    def _real(self, path: Parts) -> Parts:
        """Where the directory ``path`` is, symbolic links followed."""
        return self._root.directory(path)[1]

    def _hide(self, path: Parts) -> None:
        hidden = path[-1].removeprefix(PREFIX)
        if hidden in (b"", b".", b".."):
            raise DataLoss(f"invalid whiteout entry {os.fsdecode(self.current)!r}")
        self._whiteouts.hide((*self._real(path[:-1]), hidden))

    def _make(self, entry: tar.Entry, source: Source, path: Parts) -> None:
        if entry.type == tar.DIRECTORY:
            self._make_directory(path)
            self._directories[path] = entry
        elif entry.type == tar.LINK:
            self._link(entry, path)
        else:
            self._make_file(entry, source, path)

    def _make_file(self, entry: tar.Entry, source: Source, path: Parts) -> None:
        parent, _ = self._root.directory(path[:-1])
        try:
            self._nodes.make(entry, source, parent, path[-1])
        except FileExistsError:
            parent = self._clear(path)
            self._nodes.make(entry, source, parent, path[-1])
        self.size += len(entry.target) if entry.type == tar.SYMLINK else entry.size

    def _make_directory(self, path: Parts) -> None:
        parent, _ = self._root.directory(path[:-1])
        try:
            os.mkdir(path[-1], 0o700, dir_fd=parent)
        except FileExistsError:
            if is_directory(path[-1], parent):
                return
            parent = self._clear(path)
            os.mkdir(path[-1], 0o700, dir_fd=parent)
        if self._whiteouts.forget(path):  # what is below must not shine through the new directory
            self._whiteouts.make_opaque(path)

    def _clear(self, path: Parts) -> int:
        """Remove what is in the way of an entry; the directory that it was in."""
        parent, _ = self._root.directory(path[:-1])
        status = os.stat(path[-1], dir_fd=parent, follow_symlinks=False)
        if self._whiteouts.is_own(path):
            self.size -= _size(path[-1], parent, status)
        remove(path[-1], parent)
        if stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode):
            self._root.forget()
        return self._root.directory(path[:-1])[0]

    def _link(self, entry: tar.Entry, path: Parts) -> None:
        """Give a file one more name."""
        target = parts(entry.target)
        if not target:
            raise DataLoss(f"invalid hard link {os.fsdecode(entry.name)!r}: it leads to the root")
        target = (*self._real(target[:-1]), target[-1])
        if target == path:
            return
        self._require(target)
        with suppress(FileNotFoundError):
            self._clear(path)
        # Two handles at once: the second look-up keeps the first one open.
        folder, _ = self._root.directory(target[:-1])
        parent, _ = self._root.directory(path[:-1])
        os.link(target[-1], path[-1], src_dir_fd=folder, dst_dir_fd=parent, follow_symlinks=False)
        self._nodes.dress(entry, parent, path[-1])

    def _require(self, path: Parts) -> None:
        """See that a hard link's file is here; copy it up from below if it is there."""
        parent, _ = self._root.directory(path[:-1])
        try:
            status = os.stat(path[-1], dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            if self._below.copy(path, parent):
                self.size += os.stat(path[-1], dir_fd=parent, follow_symlinks=False).st_size
                return
            raise DataLoss(
                f"invalid hard link {os.fsdecode(self.current)!r}: there is no such file to link to"
            ) from None
        if stat.S_ISDIR(status.st_mode) or is_whiteout(status):
            raise DataLoss(f"invalid hard link {os.fsdecode(self.current)!r}: it leads to no file")
        if stat.S_ISREG(status.st_mode) and not self._whiteouts.is_own(path):
            own_copy(path[-1], parent)  # the link's mode and owner must not reach the layer below
            self.size += status.st_size
            self._whiteouts.written(path)

    def _imply(self, path: Parts) -> None:
        """A directory was made that the layer did not speak of: it is as below, or root's."""
        self._whiteouts.written(path)
        hidden = self._whiteouts.forget(path)
        if hidden:
            self._opaque.add(path)
        status = None if hidden else self._below.status(path)
        if status is None or not stat.S_ISDIR(status.st_mode):
            now = time.time_ns()
            self._directories[path] = tar.Entry(path[-1], tar.DIRECTORY, 0o755, 0, 0, 0, now)
            return
        self._directories[path] = tar.Entry(
            name=path[-1],
            type=tar.DIRECTORY,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            size=0,
            mtime=status.st_mtime_ns,
        )

    def finish(self) -> None:
        """Dress the directories, each after the one that it is in: that is still open then."""
        self._whiteouts.finish()
        for path, entry in sorted(self._directories.items(), key=itemgetter(0)):
            self.current = entry.name
            with suppress(FileNotFoundError, DataLoss):  # replaced since
                handle, real = self._root.directory(path, make=False)
                if real == path:
                    if path in self._opaque:
                        self._whiteouts.make_opaque(path)
                    self._nodes.directory(entry, handle)


def _size(name: bytes, parent: int, status: os.stat_result) -> int:
    """Bytes that go when ``name`` is removed."""
    if stat.S_ISDIR(status.st_mode):
        return trees.usage(name, parent=parent).size
    return status.st_size if status.st_nlink == 1 else 0


def _explained(error: OSError, name: bytes) -> EngineError:
    sentence = f"could not unpack {os.fsdecode(name)!r}: {(error.strerror or str(error)).lower()}"
    if error.errno in (ENOSPC, EDQUOT):
        return DiskFull(sentence)
    return DataLoss(sentence) if error.errno == ENAMETOOLONG else SystemFailure(sentence)
