"""Where an engine keeps its data and where it listens."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from dockerlab.engine.errors import InvalidParameter

SOCKET_PATH_LIMIT = 107
"""Bytes that the address of a unix socket can hold (unix(7), ``sun_path`` less its NUL)."""


def default_root(environment: Mapping[str, str] = os.environ) -> Path:
    """``$XDG_DATA_HOME/dockerlab/engine`` (XDG Base Directory Specification)."""
    data = environment.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else Path("~/.local/share").expanduser()
    return base / "dockerlab" / "engine"


def default_socket(environment: Mapping[str, str] = os.environ) -> Path:
    """``$XDG_RUNTIME_DIR/dockerlab/engine.sock``, or below /tmp where there is none."""
    runtime = Path(environment.get("XDG_RUNTIME_DIR") or "/nowhere")
    if runtime.is_absolute() and os.access(runtime, os.W_OK):
        return runtime / "dockerlab" / "engine.sock"
    return Path("/tmp") / f"dockerlab-{os.getuid()}" / "engine.sock"  # noqa: S108 - see prepare


def sockets_for(
    root: Path, socket: Path | None, environment: Mapping[str, str] = os.environ
) -> tuple[Path, ...]:
    """The socket that was asked for; otherwise the default root's own, or one in ``root``.

    Of the default root there is a second choice: what that root is depends on the environment, so
    that an engine of the same user with another one may listen on the first already.
    """
    if socket is not None:
        return (socket.absolute(),)
    if root != default_root(environment):
        return (root / "engine.sock",)
    usual = default_socket(environment)
    mark = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return usual, usual.with_name(f"engine-{mark}.sock")


def prepare_root(root: Path) -> None:
    """Make the data directory, for its owner's eyes only.

    Raises:
        InvalidParameter: it cannot be made, or is somebody else's.

    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _own(root)
        root.chmod(0o700)
    except OSError as error:
        raise InvalidParameter(f"{root} cannot hold the engine's data: {error.strerror}") from error


def prepare_socket(socket: Path) -> None:
    """Make the directory of the socket, mode 0700.

    An existing directory is left as it is, but must be ours: in /tmp another user could have put
    theirs in its place.

    Raises:
        InvalidParameter: there can be no socket at that path.

    """
    if len(os.fsencode(socket)) > SOCKET_PATH_LIMIT:
        raise InvalidParameter(
            f"the path of a socket may have {SOCKET_PATH_LIMIT} bytes, and this one has more: "
            f"{socket}. Choose a shorter one with --socket."
        )
    try:
        socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _own(socket.parent)
    except OSError as error:
        raise InvalidParameter(f"{socket} cannot be made: {error.strerror}") from error


def _own(directory: Path) -> None:
    if directory.stat().st_uid != os.geteuid():
        raise InvalidParameter(f"{directory} belongs to another user")
