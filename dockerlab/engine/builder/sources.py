"""Where ``COPY`` and ``ADD`` take files from: a directory, and the checksum of each file in it.

The checksums are those of Docker's classic builder ("tarsum" version 1): over what a tar header
says of the file, except its time, and over its data. The build cache and the image's history hold
them.
"""

import hashlib
import os
import stat
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from dockerlab.engine.builder.wildcards import Ignored, clean, read_patterns
from dockerlab.engine.containers import rootfs
from dockerlab.engine.errors import Forbidden, InvalidParameter
from dockerlab.engine.snapshots import trees
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.extract import extract
from dockerlab.engine.unpack.ownership import Ownership

DOCKERFILE = "Dockerfile"
IGNORE_FILE = ".dockerignore"
_PIECE = 1 << 18
_KINDS = {
    stat.S_IFREG: tar.FILE,
    stat.S_IFDIR: tar.DIRECTORY,
    stat.S_IFLNK: tar.SYMLINK,
    stat.S_IFCHR: tar.CHARACTER,
    stat.S_IFBLK: tar.BLOCK_DEVICE,
    stat.S_IFIFO: tar.FIFO,
}


class Source(Protocol):
    """A directory with checksums."""

    root: Path

    def checksum(self, path: str) -> str:
        """The checksum of the file that ``path`` leads to; the path itself where there is none."""
        ...


def resolve(root: Path, path: str) -> Path:
    """The place that ``path`` means below ``root``, links followed as if that were ``/``.

    Raises:
        Forbidden: the path climbs out of the root.

    """
    cleaned = clean(f"./{path}")
    if cleaned == ".." or cleaned.startswith("../"):
        raise Forbidden(f"forbidden path outside the build context: {path} ()")
    return rootfs.resolve(root, cleaned)


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


class Context:
    """The context that a client sent, unpacked."""

    def __init__(self, root: Path) -> None:
        """Use ``receive``."""
        self.root = root
        self._headers: dict[str, Header] = {}
        self._known: dict[str, str] = {}

    @classmethod
    def receive(cls, stream: BinaryIO, root: Path) -> "Context":
        """Unpack a context into the directory ``root``. Blocks; raises as ``extract``."""
        context = cls(root)
        extract(stream, root, seen=context._note)
        return context

    def _note(self, entry: tar.Entry) -> None:
        header = Header(
            name=entry.name,
            type=entry.type,
            mode=entry.mode,
            uid=entry.uid,
            gid=entry.gid,
            size=entry.size,
            target=entry.target,
            device=entry.device,
            xattrs=entry.xattrs,
        )
        self._headers[clean("/" + os.fsdecode(entry.name))[1:]] = header

    def checksum(self, path: str) -> str:
        """See ``Source.checksum``."""
        place = resolve(self.root, path)
        relative = os.path.relpath(place, self.root)
        known = self._known.get(relative)
        if known is None:
            header = self._headers.get(relative)
            if header is None:
                return path
            known = self._known[relative] = _finish(header, place)
        return known

    def read_dockerfile(self, name: str) -> bytes:
        """The Dockerfile; then what ``.dockerignore`` hides of the two is taken away.

        Raises:
            InvalidParameter: it is empty.
            SystemFailure: it is not there.

        """
        place = resolve(self.root, name)
        if name == DOCKERFILE and not place.is_file():
            lower = resolve(self.root, name.lower())
            if lower.is_file():
                name, place = name.lower(), lower
        if not place.is_file():
            raise InvalidParameter(f"Cannot locate specified Dockerfile: {name}")
        data = place.read_bytes()
        if not data:
            raise InvalidParameter(f"the Dockerfile ({name}) cannot be empty")
        self._hide(name)
        return data

    def _hide(self, dockerfile: str) -> None:
        """Clients send both even where they are ignored, since the engine needs them."""
        place = resolve(self.root, IGNORE_FILE)
        if not place.is_file():
            return
        ignored = Ignored(read_patterns(place.read_bytes()))
        for name in (IGNORE_FILE, dockerfile):
            if clean(name) in ignored:
                _remove(resolve(self.root, name))


class Tree:
    """Files that are there already: a stage's, an image's, a download."""

    def __init__(self, root: Path) -> None:
        self.root = root
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
            known = self._known[relative] = _finish(header, place)
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


def _finish(header: Header, place: Path) -> str:
    checksum = header.begin()
    if header.type == tar.FILE and header.size:
        with place.open("rb", buffering=0) as file:
            while piece := file.read(_PIECE):
                checksum.update(piece)
    return checksum.hexdigest()


def _remove(place: Path) -> None:
    if place.is_dir():
        trees.remove(place)
    else:
        place.unlink(missing_ok=True)
