"""What a container is, to the engine and to those who ask about it.

Everything here is frozen: a change makes a new value, which is stored before anybody sees it.
Moments are Unix nanoseconds, 0 meaning "never".
"""

import enum

import msgspec

from dockerlab.engine.containers.config import ContainerConfig, HostConfig
from dockerlab.engine.metadata.containers import ContainerRow
from dockerlab.engine.oci import ImageID


class Status(enum.StrEnum):
    """The states of Docker's container life cycle, in its words."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


class HealthStatus(enum.StrEnum):
    """What health checks have found so far, in Docker's words."""

    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class HealthResult(msgspec.Struct, frozen=True, kw_only=True):
    """One health check; the moments in Unix nanoseconds."""

    start: int
    end: int
    exit_code: int
    output: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The health of a container whose health is checked; ``log`` holds the last five checks."""

    status: HealthStatus
    failing_streak: int = 0
    log: tuple[HealthResult, ...] = ()


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a container."""

    status: Status = Status.CREATED
    pid: int = 0
    """The first process as the engine sees it, 0 when there is none."""
    pid_started: int = 0
    """When it started, in clock ticks since boot (proc(5), stat, field 22): a pid may return."""
    exit_code: int = 0
    error: str = ""
    """Why the last start failed."""
    oom_killed: bool = False
    started_at: int = 0
    finished_at: int = 0
    restart_count: int = 0
    health: Health | None = None
    stopped_by_user: bool = False
    """The restart policy ``unless-stopped`` asks for this."""

    @property
    def running(self) -> bool:
        """Whether there is a process; a paused container counts, as in Docker."""
        return self.status in (Status.RUNNING, Status.PAUSED)

    @property
    def paused(self) -> bool:
        """Whether its processes are frozen."""
        return self.status is Status.PAUSED


class Mount(msgspec.Struct, frozen=True, rename="pascal", kw_only=True):
    """A mount as ``docker inspect`` shows it (Docker Engine API, ``MountPoint``)."""

    type: str
    name: str = ""
    source: str = ""
    destination: str = ""
    driver: str = ""
    mode: str = ""
    rw: bool = msgspec.field(default=True, name="RW")
    propagation: str = ""
    subpath: str = ""
    """The part of the volume that is shown; ``docker inspect`` has it elsewhere."""


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for when the container was created, with the image's part merged in."""

    config: ContainerConfig
    host: HostConfig
    path: str
    """The program."""
    args: tuple[str, ...] = ()
    """Its arguments, without the program itself."""
    mounts: tuple[Mount, ...] = ()
    unfilled: tuple[str, ...] = ()
    """Destinations of volumes that are not to be filled from the image."""
    platform: str = "linux"


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """One container; ``name`` without Docker's leading slash."""

    id: str
    name: str
    image_id: ImageID
    created: int
    spec: Spec
    state: State

    @property
    def short_id(self) -> str:
        """Its first twelve digits, as ``docker ps`` shows."""
        return self.id[:12]


class Created(msgspec.Struct, frozen=True):
    """The answer to a creation."""

    id: str
    warnings: tuple[str, ...] = ()


class Waited(msgspec.Struct, frozen=True):
    """The answer to a wait: how the container ended, and why it could not be told, if so."""

    status_code: int
    error: str = ""


def container_of(row: ContainerRow) -> Container:
    """The container that a row of the database describes."""
    return Container(
        id=row.container_id,
        name=row.name,
        image_id=row.image_id,
        created=row.created,
        spec=_decode_spec(row.spec),
        state=decode_state(row.state),
    )


def row_of(container: Container) -> ContainerRow:
    """The row that keeps a container."""
    return ContainerRow(
        container_id=container.id,
        name=container.name,
        image_id=container.image_id,
        created=container.created,
        spec=encode(container.spec),
        state=encode(container.state),
    )


def decode_state(document: str) -> State:
    """A state from its JSON document."""
    return _STATES.decode(document)


def encode(value: Spec | State) -> str:
    """A spec or state as its JSON document."""
    return msgspec.json.encode(value).decode()


def _decode_spec(document: str) -> Spec:
    return _SPECS.decode(document)


_STATES = msgspec.json.Decoder(State)
_SPECS = msgspec.json.Decoder(Spec)
