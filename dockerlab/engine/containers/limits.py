"""Resource limits: checked when a container is created, and passed to the runtime.

What this machine cannot limit is left out with a warning, as Docker leaves it out.
"""

from dockerlab.engine.containers.config import HostConfig
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.runtime.cgroups import Controllers

_SMALLEST_MEMORY = 6 * 1024 * 1024
_PERIOD = 100_000  # microseconds, the kernel's default


def check(host: HostConfig) -> None:
    """Refuse limits that make no sense, in Docker's words; raises InvalidParameter."""
    if host.memory and 0 < host.memory < _SMALLEST_MEMORY:
        raise InvalidParameter("Minimum memory limit allowed is 6MB")
    if host.memory > 0 and 0 < host.memory_swap < host.memory:
        raise InvalidParameter(
            "Minimum memoryswap limit should be larger than memory limit, see usage"
        )
    if host.memory == 0 and host.memory_swap > 0:
        raise InvalidParameter("You should always set the Memory limit when using Memoryswap limit")
    if host.nano_cpus and (host.cpu_quota or host.cpu_period):
        raise InvalidParameter(
            "Conflicting options: Nano CPUs and CPU "
            + ("Quota" if host.cpu_quota else "Period")
            + " cannot both be set."
        )
    if host.shm_size < 0:
        raise InvalidParameter("SHM size can not be less than 0")
    if not -1000 <= host.oom_score_adj <= 1000:
        raise InvalidParameter(
            f"Invalid value {host.oom_score_adj}, range for oom score adj is [-1000, 1000]"
        )


def warnings(host: HostConfig, able: Controllers) -> tuple[str, ...]:
    """What will not be limited, in Docker's words."""
    found: list[str] = []
    unable = "or the cgroup is not mounted"
    if host.memory > 0 and not able.memory:
        found.append(
            f"Your kernel does not support memory limit capabilities {unable}."
            " Limitation discarded."
        )
    if host.memory_reservation > 0 and not able.memory:
        found.append(
            f"Your kernel does not support memory soft limit capabilities {unable}."
            " Limitation discarded."
        )
    if host.pids_limit and host.pids_limit > 0 and not able.pids:
        found.append(
            f"Your kernel does not support PIDs limit capabilities {unable}. PIDs limit discarded."
        )
    if (host.nano_cpus or host.cpu_quota) and not able.cpu:
        found.append("Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.")
    if host.cpu_shares and not able.cpu:
        found.append(f"Your kernel does not support CPU shares {unable}. Shares discarded.")
    if (host.cpuset_cpus or host.cpuset_mems) and not able.cpuset:
        found.append(f"Your kernel does not support cpuset {unable}. Cpuset discarded.")
    return tuple(found)


def resources(host: HostConfig, able: Controllers) -> dict[str, object]:
    """The limits for the runtime; empty when there are none (config-linux.md § Control groups)."""
    found: dict[str, object] = {}
    if able.memory and (memory := _memory(host)):
        found["memory"] = memory
    if able.pids and host.pids_limit and host.pids_limit > 0:
        found["pids"] = {"limit": host.pids_limit}
    cpu = {
        **(_cpu(host) if able.cpu else {}),
        **({"cpus": host.cpuset_cpus} if able.cpuset and host.cpuset_cpus else {}),
        **({"mems": host.cpuset_mems} if able.cpuset and host.cpuset_mems else {}),
    }
    if cpu:
        found["cpu"] = cpu
    return found


def _memory(host: HostConfig) -> dict[str, object]:
    found: dict[str, object] = {}
    if host.memory > 0:
        found["limit"] = host.memory
        # As Docker: twice the memory, unless said otherwise.
        found["swap"] = host.memory_swap or 2 * host.memory
    if host.memory_reservation > 0:
        found["reservation"] = host.memory_reservation
    return found


def _cpu(host: HostConfig) -> dict[str, object]:
    found: dict[str, object] = {}
    if host.cpu_shares:
        found["shares"] = host.cpu_shares
    if host.nano_cpus:
        found["period"] = _PERIOD
        found["quota"] = host.nano_cpus * _PERIOD // 1_000_000_000
    if host.cpu_period:
        found["period"] = host.cpu_period
    if host.cpu_quota:
        found["quota"] = host.cpu_quota
    return found
