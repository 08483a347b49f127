"""The namespaces of a container (namespaces(7); runtime-spec, config-linux.md, "Namespaces")."""

from collections.abc import Mapping

from dockerlab.engine.containers.config import HostConfig
from dockerlab.engine.containers.sharing import BEGIN
from dockerlab.engine.errors import InvalidParameter


def check(host: HostConfig) -> None:
    """Refuse namespaces that there are not; raises InvalidParameter."""
    named = host.ipc_mode.startswith(BEGIN)
    if not named and host.ipc_mode not in ("", "none", "host", "private", "shareable"):
        raise InvalidParameter(f"invalid IPC mode: {host.ipc_mode}")
    named = host.pid_mode.startswith(BEGIN) and host.pid_mode != BEGIN
    if not named and host.pid_mode not in ("", "host"):
        raise InvalidParameter(f"invalid PID mode: {host.pid_mode}")


def namespaces(host: HostConfig, joined: Mapping[str, str]) -> list[dict[str, str]]:
    """Those that are made, and those that are ``joined`` (kind to path)."""
    kinds = ["mount"]
    if host.pid_mode != "host":
        kinds.append("pid")
    if host.ipc_mode != "host":
        kinds.append("ipc")
    if host.uts_mode != "host":
        kinds.append("uts")
    if host.network_mode == "none":
        kinds.append("network")
    return [
        {"type": kind, "path": joined[kind]} if kind in joined else {"type": kind} for kind in kinds
    ]
