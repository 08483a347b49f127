"""Where ``COPY`` and ``ADD`` take files from, and the checksum of each file.

The checksums are those of Docker's classic builder ("tarsum" version 1): over what a tar header
says of the file, except its time, and over its data. The build cache and the image's history hold
them.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec

from dockerlab.engine.builder.wildcards import clean
from dockerlab.engine.containers import rootfs
from dockerlab.engine.errors import Forbidden
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.ownership import Ownership

_PIECE = 1 << 18
_KINDS = {
    stat.S_IFREG: tar.FILE,
    stat.S_IFDIR: tar.DIRECTORY,
    stat.S_IFLNK: tar.SYMLINK,
    stat.S_IFCHR: tar.CHARACTER,
    stat.S_IFBLK: tar.BLOCK_DEVICE,
    stat.S_IFIFO: tar.FIFO,
}


class Found(msgspec.Struct, frozen=True):
    """Where a path leads, links followed, relative to the source's root, which is ``""``."""

    path: str
    is_directory: bool


class Source(Protocol):
    """Files with checksums."""

    @property
    def root(self) -> Path:
        """The directory that they are in."""
        ...

    def find(self, path: str) -> Found | None:
        """Where a path leads, if there is something; raises as ``resolve``."""
        ...

    def walk(self, inside: str) -> Iterator[str]:
        """Every path below a directory, relative to the root, in Go's order: by their bytes."""
        ...

    def checksum(self, path: str) -> str:
        """The checksum of the file that ``path`` leads to; the path itself where there is none."""
        ...


def inside(path: str) -> str:
    """A path without ``.``, ``..`` and the leading ``/``; the root is ``""``.

    Raises:
        Forbidden: the path climbs out of the root.

    """
    cleaned = clean(f"./{path}")
    if cleaned == ".." or cleaned.startswith("../"):
        raise Forbidden(f"forbidden path outside the build context: {path} ()")
    return "" if cleaned == "." else cleaned


def resolve(root: Path, path: str) -> Path:
    """The place that ``path`` means below ``root``, links followed as if that were ``/``.

    Raises:
        Forbidden: the path climbs out of the root.

    """
    return rootfs.resolve(root, inside(path))


class Header(msgspec.Struct, frozen=True):
    """What of a tar header goes into a checksum."""

    name: bytes
    type: bytes
    mode: int
    uid: int
    gid: int
    size: int
    target: bytes = b""
    device: tuple[int, int] = (0, 0)
    xattrs: dict[bytes, bytes] = {}

    def begin(self) -> "hashlib._Hash":
        """A checksum that lacks nothing but the file's data."""
        fields: Iterable[bytes] = (
            b"name", self.name, b"mode", b"%d" % self.mode, b"uid", b"%d" % self.uid,
            b"gid", b"%d" % self.gid, b"size", b"%d" % self.size, b"typeflag", self.type,
            b"linkname", self.target, b"uname", b"gname", b"devmajor", b"%d" % self.device[0],
            b"devminor", b"%d" % self.device[1],
        )  # fmt: skip
        xattrs = b"".join(key + self.xattrs[key] for key in sorted(self.xattrs))
        return hashlib.sha256(b"".join(fields) + xattrs)

    def checksum_of(self, place: Path) -> str:
        """The checksum of the file at ``place``, of which this is the header."""
        checksum = self.begin()
        if self.type == tar.FILE and self.size:
            with place.open("rb", buffering=0) as file:
                while piece := file.read(_PIECE):
                    checksum.update(piece)
        return checksum.hexdigest()


class Files:
    """Files in a directory on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, path: str) -> Found | None:
        """See ``Source.find``."""
        place = resolve(self.root, path)
        if not os.path.lexists(place):
            return None
        relative = os.path.relpath(place, self.root)
        return Found("" if relative == "." else relative, is_directory=place.is_dir())

    def walk(self, inside: str) -> Iterator[str]:
        """See ``Source.walk``."""
        # Without recursion: who sent the files decides how deep they lie.
        ahead = self._entries(inside)
        while ahead:
            path, is_directory = ahead.pop()
            yield path
            if is_directory:
                ahead += self._entries(path)

    def _entries(self, inside: str) -> list[tuple[str, bool]]:
        """What is in a directory, the last first, and which of it are directories."""
        with os.scandir(self.root / inside) as found:
            entries = sorted(found, key=lambda entry: os.fsencode(entry.name), reverse=True)
        prefix = f"{inside}/" if inside else ""
        return [(prefix + each.name, each.is_dir(follow_symlinks=False)) for each in entries]


class Tree(Files):
    """Files that no client sent: a stage's, an image's, a download."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._known: dict[str, str] = {}

    def checksum(self, path: str) -> str:
        """See ``Source.checksum``."""
        place = resolve(self.root, path)
        relative = os.path.relpath(place, self.root)
        known = self._known.get(relative)
        if known is None:
            try:
                header = header_of(place, os.fsencode(relative))
            except FileNotFoundError:
                return relative
            known = self._known[relative] = header.checksum_of(place)
        return known


def header_of(place: Path, name: bytes) -> Header:
    """What a tar header would say of a file; raises FileNotFoundError."""
    status = place.lstat()
    kind = _KINDS.get(stat.S_IFMT(status.st_mode), tar.FILE)
    special = kind in (tar.CHARACTER, tar.BLOCK_DEVICE)
    device = (os.major(status.st_rdev), os.minor(status.st_rdev)) if special else (0, 0)
    # Without any privilege all files are the user's own, who is root inside.
    uid, gid = (status.st_uid, status.st_gid) if _privileged() else (0, 0)
    return Header(
        name=name + b"/" if kind == tar.DIRECTORY else name,
        type=kind,
        mode=stat.S_IMODE(status.st_mode),
        uid=uid,
        gid=gid,
        size=status.st_size if kind == tar.FILE else 0,
        target=os.fsencode(place.readlink()) if kind == tar.SYMLINK else b"",
        device=device,
        xattrs=capability(place),
    )


@cache
def _privileged() -> bool:
    return Ownership.here().privileged


def capability(place: Path) -> dict[bytes, bytes]:
    """The one extended attribute that the builder copies."""
    try:
        value = os.getxattr(place, "security.capability", follow_symlinks=False)
    except OSError:
        return {}
    return {b"security.capability": value}
