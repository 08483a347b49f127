"""The runtime's configuration of a container: Docker's defaults, in the words of OCI.

Specification: opencontainers/runtime-spec v1.0, config.md and config-linux.md.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from dockerlab.engine import mount
from dockerlab.engine.containers import capabilities, etc, mounts, seccomp
from dockerlab.engine.containers.config import ContainerConfig, HostConfig
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.users import User
from dockerlab.engine.errors import InvalidParameter, NotImplementedHere, SystemFailure
from dockerlab.engine.runtime.probe import sys_mount

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MASKED_PATHS = (
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)
READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

_TTY_GROUP = 5
INIT = "/sbin/docker-init"


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What of this machine shapes every container."""

    user_namespace: bool
    ids: tuple[tuple[int, int], ...]
    """The user IDs that exist here, as ranges: first and count."""
    held: frozenset[str]
    """The engine's own capabilities."""
    init: str = ""
    """A small program for ``--init``, if one is installed."""

    def has_id(self, number: int) -> bool:
        """Whether a process can have this user or group ID."""
        return any(first <= number < first + count for first, count in self.ids)


def survey(*, proc: Path = Path("/proc/self"), init: str = "") -> Machine:
    """Find out about this machine."""
    ranges = [line.split() for line in (proc / "uid_map").read_text().splitlines()]
    return Machine(
        user_namespace=mount.in_user_namespace(),
        ids=tuple((int(first), int(count)) for first, _, count in ranges),
        held=capabilities.held(),
        init=init,
    )


def configuration(
    container: Container,
    user: User,
    *,
    root: Path,
    directory: Path,
    machine: Machine,
    resources: Mapping[str, object],
    network: str = "",
) -> bytes:
    """``config.json`` of a container whose root file system is at ``root``.

    ``directory`` holds its hosts, hostname and resolv.conf; ``network`` is the namespace to join,
    where it is another container's.

    Raises:
        SystemFailure: the user cannot exist here, or the machine lacks what was asked for.

    """
    spec = container.spec
    document = {
        "ociVersion": "1.0.2",
        "process": process(container, user, machine=machine),
        "root": {"path": str(root), "readonly": spec.host.readonly_rootfs},
        "mounts": [
            *_system_mounts(spec.host, machine),
            *_etc_mounts(directory),
            *_init_mount(spec.host, machine),
            *mounts.runtime_mounts(spec.mounts),
            *(mounts.tmpfs(place, options) for place, options in (spec.host.tmpfs or {}).items()),
        ],
        "linux": _linux(container, _granted(spec.host, machine), resources, network),
    }
    if spec.host.uts_mode != "host":
        document["hostname"] = spec.config.hostname
        if spec.config.domainname:
            document["domainname"] = spec.config.domainname
    return msgspec.json.encode(document)


def process(container: Container, user: User, *, machine: Machine) -> dict[str, object]:
    """The container's first process."""
    config, host = container.spec.config, container.spec.host
    granted = _granted(host, machine)
    arguments = [container.spec.path, *container.spec.args]
    if host.init:
        arguments = [INIT, "--", *arguments]
    found: dict[str, object] = {
        "terminal": config.tty,
        "user": _user(user, machine),
        "args": arguments,
        "env": environment(config, user),
        "cwd": config.working_dir or "/",
        "capabilities": _capability_sets(granted, user),
        "noNewPrivileges": no_new_privileges(host),
        "rlimits": [
            {"type": f"RLIMIT_{limit.name.upper()}", "soft": limit.soft, "hard": limit.hard}
            for limit in host.ulimits or ()
        ],
    }
    if config.tty and any(host.console_size):
        height, width = host.console_size
        found["consoleSize"] = {"height": height, "width": width}
    if host.oom_score_adj:
        found["oomScoreAdj"] = host.oom_score_adj
    return found


def _granted(host: HostConfig, machine: Machine) -> tuple[str, ...]:
    return tuple(
        capabilities.chosen(
            host.cap_add or (),
            host.cap_drop or (),
            privileged=host.privileged,
            held=machine.held,
        )
    )


def environment(config: ContainerConfig, user: User) -> list[str]:
    """Docker's own variables, then those asked for, which win; a name alone takes one away."""
    values = {"PATH": PATH, "HOSTNAME": config.hostname}
    if config.tty:
        values["TERM"] = "xterm"
    for entry in config.env or ():
        name, equals, value = entry.partition("=")
        if equals:
            values[name] = value
        else:
            values.pop(name, None)
    values.setdefault("HOME", user.home)
    return [f"{name}={value}" for name, value in values.items()]


def no_new_privileges(host: HostConfig) -> bool:
    """Whether ``--security-opt no-new-privileges`` was given."""
    for option in host.security_opt or ():
        name, _, value = option.replace(":", "=", 1).partition("=")
        if name == "no-new-privileges":
            return value in ("", "true")
    return False


def check_security(options: Sequence[str]) -> None:
    """Refuse security options that are not understood, in Docker's words.

    Raises:
        SystemFailure: as Docker answers 500 to this.

    """
    for option in options:
        name, separator, _ = option.replace(":", "=", 1).partition("=")
        if name == "no-new-privileges":
            continue
        if not separator:
            raise SystemFailure(f'invalid --security-opt 1: "{option}"')
        if name not in ("seccomp", "apparmor", "label", "systempaths", "writable-cgroups"):
            raise SystemFailure(f'invalid --security-opt 2: "{option}"')


def _capability_sets(granted: Sequence[str], user: User) -> dict[str, list[str]]:
    # As Docker: another user than root has them only within reach, not in effect.
    sets = ("bounding", "effective", "permitted") if user.uid == 0 else ("bounding",)
    return {name: list(granted) for name in sets}


def _user(user: User, machine: Machine) -> dict[str, object]:
    for number in (user.uid, user.gid):
        if not machine.has_id(number):
            raise SystemFailure(
                f"the user {user.uid}:{user.gid} does not exist here: your account has no further"
                " user IDs (/etc/subuid), so only root, which is you, can run in a container"
            )
    groups = [group for group in user.groups if machine.has_id(group)]
    found: dict[str, object] = {"uid": user.uid, "gid": user.gid}
    if len(machine.ids) > 1 or not machine.user_namespace:
        found["additionalGids"] = groups
    return found


def _system_mounts(host: HostConfig, machine: Machine) -> list[dict[str, object]]:
    own_network = host.network_mode == "none"
    sys = sys_mount(own_network=own_network)
    if host.privileged and sys["type"] == "sysfs":
        sys["options"] = ["nosuid", "noexec", "nodev", "rw"]
    pts = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
    if machine.has_id(_TTY_GROUP):
        pts.append(f"gid={_TTY_GROUP}")
    shm = ["nosuid", "noexec", "nodev", "mode=1777", f"size={host.shm_size}"]
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
        _mount("/dev/mqueue", "mqueue", kernel),
        *([] if host.ipc_mode == "none" else [_mount("/dev/shm", "tmpfs", shm, source="shm")]),  # noqa: S108
    ]


def _mount(
    destination: str, kind: str, options: list[str], *, source: str = ""
) -> dict[str, object]:
    return {
        "destination": destination,
        "type": kind,
        "source": source or kind,
        "options": options,
    }


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


def _linux(
    container: Container,
    granted: Sequence[str],
    resources: Mapping[str, object],
    network: str,
) -> dict[str, object]:
    host = container.spec.host
    found: dict[str, object] = {
        "namespaces": _namespaces(host, network),
        "sysctl": dict(host.sysctls or {}),
        "maskedPaths": list(host.masked_paths or ()),
        "readonlyPaths": list(host.readonly_paths or ()),
        "devices": [_device(device) for device in host.devices or ()],
    }
    unconfined = {"seccomp=unconfined", "seccomp:unconfined"} & set(host.security_opt or ())
    if not host.privileged and not unconfined:
        found["seccomp"] = seccomp.profile(granted)
    if resources:
        found["cgroupsPath"] = f"/dockerlab/{container.id}"
        found["resources"] = dict(resources)
    return found


def _namespaces(host: HostConfig, network: str) -> list[dict[str, str]]:
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


def _device(device: Mapping[str, object]) -> dict[str, object]:
    path = Path(str(device.get("PathOnHost", "")))
    try:
        status = path.stat()
    except OSError:
        raise SystemFailure(
            f'error gathering device information while adding custom device "{path}":'
            " no such file or directory"
        ) from None
    if not (path.is_char_device() or path.is_block_device()):
        raise SystemFailure(
            "error gathering device information while adding custom device "
            f'"{path}": not a device node'
        )
    return {
        "path": str(device.get("PathInContainer") or path),
        "type": "c" if path.is_char_device() else "b",
        "major": os.major(status.st_rdev),
        "minor": os.minor(status.st_rdev),
        "fileMode": status.st_mode & 0o777,
        "uid": 0,
        "gid": 0,
    }


def check_namespaces(host: HostConfig) -> None:
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
