"""Garbage: blobs, layers and snapshots that nobody refers to any more.

What is needed is said by the metadata: images need their manifest, config and layers, layers need
their blob and their snapshot, containers need the layers below them. What a pull or a load has
brought but not yet registered is in no table; it is *leased* in memory meanwhile. A crash ends all
leases, and the next start collects what was left.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from dockerlab.engine.content.store import ContentStore, Ingest
from dockerlab.engine.errors import Conflict, NotFound
from dockerlab.engine.metadata.containers import ContainerStore
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.metadata.images import ImageRecords
from dockerlab.engine.metadata.layers import Layer, LayerRecords
from dockerlab.engine.oci import ChainID, Digest
from dockerlab.engine.snapshots.snapshotter import Kind, Snapshotter
from dockerlab.engine.threads import unbroken


class Hold:
    """What one piece of work holds; see ``Collector.hold``."""

    def __init__(
        self, lock: asyncio.Lock, blobs: Counter[Digest], layers: Counter[ChainID]
    ) -> None:
        # Holding and collecting exclude each other: who holds a blob or a layer and then finds it
        # there can rely on it.
        self._lock = lock
        self._all_blobs = blobs
        self._all_layers = layers
        self.blobs: list[Digest] = []
        self.layers: list[ChainID] = []

    async def keep(self, *, blobs: Iterable[Digest] = (), layers: Iterable[ChainID] = ()) -> None:
        """Hold blobs and layers, whether they are there already or come later."""
        async with self._lock:
            self._keep(tuple(blobs), tuple(layers))

    async def commit(self, ingest: Ingest, *, expected: Digest | None = None) -> Digest:
        """Commit a blob that is held before it is there; raises as ``Ingest.commit``.

        Cancelled, it returns only when the thread has ended: what that committed is held, and thus
        collected with the rest.
        """
        await self.keep(blobs=[ingest.digest])
        return await unbroken(ingest.commit, expected=expected)

    def _keep(self, blobs: tuple[Digest, ...], layers: tuple[ChainID, ...]) -> None:
        self.blobs.extend(blobs)
        self.layers.extend(layers)
        self._all_blobs.update(blobs)
        self._all_layers.update(layers)

    def release(self) -> None:
        """Hold nothing any more."""
        _subtract(self._all_blobs, self.blobs)
        _subtract(self._all_layers, self.layers)


Name = TypeVar("Name", Digest, ChainID)


def _subtract(held: Counter[Name], names: Iterable[Name]) -> None:
    """Forget names entirely that nobody holds any more."""
    for name in names:
        held[name] -= 1
        if not held[name]:
            del held[name]


class Collector:
    """Removes what is needed no more, and never what work in progress holds."""

    def __init__(
        self, *, database: Database, content: ContentStore, snapshots: Snapshotter
    ) -> None:
        self._images = ImageRecords(database)
        self._layers = LayerRecords(database)
        self._containers = ContainerStore(database)
        self._content = content
        self._snapshots = snapshots
        self._held_blobs: Counter[Digest] = Counter()
        self._held_layers: Counter[ChainID] = Counter()
        self._lock = asyncio.Lock()
        self.unregistered: dict[ChainID, Layer] = {}
        """Layers whose files are there and whose rows are not: unpacked a moment ago, or about to
        be removed. Whoever holds one may use it."""

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[Hold]:
        """Keep what the block brings in from being collected.

        What of it nobody needs at the end was brought in vain, and is removed.
        """
        hold = Hold(self._lock, self._held_blobs, self._held_layers)
        try:
            yield hold
        finally:
            hold.release()
            chain = tuple(reversed(hold.layers))
            blobs = {*hold.blobs, *(layer.blob for layer in self._forget(chain))}
            # Shielded: who cancels a pull wants its remains gone, too.
            await asyncio.shield(self._collect(chain, blobs))

    def needed(self) -> frozenset[ChainID]:
        """Layers that containers or work in progress need, though perhaps no image does."""
        active = {i.parent for i in self._snapshots.walk() if i.kind is Kind.ACTIVE and i.parent}
        return frozenset(map(ChainID, active)) | frozenset(self._held_layers)

    async def collect(self, layers: Iterable[Layer], blobs: Iterable[Digest] = ()) -> int:
        """Remove the files of layers whose rows are gone (topmost first), and blobs.

        Whatever is still needed stays. Returns the bytes of blobs freed.
        """
        gone = tuple(layers)
        self.unregistered.update((layer.chain_id, layer) for layer in gone)
        candidates = {*blobs, *(layer.blob for layer in gone)}
        return await self._collect(tuple(layer.chain_id for layer in gone), candidates)

    async def collect_layers(self) -> None:
        """Remove layers that neither an image nor a container needs; after a container went."""
        await self.collect(self._prune())

    def sweep(self) -> None:
        """Remove everything that nobody refers to; for the start of the engine, before all else."""
        self._content.sweep()
        known = {layer.chain_id for layer in self._layers.all()}
        containers = {row.container_id for row in self._containers.all()}
        self._snapshots.sweep(keep=known | containers)
        self._remove(tuple(layer.chain_id for layer in self._prune()), set(self._content.walk()))

    def _prune(self) -> tuple[Layer, ...]:
        keep = self.needed()
        return tuple(
            layer for top in self._layers.tops() for layer in self._layers.prune(top, keep=keep)
        )

    def _forget(self, chain: Iterable[ChainID]) -> list[Layer]:
        """Remove the rows that were left only because they were held; topmost first."""
        unused = [top for top in chain if self._layers.unused(top)]
        keep = self.needed() if unused else frozenset()
        gone = [layer for top in unused for layer in self._layers.prune(top, keep=keep)]
        self.unregistered.update((layer.chain_id, layer) for layer in gone)
        return gone

    async def _collect(self, chain: tuple[ChainID, ...], blobs: set[Digest]) -> int:
        async with self._lock:
            # Unbroken: the lock must not be free while a thread still removes.
            return await unbroken(self._remove, chain, blobs)

    def _remove(self, chain: tuple[ChainID, ...], blobs: set[Digest]) -> int:
        # Blobs first: that needs no room, and on a full disk makes some for what follows.
        unneeded = [d for d in blobs if d not in self._held_blobs and not self._images.needs(d)]
        freed = sum(map(self._content.delete, unneeded))
        for chain_id in chain:
            if chain_id not in self._held_layers and not self._layers.find(chain_id):
                # Conflict: a container was made on it in this very moment.
                with suppress(NotFound, Conflict):
                    self._snapshots.remove(chain_id)
                    self.unregistered.pop(chain_id, None)
        return freed
