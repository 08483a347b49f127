"""What of this machine shapes every container."""

import shutil
from pathlib import Path

import msgspec

from dockerlab.engine import mount
from dockerlab.engine.containers.spec import capabilities

_INIT_PROGRAMS = ("docker-init", "tini-static", "tini", "catatonit")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What of this machine shapes every container."""

    user_namespace: bool
    ids: tuple[tuple[int, int], ...]
    """The user IDs that exist here, as ranges: first and count."""
    held: frozenset[str]
    """The engine's own capabilities."""
    groups: str = ""
    """Where control groups can be made (``Controllers.path``)."""
    init: str = ""
    """A small program for ``--init``, if one is installed."""

    def has_id(self, number: int) -> bool:
        """Whether a process can have this user or group ID."""
        return any(first <= number < first + count for first, count in self.ids)


def survey(*, groups: str = "", proc: Path = Path("/proc/self")) -> Machine:
    """Find out about this machine."""
    ranges = [line.split() for line in (proc / "uid_map").read_text().splitlines()]
    return Machine(
        user_namespace=mount.in_user_namespace(),
        ids=tuple((int(first), int(count)) for first, _, count in ranges),
        held=capabilities.held(),
        groups=groups,
        init=_init_program(),
    )


def _init_program() -> str:
    for name in _INIT_PROGRAMS:
        path = shutil.which(name)
        if path is not None:
            return path
    return ""
