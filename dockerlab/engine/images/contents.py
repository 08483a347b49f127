"""The files in an archive of images, taken from a stream, and which images they make up."""

import asyncio
import posixpath
from collections.abc import AsyncIterator
from types import TracebackType
from typing import BinaryIO, Self, cast

from dockerlab.engine import platform as platforms
from dockerlab.engine.content.store import ContentStore, Ingest
from dockerlab.engine.errors import DataLoss, InvalidParameter
from dockerlab.engine.gc import Hold
from dockerlab.engine.images import archive
from dockerlab.engine.images.archive import Item
from dockerlab.engine.images.body import Body, finished
from dockerlab.engine.oci import (
    INDEXES,
    MANIFESTS,
    Descriptor,
    Digest,
    Index,
    Manifest,
    decode,
    digest_of,
)
from dockerlab.engine.reference import parse
from dockerlab.engine.threads import unbroken
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.source import Source, refuse_above

SMALL = 1 << 20
"""Files of at most so many bytes stay in memory,"""
ALL_SMALL = 64 << 20
"""as long as they are no more than this together."""
_LINKS = 16
_DEPTH = 8
_LARGEST_DOCUMENT = 64 << 20


class Contents:
    """The files of an archive, by their names in it. A context manager."""

    def __init__(
        self, content: ContentStore, hold: Hold, *, layer_limit: int | None = None
    ) -> None:
        self._limit = layer_limit
        self._content = content
        self._hold = hold
        self._small: dict[str, bytes] = {}
        self._ingests: dict[str, Ingest] = {}
        self._blobs: dict[str, Digest] = {}
        self._sizes: dict[str, int] = {}
        self._links: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for ingest in self._ingests.values():
            ingest.__exit__(None, None, None)

    async def receive(self, parts: AsyncIterator[bytes]) -> None:
        """Take the archive apart; raises DataLoss, DiskFull, Forbidden."""
        body = Body(parts)
        work = asyncio.create_task(asyncio.to_thread(self._receive, body))
        await finished(work, stop=body.close)

    def has(self, path: str) -> bool:
        """Whether the archive has a file of that name."""
        return self._resolve(path) in self._sizes

    def size(self, path: str) -> int:
        """Bytes of a file; raises DataLoss when there is none."""
        return self._sizes[self._existing(path)]

    async def read(self, path: str) -> bytes:
        """A whole file; raises DataLoss when there is none."""
        name = self._existing(path)
        if name in self._small:
            return self._small[name]
        if self._sizes[name] > _LARGEST_DOCUMENT:
            raise DataLoss(f"invalid archive: {path} is of {self._sizes[name]} bytes")
        return await asyncio.to_thread(self._content.read, await self.blob(path))

    async def blob(self, path: str, *, expected: Digest | None = None) -> Digest:
        """Make a file a blob of the content store; raises DataLoss, DiskFull."""
        name = self._existing(path)
        if name not in self._blobs:
            ingest = self._ingests.get(name)
            if ingest is None:
                ingest = self._ingests[name] = self._content.ingest()
                await unbroken(ingest.write, self._small[name])
            self._blobs[name] = await self._hold.commit(ingest)
        if expected not in (None, self._blobs[name]):
            raise DataLoss(f"invalid archive: {path} is not the blob {expected}")
        return self._blobs[name]

    def _receive(self, body: Body) -> None:
        with Source(cast("BinaryIO", body)) as source:
            try:
                self._receive_files(source)
            except BaseException:
                body.close()  # do not wait for a client that may send no more
                raise

    def _receive_files(self, source: Source) -> None:
        left = ALL_SMALL
        for entry in tar.entries(source):
            name = _clean(entry.name)
            if entry.type == tar.FILE and entry.extents is None:
                left -= self._receive_file(name, entry.size, source, left)
            elif entry.type == tar.SYMLINK:
                target = entry.target.decode(errors="surrogateescape")
                self._links[name] = _join(posixpath.dirname(name), target)
            elif entry.type == tar.LINK:
                self._links[name] = _clean(entry.target)
        source.finish()

    def _receive_file(self, name: str, size: int, source: Source, left: int) -> int:
        """Keep a file; the bytes of memory that takes."""
        self._forget(name)
        # What is compressed is no larger than what it unpacks to; and no other file needs as much.
        refuse_above(self._limit, size, what="layer")
        if size <= min(SMALL, left):
            data = source.read(size)
            if len(data) < size:
                raise DataLoss("unexpected EOF")
            self._small[name] = data
        else:
            ingest = self._ingests[name] = self._content.ingest()
            for piece in source.pieces(size):
                ingest.write(piece)
            if ingest.offset < size:
                raise DataLoss("unexpected EOF")
        self._sizes[name] = size
        return size if name in self._small else 0

    def _forget(self, name: str) -> None:
        """Of two files with one name the later counts, as when they are unpacked."""
        self._links.pop(name, None)
        self._small.pop(name, None)
        ingest = self._ingests.pop(name, None)
        if ingest is not None:
            ingest.__exit__(None, None, None)

    def _resolve(self, path: str) -> str:
        name = _join("", path)
        for _ in range(_LINKS):
            if name not in self._links:
                break
            name = self._links[name]
        return name

    def _existing(self, path: str) -> str:
        name = self._resolve(path)
        if name not in self._sizes:
            raise DataLoss(f"invalid archive: open {path}: no such file or directory")
        return name


async def image_items(contents: Contents) -> tuple[Item, ...]:
    """The images in an archive: by Docker's manifest.json or, without it, by the OCI index.

    Raises:
        DataLoss: it has neither, or one that is damaged.
        NotFound: an image is not for this platform.

    """
    if contents.has(archive.MANIFEST_FILE):
        return archive.decode_items(await contents.read(archive.MANIFEST_FILE))
    if not contents.has(archive.INDEX_FILE):
        raise DataLoss(f"invalid archive: does not contain a {archive.MANIFEST_FILE}")
    index = decode(await contents.read(archive.INDEX_FILE), Index)
    found: dict[Digest, Item] = {}
    for descriptor in index.manifests:
        item = await _item(contents, descriptor)
        known = found.get(descriptor.digest)
        tags = (*(known.repo_tags or () if known else ()), *(item.repo_tags or ()))
        found[descriptor.digest] = Item(item.config, tags, item.layers)
    return tuple(found.values())


async def _item(contents: Contents, descriptor: Descriptor) -> Item:
    chosen = descriptor
    for _ in range(_DEPTH):
        if chosen.media_type not in INDEXES:
            break
        index = decode(await _document(contents, chosen), Index)
        chosen = platforms.choose(index, platforms.host())
    if chosen.media_type not in MANIFESTS:
        raise DataLoss(f"invalid archive: {chosen.digest} is a {chosen.media_type}, no image")
    manifest = decode(await _document(contents, chosen), Manifest)
    await _document(contents, manifest.config)
    for layer in manifest.layers:
        await contents.blob(archive.blob_path(layer.digest), expected=layer.digest)
    return Item(
        config=archive.blob_path(manifest.config.digest),
        repo_tags=_names(descriptor),
        layers=tuple(archive.blob_path(layer.digest) for layer in manifest.layers),
    )


async def _document(contents: Contents, descriptor: Descriptor) -> bytes:
    path = archive.blob_path(descriptor.digest)
    data = await contents.read(path)
    if digest_of(data) != descriptor.digest:
        raise DataLoss(f"invalid archive: {path} is not the blob {descriptor.digest}")
    return data


def _names(descriptor: Descriptor) -> tuple[str, ...]:
    """An image's name by its annotations; ``latest`` or ``1.2`` alone names no image."""
    name = descriptor.annotations.get(archive.IMAGE_NAME)
    if name is None:
        name = descriptor.annotations.get(archive.REF_NAME, "")
        if ":" not in name and "/" not in name:
            return ()
    try:
        return (parse(name).stored.familiar,)
    except InvalidParameter:
        return ()


def _clean(name: bytes) -> str:
    return _join("", name.decode(errors="surrogateescape"))


def _join(directory: str, path: str) -> str:
    """A path within the archive; none leads out of it."""
    return posixpath.normpath(posixpath.join("/", directory, path)).lstrip("/")
