"""The process of a container, or of a command in it (runtime-spec, config.md, "Process")."""

from collections.abc import Sequence

from dockerlab.engine.containers.config import ContainerConfig, HostConfig
from dockerlab.engine.containers.machine import Machine
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.spec import capabilities
from dockerlab.engine.containers.spec.default_filesystems import INIT
from dockerlab.engine.containers.spec.security import no_new_privileges
from dockerlab.engine.containers.users import User
from dockerlab.engine.errors import SystemFailure

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def process(container: Container, user: User, *, machine: Machine) -> dict[str, object]:
    """The container's first process, or what ``container`` says that another shall be.

    Raises:
        SystemFailure: the user cannot exist on this machine.

    """
    config, host = container.spec.config, container.spec.host
    granted = granted_capabilities(host, machine)
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


def granted_capabilities(host: HostConfig, machine: Machine) -> tuple[str, ...]:
    """The capabilities of a container, of those that the engine can give."""
    return tuple(
        capabilities.chosen(
            host.cap_add or (),
            host.cap_drop or (),
            privileged=host.privileged,
            held=machine.held,
        )
    )


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
