"""The register of containers: who they are, where their files are, and what is told of them."""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from dockerlab.engine.containers import names
from dockerlab.engine.containers.model import (
    Container,
    Spec,
    State,
    container_of,
    encode,
    row_of,
)
from dockerlab.engine.errors import Conflict, InvalidParameter, NotFound
from dockerlab.engine.events import EventBus
from dockerlab.engine.metadata.containers import ContainerStore
from dockerlab.engine.metadata.database import Database

_ATTEMPTS = 20


class Register:
    """Containers by ID, the start of an ID, or name."""

    def __init__(
        self,
        directory: Path,
        *,
        database: Database,
        events: EventBus,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        """Each container has a directory below ``directory``."""
        self.directory = directory
        self.database = database
        self.rows = ContainerStore(database)
        self.events = events
        self.now = now
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def find(self, reference: str) -> Container:
        """The container that a full ID, a name or the start of an ID means.

        Raises:
            NotFound: there is none.
            InvalidParameter: several IDs start so, or the reference is empty.

        """
        if not reference:
            raise InvalidParameter("No container name or ID supplied")
        with contextlib.suppress(NotFound):
            return container_of(self.rows.get(reference))
        named = self.rows.by_name(reference.removeprefix("/"))
        if named is not None:
            return container_of(named)
        found = self.rows.by_prefix(reference) if reference.isascii() else ()
        if len(found) > 1:
            raise InvalidParameter(f"Multiple IDs found with provided prefix: {reference}")
        if not found:
            raise NotFound(f"No such container: {reference}")
        return container_of(found[0])

    def all(self) -> tuple[Container, ...]:
        """Every container, newest first."""
        return tuple(container_of(row) for row in self.rows.all())

    def add(self, container: Container, *, given: bool) -> Container:
        """Enter a new container; without a ``given`` name it gets one of the engine's.

        Raises:
            Conflict: the name is in use.

        """
        if given:
            with self._free(container.name):
                self.rows.insert(row_of(container))
            return container
        for attempt in range(_ATTEMPTS):
            container = msgspec.structs.replace(container, name=names.generate(attempt))
            if self.rows.by_name(container.name) is None:
                break
        else:
            container = msgspec.structs.replace(container, name=container.short_id)
        self.rows.insert(row_of(container))
        return container

    def rename(self, container: Container, name: str) -> None:
        """Give another name; raises Conflict when it is in use."""
        with self._free(name):
            self.rows.rename(container.id, name)

    def change(self, container_id: str, **changes: object) -> Container:
        """Change fields of the state, and keep them."""
        container = container_of(self.rows.get(container_id))
        state: State = msgspec.structs.replace(container.state, **changes)
        self.database.insist(lambda: self.rows.save_state(container_id, encode(state)))
        return msgspec.structs.replace(container, state=state)

    def respecify(self, container: Container, spec: Spec) -> None:
        """Keep another specification of a container."""
        self.rows.save_spec(container.id, encode(spec))

    def home(self, container_id: str) -> Path:
        """The directory with a container's log, its bundle and its own files."""
        return self.directory / container_id

    def log_path(self, container_id: str) -> Path:
        """The container's log, under the name that Docker gives it."""
        return self.home(container_id) / f"{container_id}-json.log"

    def publish(self, container: Container, action: str, **attributes: str) -> None:
        """Tell that something happened to a container; labels go along, as in Docker."""
        config = container.spec.config
        told = {
            **(config.labels or {}),
            "image": config.image,
            "name": container.name,
            **attributes,
        }
        self.events.publish(type="container", action=action, id=container.id, attributes=told)

    @contextlib.contextmanager
    def _free(self, name: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            holder = self.rows.by_name(name)
            raise Conflict(
                f'Conflict. The container name "/{name}" is already in use by container'
                f' "{holder.container_id if holder else ""}". You have to remove (or rename) that'
                " container to be able to reuse that name."
            ) from None


def not_running(container: Container) -> Conflict:
    """The error where a running container is needed."""
    return Conflict(f"container {container.id} is not running")
