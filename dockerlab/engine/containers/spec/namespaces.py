"""The namespaces of a container (namespaces(7); runtime-spec, config-linux.md, "Namespaces")."""

from dockerlab.engine.containers.config import HostConfig
from dockerlab.engine.errors import InvalidParameter, NotImplementedHere


def check(host: HostConfig) -> None:
    """Refuse namespaces that cannot be had.

    Raises:
        InvalidParameter: there are none of this name.
        NotImplementedHere: they are another container's.

    """
    for kind, mode in (("processes", host.pid_mode), ("shared memory", host.ipc_mode)):
        if mode.startswith("container:"):
            raise NotImplementedHere(
                f"the embedded engine does not share {kind} between containers:"
                ' only "--network container:NAME" can be had'
            )
    if host.pid_mode not in ("", "host", "private"):
        raise InvalidParameter(f"invalid PID mode: {host.pid_mode}")
    if host.ipc_mode not in ("", "none", "host", "private", "shareable"):
        raise InvalidParameter(f"invalid IPC mode: {host.ipc_mode}")


def namespaces(host: HostConfig, network: str) -> list[dict[str, str]]:
    """Those that are made, and the ``network`` that is joined where one is named (its path)."""
    kinds = ["mount"]
    if host.pid_mode != "host":
        kinds.append("pid")
    if host.ipc_mode != "host":
        kinds.append("ipc")
    if host.uts_mode != "host":
        kinds.append("uts")
    if host.network_mode == "none":
        kinds.append("network")
    path = {"network": {"path": network}} if network else {}
    return [{"type": kind, **path.get(kind, {})} for kind in kinds]
