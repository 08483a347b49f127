"""What is in memory of a container: its streams, its process, and those who wait for its end."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from dockerlab.engine.containers.logs.file import LogFile
from dockerlab.engine.containers.model import Container, Waited
from dockerlab.engine.containers.streams import Streams
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.runtime.runtime import Process


class Life:
    """One container, from when somebody first asks for it until it is removed."""

    def __init__(self, container: Container, *, log: LogFile) -> None:
        config = container.spec.config
        self.log = log
        kept = log if container.spec.host.log_config.type != "none" else None
        self.streams = Streams(
            kept, tty=config.tty, stdin_open=config.open_stdin, stdin_once=config.stdin_once
        )
        self.turn = asyncio.Lock()
        """Held by whoever starts or removes it."""
        self.process: Process | None = None
        self.watch: asyncio.Task[None] | None = None
        self.cleaning: asyncio.Task[None] | None = None
        self.pausing_removal = False
        """During a restart the end does not remove a container that is to be removed at its end."""
        self.removing = False
        self.stopping = False
        self.ended = asyncio.Event()
        """Set while no process runs."""
        self.ended.set()
        self._at_exit: list[asyncio.Future[Waited]] = []
        self._at_removal: list[asyncio.Future[Waited]] = []

    def waiter(self, container: Container, condition: str) -> asyncio.Future[Waited]:
        """A future for what ``Containers.wait`` waits for; raises InvalidParameter."""
        if condition == "removed":
            return _add(self._at_removal)
        if condition not in ("next-exit", "not-running"):
            raise InvalidParameter(f'invalid condition: "{condition}"')
        waiter = _add(self._at_exit)
        if condition == "not-running" and not container.state.running:
            waiter.set_result(Waited(container.state.exit_code))
        return waiter

    def tell_exit(self, answer: Waited) -> None:
        """Answer those who wait for the end."""
        _answer(self._at_exit, answer)

    def tell_removal(self, answer: Waited) -> None:
        """Answer everybody: there is nothing more to come."""
        _answer(self._at_exit, answer)
        _answer(self._at_removal, answer)


class Lives:
    """The lives of containers by ID, made when they are first needed."""

    def __init__(self, log_path: Callable[[str], Path], now: Callable[[], int]) -> None:
        self._log_path = log_path
        self._now = now
        self._lives: dict[str, Life] = {}
        self.closing = False
        """Whether the engine is about to end: what is stopped now, its user did not stop."""

    def of(self, container: Container) -> Life:
        """The life of a container."""
        life = self._lives.get(container.id)
        if life is None:
            log = LogFile(
                self._log_path(container.id), container.spec.host.log_config.config, now=self._now
            )
            life = self._lives[container.id] = Life(container, log=log)
        return life

    def forget(self, container_id: str) -> None:
        """The container is removed."""
        self._lives.pop(container_id, None)

    def running(self) -> tuple[str, ...]:
        """The IDs of the containers that have a process."""
        return tuple(key for key, life in self._lives.items() if life.process is not None)


def _add(waiters: list[asyncio.Future[Waited]]) -> asyncio.Future[Waited]:
    waiter: asyncio.Future[Waited] = asyncio.get_running_loop().create_future()
    waiters.append(waiter)
    return waiter


def _answer(waiters: list[asyncio.Future[Waited]], answer: Waited) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(answer)
    waiters.clear()
