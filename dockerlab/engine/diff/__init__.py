"""From a snapshot's own changes to a list, or to a layer."""

from dockerlab.engine.diff.changes import changes, everything
from dockerlab.engine.diff.layer import Written, pack, write
from dockerlab.engine.snapshots.compare import Change, Kind

__all__ = ["Change", "Kind", "Written", "changes", "everything", "pack", "write"]
