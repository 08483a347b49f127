"""A part of a volume (``VolumeOptions.Subpath``), found without ever leaving the volume.

A container that runs may exchange a directory of the volume for a symbolic link at any moment. So
links are first followed by name, which tells where the part should be and gives Docker's sentences;
then that place is opened anew, a component at a time, through no link at all. What is shown to a
container is the open file itself, never its name looked up once more.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dockerlab.engine.errors import InvalidParameter, NotFound, SystemFailure

_MISSING = "no such file or directory"


def check(subpath: str, *, anonymous: bool) -> None:
    """Refuse what is no path within a volume, whatever is in the volume.

    Raises:
        InvalidParameter: it is absolute, or climbs out, or the volume is new and empty.

    """
    if subpath and anonymous:
        raise InvalidParameter("must not set Subpath when using anonymous volumes")
    clean = os.path.normpath(subpath)
    if subpath.startswith("/") or "\0" in subpath or clean.split("/", 1)[0] == "..":
        raise InvalidParameter("subpath must be a relative path within the volume")


@contextmanager
def opened(data: Path, subpath: str) -> Iterator[Path]:
    """A path that means the part itself, a file or a directory, as long as the block lasts.

    Raises:
        NotFound: there is no such part.
        InvalidParameter: links lead out of the volume.
        SystemFailure: a file is in the way, or links lead in a circle.

    """
    base, inside = _resolved(data, subpath)
    handle = _open(base, inside)
    try:
        yield Path(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def _resolved(data: Path, subpath: str) -> tuple[str, str]:
    """The volume, and where links say that the part is in it."""
    base = _real(str(data), "base directory")
    real = _real(os.path.normpath(f"{base}/{subpath}"), "combined path")
    inside = os.path.relpath(real, base)
    if inside.split("/", 1)[0] == "..":
        raise InvalidParameter(
            f"path concatenation escapes the base directory, base: {base}, subpath: {subpath}"
        )
    return base, inside


def _real(path: str, what: str) -> str:
    try:
        return os.path.realpath(path, strict=True)
    except FileNotFoundError as error:
        missing = error.filename or path
        raise NotFound(f"cannot access path {path}: lstat {missing}: {_MISSING}") from None
    except OSError as error:
        reason = (error.strerror or "").lower()
        if error.errno == errno.ELOOP:
            reason = "EvalSymlinks: too many links"
        raise SystemFailure(
            f'error while resolving symlinks in {what} "{path}": {reason}'
        ) from error


def _open(base: str, inside: str) -> int:
    """An open handle (``O_PATH``) on what is at ``inside`` now, no link followed."""
    handle = os.open(base, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    for part in inside.split("/"):
        try:
            # Of a link this opens the link itself, and nothing can be opened below that.
            inner = os.open(part, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
        except OSError as error:
            raise _exchanged(base, inside, error.errno or 0) from error
        finally:
            os.close(handle)
        handle = inner
    if stat.S_ISLNK(os.fstat(handle).st_mode):
        os.close(handle)
        raise _exchanged(base, inside, errno.ELOOP)
    return handle


def _exchanged(base: str, inside: str, number: int) -> NotFound:
    reason = os.strerror(number).lower()
    return NotFound(f"cannot access path {base}/{inside}: {reason}")
