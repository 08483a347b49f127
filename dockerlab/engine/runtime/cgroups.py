"""Control groups: what the machine has, what this process may use, and a cure for crun.

Kernel documentation: admin-guide/cgroup-v1/cgroups.rst, admin-guide/cgroup-v2.rst.
"""

import os
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


def controllers(root: Path = ROOT) -> Controllers:
    """Find out what this process may limit: nothing, unless it is the machine's own root."""
    unified = root / "cgroup.controllers"
    version = 2 if unified.exists() else 1
    if mount.in_user_namespace():
        return Controllers(version=version)
    if version == 2:
        named = set(unified.read_text().split()) if os.access(root, os.W_OK) else set()
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
    return (path / "cgroup.procs").exists() and os.access(path, os.W_OK)
