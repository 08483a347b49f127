"""What a snapshotter must do: keep file systems that build on each other.

The words and the life cycle are containerd's: ``prepare`` makes an *active* snapshot on a
committed parent, ``commit`` turns it into a *committed* one under another name, ``remove`` ends
it. A layer is unpacked into an active snapshot and committed under its chain ID; a container's
writable layer is an active snapshot under the container's ID.
"""

import enum
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

import msgspec


class Kind(enum.StrEnum):
    """Whether a snapshot may still change."""

    ACTIVE = "active"
    COMMITTED = "committed"


class WhiteoutFormat(enum.Enum):
    """What a removed path must become in the directory that a layer is unpacked into."""

    OVERLAY = "overlay"
    """Overlayfs': a character device 0:0; an opaque directory carries an extended attribute."""
    OVERLAY_USER = "overlay-user"
    """The same with ``user.overlay.*`` attributes, for mounts with the option ``userxattr``."""
    REMOVE = "remove"
    """The path is removed from the directory, which already holds the layers below."""


class Info(msgspec.Struct, frozen=True):
    """A snapshot's name, kind and parent."""

    name: str
    kind: Kind
    parent: str | None


class Usage(msgspec.Struct, frozen=True):
    """What a snapshot itself takes on disk, without its parents."""

    size: int
    inodes: int


class Snapshotter(Protocol):
    """Keeps snapshots; what it has answered survives a crash."""

    name: str
    """As in ``docker info``'s Storage Driver: ``overlay`` or ``copy``."""
    whiteouts: WhiteoutFormat

    def prepare(self, name: str, *, parent: str | None, unpacking: bool = False) -> Path:
        """Make an active snapshot on a committed parent; the directory to unpack a layer into.

        With overlay that is the empty upper directory alone, with copy a copy of the parent.
        ``unpacking`` promises that no file that is there will be written into, only replaced, as
        ``unpack.apply`` does: copy then shares files with the parent by hard links.

        Raises:
            Conflict: the name is taken.
            NotFound: there is no such parent.
            InvalidParameter: the parent is not committed.
            DiskFull: no space is left; nothing is kept.

        """
        ...

    def commit(self, name: str, active: str) -> None:
        """Turn the active snapshot into a committed one called ``name``, flushed to disk.

        The flush may take a while: call it outside any transaction.

        Raises:
            Conflict: the name is taken.
            NotFound: there is no such active snapshot.

        """
        ...

    def mount(self, name: str, target: Path) -> Path:
        """Show a snapshot, with all below it, at the directory ``target``; a committed one to read.

        Returns the root to use: ``target``, or the snapshot's own directory where nothing can be
        mounted (copy).

        Raises:
            NotFound: there is no such snapshot.
            Forbidden, SystemFailure: the kernel refuses.

        """
        ...

    def unmount(self, target: Path) -> None:
        """Undo ``mount``; nothing happens where nothing is mounted."""
        ...

    def directory(self, name: str) -> Path:
        """The directory with the snapshot's own changes (overlay) or all its files (copy)."""
        ...

    def below(self, name: str) -> tuple[Path, ...]:
        """The directories of the parents whose files ``directory`` lacks, the nearest first.

        Empty with copy. ``unpack.apply`` looks there for what a layer refers to but does not hold.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a snapshot, active or committed.

        Raises:
            NotFound: there is none.
            Conflict: another snapshot builds on it.

        """
        ...

    def stat(self, name: str) -> Info:
        """Raises NotFound when there is none."""
        ...

    def usage(self, name: str) -> Usage:
        """Counted now for an active snapshot, once and for all for a committed one."""
        ...

    def count(self, name: str) -> Usage:
        """What is there now, whatever was recorded: to check that nobody has changed it."""
        ...

    def walk(self) -> Iterator[Info]:
        """Every snapshot, parents before their children."""
        ...

    def sweep(self, *, keep: Collection[str]) -> None:
        """Remove what a crash left half done; called once, when the engine starts.

        Snapshots that nobody names are removed: those not in ``keep`` (chain IDs of layers, IDs of
        containers) nor below one that is; and directories that belong to no snapshot.
        """
        ...
