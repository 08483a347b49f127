"""The network of another container: ``--network container:NAME``."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from dockerlab.engine.containers.config import ContainerConfig, HostConfig
from dockerlab.engine.containers.model import Container
from dockerlab.engine.errors import Conflict, EngineError, InvalidParameter, NotFound

_BEGIN = "container:"


class Joined(msgspec.Struct, frozen=True):
    """The network to use: ``none`` with the namespace it is in, or the machine's."""

    mode: str
    namespace: str = ""
    donor: str = ""
    """The ID of the container that it is of, if it is another's."""


def settle(
    config: ContainerConfig, host: HostConfig, *, find: Callable[[str], Container]
) -> tuple[ContainerConfig, HostConfig]:
    """Name the other container by its ID, and take its host name.

    Raises:
        InvalidParameter: no container is named, or what belongs to a network of its own is asked.

    """
    if not host.network_mode.startswith(_BEGIN):
        return config, host
    name = host.network_mode.removeprefix(_BEGIN)
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
    mode = f"{_BEGIN}{other.id}"
    config = msgspec.structs.replace(config, hostname=other.spec.config.hostname)
    return config, msgspec.structs.replace(host, network_mode=mode)


def join(host: HostConfig, *, find: Callable[[str], Container]) -> Joined:
    """What the network is, now that the container starts.

    Raises:
        NotFound: the other container is gone.
        Conflict: it does not run.

    """
    mode, namespace, donor = host.network_mode, "", ""
    while mode.startswith(_BEGIN):
        try:
            other = find(mode.removeprefix(_BEGIN))
        except NotFound as error:
            raise NotFound(f"joining network namespace of container: {error}") from None
        if not other.state.running:
            raise Conflict(
                "cannot join network namespace of a non running container:"
                f" container {other.name} is {other.state.status.value}"
            )
        donor = donor or other.id
        mode = other.spec.host.network_mode
        namespace = str(Path("/proc") / str(other.state.pid) / "ns" / "net")
    return Joined(mode, namespace if mode == "none" else "", donor)
