"""Write changes as a layer (OCI image-spec, layer.md § Representing Changes).

A deleted path becomes an empty file ``.wh.name``, an opaque directory gets ``.wh..wh..opq``. Kept
are owners, modes, whole seconds, hard links, capabilities and users' own attributes; sockets are
left out, as by Docker.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from dockerlab.engine.diff import tarwriter
from dockerlab.engine.diff.changes import own
from dockerlab.engine.errors import Conflict
from dockerlab.engine.oci import DiffID
from dockerlab.engine.snapshots.compare import Change, Kind
from dockerlab.engine.snapshots.disk import kindly
from dockerlab.engine.snapshots.snapshotter import Snapshotter
from dockerlab.engine.unpack.ownership import Ownership
from dockerlab.engine.unpack.root import Parts, Root
from dockerlab.engine.unpack.whiteouts import OPAQUE, PREFIX

_CHUNK = 1 << 18
_TYPES = {
    stat.S_IFREG: tarwriter.FILE,
    stat.S_IFLNK: tarwriter.SYMLINK,
    stat.S_IFDIR: tarwriter.DIRECTORY,
    stat.S_IFCHR: tarwriter.CHARACTER,
    stat.S_IFBLK: tarwriter.BLOCK_DEVICE,
    stat.S_IFIFO: tarwriter.FIFO,
}


class Written(msgspec.Struct, frozen=True):
    """A layer that was written: the digest of the tar, its bytes, and those of its files."""

    diff_id: DiffID
    tar_size: int
    size: int


def write(snapshots: Snapshotter, name: str, out: BinaryIO) -> Written:
    """Write the snapshot's own changes to ``out`` as an uncompressed layer.

    Blocks; run it in a thread.

    Raises:
        NotFound: there is no such snapshot.
        Conflict: a file changed while it was read.
        DiskFull, SystemFailure: reading or writing failed.

    """
    with kindly(f"read snapshot {name}"):
        return pack(snapshots.directory(name), own(snapshots, name), out)


def pack(
    directory: Path, changes: Iterable[Change], out: BinaryIO, *, ownership: Ownership | None = None
) -> Written:
    """Write ``changes``, whose files are in ``directory``, as an uncompressed tar.

    With ``everything(directory)`` for changes it is an archive of the whole directory.
    """
    packer = _Packer(directory, ownership or Ownership.here())
    digest = hashlib.sha256()
    total = 0
    try:
        for change in changes:
            for piece in packer.member(change):
                digest.update(piece)
                total += len(piece)
                out.write(piece)
    finally:
        packer.close()
    digest.update(tarwriter.END)
    out.write(tarwriter.END)
    return Written(
        diff_id=DiffID("sha256:" + digest.hexdigest()),
        tar_size=total + len(tarwriter.END),
        size=packer.size,
    )


def pieces(
    directory: Path, changes: Iterable[Change], *, prefix: bytes = b"", end: bool = True
) -> Iterator[bytes]:
    """The same, piece by piece, each name after ``prefix``; ``end`` says that no more comes."""
    packer = _Packer(directory, Ownership.here(), prefix=prefix)
    try:
        for change in changes:
            yield from packer.member(change)
    finally:
        packer.close()
    if end:
        yield tarwriter.END


class _Packer:
    def __init__(self, directory: Path, ownership: Ownership, *, prefix: bytes = b"") -> None:
        self._prefix = prefix
        self._root = Root(directory, made=lambda _: None)
        self._ownership = ownership
        self._first: dict[int, bytes] = {}  # by inode: the name that its other names link to
        self.size = 0

    def close(self) -> None:
        self._root.close()

    def member(self, change: Change) -> Iterator[bytes]:
        """The blocks that say what became of one path."""
        if change.status is None or change.kind is Kind.DELETED:
            *above, name = change.path
            yield _whiteout(b"/".join([*above, PREFIX + name]), mode=0o600)
            return
        kind = _TYPES.get(stat.S_IFMT(change.status.st_mode))
        if kind is None:
            return
        yield from self._present(change.path, change.status, kind)
        if change.opaque:
            yield _whiteout(b"/".join([*change.path, OPAQUE]), mode=0o644)

    def _present(self, path: Parts, status: os.stat_result, kind: bytes) -> Iterator[bytes]:
        parent, _ = self._root.directory(path[:-1], make=False)
        name = self._prefix + b"/".join(path)
        size, target = 0, b""
        if kind == tarwriter.DIRECTORY:
            name += b"/"
        elif status.st_nlink > 1 and status.st_ino in self._first:
            kind, target = tarwriter.LINK, self._first[status.st_ino]
        else:
            self._first[status.st_ino] = name
            size = status.st_size if kind == tarwriter.FILE else 0
            target = os.readlink(path[-1], dir_fd=parent) if kind == tarwriter.SYMLINK else b""
            self.size += size or len(target)
        member = tarwriter.Member(
            name=name,
            type=kind,
            mode=stat.S_IMODE(status.st_mode),
            owner=self._owner(status),
            size=size,
            mtime=status.st_mtime_ns // 1_000_000_000,
            target=target,
            device=_device(status),
            xattrs=_attributes(path[-1], parent),
        )
        yield tarwriter.header(member)
        if size:
            yield from _data(path[-1], parent, size)

    def _owner(self, status: os.stat_result) -> tuple[int, int]:
        """Without any privilege all files are the user's own, who is root inside."""
        return (status.st_uid, status.st_gid) if self._ownership.privileged else (0, 0)


def _device(status: os.stat_result) -> tuple[int, int]:
    special = stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)
    return (os.major(status.st_rdev), os.minor(status.st_rdev)) if special else (0, 0)


def _data(name: bytes, parent: int, size: int) -> Iterator[bytes]:
    left = size
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=parent), "rb", 0) as file:
        while left and (piece := file.read(min(left, _CHUNK))):
            left -= len(piece)
            yield piece
    if left:
        raise Conflict(f"{os.fsdecode(name)} changed while it was read: pause the container")
    yield tarwriter.padding(size)


def _attributes(name: bytes, parent: int) -> dict[bytes, bytes]:
    """Capabilities and users' own attributes, without those that mark overlayfs' directories."""
    path = b"/proc/self/fd/%d/%s" % (parent, name)
    return {
        key.encode(): os.getxattr(path, key, follow_symlinks=False)
        for key in sorted(os.listxattr(path, follow_symlinks=False))
        if key == "security.capability"
        or (key.startswith("user.") and not key.startswith("user.overlay."))
    }


def _whiteout(name: bytes, *, mode: int) -> bytes:
    return tarwriter.header(tarwriter.Member(name=name, type=tarwriter.FILE, mode=mode))
