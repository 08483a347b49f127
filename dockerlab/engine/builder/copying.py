"""``COPY`` and ``ADD``: which files are meant, and how they get into the image.

The rules are the classic builder's. Names are looked up as if the source's directory, or the
image's root, were ``/``: no ``..`` and no symbolic link leads out of it. Blocks; for a thread.
"""

import hashlib
import os
import posixpath
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import msgspec

from dockerlab.engine.builder import sources
from dockerlab.engine.builder.sources import Source
from dockerlab.engine.builder.wildcards import compile_match, has_wildcards
from dockerlab.engine.containers import rootfs
from dockerlab.engine.dockerfile.instructions import Copy
from dockerlab.engine.errors import DataLoss, EngineError, InvalidParameter, SystemFailure
from dockerlab.engine.unpack import source as unpack_source
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.extract import Extraction, extract
from dockerlab.engine.unpack.ownership import Ownership

Owner = tuple[int, int]
"""A user's and a group's number."""

_PIECE = 1 << 20
_NOBODY = (1 << 32) - 1
"""One more than the highest number of a user or group: the kernel takes it for "leave as it is"."""


class Item(msgspec.Struct, frozen=True):
    """A file or directory to copy: ``path`` in ``source``. A download is never unpacked."""

    source: Source
    path: str
    checksum: str
    downloaded: bool = False


def find_items(step: Copy, source: Source | None, downloads: Sequence[Item] = ()) -> list[Item]:
    """What a step copies; ``downloads`` are what came from addresses.

    Raises:
        InvalidParameter: a source is not there, leads out of the context, or none was given.

    """
    items: list[Item] = []
    remote = iter(downloads)
    try:
        for name in step.sources:
            if is_url(name):
                items.append(next(remote))
            elif source is None:
                raise InvalidParameter("missing build context")
            else:
                items += _find(source, name, from_image=bool(step.origin))
        if not items:
            raise InvalidParameter("no source files were specified")
    except EngineError as error:
        raise SystemFailure(f"{step.command} failed: {error}") from error
    if len(items) > 1 and not step.destination.endswith("/"):
        raise SystemFailure(
            f"When using {step.command} with more than one source file, the destination must be a "
            "directory and end with a /"
        )
    return items


def is_url(name: str) -> bool:
    """Whether a source is an address."""
    return name.startswith(("http://", "https://"))


def comment(step: Copy, items: Sequence[Item]) -> str:
    """What history says of the step: the files by their checksum."""
    checksum = (
        items[0].checksum if len(items) == 1 else _combined("multi", [i.checksum for i in items])
    )
    chown = f"--chown={step.chown} " if step.chown else ""
    return f"{step.command} {chown}{checksum} in {step.destination} "


def copy_items(
    step: Copy,
    items: Sequence[Item],
    root: Path,
    *,
    working_dir: str,
    limit: int | None = None,
) -> None:
    """Copy into the image whose files are at ``root``.

    Files get the owner asked for, or root; from another image they keep theirs, unless one is
    asked for. An archive may unpack to at most ``limit`` bytes.

    Raises:
        SystemFailure: a user is not known, or a file cannot be copied.
        DiskFull: no space is left.
        Forbidden: an archive unpacks to more than is allowed.

    """
    owner: Owner | None = (0, 0)
    if step.chown:
        owner = _owner(step.chown, root)
    elif step.origin:
        owner = None
    destination = step.destination
    if not destination.startswith("/"):
        destination = posixpath.join("/", working_dir, destination)
    for item in items:
        try:
            _copy(item, root, destination, owner, unpack=step.add, limit=limit)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SystemFailure(f"failed to copy files: {item.path}: {reason}") from error
        except EngineError as error:
            error.args = (f"failed to copy files: {error}",)
            raise


def _find(source: Source, name: str, *, from_image: bool) -> list[Item]:
    name = name.removeprefix("/").removeprefix("./")
    if has_wildcards(name):
        pattern = compile_match(name)
        paths = source.walk("") if pattern else ()
        return [
            _item(source, path, from_image=from_image)
            for path in paths
            if pattern and pattern.fullmatch(path)
        ]
    return [_item(source, name, from_image=from_image)]


def _item(source: Source, path: str, *, from_image: bool) -> Item:
    found = source.find(path)
    if found is None:
        why = "" if from_image else "file not found in build context or excluded by .dockerignore: "
        raise InvalidParameter(f"{why}stat {path}: file does not exist")
    if not found.is_directory:
        return Item(source, path, f"file:{source.checksum(path)}")
    own = [found.path] if found.path else []
    checksums = sorted(source.checksum(each) for each in (*own, *source.walk(found.path)))
    return Item(source, path, _combined("dir", checksums))


def _combined(kind: str, checksums: Sequence[str]) -> str:
    text = ",".join(checksums).encode("utf-8", "surrogateescape")
    return f"{kind}:{hashlib.sha256(text).hexdigest()}"


def _owner(text: str, root: Path) -> Owner:
    parts = text.split(":")
    begin = "unable to convert uid/gid chown string to host mapping: "
    if len(parts) > 2:
        raise SystemFailure(f"{begin}invalid chown string format: {text}")
    user, group = parts[0], parts[-1]
    return (
        _number(user, rootfs.read(root, "/etc/passwd"), kind="user", begin=begin),
        _number(group, rootfs.read(root, "/etc/group"), kind="group", begin=begin),
    )


def _number(name: str, table: str, *, kind: str, begin: str) -> int:
    if re.fullmatch(r"-?[0-9]{1,10}", name) and int(name) < _NOBODY:
        return int(name)
    for line in table.splitlines():
        fields = line.strip().split(":")
        if fields[0] == name and len(fields) > 2 and re.fullmatch(r"[0-9]{1,9}", fields[2]):
            return int(fields[2])
    number = "uid" if kind == "user" else "gid"
    raise SystemFailure(f"{begin}can't find {number} for {kind} {name}: no such {kind}: {name}")


def _copy(
    item: Item,
    root: Path,
    destination: str,
    owner: Owner | None,
    *,
    unpack: bool,
    limit: int | None,
) -> None:
    source = sources.resolve(item.source.root, item.path)
    target = sources.resolve(root, destination)
    if source.is_dir():
        _copy_directory(source, target, owner)
        return
    if unpack and not item.downloaded and _is_archive(source):
        _make_directories(target, (0, 0))
        with source.open("rb") as file:
            extract(file, target, limit=limit)
        return
    if target.is_dir() or destination.endswith("/"):
        target /= posixpath.basename(item.path)
    _make_directories(target.parent, owner or (0, 0))
    with Extraction(target.parent) as extraction:
        _add(extraction, source, os.fsencode(target.name), owner)
        extraction.finish()


def _copy_directory(source: Path, target: Path, owner: Owner | None) -> None:
    """Copy what is in a directory; the directory itself only gets an owner, if it is new."""
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(20, "not a directory", str(target))
    _make_directories(target, (0, 0), last=owner)
    first: dict[int, bytes] = {}  # by inode: the name that its other names link to
    with Extraction(target) as extraction:
        for path in sources.Files(source).walk(""):
            place, name = source / path, os.fsencode(path)
            status = place.lstat()
            if not stat.S_ISDIR(status.st_mode) and status.st_nlink > 1:
                if status.st_ino in first:
                    _link(extraction, name, first[status.st_ino])
                    continue
                first[status.st_ino] = name
            _add(extraction, place, name, owner)
        extraction.finish()


def _make_directories(place: Path, owner: Owner, *, last: Owner | None = None) -> None:
    """Make a directory with all above it; new ones get an owner, the last perhaps another."""
    ownership = Ownership.here()
    missing = []
    while not os.path.lexists(place):
        missing.append(place)
        place = place.parent
    for number, directory in enumerate(reversed(missing), 1):
        directory.mkdir(mode=0o755)
        directory.chmod(0o755)
        wanted = last if last and number == len(missing) else owner
        os.chown(directory, *ownership.owner(*wanted))


def _add(extraction: Extraction, place: Path, name: bytes, owner: Owner | None) -> None:
    """Copy one file or directory, without what is in it."""
    header = sources.header_of(place, name)
    status = place.lstat()
    if stat.S_ISSOCK(status.st_mode):
        return
    mode, xattrs = header.mode, header.xattrs
    if owner is not None and header.type != tar.DIRECTORY:
        # Giving a file away takes such rights from it (chown(2)).
        mode, xattrs = _without_privileges(mode), {}
    entry = tar.Entry(
        name=header.name,
        type=header.type,
        mode=mode,
        uid=header.uid if owner is None else owner[0],
        gid=header.gid if owner is None else owner[1],
        size=header.size,
        mtime=int(status.st_mtime) * 1_000_000_000,
        target=header.target,
        device=header.device,
        xattrs=xattrs,
    )
    if header.type != tar.FILE:
        extraction.add(entry, cast("unpack_source.Source", None))
        return
    with place.open("rb", buffering=0) as file:
        extraction.add(entry, cast("unpack_source.Source", _Data(file.fileno())))


def _link(extraction: Extraction, name: bytes, target: bytes) -> None:
    entry = tar.Entry(name, tar.LINK, 0, 0, 0, 0, 0, target=target)
    extraction.add(entry, cast("unpack_source.Source", None))


def _without_privileges(mode: int) -> int:
    mode &= ~stat.S_ISUID
    return mode & ~stat.S_ISGID if mode & stat.S_IXGRP else mode


class _Data:
    """A file's data, in the form that the unpacker takes them."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def pieces(self, size: int) -> Iterator[memoryview]:
        """The first ``size`` bytes."""
        while size and (piece := os.read(self._handle, min(size, _PIECE))):
            size -= len(piece)
            yield memoryview(piece)


def _is_archive(place: Path) -> bool:
    if not place.is_file() or not place.stat().st_size:
        return False
    try:
        with place.open("rb") as file, unpack_source.Source(file) as source:
            return next(iter(tar.entries(source)), None) is not None
    except DataLoss:
        return False
