"""The volumes of an engine, and what can be done with them (Docker's driver ``local``).

A volume is a row of the metadata and a directory, ``NAME/_data``. The directory is made before the
row and removed after it: what a crash leaves between the two is a directory without a row, which
the next start removes.
"""

import asyncio
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from dockerlab.engine.errors import Conflict, EngineError, NotFound
from dockerlab.engine.events import EventBus
from dockerlab.engine.filters import Filters
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.metadata.volumes import Volume, VolumeStore
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.disk import kindly
from dockerlab.engine.volumes import filling, subpath
from dockerlab.engine.volumes.request import DRIVER, check_driver, check_name

ANONYMOUS = "com.docker.volume.anonymous"
"""The label of a volume that nobody gave a name."""
FILTERS = frozenset({"dangling", "driver", "label", "name"})
PRUNE_FILTERS = frozenset({"all", "label", "label!"})

_DATA = "_data"


class VolumePruneReport(msgspec.Struct, frozen=True, rename="pascal"):
    """The volumes that were removed, and the bytes of theirs that were freed."""

    volumes_deleted: tuple[str, ...]
    space_reclaimed: int


class Volumes:
    """The volumes of an engine. Methods with a ``name`` raise NotFound where there is no such."""

    def __init__(
        self,
        directory: Path,
        *,
        database: Database,
        events: EventBus,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        """Keep each volume's files below ``directory``."""
        self._directory = directory
        self._rows = VolumeStore(database)
        self._events = events
        self._now = now
        self._filling = threading.Lock()
        directory.mkdir(mode=0o700, exist_ok=True)

    def sweep(self) -> None:
        """Remove what a crash left half made or half removed; once, when the engine starts."""
        names = {volume.name for volume in self._rows.all()}
        trees.remove_all_but(names, below=self._directory)
        for name in names:
            filling.finish(self.data(name))

    def create(
        self,
        name: str = "",
        *,
        labels: Mapping[str, str] | None = None,
        driver: str = "",
        options: Mapping[str, str] | None = None,
    ) -> Volume:
        """Make a volume, or return the one of this name; without a name it gets a long one.

        Raises:
            InvalidParameter: the name or an option is not allowed.
            NotFound: there is no such driver.
            NotImplementedHere: an option asks for a file system.
            DiskFull, SystemFailure: its directory could not be made.

        """
        if not name:
            name = secrets.token_hex(32)
            labels = {**(labels or {}), ANONYMOUS: ""}
        check_name(name)
        check_driver(name, driver, options or {})
        found = self._rows.get(name)
        if found is not None:
            return found
        volume = Volume(name=name, created=self._now(), labels=labels)
        with kindly(f"create volume {name}"):
            trees.remove(self._directory / name)  # of an attempt that failed half way
            self.data(name).mkdir(mode=0o755, parents=True)
            self.data(name).chmod(0o755)  # whatever the umask
        try:
            self._rows.insert(volume)
        except BaseException:
            self.forget([name])
            raise
        self._publish("create", name)
        return volume

    def forget(self, names: Iterable[str]) -> None:
        """Remove the directories of those volumes of which, after a failure, no row was kept."""
        for name in names:
            if self._rows.get(name) is None:
                trees.remove(self._directory / name)

    def get(self, name: str) -> Volume:
        """The volume of this name; raises NotFound."""
        found = self._rows.get(name)
        if found is None:
            raise NotFound(f"get {name}: no such volume")
        return found

    def list(self, filters: Filters | None = None) -> tuple[Volume, ...]:
        """The volumes that meet the filters, by name; raises InvalidParameter for unknown ones."""
        wanted = filters or Filters()
        wanted.check(FILTERS)
        dangling = wanted.boolean("dangling", default=False)
        return tuple(
            volume
            for volume in self._rows.all()
            if wanted.labels("label", volume.labels or {})
            and wanted.matches("name", volume.name)
            and wanted.exactly("driver", DRIVER)
            and ("dangling" not in wanted or dangling != bool(self.users(volume.name)))
        )

    def data(self, name: str) -> Path:
        """The directory with a volume's files."""
        return self._directory / name / _DATA

    def users(self, name: str) -> tuple[str, ...]:
        """The IDs of the containers that have this volume, running or not."""
        return self._rows.users(name)

    def usage(self, name: str) -> int:
        """The bytes of a volume's files, 0 where somebody took them away, as in Docker; blocks."""
        data = self.data(name)
        with kindly(f"read volume {name}"):
            return trees.usage(data).size if data.exists() else 0

    def use(self, container_id: str, names: Iterable[str]) -> None:
        """Keep these volumes for a container, in the transaction that enters it."""
        self._rows.use(container_id, names)

    def opened(self, name: str, part: str) -> AbstractContextManager[Path]:
        """A path that means a part of a volume, while the block lasts; see ``subpath.opened``."""
        return subpath.opened(self.data(name), part)

    def fill(self, name: str, source: Path, *, part: str = "") -> None:
        """Copy what the image has at the place of a volume, or of its ``part``, if empty; blocks.

        Raises:
            InvalidParameter: the part leads out of the volume.
            DiskFull, SystemFailure: it could not be copied.

        """
        with kindly(f"fill volume {name}"), self._filling:  # two may come at the same time
            if source.is_symlink() or not source.is_dir():
                return
            try:
                with self.opened(name, part) as place:
                    empty = not any(place.iterdir())
            except NotFound:
                return  # the start will say so
            except EngineError as error:
                raise type(error)(f"failed to populate volume: {error}") from None
            if empty:
                filling.fill(source, self.data(name), subpath=part)

    async def remove(self, name: str, *, force: bool = False) -> None:
        """Remove a volume; with ``force`` it need not be there.

        Raises:
            Conflict: a container has it.

        """
        if self._rows.get(name) is None and force:
            return
        self.get(name)
        try:
            self._rows.delete(name)
        except sqlite3.IntegrityError:
            users = ", ".join(self.users(name))
            raise Conflict(f"remove {name}: volume is in use - [{users}]") from None
        with kindly(f"remove volume {name}"):
            await asyncio.to_thread(trees.remove, self._directory / name)
        self._publish("destroy", name)

    async def remove_anonymous(self, names: Iterable[str]) -> None:
        """Remove those that have no name of somebody's choice, and that no container has."""
        for name in names:
            found = self._rows.get(name)
            if found is not None and ANONYMOUS in (found.labels or {}) and not self.users(name):
                await self.remove(name)

    def of(self, container_id: str) -> tuple[str, ...]:
        """The names of the volumes that a container has."""
        return self._rows.of(container_id)

    async def prune(self, filters: Filters, *, every: bool) -> VolumePruneReport:
        """Remove the volumes that no container has, with ``every`` those with names as well.

        Raises:
            InvalidParameter: a filter is malformed.

        """
        filters.check(PRUNE_FILTERS)
        removed, freed = [], 0
        for volume in self._rows.all():
            labels = volume.labels or {}
            unwanted = "label!" in filters and filters.labels("label!", labels)
            if (
                unwanted
                or not filters.labels("label", labels)
                or not (every or ANONYMOUS in labels)
                or self.users(volume.name)
            ):
                continue
            size = await asyncio.to_thread(self.usage, volume.name)
            await self.remove(volume.name)
            removed.append(volume.name)
            freed += size
        attributes = {"reclaimed": str(freed)}
        self._events.publish(type="volume", action="prune", id="", attributes=attributes)
        return VolumePruneReport(tuple(removed), freed)

    def mounted(self, name: str, container_id: str, *, destination: str, writable: bool) -> None:
        """Tell that a container has started with a volume."""
        told = {
            "container": container_id,
            "destination": destination,
            "propagation": "",
            "read/write": str(writable).lower(),
        }
        self._publish("mount", name, **told)

    def unmounted(self, name: str, container_id: str) -> None:
        """Tell that a container with a volume has ended."""
        self._publish("unmount", name, container=container_id)

    def _publish(self, action: str, name: str, **attributes: str) -> None:
        told = {"driver": DRIVER, **attributes}
        self._events.publish(type="volume", action=action, id=name, attributes=told)
