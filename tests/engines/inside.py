"""A port of a container that has no network, reached from this machine, as root can."""

import asyncio
import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_CHUNK = 1 << 16


@contextmanager
def forwarded(process: int, *, port: int) -> Iterator[int]:
    """A port of 127.0.0.1 here that leads to `port` of 127.0.0.1 where `process` lives."""
    ready: list[int] = []
    begun = threading.Event()
    loop = asyncio.new_event_loop()
    with ThreadPoolExecutor(1, initializer=_enter, initargs=(process,)) as inside:
        server = _Forwarder(inside, port)

        def serve() -> None:
            asyncio.set_event_loop(loop)
            ready.append(loop.run_until_complete(server.listen()))
            begun.set()
            loop.run_forever()
            loop.run_until_complete(server.close())
            loop.close()

        thread = threading.Thread(target=serve)
        thread.start()
        begun.wait()
        try:
            yield ready[0]
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


def _enter(process: int) -> None:
    """Move this thread alone into the network of a process: sockets it makes belong there."""
    descriptor = os.open(Path("/proc", str(process), "ns/net"), os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(descriptor)


class _Forwarder:
    def __init__(self, inside: ThreadPoolExecutor, port: int) -> None:
        self._inside = inside
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self) -> int:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._join(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = ("127.0.0.1", self._port)
        loop = asyncio.get_running_loop()
        plug = await loop.run_in_executor(self._inside, socket.create_connection, address)
        there, back = await asyncio.open_connection(sock=plug)
        try:
            # Either side may close first: a browser does not say goodbye.
            both = [
                asyncio.create_task(_copy(reader, back)),
                asyncio.create_task(_copy(there, writer)),
            ]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)
        finally:
            back.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
