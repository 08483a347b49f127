"""What a client sends, as a file that a worker thread reads."""

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from dockerlab.engine.errors import SystemFailure

T = TypeVar("T")


class Body:
    """Reads an asynchronous stream of bytes from another thread, as it comes.

    Made in the event loop's thread; ``read`` is for one worker thread.
    """

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting: concurrent.futures.Future[bytes] | None = None
        self._closed = False
        self._rest = memoryview(b"")
        self._ended = False

    async def gather(self, size: int) -> None:
        """Take in ``size`` bytes or what there is, before the first ``read``.

        Cheaper than to be asked for each part from another thread.
        """
        gathered: list[bytes] = []
        while size > 0 and (part := await self._fetch()):
            gathered.append(part)
            size -= len(part)
        self._ended = size > 0
        self._rest = memoryview(b"".join(gathered))

    def read(self, size: int = -1) -> bytes:
        """Wait for ``size`` bytes; fewer only at the end of the stream.

        Raises:
            SystemFailure: ``close`` was called.

        """
        gathered: list[memoryview] = []
        wanted = size if size >= 0 else 1 << 62
        while wanted and (self._rest or self._next()):
            piece = self._rest[:wanted]
            self._rest = self._rest[len(piece) :]
            wanted -= len(piece)
            gathered.append(piece)
        return bytes(gathered[0]) if len(gathered) == 1 else b"".join(gathered)

    def close(self) -> None:
        """Let a reader that waits, or comes, fail at once."""
        with self._lock:
            self._closed = True
            if self._waiting is not None:
                self._waiting.cancel()

    def _next(self) -> bool:
        while not self._rest and not self._ended:
            with self._lock:
                if self._closed:
                    raise _gone()
                self._waiting = asyncio.run_coroutine_threadsafe(self._fetch(), self._loop)
            try:
                part = self._waiting.result()
            except concurrent.futures.CancelledError:
                raise _gone() from None
            self._ended = not part
            self._rest = memoryview(part)
        return not self._ended

    async def _fetch(self) -> bytes:
        async for part in self._parts:
            if part:
                return part
        return b""


async def finished(work: asyncio.Task[T], *, stop: Callable[[], None]) -> T:
    """Await work that goes on in a thread; when cancelled, ``stop`` it and wait for its end.

    A thread cannot be ended from outside, and must not be left to itself.
    """
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()
        raise


def _gone() -> SystemFailure:
    return SystemFailure("the client went away")
