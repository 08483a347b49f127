"""``index.json`` of the content store: what other tools see of the images.

The engine itself never reads it. It is written a moment after something changed, so that a lesson's
burst of changes costs one writing, and anew at every start.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

import msgspec

from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.errors import EngineError
from dockerlab.engine.images.archive import IMAGE_NAME, REF_NAME
from dockerlab.engine.metadata.images import Image, ImageRecords
from dockerlab.engine.oci import MANIFEST, Descriptor, Digest, Manifest, decode
from dockerlab.engine.reference import parse

DELAY = 1.0
"""Seconds from a change until it is written."""


class Catalogue:
    """Keeps ``index.json`` in step with the images."""

    def __init__(
        self,
        records: ImageRecords,
        content: ContentStore,
        *,
        delay: float = DELAY,
    ) -> None:
        self._records = records
        self._content = content
        self._delay = delay
        self._pending: asyncio.Task[None] | None = None
        self._describe = lru_cache(4096)(self._read)

    def changed(self) -> None:
        """Write the index in a moment; called in the event loop's thread."""
        if self._pending is None:
            self._pending = asyncio.get_running_loop().create_task(self._later())

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._pending is not None:
            self._pending.cancel()
            await asyncio.gather(self._pending, return_exceptions=True)
            self.write()

    def write(self) -> None:
        """Write the index now. A full disk leaves the old one: only others would miss it."""
        with suppress(EngineError):
            self._content.describe(
                descriptor for image in self._records.all() for descriptor in self._entries(image)
            )

    async def _later(self) -> None:
        await asyncio.sleep(self._delay)
        self._pending = None
        await asyncio.to_thread(self.write)

    def _entries(self, image: Image) -> Iterator[Descriptor]:
        bare = self._describe(image.manifest)
        tags = [name for name in map(parse, image.names) if name.tag]
        for name in tags:
            annotations = {IMAGE_NAME: str(name), REF_NAME: name.familiar}
            yield msgspec.structs.replace(bare, annotations=annotations)
        if not tags:
            yield bare

    def _read(self, digest: Digest) -> Descriptor:
        data = self._content.read(digest)
        return Descriptor(decode(data, Manifest).media_type or MANIFEST, digest, len(data))
