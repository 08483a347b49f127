"""Directory trees on disk: what they take, and how they are removed.

The trees hold what images and containers put there: names that are no text, modes that forbid
everything, paths longer than ``PATH_MAX``. Nothing here follows a symbolic link or joins a path.
"""

import os
from collections.abc import Collection
from errno import EEXIST, ENOTDIR, ENOTEMPTY
from pathlib import Path

from dockerlab.engine.snapshots.snapshotter import Usage


def usage(directory: Path | bytes, *, parent: int | None = None) -> Usage:
    """Bytes and inodes of a tree, counted as Docker does (its ``directory.Size``).

    Each inode counts once, whatever its number of links; directories count no bytes, a symbolic
    link those of its target's name. ``parent`` is the handle that a name is relative to.
    """
    size, inodes = 0, 1
    linked: set[int] = set()
    pending: list[tuple[int, list[str]]] = []  # open directories, and what is to be seen in each
    handle = open_directory(directory, parent=parent)
    while True:
        subdirectories = []
        with os.scandir(handle) as entries:
            for entry in entries:
                inodes += 1
                if entry.is_dir(follow_symlinks=False):
                    subdirectories.append(entry.name)
                    continue
                status = entry.stat(follow_symlinks=False)
                if status.st_nlink > 1 and status.st_ino in linked:
                    inodes -= 1
                    continue
                linked.add(status.st_ino)
                size += status.st_size
        pending.append((handle, subdirectories))
        while pending and not pending[-1][1]:
            os.close(pending.pop()[0])
        if not pending:
            return Usage(size=size, inodes=inodes)
        above, names = pending[-1]
        handle = open_directory(names.pop(), parent=above)


def remove(directory: Path | bytes, *, parent: int | None = None) -> None:
    """Remove a tree, whatever its modes and depth. Nothing happens if it is not there.

    Directories are first moved up to the top and emptied there, so that neither recursion nor the
    number of open files grows with the depth. ``parent`` is the handle that a name is relative to.
    """
    try:
        top = open_directory(directory, parent=parent)
    except FileNotFoundError:
        return
    moved = 0
    try:
        while names := _unlink_files(top):
            for name in names:
                handle = open_directory(name, parent=top)
                try:
                    for child in _unlink_files(handle):
                        moved = _lift(child, handle, top, moved)
                finally:
                    os.close(handle)
                os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    os.rmdir(directory, dir_fd=parent)


def _unlink_files(handle: int) -> list[str]:
    """Unlink all but the directories; their names."""
    with os.scandir(handle) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_directory in found:
        if not is_directory:
            os.unlink(name, dir_fd=handle)
    return [name for name, is_directory in found if is_directory]


def _lift(name: str, handle: int, top: int, number: int) -> int:
    """Move a directory up to ``top`` under the next number that is free there; that number."""
    while True:
        number += 1
        try:
            os.rename(name, str(number), src_dir_fd=handle, dst_dir_fd=top)
        except PermissionError:  # moving a directory writes to it: its ".." changes
            os.chmod(name, 0o700, dir_fd=handle)
            os.rename(name, str(number), src_dir_fd=handle, dst_dir_fd=top)
        except OSError as error:
            if error.errno not in (EEXIST, ENOTDIR, ENOTEMPTY):
                raise
            continue
        return number


def open_directory(name: str | bytes | Path, *, parent: int | None = None) -> int:
    """Open a directory, giving its owner back the right to see and change what is in it."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(name, flags, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        return os.open(name, flags, dir_fd=parent)
    return handle


def remove_all_but(names: Collection[str], *, below: Path) -> None:
    """Remove every tree right below a directory whose name is not among ``names``."""
    for entry in list(below.iterdir()):
        if entry.name not in names:
            remove(entry)
