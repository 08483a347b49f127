"""Unpack a tar into a directory: each entry becomes a file, a link, a directory.

This is all there is to do for a build's context, for an archive that ``ADD`` unpacks and for
``docker cp``. Nothing leaves the directory, and symbolic links on the way are followed as inside
it. What a layer has beyond that is in ``layer``: names that would be whiteouts there are plain
names here.
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
from dockerlab.engine.unpack.files import Files
from dockerlab.engine.unpack.ownership import Ownership
from dockerlab.engine.unpack.root import Parts, Root, parts
from dockerlab.engine.unpack.source import Source
from dockerlab.engine.unpack.whiteouts import is_directory, remove


def extract(
    stream: BinaryIO,
    directory: Path,
    *,
    limit: int | None = None,
    what: str = "archive",
    seen: Callable[[tar.Entry], None] = lambda _: None,
) -> None:
    """Unpack ``stream``, compressed or not, and tell ``seen`` of each entry.

    Blocks; run it in a thread. ``what`` it is, is said where it is too large.

    Raises:
        DataLoss: it is no tar, is damaged, or tries to leave the directory.
        DiskFull: no space is left.
        Forbidden: it has more than ``limit`` bytes uncompressed.

    """
    with Extraction(directory) as extraction, Source(stream, limit=limit, what=what) as source:
        for entry in tar.entries(source):
            seen(entry)
            extraction.add(entry, source)
        extraction.finish()
        source.finish()


class Extraction:
    """A directory as it fills: a context manager, in which an OSError becomes one of ours."""

    def __init__(self, directory: Path, *, ownership: Ownership | None = None) -> None:
        """Unpack into ``directory``; ``ownership`` is by default what this process can do."""
        self._root = Root(directory, made=self._imply, gives_way=self._gives_way)
        self._files = Files(ownership or Ownership.here())
        # Directories get their attributes last: a mode could forbid to fill them, and whatever is
        # made in them changes their time.
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
        """Make what ``entry`` describes, in the place of what is there; directories are merged.

        A file's data are read from ``source``.

        Raises:
            DataLoss: the name climbs out of the directory, or a hard link leads nowhere.

        """
        self._current = entry.name
        path = parts(entry.name)
        if path:  # the directory itself stays as it is
            self._make(entry, source, (*self._real(path[:-1]), path[-1]))

    def finish(self) -> None:
        """Set the directories' attributes, each after the one it is in: that is still open then."""
        for path, entry in sorted(self._directories.items(), key=itemgetter(0)):
            self._current = entry.name
            with suppress(FileNotFoundError, DataLoss):  # replaced since
                handle, real = self._root.directory(path, make=False)
                if real == path:
                    self._finish_directory(path, entry, handle)

    def _real(self, path: Parts) -> Parts:
        """Where the directory ``path`` is, symbolic links followed; it is made if need be."""
        return self._root.directory(path)[1]

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
            self._files.make(entry, source, parent, path[-1])
        except FileExistsError:
            self._files.make(entry, source, self._clear(path), path[-1])

    def _make_directory(self, path: Parts) -> bool:
        """Make a directory, if there is none yet; whether it was made."""
        parent, _ = self._root.directory(path[:-1])
        try:
            os.mkdir(path[-1], 0o700, dir_fd=parent)
        except FileExistsError:
            if is_directory(path[-1], parent):
                return False
            os.mkdir(path[-1], 0o700, dir_fd=self._clear(path))
        return True

    def _link(self, entry: tar.Entry, path: Parts) -> None:
        target = self._target(entry)
        if target != path:
            self._name_again(target, path)

    def _target(self, entry: tar.Entry, *, make: bool = False) -> Parts:
        """Where the file is that a hard link names; ``make`` its directory, where it is missing."""
        target = parts(entry.target)
        if not target:
            raise DataLoss(f"invalid hard link {os.fsdecode(entry.name)!r}: it leads to the root")
        return (*self._root.directory(target[:-1], make=make)[1], target[-1])

    def _name_again(self, target: Parts, path: Parts) -> int:
        """Give the file ``target`` one more name; the directory that this is in."""
        with suppress(FileNotFoundError):
            self._clear(path)
        # Two handles at once: the second look-up keeps the first one open.
        folder, _ = self._root.directory(target[:-1])
        parent, _ = self._root.directory(path[:-1])
        os.link(target[-1], path[-1], src_dir_fd=folder, dst_dir_fd=parent, follow_symlinks=False)
        return parent

    def _clear(self, path: Parts) -> int:
        """Remove what is in the way of an entry; the directory that it was in."""
        parent, _ = self._root.directory(path[:-1])
        status = os.stat(path[-1], dir_fd=parent, follow_symlinks=False)
        remove(path[-1], parent)
        if stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode):
            self._root.forget()
        return self._root.directory(path[:-1])[0]

    def _imply(self, path: Parts) -> None:
        """A directory was made that the archive does not speak of: it is root's."""
        now = time.time_ns()
        self._directories[path] = tar.Entry(path[-1], tar.DIRECTORY, 0o755, 0, 0, 0, now)

    def _gives_way(self, _path: Parts) -> bool:
        """Whether a file goes where the archive, unasked, needs a directory."""
        return False

    def _finish_directory(self, _path: Parts, entry: tar.Entry, handle: int) -> None:
        self._files.set_directory_attributes(entry, handle)


def _explained(error: OSError, name: bytes) -> EngineError:
    sentence = f"could not unpack {os.fsdecode(name)!r}: {(error.strerror or str(error)).lower()}"
    if error.errno in (ENOSPC, EDQUOT):
        return DiskFull(sentence)
    return DataLoss(sentence) if error.errno == ENAMETOOLONG else SystemFailure(sentence)
