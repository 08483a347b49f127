"""A container's standard streams: read once, given to its log and to every attached client.

The streams outlive the process: a client attaches before the start, and what it is to see is there
before the end is told to anybody.
"""

import asyncio
import errno
import fcntl
import os
import struct
import termios
from contextlib import suppress

from dockerlab.engine.containers.attachment import Attachment
from dockerlab.engine.containers.logs.file import LogFile
from dockerlab.engine.runtime.runtime import Stdio

_PIECE = 64 * 1024
_GRACE = 2.0
"""Seconds in which processes that outlive the first one may still hold its output open."""


class Streams:
    """The streams of one container, over all its runs."""

    def __init__(
        self, log: LogFile | None, *, tty: bool, stdin_open: bool, stdin_once: bool
    ) -> None:
        """Keep output in ``log``, if there is one."""
        self._log = log
        self._tty = tty
        self._stdin_open = stdin_open
        self._stdin_once = stdin_once
        self._clients: set[Attachment] = set()
        self._readers: list[asyncio.Task[None]] = []
        self._stdin: _Writer | None = None
        self._started = asyncio.Event()
        self._console: int | None = None
        self._closing: asyncio.Task[None] | None = None

    def attach(self, client: Attachment) -> None:
        """Give the client the output from now on."""
        self._clients.add(client)

    def detach(self, client: Attachment) -> None:
        """Give it no more."""
        self._clients.discard(client)

    def pipes(self) -> tuple[Stdio, tuple[int, int, int]]:
        """Make pipes for a process without a terminal: its ends, and ours (-1 for no input)."""
        out, err = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
        if self._stdin_open:
            into = os.pipe2(os.O_CLOEXEC)
        else:
            into = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), -1
        return Stdio(into[0], out[1], err[1]), (into[1], out[0], err[0])

    def begin(self, stdin: int, outputs: dict[int, int]) -> None:
        """A run begins: read ``outputs`` (stream → descriptor), write input to ``stdin``."""
        if self._log is not None:
            self._log.begin()
        if self._tty:
            self._console = outputs[1]
        if self._tty and self._stdin_open:
            self._stdin = _Writer(os.dup(outputs[1]))
        elif stdin >= 0:
            os.set_blocking(stdin, False)
            self._stdin = _Writer(stdin)
        for stream, handle in outputs.items():
            os.set_blocking(handle, False)
            self._readers.append(asyncio.create_task(self._read(stream, handle)))
        self._started.set()

    async def finish(self, *, shared: bool) -> None:
        """The process has ended: wait until all its output has gone where it must.

        ``shared`` says that processes may be left which still hold the output open; they are not
        waited for. In a PID namespace of its own the kernel has killed them all.
        """
        if shared:
            _, late = await asyncio.wait(self._readers, timeout=_GRACE)
            for reader in late:
                reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._readers.clear()
        self._started.clear()
        if self._stdin is not None:
            self._stdin.close()
        if self._console is not None:
            os.close(self._console)
        self._stdin = self._console = None
        if self._log is not None:
            self._log.end()

    def release(self) -> None:
        """Let every client see the end."""
        for client in list(self._clients):
            client.backlog.close()
        self._clients.clear()
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def resize(self, *, height: int, width: int) -> None:
        """Tell the terminal its size in characters (ioctl_tty(2), TIOCSWINSZ)."""
        if self._console is not None:
            size = struct.pack("HHHH", height, width, 0, 0)
            fcntl.ioctl(self._console, termios.TIOCSWINSZ, size)

    async def write(self, data: bytes) -> None:
        """Write a client's input, once there is a process to read it."""
        await self._started.wait()
        if self._stdin is not None:
            await self._stdin.write(data)

    def end(self) -> bool:
        """A client has no more input; whether the process is told."""
        if self._tty or not self._stdin_once:
            return False
        self._closing = asyncio.create_task(self._close_stdin())
        return True

    async def _close_stdin(self) -> None:
        await self._started.wait()
        if self._stdin is not None:
            await self._stdin.close_when_written()

    async def _read(self, stream: int, handle: int) -> None:
        try:
            while data := await _read_some(handle):
                if self._log is not None:
                    self._log.write(stream, data)
                waiting = []
                for client in list(self._clients):
                    if client.wanted.stream(stream):
                        client.backlog.put(stream, data)
                        waiting.append(client)
                for client in waiting:
                    await client.backlog.room()
        finally:
            if handle != self._console:
                os.close(handle)


class _Writer:
    """Writes to a non-blocking descriptor, one client after the other."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._turn = asyncio.Lock()
        self._closed = False

    async def write(self, data: bytes) -> None:
        async with self._turn:
            while data and not self._closed:
                try:
                    data = data[os.write(self._handle, data) :]
                except BlockingIOError:
                    await _ready(self._handle, writing=True)
                except OSError:  # nobody reads any more
                    return

    async def close_when_written(self) -> None:
        async with self._turn:
            self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with suppress(ValueError, OSError):
                asyncio.get_running_loop().remove_writer(self._handle)
            os.close(self._handle)


async def _read_some(handle: int) -> bytes:
    """What is there, waiting for something to be; ``b""`` at the end."""
    while True:
        try:
            return os.read(handle, _PIECE)
        except BlockingIOError:
            await _ready(handle)
        except OSError as error:
            # The master of a terminal says EIO when nobody has the other side open.
            if error.errno == errno.EIO:
                return b""
            raise


async def _ready(handle: int, *, writing: bool = False) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    (loop.add_writer if writing else loop.add_reader)(handle, tell)
    try:
        await ready
    finally:
        (loop.remove_writer if writing else loop.remove_reader)(handle)
