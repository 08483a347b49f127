"""Commands run in running containers: ``docker exec``.

An exec instance is made first, and started once. It lives in memory only: it cannot outlive the
container's run, and so not the engine either.
"""

import asyncio
import logging
import secrets
import signal
import time
from collections.abc import Callable, Coroutine

import msgspec

from dockerlab.engine.containers.attachment import Attachment, Wanted, parse_detach_keys
from dockerlab.engine.containers.lives import Lives
from dockerlab.engine.containers.model import Container, Status
from dockerlab.engine.containers.register import Register, not_running
from dockerlab.engine.containers.starting import Starter
from dockerlab.engine.containers.streams import Streams
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


class ExecConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """What is to be run (Docker Engine API, ``ExecConfig``)."""

    cmd: tuple[str, ...] = ()
    user: str = ""
    privileged: bool = False
    tty: bool = False
    console_size: tuple[int, int] | None = None
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    detach_keys: str = ""
    env: tuple[str, ...] = ()
    working_dir: str = ""


class Exec:
    """One command in one container, before, while and after it runs."""

    def __init__(self, container: Container, config: ExecConfig) -> None:
        self.id = secrets.token_hex(32)
        self.container = container
        self.config = config
        self.user = config.user or container.spec.config.user
        self.running = False
        self.exit_code: int | None = None
        self.process: Process | None = None
        self.ended_at = 0.0
        keys = parse_detach_keys(config.detach_keys)
        self.keys = keys if config.tty else b""
        self.streams = Streams(
            None, tty=config.tty, stdin_open=config.attach_stdin, stdin_once=True
        )

    @property
    def pid(self) -> int:
        """Its process, 0 before there is one."""
        return self.process.pid if self.process else 0

    @property
    def open(self) -> bool:
        """Whether it has yet to end, or to start."""
        return self.exit_code is None

    @property
    def command_line(self) -> str:
        """The command as events tell it."""
        return f"{self.config.cmd[0]} {' '.join(self.config.cmd[1:])}"


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
        self._watches: set[asyncio.Task[None]] = set()

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
                _as_asked(chosen.container, chosen.config),
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
        self._behind(self._watch(chosen, process))

    def resize(self, exec_id: str, *, height: int, width: int) -> None:
        """Tell the command's terminal its size in characters; raises Conflict if none runs."""
        chosen = self.check(exec_id)
        if not (chosen.running and chosen.pid):
            raise InvalidParameter(f"exec {chosen.id} is not running")
        chosen.streams.resize(height=height, width=width)

    async def wait(self, exec_id: str) -> int:
        """Wait for the end of a command that was started; its exit code."""
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
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    def _behind(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

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


def _as_asked(container: Container, asked: ExecConfig) -> Container:
    """The container as its own first process would have to be described for this command."""
    spec = container.spec
    config = msgspec.structs.replace(
        spec.config,
        tty=asked.tty,
        user=asked.user or spec.config.user,
        env=(*(spec.config.env or ()), *asked.env),
        working_dir=asked.working_dir or spec.config.working_dir,
    )
    host = msgspec.structs.replace(
        spec.host, init=None, privileged=asked.privileged or spec.host.privileged
    )
    described = msgspec.structs.replace(
        spec, config=config, host=host, path=asked.cmd[0], args=asked.cmd[1:]
    )
    return msgspec.structs.replace(container, spec=described)


def _kill(process: Process) -> None:
    try:
        process.send_signal(int(signal.SIGKILL))
    except NotFound:
        return
