"""Finding one's way in a container's root file system without leaving it.

A symbolic link in there may say ``/etc/passwd`` and means the container's, never the host's.
"""

import os
import stat
from pathlib import Path

from dockerlab.engine import symlinks
from dockerlab.engine.containers.looking import Place, find, link_target, split
from dockerlab.engine.errors import EngineError, InvalidParameter

_MOST = 16 << 20
"""Bytes of a file that the engine reads into memory."""


def resolve(root: Path, path: str) -> Path:
    """The place that ``path`` means inside ``root``, links followed; it need not exist.

    For a container that does not run: nobody may exchange directories meanwhile.

    Raises:
        InvalidParameter: links lead in a circle.

    """
    try:
        return Path(f"{root}{symlinks.resolve(path, host=lambda inside: f'{root}{inside}')}")
    except OSError as error:
        raise InvalidParameter(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise InvalidParameter(f"{path!r} holds a NUL byte, as no file's name does") from error


def read(root: Path, path: str) -> str:
    """The text of a regular file inside ``root``, or "" where there is none.

    The container may run, and exchange directories for links at any moment: no path is gone twice.
    """
    try:
        with find(root, split(path)[0], follow=False) as place:
            if not stat.S_ISLNK(place.status.st_mode):
                return _text(place)
            target = link_target(root, place)
        with find(root, split(target)[0], follow=False) as place:
            return _text(place)
    except (EngineError, OSError):
        return ""


def _text(place: Place) -> str:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # it may be a pipe by now
    with os.fdopen(os.open(place.name, flags, dir_fd=place.parent), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return ""
        return file.read(_MOST).decode(errors="surrogateescape")


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
