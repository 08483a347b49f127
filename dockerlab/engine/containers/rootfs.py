"""Finding one's way in a container's root file system without leaving it.

A symbolic link in there may say ``/etc/passwd`` and means the container's, never the host's.
"""

import os
import stat
from pathlib import Path

from dockerlab.engine.errors import InvalidParameter

_MAX_LINKS = 40
"""As many as Linux follows in one path (path_resolution(7))."""


def resolve(root: Path, path: str) -> Path:
    """The place that ``path`` means inside ``root``, links followed; it need not exist.

    For a container that does not run: nobody may exchange directories meanwhile.

    Raises:
        InvalidParameter: links lead in a circle.

    """
    ahead = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    real: list[str] = []
    links = 0
    while ahead:
        part = ahead.pop()
        if part == "..":
            del real[-1:]
            continue
        try:
            target = os.readlink(root.joinpath(*real, part))  # noqa: PTH115 - no cost of a Path
        except OSError:
            real.append(part)
            continue
        links += 1
        if links > _MAX_LINKS:
            raise InvalidParameter(f"{path}: too many levels of symbolic links")
        if target.startswith("/"):
            real.clear()
        ahead += [part for part in reversed(target.split("/")) if part not in ("", ".")]
    return root.joinpath(*real)


def read(root: Path, path: str) -> str:
    """The text of a regular file inside ``root``, or "" where there is none."""
    place = resolve(root, path)
    try:
        if stat.S_ISREG(place.lstat().st_mode):
            return place.read_text(errors="surrogateescape")
    except OSError:
        pass
    return ""


def make_directory(root: Path, path: str) -> None:
    """Make the directory ``path`` inside ``root`` with all above it, where it is missing.

    Raises:
        InvalidParameter: something else is in its place.

    """
    place = resolve(root, path)
    try:
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InvalidParameter(f"Cannot mkdir: {path} is not a directory") from None
