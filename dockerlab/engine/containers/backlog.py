"""What an attached client has not read yet.

Docker makes the container wait for its slowest client, for as long as that takes. Waiting is right
while the client reads at all: output that nobody has seen yet is not produced, and Ctrl-C works at
once. But a client that has stopped for good (a suspended terminal, a stuck notebook) would stop
the container with it. So when a client takes nothing at all for ``STALLED`` seconds, the container
goes on, and what that client may still want goes to a file, however much it is. Nothing is lost.
"""

import asyncio
import tempfile
from collections import deque
from typing import BinaryIO

STALLED = 10.0
HIGH = 256 * 1024
"""Bytes in memory from which on the container waits."""
_HEADER = 5  # one byte for the stream, four for the length


class Backlog:
    """A queue of pieces of output: written without waiting, read with."""

    def __init__(self, *, stalled: float = STALLED, high: int = HIGH) -> None:
        self._stalled, self._high = stalled, high
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._size = 0
        self._file: BinaryIO | None = None
        self._read_at = 0
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self.closed = False

    def put(self, stream: int, data: bytes) -> None:
        """Add a piece, unless it is closed."""
        if self.closed:
            return
        if self._file is not None:
            self._file.seek(0, 2)
            self._file.write(bytes((stream,)) + len(data).to_bytes(4, "big") + data)
        else:
            self._pieces.append((stream, data))
            self._size += len(data)
        self._changed.set()

    async def room(self) -> None:
        """Wait until the client has caught up, or is seen to have stopped reading."""
        while self._size > self._high and not self.closed and self._file is None:
            self._room.clear()
            before = self._size
            try:
                async with asyncio.timeout(self._stalled):
                    await self._room.wait()
            except TimeoutError:
                if self._size >= before:
                    self._file = tempfile.TemporaryFile()  # noqa: SIM115 - until it is drained

    async def get(self) -> tuple[int, bytes] | None:
        """The oldest piece; None when it is closed and all has been read."""
        while True:
            piece = self._take()
            if piece is not None:
                return piece
            if self.closed:
                return None
            self._changed.clear()
            await self._changed.wait()

    def close(self, *, discard: bool = False) -> None:
        """No more is coming; ``discard`` what has not been read, too."""
        self.closed = True
        if discard:
            self._pieces.clear()
            self._size = 0
            self._drop_file()
        self._changed.set()
        self._room.set()

    def _take(self) -> tuple[int, bytes] | None:
        if self._pieces:
            stream, data = self._pieces.popleft()
            self._size -= len(data)
            self._room.set()
            return stream, data
        return self._take_from_file()

    def _take_from_file(self) -> tuple[int, bytes] | None:
        if self._file is None:
            return None
        self._file.seek(self._read_at)
        header = self._file.read(_HEADER)
        if not header:
            self._drop_file()
            return None
        data = self._file.read(int.from_bytes(header[1:], "big"))
        self._read_at = self._file.tell()
        return header[0], data

    def _drop_file(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._read_at = None, 0
