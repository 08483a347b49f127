"""What the engine says of itself and its machine: ``docker version`` and ``docker info``."""

import os
import platform
import time
from pathlib import Path

from dockerlab.engine import platform as platforms
from dockerlab.engine.engine import Engine
from dockerlab.engine.runtime.cgroups import Controllers, version_of
from dockerlab.engine.runtime.none import NoRuntime
from dockerlab.engine.timestamp import format_rfc3339

ENGINE_VERSION = "0.1.0"
PRODUCT = "dockerlab embedded engine"

TEACHING = (
    "WARNING: this is dockerlab's teaching engine: its containers have the rights of the user who "
    "started it"
)
NO_OVERLAY = "overlay is not used"
NO_BOUNDARY = (
    "WARNING: proot is no security boundary: what runs in a container can do to your files and "
    "processes what you can"
)
NO_BRIDGE = (
    "WARNING: there is no bridge network: containers have the network of this machine, or none"
)
NO_LIMITS = (
    "WARNING: limits on memory, CPU and processes are not kept: no control group can be made here"
)


def version(engine: Engine, *, api: str, oldest_api: str) -> dict[str, object]:
    """The body of ``GET /version``."""
    facts = {
        "Version": ENGINE_VERSION,
        "ApiVersion": api,
        "MinAPIVersion": oldest_api,
        "GitCommit": "",
        "GoVersion": f"none (Python {platform.python_version()})",
        "Os": "linux",
        "Arch": platforms.host().architecture,
        "KernelVersion": os.uname().release,
        "BuildTime": "",
    }
    details = {key: value for key, value in facts.items() if key != "Version"}
    name, _, number = engine.runtime.program.partition(" ")
    components = [
        {
            "Name": "Engine",
            "Version": ENGINE_VERSION,
            "Details": {**details, "Experimental": "false"},
        },
        {"Name": name, "Version": number, "Details": {"GitCommit": ""}},
    ]
    return {"Platform": {"Name": PRODUCT}, "Components": components, **facts}


def info(engine: Engine) -> dict[str, object]:
    """The body of ``GET /info``."""
    return {
        "ID": engine.id,
        **_counts(engine),
        **_storage(engine),
        "Plugins": {
            "Volume": ["local"],
            "Network": ["bridge", "host", "null"],
            "Authorization": None,
            "Log": ["json-file"],
        },
        **_limits(engine.containers.controllers),
        "IPv4Forwarding": _read("/proc/sys/net/ipv4/ip_forward") == "1",
        "Debug": False,
        "NFd": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names are enough
        "OomKillDisable": False,
        "NGoroutines": 0,
        "SystemTime": format_rfc3339(time.time_ns()),
        "LoggingDriver": "json-file",
        "CgroupDriver": "cgroupfs" if engine.containers.controllers.limited else "none",
        "CgroupVersion": str(version_of()),
        "NEventsListener": engine.events.listeners,
        **_machine(),
        "IndexServerAddress": "https://index.docker.io/v1/",
        "RegistryConfig": _registries(engine),
        "GenericResources": None,
        "DockerRootDir": str(engine.root),
        **_proxies(),
        "Name": os.uname().nodename,
        "Labels": [
            "org.dockerlab.engine=embedded",
            *(f"org.dockerlab.pack={pack}" for pack in engine.settings.packs),
        ],
        "ExperimentalBuild": False,
        "ServerVersion": ENGINE_VERSION,
        **_runtime(engine),
        "Swarm": {
            "NodeID": "",
            "NodeAddr": "",
            "LocalNodeState": "inactive",
            "ControlAvailable": False,
            "Error": "",
            "RemoteManagers": None,
        },
        "LiveRestoreEnabled": False,
        "Isolation": "",
        "InitBinary": "",
        "ContainerdCommit": {"ID": ""},
        "RuncCommit": {"ID": ""},
        "InitCommit": {"ID": ""},
        "SecurityOptions": ["name=rootless"] if engine.rootless or os.geteuid() else [],
        "CDISpecDirs": [],
        "Warnings": [
            TEACHING,
            NO_BRIDGE,
            *([] if engine.containers.controllers.limited else [NO_LIMITS]),
            *_runtime_warnings(engine),
        ],
    }


def _runtime_warnings(engine: Engine) -> list[str]:
    if isinstance(engine.runtime, NoRuntime):
        return [f"WARNING: {engine.runtime.sentence}"]
    if engine.runtime.name != "proot":
        return []
    reasons = [f"WARNING: {each.program} is not used: {each.reason}" for each in engine.not_used]
    return [NO_BOUNDARY, *reasons]


def _counts(engine: Engine) -> dict[str, object]:
    containers = engine.containers.list(every=True)
    running = sum(each.state.running for each in containers)
    paused = sum(each.state.paused for each in containers)
    return {
        "Containers": len(containers),
        "ContainersRunning": running - paused,
        "ContainersPaused": paused,
        "ContainersStopped": len(containers) - running,
        "Images": len(engine.images.list(every=True)),
    }


def _storage(engine: Engine) -> dict[str, object]:
    return {
        "Driver": engine.snapshots.name,
        "DriverStatus": [
            ["Backing Filesystem", _file_system(engine.root)],
            *_overlay_status(engine),
        ],
    }


def _overlay_status(engine: Engine) -> list[list[str]]:
    if engine.settings.no_overlay:
        return [[NO_OVERLAY, engine.settings.no_overlay]]
    if engine.snapshots.name != "overlay":
        return []
    return [["userxattr", str(engine.rootless).lower()]]


def _limits(able: Controllers) -> dict[str, object]:
    return {
        "MemoryLimit": able.memory,
        "SwapLimit": able.memory,
        "CpuCfsPeriod": able.cpu,
        "CpuCfsQuota": able.cpu,
        "CPUShares": able.cpu,
        "CPUSet": able.cpuset,
        "PidsLimit": able.pids,
    }


def _machine() -> dict[str, object]:
    uname = os.uname()
    return {
        "KernelVersion": uname.release,
        "OperatingSystem": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"),
        "OSVersion": platform.freedesktop_os_release().get("VERSION_ID", ""),
        "OSType": "linux",
        "Architecture": uname.machine,
        "NCPU": len(os.sched_getaffinity(0)),
        "MemTotal": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def _registries(engine: Engine) -> dict[str, object]:
    mirrors = [mirror.rstrip("/") + "/" for mirror in engine.settings.mirrors]
    return {
        "IndexConfigs": {
            "docker.io": {
                "Mirrors": mirrors,
                "Name": "docker.io",
                "Official": True,
                "Secure": True,
            }
        },
        "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8"],
        "Mirrors": mirrors or None,
    }


def _proxies() -> dict[str, object]:
    def proxy(name: str) -> str:
        return os.environ.get(name) or os.environ.get(name.lower()) or ""

    return {
        "HttpProxy": proxy("HTTP_PROXY"),
        "HttpsProxy": proxy("HTTPS_PROXY"),
        "NoProxy": proxy("NO_PROXY"),
    }


def _runtime(engine: Engine) -> dict[str, object]:
    name = engine.runtime.program.partition(" ")[0]
    return {"Runtimes": {name: {"path": name}}, "DefaultRuntime": name}


def _file_system(path: Path) -> str:
    """The type of the file system that holds ``path``, by the longest mount point above it."""
    best = ("", "unknown")
    for entry in _read("/proc/self/mounts").splitlines():
        _, point, kind, *_ = entry.split(" ")
        point = point.replace("\\040", " ")
        if path.is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, kind)
    return {"ext4": "extfs", "ext3": "extfs", "ext2": "extfs"}.get(best[1], best[1])


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
