"""Serve an engine until something ends it: a signal, or that nobody uses it."""

import asyncio
import logging
import signal
import socket as sockets
from collections.abc import Callable

from dockerlab.engine.engine import Engine, Settings
from dockerlab.engine.server.app import ApiServer

__all__ = ["Settings", "serve"]

_log = logging.getLogger(__name__)


def serve(
    settings: Settings, listener: sockets.socket, *, idle: float, ready: Callable[[], None]
) -> None:
    """Open the engine and answer whoever connects to ``listener``; ``ready`` is called first.

    ``idle`` are the seconds without use after which it ends by itself; 0 for never.

    Raises:
        EngineError: it could not be opened.

    """
    asyncio.run(_serve(settings, listener, idle, ready))


async def _serve(
    settings: Settings, listener: sockets.socket, limit: float, ready: Callable[[], None]
) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    engine = await Engine.open(settings)
    server = ApiServer(engine)
    await server.listen(listener)
    ready()
    idle = asyncio.create_task(_end_when_idle(limit, engine, server, ending))
    await ending.wait()
    idle.cancel()
    _log.info("stopping")
    await engine.stop()  # clients that are attached still see the end of their containers
    await server.close()
    await engine.close()


async def _end_when_idle(
    limit: float, engine: Engine, server: ApiServer, ending: asyncio.Event
) -> None:
    while limit > 0:
        if engine.busy():
            server.activity.touch()
        left = limit - server.activity.idle()
        if left <= 0:
            _log.info("not used for %g seconds", limit)
            ending.set()
            return
        await asyncio.sleep(max(left, 0.05))
