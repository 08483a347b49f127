"""Removing containers, so that a crash half way leaves something that can be finished.

The state says "removing" before anything is taken away; the row goes last. Whoever finds such a
row after a crash goes on where it stopped.
"""

import asyncio
import shutil
from contextlib import suppress

from dockerlab.engine.containers.lives import Life, Lives
from dockerlab.engine.containers.model import Container, Status, Waited
from dockerlab.engine.containers.register import Register
from dockerlab.engine.errors import Conflict, NotFound
from dockerlab.engine.images.service import Images
from dockerlab.engine.snapshots.snapshotter import Snapshotter
from dockerlab.engine.volumes.service import Volumes


class Removal:
    """Takes containers away."""

    def __init__(
        self,
        register: Register,
        lives: Lives,
        *,
        snapshots: Snapshotter,
        images: Images,
        volumes: Volumes,
    ) -> None:
        self._register = register
        self._images = images
        self._lives = lives
        self._snapshots = snapshots
        self._volumes = volumes

    async def remove(self, container: Container, life: Life, *, volumes: bool = False) -> None:
        """Remove a container that does not run; with ``volumes`` those without a name as well.

        Raises:
            Conflict: it is being removed already.
            SystemFailure: its files could not be removed; the next start of the engine does it.

        """
        if life.removing:
            raise Conflict(f"removal of container {container.name} is already in progress")
        life.removing = True
        self._register.change(container.id, status=Status.REMOVING)
        had = self._volumes.of(container.id)
        await asyncio.to_thread(self._take_away, container.id)
        if volumes:
            await self._volumes.remove_anonymous(had)
        await self._images.release(container.image_id)
        self._register.publish(container, "destroy")
        life.streams.release()
        life.tell_removal(Waited(container.state.exit_code))
        self._lives.forget(container.id)

    def _take_away(self, container_id: str) -> None:
        home = self._register.home(container_id)
        with self._register.database.relaxed(), suppress(NotFound):  # removed before a crash
            self._snapshots.remove(container_id)
        shutil.rmtree(home, ignore_errors=True)
        self._register.database.insist(lambda: self._register.rows.delete(container_id))


def refuse_running(container: Container) -> None:
    """Raise Conflict where a container must not be removed without force."""
    if container.state.paused:
        raise Conflict("container is paused and must be unpaused first")
    if container.state.running or container.state.status is Status.RESTARTING:
        raise Conflict(
            f"container is {container.state.status}:"
            " stop the container before removing or force remove"
        )
