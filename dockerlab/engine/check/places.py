"""What lies in the engine's directory belongs to somebody, and nobody else may look at it."""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from dockerlab.engine.check.finding import Finding, Kind
from dockerlab.engine.check.opened import Opened


def check_places(store: Opened) -> Iterator[Finding]:
    """Find directories and files that no row of the database knows, and rows without theirs."""
    known = {str(row["id"]) for row in store.database.rows("SELECT id FROM snapshots")}
    yield from _strangers(store.root / "snapshots", known)
    homes = {row.container_id: row.status for row in store.containers.all()}
    yield from _strangers(store.root / "containers", homes)
    for container_id, status in homes.items():
        if status != "removing" and not (store.root / "containers" / container_id).is_dir():
            yield Finding(Kind.SNAPSHOT_MISSING, container_id, f"containers/{container_id}")
    volumes = {row["name"] for row in store.database.rows("SELECT name FROM volumes")}
    yield from _strangers(store.root / "volumes", volumes)
    for name in sorted(volumes):
        if not (store.root / "volumes" / name / "_data").is_dir():
            yield Finding(Kind.VOLUME_MISSING, name, f"volumes/{name}/_data")
    yield from _strangers(store.root / "builds", ())
    yield from _strangers(store.content.ingests, ())


def _strangers(directory: Path, known: Collection[str]) -> Iterator[Finding]:
    if directory.is_dir():
        for name in sorted(os.listdir(directory)):  # noqa: PTH208 - names, not paths
            if name not in known:
                yield Finding(Kind.UNREFERENCED, f"{directory.name}/{name}")


def check_modes(store: Opened) -> Iterator[Finding]:
    """The directory is closed to all others; so is what is right below it."""
    for path in (store.root, *sorted(store.root.iterdir())):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
            mode = stat.S_IMODE(status.st_mode)
            if mode & 0o077:
                yield Finding(Kind.OPEN_TO_OTHERS, str(path), f"its mode is {mode:04o}")
