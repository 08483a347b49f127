"""A registry in a thread of this process, from its start to its end."""

from __future__ import annotations

import asyncio
import errno
import socket
import tempfile
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from dockerlab.registry.server import make_app
from dockerlab.registry.storage import Manifest, Storage

PORTS = range(5050, 5060)
"""Tried in this order. Not 5000: a learner's own registry may be there, and macOS's AirPlay is."""
LOOPBACK = "127.0.0.1"


class Registry:
    """A running registry. Blocks nothing: it serves from a thread, until `stop` or the end."""

    def __init__(self, listening: socket.socket, folder: tempfile.TemporaryDirectory[str]) -> None:
        self.port: int = listening.getsockname()[1]
        self._storage = Storage(Path(folder.name))
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        thread = threading.Thread(
            target=_serve, args=(self._loop, self._storage, listening, self._started), daemon=True
        )
        thread.start()
        self._started.wait()
        # No reference to self in here, or it would never be called.
        self._stop = weakref.finalize(self, _stop, self._loop, thread, self._storage, folder)

    @property
    def address(self) -> str:
        """What stands in front of an image's name, localhost and the port."""
        return f"localhost:{self.port}"

    @property
    def numeric_address(self) -> str:
        """The same place by its number. To an engine it is another registry."""
        return f"{LOOPBACK}:{self.port}"

    def __repr__(self) -> str:
        return f"<Registry {self.address}>"

    def tags(self, name: str) -> dict[str, str]:
        """Return the tags of a repository, each with the digest that it points at now."""
        return dict(sorted(self._storage.repositories[name].tags.items()))

    def manifest(self, name: str, reference: str = "latest") -> Manifest:
        """Return the manifest that a tag or digest of a repository names.

        Raises:
            NotStored: there is none.

        """
        return self._storage.repositories[name].find(reference)

    def stop(self) -> None:
        """End it and throw away what it has; twice is once."""
        self._stop()


def start_registry(*, ports: Iterable[int] = PORTS) -> Registry:
    """Start a registry on the first free one of `ports`, or on any free port.

    Raises:
        OSError: nothing can listen on this machine's loopback address.

    """
    folder = tempfile.TemporaryDirectory(prefix="dockerlab-registry-")
    return Registry(_listen(ports), folder)


def _listen(ports: Iterable[int]) -> socket.socket:
    for port in (*ports, 0):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, port))
        except OSError as error:
            listening.close()
            if error.errno != errno.EADDRINUSE or port == 0:
                raise
        else:
            return listening
    raise AssertionError("port 0 binds or raises")


def _serve(
    loop: asyncio.AbstractEventLoop,
    storage: Storage,
    listening: socket.socket,
    started: threading.Event,
) -> None:
    asyncio.set_event_loop(loop)
    runner = web.AppRunner(make_app(storage), access_log=None)
    loop.run_until_complete(runner.setup())
    loop.run_until_complete(web.SockSite(runner, listening).start())
    started.set()
    loop.run_forever()
    loop.run_until_complete(runner.cleanup())
    loop.close()


def _stop(
    loop: asyncio.AbstractEventLoop,
    thread: threading.Thread,
    storage: Storage,
    folder: tempfile.TemporaryDirectory[str],
) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    storage.close()
    folder.cleanup()
