"""Keeping what has happened to a container, though the disk may be full just then."""

import asyncio
import logging
from contextlib import suppress

import msgspec

from dockerlab.engine.containers.background import Background
from dockerlab.engine.containers.lives import Lives
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.register import Register
from dockerlab.engine.errors import NotFound, SystemFailure

_UNTIL_ROOM = 1.0
"""Seconds between attempts."""
_log = logging.getLogger(__name__)


class Keeping:
    """Keeps changes that cannot be refused any more: a process has ended, or never began."""

    def __init__(self, register: Register, lives: Lives, *, background: Background) -> None:
        self._register = register
        self._lives = lives
        self._background = background

    def keep(self, container_id: str, **changes: object) -> Container:
        """Change the state, if need be later; the container as clients are told of it.

        Raises:
            NotFound: there is no such container any more.

        """
        try:
            return self._register.change(container_id, **changes)
        except SystemFailure as error:
            _log.warning("the state of container %s is not kept yet: %s", container_id, error)
            container = self._register.find(container_id)
            self._background.start(self._keep_later(container.id, changes))
            return msgspec.structs.replace(
                container, state=msgspec.structs.replace(container.state, **changes)
            )

    async def _keep_later(self, container_id: str, changes: dict[str, object]) -> None:
        with suppress(NotFound):  # it was removed
            while not self._lives.closing:  # the next start would find that it has ended
                await asyncio.sleep(_UNTIL_ROOM)
                life = self._lives.of(self._register.find(container_id))
                if life.process is not None:
                    return
                with suppress(SystemFailure):
                    self._register.change(container_id, **changes)
                    return
