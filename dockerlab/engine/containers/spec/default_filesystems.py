"""What is mounted into every container (runtime-spec, config-linux.md, "Default Filesystems")."""

from pathlib import Path

from dockerlab.engine.containers import etc, shared_memory
from dockerlab.engine.containers.config import HostConfig
from dockerlab.engine.containers.machine import Machine
from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.runtime.probe import sys_mount

INIT = "/sbin/docker-init"
"""Where the program of ``--init`` is in a container, as in Docker."""


_TTY_GROUP = 5
"""The group of terminals, with this number in every distribution."""


def default_filesystems(
    host: HostConfig, machine: Machine, *, directory: Path, memory: Path | None = None
) -> list[dict[str, object]]:
    """The mounts, in the order in which they are made; ``directory`` holds the container's files.

    ``memory`` is the shared memory where it is not the container's alone.

    Raises:
        SystemFailure: ``--init`` is asked for, and there is no such program on this machine.

    """
    return [
        *_kernel_mounts(host, machine, memory),
        *_shared_memory(host, memory),
        *_etc_mounts(directory),
        *_init_mount(host, machine),
    ]


def _kernel_mounts(
    host: HostConfig, machine: Machine, memory: Path | None
) -> list[dict[str, object]]:
    own_network = host.network_mode == "none"
    sys = sys_mount(own_network=own_network)
    if host.privileged and sys["type"] == "sysfs":
        sys["options"] = ["nosuid", "noexec", "nodev", "rw"]
    pts = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
    if machine.has_id(_TTY_GROUP):
        pts.append(f"gid={_TTY_GROUP}")
    kernel = ["nosuid", "noexec", "nodev"]
    proc = [] if host.pid_mode != "host" else ["rbind"]
    return [
        {
            "destination": "/proc",
            "type": "bind" if proc else "proc",
            "source": "/proc" if proc else "proc",
            "options": [*kernel, *proc],
        },
        _mount("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _mount("/dev/pts", "devpts", pts),
        sys,
        *_message_queues(machine, memory, kernel),
    ]


def _message_queues(
    machine: Machine, memory: Path | None, options: list[str]
) -> list[dict[str, object]]:
    if memory != shared_memory.OF_THE_MACHINE or not machine.user_namespace:
        return [_mount("/dev/mqueue", "mqueue", options)]
    # The machine's own, which only the machine's root may mount anew.
    place = Path("/dev/mqueue")
    bind = _mount(str(place), "bind", [*options, "rbind"], source=str(place))
    return [bind] if place.is_dir() else []


def _shared_memory(host: HostConfig, memory: Path | None) -> list[dict[str, object]]:
    if host.ipc_mode == "none":
        return []
    options = ["nosuid", "noexec", "nodev"]
    place = "/dev/shm"  # noqa: S108 - in the container
    if memory is not None:
        return [_mount(place, "bind", ["rbind", "rprivate", *options], source=str(memory))]
    return [_mount(place, "tmpfs", [*options, *shared_memory.options(host)], source="shm")]


def _etc_mounts(directory: Path) -> list[dict[str, object]]:
    return [
        {
            "destination": f"/etc/{name}",
            "type": "bind",
            "source": str(directory / name),
            "options": ["rbind", "rprivate"],
        }
        for name in etc.FILES
    ]


def _init_mount(host: HostConfig, machine: Machine) -> list[dict[str, object]]:
    if not host.init:
        return []
    if not machine.init:
        raise SystemFailure(
            "--init needs a small init program on this machine:"
            " install tini, catatonit or docker-init"
        )
    options = ["bind", "ro"]
    return [{"destination": INIT, "type": "bind", "source": machine.init, "options": options}]


def _mount(
    destination: str, kind: str, options: list[str], *, source: str = ""
) -> dict[str, object]:
    return {
        "destination": destination,
        "type": kind,
        "source": source or kind,
        "options": options,
    }
