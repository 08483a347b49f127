"""Signals to a container's first process, and waiting for its end."""

import asyncio
from signal import SIGKILL

from dockerlab.engine.containers import signals
from dockerlab.engine.containers.lives import Life, Lives
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.pausing import Pausing
from dockerlab.engine.containers.register import Register, not_running
from dockerlab.engine.errors import NotFound, SystemFailure

STOP_TIMEOUT = 10
"""Seconds between the stop signal and the one that kills, unless others are asked for."""
KILL_TIMEOUT = 10
"""Seconds in which a killed process has to end."""


class Stopping:
    """Ends containers by signals; what an end brings about is for ``Exits``."""

    def __init__(self, register: Register, lives: Lives, *, pausing: Pausing) -> None:
        self._register = register
        self._lives = lives
        self._pausing = pausing

    async def stop(self, container: Container, number: int, patience: float | None) -> None:
        """Send the signal, and after ``patience`` seconds SIGKILL; None waits for ever.

        Raises:
            SystemFailure: it did not end even then.

        """
        life = self._lives.of(container)
        life.stopping = True
        await self._send(container, life, number)
        if not await _end(life, patience):
            await self._send(container, life, SIGKILL)
            if not await _end(life, KILL_TIMEOUT):
                raise SystemFailure(f"container {container.id} does not end, even when killed")

    async def kill(self, reference: str, signal: str | None) -> None:
        """See ``Containers.kill``."""
        number = signals.parse(signal) if signal else int(SIGKILL)
        container = self._register.find(reference)
        if not container.state.running:
            raise not_running(container)
        life = self._lives.of(container)
        if number in (SIGKILL, stop_signal(container)):
            life.stopping = True
        await self._send(container, life, number)
        if number == SIGKILL:
            await _end(life, KILL_TIMEOUT)

    async def kill_for_good(self, container: Container) -> None:
        """End a container that is to be removed, in whatever state it is.

        Raises:
            SystemFailure: it does not end.

        """
        life = self._lives.of(container)
        life.stopping = True
        if life.process is not None:
            await self._send(container, life, SIGKILL)
            if not await _end(life, KILL_TIMEOUT):
                raise SystemFailure("could not kill container: it does not end")

    async def _send(self, container: Container, life: Life, number: int) -> None:
        self._register.publish(container, "kill", signal=str(int(number)))
        if self._register.find(container.id).state.paused:
            # A frozen process does not see a signal: not even this one, until it thaws.
            await self._pausing.unpause(container.id)
        if life.process is None:
            return
        try:
            life.process.send_signal(int(number))
        except NotFound:
            return  # it has just ended


async def _end(life: Life, patience: float | None) -> bool:
    """Whether the process ends within so many seconds."""
    try:
        async with asyncio.timeout(patience):
            await life.ended.wait()
    except TimeoutError:
        return False
    return True


def stop_signal(container: Container, asked: str | None = None) -> int:
    """The signal that is asked for, or the container's own; raises InvalidParameter."""
    name = asked or container.spec.config.stop_signal
    return signals.parse(name) if name else signals.DEFAULT_STOP


def patience(container: Container, timeout: int | None) -> float | None:
    """Seconds to wait after the stop signal; None for as long as it takes."""
    if timeout is None:
        asked = container.spec.config.stop_timeout
        timeout = STOP_TIMEOUT if asked is None else asked
    return None if timeout < 0 else float(timeout)
