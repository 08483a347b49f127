"""``docker import``: an image of one layer from the tar of a root file system."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import BinaryIO, cast

from dockerlab.engine import platform as platforms
from dockerlab.engine.content.store import Ingest
from dockerlab.engine.dockerfile.changes import apply_changes
from dockerlab.engine.errors import DataLoss
from dockerlab.engine.images.archive import in_dockers_words
from dockerlab.engine.images.body import Body, finished
from dockerlab.engine.images.library import Library
from dockerlab.engine.images.registration import Registrar
from dockerlab.engine.images.reporting import Report, reported
from dockerlab.engine.metadata.images import NEVER, Image
from dockerlab.engine.oci import (
    DiffID,
    Digest,
    History,
    ImageConfig,
    Platform,
    RootFS,
    RunConfig,
    encode,
)
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import Reference
from dockerlab.engine.timestamp import format_rfc3339
from dockerlab.engine.unpack.source import Source

_PIECE = 1 << 20


class Importer:
    """Makes images from root file systems."""

    def __init__(
        self, library: Library, registrar: Registrar, *, layer_limit: int | None = None
    ) -> None:
        self._limit = layer_limit
        self._library = library
        self._registrar = registrar

    def import_tar(
        self,
        body: AsyncIterator[bytes],
        *,
        reference: Reference | None,
        message: str,
        changes: Sequence[str],
        platform: Platform | None,
    ) -> AsyncGenerator[Progress, None]:
        """Make an image of the tar ``body``, compressed or not; its ID is the last record.

        ``message`` is its comment, ``changes`` are instructions of a Dockerfile.

        Raises, while iterated:
            InvalidParameter: a change is malformed, or the platform is not Linux.
            DataLoss: this is no tar.
            DiskFull: no space is left.
            Forbidden: it unpacks to more than is allowed.

        """

        async def work(report: Report) -> None:
            run = apply_changes(RunConfig(), changes)
            async with self._library.collector.hold() as hold:
                with self._library.content.ingest() as ingest:
                    await _receive(body, ingest, self._limit)
                    blob = await hold.commit(ingest)
                config = self._config(blob, run, message, platform or platforms.host())
                image = await self._register(config, blob, reference)
            report(Progress(status=image.image_id))

        return reported(work)

    def _config(
        self, blob: Digest, run: RunConfig, message: str, platform: Platform
    ) -> ImageConfig:
        created = format_rfc3339(self._library.now())
        return ImageConfig(
            created=created,
            architecture=platform.architecture,
            variant=platform.variant,
            os=platform.os,
            comment=message,
            config=run,
            # The blob is kept without compression: its digest is the diff ID.
            rootfs=RootFS(type="layers", diff_ids=(DiffID(blob),)),
            history=(History(created=created, comment=message),),
        )

    async def _register(
        self, config: ImageConfig, blob: Digest, reference: Reference | None
    ) -> Image:
        tagged = NEVER if reference is None else self._library.now()
        names = [] if reference is None else [reference]
        async with self._registrar.incoming(encode(config)) as incoming:
            await incoming.present()
            if not incoming.layers:
                await incoming.add(blob)
            image = await incoming.register(names=names, tagged=tagged)
        for name in names:
            self._library.publish("tag", image.image_id, name=name.familiar)
        self._library.publish("import", image.image_id)
        return image


async def _receive(parts: AsyncIterator[bytes], ingest: Ingest, limit: int | None) -> None:
    body = Body(parts)
    work = asyncio.create_task(asyncio.to_thread(_decompress, body, ingest, limit))
    try:
        await finished(work, stop=body.close)
    except DataLoss as error:
        raise in_dockers_words(error) from error


def _decompress(body: Body, ingest: Ingest, limit: int | None) -> None:
    with Source(cast("BinaryIO", body), limit=limit) as source:
        try:
            while piece := source.read(_PIECE):
                ingest.write(piece)
        except BaseException:
            body.close()
            raise
