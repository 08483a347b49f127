"""An image's layers, config and manifest into a registry."""

import asyncio
import errno
import hashlib
import tempfile
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from typing import BinaryIO

import msgspec

from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.distribution.download import short
from dockerlab.engine.distribution.mailbox import Mailbox
from dockerlab.engine.distribution.replies import Refused, push_error
from dockerlab.engine.distribution.transport import Dropped
from dockerlab.engine.distribution.upload import Uploads
from dockerlab.engine.errors import DiskFull
from dockerlab.engine.oci import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_LAYER_GZIP,
    DOCKER_MANIFEST,
    LAYER,
    LAYER_ZSTD,
    MANIFEST,
    Descriptor,
    DiffID,
    Digest,
    Manifest,
    digest_of,
)
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import Reference
from dockerlab.engine.threads import unbroken

AT_ONCE = 5  # as Docker's max-concurrent-uploads
_ATTEMPTS = 4
_PIECE = 1 << 20
_REPORT_EVERY = 0.1
_UNCOMPRESSED = frozenset({LAYER, DOCKER_LAYER})

Report = Callable[[Progress], None]


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """An image to push, all of whose blobs are in the content store.

    ``manifest`` is pushed as it is if its layers are compressed, so that it keeps its digest;
    otherwise they are compressed and a manifest of schema 2 is written, as Docker does.
    ``siblings`` are paths of repositories in the same registry that may have its layers already.
    """

    reference: Reference
    manifest: bytes
    diff_ids: tuple[DiffID, ...]
    siblings: tuple[str, ...] = ()


class Pushed(msgspec.Struct, frozen=True):
    """What the registry now has under the tag."""

    tag: str
    digest: Digest
    size: int


async def push(
    image: Outgoing, uploads: Uploads, content: ContentStore
) -> AsyncGenerator[Progress | Pushed, None]:
    """Push; ``Pushed`` comes last. Closing the generator aborts.

    Raises:
        Unauthorized, TooManyRequests, SystemFailure: the registry refuses or does not answer.
        NotFound: a blob is not in the content store.

    """
    manifest = msgspec.json.decode(image.manifest, type=Manifest)
    mailbox: Mailbox[Pushed] = Mailbox()
    pusher = _Pusher(image, uploads, content, mailbox.put)
    task = asyncio.create_task(pusher.push(manifest))
    task.add_done_callback(lambda _: mailbox.wake())
    try:
        while not task.done():
            await mailbox.wait()
            for item in mailbox.take():
                yield item
        try:
            yield task.result()
        except Refused as refused:
            raise push_error(refused) from refused
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Pusher:
    def __init__(
        self, image: Outgoing, uploads: Uploads, content: ContentStore, report: Report
    ) -> None:
        self._image = image
        self._uploads = uploads
        self._content = content
        self._report = report
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def push(self, manifest: Manifest) -> Pushed:
        pairs = list(zip(self._image.diff_ids, manifest.layers, strict=True))
        unique = dict(reversed(pairs))  # Docker tells of the topmost layer first
        for diff_id in unique:
            self._report(Progress(status="Preparing", id=_short(diff_id)))
        sent = await _all(self._layer(*pair) for pair in unique.items())
        by_diff_id = dict(zip(unique, sent, strict=True))
        layers = tuple(by_diff_id[diff_id] for diff_id, _ in pairs)
        config = manifest.config
        if not await self._uploads.has(config.digest):
            data = await asyncio.to_thread(self._content.read, config.digest)
            await self._uploads.put(config.digest, data, size=len(data))
        data, media_type = self._manifest(manifest, layers)
        tag = self._image.reference.stored.tag
        await self._uploads.put_manifest(tag, data, media_type=media_type)
        return Pushed(tag, digest_of(data), len(data))

    def _manifest(self, manifest: Manifest, layers: tuple[Descriptor, ...]) -> tuple[bytes, str]:
        if layers == manifest.layers:
            return self._image.manifest, manifest.media_type or MANIFEST
        config = Descriptor(DOCKER_CONFIG, manifest.config.digest, manifest.config.size)
        parts = tuple(Descriptor(_packed_type(one), one.digest, one.size) for one in layers)
        written = Manifest(
            schema_version=2, media_type=DOCKER_MANIFEST, config=config, layers=parts
        )
        return msgspec.json.encode(written), DOCKER_MANIFEST

    async def _layer(self, diff_id: DiffID, layer: Descriptor) -> Descriptor:
        if self._slots.locked():
            self._report(Progress(status="Waiting", id=_short(diff_id)))
        async with self._slots:
            with self._content.open(layer.digest) as file:
                if layer.media_type not in _UNCOMPRESSED:
                    status = await self._send(diff_id, layer, file)
                else:
                    # A file without a name vanishes when it is closed, come what may.
                    scratch = self._content.path(layer.digest).parent
                    with tempfile.TemporaryFile(dir=scratch) as packed:
                        layer = await unbroken(_compress, file, packed)
                        status = await self._send(diff_id, layer, packed)
            self._report(Progress(status=status, id=_short(diff_id)))
            return layer

    async def _send(self, diff_id: DiffID, layer: Descriptor, file: BinaryIO) -> str:
        if await self._uploads.has(layer.digest):
            return "Layer already exists"
        for path in self._image.siblings:
            if await self._uploads.mount(layer.digest, path=path):
                return f"Mounted from {path}"
        for attempt in range(_ATTEMPTS):
            try:
                await self._uploads.put(
                    layer.digest, lambda: self._pieces(file, diff_id, layer), size=layer.size
                )
                break
            except Dropped:
                if attempt == _ATTEMPTS - 1:
                    raise
                await asyncio.sleep(2**attempt / 4)
        return "Pushed"

    async def _pieces(
        self, file: BinaryIO, diff_id: DiffID, layer: Descriptor
    ) -> AsyncIterator[bytes]:
        file.seek(0)
        sent, told = 0, float("-inf")
        while piece := await unbroken(file.read, _PIECE):
            yield piece
            sent += len(piece)
            if time.monotonic() - told >= _REPORT_EVERY:
                told = time.monotonic()
                self._report(
                    Progress(status="Pushing", id=_short(diff_id), current=sent, total=layer.size)
                )


async def _all(work: Iterable[Coroutine[None, None, Descriptor]]) -> list[Descriptor]:
    """All results, or the first failure, with nothing left running."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _packed_type(layer: Descriptor) -> str:
    return layer.media_type if layer.media_type == LAYER_ZSTD else DOCKER_LAYER_GZIP


def _short(diff_id: DiffID) -> str:
    return short(Digest(diff_id))


def _compress(plain: BinaryIO, packed: BinaryIO) -> Descriptor:
    """Gzip a layer, to the same bytes each time: no name, no time stamp (RFC 1952).

    Raises:
        DiskFull: there is no space for it.

    """
    digest, size = hashlib.sha256(), 0
    compressor = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    piece = b" "
    while piece:
        piece = plain.read(_PIECE)
        out = compressor.compress(piece) if piece else compressor.flush()
        digest.update(out)
        try:
            size += packed.write(out)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise DiskFull("no space left on device to compress a layer") from error
    return Descriptor(DOCKER_LAYER_GZIP, Digest(f"sha256:{digest.hexdigest()}"), size)
