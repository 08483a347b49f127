"""Every layer and every container has its snapshot, every snapshot its files, and somebody it."""

from collections.abc import Iterator

from dockerlab.engine.check.finding import Finding, Kind
from dockerlab.engine.check.opened import Opened
from dockerlab.engine.errors import EngineError, NotFound
from dockerlab.engine.snapshots import snapshotter
from dockerlab.engine.snapshots.snapshotter import Info


def check_layers(store: Opened) -> Iterator[Finding]:
    """Every layer has a committed snapshot on its parent's, and is needed."""
    for layer in store.layers.all():
        yield from _has_snapshot(
            store, layer.chain_id, kind=snapshotter.Kind.COMMITTED, parent=layer.parent
        )
    used = {i.parent for i in store.snapshots.walk() if i.kind is snapshotter.Kind.ACTIVE}
    for chain_id in store.layers.tops():
        if chain_id not in used:
            yield Finding(Kind.UNREFERENCED, chain_id, "a layer")


def check_container_layers(store: Opened) -> Iterator[Finding]:
    """Every container has a writable layer, on its image's layers as long as that is there."""
    for row in store.containers.all():
        image = store.images.find(row.image_id)
        if row.status == "removing":
            continue  # the next start goes on removing it
        parent = image.chain_id if image else _parent(store, row.container_id)
        yield from _has_snapshot(
            store, row.container_id, kind=snapshotter.Kind.ACTIVE, parent=parent
        )


def _parent(store: Opened, name: str) -> str | None:
    try:
        return store.snapshots.stat(name).parent
    except NotFound:
        return None


def _has_snapshot(
    store: Opened, name: str, *, kind: snapshotter.Kind, parent: str | None
) -> Iterator[Finding]:
    try:
        found = store.snapshots.stat(name)
    except NotFound as error:
        yield Finding(Kind.SNAPSHOT_MISSING, name, str(error))
        return
    if (found.kind, found.parent) != (kind, parent):
        detail = f"it is {found.kind} on {found.parent}, and not {kind} on {parent}"
        yield Finding(Kind.SNAPSHOT_CHANGED, name, detail)


def check_files(store: Opened) -> Iterator[Finding]:
    """Every snapshot has its directory; a committed one holds what it held when it was made."""
    snapshots = list(store.snapshots.walk())
    needed = _needed(store, snapshots)
    for number, info in enumerate(snapshots):
        store.progress("snapshots", number, len(snapshots))
        if info.name not in needed:
            yield Finding(Kind.UNREFERENCED, info.name, "a snapshot")
            continue
        try:
            yield from _count(store, info)
        except NotFound:
            continue  # removed while we were looking
        except EngineError as error:
            yield Finding(Kind.SNAPSHOT_CHANGED, info.name, str(error))
    store.progress("snapshots", len(snapshots), len(snapshots))


def _count(store: Opened, info: Info) -> Iterator[Finding]:
    directory = store.snapshots.directory(info.name)
    if not directory.is_dir():
        yield Finding(Kind.SNAPSHOT_MISSING, info.name, str(directory.relative_to(store.root)))
    elif info.kind is snapshotter.Kind.COMMITTED:
        then, now = store.snapshots.usage(info.name), store.snapshots.count(info.name)
        if then != now:
            detail = (
                f"{then.size} bytes in {then.inodes} inodes were unpacked; "
                f"now there are {now.size} in {now.inodes}"
            )
            yield Finding(Kind.SNAPSHOT_CHANGED, info.name, detail)


def _needed(store: Opened, snapshots: list[Info]) -> set[str]:
    """Layers' and containers' snapshots, and all below them."""
    needed = {str(layer.chain_id) for layer in store.layers.all()}
    needed |= {row.container_id for row in store.containers.all()}
    for info in reversed(snapshots):  # children before their parents
        if info.name in needed and info.parent is not None:
            needed.add(info.parent)
    return needed
