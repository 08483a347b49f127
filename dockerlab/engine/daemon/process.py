"""The engine's own process: from the command line to the last goodbye."""

import contextlib
import logging
import os
import sys
from pathlib import Path

import msgspec

from dockerlab.engine.daemon import namespaces
from dockerlab.engine.daemon.listening import listening
from dockerlab.engine.daemon.lock import Holder, Lock
from dockerlab.engine.daemon.place import prepare_root, sockets_for
from dockerlab.engine.errors import EngineError

_log = logging.getLogger(__name__)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine is to run."""

    root: Path
    socket: Path | None = None
    """Where it listens; None for its place by the root."""
    runtime: str = "auto"
    idle: float = 0
    """Seconds without use after which it stops by itself; 0 for never."""
    packs: tuple[Path, ...] = ()
    mirrors: tuple[str, ...] = ()
    layer_limit: int | None = None


def run(options: Options, *, detach: int | None = None) -> None:
    """Run an engine until SIGTERM, SIGINT, or idleness ends it.

    With ``detach``, a file descriptor, the call returns at once in the process that made it; a
    child of that is the engine, and writes ``ready``, or why it could not start, to the descriptor.

    Raises:
        EngineError: it could not start; with ``detach`` that is written instead.

    """
    if detach is not None and os.fork() != 0:
        return
    try:
        _run(options, detach)
    except Exception as error:
        if detach is None:
            raise
        if not isinstance(error, EngineError):
            _log.exception("unexpected error")
        with contextlib.suppress(OSError):  # it was told already that all is well
            _tell(detach, f"{type(error).__name__}: {error}")
        sys.exit(1)


def _run(options: Options, detach: int | None) -> None:
    prepare_root(options.root)
    choice = sockets_for(options.root, options.socket)
    with Lock(options.root) as lock, listening(choice) as (socket, listener):

        def ready() -> None:
            lock.write(Holder(pid=os.getpid(), socket=str(socket)))
            _log.info("listening on %s", socket)
            if detach is not None:
                _tell(detach, "ready")

        own_mounts = _enter_namespaces(options.runtime)
        os.chdir("/")  # a learner may remove the directory that this was started in
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        # Imported here, being most of a start: who only starts or finds an engine need not wait.
        from dockerlab.engine.daemon import serving  # noqa: PLC0415

        settings = serving.Settings(
            root=options.root,
            runtime=options.runtime,
            own_mounts=own_mounts,
            packs=options.packs,
            mirrors=options.mirrors,
            layer_limit=options.layer_limit,
        )
        serving.serve(settings, listener, idle=options.idle, ready=ready)


def _enter_namespaces(runtime: str) -> bool:
    """Get a mount namespace of our own where it can be had; whether there is one.

    proot was made for where there is none, and gets none, so that it is the same everywhere.
    """
    if runtime == "proot":
        return False
    try:
        namespaces.enter()
    except namespaces.NamespacesRefused:
        if runtime == "oci":
            raise
        return False
    return True


def _tell(descriptor: int, message: str) -> None:
    os.write(descriptor, message.encode())
    os.close(descriptor)
