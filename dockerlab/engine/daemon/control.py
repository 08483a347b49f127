"""Start, find and stop an engine that runs as a process of its own."""

import os
import select
import signal
import socket as sockets
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dockerlab.engine.daemon import lock
from dockerlab.engine.daemon.place import default_root, prepare_root
from dockerlab.engine.errors import Conflict, SystemFailure, Unavailable

DEFAULT_IDLE = 1800.0
"""Seconds without a request or a running container after which an engine stops by itself."""

LOG_NAME = "engine.log"
_LOG_LIMIT = 1024 * 1024
_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 30.0
_POLL = 0.01


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an engine runs on ``root``, and how it is reached."""

    running: bool
    root: Path
    address: str = ""
    pid: int = 0


def status(*, root: Path | None = None) -> Status:
    """Whether an engine runs on ``root``."""
    place = _absolute(root)
    holder = lock.holder(place)
    if holder is None:
        return Status(running=False, root=place)
    return Status(running=True, root=place, address=f"unix://{holder.socket}", pid=holder.pid)


def start(
    *,
    root: Path | None = None,
    socket: Path | None = None,
    runtime: str = "auto",
    idle: float = DEFAULT_IDLE,
    packs: Sequence[Path] = (),
    mirrors: Sequence[str] = (),
    layer_limit: int | None = None,
) -> str:
    """Start an engine, or find the one that runs on ``root``; its address, once it answers.

    ``layer_limit`` is the most bytes that one layer may unpack to.

    Raises:
        EngineError: it could not be started; the message says why.

    """
    place = _absolute(root)
    prepare_root(place)
    command = _command(place, socket, runtime, idle, packs, mirrors)
    if layer_limit is not None:
        command += ["--max-layer-size", str(layer_limit)]
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        if not lock.held(place):
            _spawn(place, command)
        holder = lock.holder(place)
        if holder is not None and answers(Path(holder.socket)):
            return f"unix://{holder.socket}"
        time.sleep(_POLL)  # another process is just starting or stopping it
    raise Unavailable(f"the engine does not answer; its log is {place / LOG_NAME}")


def stop(*, root: Path | None = None) -> bool:
    """Stop the engine and its containers; False if none was running.

    Raises:
        SystemFailure: it did not stop in time.

    """
    place = _absolute(root)
    deadline = time.monotonic() + _START_TIMEOUT
    while (holder := lock.holder(place)) is None:
        if not lock.held(place) or time.monotonic() > deadline:
            return False
        time.sleep(_POLL)  # it is just starting
    try:
        process = os.pidfd_open(holder.pid)
    except ProcessLookupError:
        return False
    try:
        # Asked again: as long as the lock is held, the pid cannot have become another process's.
        if lock.holder(place) != holder:
            return False
        signal.pidfd_send_signal(process, signal.SIGTERM)
        if not select.select([process], [], [], _STOP_TIMEOUT)[0]:
            raise SystemFailure(f"the engine (process {holder.pid}) does not stop")
    finally:
        os.close(process)
    return True


def answers(path: Path, *, timeout: float = 5) -> bool:
    """Whether an engine answers a ping on the socket ``path``."""
    with sockets.socket(sockets.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(path))
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return connection.recv(64).startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))
        except OSError:
            return False


def _absolute(root: Path | None) -> Path:
    return (root or default_root()).absolute()


def _command(
    root: Path,
    socket: Path | None,
    runtime: str,
    idle: float,
    packs: Sequence[Path],
    mirrors: Sequence[str],
) -> list[str]:
    options = ["--root", str(root), "--runtime", runtime, "--idle", f"{idle:g}"]
    if socket is not None:
        options += ["--socket", str(socket.absolute())]
    for pack in packs:
        options += ["--pack", str(pack.absolute())]
    for mirror in mirrors:
        options += ["--mirror", mirror]
    return [sys.executable, "-m", "dockerlab.engine", "run", *options]


def _spawn(root: Path, command: Sequence[str]) -> None:
    """Run the engine detached, and wait until it listens or has said why it cannot."""
    ready, told = os.pipe()
    with _log(root).open("ab") as log:
        try:
            # Started where this package was found, so that the engine is of the same code.
            launcher = subprocess.run(
                [*command, "--detach", str(told)],
                cwd=Path(__file__).parents[3],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[told],
                start_new_session=True,
                check=False,
            )
        finally:
            os.close(told)
    with os.fdopen(ready, "rb") as pipe:
        message = pipe.read().decode(errors="replace")
    if message == "ready":
        return
    if message.startswith(Conflict.__name__):
        return  # somebody else was quicker: their engine is found next
    reason = message or f"it ended with exit code {launcher.returncode}"
    raise SystemFailure(f"the engine could not start: {reason}. Its log is {root / LOG_NAME}")


def _log(root: Path) -> Path:
    """The log file; the last one is kept beside it once it has grown long."""
    path = root / LOG_NAME
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    path.touch(mode=0o600)
    return path
