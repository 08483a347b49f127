"""Work that goes on behind the answers: no request waits for it, the engine's end does."""

import asyncio
from collections.abc import Coroutine


class Background:
    """Tasks that nobody awaits; each is held, since the event loop itself does not hold it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Do something without waiting for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self) -> None:
        """Wait until all is done, however it ends."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cancel(self) -> None:
        """Break off what still goes on."""
        for task in self._tasks:
            task.cancel()
        await self.finish()
