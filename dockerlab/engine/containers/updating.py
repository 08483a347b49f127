"""Changing what a container may use, and when it starts again: ``docker update``."""

import msgspec

from dockerlab.engine.containers import limits
from dockerlab.engine.containers.config import HostConfig, RestartPolicy
from dockerlab.engine.containers.creation import check_restarts
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.register import Register
from dockerlab.engine.errors import Conflict, SystemFailure
from dockerlab.engine.runtime.cgroups import Controllers
from dockerlab.engine.runtime.runtime import Runtime


class Changes(msgspec.Struct, frozen=True, rename="pascal"):
    """The body of ``POST /containers/{id}/update``; 0, empty and None leave things as they are.

    Units are those of ``HostConfig``.
    """

    restart_policy: RestartPolicy | None = None
    cpu_shares: int = 0
    memory: int = 0
    nano_cpus: int = 0
    blkio_weight: int = 0
    cpu_period: int = 0
    cpu_quota: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    memory_reservation: int = 0
    memory_swap: int = 0
    pids_limit: int | None = None


_LIMITS = tuple(name for name in Changes.__struct_fields__ if name != "restart_policy")
_NO_WEIGHT = (
    "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded."
)


def update(
    container: Container,
    changes: Changes,
    *,
    register: Register,
    runtime: Runtime,
    able: Controllers,
) -> tuple[str, ...]:
    """Change a container, running or not; what could not be done, in sentences.

    Raises:
        InvalidParameter: a limit or policy makes no sense.
        Conflict: it contradicts what is set already.
        SystemFailure: the kernel refused a limit; nothing is changed then.

    """
    asked = {name: getattr(changes, name) for name in _LIMITS}
    wanted = HostConfig(**{name: value for name, value in asked.items() if value})
    if changes.restart_policy is not None:
        wanted = msgspec.structs.replace(wanted, restart_policy=changes.restart_policy)
        check_restarts(wanted)
    limits.check(wanted, update=True)
    wanted, warnings = limits.settle(wanted, able)
    if wanted.blkio_weight:
        warnings = (*warnings, _NO_WEIGHT)
    try:
        host = _merged(container.spec.host, wanted, changes, able)
        if container.state.running and (resources := _resources(wanted, host, changes, able)):
            runtime.update(container.id, resources)
    except (Conflict, SystemFailure) as error:
        raise type(error)(f"Cannot update container {container.id}: {error}") from error
    register.respecify(container, msgspec.structs.replace(container.spec, host=host))
    register.publish(container, "update")
    return warnings


def _merged(old: HostConfig, wanted: HostConfig, changes: Changes, able: Controllers) -> HostConfig:
    """What was asked for before, with what is asked for now."""
    _refuse_contradictions(old, wanted)
    new = {name: getattr(wanted, name) for name in _LIMITS if name != "blkio_weight"}
    new = {name: value for name, value in new.items() if value}
    if changes.pids_limit is not None and able.pids:
        new["pids_limit"] = max(changes.pids_limit, 0)  # 0 and less mean "unlimited"
    policy = changes.restart_policy
    if policy is not None and policy.name:
        if old.auto_remove and policy.name != "no":
            raise Conflict(
                "Restart policy cannot be updated because AutoRemove is enabled for the container"
            )
        new["restart_policy"] = policy
    return msgspec.structs.replace(old, **new)


def _refuse_contradictions(old: HostConfig, wanted: HostConfig) -> None:
    begin = "Conflicting options: "
    for name, value, before in (
        ("CPU Period", wanted.cpu_period, old.cpu_period),
        ("CPU Quota", wanted.cpu_quota, old.cpu_quota),
    ):
        if wanted.nano_cpus > 0 and before > 0:
            raise Conflict(f"{begin}Nano CPUs cannot be updated as {name} has already been set")
        if value > 0 and old.nano_cpus > 0:
            raise Conflict(f"{begin}{name} cannot be updated as NanoCPUs has already been set")
    if wanted.memory and wanted.memory > old.memory_swap and not wanted.memory_swap:
        raise Conflict(
            "Memory limit should be smaller than already set memoryswap limit,"
            " update the memoryswap at the same time"
        )


def _resources(
    wanted: HostConfig, merged: HostConfig, changes: Changes, able: Controllers
) -> dict[str, object]:
    """The limits to set now: those that were asked for, beside what belongs to them."""
    alone = msgspec.structs.replace(
        wanted,
        memory_swap=wanted.memory_swap or (merged.memory_swap if wanted.memory else 0),
        cpu_period=merged.cpu_period if wanted.cpu_quota else wanted.cpu_period,
        cpu_quota=merged.cpu_quota if wanted.cpu_period else wanted.cpu_quota,
    )
    found = limits.resources(alone, able)
    if changes.pids_limit is not None and able.pids:
        found["pids"] = {"limit": changes.pids_limit}
    return found
