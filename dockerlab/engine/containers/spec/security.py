"""What ``--security-opt`` and ``--privileged`` say, and what is hidden from a container."""

from collections.abc import Sequence

from dockerlab.engine.containers.config import HostConfig
from dockerlab.engine.errors import SystemFailure

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


"""Hidden behind an empty file or directory (runtime-spec, config-linux.md, "Masked Paths")."""
READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def check(options: Sequence[str]) -> None:
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


def no_new_privileges(host: HostConfig) -> bool:
    """Whether ``--security-opt no-new-privileges`` was given."""
    for option in host.security_opt or ():
        name, _, value = option.replace(":", "=", 1).partition("=")
        if name == "no-new-privileges":
            return value in ("", "true")
    return False
