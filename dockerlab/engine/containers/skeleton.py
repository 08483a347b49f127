"""What the engine itself puts into a container's files: places to mount ``/proc`` and its like on.

Docker keeps them in a layer of their own, so that they are no change of the container's. Here they
are in its writable layer, and left out where its changes are asked for.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from dockerlab.engine.snapshots.compare import Change, Kind
from dockerlab.engine.snapshots.snapshotter import Snapshotter
from dockerlab.engine.unpack.below import Below
from dockerlab.engine.unpack.root import Parts

_DIRECTORIES = frozenset({(b"dev",), (b"proc",), (b"sys",), (b"etc",)})
_FILES = frozenset(
    {(b".dockerenv",), (b"etc", b"hosts"), (b"etc", b"hostname"), (b"etc", b"resolv.conf")}
)


def without_skeleton(
    changes: Sequence[Change], snapshots: Snapshotter, container_id: str
) -> list[Change]:
    """The changes that the container made itself."""
    kept = [change for change in changes if not _is_file_of_ours(change)]
    touched = {change.path[:-1] for change in changes if _is_file_of_ours(change)}
    filled = {change.path[:-1] for change in kept}
    return [
        change
        for change in kept
        if change.path in filled or not _is_ours(change, touched, snapshots, container_id)
    ]


def _is_file_of_ours(change: Change) -> bool:
    return (
        change.path in _FILES
        and change.kind is Kind.ADDED
        and change.status is not None
        and stat.S_ISREG(change.status.st_mode)
        and change.status.st_size == 0
    )


def _is_ours(
    change: Change, touched: set[Parts], snapshots: Snapshotter, container_id: str
) -> bool:
    """Whether an empty directory was made, or copied up, for what is mounted there."""
    if change.path not in _DIRECTORIES or change.status is None:
        return False
    if change.kind is Kind.ADDED:
        return stat.S_ISDIR(change.status.st_mode)
    if change.path not in touched:
        return False
    was = _status_below(snapshots, container_id, change.path)
    now = change.status
    return was is not None and (was.st_mode, was.st_uid, was.st_gid) == (
        now.st_mode,
        now.st_uid,
        now.st_gid,
    )


def _status_below(snapshots: Snapshotter, name: str, path: Parts) -> os.stat_result | None:
    below = snapshots.below(name)
    if below:
        return Below(below).status(path)
    parent = snapshots.stat(name).parent
    if parent is None:
        return None
    place = Path(os.fsdecode(b"/".join((os.fsencode(snapshots.directory(parent)), *path))))
    try:
        return place.lstat()
    except FileNotFoundError:
        return None
