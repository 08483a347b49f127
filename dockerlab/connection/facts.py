"""What an engine is: Docker, Podman or ours, and how it runs containers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dockerlab import messages

if TYPE_CHECKING:
    import docker


NO_RUNTIME = "none"
"""The runtime of an embedded engine that can do everything with images and run no container."""


PACK_LABEL = "org.dockerlab.pack"
"""The label by which an embedded engine tells of its packs."""


class EngineKind(StrEnum):
    """The three engines that speak the Docker API here; the values are `DOCKERLAB_ENGINE`'s."""

    DOCKER = "docker"
    PODMAN = "podman"
    EMBEDDED = "embedded"


@dataclass(frozen=True)
class EngineFacts:
    """The facts of a running engine that a learner meets.

    `identity` tells engines apart, also two at the same address at different times.
    """

    kind: EngineKind
    version: str
    api_version: str
    runtime: str
    storage: str
    rootless: bool
    platform: str
    identity: str
    mirrors: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    """The folders that an embedded engine takes images from when no registry has them."""


def engine_name(kind: EngineKind) -> str:
    """Return what a learner calls an engine of this kind."""
    match kind:
        case EngineKind.DOCKER:
            return messages.text("engine.docker")
        case EngineKind.PODMAN:
            return messages.text("engine.podman")
        case EngineKind.EMBEDDED:
            return messages.text("engine.embedded")


def read_facts(client: docker.DockerClient) -> EngineFacts:
    """Return the facts of the engine behind `client`, from `/version` and `/info`."""
    version, info = client.version(), client.info()
    kind = _kind(version)
    return EngineFacts(
        kind=kind,
        version=str(version.get("Version", "")),
        api_version=str(version.get("ApiVersion", "")),
        runtime=str(info.get("DefaultRuntime", "")),
        storage=_storage(info),
        rootless=_rootless(info),
        platform=f"{version.get('Os', '')}/{version.get('Arch', '')}",
        identity=_identity(kind, info),
        mirrors=_mirrors(info),
        packs=_packs(info),
    )


def _kind(version: Mapping[str, Any]) -> EngineKind:
    names = [str(part.get("Name", "")) for part in version.get("Components") or []]
    platform = str((version.get("Platform") or {}).get("Name", ""))
    if any(name.startswith("Podman") for name in names):
        return EngineKind.PODMAN
    if "dockerlab" in f"{platform} {' '.join(names)}".lower():
        return EngineKind.EMBEDDED
    return EngineKind.DOCKER


def _storage(info: Mapping[str, Any]) -> str:
    """Return what keeps the layers, and why the embedded engine does not take something better."""
    driver = str(info.get("Driver", ""))
    status = {
        str(pair[0]): str(pair[1]) for pair in info.get("DriverStatus") or [] if len(pair) == 2
    }
    reason = status.get("overlay is not used")
    return f"{driver} (overlay: {reason})" if reason else driver


def _rootless(info: Mapping[str, Any]) -> bool:
    options = info.get("SecurityOptions") or []
    return bool(info.get("Rootless")) or any("name=rootless" in option for option in options)


def _identity(kind: EngineKind, info: Mapping[str, Any]) -> str:
    """Return the engine's ID; for Podman, which makes up another each time, host and storage."""
    if kind is EngineKind.PODMAN:
        return f"podman-{info.get('Name', '')}-{info.get('DockerRootDir', '')}".replace("/", "_")
    return str(info.get("ID", ""))


def _mirrors(info: Mapping[str, Any]) -> tuple[str, ...]:
    registry = info.get("RegistryConfig") or {}
    return tuple(str(mirror).rstrip("/") for mirror in registry.get("Mirrors") or [])


def _packs(info: Mapping[str, Any]) -> tuple[str, ...]:
    labels = (str(label).partition("=") for label in info.get("Labels") or [])
    return tuple(value for name, _, value in labels if name == PACK_LABEL)
