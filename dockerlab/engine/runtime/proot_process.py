"""A process in a container under proot, as told of by its supervisor."""

import asyncio
import os
import signal
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

from dockerlab.engine.errors import NotFound, SystemFailure
from dockerlab.engine.runtime.process import ChildProcess
from dockerlab.engine.runtime.runtime import ExitStatus

_GRACE = 0.02
"""Seconds that what is left of a container may take to end by itself."""
_NOT_EXECUTED = {2: 127, 8: 126, 13: 126}
"""Exit codes for ENOENT (of a script's interpreter), ENOEXEC and EACCES, as shells have them."""


class ProotProcess:
    """The first process that a proot runs, and with it all others of the same proot."""

    console: int | None = None

    def __init__(self, proot: ChildProcess, channel: int) -> None:
        """Watch over ``proot``; ``channel`` is where its supervisor's words can be read."""
        self.proot = proot
        self.pid = 0
        self.at_end: Callable[[], Awaitable[None]] | None = None
        """Called when it has ended, and before that is told to anybody."""
        self._channel = asyncio.StreamReader()
        self._handle = channel
        self._pidfd = -1
        self._ending: asyncio.Task[ExitStatus] | None = None

    async def begin(self) -> None:
        """Wait until the process is there.

        Raises:
            SystemFailure: proot could not start it.

        """
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._channel), os.fdopen(self._handle, "rb", 0)
        )
        pid = await self._told()
        if pid is None:
            status = await self.proot.wait()
            raise SystemFailure(f"proot failed (exit status {status.code})")
        self.pid = pid
        with suppress(ProcessLookupError):  # it has ended already
            self._pidfd = os.pidfd_open(pid)
        self._ending = asyncio.create_task(self._end())

    @property
    def ended(self) -> bool:
        """Whether its end has been seen."""
        return self._ending is not None and self._ending.done()

    async def wait(self) -> ExitStatus:
        """Wait for the end; any number of times, by any number of tasks.

        Raises:
            NotFound: it was not begun.

        """
        if self._ending is None:
            raise NotFound("the process was never there")
        return await asyncio.shield(self._ending)

    def send_signal(self, number: int) -> None:
        """Send a signal; raises NotFound when the process has ended.

        Docker's first process is PID 1 of a namespace, which the kernel spares all signals that it
        has no handler for, save SIGKILL and SIGSTOP (pid_namespaces(7)). Here it is spared them, so
        that ``docker stop`` does the same to it.
        """
        if self.ended or self._pidfd < 0:
            raise NotFound(f"process {self.pid} has ended")
        spared = number not in (signal.SIGKILL, signal.SIGSTOP) and not _catches(self.pid, number)
        if spared:
            return
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            raise NotFound(f"process {self.pid} has ended") from None

    def kill_all(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to every process that this proot runs."""
        for pid in traced_by(self.proot.pid):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    async def _told(self) -> int | None:
        try:
            number: int = struct.unpack("=i", await self._channel.readexactly(4))[0]
        except asyncio.IncompleteReadError:
            return None
        return number

    async def _end(self) -> ExitStatus:
        status = await self._told()
        error = 0
        if status is not None and status < 0:
            error, status = -status, await self._told()
        await self._end_others()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        if self.at_end is not None:
            await self.at_end()
        if error:
            return ExitStatus(_NOT_EXECUTED.get(error, 255))
        if status is None:  # the supervisor was killed, and with it the process
            return ExitStatus(128 + signal.SIGKILL)
        code = os.waitstatus_to_exitcode(status)
        return ExitStatus(code if code >= 0 else 128 - code)

    async def _end_others(self) -> None:
        """As in a PID namespace, the end of the first process is the end of all."""
        while not self.proot.ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE):
                    await self.proot.wait()
                    return
            self.kill_all()


def traced_by(tracer: int, *, proc: Path = Path("/proc")) -> Iterator[int]:
    """The processes that the process ``tracer`` traces, children before their grandchildren."""
    wanted = f"\nTracerPid:\t{tracer}\n"
    for directory in proc.iterdir():
        if not directory.name.isdecimal():
            continue
        try:
            status = (directory / "status").read_text(errors="replace")
        except OSError:  # it ended, or is hidden
            continue
        if wanted in status:
            yield int(directory.name)


def _catches(pid: int, number: int, *, proc: Path = Path("/proc")) -> bool:
    """Whether the process has a handler for a signal (proc(5), SigCgt)."""
    try:
        status = (proc / str(pid) / "status").read_text(errors="replace")
    except OSError:
        return False
    caught = int(status.partition("\nSigCgt:")[2].split(maxsplit=1)[0], 16)
    return bool(caught >> (number - 1) & 1)
