"""Pausing: the kernel's freezer, entered only when somebody pauses.

A control group for every container would cost each start about as much as the container itself
does, and few are ever paused. So the processes are moved into a group of the freezer when they
are to be frozen, and out again afterwards (kernel documentation, admin-guide/cgroup-v1/
freezer-subsystem.rst and admin-guide/cgroup-v2.rst, ``cgroup.freeze``).
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dockerlab.engine.errors import NotImplementedHere, SystemFailure
from dockerlab.engine.runtime.membership import members

_CGROUPS = Path("/sys/fs/cgroup")
_PATIENCE = 2.0  # seconds that freezing may take


class Freezer:
    """Freezes all processes of a container."""

    def __init__(self, cgroups: Path = _CGROUPS) -> None:
        self._cgroups = cgroups

    def freeze(self, container_id: str, pid: int) -> None:
        """Freeze every process of the container whose first is ``pid``.

        Raises:
            NotImplementedHere: this user has no control group to freeze with.
            SystemFailure: they did not all freeze.

        """
        group, switch, on = self._group(container_id)
        try:
            group.mkdir(exist_ok=True)
            # Twice, since a process may fork before it is moved.
            for _ in range(2):
                _move(members(pid), group)
            switch.write_text(on)
        except OSError as error:
            raise NotImplementedHere(
                f"cannot pause here: the engine's user may not use the freezer ({error.strerror})"
            ) from error
        self._await_frozen(group)

    def thaw(self, container_id: str) -> None:
        """Let the processes run again."""
        group, switch, on = self._group(container_id)
        switch.write_text("0" if on == "1" else "THAWED")
        deadline = time.monotonic() + _PATIENCE
        while True:
            # Again and again: what is being started or ended meanwhile keeps the group in use.
            _move(_members(group), group.parent)
            try:
                group.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    return
                time.sleep(0.002)
            else:
                return

    def _group(self, container_id: str) -> tuple[Path, Path, str]:
        name = f"dockerlab-{container_id[:12]}"
        first = self._cgroups / "freezer"
        if (first / "cgroup.procs").exists():
            return first / name, first / name / "freezer.state", "FROZEN"
        if (self._cgroups / "cgroup.controllers").exists():
            return self._cgroups / name, self._cgroups / name / "cgroup.freeze", "1"
        raise NotImplementedHere("cannot pause here: no control group can freeze")

    def _await_frozen(self, group: Path) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if _frozen(group):
                return
            time.sleep(0.002)
        raise SystemFailure("the container's processes did not freeze in time")


def _members(group: Path) -> list[int]:
    return [int(line) for line in (group / "cgroup.procs").read_text().split()]


def _move(pids: Iterator[int] | list[int], group: Path) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(str(pid))


def _frozen(group: Path) -> bool:
    first = group / "freezer.state"
    if first.exists():
        return first.read_text().strip() == "FROZEN"
    return "frozen 1" in (group / "cgroup.events").read_text()
