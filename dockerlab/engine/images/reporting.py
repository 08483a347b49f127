"""Long work that reports while it runs: what ``pull``, ``load`` and ``import`` have in common."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from dockerlab.engine.progress import Progress

REPORT_EVERY = 0.1
"""Seconds between two reports of the same count, as in Docker."""

Report = Callable[[Progress], None]
"""Takes one record; never waits. Only to be called in the event loop's thread."""


async def reported(
    work: Callable[[Report], Coroutine[Any, Any, None]],
) -> AsyncGenerator[Progress, None]:
    """Run ``work`` in a task of its own and yield what it reports; then raise what it raises.

    A slow reader slows nothing down: of counts that it has not read yet only the latest is kept.
    When the generator is closed, the work is cancelled and has ended.
    """
    mailbox = _Mailbox()
    task = asyncio.create_task(work(mailbox.put))
    task.add_done_callback(lambda _: mailbox.wake())
    try:
        while not task.done():
            for record in await mailbox.take():
                yield record
        for record in mailbox.left():
            yield record
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Counting:
    """Turns counts that come in a worker thread into reports, not too many of them."""

    def __init__(self, report: Report, *, status: str, id: str, total: int) -> None:
        self._report = report
        self._status = status
        self._id = id
        self._total = total
        self._loop = asyncio.get_running_loop()
        self._last = 0.0

    def __call__(self, current: int) -> None:
        """Report ``current`` bytes of ``total``, unless a report was made just now."""
        now = time.monotonic()
        if now - self._last < REPORT_EVERY and current < self._total:
            return
        self._last = now
        record = Progress(status=self._status, id=self._id, current=current, total=self._total)
        self._loop.call_soon_threadsafe(self._report, record)


class _Mailbox:
    def __init__(self) -> None:
        self._pending: dict[object, Progress] = {}
        self._number = 0
        self._filled = asyncio.Event()

    def put(self, record: Progress) -> None:
        counting = record.current is not None
        self._pending[(record.status, record.id) if counting else self._number] = record
        self._number += 1
        self._filled.set()

    def wake(self) -> None:
        self._filled.set()

    async def take(self) -> tuple[Progress, ...]:
        await self._filled.wait()
        return self.left()

    def left(self) -> tuple[Progress, ...]:
        self._filled.clear()
        records = tuple(self._pending.values())
        self._pending.clear()
        return records
