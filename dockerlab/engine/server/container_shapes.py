"""Containers in Docker's JSON: one in a list, and one in full."""

import hashlib
import time
from pathlib import Path

from dockerlab.engine.containers import ports
from dockerlab.engine.containers.model import Container, Health, HealthStatus, Status
from dockerlab.engine.engine import Engine
from dockerlab.engine.errors import EngineError
from dockerlab.engine.server.durations import human_duration
from dockerlab.engine.server.networks import network_id
from dockerlab.engine.server.shapes import Document, document, without_empty
from dockerlab.engine.timestamp import SECOND, ZERO, format_rfc3339

_CONFIG_WHEN_SET = (
    "ExposedPorts",
    "Healthcheck",
    "ArgsEscaped",
    "NetworkDisabled",
    "MacAddress",
    "StopSignal",
    "Shell",
)
_HOST_WHEN_SET = (
    "Annotations",
    "StorageOpt",
    "Tmpfs",
    "Sysctls",
    "Mounts",
    "KernelMemoryTCP",
)
_NO_ADDRESSES: Document = {
    "EndpointID": "",
    "Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "IPAddress": "",
    "IPPrefixLen": 0,
    "IPv6Gateway": "",
    "MacAddress": "",
}


def moment(nanoseconds: int) -> str:
    """A moment as Docker shows it, "never" included."""
    return format_rfc3339(nanoseconds) if nanoseconds else ZERO


def container_summary(engine: Engine, container: Container, *, size: bool) -> Document:
    """One container in a list (``ContainerSummary``)."""
    spec = container.spec
    return {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": _image_name(engine, container),
        "ImageID": container.image_id,
        "Command": _command_line(container),
        "Created": container.created // SECOND,
        "Ports": [_listed(port) for port in _published(container)],
        **(_sizes(engine, container, always=False) if size else {}),
        "Labels": spec.config.labels or {},
        "State": container.state.status,
        "Status": status_line(container),
        "HostConfig": {"NetworkMode": spec.host.network_mode},
        "NetworkSettings": {"Networks": _networks(container)},
        "Mounts": _mounts(container),
    }


def container_details(engine: Engine, container: Container, *, size: bool) -> Document:
    """One container in full (``ContainerInspectResponse``)."""
    spec = container.spec
    home = engine.root / "containers" / container.id
    return {
        "Id": container.id,
        "Created": moment(container.created),
        "Path": spec.path,
        "Args": list(spec.args),
        "State": _state(container),
        "Image": container.image_id,
        "ResolvConfPath": _if_there(home / "resolv.conf"),
        "HostnamePath": _if_there(home / "hostname"),
        "HostsPath": _if_there(home / "hosts"),
        "LogPath": _if_there(home / f"{container.id}-json.log"),
        "Name": f"/{container.name}",
        "RestartCount": container.state.restart_count,
        "Driver": engine.snapshots.name,
        "Platform": spec.platform,
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": list(engine.containers.execs.of(container.id)) or None,
        "HostConfig": _host_config(container),
        "GraphDriver": _graph_driver(engine, container, home),
        **(_sizes(engine, container, always=True) if size else {}),
        "Mounts": _mounts(container),
        "Config": _config(container),
        "NetworkSettings": _network_settings(container),
    }


def status_line(container: Container) -> str:
    """What ``docker ps`` shows as STATUS."""
    state = container.state
    if state.running:
        age = human_duration((time.time_ns() - state.started_at) / SECOND)
        return f"Up {age}{_remark(container)}"
    if state.status in (Status.CREATED, Status.DEAD, Status.REMOVING):
        words = {
            Status.CREATED: "Created",
            Status.DEAD: "Dead",
            Status.REMOVING: "Removal In Progress",
        }
        return words[state.status]
    age = human_duration((time.time_ns() - state.finished_at) / SECOND)
    verb = "Restarting" if state.status is Status.RESTARTING else "Exited"
    return f"{verb} ({state.exit_code}) {age} ago"


def _remark(container: Container) -> str:
    """What STATUS says of a running container besides its age."""
    state = container.state
    if state.paused:
        return " (Paused)"
    if state.health is None:
        return ""
    starting = state.health.status == HealthStatus.STARTING
    return f" ({'health: ' if starting else ''}{state.health.status})"


def _health(health: Health) -> Document:
    log = [
        {
            "Start": moment(result.start),
            "End": moment(result.end),
            "ExitCode": result.exit_code,
            "Output": result.output,
        }
        for result in health.log
    ]
    return {"Status": health.status, "FailingStreak": health.failing_streak, "Log": log}


def _state(container: Container) -> Document:
    state = container.state
    return {
        "Status": state.status,
        "Running": state.running,
        "Paused": state.paused,
        "Restarting": state.status is Status.RESTARTING,
        "OOMKilled": state.oom_killed,
        "Dead": state.status is Status.DEAD,
        "Pid": state.pid,
        "ExitCode": state.exit_code,
        "Error": state.error,
        "StartedAt": moment(state.started_at),
        "FinishedAt": moment(state.finished_at),
        **({"Health": _health(state.health)} if state.health else {}),
    }


def _config(container: Container) -> Document:
    made = without_empty(document(container.spec.config), *_CONFIG_WHEN_SET)
    if made.get("StopTimeout") is None:
        made.pop("StopTimeout", None)
    made["Labels"] = made.get("Labels") or {}
    return made


def _host_config(container: Container) -> Document:
    made = without_empty(document(container.spec.host), *_HOST_WHEN_SET)
    if made.get("Init") is None:
        made.pop("Init", None)
    return made


def _graph_driver(engine: Engine, container: Container, home: Path) -> Document:
    try:
        data = {
            "MergedDir": str(home / "rootfs"),
            "UpperDir": str(engine.snapshots.directory(container.id)),
        }
    except EngineError:
        data = {}
    return {"Name": engine.snapshots.name, "Data": data}


def _sizes(engine: Engine, container: Container, *, always: bool) -> Document:
    try:
        own = engine.snapshots.usage(container.id).size
        image = engine.images.resolve(container.image_id).size
    except EngineError:
        return {}
    sizes = {"SizeRw": own, "SizeRootFs": own + image}
    return sizes if always else without_empty(sizes, "SizeRw", "SizeRootFs")


def _image_name(engine: Engine, container: Container) -> str:
    """The name that the container was made from, while it still means the same image."""
    name = container.spec.config.image
    try:
        same = engine.images.resolve(name).image_id == container.image_id
    except EngineError:
        same = False
    return name if same else container.image_id


def _command_line(container: Container) -> str:
    words = [f"'{word}'" if " " in word else word for word in container.spec.args]
    return " ".join((container.spec.path, *words))


def _mounts(container: Container) -> list[Document]:
    shown = [document(each) for each in container.spec.mounts]
    for each in shown:
        each.pop("Subpath")
    return [without_empty(each, "Name", "Driver") for each in shown]


def _networks(container: Container) -> Document:
    name = container.spec.host.network_mode
    if name.startswith("container:"):
        return {}  # they are the other's
    running = container.state.running
    endpoint = hashlib.sha256(f"{container.id} {name}".encode()).hexdigest()
    endpoint_settings = {
        "IPAMConfig": None,
        "Links": None,
        "Aliases": None,
        "DriverOpts": None,
        "GwPriority": 0,
        "NetworkID": network_id(name) if container.state.started_at else "",
        **_NO_ADDRESSES,
        "EndpointID": endpoint if running else "",
        "DNSNames": None,
    }
    return {name: endpoint_settings}


def _published(container: Container) -> tuple[ports.Port, ...]:
    return ports.published(container) if container.state.running else ()


def _listed(port: ports.Port) -> Document:
    return {
        "IP": port.address,
        "PrivatePort": port.inner,
        "PublicPort": port.outer,
        "Type": port.protocol,
    }


def _port_map(container: Container) -> Document:
    mapped: dict[str, list[Document]] = {}
    for port in _published(container):
        outer: Document = {"HostIp": port.address, "HostPort": str(port.outer)}
        mapped.setdefault(port.name, []).append(outer)
    return dict(mapped)


def _network_settings(container: Container) -> Document:
    running = container.state.running
    return {
        "Bridge": "",
        "SandboxID": "",
        "SandboxKey": f"/proc/{container.state.pid}/ns/net" if running else "",
        "Ports": _port_map(container),
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        **_NO_ADDRESSES,
        "Networks": _networks(container),
    }


def _if_there(path: Path) -> str:
    return str(path) if path.exists() else ""
