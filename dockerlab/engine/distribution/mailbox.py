"""Between the tasks of a transfer and the one who reads of their progress."""

import asyncio
from typing import Generic, TypeVar

from dockerlab.engine.progress import Progress

T = TypeVar("T")

_COUNTING = frozenset({"Downloading", "Pushing"})


class Mailbox(Generic[T]):
    """What the reader has not fetched yet; of a layer's byte counts only the latest.

    So a reader that is slow costs no memory.
    """

    def __init__(self) -> None:
        self._pending: dict[object, Progress | T] = {}
        self._counter = 0
        self._filled = asyncio.Event()

    def put(self, item: Progress | T) -> None:
        """Leave something for the reader."""
        key: object = self._counter
        if isinstance(item, Progress) and item.status in _COUNTING:
            key = item.id
        self._counter += 1
        self._pending[key] = item
        self._filled.set()

    def wake(self) -> None:
        """Let the reader look up, though there may be nothing."""
        self._filled.set()

    async def wait(self) -> None:
        """Until something was put, or ``wake`` was called, since the last time."""
        await self._filled.wait()
        self._filled.clear()

    def take(self) -> tuple[Progress | T, ...]:
        """All there is, oldest first."""
        taken = tuple(self._pending.values())
        self._pending.clear()
        return taken
