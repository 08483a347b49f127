"""One client's connection: who may have one, and when it has ended.

A client may close its sending half and go on reading (``docker run -i`` does, at the end of its
input); asyncio would close the other half at once. A client that is gone altogether looks the
same to ``read``, and is told apart by its hang-up (poll(2), ``POLLHUP``).
"""

import asyncio
import functools
import os
import select
import socket
import struct
from collections import deque
from pathlib import Path
from typing import Any, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from dockerlab.engine.mount import in_user_namespace

_UCRED = struct.Struct("3i")

READ_AHEAD = 256 * 1024
"""Bytes taken from a client before its reader has asked for them."""


class Inbox:
    """What a client sends once its connection has left HTTP behind."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._parts: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._arrived = asyncio.Event()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take what has arrived, and read no further where there is much of it."""
        self._parts.append(data)
        self._size += len(data)
        if self._size > READ_AHEAD:
            self._transport.pause_reading()
        self._arrived.set()
        return False, b""

    def feed_eof(self) -> None:
        """The client sends no more."""
        self._ended = True
        self._arrived.set()

    async def read(self) -> bytes:
        """What has arrived since, or ``b""`` once the client sends no more."""
        while not self._parts and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        data = b"".join(self._parts)
        self._parts.clear()
        if self._size > READ_AHEAD and not self._transport.is_closing():
            self._transport.resume_reading()
        self._size = 0
        return data


class Connection(RequestHandler):
    """aiohttp's connection, with half-closed clients and a check of who calls."""

    __slots__ = ("_ended", "_hang_up", "_inbox")

    def __init__(self, server: web.Server, **options: Any) -> None:  # noqa: ANN401 - aiohttp's own
        super().__init__(server, **options)
        self._inbox: Inbox | None = None
        self._ended = False
        self._hang_up: select.epoll | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let in the engine's own user and root, nobody else."""
        plug: socket.socket = transport.get_extra_info("socket")
        if _peer(plug) in _allowed():
            super().connection_made(transport)
        else:
            cast("asyncio.Transport", transport).abort()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # aiohttp always closes
        """Keep the connection as long as somebody is there to read an answer."""
        if self.transport is None or not self._request_in_progress:
            return None
        plug: socket.socket = self.transport.get_extra_info("socket")
        self._watch_for_hang_up(plug)
        self._ended = True
        if self._inbox is not None:
            self._inbox.feed_eof()
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop whatever was done for this client."""
        self._forget_hang_up()
        super().connection_lost(exc)

    def take_over(self) -> Inbox:
        """Leave HTTP: everything that arrives from now on, or had arrived early, is ours."""
        assert self.transport is not None
        self._inbox = Inbox(self.transport)
        self.set_parser(cast("Any", self._inbox))
        if self._ended:
            self._inbox.feed_eof()
        return self._inbox

    async def drain(self) -> None:
        """Wait until the client has taken most of what was written."""
        await self._drain_helper()

    def _watch_for_hang_up(self, plug: socket.socket) -> None:
        self._hang_up = select.epoll()
        self._hang_up.register(plug.fileno(), 0)  # hanging up is always told
        self._loop.add_reader(self._hang_up.fileno(), self._hung_up)

    def _hung_up(self) -> None:
        self._forget_hang_up()
        if self.transport is not None:
            self.transport.abort()

    def _forget_hang_up(self) -> None:
        if self._hang_up is not None:
            self._loop.remove_reader(self._hang_up.fileno())
            self._hang_up.close()
            self._hang_up = None


def _peer(plug: socket.socket) -> int:
    """The user at the other end (unix(7), ``SO_PEERCRED``), in our own user namespace's ids."""
    credentials = plug.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    _, uid, _ = _UCRED.unpack(credentials)
    return int(uid)


@functools.cache
def _allowed() -> frozenset[int]:
    """The engine's user and root.

    In a user namespace root outside has no id of its own: it shows as the overflow id, as all
    other users do. Those cannot have come here, since the socket and its directory are closed to
    them, and only root passes closed doors.
    """
    if not in_user_namespace():
        return frozenset({os.geteuid(), 0})
    return frozenset({os.geteuid(), int(Path("/proc/sys/kernel/overflowuid").read_text())})
