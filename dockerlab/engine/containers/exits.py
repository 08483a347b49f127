"""What the end of a container's first process brings about.

In this order, which clients rely on: its output is complete, its root file system is taken down,
its state is kept, events tell of it, attached clients see the end of the streams, and last those
who wait get the exit code. Then it is removed or started again, where that was asked for.
"""

import asyncio
import logging

from dockerlab.engine.containers.background import Background
from dockerlab.engine.containers.health import HealthChecks
from dockerlab.engine.containers.keeping import Keeping
from dockerlab.engine.containers.lives import Life, Lives
from dockerlab.engine.containers.model import Container, Status, Waited
from dockerlab.engine.containers.ports import Forwarding
from dockerlab.engine.containers.register import Register
from dockerlab.engine.containers.removal import Removal
from dockerlab.engine.containers.restarts import Restarts
from dockerlab.engine.containers.sharing import shares_processes
from dockerlab.engine.containers.starting import Starter
from dockerlab.engine.containers.volumes import tell_unmounted
from dockerlab.engine.runtime.runtime import ExitStatus, Process, Runtime
from dockerlab.engine.timestamp import SECOND
from dockerlab.engine.volumes.service import Volumes

_log = logging.getLogger(__name__)


class Exits:
    """Sees containers' processes end, and does what follows."""

    def __init__(  # noqa: PLR0913 - the parts that an end concerns
        self,
        register: Register,
        lives: Lives,
        *,
        keeping: Keeping,
        starter: Starter,
        forwarding: Forwarding,
        health: HealthChecks,
        removal: Removal,
        restarts: Restarts,
        runtime: Runtime,
        volumes: Volumes,
        background: Background,
    ) -> None:
        self._register = register
        self._lives = lives
        self._keeping = keeping
        self._starter = starter
        self._forwarding = forwarding
        self._health = health
        self._removal = removal
        self._restarts = restarts
        self._runtime = runtime
        self._volumes = volumes
        self._background = background

    def watch(self, container: Container, life: Life, process: Process) -> None:
        """Do what follows as soon as the process ends."""
        life.watch = asyncio.create_task(self._watch(container, life, process))

    async def take_down(self, container: Container, life: Life) -> None:
        """Take down what was set up for a process that has ended: streams, mounts, ports."""
        await life.streams.finish(shared=shares_processes(container.spec.host))
        self._starter.unmount(container.id)
        self._forwarding.close(container.id)

    async def _watch(self, container: Container, life: Life, process: Process) -> None:
        status = await process.wait()
        try:
            await self._ended(container, life, status)
        except Exception:  # nobody waits for this task
            _log.exception("container %s ended, and tidying up after it failed", container.id)

    async def _ended(self, container: Container, life: Life, status: ExitStatus) -> None:
        await self.take_down(container, life)
        life.cleaning = self._background.start(self._runtime.delete(container.id))
        container = self._keep(container, life, status)
        lived = container.state.finished_at - container.state.started_at
        life.process = None
        self._publish(container, status, lived)
        life.streams.release()
        life.tell_exit(Waited(status.code))
        life.ended.set()
        if container.spec.host.auto_remove and not life.pausing_removal:
            async with life.turn:
                await self._removal.remove(container, life, volumes=True)
        elif not life.stopping:
            self._restarts.after(container, life, lived=lived)

    def _keep(self, container: Container, life: Life, status: ExitStatus) -> Container:
        return self._keeping.keep(
            container.id,
            status=Status.EXITED,
            pid=0,
            pid_started=0,
            exit_code=status.code,
            oom_killed=status.oom_killed,
            finished_at=self._register.now(),
            # What is stopped while the engine closes, the engine stops, and not its user.
            stopped_by_user=life.stopping and not self._lives.closing,
            health=self._health.end(self._register.find(container.id)),
        )

    def _publish(self, container: Container, status: ExitStatus, lived: int) -> None:
        tell_unmounted(container, self._volumes)
        if status.oom_killed:
            self._register.publish(container, "oom")
        self._register.publish(
            container,
            "die",
            exitCode=str(status.code),
            execDuration=str(lived // SECOND),
        )
