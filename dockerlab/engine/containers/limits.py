"""Resource limits: checked when a container is created, and passed to the runtime.

What this machine cannot limit is left out with a warning, as Docker leaves it out.
"""

import os
from pathlib import Path

import msgspec

from dockerlab.engine.containers.config import HostConfig
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.runtime.cgroups import Controllers

_SMALLEST_MEMORY = 6 * 1024 * 1024
_PERIOD = 100_000  # microseconds, the kernel's default
_LAST_PROCESSOR = 8191

_NOT_MOUNTED = "or the cgroup is not mounted"
_MEMORY = (
    f"Your kernel does not support memory limit capabilities {_NOT_MOUNTED}. Limitation discarded."
)
_RESERVATION = (
    f"Your kernel does not support memory soft limit capabilities {_NOT_MOUNTED}."
    " Limitation discarded."
)
_PIDS = (
    f"Your kernel does not support PIDs limit capabilities {_NOT_MOUNTED}. PIDs limit discarded."
)
_SHARES = f"Your kernel does not support CPU shares {_NOT_MOUNTED}. Shares discarded."
_QUOTA = "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded."
_SETS = f"Your kernel does not support cpuset {_NOT_MOUNTED}. Cpuset discarded."


def check(host: HostConfig, *, update: bool = False) -> None:
    """Refuse limits that make no sense, in Docker's words; raises InvalidParameter.

    An ``update`` need not repeat what is set already.
    """
    _check_memory(host, update=update)
    _check_processors(host)
    if host.shm_size < 0:
        raise InvalidParameter("SHM size can not be less than 0")
    if not -1000 <= host.oom_score_adj <= 1000:
        raise InvalidParameter(
            f"Invalid value {host.oom_score_adj}, range for oom score adj is [-1000, 1000]"
        )


def _check_memory(host: HostConfig, *, update: bool) -> None:
    memory, swap, reservation = host.memory, host.memory_swap, host.memory_reservation
    if memory and memory < _SMALLEST_MEMORY:
        raise InvalidParameter("Minimum memory limit allowed is 6MB")
    if memory > 0 and 0 < swap < memory:
        raise InvalidParameter(
            "Minimum memoryswap limit should be larger than memory limit, see usage"
        )
    if memory == 0 and swap > 0 and not update:
        raise InvalidParameter(
            "You should always set the Memory limit when using Memoryswap limit, see usage"
        )
    if 0 < reservation < _SMALLEST_MEMORY:
        raise InvalidParameter("Minimum memory reservation allowed is 6MB")
    if 0 < memory < reservation:
        raise InvalidParameter(
            "Minimum memory limit can not be less than memory reservation limit, see usage"
        )


def _check_processors(host: HostConfig) -> None:
    if host.nano_cpus > 0 and (host.cpu_quota > 0 or host.cpu_period > 0):
        other = "Period" if host.cpu_period > 0 else "Quota"
        raise InvalidParameter(f"Conflicting options: Nano CPUs and CPU {other} cannot both be set")
    count = os.cpu_count() or 1
    if not 0 <= host.nano_cpus <= count * 1_000_000_000:
        raise InvalidParameter(
            f"range of CPUs is from 0.01 to {count}.00, as there are only {count} CPUs available"
        )
    if host.cpu_period and not 1000 <= host.cpu_period <= 1_000_000:
        raise InvalidParameter(
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"
        )
    if 0 < host.cpu_quota < 1000:
        raise InvalidParameter("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    _check_set(host.cpuset_cpus, f"0-{count - 1}" if count > 1 else "0", "cpus", "CPUs")
    _check_set(host.cpuset_mems, _online_nodes(), "mems", "memory nodes")


def _check_set(asked: str, available: str, kind: str, noun: str) -> None:
    try:
        wanted = _numbers(asked)
    except ValueError:
        raise InvalidParameter(
            f"Invalid value {asked} for cpuset {kind}: invalid format: {asked}"
        ) from None
    if not wanted <= _numbers(available):
        raise InvalidParameter(
            f"Requested {noun} are not available - requested {asked}, available: {available}"
        )


def _numbers(text: str) -> set[int]:
    """The numbers in a list such as ``0-3,7`` (cpuset(7), List format)."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), min(int(last or first), _LAST_PROCESSOR) + 1))
    return found


def _online_nodes() -> str:
    try:
        return Path("/sys/devices/system/node/online").read_text().strip()
    except OSError:
        return "0"


def settle(host: HostConfig, able: Controllers) -> tuple[HostConfig, tuple[str, ...]]:
    """What will be limited, and what will not, in Docker's words.

    As in Docker, ``docker inspect`` shows no limit that is not kept.
    """
    found: list[str] = []
    changes: dict[str, object] = {}
    for asked, can, sentence, cleared in (
        (host.memory > 0, able.memory, _MEMORY, {"memory": 0, "memory_swap": -1}),
        (host.memory_reservation > 0, able.memory, _RESERVATION, {"memory_reservation": 0}),
        ((host.pids_limit or 0) > 0, able.pids, _PIDS, {"pids_limit": None}),
        (bool(host.cpu_shares), able.cpu, _SHARES, {"cpu_shares": 0}),
        (
            bool(host.nano_cpus or host.cpu_quota or host.cpu_period),
            able.cpu,
            _QUOTA,
            {"nano_cpus": 0, "cpu_quota": 0, "cpu_period": 0},
        ),
        (
            bool(host.cpuset_cpus or host.cpuset_mems),
            able.cpuset,
            _SETS,
            {"cpuset_cpus": "", "cpuset_mems": ""},
        ),
    ):
        if asked and not can:
            found.append(sentence)
            changes |= cleared
    return msgspec.structs.replace(host, **changes), tuple(found)


def warnings(host: HostConfig, able: Controllers) -> tuple[str, ...]:
    """What will not be limited."""
    return settle(host, able)[1]


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
    elif host.memory_swap:
        found["swap"] = host.memory_swap
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
