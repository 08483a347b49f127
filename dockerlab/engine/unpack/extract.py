"""Unpack a tar that is no layer: a build's context, an archive that ``ADD`` unpacks.

As with layers nothing leaves the directory, and symbolic links on the way are followed as inside
it. Names that would be whiteouts in a layer are plain names here.
"""

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from errno import EDQUOT, ENAMETOOLONG, ENOSPC
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from dockerlab.engine.errors import DataLoss, DiskFull, EngineError, SystemFailure
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.nodes import Nodes
from dockerlab.engine.unpack.ownership import Ownership
from dockerlab.engine.unpack.root import Parts, Root, parts
from dockerlab.engine.unpack.source import Source
from dockerlab.engine.unpack.whiteouts import is_directory, remove


def extract(
    stream: BinaryIO,
    directory: Path,
    *,
    limit: int | None = None,
    seen: Callable[[tar.Entry], None] = lambda _: None,
) -> None:
    """Unpack ``stream``, compressed or not, and tell ``seen`` of each entry.

    Blocks; run it in a thread.

    Raises:
        DataLoss: it is no tar, is damaged, or tries to leave the directory.
        DiskFull: no space is left.
        Forbidden: it has more than ``limit`` bytes uncompressed.

    """
    with Extraction(directory) as extraction, Source(stream, limit=limit) as source:
        for entry in tar.entries(source):
            seen(entry)
            extraction.add(entry, source)
        extraction.finish()
        source.finish()


class Extraction:
    """A directory as it fills: a context manager."""

    def __init__(self, directory: Path, *, ownership: Ownership | None = None) -> None:
        self._root = Root(directory, made=self._imply)
        self._nodes = Nodes(ownership or Ownership.here())
        # Dressed last: a mode could forbid to fill them, and what is made in them changes their
        # time.
        self._directories: dict[Parts, tar.Entry] = {}
        self._current = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._root.close()
        if isinstance(error, OSError):
            raise _explained(error, self._current) from error

    def add(self, entry: tar.Entry, source: Source) -> None:
        """Make what ``entry`` describes, in the place of what is there; directories are merged."""
        self._current = entry.name
        path = parts(entry.name)
        if not path:
            return
        path = (*self._root.directory(path[:-1])[1], path[-1])
        if entry.type == tar.DIRECTORY:
            self._make_directory(path)
            self._directories[path] = entry
        elif entry.type == tar.LINK:
            self._link(entry, path)
        else:
            self._make_file(entry, source, path)

    def finish(self) -> None:
        """Give the directories their owners, modes and times."""
        for path, entry in sorted(self._directories.items(), key=itemgetter(0)):
            self._current = entry.name
            with suppress(FileNotFoundError, DataLoss):  # replaced since
                handle, real = self._root.directory(path, make=False)
                if real == path:
                    self._nodes.directory(entry, handle)

    def _make_file(self, entry: tar.Entry, source: Source, path: Parts) -> None:
        parent, _ = self._root.directory(path[:-1])
        try:
            self._nodes.make(entry, source, parent, path[-1])
        except FileExistsError:
            self._nodes.make(entry, source, self._clear(path), path[-1])

    def _make_directory(self, path: Parts) -> None:
        parent, _ = self._root.directory(path[:-1])
        try:
            os.mkdir(path[-1], 0o700, dir_fd=parent)
        except FileExistsError:
            if not is_directory(path[-1], parent):
                os.mkdir(path[-1], 0o700, dir_fd=self._clear(path))

    def _link(self, entry: tar.Entry, path: Parts) -> None:
        target = parts(entry.target)
        if not target:
            raise DataLoss(f"invalid hard link {os.fsdecode(entry.name)!r}: it leads to the root")
        target = (*self._root.directory(target[:-1], make=False)[1], target[-1])
        if target == path:
            return
        with suppress(FileNotFoundError):
            self._clear(path)
        folder, _ = self._root.directory(target[:-1])
        parent, _ = self._root.directory(path[:-1])
        os.link(target[-1], path[-1], src_dir_fd=folder, dst_dir_fd=parent, follow_symlinks=False)

    def _clear(self, path: Parts) -> int:
        """Remove what is in the way; the directory that it was in."""
        parent, _ = self._root.directory(path[:-1])
        status = os.stat(path[-1], dir_fd=parent, follow_symlinks=False)
        remove(path[-1], parent)
        if stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode):
            self._root.forget()
        return self._root.directory(path[:-1])[0]

    def _imply(self, path: Parts) -> None:
        """A directory was made that the archive does not speak of."""
        now = time.time_ns()
        self._directories[path] = tar.Entry(path[-1], tar.DIRECTORY, 0o755, 0, 0, 0, now)


def _explained(error: OSError, name: bytes) -> EngineError:
    sentence = f"could not unpack {os.fsdecode(name)!r}: {(error.strerror or str(error)).lower()}"
    if error.errno in (ENOSPC, EDQUOT):
        return DiskFull(sentence)
    return DataLoss(sentence) if error.errno == ENAMETOOLONG else SystemFailure(sentence)
