"""The capabilities of a container's processes (capabilities(7)), as Docker hands them out."""

from collections.abc import Sequence
from pathlib import Path

from dockerlab.engine.errors import InvalidParameter

DEFAULT = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
)
"""Those of a container for which nothing else was asked."""

# By number, from the kernel's include/uapi/linux/capability.h.
_ALL = tuple(
    f"CAP_{name}"
    for name in [
        "CHOWN",
        "DAC_OVERRIDE",
        "DAC_READ_SEARCH",
        "FOWNER",
        "FSETID",
        "KILL",
        "SETGID",
        "SETUID",
        "SETPCAP",
        "LINUX_IMMUTABLE",
        "NET_BIND_SERVICE",
        "NET_BROADCAST",
        "NET_ADMIN",
        "NET_RAW",
        "IPC_LOCK",
        "IPC_OWNER",
        "SYS_MODULE",
        "SYS_RAWIO",
        "SYS_CHROOT",
        "SYS_PTRACE",
        "SYS_PACCT",
        "SYS_ADMIN",
        "SYS_BOOT",
        "SYS_NICE",
        "SYS_RESOURCE",
        "SYS_TIME",
        "SYS_TTY_CONFIG",
        "MKNOD",
        "LEASE",
        "AUDIT_WRITE",
        "AUDIT_CONTROL",
        "SETFCAP",
        "MAC_OVERRIDE",
        "MAC_ADMIN",
        "SYSLOG",
        "WAKE_ALARM",
        "BLOCK_SUSPEND",
        "AUDIT_READ",
        "PERFMON",
        "BPF",
        "CHECKPOINT_RESTORE",
    ]
)


def check(names: Sequence[str], option: str) -> None:
    """Refuse names that are no capability; raises InvalidParameter."""
    for name in names:
        full = _full(name)
        if full not in _ALL and full != "ALL":
            raise InvalidParameter(f'invalid {option}: unknown capability: "{full}"')


def chosen(
    add: Sequence[str], drop: Sequence[str], *, privileged: bool, held: frozenset[str]
) -> tuple[str, ...]:
    """What a container gets: the default, more, or less; ``ALL`` is every one.

    The engine can give away only what it ``held`` itself.

    >>> chosen(["net_admin"], ["ALL"], privileged=False, held=frozenset({"CAP_NET_ADMIN"}))
    ('CAP_NET_ADMIN',)
    """
    adding, dropping = {_full(name) for name in add}, {_full(name) for name in drop}
    if privileged:
        wanted = set(_ALL)
    else:
        wanted = set() if "ALL" in dropping else set(DEFAULT)
        wanted = set(_ALL) if "ALL" in adding else wanted
        wanted = (wanted | (adding - {"ALL"})) - dropping
    return tuple(name for name in _ALL if name in wanted & held)


def held(status: Path = Path("/proc/self/status")) -> frozenset[str]:
    """The capabilities that this process has (proc(5), status, ``CapPrm``)."""
    for line in status.read_text().splitlines():
        if line.startswith("CapPrm:"):
            bits = int(line.split()[1], 16)
            return frozenset(name for index, name in enumerate(_ALL) if bits >> index & 1)
    return frozenset()


def _full(name: str) -> str:
    upper = name.upper()
    return upper if upper == "ALL" or upper.startswith("CAP_") else f"CAP_{upper}"
