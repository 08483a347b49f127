"""The control group of one container: its limits changed while it runs, and what it tells.

A container is started without a group where nothing limits it, since that takes half the time;
when a limit comes later, its processes are moved into one. Kernel documentation:
admin-guide/cgroup-v1/memory.rst, admin-guide/cgroup-v2.rst.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.runtime.cgroups import ROOT, version_of

PARENT = "dockerlab"
"""The group that all containers' groups are in."""
_NO_LIMIT = {1: "-1", 2: "max"}
_JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec "$@"'
_CONTROLLERS = ("memory", "pids", "cpu", "cpuset")
_PATIENCE = 2.0  # seconds that freezing may take


class ControlGroup:
    """The group of a container, in each hierarchy that limits something."""

    def __init__(self, container_id: str, root: Path = ROOT, *, path: str = "") -> None:
        """The group need not be there yet; ``path`` is where it is made (``Controllers.path``)."""
        self._root = root
        self._version = version_of(root)
        self._name = f"{path.lstrip('/')}/{PARENT}/{container_id}".lstrip("/")

    def enter(self, pids: Iterable[int]) -> None:
        """Make the group where it is missing, and move processes in.

        Raises:
            SystemFailure: the kernel refused.

        """
        pids = tuple(pids)
        for directory in self._directories():
            try:
                _make(directory, self._version)
                for pid in pids:
                    with suppress(ProcessLookupError):
                        (directory / "cgroup.procs").write_text(str(pid))
            except OSError as error:
                raise _refused(directory, error) from error

    def prepared(self, resources: Mapping[str, Any]) -> "ControlGroup":
        """Itself, made and limited, for processes that are yet to come; raises as these do."""
        self.enter(())
        self.limit(resources)
        return self

    def joined_by(self, command: Sequence[str]) -> list[str]:
        """A command line that enters the group, and then becomes ``command``.

        Moved from outside, a process may have forked before.
        """
        places = [f"{directory}/cgroup.procs" for directory in self._directories()]
        return ["/bin/sh", "-c", _JOIN, "sh", *places, "--", *command]

    def limit(self, resources: Mapping[str, Any]) -> None:
        """Set limits, in the words of the OCI (config-linux.md § Control groups).

        Raises:
            SystemFailure: the kernel refused one: memory, for instance, that is in use already.

        """
        todo = list(_files(resources, self._version))
        # A limit on memory may never pass the one on memory with swap, not even between two
        # writes: which of them goes first depends on whether they rise or fall.
        for attempt in range(2):
            failed = [each for each in todo if not self._write(*each, last=attempt == 1)]
            if not failed:
                return

    def oom_killed(self) -> bool:
        """Whether the kernel killed one of its processes for want of memory."""
        name = "memory.events" if self._version == 2 else "memory.oom_control"
        with suppress(OSError):
            for line in (self._directory("memory") / name).read_text().splitlines():
                key, _, count = line.partition(" ")
                if key == "oom_kill":
                    return count.strip() != "0"
        return False

    def freeze(self) -> None:
        """Stop all of its processes, in version 2 (``cgroup.freeze``).

        Raises:
            SystemFailure: they did not all stop in time, or the kernel refused.

        """
        directory = self._directory("")
        self._write("", "cgroup.freeze", "1", last=True)
        deadline = time.monotonic() + _PATIENCE
        while "frozen 1" not in (directory / "cgroup.events").read_text():
            if time.monotonic() > deadline:
                raise SystemFailure("the container's processes did not freeze in time")
            time.sleep(0.002)

    def thaw(self) -> None:
        """Let them run again."""
        self._write("", "cgroup.freeze", "0", last=True)

    def remove(self) -> None:
        """Remove the group, once its processes have ended."""
        for directory in self._directories():
            with suppress(OSError):
                directory.rmdir()

    def _directories(self) -> Iterator[Path]:
        if self._version == 2:
            yield self._root / self._name
            return
        # Where controllers share a hierarchy, their names are links to it.
        for name in _CONTROLLERS:
            directory = self._root / name / self._name
            if os.access(directory.parent.parent, os.W_OK):
                yield directory

    def _directory(self, controller: str) -> Path:
        return self._root / ("" if self._version == 2 else controller) / self._name

    def _write(self, controller: str, name: str, value: str, *, last: bool) -> bool:
        path = self._directory(controller) / name
        try:
            path.write_text(value)
        except OSError as error:
            if last:
                raise _refused(path, error) from error
            return False
        return True


def _files(resources: Mapping[str, Any], version: int) -> Iterator[tuple[str, str, str]]:
    """Controller, file and content for each limit."""
    memory, cpu = resources.get("memory", {}), resources.get("cpu", {})
    yield from _memory_files(memory, version)
    if "pids" in resources:
        limit = resources["pids"]["limit"]
        yield "pids", "pids.max", str(limit) if limit > 0 else "max"
    if shares := cpu.get("shares"):
        # v2 weighs from 1 to 10,000, v1 from 2 to 262,144.
        weight = ("cpu.weight", 1 + (max(shares, 2) - 2) * 9999 // 262142)
        name, value = weight if version == 2 else ("cpu.shares", shares)
        yield "cpu", name, str(value)
    if "period" in cpu or "quota" in cpu:
        period, quota = cpu.get("period", 100_000), cpu.get("quota", -1)
        if version == 2:
            yield "cpu", "cpu.max", f"{quota if quota > 0 else 'max'} {period}"
        else:
            yield "cpu", "cpu.cfs_period_us", str(period)
            yield "cpu", "cpu.cfs_quota_us", str(quota)
    for key in ("cpus", "mems"):
        if key in cpu:
            yield "cpuset", f"cpuset.{key}", cpu[key]


def _memory_files(memory: Mapping[str, int], version: int) -> Iterator[tuple[str, str, str]]:
    limit, swap = memory.get("limit", 0), memory.get("swap", 0)
    reservation = memory.get("reservation", 0)
    if limit:
        yield "memory", ("memory.max" if version == 2 else "memory.limit_in_bytes"), str(limit)
    if swap and version == 1:
        yield "memory", "memory.memsw.limit_in_bytes", str(swap)
    elif swap:  # v2 counts swap alone
        value = str(max(swap - limit, 0)) if swap > 0 else _NO_LIMIT[2]
        yield "memory", "memory.swap.max", value
    if reservation:
        name = "memory.low" if version == 2 else "memory.soft_limit_in_bytes"
        yield "memory", name, str(reservation)


def _make(directory: Path, version: int) -> None:
    if version == 2:
        directory.parent.mkdir(exist_ok=True)
        for name in _CONTROLLERS:
            with suppress(OSError):  # that one cannot be had
                (directory.parent / "cgroup.subtree_control").write_text(f"+{name}")
    directory.mkdir(parents=True, exist_ok=True)
    if version == 2:
        return
    # In v1 no process may enter before it is said where it may run.
    for place in (directory.parent, directory):
        for name in ("cpuset.cpus", "cpuset.mems"):
            file = place / name
            if file.exists() and not file.read_text().strip() and "cpuset" in place.parts:
                file.write_text((place.parent / name).read_text())


def _refused(path: Path, error: OSError) -> SystemFailure:
    reason = (error.strerror or os.strerror(error.errno or 0)).lower()
    return SystemFailure(f"write {path}: {reason}")
