"""Shared memory that a container offers to others: ``--ipc shareable`` (shm_overview(7)).

It is a file system in memory of the engine's own, mounted into the container that offers it and
into those that join. proot can mount nothing; there it is a directory.
"""

from pathlib import Path

from dockerlab.engine import mount
from dockerlab.engine.containers.config import HostConfig
from dockerlab.engine.snapshots import trees

OF_THE_MACHINE = Path("/dev/shm")  # noqa: S108 - shown, and nothing of ours is put there
_NAME = "shm"


def place(home: Path) -> Path:
    """Where the memory of a container with the directory ``home`` is."""
    return home / _NAME


def options(host: HostConfig) -> tuple[str, ...]:
    """Of a file system in memory that is to be at /dev/shm."""
    return "mode=1777", f"size={host.shm_size}"


def offer(home: Path, host: HostConfig, *, mounting: bool) -> Path:
    """Make it, empty, and say where it is.

    Raises:
        Forbidden, SystemFailure: it could not be mounted.

    """
    withdraw(home, mounting=mounting)
    memory = place(home)
    memory.mkdir()
    memory.chmod(0o1777)
    if mounting:
        flags = mount.MS_NOSUID | mount.MS_NODEV | mount.MS_NOEXEC
        mount.mount("shm", memory, kind="tmpfs", flags=flags, data=",".join(options(host)))
    return memory


def withdraw(home: Path, *, mounting: bool) -> None:
    """Take it away, if there is any; those that have joined keep theirs."""
    memory = place(home)
    if memory.exists():
        if mounting:
            mount.unmount(memory)
        trees.remove(memory)
