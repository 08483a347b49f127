"""The thread that starts proot: what it starts has the seccomp filter, and one CPU.

Filters and CPU affinity belong to threads and are inherited by what a thread starts. So a thread of
its own installs the filter once, and each start costs nothing more than posix_spawn(3), with no
program between the engine and proot.

proot stops its processes at every system call that it translates. On one CPU that is a change from
one process to another; between two it is an interrupt and a sleep. `find` over many files takes a
fifth longer then on a busy machine with two CPUs, and several times as long on an idle one.
"""

import asyncio
import itertools
import os
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.runtime import seccomp
from dockerlab.engine.runtime.process import ChildProcess
from dockerlab.engine.runtime.runtime import Stdio
from dockerlab.engine.runtime.supervisor import CHANNEL


class Spawner:
    """Starts programs under the filter, each on one CPU, in turn on all that may be used."""

    def __init__(self) -> None:
        """Start the thread; it ends with ``close``."""
        self._cpus = itertools.cycle(sorted(os.sched_getaffinity(0)))
        self._thread = ThreadPoolExecutor(1, "proot", initializer=seccomp.install)

    async def spawn(
        self,
        arguments: Sequence[str],
        *,
        stdio: Stdio,
        channel: int,
        environment: Mapping[str, str],
    ) -> ChildProcess:
        """Start a program with these files open, ``channel`` as descriptor 3, and no others.

        Raises:
            SystemFailure: it could not be started.

        """
        loop = asyncio.get_running_loop()
        pid = await loop.run_in_executor(
            self._thread, self._spawn, arguments, stdio, channel, environment
        )
        return ChildProcess(pid)

    def _spawn(
        self, arguments: Sequence[str], stdio: Stdio, channel: int, environment: Mapping[str, str]
    ) -> int:
        os.sched_setaffinity(0, {next(self._cpus)})  # 0 is this thread alone
        wanted = ((stdio.stdin, 0), (stdio.stdout, 1), (stdio.stderr, 2), (channel, CHANNEL))
        try:
            return os.posix_spawn(
                arguments[0],
                list(arguments),
                environment,
                file_actions=[(os.POSIX_SPAWN_DUP2, old, new) for old, new in wanted],
                setsid=True,  # or a Ctrl-C at the engine's own terminal would reach it
                setsigmask=[],
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except OSError as error:
            raise SystemFailure(f"could not run {arguments[0]}: {error.strerror}") from error

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False)
