"""From a layer's blob to a snapshot: each layer is unpacked once, by chain ID, for all images."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast
from weakref import WeakValueDictionary

import msgspec

from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.errors import DataLoss, NotFound, SystemFailure
from dockerlab.engine.images.body import finished
from dockerlab.engine.metadata.layers import Layer, LayerRecords
from dockerlab.engine.oci import ChainID, DiffID, Digest, chain_id_of
from dockerlab.engine.snapshots.snapshotter import Snapshotter
from dockerlab.engine.unpack import apply
from dockerlab.engine.unpack.source import Source

Read = Callable[[int], None]
"""Told, from another thread, how many bytes of the blob have been read."""


class WrongLayer(DataLoss):
    """A blob turned out to be another layer than its image's config promises."""

    def __init__(self, expected: DiffID, got: DiffID) -> None:
        super().__init__(f'invalid diffID for layer: expected "{expected}", got "{got}"')
        self.expected = expected
        self.got = got


class Unpacker:
    """Unpacks layers on each other.

    A layer that is unpacked but belongs to no image yet is remembered in ``unregistered`` only:
    whoever unpacks must hold it (``Collector.hold``) until it is registered.
    """

    def __init__(
        self,
        *,
        layers: LayerRecords,
        content: ContentStore,
        snapshots: Snapshotter,
        unregistered: dict[ChainID, Layer],
        limit: int | None = None,
    ) -> None:
        """A layer may unpack to at most ``limit`` bytes."""
        self._layers = layers
        self._content = content
        self._snapshots = snapshots
        self._locks: WeakValueDictionary[ChainID, asyncio.Lock] = WeakValueDictionary()
        self._unregistered = unregistered
        self._limit = limit

    def find(self, chain_id: ChainID) -> Layer | None:
        """The layer, if it is unpacked already."""
        layer = self._layers.find(chain_id) or self._unregistered.get(chain_id)
        if layer is None:
            return None
        try:
            self._snapshots.stat(chain_id)
        except NotFound:
            self._unregistered.pop(chain_id, None)
            return None
        return layer

    async def unpack(
        self,
        blob: Digest,
        *,
        diff_id: DiffID,
        parent: ChainID | None,
        read: Read = lambda _: None,
    ) -> Layer:
        """Unpack the layer in ``blob`` on ``parent``, unless it is there already.

        When cancelled, nothing of it is kept longer than somebody holds it.

        Raises:
            WrongLayer: the blob is not the layer with this diff ID.
            DataLoss: it is damaged.
            DiskFull: no space is left.
            Forbidden: it unpacks to more bytes than are allowed.

        """
        chain_id = chain_id_of(parent, diff_id)
        lock = self._locks.setdefault(chain_id, asyncio.Lock())
        async with lock:
            found = self.find(chain_id)
            if found is not None:
                return await self._with_blob(found, blob)
            return await self._unpack(blob, diff_id, parent, chain_id, read)

    async def _with_blob(self, layer: Layer, blob: Digest) -> Layer:
        """The layer with a blob that is there: its own may have gone with who brought it."""
        if layer.blob == blob or self._content.has(layer.blob):
            return layer
        with self._content.open(blob) as file:
            got = await asyncio.to_thread(_diff_id, file)
        if got != layer.diff_id:
            raise WrongLayer(layer.diff_id, got)
        return msgspec.structs.replace(layer, blob=blob)

    def registered(self, layer: Layer) -> None:
        """Say that the database has it now."""
        self._unregistered.pop(layer.chain_id, None)

    async def _unpack(
        self, blob: Digest, diff_id: DiffID, parent: ChainID | None, chain_id: ChainID, read: Read
    ) -> Layer:
        stop = threading.Event()
        work = asyncio.create_task(
            asyncio.to_thread(self._apply, blob, diff_id, parent, chain_id, read, stop)
        )
        return await finished(work, stop=stop.set)

    def _apply(
        self,
        blob: Digest,
        diff_id: DiffID,
        parent: ChainID | None,
        chain_id: ChainID,
        read: Read,
        stop: threading.Event,
    ) -> Layer:
        with self._active(parent) as active, self._content.open(blob) as file:
            applied = apply(
                cast("BinaryIO", _Watched(file, read, stop)),
                self._snapshots.directory(active),
                whiteouts=self._snapshots.whiteouts,
                below=self._snapshots.below(active),
                limit=self._limit,
            )
            if applied.diff_id != diff_id:
                raise WrongLayer(diff_id, applied.diff_id)
            self._snapshots.commit(chain_id, active)
        layer = Layer(
            chain_id=chain_id,
            diff_id=diff_id,
            parent=parent,
            blob=blob,
            tar_size=applied.tar_size,
            size=applied.size,
        )
        # Here and not where the thread is awaited: who waits may be cancelled, and the snapshot is
        # there all the same, for others who hold it.
        self._unregistered[chain_id] = layer
        return layer

    @contextmanager
    def _active(self, parent: ChainID | None) -> Iterator[str]:
        name = f"unpack-{uuid.uuid4().hex}"
        self._snapshots.prepare(name, parent=parent, unpacking=True)
        try:
            yield name
        except BaseException:
            with suppress(NotFound):
                self._snapshots.remove(name)
            raise


def _diff_id(file: BinaryIO) -> DiffID:
    with Source(file) as source:
        return source.finish()


class _Watched:
    """A file whose reader is watched and can be stopped."""

    def __init__(self, file: BinaryIO, read: Read, stop: threading.Event) -> None:
        self._file = file
        self._told = read
        self._stop = stop

    def read(self, size: int = -1) -> bytes:
        if self._stop.is_set():
            raise SystemFailure("the layer is no longer wanted")
        data = self._file.read(size)
        self._told(self._file.tell())
        return data
