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
OWN = Path("/proc/self/cgroup")
_LEAF = "dockerlab-engine"
_LIMITING = ("memory", "pids", "cpu", "cpuset")


class Controllers(msgspec.Struct, frozen=True, kw_only=True):
    """What this process can limit, as ``docker info`` tells it."""

    version: int
    """Of the control groups: 1 (which includes the mixture with 2) or 2."""
    path: str = ""
    """The group that containers' groups are made in, below the root: "" is the root itself."""
    groups: bool = False
    """Whether groups can be made at all, as freezing needs."""
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


def controllers(root: Path = ROOT, own: Path = OWN) -> Controllers:
    """Find out, by trying, what this process may limit, and where.

    An ordinary user may, below a group that was given to them (admin-guide/cgroup-v2.rst,
    § Delegation): that of their own systemd, of a scope, or of a container. ``own`` says which
    groups this process is in (cgroups(7), /proc/[pid]/cgroup).
    """
    version = version_of(root)
    mine = _groups_of(own)
    if version == 2:
        path, named = _unified(root, mine.get("", ""))
    else:
        path, named = _separate(root, mine)
    return Controllers(
        version=version,
        path=path or "",
        groups=path is not None,
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


def _groups_of(own: Path) -> dict[str, str]:
    """The group of this process, by controller; "" for version 2. Paths begin with a slash."""
    found: dict[str, str] = {}
    with suppress(OSError):
        for line in own.read_text().splitlines():
            _, names, path = line.split(":", 2)
            found |= dict.fromkeys(names.split(","), path.rstrip("/"))
    return found


def _separate(root: Path, mine: dict[str, str]) -> tuple[str | None, set[str]]:
    """Version 1: the machine's root may make groups anywhere, others in a group of their own."""
    path = mine.get("memory", "") if mount.in_user_namespace() else ""
    named = {
        place.name
        for place in _directories(root)
        if (not path or mine.get(place.name) == path) and _can_make_groups(Path(f"{place}{path}"))
    }
    return path if named else None, named


def _unified(root: Path, mine: str) -> tuple[str | None, set[str]]:
    """Version 2: the nearest group with the most controllers for those below it."""
    if not (root / "cgroup.events").exists() and _can_make_groups(root):  # the machine's own root
        return "", _enabled(root)
    best: tuple[str | None, set[str]] = None, set()
    above = mine
    while above:
        above = above.rpartition("/")[0]
        found = _handed_down(root / above.lstrip("/"))
        if found is not None and (best[0] is None or len(found) > len(best[1])):
            best = above, found
    if best[1] or not _leave_to(root / mine.lstrip("/"), _LEAF):
        return best
    return mine, _enabled(root / mine.lstrip("/"))


def _handed_down(group: Path) -> set[str] | None:
    """The controllers that groups below can have; None where this process may make none.

    A group with processes of its own can hand down nothing (§ No Internal Process Constraint), and
    what is put below one that does it all the same may not hold processes.
    """
    if not _can_make_groups(group) or (group / "cgroup.procs").read_text():
        return None
    return _enabled(group)


def _leave_to(group: Path, leaf: str) -> bool:
    """Move this process from its group into one below, if it is alone there."""
    try:
        if not _can_make_groups(group) or _members(group) != [os.getpid()]:
            return False
        (group / leaf).mkdir(exist_ok=True)
        (group / leaf / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        return False
    return True


def _members(group: Path) -> list[int]:
    return [int(line) for line in (group / "cgroup.procs").read_text().split()]


def _enabled(group: Path) -> set[str]:
    """The controllers that groups below ``group`` can have, after those that limit were enabled."""
    down = group / "cgroup.subtree_control"
    already = down.read_text().split()
    for name in (group / "cgroup.controllers").read_text().split():
        if name in (*_LIMITING, "io") and name not in already:
            with suppress(OSError):
                down.write_text(f"+{name}")
    return set(down.read_text().split())


def _can_make_groups(path: Path) -> bool:
    """Whether a group can be made here, and entered; they are often there but read-only."""
    probe = path / f"dockerlab-probe-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return os.access(path / "cgroup.procs", os.W_OK)
