"""Snapshots on overlayfs: each layer in a directory of its own, stacked by the kernel.

On disk, below the snapshotter's directory, ``<id>`` being the snapshot's row::

    <id>/fs      what this snapshot itself changes: overlayfs' upper, later a lower directory
    <id>/work    overlayfs' own scratch space beside it

See the kernel's Documentation/filesystems/overlayfs.rst.
"""

import os
import re
import stat
import uuid
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from dockerlab.engine import mount
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.disk import flush, kindly, spread
from dockerlab.engine.snapshots.records import Records
from dockerlab.engine.snapshots.snapshotter import Info, Kind, Usage, WhiteoutFormat

MAX_LAYERS = 127
"""As many as Docker stacks: more do not fit into the page of options that mount(2) takes."""


class OverlaySnapshotter:
    """A ``Snapshotter`` whose mounts are overlayfs."""

    name = "overlay"

    def __init__(
        self, directory: Path, database: Database, *, user_namespace: bool | None = None
    ) -> None:
        """Keep snapshots below ``directory``.

        In a user namespace the kernel lets nobody write ``trusted.*`` attributes; the mount option
        ``userxattr`` (Linux 5.11) makes overlayfs use ``user.*`` instead. Without it all seems well
        until a directory of a lower layer is removed and made again: that gives EIO.
        """
        self._directory = directory
        self._records = Records(database)
        self._database = database
        if user_namespace is None:
            user_namespace = mount.in_user_namespace()
        self.whiteouts = WhiteoutFormat.OVERLAY_USER if user_namespace else WhiteoutFormat.OVERLAY
        self._options = overlay_options(user_namespace=user_namespace)
        self._can_be_volatile = can_be_volatile()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        spread(directory)

    def prepare(self, name: str, *, parent: str | None, unpacking: bool = False) -> Path:
        """See ``Snapshotter.prepare``; the directory is empty, ``unpacking`` or not."""
        del unpacking
        made: Path | None = None
        try:
            with kindly(f"make snapshot {name}"), self._database.transaction():
                record = self._records.add(name, parent=parent)
                lower = self._records.ancestors(record)
                _refuse_above_limit(lower)
                made = self._upper(record.id)
                self._make(record.id, lower)
        except BaseException:
            # The disk may be full for the record alone: its number will be another's, then.
            if made is not None:
                trees.remove(made.parent)
            raise
        return made

    def _make(self, snapshot_id: int, lower: list[int]) -> None:
        upper = self._upper(snapshot_id)
        upper.parent.mkdir(mode=0o700, exist_ok=True)
        (upper.parent / "work").mkdir(mode=0o700, exist_ok=True)
        upper.mkdir(mode=0o755, exist_ok=True)
        if lower:  # the container's "/" is its own upper directory: let it look as before
            status = self._upper(lower[0]).stat()
            os.chown(upper, status.st_uid, status.st_gid)
            upper.chmod(stat.S_IMODE(status.st_mode))
        else:
            upper.chmod(0o755)

    def commit(self, name: str, active: str) -> None:
        """See ``Snapshotter.commit``."""
        record = self._records.active(active)
        upper = self._upper(record.id)
        with kindly(f"commit snapshot {name}"):
            counted = trees.usage(upper)
            flush(upper)
        self._records.commit(name, record, counted)
        with kindly(f"commit snapshot {name}"):
            trees.remove(upper.parent / "work")

    def mount(self, name: str, target: Path) -> Path:
        """See ``Snapshotter.mount``. Device nodes that the layers hold do not work there."""
        record = self._records.find(name)
        lower = [f"{snapshot_id}/fs" for snapshot_id in self._records.ancestors(record)]
        own = f"{record.id}/fs"
        read_only = record.info.kind is Kind.COMMITTED
        if not lower:
            mount.bind(self._upper(record.id), target, read_only=read_only)
            return target
        if read_only:
            options = f"lowerdir={':'.join([own, *lower])}"
        else:
            options = f"lowerdir={':'.join(lower)},upperdir={own},workdir={record.id}/work"
            options += self._volatile(record.id)
        mount.mount_in(
            self._directory,
            "overlay",
            target,
            kind="overlay",
            flags=mount.MS_NODEV | (mount.MS_RDONLY if read_only else 0),
            data=f"{self._options},{options}",
        )
        return target

    def _volatile(self, snapshot_id: int) -> str:
        """The option that spares each container's end a flush of the whole file system.

        Without it the kernel calls syncfs(2) on the upper directory's file system at unmount,
        which takes longer than all else a short container does. With it what a container writes
        (not what is in its bind mounts) may be lost with the machine's power, though not with the
        engine or the container; what is made into an image is flushed when it is committed. The
        kernel marks the directory, and mounts it again only when the mark is gone.
        """
        if not self._can_be_volatile:
            return ""
        work = self._directory / str(snapshot_id) / "work"
        with suppress(FileNotFoundError):
            # Out of the way at once, whatever is in it or still comes: then it may be removed.
            mark = (work / "work" / "incompat" / "volatile").rename(work / uuid.uuid4().hex)
            with suppress(OSError):
                trees.remove(mark)
        return ",volatile"

    def unmount(self, target: Path) -> None:
        """See ``Snapshotter.unmount``."""
        mount.unmount(target)

    def directory(self, name: str) -> Path:
        """See ``Snapshotter.directory``: the upper directory."""
        return self._upper(self._records.find(name).id)

    def below(self, name: str) -> tuple[Path, ...]:
        """See ``Snapshotter.below``."""
        ancestors = self._records.ancestors(self._records.find(name))
        return tuple(self._upper(snapshot_id) for snapshot_id in ancestors)

    def remove(self, name: str) -> None:
        """See ``Snapshotter.remove``."""
        with kindly(f"remove snapshot {name}"):
            self._records.remove(name, files=lambda r: trees.remove(self._upper(r.id).parent))

    def stat(self, name: str) -> Info:
        """See ``Snapshotter.stat``."""
        return self._records.find(name).info

    def usage(self, name: str) -> Usage:
        """See ``Snapshotter.usage``."""
        record = self._records.find(name)
        if record.info.kind is Kind.COMMITTED:
            return record.usage
        return self.count(name)

    def count(self, name: str) -> Usage:
        """See ``Snapshotter.count``."""
        with kindly(f"count snapshot {name}"):
            return trees.usage(self.directory(name))

    def walk(self) -> Iterator[Info]:
        """See ``Snapshotter.walk``."""
        return (record.info for record in self._records.walk())

    def sweep(self, *, keep: Collection[str]) -> None:
        """See ``Snapshotter.sweep``."""
        for record in self._records.unnamed(keep):
            self.remove(record.info.name)
        known = {str(record.id) for record in self._records.walk()}
        trees.remove_all_but(known, below=self._directory)
        for record in self._records.walk():
            if record.info.kind is Kind.ACTIVE:  # a loss of power may have taken a new directory
                self._make(record.id, self._records.ancestors(record))

    def _upper(self, snapshot_id: int) -> Path:
        return self._directory / str(snapshot_id) / "fs"


def _refuse_above_limit(lower: list[int]) -> None:
    if len(lower) > MAX_LAYERS:
        raise InvalidParameter("max depth exceeded")


def overlay_options(*, user_namespace: bool) -> str:
    """How overlayfs is mounted.

    As Docker does: no index and no metadata-only copies, so that an upper directory is a layer.
    """
    if user_namespace:
        return "userxattr,index=off,metacopy=off"
    return "index=off,metacopy=off,redirect_dir=off"


def can_be_volatile() -> bool:
    """Whether the kernel can spare a mount the flush at its end."""
    return _kernel() >= (5, 10)


def _kernel() -> tuple[int, int]:
    numbers = re.findall(r"\d+", os.uname().release)
    return int(numbers[0]), int(numbers[1])
