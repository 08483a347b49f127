"""What a container has of another's: ``--network``, ``--pid`` and ``--ipc container:NAME``."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from dockerlab.engine.containers import shared_memory
from dockerlab.engine.containers.config import ContainerConfig, HostConfig
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.register import not_running
from dockerlab.engine.errors import (
    Conflict,
    EngineError,
    InvalidParameter,
    NotFound,
    NotImplementedHere,
)

BEGIN = "container:"
_Find = Callable[[str], Container]


class Joined(msgspec.Struct, frozen=True):
    """What a container that starts has of others, or of the machine."""

    network: str
    """The mode of the network in the end: the machine's, or ``none`` in whosever namespace."""
    donor: str = ""
    """The ID of the container whose network it is, if it is another's."""
    namespaces: Mapping[str, str] = {}
    """The namespaces to join, in the words of the runtime-spec: kind to path."""
    memory: Path | None = None
    """The directory to show as /dev/shm, where it is not the container's alone."""


def settle(
    config: ContainerConfig, host: HostConfig, *, find: _Find, runtime: str
) -> tuple[ContainerConfig, HostConfig]:
    """Name the other containers by their IDs, and take the network's host name.

    Raises:
        InvalidParameter: no container is named, or what belongs to a network of its own is asked,
            or the container whose processes or memory are to be shared is not there.
        NotImplementedHere: the ``runtime`` cannot share them.

    """
    changes: dict[str, str] = {}
    for name, mode in (("ipc_mode", host.ipc_mode), ("pid_mode", host.pid_mode)):
        if mode.startswith(BEGIN) and mode != BEGIN:
            try:
                changes[name] = f"{BEGIN}{find(mode.removeprefix(BEGIN)).id}"
            except NotFound as error:
                # What is not found must be no image, or clients would pull that.
                raise InvalidParameter(str(error)) from None
    if "pid_mode" in changes and runtime == "proot":
        raise NotImplementedHere(
            'the embedded engine cannot do "--pid container:NAME" with proot, which knows no'
            " namespaces: every container sees all processes of this machine that are yours,"
            " under the numbers that they have outside"
        )
    host = msgspec.structs.replace(host, **changes)
    return _settle_network(config, host, find)


def _settle_network(
    config: ContainerConfig, host: HostConfig, find: _Find
) -> tuple[ContainerConfig, HostConfig]:
    if not host.network_mode.startswith(BEGIN):
        return config, host
    name = host.network_mode.removeprefix(BEGIN)
    if not name:
        raise InvalidParameter("invalid network mode: invalid container format container:<name|id>")
    for asked, what in (
        (config.hostname, "hostname and the network mode"),
        (host.dns, "dns and the network mode"),
        (host.extra_hosts, "custom host-to-IP mapping and the network mode"),
        (host.port_bindings, "port publishing and the container type network mode"),
    ):
        if asked:
            raise InvalidParameter(f"conflicting options: {what}")
    try:
        other = find(name)
    except EngineError:
        return config, host  # as in Docker, it is missed at the start
    mode = f"{BEGIN}{other.id}"
    config = msgspec.structs.replace(config, hostname=other.spec.config.hostname)
    return config, msgspec.structs.replace(host, network_mode=mode)


def join(host: HostConfig, *, find: _Find, home: Callable[[str], Path]) -> Joined:
    """What is shared, now that the container starts; ``home`` is where a container's files are.

    Raises:
        NotFound: the container whose network is to be shared is gone.
        InvalidParameter: another is, or its memory is not offered.
        Conflict: it does not run.

    """
    network = _network(host, find)
    namespaces = dict(network.namespaces)
    memory = shared_memory.OF_THE_MACHINE if host.ipc_mode == "host" else None
    if host.ipc_mode.startswith(BEGIN):
        other = _running(host.ipc_mode, find, kind="IPC")
        memory = _offered(other, find, home)
        namespaces["ipc"] = _namespace(other, "ipc")
    if host.pid_mode.startswith(BEGIN):
        namespaces["pid"] = _namespace(_running(host.pid_mode, find, kind="PID"), "pid")
    return msgspec.structs.replace(network, namespaces=namespaces, memory=memory)


def shares_processes(host: HostConfig) -> bool:
    """Whether the kernel does not end its other processes with the first."""
    return host.pid_mode == "host" or host.pid_mode.startswith(BEGIN)


def _network(host: HostConfig, find: _Find) -> Joined:
    mode, namespace, donor = host.network_mode, "", ""
    while mode.startswith(BEGIN):
        try:
            other = find(mode.removeprefix(BEGIN))
        except NotFound as error:
            raise NotFound(f"joining network namespace of container: {error}") from None
        if not other.state.running:
            raise Conflict(
                "cannot join network namespace of a non running container:"
                f" container {other.name} is {other.state.status.value}"
            )
        donor = donor or other.id
        mode = other.spec.host.network_mode
        namespace = _namespace(other, "net")
    return Joined(mode, donor, {"network": namespace} if namespace and mode == "none" else {})


def _running(mode: str, find: _Find, *, kind: str) -> Container:
    begin = f"failed to join {kind} namespace: "
    name = mode.removeprefix(BEGIN)
    if not name:
        raise InvalidParameter(f'{begin}invalid name or ID supplied: ""')
    try:
        other = find(name)
    except NotFound as error:
        raise InvalidParameter(f"{begin}{error}") from None
    if not other.state.running:
        raise Conflict(f"{begin}{not_running(other)}")
    return other


def _offered(donor: Container, find: _Find, home: Callable[[str], Path]) -> Path:
    """The shared memory of a container, which may be another's in turn."""
    mode, other = donor.spec.host.ipc_mode, donor
    while mode.startswith(BEGIN):
        other = find(mode.removeprefix(BEGIN))
        mode = other.spec.host.ipc_mode
    if mode == "host":
        return shared_memory.OF_THE_MACHINE
    if mode != "shareable":
        raise InvalidParameter(
            f"failed to join IPC namespace: container {donor.id}: non-shareable IPC"
            " (hint: use IpcMode:shareable for the donor container)"
        )
    return shared_memory.place(home(other.id))


def _namespace(container: Container, kind: str) -> str:
    return f"/proc/{container.state.pid}/ns/{kind}"
