"""Commands run in running containers: ``docker exec``.

An exec instance is made first, and started once. It lives in memory only: it cannot outlive the
container's run, and so not the engine either.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Callable

from dockerlab.engine.containers.attachment import Attachment, Wanted
from dockerlab.engine.containers.background import Background
from dockerlab.engine.containers.exec_instance import Exec, ExecConfig
from dockerlab.engine.containers.lives import Lives
from dockerlab.engine.containers.model import Container, Status
from dockerlab.engine.containers.register import Register, not_running
from dockerlab.engine.containers.starting import Starter
from dockerlab.engine.errors import (
    CommandFailedToStart,
    Conflict,
    InvalidParameter,
    NotFound,
    SystemFailure,
)
from dockerlab.engine.runtime.runtime import Process

NOT_STARTED = 126
"""The exit code where nothing better is known, as in Docker."""
_REMEMBERED = 300.0
"""Seconds for which an ended one can be inspected."""
_log = logging.getLogger(__name__)


class Execs:
    """The commands run in the containers of an engine."""

    def __init__(
        self,
        register: Register,
        lives: Lives,
        *,
        starter: Starter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._register = register
        self._lives = lives
        self._starter = starter
        self._clock = clock
        self._execs: dict[str, Exec] = {}
        self._watches = Background()

    def create(self, reference: str, config: ExecConfig) -> Exec:
        """Prepare a command for a running container.

        Raises:
            NotFound: there is no such container.
            Conflict: it does not run, or is paused.
            InvalidParameter: there is no command, or no such user.

        """
        if not config.cmd:
            raise InvalidParameter("No exec command specified")
        container = self._register.find(reference)
        _refuse_not_running(container, reference)
        if config.user:
            try:
                self._starter.user(container, config.user)
            except SystemFailure as error:
                raise InvalidParameter(str(error)) from error
        self._forget_old()
        made = Exec(container, config)
        self._execs[made.id] = made
        self._publish(made, f"exec_create: {made.command_line}")
        return made

    def get(self, exec_id: str) -> Exec:
        """The exec instance, whatever has become of it; raises NotFound."""
        found = self._execs.get(exec_id)
        if found is None:
            raise NotFound(f"No such exec instance: {exec_id}")
        try:
            self._register.find(found.container.id)
        except NotFound:
            del self._execs[exec_id]
            raise NotFound(f"No such container: {exec_id}") from None
        return found

    def check(self, exec_id: str) -> Exec:
        """One that may be started now, as far as its container is concerned; raises so."""
        found = self.get(exec_id)
        container = self._register.find(found.container.id)
        _refuse_not_running(container, container.id)
        return found

    def of(self, container_id: str) -> tuple[str, ...]:
        """The IDs of those in a container that have not ended."""
        return tuple(
            each.id
            for each in self._execs.values()
            if each.open and each.container.id == container_id
        )

    def pids(self, container_id: str) -> tuple[int, ...]:
        """The processes of those that run in a container."""
        found = (self._execs[each] for each in self.of(container_id))
        return tuple(each.pid for each in found if each.pid)

    def attach(self, exec_id: str, *, tty: bool) -> Attachment:
        """A client's view of the streams, to be had before the start."""
        chosen = self.get(exec_id)
        config = chosen.config

        def left(client: Attachment, detached: bool) -> None:
            chosen.streams.detach(client)
            if detached:
                self._publish(chosen, "exec_detach")

        attachment = Attachment(
            tty=tty,
            wanted=Wanted(
                stdin=config.attach_stdin,
                stdout=config.attach_stdout,
                stderr=config.attach_stderr,
            ),
            input=chosen.streams if config.attach_stdin else None,
            detach_keys=chosen.keys,
            left=left,
        )
        chosen.streams.attach(attachment)
        return attachment

    async def start(
        self, exec_id: str, *, console_size: tuple[int, int] | None = None, detached: bool = False
    ) -> None:
        """Start the command.

        Raises:
            Conflict: it runs or ran already.
            CommandNotFound: there is no such command in the container.
            CommandNotExecutable: it may not be executed.
            SystemFailure: it could not be started otherwise.

        """
        chosen = self.check(exec_id)
        if not chosen.open:
            raise Conflict(f"exec command {chosen.id} has already run")
        if chosen.running:
            raise Conflict(f"exec command {chosen.id} is already running")
        chosen.running = True
        self._publish(chosen, f"exec_start: {chosen.command_line}")
        size = console_size or chosen.config.console_size
        try:
            process = await self._starter.execute(
                chosen.container,
                chosen.described,
                chosen.streams,
                console_size=size or (0, 0),
            )
        except BaseException as error:
            code = error.exit_code if isinstance(error, CommandFailedToStart) else NOT_STARTED
            self._end(chosen, code)
            raise
        chosen.process = process
        if detached:
            # Nobody will ever type: the command must not wait for it.
            chosen.streams.end()
        self._watches.start(self._watch(chosen, process))

    def resize(self, exec_id: str, *, height: int, width: int) -> None:
        """Tell the command's terminal its size in characters.

        Raises:
            NotFound: there is no such instance, or its container is gone.
            Conflict: the container does not run.
            InvalidParameter: the command itself does not run.

        """
        chosen = self.check(exec_id)
        if not (chosen.running and chosen.pid):
            raise InvalidParameter(f"exec {chosen.id} is not running")
        chosen.streams.resize(height=height, width=width)

    async def wait(self, exec_id: str) -> int:
        """Wait for the end of a command that was started; its exit code. Raises NotFound."""
        chosen = self.get(exec_id)
        status = await chosen.process.wait() if chosen.process else None
        return status.code if status else NOT_STARTED

    def kill(self, exec_id: str) -> None:
        """Kill the command, if it runs."""
        chosen = self._execs.get(exec_id)
        if chosen is not None and chosen.process is not None:
            _kill(chosen.process)

    async def close(self) -> None:
        """Stop watching."""
        await self._watches.cancel()

    async def _watch(self, chosen: Exec, process: Process) -> None:
        container_end = asyncio.ensure_future(self._lives.of(chosen.container).ended.wait())
        end = asyncio.ensure_future(process.wait())
        try:
            await asyncio.wait({container_end, end}, return_when=asyncio.FIRST_COMPLETED)
            if not end.done():
                # In the machine's PID namespace the kernel does not end it with the container.
                _kill(process)
            status = await end
            await chosen.streams.finish(shared=True)
            self._end(chosen, status.code)
            self._publish(chosen, "exec_die", exitCode=str(status.code))
        except Exception:  # nobody waits for this task
            _log.exception("exec %s ended, and tidying up after it failed", chosen.id)
        finally:
            container_end.cancel()
            chosen.streams.release()

    def _end(self, chosen: Exec, code: int) -> None:
        chosen.running, chosen.exit_code = False, code
        chosen.ended_at = self._clock()

    def _publish(self, chosen: Exec, action: str, **attributes: str) -> None:
        self._register.publish(chosen.container, action, execID=chosen.id, **attributes)

    def _forget_old(self) -> None:
        oldest = self._clock() - _REMEMBERED
        for each in list(self._execs.values()):
            if not each.open and each.ended_at < oldest:
                del self._execs[each.id]


def _refuse_not_running(container: Container, reference: str) -> None:
    state = container.state
    if state.status is Status.RESTARTING:
        raise Conflict(
            f"Container {container.id} is restarting, wait until the container is running"
        )
    if not state.running:
        raise not_running(container)
    if state.paused:
        raise Conflict(f"container {reference} is paused, unpause the container before exec")


def _kill(process: Process) -> None:
    try:
        process.send_signal(int(signal.SIGKILL))
    except NotFound:
        return
