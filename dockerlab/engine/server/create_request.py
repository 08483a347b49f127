"""The body of ``POST /containers/create``, read as leniently as Go reads it.

For Go ``null`` is the same as a missing key, whatever the type, keys may be in any case, and a
command may be a single string. Clients rely on all three.
"""

from typing import Any, TypeVar

import msgspec

from dockerlab.engine.containers.config import ContainerConfig, HostConfig
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import HealthConfig
from dockerlab.engine.server.call import complaint, decode
from dockerlab.engine.server.versions import Version

T = TypeVar("T", bound=msgspec.Struct)

_ANNOTATIONS_SINCE = Version(1, 43)
_CONSOLE_SIZE_SINCE = Version(1, 42)
_PRIVATE_IPC_SINCE = Version(1, 40)
_SUBPATH_SINCE = Version(1, 45)
_COMMANDS = ("Cmd", "Entrypoint", "Shell")


class CreateRequest(msgspec.Struct, frozen=True):
    """What a client wants a container to be."""

    config: ContainerConfig
    host: HostConfig
    networks: tuple[str, ...] = ()
    """Names of the networks to join, beyond what ``host.network_mode`` says."""


def decode_request(body: bytes, version: Version) -> CreateRequest:
    """The request that ``body`` spells, as a client of that version means it.

    Raises:
        InvalidParameter: it is not JSON, or not such a request, or not one of that version.

    """
    raw = _said(decode(body, dict[str, Any]), ContainerConfig)
    host = raw.pop("HostConfig", {})
    networking = raw.pop("NetworkingConfig", {})
    if not raw:
        raise InvalidParameter("config cannot be empty in order to create a container")
    for name in _COMMANDS:
        if isinstance(raw.get(name), str):
            raw[name] = [raw[name]]
    if isinstance(health := raw.get("Healthcheck"), dict):
        raw["Healthcheck"] = _said(health, HealthConfig)
    try:
        config = msgspec.convert(raw, ContainerConfig)
        made = msgspec.convert(_said(host, HostConfig), HostConfig)
    except (msgspec.ValidationError, AttributeError) as error:
        raise InvalidParameter(complaint(body, error)) from None
    endpoints = networking.get("EndpointsConfig") or {} if isinstance(networking, dict) else {}
    return CreateRequest(config, _as_meant(made, version), tuple(endpoints))


def as_go_reads(body: bytes, kind: type[T]) -> T:
    """A JSON object as ``kind``, read as the body of a creation is.

    Raises:
        InvalidParameter: it is not JSON, or not of that kind.

    """
    raw = _said(decode(body, dict[str, Any]), kind)
    if isinstance(raw.get("Cmd"), str):
        raw["Cmd"] = [raw["Cmd"]]
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise InvalidParameter(complaint(body, error)) from None


def _said(raw: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """What an object says at all, its keys in the case that ``kind`` has them in."""
    names = {field.encode_name.lower(): field.encode_name for field in msgspec.structs.fields(kind)}
    return {names.get(key.lower(), key): each for key, each in raw.items() if each is not None}


def _as_meant(host: HostConfig, version: Version) -> HostConfig:
    """Forget what the client's version did not know, and put in what it took for granted."""
    if version < _ANNOTATIONS_SINCE:
        host = msgspec.structs.replace(host, annotations=None)
    if version < _CONSOLE_SIZE_SINCE:
        host = msgspec.structs.replace(host, console_size=(0, 0))
    if version < _PRIVATE_IPC_SINCE and not host.ipc_mode:
        host = msgspec.structs.replace(host, ipc_mode="shareable")
    if version < _SUBPATH_SINCE and any(
        (mount.volume_options or {}).get("Subpath") for mount in host.mounts or ()
    ):
        raise InvalidParameter("VolumeOptions.Subpath needs API v1.45 or newer")
    if host.network_mode in ("", "default"):
        host = msgspec.structs.replace(host, network_mode="bridge")
    if not host.cgroupns_mode:
        host = msgspec.structs.replace(host, cgroupns_mode="host")
    if host.memory_swappiness == -1:
        host = msgspec.structs.replace(host, memory_swappiness=None)  # how clients say "not said"
    if host.pids_limit is not None and host.pids_limit <= 0:
        host = msgspec.structs.replace(host, pids_limit=None)  # both mean "unlimited"
    return host
