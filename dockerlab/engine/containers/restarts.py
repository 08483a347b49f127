"""Restart policies: what starts again by itself, when, and how often (``--restart``)."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Protocol

from dockerlab.engine.containers.background import Background
from dockerlab.engine.containers.lives import Life
from dockerlab.engine.containers.model import Container, Status
from dockerlab.engine.containers.register import Register
from dockerlab.engine.errors import EngineError, NotFound
from dockerlab.engine.timestamp import SECOND

_FIRST_BACKOFF, _LAST_BACKOFF = 0.1, 60.0
"""Seconds before the first restart, and before the last; the time doubles in between."""
_STEADY = 10 * SECOND
"""Nanoseconds that a container has to run for the time to begin anew."""
_log = logging.getLogger(__name__)


class Start(Protocol):
    """What starts a container whose turn is held; raises EngineError."""

    def __call__(self, container: Container, life: Life, *, count: int) -> Awaitable[None]:
        """Start it for the ``count``-th time since its user did."""
        ...


class Restarts:
    """Starts containers again whose policies say so."""

    def __init__(self, register: Register, *, start: Start) -> None:
        self._register = register
        self._start = start
        self._waiting = Background()

    def after(self, container: Container, life: Life, *, lived: int) -> None:
        """Start a container again that has ended by itself after ``lived`` nanoseconds."""
        if not is_wanted(container):
            return
        count = container.state.restart_count
        wait = _FIRST_BACKOFF if lived > _STEADY else _FIRST_BACKOFF * 2 ** min(count, 12)
        self._register.change(container.id, status=Status.RESTARTING)
        self._waiting.start(self._restart(container, life, min(wait, _LAST_BACKOFF), count + 1))

    def give_up(self, container: Container) -> None:
        """Its user has stopped it before its next start."""
        if container.state.status is Status.RESTARTING:
            self._register.change(container.id, status=Status.EXITED, stopped_by_user=True)

    def of_the_last_engine(self) -> list[Container]:
        """What is to run again now that the engine is there again.

        As in Docker: ``always`` starts even what its user has stopped, ``unless-stopped`` does not.
        """
        return [
            container
            for container in self._register.all()
            if container.state.started_at
            and not container.state.running
            and is_wanted(container)
            and (
                not container.state.stopped_by_user
                or container.spec.host.restart_policy.name == "always"
            )
        ]

    async def close(self) -> None:
        """Restart nothing any more."""
        await self._waiting.cancel()

    async def _restart(self, container: Container, life: Life, wait: float, count: int) -> None:
        await asyncio.sleep(wait)
        async with life.turn:
            try:
                container = self._register.find(container.id)
                if container.state.status is Status.RESTARTING:
                    await self._start(container, life, count=count)
            except EngineError as error:
                _log.warning("container %s was not started again: %s", container.id, error)
                if not isinstance(error, NotFound):
                    self._register.change(container.id, status=Status.EXITED)


def is_wanted(container: Container) -> bool:
    """Whether the container's policy starts it again after the end that its state tells of."""
    policy, state = container.spec.host.restart_policy, container.state
    if policy.name == "on-failure":
        allowed = policy.maximum_retry_count
        return state.exit_code != 0 and (not allowed or state.restart_count < allowed)
    return policy.name in ("always", "unless-stopped")
