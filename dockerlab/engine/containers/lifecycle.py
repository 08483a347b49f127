"""The life cycle of containers: start, stop, restart, kill, pause, remove.

This file has a container's start and its removal; ``stopping`` sends signals, ``pausing`` freezes,
``exits`` has what an end brings about, and ``restarts`` what starts again by itself.
"""

import logging
from contextlib import suppress
from signal import SIGKILL

from dockerlab.engine.containers.background import Background
from dockerlab.engine.containers.exits import Exits
from dockerlab.engine.containers.health import HealthChecks
from dockerlab.engine.containers.keeping import Keeping
from dockerlab.engine.containers.lives import Life, Lives
from dockerlab.engine.containers.model import Container, Status
from dockerlab.engine.containers.pausing import Pausing
from dockerlab.engine.containers.ports import Forwarding
from dockerlab.engine.containers.register import Register
from dockerlab.engine.containers.removal import Removal, refuse_running
from dockerlab.engine.containers.restarts import Restarts
from dockerlab.engine.containers.starting import Starter
from dockerlab.engine.containers.stopping import Stopping, patience, stop_signal
from dockerlab.engine.containers.volumes import tell_mounted
from dockerlab.engine.errors import (
    CommandFailedToStart,
    Conflict,
    EngineError,
    NotFound,
    NotModified,
)
from dockerlab.engine.runtime.process import start_time
from dockerlab.engine.runtime.runtime import Process, Runtime
from dockerlab.engine.volumes.service import Volumes

_NOT_STARTED = 128
"""The exit code where nothing better is known, as in Docker."""
_log = logging.getLogger(__name__)


class Lifecycle:
    """Starts and ends containers."""

    def __init__(
        self,
        register: Register,
        lives: Lives,
        *,
        starter: Starter,
        removal: Removal,
        volumes: Volumes,
        health: HealthChecks,
        runtime: Runtime,
    ) -> None:
        self._register = register
        self._lives = lives
        self._starter = starter
        self._removal = removal
        self._volumes = volumes
        self._health = health
        self._runtime = runtime
        self._forwarding = Forwarding()
        self._background = Background()
        self._keeping = Keeping(register, lives, background=self._background)
        self._restarts = Restarts(register, start=self._start)
        self.pausing = Pausing(register, runtime=runtime, health=health)
        self.stopping = Stopping(register, lives, pausing=self.pausing)
        self._exits = Exits(
            register,
            lives,
            keeping=self._keeping,
            starter=starter,
            forwarding=self._forwarding,
            health=health,
            removal=removal,
            restarts=self._restarts,
            runtime=runtime,
            volumes=volumes,
            background=self._background,
        )

    async def start(self, reference: str) -> None:
        """See ``Containers.start``."""
        container = self._register.find(reference)
        life = self._lives.of(container)
        async with life.turn:
            container = self._register.find(container.id)
            _check_startable(container, life)
            await self._start(container, life)

    async def stop(
        self,
        reference: str,
        *,
        timeout: int | None,  # noqa: ASYNC109 - the container's, not this call's
        signal: str | None,
    ) -> None:
        """See ``Containers.stop``."""
        container = self._register.find(reference)
        number = stop_signal(container, signal)
        if not container.state.running:
            self._restarts.give_up(container)
            raise NotModified("container already stopped")
        await self.stopping.stop(container, number, patience(container, timeout))
        self._register.publish(container, "stop")

    async def restart(
        self,
        reference: str,
        *,
        timeout: int | None,  # noqa: ASYNC109 - the container's, not this call's
        signal: str | None,
    ) -> None:
        """See ``Containers.restart``."""
        container = self._register.find(reference)
        number = stop_signal(container, signal)
        life = self._lives.of(container)
        if container.state.running:
            life.pausing_removal = True
            try:
                await self.stopping.stop(container, number, patience(container, timeout))
                self._register.publish(container, "stop")
                await self.start(container.id)
            finally:
                life.pausing_removal = False
        else:
            await self.start(container.id)
        self._register.publish(container, "restart")

    async def remove(self, reference: str, *, force: bool, volumes: bool) -> str:
        """See ``Containers.remove``; the ID of what was removed."""
        container = self._register.find(reference)
        life = self._lives.of(container)
        if life.removing:
            raise Conflict(f"removal of container {reference} is already in progress")
        try:
            if not force:
                refuse_running(container)
            elif container.state.running or life.process is not None:
                await self.stopping.kill_for_good(container)
            async with life.turn:
                # One that removes itself may have done so meanwhile.
                if not life.removing:
                    found = self._register.find(container.id)
                    await self._removal.remove(found, life, volumes=volumes)
        except Conflict as error:
            raise Conflict(f'cannot remove container "{reference}": {error}') from error
        return container.id

    def resume(self) -> None:
        """Start what has a restart policy that says so, now that the engine is there again."""
        for container in self._restarts.of_the_last_engine():
            self._background.start(self._resume(container))

    async def _resume(self, container: Container) -> None:
        try:
            await self.start(container.id)
        except EngineError as error:
            _log.warning("container %s was not started again: %s", container.id, error)

    async def close(self) -> None:
        """Restart nothing any more, and wait for what goes on behind the answers."""
        self._lives.closing = True
        self._forwarding.close_all()
        await self._restarts.close()
        await self._background.finish()

    async def _start(self, container: Container, life: Life, *, count: int = 0) -> None:
        if life.cleaning is not None:
            await life.cleaning
        try:
            await self._forwarding.open(container)
            process = await self._starter.start(container, life)
        except EngineError as error:
            self._forwarding.close(container.id)
            await self._failed_to_start(container, life, error)
            raise
        try:
            self._enter(container, process, count)
        except EngineError as error:
            await self._take_back(container, life, process)
            await self._failed_to_start(container, life, error)
            raise
        life.process, life.stopping = process, False
        life.ended.clear()
        tell_mounted(container, self._volumes)
        self._register.publish(container, "start")
        self._health.begin(container)
        self._exits.watch(container, life, process)

    def _enter(self, container: Container, process: Process, count: int) -> None:
        """Keep that the container runs."""
        self._register.change(
            container.id,
            status=Status.RUNNING,
            pid=process.pid,
            pid_started=start_time(process.pid),
            exit_code=0,
            error="",
            oom_killed=False,
            started_at=self._register.now(),
            restart_count=count,
            stopped_by_user=False,
            health=self._health.at_start(container),
        )

    async def _take_back(self, container: Container, life: Life, process: Process) -> None:
        """End a process of which nothing could be kept: nobody would know of it."""
        with suppress(NotFound):
            process.send_signal(int(SIGKILL))
        await process.wait()
        await self._exits.take_down(container, life)
        await self._runtime.delete(container.id)

    async def _failed_to_start(self, container: Container, life: Life, error: EngineError) -> None:
        code = error.exit_code if isinstance(error, CommandFailedToStart) else _NOT_STARTED
        self._keeping.keep(container.id, exit_code=code, error=str(error))
        life.streams.release()
        if container.spec.host.auto_remove:
            await self._removal.remove(container, life, volumes=True)


def _check_startable(container: Container, life: Life) -> None:
    state = container.state
    if state.paused:
        raise Conflict("cannot start a paused container, try unpause instead")
    if state.running:
        raise NotModified("container already started")
    if life.removing or state.status in (Status.REMOVING, Status.DEAD):
        raise Conflict("container is marked for removal and cannot be started")
