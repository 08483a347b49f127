"""Apply a layer to a directory (OCI image-spec, layer.md; Docker's and containerd's practice).

``apply`` reads the layer once, as it streams by. A thread reads, decompresses and hashes
(``source``), the tar is taken apart (``tar``), and each entry becomes a file through an open
directory (``extract``, ``root``), so that nothing outside it can be reached. What a layer removes
is written down as the snapshotter wants it (``whiteouts``), and what it takes for granted is looked
up in the layers below (``below``).
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from dockerlab.engine.errors import DataLoss
from dockerlab.engine.oci import DiffID
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.snapshotter import WhiteoutFormat
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.below import Below, own_copy
from dockerlab.engine.unpack.extract import Extraction
from dockerlab.engine.unpack.ownership import Ownership
from dockerlab.engine.unpack.root import Parts, is_whiteout, parts
from dockerlab.engine.unpack.source import Source
from dockerlab.engine.unpack.whiteouts import (
    OPAQUE,
    PREFIX,
    Whiteouts,
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
    kept = ownership or Ownership.here()
    with (
        _Layer(directory, whiteouts, below, kept) as layer,
        Source(stream, limit=limit) as source,
    ):
        for entry in tar.entries(source):
            layer.add(entry, source)
        layer.finish()
        diff_id = source.finish()
    if expected not in (None, diff_id):
        raise DataLoss(f"invalid diffID for layer: expected {expected!r}, got {diff_id!r}")
    return Applied(diff_id=diff_id, tar_size=source.total, size=layer.size, entries=layer.count)


class _Layer(Extraction):
    """A snapshot's directory as it fills: it knows of the layers below, hides, and counts."""

    def __init__(
        self,
        directory: Path,
        whiteouts: WhiteoutFormat,
        below: Sequence[Path] | None,
        ownership: Ownership,
    ) -> None:
        super().__init__(directory, ownership=ownership)
        self._below = Below(below or ())
        self._whiteouts = Whiteouts(
            whiteouts, self._root, self._below if below is not None else None
        )
        self._opaque: set[Parts] = set()
        self.count = 0
        self.size = 0

    def add(self, entry: tar.Entry, source: Source) -> None:
        """Make what ``entry`` describes, or remove what it hides."""
        self._current = entry.name
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

    def finish(self) -> None:
        """Take back whiteouts that hide nothing, and set the directories' attributes."""
        self._whiteouts.finish()
        super().finish()

    def _hide(self, path: Parts) -> None:
        hidden = path[-1].removeprefix(PREFIX)
        if hidden in (b"", b".", b".."):
            raise DataLoss(f"invalid whiteout entry {os.fsdecode(self._current)!r}")
        self._whiteouts.hide((*self._real(path[:-1]), hidden))

    def _make_file(self, entry: tar.Entry, source: Source, path: Parts) -> None:
        super()._make_file(entry, source, path)
        self.size += len(entry.target) if entry.type == tar.SYMLINK else entry.size

    def _make_directory(self, path: Parts) -> bool:
        made = super()._make_directory(path)
        if made and self._whiteouts.forget(path):
            # What is below must not shine through the new directory.
            self._whiteouts.make_opaque(path)
        return made

    def _clear(self, path: Parts) -> int:
        if self._whiteouts.is_own(path):
            self.size -= _size(path[-1], self._root.directory(path[:-1])[0])
        return super()._clear(path)

    def _link(self, entry: tar.Entry, path: Parts) -> None:
        target = self._target(entry, make=True)
        if target == path:
            return
        self._require(target)
        parent = self._name_again(target, path)
        self._files.set_attributes(entry, parent, path[-1])

    def _require(self, path: Parts) -> None:
        """See that a hard link's file is here; copy it up from below if it is there."""
        parent, _ = self._root.directory(path[:-1])
        try:
            status = os.stat(path[-1], dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            if self._below.copy(path, parent):
                self.size += os.stat(path[-1], dir_fd=parent, follow_symlinks=False).st_size
                self._whiteouts.written(path)
                return
            raise self._invalid_link("there is no such file to link to") from None
        if stat.S_ISDIR(status.st_mode) or is_whiteout(status):
            raise self._invalid_link("it leads to no file")
        if stat.S_ISREG(status.st_mode) and not self._whiteouts.is_own(path):
            own_copy(path[-1], parent)  # the link's mode and owner must not reach the layer below
            self.size += status.st_size
            self._whiteouts.written(path)

    def _invalid_link(self, reason: str) -> DataLoss:
        return DataLoss(f"invalid hard link {os.fsdecode(self._current)!r}: {reason}")

    def _imply(self, path: Parts) -> None:
        """A directory was made that the layer did not speak of: it is as below, or root's."""
        hidden = self._whiteouts.forget(path)
        if hidden:
            self._opaque.add(path)
            self._whiteouts.expect_opaque(path)
        status = None if hidden else self._below.status(path)
        if status is None or not stat.S_ISDIR(status.st_mode):
            self._whiteouts.written(path)
            super()._imply(path)
            return
        self._whiteouts.implied(path)
        self._directories[path] = tar.Entry(
            name=path[-1],
            type=tar.DIRECTORY,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            size=0,
            mtime=status.st_mtime_ns,
        )

    def _gives_way(self, path: Parts) -> bool:
        # Overlay snapshots would never see it: the layers below are other directories there.
        return not self._whiteouts.is_own(path)

    def _finish_directory(self, path: Parts, entry: tar.Entry, handle: int) -> None:
        if path in self._opaque:
            self._whiteouts.make_opaque(path)
        super()._finish_directory(path, entry, handle)


def _size(name: bytes, parent: int) -> int:
    """Bytes that go when ``name`` is removed."""
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        return trees.usage(name, parent=parent).size
    return status.st_size if status.st_nlink == 1 else 0
