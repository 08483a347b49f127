"""Attach and exec: the connection stops being HTTP and becomes a pipe (Docker Engine API, attach).

Docker calls it hijacking. The client asks with ``Connection: Upgrade`` and ``Upgrade: tcp`` and is
answered 101; a client that does not ask (before API 1.22) is answered 200. From there on bytes
flow both ways: those of a terminal as they are, those of two outputs in frames.
"""

import asyncio
import fcntl
import struct
import termios

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.server.connection import Connection
from dockerlab.engine.server.versions import Version

RAW = "application/vnd.docker.raw-stream"
MULTIPLEXED = "application/vnd.docker.multiplexed-stream"

_MULTIPLEXED_SINCE = Version(1, 42)
_LINGER = 1.0
"""Seconds for the client to close its half, after ours, before what it still sends is lost."""
_HEAD_FIRST = 10.0
"""Seconds for the client to read the head before output follows it."""
_LOOK = 0.001


def frame(stream: int, data: bytes) -> bytes:
    r"""Output of one of a process's streams: 8 bytes of header, then the data.

    >>> frame(2, b"oh")
    b'\x02\x00\x00\x00\x00\x00\x00\x02oh'
    """
    return bytes((stream, 0, 0, 0)) + len(data).to_bytes(4, "big") + data


def content_type(version: Version, *, tty: bool) -> str:
    """How the bytes are to be read; clients before API 1.42 find out by themselves."""
    return RAW if tty or version < _MULTIPLEXED_SINCE else MULTIPLEXED


class Hijacked(web.StreamResponse):
    """A connection that has left HTTP; for aiohttp it is an answer like others."""

    def __init__(self, request: web.BaseRequest, *, kind: str) -> None:
        """Answer the request's head; ``kind`` is the content type."""
        super().__init__()
        connection = request.protocol
        if not isinstance(connection, Connection) or request.transport is None:
            raise SystemFailure("the connection is gone")
        self._connection = connection
        self._transport: asyncio.Transport = request.transport
        self._inbox = connection.take_over()
        self._transport.write(_head(kind, upgrade="Upgrade" in request.headers))
        self._head_read = False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002
        """Nothing: the head is out."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing: ``finish`` has ended it."""

    @property
    def keep_alive(self) -> bool:
        """No request can follow."""
        return False

    async def receive(self) -> bytes:
        """What the client sent, or ``b""`` once it sends no more."""
        return await self._inbox.read()

    async def send(self, data: bytes) -> None:
        """Send, no faster than the client reads.

        Raises:
            ConnectionResetError: the client is gone.

        """
        if self._transport.is_closing():
            raise ConnectionResetError("the client is gone")
        if not self._head_read:
            await self._await_head_read()
        self._transport.write(data)
        await self._connection.drain()

    async def _await_head_read(self) -> None:
        """Let the client read the head by itself, if it does so soon.

        The Docker SDK for Python reads it through a buffer, and output from the socket below: what
        came into the buffer behind the head is lost to it. On a busy machine a command may have
        answered before the client looks.
        """
        self._head_read = True
        try:
            async with asyncio.timeout(_HEAD_FIRST):
                # Of this the kernel tells only who asks.
                while not self._transport.is_closing() and _unread(self._transport):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            pass

    async def finish(self) -> None:
        """Close our half, and give the client a moment to close its own.

        Closed at once, with input unread, the client would see an error in place of the end.
        """
        if not self._transport.is_closing():
            self._transport.write_eof()
            try:
                async with asyncio.timeout(_LINGER):
                    while await self._inbox.read():
                        pass
            except TimeoutError:
                pass
        self._transport.close()


def _unread(transport: asyncio.Transport) -> int:
    """Above 0 as long as the other side of a socket has not read all that it was sent (unix(7))."""
    handle = transport.get_extra_info("socket").fileno()
    (count,) = struct.unpack("i", fcntl.ioctl(handle, termios.TIOCOUTQ, bytes(4)))
    return int(count)


def _head(kind: str, *, upgrade: bool) -> bytes:
    if not upgrade:
        return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode()
    lines = ("HTTP/1.1 101 UPGRADED", f"Content-Type: {kind}", "Connection: Upgrade")
    return "".join(f"{line}\r\n" for line in (*lines, "Upgrade: tcp", "")).encode()
