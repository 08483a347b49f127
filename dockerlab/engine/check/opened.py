"""The stores of an engine's directory, opened to be looked at."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec

from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.errors import NotFound
from dockerlab.engine.metadata.containers import ContainerStore
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.metadata.images import ImageRecords
from dockerlab.engine.metadata.layers import LayerRecords
from dockerlab.engine.snapshots.choice import snapshotter
from dockerlab.engine.snapshots.snapshotter import Snapshotter

Progress = Callable[[str, int, int], None]
"""Told what is being looked at (``blobs`` …), how many are done, and how many there are."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What a check reads."""

    root: Path
    database: Database
    images: ImageRecords
    layers: LayerRecords
    containers: ContainerStore
    content: LocalStore
    snapshots: Snapshotter
    progress: Progress


@contextmanager
def opened(root: Path, *, own_mounts: bool, progress: Progress) -> Iterator[Opened]:
    """Open ``root``, which an engine with or without mounts of its own has made.

    Raises:
        NotFound: no engine has worked there.
        DataLoss: the database cannot be read at all.

    """
    if not (root / "metadata.db").exists():
        raise NotFound(f"no engine has kept anything in {root}")
    with _readable(root / "metadata.db") as path, closing(Database(path)) as database:
        yield Opened(
            root=root,
            database=database,
            images=ImageRecords(database),
            layers=LayerRecords(database),
            containers=ContainerStore(database),
            content=LocalStore(root / "content"),
            snapshots=snapshotter(root / "snapshots", database, overlay=own_mounts),
            progress=progress,
        )


@contextmanager
def _readable(path: Path) -> Iterator[Path]:
    """The database, or a copy of it: SQLite cannot read one with a WAL where it may not write."""
    if os.access(path.parent, os.W_OK):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="dockerlab-check-") as place:
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{suffix}", Path(place, f"{path.name}{suffix}"))
        yield Path(place, path.name)
