"""Snapshots that need no mount: each a directory with all its files, copied from its parent.

For where nothing can be mounted (Binder, most JupyterHubs). On Btrfs and XFS the copies share their
data. Elsewhere a layer that is being unpacked shares its files with its parent by hard links, which
is safe because the unpacker never writes into a file that is there; a container's files are copied,
since it may.

On disk, ``<id>`` being the snapshot's row: ``<id>/fs``, or ``<id>/new`` until the copy is whole.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from dockerlab.engine import mount
from dockerlab.engine.errors import EngineError
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.snapshots import compare, trees
from dockerlab.engine.snapshots.clone import clone
from dockerlab.engine.snapshots.disk import flush, kindly, spread
from dockerlab.engine.snapshots.records import Record, Records
from dockerlab.engine.snapshots.snapshotter import Info, Kind, Usage, WhiteoutFormat


class CopySnapshotter:
    """A ``Snapshotter`` of plain directories."""

    name = "copy"
    whiteouts = WhiteoutFormat.REMOVE

    def __init__(self, directory: Path, database: Database, *, binds: bool = False) -> None:
        """Keep snapshots below ``directory``; ``binds`` says that they can be mounted elsewhere.

        Then they are, since a mount is what keeps the device nodes of images from working.
        """
        self._binds = binds
        self._directory = directory
        self._records = Records(database)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        spread(directory)

    def prepare(self, name: str, *, parent: str | None, unpacking: bool = False) -> Path:
        """See ``Snapshotter.prepare``; the directory holds all that the parent has."""
        record = self._records.add(name, parent=parent)
        try:
            with kindly(f"make snapshot {name}"):
                self._fill(record, unpacking=unpacking)
        except EngineError:
            self.remove(name)
            raise
        return self._files(record)

    def _fill(self, record: Record, *, unpacking: bool) -> None:
        files = self._files(record)
        files.parent.mkdir(mode=0o700)
        new = files.with_name("new")
        if record.info.parent is None:
            new.mkdir(mode=0o755)
            new.chmod(0o755)
        else:
            clone(self.directory(record.info.parent), new, hard_links=unpacking)
        new.rename(files)

    def commit(self, name: str, active: str) -> None:
        """See ``Snapshotter.commit``."""
        record = self._records.active(active)
        with kindly(f"commit snapshot {name}"):
            counted = self._count(record)
            flush(self._files(record))
        self._records.commit(name, record, counted)

    def mount(self, name: str, target: Path) -> Path:
        """See ``Snapshotter.mount``: mostly the snapshot's own directory; ``target`` is empty."""
        record = self._records.find(name)
        if not self._binds:
            return self._files(record)
        mount.bind(self._files(record), target, read_only=record.info.kind is Kind.COMMITTED)
        return target

    def unmount(self, target: Path) -> None:
        """See ``Snapshotter.unmount``."""
        if self._binds:
            mount.unmount(target)

    def directory(self, name: str) -> Path:
        """See ``Snapshotter.directory``: all files."""
        return self._files(self._records.find(name))

    def below(self, name: str) -> tuple[Path, ...]:
        """See ``Snapshotter.below``: nothing, for the directory has it all."""
        self._records.find(name)
        return ()

    def remove(self, name: str) -> None:
        """See ``Snapshotter.remove``."""
        with kindly(f"remove snapshot {name}"):
            self._records.remove(name, files=lambda r: trees.remove(self._files(r).parent))

    def stat(self, name: str) -> Info:
        """See ``Snapshotter.stat``."""
        return self._records.find(name).info

    def usage(self, name: str) -> Usage:
        """See ``Snapshotter.usage``: what differs from the parent."""
        record = self._records.find(name)
        if record.info.kind is Kind.COMMITTED:
            return record.usage
        return self.count(name)

    def count(self, name: str) -> Usage:
        """See ``Snapshotter.count``."""
        with kindly(f"count snapshot {name}"):
            return self._count(self._records.find(name))

    def _count(self, record: Record) -> Usage:
        parent = record.info.parent
        return compare.usage(self.directory(parent) if parent else None, self._files(record))

    def walk(self) -> Iterator[Info]:
        """See ``Snapshotter.walk``."""
        return (record.info for record in self._records.walk())

    def sweep(self, *, keep: Collection[str]) -> None:
        """See ``Snapshotter.sweep``."""
        for record in self._records.unnamed(keep):
            self.remove(record.info.name)
        whole = {str(record.id) for record in self._records.walk()}
        trees.remove_all_but(whole, below=self._directory)

    def _files(self, record: Record) -> Path:
        return self._directory / str(record.id) / "fs"
