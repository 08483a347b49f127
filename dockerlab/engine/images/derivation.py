"""New images on top of others: a build's steps, and ``docker commit``."""

import asyncio
from collections.abc import Callable
from typing import BinaryIO, cast

from dockerlab.engine.content.store import Ingest
from dockerlab.engine.images.body import finished
from dockerlab.engine.images.library import Library
from dockerlab.engine.images.registration import Registrar
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import DiffID, Digest

EMPTY_LAYER = DiffID("sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")
"""The diff ID of a tar without members, which no image has among its layers."""

Layer = Callable[[BinaryIO], DiffID]
"""Writes an uncompressed layer, and says its diff ID. Called in a worker thread."""

Keep = Callable[[Image], None]
"""Told of a new image."""

Document = Callable[[DiffID | None], bytes]
"""The config of the new image with this layer added, or without any."""


class Deriver:
    """Makes images from others."""

    def __init__(self, library: Library, registrar: Registrar) -> None:
        self._library = library
        self._registrar = registrar

    async def derive(
        self, *, parent: Image | None, document: Document, layer: Layer | None, keep: Keep
    ) -> Image:
        """Register a child of ``parent``; one that is there already is found again.

        ``keep`` is called before anybody could remove it again.

        Raises:
            DiskFull: no space is left; nothing is kept.
            NotFound: the parent was linked to a pack that is not there any more.

        """
        async with self._library.collector.hold() as hold:
            blob = None
            if layer is not None:
                with self._library.content.ingest() as ingest:
                    if await self._write(layer, ingest) != EMPTY_LAYER:
                        blob = await hold.commit(ingest)
            return await self._register(parent, document, blob, keep)

    async def _write(self, layer: Layer, ingest: Ingest) -> DiffID:
        work = asyncio.create_task(asyncio.to_thread(layer, cast("BinaryIO", ingest)))
        return await finished(work, stop=lambda: None)

    async def _register(
        self, parent: Image | None, document: Document, blob: Digest | None, keep: Keep
    ) -> Image:
        config = document(None if blob is None else DiffID(blob))
        async with self._registrar.incoming(config) as incoming:
            await incoming.inherit(len(incoming.chain) - (blob is not None))
            if blob is not None and len(incoming.layers) < len(incoming.chain):
                await incoming.add(blob)
            image = await incoming.register(
                parent=None if parent is None else parent.image_id, built=True
            )
            keep(image)
        self._library.publish("create", image.image_id)
        return image
