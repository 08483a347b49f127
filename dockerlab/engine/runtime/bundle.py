"""Read a bundle for proot: what of ``config.json`` can be had without any privilege.

Specification: opencontainers/runtime-spec v1.0, config.md. proot shows a root file system with
places of the host in it, and pretends user IDs. It has no namespaces, limits or capabilities, and
cannot make a bind read-only: what asks for those is passed over here.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.runtime.guest import Bind, Guest

CONFIG = "config.json"
SUPERVISOR_PLACE = "/proc/execdomains"
"""Where the container sees the supervisor: a file that every kernel has and nobody reads, so that
nothing of ours appears among the container's own files."""

_OF_THE_HOST = {"proc": "/proc", "sysfs": "/sys"}
_SHM = "/dev/shm"  # noqa: S108 - the place that a mount names
_MEMORY = "memory"


class User(msgspec.Struct, frozen=True):
    """Who the process believes to be."""

    uid: int = 0
    gid: int = 0


class ConsoleSize(msgspec.Struct, frozen=True):
    """A terminal's size in characters."""

    height: int = 0
    width: int = 0


class Limit(msgspec.Struct, frozen=True):
    """A resource limit of a process (getrlimit(2))."""

    type: str
    soft: int
    hard: int


class Process(msgspec.Struct, frozen=True, rename="camel"):
    """What to execute."""

    args: tuple[str, ...]
    env: tuple[str, ...] = ()
    cwd: str = "/"
    terminal: bool = False
    user: User = User()
    console_size: ConsoleSize = ConsoleSize()
    rlimits: tuple[Limit, ...] = ()


class Mount(msgspec.Struct, frozen=True):
    """A place in the container, and what is to be there."""

    destination: str
    type: str = "none"
    source: str = ""
    options: tuple[str, ...] = ()


class Root(msgspec.Struct, frozen=True):
    """The directory of the root file system."""

    path: str


class Config(msgspec.Struct, frozen=True):
    """The part of ``config.json`` that is of use here."""

    process: Process
    root: Root
    mounts: tuple[Mount, ...] = ()


def read(bundle: Path) -> Config:
    """The bundle's configuration."""
    return msgspec.json.decode((bundle / CONFIG).read_bytes(), type=Config)


def guest(bundle: Path, config: Config, *, supervisor: Path) -> Guest:
    """The root file system with its mounts, and the supervisor hidden in it.

    Raises:
        SystemFailure: something cannot be shown.

    """
    asked = [*_binds(bundle, config.mounts), Bind(str(supervisor), SUPERVISOR_PLACE)]
    found = Guest(bundle / config.root.path)
    for bind in asked:
        if ":" in bind.source or ":" in bind.destination:
            raise SystemFailure(f"proot cannot bind a path with a colon: {bind.source}")
        # A link at or above the place means the container's, and what is bound there already.
        place = found.resolve(bind.destination)
        found = Guest(found.root, (*found.binds, Bind(bind.source, place)))
    return found


def make_ready(bundle: Path, found: Guest) -> None:
    """Make the places of the mounts, as every runtime does, and empty what lives in memory.

    Raises:
        SystemFailure: something of another kind is in the way.

    """
    memory = bundle / _MEMORY
    shutil.rmtree(memory, ignore_errors=True)
    for bind in found.binds:
        source = Path(bind.source)
        if source.is_relative_to(memory):
            source.mkdir(mode=0o700, parents=True)
            source.chmod(0o1777)
        if not found.within_bind(bind.destination):
            _make_place(Path(found.host(bind.destination)), directory=source.is_dir())


def _make_place(place: Path, *, directory: bool) -> None:
    try:
        if directory:
            place.mkdir(mode=0o755, parents=True, exist_ok=True)
        elif not place.exists():
            place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            place.touch(mode=0o644)
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise SystemFailure(f"nothing can be mounted at {place}: {reason}") from error


def _binds(bundle: Path, mounts: tuple[Mount, ...]) -> Iterator[Bind]:
    # Not all of them need to be named: with /proc comes what is in it.
    for number, mount in enumerate(mounts):
        if mount.type == "bind" or {"bind", "rbind"} & set(mount.options):
            yield Bind(mount.source, mount.destination)
        elif mount.type in _OF_THE_HOST:
            yield Bind(_OF_THE_HOST[mount.type], mount.destination)
        elif mount.destination == "/dev":
            yield Bind("/dev", "/dev")
        elif mount.type == "tmpfs" or mount.destination == _SHM:
            yield Bind(str(bundle / _MEMORY / str(number)), mount.destination)
