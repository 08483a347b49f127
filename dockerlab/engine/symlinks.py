"""Paths inside a root that is not this process's: symbolic links mean what they mean in there.

A link that says ``/etc/passwd`` means the container's file, and ``..`` at the root is the root
(path_resolution(7), chroot(2)).
"""

import os
from collections.abc import Callable
from errno import ELOOP

MAX_LINKS = 40
"""Symbolic links in one path, as many as Linux follows."""


def resolve(path: str, *, host: Callable[[str], str], cwd: str = "/") -> str:
    """The absolute path without links in it; what does not exist is taken for a name.

    ``host`` says where on this machine a path without links is. Nobody may exchange directories
    meanwhile: for a container that runs, ``containers.looking`` opens one after the other.

    Raises:
        OSError: links lead in a circle (ELOOP).

    >>> resolve("../bin/./sh", host=lambda path: f"/nowhere{path}", cwd="/usr/lib")
    '/usr/bin/sh'

    """
    ahead = _parts(path) if path.startswith("/") else [*_parts(path), *_parts(cwd)]
    real: list[str] = []
    links = 0
    while ahead:
        part = ahead.pop()
        if part == "..":
            del real[-1:]
            continue
        real.append(part)
        try:
            target = os.readlink(host("/" + "/".join(real)))  # noqa: PTH115 - no cost of a Path
        except OSError:
            continue
        links += 1
        if links > MAX_LINKS:
            raise OSError(ELOOP, "too many levels of symbolic links", path)
        real = [] if target.startswith("/") else real[:-1]
        ahead += _parts(target)
    return "/" + "/".join(real)


def _parts(path: str) -> list[str]:
    """The components, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]
