"""Which snapshotter works here: overlay where something can be mounted, copy elsewhere."""

from pathlib import Path

from dockerlab.engine.metadata.database import Database
from dockerlab.engine.snapshots.copy import CopySnapshotter
from dockerlab.engine.snapshots.overlay import OverlaySnapshotter
from dockerlab.engine.snapshots.snapshotter import Snapshotter


def snapshotter(directory: Path, database: Database, *, own_mounts: bool) -> Snapshotter:
    """The snapshotter for an engine that has, or has not, a mount namespace of its own."""
    if own_mounts:
        return OverlaySnapshotter(directory, database)
    return CopySnapshotter(directory, database)
