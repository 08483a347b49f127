"""Control groups: what the machine has, what this process may use, and a cure for crun.

Kernel documentation: admin-guide/cgroup-v1/cgroups.rst, admin-guide/cgroup-v2.rst.
"""

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from dockerlab.engine import mount
from dockerlab.engine.errors import EngineError

ROOT = Path("/sys/fs/cgroup")


class Controllers(msgspec.Struct, frozen=True, kw_only=True):
    """What this process can limit, as ``docker info`` tells it."""

    version: int
    """Of the control groups: 1 (which includes the mixture with 2) or 2."""
    memory: bool = False
    pids: bool = False
    cpu: bool = False
    cpuset: bool = False
    blkio: bool = False

    @property
    def limited(self) -> bool:
        """Whether anything can be limited."""
        return self.memory or self.pids or self.cpu or self.cpuset


def version_of(root: Path = ROOT) -> int:
    """Of the control groups that can limit something: 1, or 2."""
    return 2 if (root / "cgroup.controllers").exists() else 1


def controllers(root: Path = ROOT) -> Controllers:
    """Find out, by trying, what this process may limit: nothing in a user namespace."""
    version = version_of(root)
    if mount.in_user_namespace():
        return Controllers(version=version)
    if version == 2:
        named = _enabled(root)
    else:
        named = {path.name for path in _directories(root) if _usable(path)}
    return Controllers(
        version=version,
        memory="memory" in named,
        pids="pids" in named,
        cpu="cpu" in named,
        cpuset="cpuset" in named,
        blkio=bool(named & {"blkio", "io"}),
    )


def cure_hybrid(root: Path = ROOT) -> str:
    """Make the mixture of versions 1 and 2 look like version 1 to crun, which refuses it.

    As root the second hierarchy is unmounted. In a user namespace that is not allowed; there an
    empty file system covers all of them, which are of no use to an ordinary user anyway. Call it
    only in a mount namespace of one's own. Returns what was done, or "" if nothing could be.
    """
    try:
        if mount.in_user_namespace():
            mount.mount("tmpfs", root, kind="tmpfs", data="mode=0755")
            return "tmpfs"
        return "unmounted" if mount.unmount(root / "unified") else ""
    except EngineError:
        return ""


def undo_cure(done: str, root: Path = ROOT) -> None:
    """Uncover what ``cure_hybrid`` covered; what it unmounted is missed by nobody."""
    if done == "tmpfs":
        mount.unmount(root)


def is_hybrid(root: Path = ROOT) -> bool:
    """Whether versions 1 and 2 are mounted side by side."""
    return (root / "unified" / "cgroup.procs").exists()


def _directories(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []


def _usable(path: Path) -> bool:
    return (path / "cgroup.procs").exists() and _can_make_groups(path)


def _enabled(root: Path) -> set[str]:
    """The controllers of version 2 that groups below ``root`` can have.

    Whoever sits in a container may see them all and still not hand one down: a group that has
    processes of its own, other than the machine's first, may not (§ No Internal Process).
    """
    if not _can_make_groups(root):
        return set()
    down = root / "cgroup.subtree_control"
    for name in (root / "cgroup.controllers").read_text().split():
        with suppress(OSError):
            down.write_text(f"+{name}")
    return set(down.read_text().split())


def _can_make_groups(path: Path) -> bool:
    """Whether a group can be made here; control groups are often there but read-only."""
    probe = path / f"dockerlab-probe-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return True
