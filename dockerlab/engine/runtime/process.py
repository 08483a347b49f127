"""Child processes, waited for by the event loop.

A runtime starts the container's first process and ends. That process then has no parent; the
kernel gives it to the nearest *child subreaper*, which this process declares itself to be
(prctl(2), PR_SET_CHILD_SUBREAPER). A pidfd (pidfd_open(2)) tells when it has ended, and nothing
but the engine can reap it, so a pid never means another process than the one it was written for.
"""

import asyncio
import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dockerlab.engine.errors import NotFound, SystemFailure
from dockerlab.engine.runtime.control_group import ControlGroup
from dockerlab.engine.runtime.runtime import ExitStatus, Stdio

PR_SET_CHILD_SUBREAPER = 36
UNKNOWN = ExitStatus(255)
_ADOPTION = 2.0  # seconds that an adoption may take
_NEARBY = 1000  # pids that are looked at
_watched: set[int] = set()


def become_subreaper() -> None:
    """Adopt the orphans among this process's descendants from now on; raises SystemFailure."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise SystemFailure(f"could not become the parent of orphaned processes: {reason}")


class ChildProcess:
    """A child of this process, by birth or by adoption."""

    console: int | None = None
    group: ControlGroup | None = None
    """The control group that is its own, which knows whether it was killed for want of memory."""
    at_end: Callable[[], None] | None = None
    """Called when it has ended, and before that is told to anybody."""

    def __init__(self, pid: int) -> None:
        """Watch over ``pid``."""
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[ExitStatus] = self._loop.create_future()
        self._loop.add_reader(self._pidfd, self._exited)
        _watched.add(pid)

    async def wait(self) -> ExitStatus:
        """Wait for the end; any number of times, by any number of tasks."""
        return await asyncio.shield(self._ended)

    @property
    def ended(self) -> bool:
        """Whether the end has been seen."""
        return self._ended.done()

    def send_signal(self, number: int) -> None:
        """Send a signal; raises NotFound when the process has ended."""
        if self.ended:
            raise NotFound(f"process {self.pid} has ended")
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            raise NotFound(f"process {self.pid} has ended") from None

    def _exited(self) -> None:
        self._loop.remove_reader(self._pidfd)
        self._reap(deadline=self._loop.time() + _ADOPTION)

    def _reap(self, *, deadline: float) -> None:
        try:
            result = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
        except ChildProcessError:
            # crun leaves its work to a child, which may still be on its way out, and until it is
            # gone a container that was even quicker is not yet ours.
            if self._loop.time() < deadline:
                self._loop.call_later(0.0005, lambda: self._reap(deadline=deadline))
                return
            result = None
        os.close(self._pidfd)
        _watched.discard(self.pid)
        if self.at_end is not None:
            self.at_end()
        if not self._ended.done():
            oom_killed = self.group is not None and self.group.oom_killed()
            self._ended.set_result(_status(result, oom_killed=oom_killed) if result else UNKNOWN)


def spawn(
    arguments: Sequence[str], *, stdio: Stdio, environment: Mapping[str, str]
) -> ChildProcess:
    """Start a program, named by its absolute path, with these three files and no others open.

    posix_spawn(3) does not copy this process's memory map, which fork(2) would do.

    Raises:
        SystemFailure: it could not be started.

    """
    files = [
        (os.POSIX_SPAWN_DUP2, stdio.stdin, 0),
        (os.POSIX_SPAWN_DUP2, stdio.stdout, 1),
        (os.POSIX_SPAWN_DUP2, stdio.stderr, 2),
    ]
    # Python ignores SIGPIPE and SIGXFSZ, and what is ignored stays so in the container.
    defaults = [signal.SIGPIPE, signal.SIGXFSZ]
    try:
        pid = os.posix_spawn(
            arguments[0],
            list(arguments),
            environment,
            file_actions=files,
            setsigmask=[],
            setsigdef=defaults,
        )
    except OSError as error:
        raise SystemFailure(f"could not run {arguments[0]}: {error.strerror}") from error
    return ChildProcess(pid)


def start_time(pid: int, *, proc: Path = Path("/proc")) -> int:
    """When a process started, in clock ticks since boot; 0 when there is none (proc(5), stat)."""
    try:
        text = (proc / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    # The second field is the program's name in parentheses, and may hold anything.
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in ("Z", "X") else int(fields[19])


def kill_survivor(pid: int, started: int) -> bool:
    """Kill the process that has this pid, if it is the one that started then."""
    if pid <= 1 or not started:
        return False
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        # Compared after the pidfd was got: if it is the one now, the pidfd is of that one.
        if start_time(pid) != started:
            return False
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    except ProcessLookupError:
        return False
    finally:
        os.close(pidfd)
    return True


def adopt_helpers(launcher: int, names: frozenset[str], *, before: int = 0) -> None:
    """Watch over what a runtime left behind when it ended, so that it does not stay a zombie.

    crun's work is done by a child of its own, which outlives it by a moment. Its pid follows soon
    after the ``launcher``'s and comes ``before`` the container's, save when pids have started
    again from the bottom. Children of other ``names`` belong to those who started them.
    """
    last = min(before or launcher + _NEARBY, launcher + _NEARBY)
    for pid in range(launcher + 1, last):
        if pid in _watched:
            continue
        with suppress(OSError):
            name = (Path("/proc") / str(pid) / "comm").read_text().strip()
            if name in names and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG) is None:
                ChildProcess(pid)


def _status(result: os.waitid_result, *, oom_killed: bool) -> ExitStatus:
    if result.si_code == os.CLD_EXITED:
        return ExitStatus(result.si_status, oom_killed)
    return ExitStatus(128 + result.si_status, oom_killed)
