"""The life cycle of containers: start, stop, kill, restart, pause, and what an end brings about."""

import asyncio
import contextlib
import logging
import signal as signals_of_python
from collections.abc import Coroutine

import msgspec

from dockerlab.engine.containers import signals
from dockerlab.engine.containers.health import HealthChecks
from dockerlab.engine.containers.lives import Life, Lives
from dockerlab.engine.containers.model import Container, State, Status, Waited
from dockerlab.engine.containers.ports import Forwarding
from dockerlab.engine.containers.register import Register, not_running
from dockerlab.engine.containers.removal import Removal
from dockerlab.engine.containers.starting import Starter
from dockerlab.engine.containers.volumes import tell_mounted, tell_unmounted
from dockerlab.engine.errors import (
    CommandFailedToStart,
    Conflict,
    EngineError,
    NotFound,
    NotModified,
    SystemFailure,
)
from dockerlab.engine.runtime.process import start_time
from dockerlab.engine.runtime.runtime import ExitStatus, Process, Runtime
from dockerlab.engine.timestamp import SECOND
from dockerlab.engine.volumes.service import Volumes

STOP_TIMEOUT = 10
KILL_TIMEOUT = 10
_FIRST_BACKOFF, _LAST_BACKOFF, _STEADY = 0.1, 60.0, 10 * SECOND
_UNTIL_ROOM = 1.0
_log = logging.getLogger(__name__)


class Lifecycle:
    """Starts and ends containers, and sees them end."""

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
        self._restarts: set[asyncio.Task[None]] = set()
        self._closing = False
        self._tidying: set[asyncio.Task[None]] = set()

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
        number = signals.parse(signal) if signal else _stop_signal(container)
        if not container.state.running:
            self._give_up_restarting(container)
            raise NotModified("container already stopped")
        await self._stop(container, number, _patience(container, timeout))
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
        number = signals.parse(signal) if signal else _stop_signal(container)
        life = self._lives.of(container)
        if container.state.running:
            life.pausing_removal = True
            try:
                await self._stop(container, number, _patience(container, timeout))
                self._register.publish(container, "stop")
                await self.start(container.id)
            finally:
                life.pausing_removal = False
        else:
            await self.start(container.id)
        self._register.publish(container, "restart")

    async def kill(self, reference: str, signal: str | None) -> None:
        """See ``Containers.kill``."""
        number = signals.parse(signal) if signal else int(signals_of_python.SIGKILL)
        container = self._register.find(reference)
        if not container.state.running:
            raise not_running(container)
        life = self._lives.of(container)
        if number in (signals_of_python.SIGKILL, _stop_signal(container)):
            life.stopping = True
        await self._signal(container, life, number)
        if number == signals_of_python.SIGKILL:
            await self._await_end(life, KILL_TIMEOUT)

    async def kill_for_good(self, container: Container) -> None:
        """End a container that is to be removed, in whatever state it is."""
        life = self._lives.of(container)
        life.stopping = True
        if life.process is not None:
            await self._signal(container, life, int(signals_of_python.SIGKILL))
            if not await self._await_end(life, KILL_TIMEOUT):
                raise SystemFailure("could not kill container: it does not end")

    async def pause(self, reference: str) -> None:
        """See ``Containers.pause``."""
        container = self._register.find(reference)
        if not container.state.running:
            raise not_running(container)
        if container.state.paused:
            raise Conflict(f"Container {container.id} is already paused")
        await self._runtime.pause(container.id)
        health = self._health.end(container)
        self._register.change(container.id, status=Status.PAUSED, health=health)
        self._register.publish(container, "pause")

    async def unpause(self, reference: str) -> None:
        """See ``Containers.unpause``."""
        container = self._register.find(reference)
        if not container.state.paused:
            raise SystemFailure(f"Container {container.id} is not paused")
        await self._unpause(container)

    async def _unpause(self, container: Container) -> None:
        await self._runtime.unpause(container.id)
        self._register.change(container.id, status=Status.RUNNING)
        self._health.begin(container)
        self._register.publish(container, "unpause")

    def closing(self) -> None:
        """What is stopped from now on, the engine stops, and not its user."""
        self._closing = True

    def resume(self) -> None:
        """Start what has a restart policy that says so, now that the engine is there again.

        As in Docker: ``always`` starts even what its user has stopped, ``unless-stopped`` does not.
        """
        for container in self._register.all():
            state = container.state
            stopped = state.stopped_by_user and container.spec.host.restart_policy.name != "always"
            if state.started_at and not state.running and not stopped and _wants_restart(container):
                self._behind(self._resume(container))

    async def _resume(self, container: Container) -> None:
        try:
            await self.start(container.id)
        except EngineError as error:
            _log.warning("container %s was not started again: %s", container.id, error)

    async def close(self) -> None:
        """Wait for work that goes on behind the answers."""
        self._forwarding.close_all()
        for task in self._restarts:
            task.cancel()
        await asyncio.gather(*self._restarts, *self._tidying, return_exceptions=True)

    def _behind(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Do something that no answer waits for."""
        task = asyncio.create_task(work)
        self._tidying.add(task)
        task.add_done_callback(self._tidying.discard)
        return task

    # Starting.

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
        except EngineError as error:
            await self._take_back(container, life, process)
            await self._failed_to_start(container, life, error)
            raise
        life.process, life.stopping = process, False
        life.ended.clear()
        tell_mounted(container, self._volumes)
        self._register.publish(container, "start")
        self._health.begin(container)
        life.watch = asyncio.create_task(self._watch(container, life, process))

    async def _take_back(self, container: Container, life: Life, process: Process) -> None:
        """End a process of which nothing could be kept: nobody would know of it."""
        with contextlib.suppress(NotFound):
            process.send_signal(int(signals_of_python.SIGKILL))
        await process.wait()
        await life.streams.finish(shared=container.spec.host.pid_mode == "host")
        self._starter.unmount(container.id)
        self._forwarding.close(container.id)
        await self._runtime.delete(container.id)

    async def _failed_to_start(self, container: Container, life: Life, error: EngineError) -> None:
        code = error.exit_code if isinstance(error, CommandFailedToStart) else 128
        self._keep(container.id, exit_code=code, error=str(error))
        life.streams.release()
        if container.spec.host.auto_remove:
            await self._removal.remove(container, life, volumes=True)

    # Ending.

    async def _stop(self, container: Container, number: int, patience: float | None) -> None:
        life = self._lives.of(container)
        life.stopping = True
        await self._signal(container, life, number)
        if not await self._await_end(life, patience):
            await self._signal(container, life, int(signals_of_python.SIGKILL))
            if not await self._await_end(life, KILL_TIMEOUT):
                raise SystemFailure(f"container {container.id} does not end, even when killed")

    async def _signal(self, container: Container, life: Life, number: int) -> None:
        self._register.publish(container, "kill", signal=str(number))
        if self._register.find(container.id).state.paused:
            # A frozen process does not see a signal: not even this one, until it thaws.
            await self._unpause(container)
        if life.process is None:
            return
        try:
            life.process.send_signal(number)
        except NotFound:
            return  # it has just ended

    async def _await_end(self, life: Life, patience: float | None) -> bool:
        try:
            async with asyncio.timeout(patience):
                await life.ended.wait()
        except TimeoutError:
            return False
        return True

    async def _watch(self, container: Container, life: Life, process: Process) -> None:
        status = await process.wait()
        try:
            await self._ended(container, life, status)
        except Exception:  # nobody waits for this task
            _log.exception("container %s ended, and tidying up after it failed", container.id)

    async def _ended(self, container: Container, life: Life, status: ExitStatus) -> None:
        await life.streams.finish(shared=container.spec.host.pid_mode == "host")
        self._starter.unmount(container.id)
        self._forwarding.close(container.id)
        life.cleaning = self._behind(self._runtime.delete(container.id))
        now = self._register.now()
        health = self._health.end(self._register.find(container.id))
        container = self._keep(
            container.id,
            status=Status.EXITED,
            pid=0,
            pid_started=0,
            exit_code=status.code,
            oom_killed=status.oom_killed,
            finished_at=now,
            stopped_by_user=life.stopping and not self._closing,
            health=health,
        )
        life.process = None
        lived = now - container.state.started_at
        tell_unmounted(container, self._volumes)
        if status.oom_killed:
            self._register.publish(container, "oom")
        self._register.publish(
            container,
            "die",
            exitCode=str(status.code),
            execDuration=str(lived // SECOND),
        )
        life.streams.release()
        life.tell_exit(Waited(status.code))
        life.ended.set()
        if container.spec.host.auto_remove and not life.pausing_removal:
            async with life.turn:
                await self._removal.remove(container, life, volumes=True)
        elif not life.stopping and _wants_restart(container):
            self._restart_later(container, life, lived)

    def _keep(self, container_id: str, **changes: object) -> Container:
        """Keep what has happened, if need be later; clients are told all the same."""
        try:
            return self._register.change(container_id, **changes)
        except SystemFailure as error:
            _log.warning("the state of container %s is not kept yet: %s", container_id, error)
            container = self._register.find(container_id)
            self._behind(self._keep_later(container.id, changes))
            return msgspec.structs.replace(
                container, state=msgspec.structs.replace(container.state, **changes)
            )

    async def _keep_later(self, container_id: str, changes: dict[str, object]) -> None:
        with contextlib.suppress(NotFound):  # it was removed
            while not self._closing:  # the next start would find that it has ended
                await asyncio.sleep(_UNTIL_ROOM)
                life = self._lives.of(self._register.find(container_id))
                if life.process is not None:
                    return
                with contextlib.suppress(SystemFailure):
                    self._register.change(container_id, **changes)
                    return

    # Restart policies.

    def _restart_later(self, container: Container, life: Life, lived: int) -> None:
        count = container.state.restart_count
        wait = _FIRST_BACKOFF if lived > _STEADY else _FIRST_BACKOFF * 2 ** min(count, 12)
        self._register.change(container.id, status=Status.RESTARTING)
        task = asyncio.create_task(
            self._restart(container, life, min(wait, _LAST_BACKOFF), count + 1)
        )
        self._restarts.add(task)
        task.add_done_callback(self._restarts.discard)

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

    def _give_up_restarting(self, container: Container) -> None:
        if container.state.status is Status.RESTARTING:
            self._register.change(container.id, status=Status.EXITED, stopped_by_user=True)


def _check_startable(container: Container, life: Life) -> None:
    state = container.state
    if state.paused:
        raise Conflict("cannot start a paused container, try unpause instead")
    if state.running:
        raise NotModified("container already started")
    if life.removing or state.status in (Status.REMOVING, Status.DEAD):
        raise Conflict("container is marked for removal and cannot be started")


def _wants_restart(container: Container) -> bool:
    policy, state = container.spec.host.restart_policy, container.state
    if policy.name == "on-failure":
        allowed = policy.maximum_retry_count
        return state.exit_code != 0 and (not allowed or state.restart_count < allowed)
    return policy.name in ("always", "unless-stopped")


def _stop_signal(container: Container) -> int:
    asked = container.spec.config.stop_signal
    return signals.parse(asked) if asked else signals.DEFAULT_STOP


def _patience(container: Container, timeout: int | None) -> float | None:
    """Seconds to wait after the signal; None for as long as it takes."""
    if timeout is None:
        asked = container.spec.config.stop_timeout
        timeout = STOP_TIMEOUT if asked is None else asked
    return None if timeout < 0 else float(timeout)


def crashed(state: State, now: int) -> dict[str, object]:
    """The changes to the state of a container whose engine died."""
    return {
        "status": Status.EXITED,
        "pid": 0,
        "pid_started": 0,
        "exit_code": 137,
        "finished_at": max(now, state.started_at),
    }
