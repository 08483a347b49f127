"""The fields of `docker inspect` that are worth a sentence, in the lesson's four groups.

Each has a key, under which `locales/` has its name and its explanation, and its place in the
engine's answer (Docker Engine API, "Inspect an image", "Inspect a container").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BASICS, CONFIGURATION, LAYERS, RUNTIME = GROUPS = ("basics", "configuration", "layers", "runtime")


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its key, its group, and its place, `Config.Env` for instance."""

    key: str
    group: str
    place: str


IMAGE = (
    Field("id", BASICS, "Id"),
    Field("tags", BASICS, "RepoTags"),
    Field("digests", BASICS, "RepoDigests"),
    Field("created", BASICS, "Created"),
    Field("size", BASICS, "Size"),
    Field("platform", BASICS, "Architecture"),
    Field("os", BASICS, "Os"),
    Field("author", BASICS, "Author"),
    Field("env", CONFIGURATION, "Config.Env"),
    Field("workdir", CONFIGURATION, "Config.WorkingDir"),
    Field("ports", CONFIGURATION, "Config.ExposedPorts"),
    Field("user", CONFIGURATION, "Config.User"),
    Field("labels", CONFIGURATION, "Config.Labels"),
    Field("volumes", CONFIGURATION, "Config.Volumes"),
    Field("layer_list", LAYERS, "RootFS.Layers"),
    Field("rootfs_type", LAYERS, "RootFS.Type"),
    Field("driver", LAYERS, "GraphDriver.Name"),
    Field("entrypoint", RUNTIME, "Config.Entrypoint"),
    Field("cmd", RUNTIME, "Config.Cmd"),
    Field("stop_signal", RUNTIME, "Config.StopSignal"),
    Field("healthcheck", RUNTIME, "Config.Healthcheck"),
)
CONTAINER = (
    Field("container_id", BASICS, "Id"),
    Field("container_name", BASICS, "Name"),
    Field("container_created", BASICS, "Created"),
    Field("state", BASICS, "State.Status"),
    Field("exit_code", BASICS, "State.ExitCode"),
    Field("pid", BASICS, "State.Pid"),
    Field("image_name", BASICS, "Config.Image"),
    Field("image_id", BASICS, "Image"),
    Field("container_env", CONFIGURATION, "Config.Env"),
    Field("workdir", CONFIGURATION, "Config.WorkingDir"),
    Field("hostname", CONFIGURATION, "Config.Hostname"),
    Field("user", CONFIGURATION, "Config.User"),
    Field("tty", CONFIGURATION, "Config.Tty"),
    Field("container_labels", CONFIGURATION, "Config.Labels"),
    Field("driver", LAYERS, "GraphDriver.Name"),
    Field("mounts", LAYERS, "Mounts"),
    Field("path", RUNTIME, "Path"),
    Field("args", RUNTIME, "Args"),
    Field("entrypoint", RUNTIME, "Config.Entrypoint"),
    Field("container_cmd", RUNTIME, "Config.Cmd"),
    Field("network", RUNTIME, "HostConfig.NetworkMode"),
    Field("auto_remove", RUNTIME, "HostConfig.AutoRemove"),
    Field("restart", RUNTIME, "HostConfig.RestartPolicy.Name"),
    Field("memory", RUNTIME, "HostConfig.Memory"),
)


def value_at(document: Mapping[str, Any], place: str) -> object:
    """Return what stands at `Config.Env` of a document; None where there is no such place.

    >>> value_at({"Config": {"Env": ["A=1"]}}, "Config.Env"), value_at({}, "Config.Env")
    (['A=1'], None)
    """
    found: Any = document
    for part in place.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def value_lines(value: object) -> tuple[str, ...]:
    """Return a value as lines for people; none where it is empty.

    >>> value_lines(["/bin/sh", "-c"]), value_lines({"80/tcp": {}}), value_lines(True)
    (('/bin/sh', '-c'), ('80/tcp',), ('true',))
    """
    return tuple(_lines(value))


def _lines(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in sorted(value.items()):
            yield f"{key}={each}" if each not in ({}, None) else str(key)
    elif isinstance(value, list):
        for each in value:
            yield str(each.get("Destination", each)) if isinstance(each, Mapping) else str(each)
    elif isinstance(value, bool):
        yield str(value).lower()
    elif value not in (None, ""):
        yield str(value)
