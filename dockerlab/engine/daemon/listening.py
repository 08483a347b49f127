"""The engine's socket: made, listened on and removed, and never one that another engine uses."""

import contextlib
import errno
import fcntl
import os
import socket as sockets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dockerlab.engine.daemon.place import prepare_socket
from dockerlab.engine.errors import InvalidParameter


class InUse(InvalidParameter):
    """Somebody listens on that socket."""


@contextmanager
def listening(choice: Sequence[Path]) -> Iterator[tuple[Path, sockets.socket]]:
    """Listen on the first socket of ``choice`` that no other engine uses, as long as the block.

    Only its owner may open it, from its first moment on.

    Raises:
        InvalidParameter: none of them can be made, or others listen on all of them.

    """
    path, listener = _first(choice)
    made = path.stat().st_ino
    try:
        yield path, listener
    finally:
        # Another engine may have put its own there since: then ours is gone already.
        with contextlib.suppress(OSError), _alone_in(path.parent):
            if path.stat().st_ino == made:
                path.unlink()
        listener.close()


def _first(choice: Sequence[Path]) -> tuple[Path, sockets.socket]:
    *better, last = choice
    for path in better:
        with contextlib.suppress(InUse):
            return path, _listen(path)
    return last, _listen(last)


def _listen(path: Path) -> sockets.socket:
    prepare_socket(path)
    with _alone_in(path.parent):
        if path.is_socket():
            if _used(path):
                raise InUse(
                    f"another engine of yours listens on {path}: stop it, or choose another socket "
                    "with --socket"
                )
            path.unlink()
        return _bind(path)


def _bind(path: Path) -> sockets.socket:
    listener = sockets.socket(sockets.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise InvalidParameter(f"{path} cannot be made: {error.strerror}") from error
    finally:
        os.umask(before)
    listener.setblocking(False)
    return listener


def _used(path: Path) -> bool:
    """Whether somebody listens: what a process that was killed left refuses connections."""
    with sockets.socket(sockets.AF_UNIX) as probe:
        probe.setblocking(False)  # it may listen and be busy: EAGAIN
        return probe.connect_ex(str(path)) in (0, errno.EAGAIN)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Of two engines that start at once, one looks at and makes sockets there at a time."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # some network file systems cannot
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
