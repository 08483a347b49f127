"""Which system calls a container may not make (seccomp(2)).

Docker lists what is allowed, several hundred calls with conditions. We list what is forbidden: it
is a page that can be read, it costs the runtime a tenth of the time, and a new system call works.
It forbids what that profile keeps from a container without extra capabilities and what would touch
the machine rather than the container: the kernel's own state, other namespaces, its keys, its
clock. An ordinary user's container cannot do most of it anyway.

Making block and character devices is forbidden too, save the 0:0 that overlayfs uses: Docker lets
them be made but keeps them from being opened, by a control group that costs more than the start.
"""

import os
from collections.abc import Collection

_NEEDS = {
    "CAP_SYS_ADMIN": (
        "bpf fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr"
        " move_mount open_tree perf_event_open quotactl quotactl_fd setns swapoff swapon umount"
        " umount2 unshare"
    ),
    "CAP_SYS_BOOT": "reboot kexec_load kexec_file_load",
    "CAP_SYS_MODULE": "create_module delete_module finit_module init_module query_module",
    "CAP_SYS_PACCT": "acct",
    "CAP_SYS_RAWIO": "ioperm iopl",
    "CAP_SYS_TIME": "adjtimex clock_adjtime clock_settime settimeofday stime",
    "CAP_DAC_READ_SEARCH": "open_by_handle_at name_to_handle_at",
    "CAP_SYS_NICE": "mbind migrate_pages move_pages set_mempolicy",
}
"""Forbidden unless the container has the capability (which the kernel asks for as well)."""

_NEVER = (
    "add_key keyctl request_key nfsservctl userfaultfd uselib ustat sysfs _sysctl get_kernel_syms"
    " io_uring_enter io_uring_register io_uring_setup"
)

_ARCHITECTURES = {
    "x86_64": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    "aarch64": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
}
_EPERM, _ENOSYS = 1, 38
_FILE_TYPE, _BLOCK, _CHARACTER = 0o170000, 0o060000, 0o020000
_NEW_NAMESPACES = 0x7E020000
"""The flags of clone(2) that make namespaces."""


def profile(capabilities: Collection[str], *, machine: str | None = None) -> dict[str, object]:
    """The filter for a container with these capabilities (runtime-spec, config-linux.md)."""
    forbidden = _NEVER.split()
    for capability, calls in _NEEDS.items():
        if capability not in capabilities:
            forbidden += calls.split()
    rules: list[dict[str, object]] = [_rule(forbidden)]
    if "CAP_SYS_ADMIN" not in capabilities:
        # clone3's flags are behind a pointer, which a filter cannot follow; libc then uses clone.
        rules.append(_rule(["clone3"], error=_ENOSYS))
        rules += [
            _rule(["clone"], conditions=[_masked(0, 1 << bit, 1 << bit)])
            for bit in range(32)
            if _NEW_NAMESPACES >> bit & 1
        ]
    for call, mode in (("mknod", 1), ("mknodat", 2)):
        rules.append(_rule([call], conditions=[_masked(mode, _FILE_TYPE, _BLOCK)]))
        device = {"index": mode + 1, "value": 0, "op": "SCMP_CMP_NE"}
        rules.append(_rule([call], conditions=[_masked(mode, _FILE_TYPE, _CHARACTER), device]))
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": _ARCHITECTURES.get(machine or os.uname().machine, []),
        "syscalls": rules,
    }


def _rule(
    calls: list[str], *, error: int = _EPERM, conditions: list[dict[str, object]] | None = None
) -> dict[str, object]:
    rule: dict[str, object] = {"names": calls, "action": "SCMP_ACT_ERRNO", "errnoRet": error}
    if conditions:
        rule["args"] = conditions
    return rule


def _masked(index: int, mask: int, value: int) -> dict[str, object]:
    return {"index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}
