"""Where an engine may be, in the order in which dockerlab looks.

What the user named wins, and then nothing else is tried: `DOCKERLAB_ENGINE`, `DOCKER_HOST`, the
current docker context. Otherwise the places where Docker listens, then Podman's, then the embedded
engine. `find` walks this list; this module opens nothing.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dockerlab.connection.address import Address, from_environment
from dockerlab.connection.contexts import DEFAULT_CONTEXT, context_address, current_context
from dockerlab.connection.facts import EngineKind
from dockerlab.errors import EngineAbsent

FOUND_VARIABLE = "DOCKERLAB_FOUND"
"""Holds the address that dockerlab itself put into `DOCKER_HOST`, so that it is not mistaken for
the user's own wish when a second kernel or a terminal inherits both."""

DOCKER_SOCKET = Path("/var/run/docker.sock")
PODMAN_SOCKET = Path("/run/podman/podman.sock")


class Source(StrEnum):
    """Why an address is on the list; the values are keys under `source.` in the locales."""

    HOST = "source.host"
    CONTEXT = "source.context"
    FOUND = "source.found"
    DEFAULT = "source.default"
    ROOTLESS = "source.rootless"
    DESKTOP = "source.desktop"
    PODMAN = "source.podman"
    PODMAN_ROOTLESS = "source.podman_rootless"
    PODMAN_MACHINE = "source.podman_machine"
    PODMAN_STARTED = "source.podman_started"
    EMBEDDED = "source.embedded"


@dataclass(frozen=True)
class Candidate:
    """One place to look. `address` is None where an engine would have to be started first.

    `named` is whether the user named it, so that its failure is theirs to hear; `kind` is the
    engine that must be there, None for any.
    """

    source: Source
    address: Address | None
    named: bool = False
    kind: EngineKind | None = None


@dataclass(frozen=True)
class Surroundings:
    """What the search depends on: an argument with defaults, so that tests bring their own."""

    environ: Mapping[str, str]
    home: Path
    uid: int
    docker_socket: Path = DOCKER_SOCKET
    podman_socket: Path = PODMAN_SOCKET

    @classmethod
    def of_this_process(cls) -> "Surroundings":
        """Return the surroundings of this process."""
        return cls(environ=os.environ, home=Path.home(), uid=os.getuid())

    @property
    def runtime_folder(self) -> Path:
        """`XDG_RUNTIME_DIR`, or where systemd would have put it."""
        return Path(self.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{self.uid}")


def candidates(around: Surroundings) -> list[Candidate]:
    """Return the places to look, most wanted first.

    Raises:
        EngineAbsent: `DOCKERLAB_ENGINE` names no engine that we know.
        ContextUnknown: the docker context that is in use cannot be read.

    """
    wanted = named_engine(around.environ)
    match wanted:
        case EngineKind.EMBEDDED:
            return [Candidate(Source.EMBEDDED, None, named=True, kind=wanted)]
        case EngineKind.DOCKER:
            return [*_with_kind(_users_own(around), wanted), *_with_kind(_docker(around), wanted)]
        case EngineKind.PODMAN:
            started = Candidate(Source.PODMAN_STARTED, None)
            return [
                *_with_kind(_users_own(around, contexts=False), wanted),
                *_with_kind(_podman(around), wanted),
                *_with_kind([started], wanted),
            ]
    own = list(_users_own(around))
    if own and own[0].named:
        return own
    return [*own, *_docker(around), *_podman(around), Candidate(Source.EMBEDDED, None)]


def named_engine(environ: Mapping[str, str]) -> EngineKind | None:
    """Return the engine that `DOCKERLAB_ENGINE` names, None if it names none.

    Raises:
        EngineAbsent: it names something else than docker, podman or embedded.

    """
    value = environ.get("DOCKERLAB_ENGINE", "").strip().lower()
    if value in ("", "auto"):
        return None
    try:
        return EngineKind(value)
    except ValueError as error:
        raise EngineAbsent("connection.engine_unheard_of", engine=value) from error


def _users_own(around: Surroundings, *, contexts: bool = True) -> Iterator[Candidate]:
    address = from_environment(around.environ, home=around.home)
    if address is not None:
        ours = around.environ.get(FOUND_VARIABLE) == address.url
        yield Candidate(Source.FOUND if ours else Source.HOST, address, named=not ours)
        if not ours:
            return
    name = current_context(around.environ, home=around.home) if contexts else DEFAULT_CONTEXT
    if name != DEFAULT_CONTEXT and address is None:
        found = context_address(name, around.environ, home=around.home)
        yield Candidate(Source.CONTEXT, found, named=True)


def _docker(around: Surroundings) -> Iterator[Candidate]:
    yield _socket(Source.DEFAULT, around.docker_socket)
    yield _socket(Source.ROOTLESS, around.runtime_folder / "docker.sock")
    yield _socket(Source.DESKTOP, around.home / ".docker" / "run" / "docker.sock")
    yield _socket(Source.DESKTOP, around.home / ".docker" / "desktop" / "docker.sock")


def _podman(around: Surroundings) -> Iterator[Candidate]:
    yield _socket(Source.PODMAN_ROOTLESS, around.runtime_folder / "podman" / "podman.sock")
    yield _socket(Source.PODMAN, around.podman_socket)
    machine = around.home / ".local/share/containers/podman/machine/podman.sock"
    yield _socket(Source.PODMAN_MACHINE, machine)


def _socket(source: Source, path: Path) -> Candidate:
    return Candidate(source, Address(f"unix://{path}"))


def _with_kind(found: Iterator[Candidate] | list[Candidate], kind: EngineKind) -> list[Candidate]:
    return [Candidate(one.source, one.address, named=one.named, kind=kind) for one in found]
