"""Garbage: blobs, layers and snapshots that nobody refers to any more.

What is needed is said by the metadata: images need their manifest, config and layers, layers need
their blob and their snapshot, containers need the layers below them. What a pull or a load has
brought but not yet registered is in no table; it is *leased* in memory meanwhile. A crash ends all
leases, and the next start collects what was left.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.errors import Conflict, NotFound
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.metadata.images import ImageRecords
from dockerlab.engine.metadata.layers import Layer, LayerRecords
from dockerlab.engine.oci import ChainID, Digest
from dockerlab.engine.snapshots.snapshotter import Kind, Snapshotter


class Leases:
    """Blobs and layers that work in progress needs, whatever the metadata says."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()

    @contextmanager
    def hold(self, names: Iterable[Digest | ChainID]) -> Iterator[None]:
        """Keep blobs (by digest) and layers (by chain ID) from being collected meanwhile."""
        held = list(names)
        self._held.update(held)
        try:
            yield
        finally:
            self._held.subtract(held)
            self._held += Counter()  # forget what nobody holds any more

    def holds(self, name: Digest | ChainID) -> bool:
        """Whether somebody holds it."""
        return name in self._held


class Collector:
    """Removes what is needed no more. Its methods may run in a worker thread."""

    def __init__(
        self, *, database: Database, content: ContentStore, snapshots: Snapshotter
    ) -> None:
        self.leases = Leases()
        self._images = ImageRecords(database)
        self._layers = LayerRecords(database)
        self._content = content
        self._snapshots = snapshots

    def needed(self) -> frozenset[ChainID]:
        """Layers that containers or work in progress need, though perhaps no image does."""
        active = {i.parent for i in self._snapshots.walk() if i.kind is Kind.ACTIVE and i.parent}
        held = {layer.chain_id for layer in self._layers.all() if self.leases.holds(layer.chain_id)}
        return frozenset(map(ChainID, active)) | held

    def collect(self, layers: Iterable[Layer], blobs: Iterable[Digest]) -> int:
        """Remove the files of layers (topmost first) whose rows are gone, and of blobs.

        Whatever is still needed stays. The bytes of blobs freed.
        """
        gone = tuple(layers)
        for layer in gone:
            self._remove_snapshot(layer.chain_id)
        candidates = {*blobs, *(layer.blob for layer in gone)}
        return sum(map(self._content.delete, candidates - self._needed_blobs()))

    def collect_layers(self) -> tuple[Layer, ...]:
        """Remove layers that neither an image nor a container needs, and their files."""
        keep = self.needed()
        gone = tuple(
            layer for top in self._layers.tops() for layer in self._layers.prune(top, keep=keep)
        )
        self.collect(gone, ())
        return gone

    def sweep(self) -> None:
        """Remove everything that nobody refers to; for the start of the engine."""
        self.collect_layers()
        known = {layer.chain_id for layer in self._layers.all()}
        for info in reversed([*self._snapshots.walk()]):
            if info.kind is Kind.COMMITTED and info.name not in known:
                self._remove_snapshot(ChainID(info.name))
        needed = self._needed_blobs()
        for digest in [*self._content.walk()]:
            if digest not in needed:
                self._content.delete(digest)

    def _remove_snapshot(self, chain_id: ChainID) -> None:
        if self.leases.holds(chain_id) or self._layers.find(chain_id):
            return
        # A container that was made in this very moment keeps it: the next sweep sees to it.
        with suppress(NotFound, Conflict):
            self._snapshots.remove(chain_id)

    def _needed_blobs(self) -> set[Digest]:
        needed = set(self._images.blobs())
        return needed | {d for d in self._content.walk() if self.leases.holds(d)}
