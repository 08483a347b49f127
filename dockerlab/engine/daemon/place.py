"""Where an engine keeps its data and where it listens."""

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


def socket_for(root: Path, socket: Path | None) -> Path:
    """The socket that was asked for; otherwise the default root's own, or one in ``root``."""
    if socket is not None:
        return socket.absolute()
    return default_socket() if root == default_root() else root / "engine.sock"


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
    """Make the directory of the socket, mode 0700, and remove a socket that nobody listens on.

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
        if socket.is_socket():
            socket.unlink()
    except OSError as error:
        raise InvalidParameter(f"{socket} cannot be made: {error.strerror}") from error


def _own(directory: Path) -> None:
    if directory.stat().st_uid != os.geteuid():
        raise InvalidParameter(f"{directory} belongs to another user")
