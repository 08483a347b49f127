"""The HTTP server: every request passes here, whatever it is about."""

import asyncio
import socket
from collections.abc import Callable
from urllib.parse import unquote

from aiohttp import web

from dockerlab.engine.engine import Engine
from dockerlab.engine.errors import InvalidParameter, NotFound
from dockerlab.engine.server import (
    attach,
    build,
    commit,
    containers,
    copying,
    events,
    images,
    logs,
    networks,
    observing,
    swarm,
    system,
    volumes,
)
from dockerlab.engine.server import (
    exec as execs,
)
from dockerlab.engine.server.answers import HEADERS, log_unexpected, refusal
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.connection import Connection
from dockerlab.engine.server.router import Handler, Router
from dockerlab.engine.server.versions import negotiate, split

LINGER = 2.0
"""Seconds in which a client that was refused may go on sending, so that it reads why."""
LINE_LIMIT = 1024 * 1024
"""Bytes of one line of a request's head: what Go's server takes, and so what clients may send."""

PARTS = (
    system,
    images,
    logs,
    attach,
    containers,
    copying,
    execs,
    events,
    networks,
    observing,
    volumes,
    build,
    commit,
    swarm,
)


class Activity:
    """When the engine was last used, and how many requests are being answered."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()
        self._open = 0

    def __enter__(self) -> None:
        self._open += 1

    def __exit__(self, *_: object) -> None:
        self._open -= 1
        self._last = self._clock()

    def touch(self) -> None:
        """Count something else than a request as use."""
        self._last = self._clock()

    def idle(self) -> float:
        """Seconds since the last request ended; 0 while one is being answered."""
        return 0.0 if self._open else self._clock() - self._last


class ApiServer:
    """Speaks the Docker Engine API on a listening unix socket."""

    def __init__(self, engine: Engine) -> None:
        self.activity = Activity(clock=asyncio.get_running_loop().time)
        self._engine = engine
        self._router = Router(route for part in PARTS for route in part.routes)
        self._connections = web.Server(self._answer, handler_cancellation=True)
        self._listener: asyncio.Server | None = None

    async def listen(self, listener: socket.socket) -> None:
        """Answer everyone who connects to ``listener`` from now on."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_unix_server(self._connection, sock=listener)

    async def close(self, *, seconds: float = 0.25) -> None:
        """Take no more connections, and end those that are open; at most for so long."""
        if self._listener is not None:
            self._listener.close()
        await self._connections.shutdown(seconds)

    def _connection(self) -> Connection:
        return Connection(
            self._connections,
            loop=asyncio.get_running_loop(),
            access_log=None,
            # A layer or a build context is unpacked by its reader.
            auto_decompress=False,
            tcp_keepalive=False,
            lingering_time=LINGER,
            max_line_size=LINE_LIMIT,
            max_field_size=LINE_LIMIT,
        )

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        with self.activity:
            path, _, query = request.raw_path.partition("?")
            wanted, path = split(unquote(path, errors="replace"))
            found = self._router.find(request.method, path)
            if found is None:
                return refusal(NotFound("page not found"))
            handler, names = found
            try:
                version = negotiate(wanted)
            except InvalidParameter as error:
                return _with_headers(refusal(error))
            call = Call(request, self._engine, version=version, query=query, names=names)
            return await _call(handler, call)


async def _call(handler: Handler, call: Call) -> web.StreamResponse:
    try:
        return _with_headers(await handler(call))
    except ConnectionError:
        raise  # the client is gone: nobody is left to be told
    except Exception as error:
        if not call.begun:
            return _with_headers(refusal(error))
        # A status is out already. The client learns of the failure by the missing end.
        log_unexpected(error)
        if call.request.transport is not None:
            call.request.transport.abort()
        raise ConnectionResetError from error


def _with_headers(response: web.StreamResponse) -> web.StreamResponse:
    """Docker's headers; without effect where the head of the answer is already on its way."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
