"""Freezing a container's processes, and letting them go on: ``docker pause``, ``unpause``."""

from dockerlab.engine.containers.health import HealthChecks
from dockerlab.engine.containers.model import Status
from dockerlab.engine.containers.register import Register, not_running
from dockerlab.engine.errors import Conflict, SystemFailure
from dockerlab.engine.runtime.runtime import Runtime


class Pausing:
    """Pauses containers; nothing is checked of one that is paused."""

    def __init__(self, register: Register, *, runtime: Runtime, health: HealthChecks) -> None:
        self._register = register
        self._runtime = runtime
        self._health = health

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
        await self._runtime.unpause(container.id)
        self._register.change(container.id, status=Status.RUNNING)
        self._health.begin(container)
        self._register.publish(container, "unpause")
