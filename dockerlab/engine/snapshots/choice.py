"""Which snapshotter works here: overlay where overlayfs can be mounted, copy elsewhere."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from dockerlab.engine import mount
from dockerlab.engine.errors import EngineError
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.snapshots.copy import CopySnapshotter
from dockerlab.engine.snapshots.overlay import OverlaySnapshotter, can_be_volatile, overlay_options
from dockerlab.engine.snapshots.snapshotter import Snapshotter

_KNOWN = "overlay"
"""The file that says where overlayfs works."""


def snapshotter(
    directory: Path, database: Database, *, overlay: bool, own_mounts: bool = False
) -> Snapshotter:
    """The snapshotter for an engine that has, or has not, a mount namespace of its own."""
    if overlay:
        return OverlaySnapshotter(directory, database)
    return CopySnapshotter(directory, database, binds=own_mounts)


def overlay_refusal(directory: Path) -> str:
    """Why overlayfs does not work on the file system of ``directory``, or "".

    That depends on the kernel, and on the file system: the directory may itself be in a container,
    on overlayfs, or on NFS. No list of conditions gets that right, so one is mounted, and a file
    that its lower directory has is removed. That it works is remembered until the kernel, the user
    or the file system changes: to unmount takes as long as a start of the engine may.
    """
    known, key = directory / _KNOWN, _key(directory)
    with suppress(OSError):
        if known.read_text() == key:
            return ""
    try:
        with tempfile.TemporaryDirectory(dir=directory, prefix="probe-") as name:
            _try(Path(name))
    except (EngineError, OSError) as error:
        return str(error).partition(" at ")[0] + ": " + str(error).rpartition(": ")[2].lower()
    known.write_text(key)
    return ""


def _key(directory: Path) -> str:
    mapping = " ".join(Path("/proc/self/uid_map").read_text().split())
    return f"{os.uname().release} {mapping} {directory.stat().st_dev}"


def _try(place: Path) -> None:
    for name in ("lower", "upper", "work", "mounted"):
        (place / name).mkdir()
    (place / "lower" / "file").touch()
    options = f"lowerdir={place}/lower,upperdir={place}/upper,workdir={place}/work"
    options += ",volatile" if can_be_volatile() else ""
    data = f"{overlay_options(user_namespace=mount.in_user_namespace())},{options}"
    mount.mount("overlay", place / "mounted", kind="overlay", data=data)
    try:
        (place / "mounted" / "file").unlink()
    finally:
        mount.unmount(place / "mounted")
