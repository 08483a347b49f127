"""Where an image's documents and layers are read from: a folder, a file, or a stream.

Three ways to the same: in a folder and in a plain tar every member can be found by its name, and a
layer that the cache knows is not read at all. A stream passes by once, and what the names mean is
known only at its end: so each member is looked at as it comes, by its content.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from dockerlab.layers.compression import is_compressed, preceded
from dockerlab.layers.image import DiffID
from dockerlab.layers.problems import ArchiveDamaged, TooMuch
from dockerlab.layers.scan import LayerFiles
from dockerlab.layers.shelf import Shelf, held, place_in
from dockerlab.layers.stream import CHUNK, Progress, Reader, told
from dockerlab.layers.tar import BLOCK, looks_like_tar

MAX_DOCUMENT = 4 << 20
"""Most bytes of a manifest or configuration; registries allow about as much."""
MAX_MEMBERS = 20_000
"""Most members of an archive: an image has at most a few hundred layers."""
MAX_ENTRIES = 2_000_000
"""Most files of all layers together: they are in memory at once, some 300 bytes each."""
MAX_DOCUMENTS = 64 << 20


class Blobs(Protocol):
    """The parts of an image, by the names that archives and layouts give them."""

    def document(self, name: str) -> bytes | None:
        """Return a small file, None if there is none of this name."""

    def layer(self, name: str, diff_id: DiffID) -> LayerFiles | None:
        """Return the files of a layer, None if there is none of this name.

        Raises:
            ArchiveDamaged: the layer is not the one of this diff ID.

        """


@dataclass(frozen=True)
class Folder:
    """An OCI image layout: a folder with `oci-layout`, `index.json` and `blobs`."""

    path: Path
    shelf: Shelf
    progress: Progress | None = None

    def document(self, name: str) -> bytes | None:
        """Return a small file of the folder."""
        try:
            with (self.path / name).open("rb") as file:
                return _bounded(file.read(MAX_DOCUMENT + 1))
        except (FileNotFoundError, IsADirectoryError):
            return None

    def layer(self, name: str, diff_id: DiffID) -> LayerFiles | None:
        """Return the files of a layer, read if they are not known."""
        try:
            with (self.path / name).open("rb") as file:
                place = place_in(file)
                if known := self.shelf.known(diff_id, place):
                    return held(known, diff_id)
                return self.shelf.read(told(file.read, self.progress), diff_id, place)
        except (FileNotFoundError, IsADirectoryError):
            return None


class TarFile:
    """An archive in which one can go to and fro: only what is needed is read."""

    def __init__(self, file: BinaryIO, shelf: Shelf, progress: Progress | None = None) -> None:
        self._shelf = shelf
        self._file = file
        self._progress = progress
        self._members = dict(_index(file))

    def document(self, name: str) -> bytes | None:
        """Return a small file of the archive; raises ArchiveDamaged where it is not small."""
        place = self._members.get(name)
        if place is None:
            return None
        start, size = place
        if size > MAX_DOCUMENT:
            raise ArchiveDamaged("layers.document_damaged")
        self._file.seek(start)
        return self._file.read(size)

    def layer(self, name: str, diff_id: DiffID) -> LayerFiles | None:
        """Return the files of a layer, read if they are not known."""
        if name not in self._members:
            return None
        start, size = self._members[name]
        place = place_in(self._file, start)
        if known := self._shelf.known(diff_id, place):
            return held(known, diff_id)
        self._file.seek(start)
        read = _limited(told(self._file.read, self._progress), size)
        return self._shelf.read(read, diff_id, place)


class Streamed:
    """An archive that has passed by: its documents, and the layers found in it.

    `file` is the compressed archive that passes by; None for a pipe, which is no place to keep for.
    """

    def __init__(self, read: Reader, shelf: Shelf, file: BinaryIO | None = None) -> None:
        self._shelf = shelf
        self._file = file
        self._documents: dict[str, bytes] = {}
        self._layers: dict[str, LayerFiles] = {}
        self._unkept: dict[str, str | None] = {}
        self._entries = 0
        with _opened(_Forward(read), mode="r|") as archive:
            self._links = self._take(archive)

    def document(self, name: str) -> bytes | None:
        """Return a small file of the archive."""
        return self._documents.get(name)

    def layer(self, name: str, diff_id: DiffID) -> LayerFiles | None:
        """Return the files of a layer that passed by."""
        if name not in self._layers:
            name = self._links.get(name, name)
        found = self._layers.get(name)
        if found is None:
            return None
        layer = held(found, diff_id)
        if name in self._unkept:
            self._shelf.keep(layer, self._unkept.pop(name))
        return layer

    def _keep(self, name: str, layer: LayerFiles) -> None:
        self._entries += len(layer.entries)
        if self._entries > MAX_ENTRIES:
            raise TooMuch(count=MAX_ENTRIES)
        self._layers[name] = layer

    def _take(self, archive: tarfile.TarFile) -> dict[str, str]:
        links: dict[str, str] = {}
        kept = 0
        for member in _bounded_members(archive):
            name = _normal(member.name)
            if member.issym() or member.islnk():
                links[name] = _target(member)
            file = archive.extractfile(member) if member.isreg() else None
            if file is None:
                continue
            place = place_in(self._file, member.offset_data) if self._file else None
            if known := self._shelf.known(_diff_id(name), place):
                self._keep(name, known)
                continue
            head = file.read(BLOCK)
            if is_compressed(head) or looks_like_tar(head):
                self._keep(name, self._shelf.scan(preceded(head, file.read)))
                self._unkept[name] = place
            elif member.size <= MAX_DOCUMENT:
                kept += member.size
                if kept > MAX_DOCUMENTS:
                    raise TooMuch(count=MAX_MEMBERS)
                self._documents[name] = head + file.read()
        return links


def _diff_id(name: str) -> DiffID | None:
    """Return the diff ID that the name of a layer would be, if the layer is not compressed."""
    folder, _, digest = name.rpartition("/")
    return DiffID(f"sha256:{digest}") if folder == "blobs/sha256" else None


class _Forward:
    """A reader in the shape that `tarfile` asks of a stream."""

    def __init__(self, read: Reader) -> None:
        self.read = read


def _index(file: BinaryIO) -> Iterator[tuple[str, tuple[int, int]]]:
    places: dict[str, tuple[int, int]] = {}
    links: dict[str, str] = {}
    with _opened(file, mode="r:") as archive:
        for member in _bounded_members(archive):
            name = _normal(member.name)
            if member.isreg():
                places[name] = (member.offset_data, member.size)
            elif member.issym() or member.islnk():
                links[name] = _target(member)
    yield from places.items()
    # `docker save` of Docker 10 to 24 writes a layer that is there already as a link to it.
    for name, target in links.items():
        if target in places:
            yield name, places[target]


@contextmanager
def _opened(file: object, *, mode: str) -> Iterator[tarfile.TarFile]:
    """Open the archive around the layers: few members, so `tarfile`, which can go back, will do."""
    try:
        with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
            yield archive
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveDamaged("layers.damaged") from error


def _bounded_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for count, member in enumerate(archive):
        if count >= MAX_MEMBERS:
            raise TooMuch(count=MAX_MEMBERS)
        yield member
        archive.members = []  # type: ignore[attr-defined]  # it would keep every one for ever


def _target(member: tarfile.TarInfo) -> str:
    if member.islnk():
        return _normal(member.linkname)
    folder, _, _ = _normal(member.name).rpartition("/")
    return _normal(f"{folder}/{member.linkname}")


def _normal(name: str) -> str:
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _limited(read: Reader, size: int) -> Reader:
    left = size

    def take(count: int) -> bytes:
        nonlocal left
        data = read(min(count, left, CHUNK))
        left -= len(data)
        return data

    return take


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_DOCUMENT:
        raise ArchiveDamaged("layers.document_damaged")
    return data
