"""Describe a directory tree, so that two can be compared."""

import os
import stat
from pathlib import Path

from dockerlab.engine.unpack.root import is_whiteout


def describe(directory: Path, *, times: bool = True) -> dict[bytes, tuple[object, ...]]:
    """Every path below ``directory`` with all that a container can see of it."""
    top = os.fsencode(directory)
    found: dict[bytes, tuple[object, ...]] = {}
    names: dict[int, bytes] = {}
    for folder, directories, files in os.walk(top):
        for name in sorted(directories + files):
            path = os.path.join(folder, name)  # noqa: PTH118 - names are bytes here
            status = os.lstat(path)
            content = _content(path, status)
            relative = os.path.relpath(path, top)
            found[relative] = (
                oct(status.st_mode),
                (status.st_uid, status.st_gid),
                status.st_rdev,
                status.st_mtime_ns if times else 0,
                content,
                {key: os.getxattr(path, key, follow_symlinks=False) for key in _attributes(path)},
                names.setdefault(status.st_ino, relative) if status.st_nlink > 1 else b"",
            )
    return found


def shapes(directory: Path) -> dict[str, str]:
    """Every path below ``directory`` with its kind or, for a file, its text."""
    found = sorted(directory.rglob("*"))
    return {str(path.relative_to(directory)): _shape(path, path.lstat()) for path in found}


def _shape(path: Path, status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return f"-> {path.readlink()}"
    if stat.S_ISREG(status.st_mode):
        return path.read_text(errors="replace")
    if is_whiteout(status):
        return "whiteout"
    return "/" if stat.S_ISDIR(status.st_mode) else stat.filemode(status.st_mode)[0]


def _content(path: bytes, status: os.stat_result) -> bytes:
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)  # noqa: PTH115
    if not stat.S_ISREG(status.st_mode):
        return b""
    with open(path, "rb") as file:  # noqa: PTH123 - names are bytes here
        return file.read()


def _attributes(path: bytes) -> list[str]:
    found = os.listxattr(path, follow_symlinks=False)
    return sorted(key for key in found if key != "security.selinux")
