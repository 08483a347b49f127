"""Whose the unpacked files may be.

As root of the machine every file gets its owner. In a user namespace only the IDs that are mapped
into it can own files: with ranges from ``/etc/subuid`` that is nearly every image, without them it
is one ID, which root has inside. Files of all others are given to root: a whole image then unpacks,
and a process in the container can be nobody else anyway. Without any privilege (where proot runs
the containers) files keep the user's own ID, and the user the right to read and change them.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_CAPABILITIES = 0b11
"""``CAP_CHOWN`` and ``CAP_DAC_OVERRIDE``, capability.h's first two."""


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Which user and group IDs exist for this process, and whether it may give files away."""

    users: tuple[range, ...]
    groups: tuple[range, ...]
    privileged: bool = True

    @classmethod
    def here(cls, process: Path = Path("/proc/self")) -> "Ownership":
        """What this process can do."""
        status = (process / "status").read_text()
        effective = int(status.partition("CapEff:")[2].split(maxsplit=1)[0], 16)
        return cls(
            users=_ranges(process / "uid_map"),
            groups=_ranges(process / "gid_map"),
            privileged=os.geteuid() == 0 and effective & _CAPABILITIES == _CAPABILITIES,
        )

    def owner(self, uid: int, gid: int) -> tuple[int, int]:
        """The IDs to give a file to; -1 leaves it with whoever makes it."""
        if not self.privileged:
            return -1, -1
        return _mapped(uid, self.users), _mapped(gid, self.groups)

    def mode(self, mode: int, *, directory: bool) -> int:
        """The permissions to give a file: its own, if need be with its owner's access to it."""
        if self.privileged:
            return mode
        return mode | (0o700 if directory else 0o600)


def _ranges(path: Path) -> tuple[range, ...]:
    lines = [line.split() for line in path.read_text().splitlines()]
    return tuple(range(int(inside), int(inside) + int(count)) for inside, _, count in lines)


def _mapped(number: int, ranges: tuple[range, ...]) -> int:
    for numbers in ranges:
        if number in numbers:
            return number
    return 0
